/**
 * The operations of recorded traces that the engine performs: one row each, what it calls and what it prints.
 */
import { alloc_pages, __free_pages } from '../../engine/entry/functions.js';
import {
  alloc_pages_bulk_array,
  alloc_pages_exact,
  clear_bit,
  compound_head,
  drain_all_pages,
  drain_local_pages,
  free_pages_exact,
  free_unref_page_list,
  get_page,
  INIT_LIST_HEAD,
  list_add_tail,
  lock_page,
  put_page,
  put_page_testzero,
  set_bit,
  split_page,
  test_bit,
  trylock_page,
  unlock_page,
  virt_to_page,
} from '../../engine/entry/functions.js';
import { clearPageFlag, PAGE_FLAGS, setPageFlag } from '../../engine/view/pageFlags.js';
import type { ListHead, Page, Zone } from '../../engine/machine/ctypes.js';
import { NULL } from '../../engine/machine/ctypes.js';
import {
  checksumText,
  formatSequence,
  pageLine,
  pageStateText,
  readZones,
} from '../../engine/image/state/index.js';
import { CMA_OPERATIONS } from './cmaOps.js';
import { KMAP_OPERATIONS } from './kmapOps.js';
import { pageIn, type Machine } from './machine.js';
import { MISUSE_OPERATIONS } from './misuseOps.js';
import { gfpOf, hex, number, SKIP, type Operation } from './operation.js';
import { SLAB_OPERATIONS } from './slabOps.js';
import { TABLE_OPERATIONS } from './tableOps.js';
import { VMALLOC_OPERATIONS } from './vmallocOps.js';

// --- blocks ------------------------------------------------------------------------------------------------------------

/** `a SLOT ORDER GFP` */
const allocate: Operation = (machine, [slot, order, flags]) => {
  const { mm } = machine;
  const index = number(slot);
  if (machine.slot(index) !== undefined) return SKIP;
  const gfp = gfpOf(machine, flags);
  const page = alloc_pages(mm, gfp, number(order));
  if (page !== NULL) machine.put(index, { kind: 'block', page, order: number(order) });
  return `${page === NULL ? '-' : hex(mm.page_to_pfn(page))} gfp=${hex(gfp)}`;
};

/** `f SLOT` */
const free: Operation = (machine, [slot]) => {
  const { mm } = machine;
  const block = machine.take(number(slot));
  if (block?.kind !== 'block') return SKIP;
  const text = `${hex(mm.page_to_pfn(block.page))} o=${block.order}`;
  __free_pages(mm, block.page, block.order);
  return text;
};

/** `fill SLOT0 MAX ORDER GFP` */
const fill: Operation = (machine, [slot0, max, order, flags]) => {
  const { mm } = machine;
  const gfp = gfpOf(machine, flags);
  const pfns: number[] = [];
  while (pfns.length < number(max)) {
    const page = alloc_pages(mm, gfp, number(order));
    if (page === NULL) break;
    machine.put(number(slot0) + pfns.length, { kind: 'block', page, order: number(order) });
    pfns.push(mm.page_to_pfn(page));
  }
  return [`gfp=${hex(gfp)} pfns`, formatSequence(pfns), `n=${hex(pfns.length)}`]
    .filter((part) => part !== '')
    .join(' ');
};

/** `unfill SLOT0 N fifo|lifo [STEP]`: empty slots are passed over. */
const unfill: Operation = (machine, [slot0, nr, end, step]) => {
  const count = number(nr);
  let freed = 0;
  for (let i = 0; i < count; i += step === undefined ? 1 : number(step)) {
    const block = machine.take(number(slot0) + (end === 'lifo' ? count - 1 - i : i));
    if (block?.kind !== 'block') continue;
    __free_pages(machine.mm, block.page, block.order);
    freed++;
  }
  return `n=${hex(freed)}`;
};

/** `split SLOT` */
const split: Operation = (machine, [slot]) => {
  const block = machine.slot(number(slot));
  if (block?.kind !== 'block') return SKIP;
  split_page(machine.mm, block.page, block.order);
  machine.put(number(slot), { ...block, order: 0 });
  return undefined;
};

/** `fo SLOT IDX ORDER`: the slot stays. */
const freeOrder: Operation = (machine, [slot, at, order]) => {
  const page = pageIn(machine, number(slot), number(at));
  if (page === undefined) return SKIP;
  const text = `${hex(machine.mm.page_to_pfn(page))} o=${number(order)}`;
  __free_pages(machine.mm, page, number(order));
  return text;
};

/** `forget SLOT` */
const forget: Operation = (machine, [slot]) =>
  machine.take(number(slot)) === undefined ? SKIP : undefined;

// --- exact sizes -------------------------------------------------------------------------------------------------------

/** `ax SLOT BYTES GFP` */
const allocateExact: Operation = (machine, [slot, bytes, flags]) => {
  const { mm } = machine;
  const index = number(slot);
  if (machine.slot(index) !== undefined) return SKIP;
  const gfp = gfpOf(machine, flags);
  const sizeBytes = number(bytes);
  const address = alloc_pages_exact(mm, sizeBytes, gfp);
  if (address === 0) return `- gfp=${hex(gfp)}`;
  const page = virt_to_page(mm, address);
  machine.put(index, { kind: 'exact', page, address, sizeBytes });
  return `${hex(mm.page_to_pfn(page))} va=${mm.hex(address)} gfp=${hex(gfp)}`;
};

