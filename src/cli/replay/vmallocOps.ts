/**
 * Operations of recorded traces on vmalloc space. Results that change the lazy counter end with it: `lazy=N`, and where so much
 * has gathered that the drain is due, it runs behind the operation: `lazy=N purged->M`.
 */
import {
  _PAGE_CACHE_MODE_UC,
  _PAGE_CACHE_MODE_UC_MINUS,
  _PAGE_CACHE_MODE_WB,
  _PAGE_CACHE_MODE_WC,
  _PAGE_CACHE_MODE_WT,
  __ioremap_caller,
  __vmalloc,
  anyWorkPending,
  areaPages,
  cond_resched,
  find_vm_area,
  iounmap,
  PAGE_KERNEL,
  slab_is_available,
  vfree,
  vm_unmap_aliases,
  vmalloc_huge,
  vmap,
  vunmap,
} from '../../engine/entry/functions.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { NULL, type Page, type VmStruct } from '../../engine/machine/ctypes.js';
import { asPhys, type VirtAddr } from '../../engine/memory/address.js';
import { formatSequence } from '../../engine/image/state/index.js';
import { callOf, type RecorderCall } from './callers.js';
import type { Machine } from './machine.js';
import { gfpOf, hex, NotThere, number, SKIP, type Operation } from './operation.js';
import { walkOf } from './tableOps.js';

/** ` lazy=N`: what every result ends with. The drain runs, if it is due. */
function lazyText({ mm }: Machine): string {
  const lazy = (): string => hex(mm.read_ulong(mm.globals.vmap_lazy_nr));
  const before = lazy();
  if (!anyWorkPending(mm)) return ` lazy=${before}`;
  cond_resched(mm);
  return ` lazy=${before} purged->${lazy()}`;
}

/** Puts an address into a slot; `-` where there is none. */
function placed(machine: Machine, index: number, address: VirtAddr, text: () => string): string {
  if (address === 0) return `-${lazyText(machine)}`;
  machine.put(index, { kind: 'area', address });
  return `${machine.mm.hex(address)}${text()}${lazyText(machine)}`;
}

function pagesText({ mm }: Machine, area: VmStruct): string {
  const pfns = Array.from({ length: mm.read_int(area + mm.vm_struct.nr_pages) }, (_, i) =>
    mm.page_to_pfn(mm.read_ptr(areaPages(mm, area, i))),
  );
  return ` nr=${pfns.length} pages ${formatSequence(pfns)}`;
}

type Allocation = (machine: Machine, bytes: number, gfp: number) => VirtAddr;

/** `vm|vmh SLOT BYTES [GFP]` */
const allocating =
  (allocate: Allocation): Operation =>
  (machine, [slot, bytes, flags]) => {
    const { mm } = machine;
    if (machine.slot(number(slot)) !== undefined) return SKIP;
    const address = allocate(machine, number(bytes), gfpOf(machine, flags ?? 'K'));
    return placed(machine, number(slot), address, () => {
      const area = find_vm_area(mm, address);
      const own = ` flags=${hex(mm.read_int(area + mm.vm_struct.flags))} size=${hex(mm.read_ulong(area + mm.vm_struct.size))}`;
      return `${own}${pagesText(machine, area)}`;
    });
  };

type Freeing = (mm: Machine['mm'], address: VirtAddr) => void;

/** `vf|vu|iu SLOT` */
const freeing =
  (free: Freeing): Operation =>
  (machine, [slot]) => {
    if (machine.slot(number(slot))?.kind !== 'area') return SKIP;
    const area = machine.take(number(slot));
    if (area?.kind !== 'area') return SKIP;
    free(machine.mm, area.address);
    return `${machine.mm.hex(area.address)}${lazyText(machine)}`;
  };

/** `vmap SLOT SRC N` */
const mapPages: Operation = (machine, [slot, source, nr]) => {
  const { mm } = machine;
  if (machine.slot(number(slot)) !== undefined) return SKIP;
  const pages: Page[] = [];
  for (let i = 0; i < number(nr); i++) {
    const block = machine.slot(number(source) + i);
    if (block?.kind !== 'block') return SKIP;
    pages.push(block.page);
  }
  const caller = callOf(mm, 'vmap');
  const address = vmap(mm, pages, pages.length, mm.VM_MAP, PAGE_KERNEL(mm), caller);
  return placed(machine, number(slot), address, () => '');
};

const MODES: Readonly<Record<string, number>> = {
  'uc-': _PAGE_CACHE_MODE_UC_MINUS,
  wc: _PAGE_CACHE_MODE_WC,
  wt: _PAGE_CACHE_MODE_WT,
  uc: _PAGE_CACHE_MODE_UC,
  wb: _PAGE_CACHE_MODE_WB,
};

/** `io SLOT PHYS SIZE [MODE]` */
const mapDevice: Operation = (machine, [slot, phys, size, mode = 'uc-']) => {
  const { mm } = machine;
  if (machine.slot(number(slot)) !== undefined) return SKIP;
  const pcm = MODES[mode];
  if (pcm === undefined) throw new Error(`'${mode}' is not a memory type`);
  const caller = callOf(mm, `io ${mode}` as RecorderCall);
  const address = __ioremap_caller(mm, asPhys(number(phys)), number(size), pcm, caller);
  const text = placed(machine, number(slot), address, () => areaText(machine, address));
  return address === 0 ? text : `${text}\n${walkOf(machine, address)}`;
};

function areaText({ mm }: Machine, address: VirtAddr): string {
  const area = find_vm_area(mm, address);
  if (area === NULL) return '';
  const at = area + mm.vm_struct.phys_addr;
  const high = mm.pte_words === 2 ? (mm.words[at + 1] ?? 0) : 0;
  const phys = (high >>> 0) * 2 ** 32 + ((mm.words[at] ?? 0) >>> 0);
  return ` size=${hex(mm.read_ulong(area + mm.vm_struct.size))} flags=${hex(mm.read_int(area + mm.vm_struct.flags))} phys=${hex(phys)}`;
}

/** `vpurge` */
const purge: Operation = (machine) => {
  vm_unmap_aliases(machine.mm);
  return lazyText(machine).trimStart();
};

/** Whether the lists of areas are set up: not in machines that were rebuilt without them. */
export const areas_are_known = (mm: Kernel): boolean => mm.words[mm.globals.vmap_area_list] !== 0;

/** Areas need objects, lists and tables. */
const withAreas =
  (operation: Operation): Operation =>
  (machine, args) => {
    const { mm } = machine;
    if (!slab_is_available(mm) || !areas_are_known(mm) || !mm.machine.processor(0).hasTables)
      throw new NotThere();
    return operation(machine, args);
  };

const OPERATIONS: readonly (readonly [string, Operation])[] = [
  ['vm', allocating(({ mm }, bytes, gfp) => __vmalloc(mm, bytes, gfp, callOf(mm, 'vm')))],
  ['vmh', allocating(({ mm }, bytes, gfp) => vmalloc_huge(mm, bytes, gfp, callOf(mm, 'vmh')))],
  ['vf', freeing(vfree)],
  ['vmap', mapPages],
  ['vu', freeing(vunmap)],
  ['io', mapDevice],
  ['iu', freeing(iounmap)],
  ['vpurge', purge],
];

export const VMALLOC_OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  OPERATIONS.map(([name, operation]) => [name, withAreas(operation)]),
);
