/**
 * Operations on contiguous ranges: by address (`contig`, `contigf`) and from the default CMA area (`cma`, `cmaf`).
 */
import {
  alloc_contig_range,
  cma_alloc,
  cma_release,
  free_contig_range,
} from '../../engine/entry/functions.js';
import type { Cma } from '../../engine/machine/ctypes.js';
import { NULL } from '../../engine/machine/ctypes.js';
import type { Machine } from './machine.js';
import { hex, number, SKIP, type Operation } from './operation.js';

/** dma_contiguous_default_area */
const defaultArea = ({ mm }: Machine): Cma => mm.read_ptr(mm.globals.dma_contiguous_default_area);

/** `contig SLOT PFN N MT`: the errno, decimal. */
const allocateRange: Operation = (machine, [slot, pfn, nr, migratetype]) => {
  const { mm } = machine;
  const index = number(slot);
  if (machine.slot(index) !== undefined) return SKIP;
  const [start, nrPages] = [number(pfn), number(nr)];
  const gfp = mm.GFP_KERNEL | mm.__GFP_NOWARN;
  const error = alloc_contig_range(mm, start, start + nrPages, number(migratetype), gfp);
  if (error === 0) machine.put(index, { kind: 'contig', page: mm.pfn_to_page(start), nrPages });
  return String(error);
};

/** `contigf SLOT` */
const freeRange: Operation = (machine, [slot]) => {
  const { mm } = machine;
  const range = machine.take(number(slot));
  if (range?.kind !== 'contig') return SKIP;
  free_contig_range(mm, mm.page_to_pfn(range.page), range.nrPages);
  return undefined;
};

/** `cma SLOT COUNT ALIGN` */
const allocateArea: Operation = (machine, [slot, count, align]) => {
  const { mm } = machine;
  const index = number(slot);
  if (machine.slot(index) !== undefined) return SKIP;
  const nrPages = number(count);
  const area = defaultArea(machine);
  // A machine that is too small for it has booted without one.
  if (area === NULL) return 'nocma';
  const page = cma_alloc(mm, area, nrPages, number(align), true);
  if (page === NULL) return '-';
  machine.put(index, { kind: 'cma', page, nrPages });
  return hex(mm.page_to_pfn(page));
};

/** `cmaf SLOT`: whether the pages were the area's. */
const freeArea: Operation = (machine, [slot]) => {
  const { mm } = machine;
  const pages = machine.take(number(slot));
  if (pages?.kind !== 'cma') return SKIP;
  const done = cma_release(mm, defaultArea(machine), pages.page, pages.nrPages);
  return `${hex(mm.page_to_pfn(pages.page))} ${done ? 1 : 0}`;
};

export const CMA_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['contig', allocateRange],
  ['contigf', freeRange],
  ['cma', allocateArea],
  ['cmaf', freeArea],
]);
