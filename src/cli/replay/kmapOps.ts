/**
 * Operations of recorded traces that map single pages: kmap, and the nested mappings of a CPU, which are given back in reverse
 * order (`kmu`).
 */
import {
  __kmap_flush_unused,
  kmap,
  kmap_atomic,
  kmap_atomic_prot,
  kmap_local_idx,
  kmap_local_page,
  kunmap,
  kunmap_atomic,
  kunmap_local,
  PageHighMem,
  PAGE_KERNEL_RO,
  PKMAP_NR,
  ptep_get,
} from '../../engine/entry/functions.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Page } from '../../engine/machine/ctypes.js';
import { fromPteWords } from '../../engine/machine/pteWords.js';
import { asCell, type VirtAddr } from '../../engine/memory/address.js';
import { pageIn, type Machine } from './machine.js';
import { number, SKIP, type Operation } from './operation.js';
import { walkOf } from './tableOps.js';

const pageOf = (machine: Machine, slot: string | undefined, at: string | undefined) =>
  pageIn(machine, number(slot), number(at));

/** `kmap SLOT IDX` */
const map: Operation = (machine, [slot, at]) => {
  const { mm } = machine;
  const page = pageOf(machine, slot, at);
  if (page === undefined) return SKIP;
  const address = kmap(mm, page);
  if (address === 0) return 'kmap would sleep: every slot is taken';
  const text = mm.hex(address);
  if (!PageHighMem(mm, page)) return text;
  const nr = PKMAP_NR(mm, address);
  const count = mm.read_int(mm.globals.pkmap_count + nr);
  const pte = asCell(mm.read_ptr(mm.globals.pkmap_page_table) + nr * mm.pte_words);
  return `${text} nr=${nr} count=${count} pte=${fromPteWords(ptep_get(mm, pte)).toString(16)}`;
};

/** `kunmap SLOT IDX` */
const unmap: Operation = (machine, [slot, at]) => {
  const page = pageOf(machine, slot, at);
  if (page === undefined) return SKIP;
  kunmap(machine.mm, page);
  return undefined;
};

type Mapping = (mm: Kernel, page: Page) => VirtAddr;
type Unmapping = (mm: Kernel, address: VirtAddr) => void;

/** `kma|kml|kmlp SLOT IDX` */
const mapLocal =
  (mapping: Mapping, unmapping: Unmapping): Operation =>
  (machine, [slot, at]) => {
    const { mm } = machine;
    const page = pageOf(machine, slot, at);
    if (page === undefined) return SKIP;
    const address = mapping(mm, page);
    machine.nested.push({ address, unmap: () => unmapping(mm, address) });
    const depth =
      mm.profile.constant('CONFIG_HIGHMEM') === 1 ? ` idx=${kmap_local_idx(mm) + 1}` : '';
    return `${mm.hex(address)}${depth}\n${walkOf(machine, address)}`;
  };

/** `kmu` */
const unmapLocal: Operation = (machine) => {
  const last = machine.nested.pop();
  if (last === undefined) return SKIP;
  last.unmap();
  return `${machine.mm.hex(last.address)}\n${walkOf(machine, last.address)}`;
};

export const KMAP_OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['kmap', map],
  ['kunmap', unmap],
  [
    'kmap_flush',
    ({ mm }) => {
      __kmap_flush_unused(mm);
      return undefined;
    },
  ],
  ['kma', mapLocal(kmap_atomic, kunmap_atomic)],
  ['kml', mapLocal(kmap_local_page, kunmap_local)],
  ['kmlp', mapLocal((mm, page) => kmap_atomic_prot(mm, page, PAGE_KERNEL_RO(mm)), kunmap_atomic)],
  ['kmu', unmapLocal],
]);