/** `fx SLOT` */
const freeExact: Operation = (machine, [slot]) => {
  const pages = machine.take(number(slot));
  if (pages?.kind !== 'exact') return SKIP;
  free_pages_exact(machine.mm, pages.address, pages.sizeBytes);
  return undefined;
};

// --- bulk --------------------------------------------------------------------------------------------------------------

/** `blk SLOT0 N GFP` */
const bulk: Operation = (machine, [slot0, nr, flags]) => {
  const { mm } = machine;
  const gfp = gfpOf(machine, flags);
  const pages = new Array<Page>(number(nr)).fill(NULL);
  const count = alloc_pages_bulk_array(mm, gfp, number(nr), pages);
  const got = pages.slice(0, count);
  got.forEach((page, i) => machine.put(number(slot0) + i, { kind: 'block', page, order: 0 }));
  const pfns = formatSequence(got.map((page) => mm.page_to_pfn(page)));
  return [`gfp=${hex(gfp)} n=${hex(count)} pfns`, pfns].filter((part) => part !== '').join(' ');
};

/** `freelist SLOT0 N` */
const freeList: Operation = (machine, [slot0, nr]) => {
  const { mm } = machine;
  const list: ListHead = mm.machine.register('scratch_list');
  INIT_LIST_HEAD(mm, list);
  let freed = 0;
  for (let i = 0; i < number(nr); i++) {
    const block = machine.take(number(slot0) + i);
    if (block?.kind !== 'block') continue;
    freed++;
    if (put_page_testzero(mm, block.page)) list_add_tail(mm, block.page + mm.page.lru, list);
  }
  free_unref_page_list(mm, list);
  return `n=${hex(freed)}`;
};

// --- single pages ------------------------------------------------------------------------------------------------------

/** Something done to one page, and how the page is then. */
const toPage =
  (
    act: (machine: Machine, page: Page, name: string | undefined) => string | undefined,
  ): Operation =>
  (machine, [slot, at, name]) => {
    const page = pageIn(machine, number(slot), number(at));
    if (page === undefined) return SKIP;
    const first = act(machine, page, name);
    const state = pageStateText(machine.image, page);
    return first === undefined ? state : `${first} ${state}`;
  };

const toPageSilently = (act: (mm: Machine['mm'], page: Page) => unknown): Operation =>
  toPage(({ mm }, page) => {
    act(mm, page);
    return undefined;
  });

const changeFlag = (change: typeof setPageFlag): Operation =>
  toPage(({ mm }, page, name) => {
    const flag = PAGE_FLAGS.find(({ bit }) => bit === `PG_${name ?? ''}`);
    if (flag === undefined) throw new Error(`'${name ?? ''}' is not a page flag`);
    change({ clear_bit, compound_head, set_bit, test_bit }, mm, flag, page);
    return undefined;
  });

/** `pgw SLOT IDX` */
const showPage: Operation = (machine, [slot, at]) => {
  const page = pageIn(machine, number(slot), number(at));
  return page === undefined ? SKIP : pageLine(machine.image, machine.mm.page_to_pfn(page));
};

// --- whole machine -----------------------------------------------------------------------------------------------------

/** `drain [local|all] [ZONE]` */
const drain: Operation = ({ mm }, words) => {
  const all = words[0] === 'all';
  const zoneText = words.find((word) => /^[0-9]/.test(word));
  const zone: Zone = zoneText === undefined ? NULL : (mm.zones[number(zoneText)] ?? NULL);
  if (all) drain_all_pages(mm, zone);
  else drain_local_pages(mm, zone);
  return undefined;
};

/** `ck` */
const check: Operation = ({ image, mm }) => `ck=${checksumText(readZones(image), mm.NR_PCP_LISTS)}`;

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ...SLAB_OPERATIONS,
  ...MISUSE_OPERATIONS,
  ['a', allocate],
  ['f', free],
  ['fill', fill],
  ['unfill', unfill],
  ['ax', allocateExact],
  ['fx', freeExact],
  ['split', split],
  ['fo', freeOrder],
  ['forget', forget],
  ['blk', bulk],
  ['freelist', freeList],
  ['get', toPageSilently(get_page)],
  ['put', toPageSilently(put_page)],
  ['lock', toPageSilently(lock_page)],
  ['unlock', toPageSilently(unlock_page)],
  ['trylock', toPage(({ mm }, page) => (trylock_page(mm, page) ? '1' : '0'))],
  ['setf', changeFlag(setPageFlag)],
  ['clrf', changeFlag(clearPageFlag)],
  ['pgw', showPage],
  ['drain', drain],
  ['ck', check],
  ...CMA_OPERATIONS,
  ...KMAP_OPERATIONS,
  ...TABLE_OPERATIONS,
  ...VMALLOC_OPERATIONS,
]);

/** Lines that steer the recorder or announce a dump: there is nothing to perform. */
export const SILENT: ReadonlySet<string> = new Set(['dump', 'pts', 'events', 'lru']);

/** Operations that change nothing: where they are not performed, the state stays judged behind them. */
export const READ_ONLY: ReadonlySet<string> = new Set(['kval', 'bytes', 'pt', 'slotpt']);
