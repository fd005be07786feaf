/** Which calls hand pages to the scenario, and which pages: one table, read when a call is done. */
import { asVirt, PAGE_SIZE } from '../../engine/memory/address.js';
import type { BuiltinCall } from '../builtins/call.js';
import type { Value } from '../semantics/arithmetic.js';

/** A call that is done: its arguments, and what it gave. */
interface Done {
  readonly call: BuiltinCall;
  readonly args: readonly Value[];
  readonly result: Value;
}

type Handing = (done: Done) => void;

const argument = ({ args }: Done, index: number): number => Number(args[index] ?? 0);

/** @param page the address of the first page's struct page */
function take({ call }: Done, page: Value, nrPages: number): void {
  call.ledger.allocated({ kind: 'pages', address: page, sizeBytes: nrPages * PAGE_SIZE });
}

/** The result is a `struct page *`; a number of pages says how many. */
const byPage =
  (nrPages: (done: Done) => number): Handing =>
  (done) => {
    if (done.result !== 0) take(done, done.result, nrPages(done));
  };

/** The result is the linear address of the first page. */
const byAddress =
  (nrPages: (done: Done) => number): Handing =>
  (done) => {
    const { call, result } = done;
    if (result === 0) return;
    const page = call.kernel.virt_to_page(call.k, asVirt(Number(result)));
    take(done, call.pointer(page), nrPages(done));
  };

const order =
  (index: number) =>
  (done: Done): number =>
    2 ** argument(done, index);

const one = (): number => 1;

function range(done: Done, firstPfn: number, nrPages: number): void {
  const page = done.call.k.pfn_to_page(firstPfn);
  if (page !== 0) take(done, done.call.pointer(page), nrPages);
}

/** Pages that were in the array before are the scenario's already: they are noted again where they were not. */
function array(done: Done): void {
  const { call, args, result } = done;
  const size = call.profile.pointerSize;
  for (let i = 0; i < Number(result); i++) {
    const page = call.memory.load(call.offset(args[2] ?? 0, i * size), size);
    if (page !== 0) take(done, page, 1);
  }
}

/** New pages are put at the head. */
function list(done: Done): void {
  const { call, args, result } = done;
  const size = call.profile.pointerSize;
  let entry: Value = args[2] ?? 0;
  for (let i = 0; i < Number(result); i++) {
    entry = call.memory.load(entry, size);
    take(done, call.offset(entry, -call.k.page.lru * 4), 1);
  }
}

const HANDINGS: ReadonlyMap<string, Handing> = new Map([
  ['alloc_pages', byPage(order(1))],
  ['alloc_pages_node', byPage(order(2))],
  ['folio_alloc', byPage(order(1))],
  ['pte_alloc_one', byPage(one)],
  ['cma_alloc', byPage((done) => argument(done, 1))],
  ['dma_alloc_from_contiguous', byPage((done) => argument(done, 1))],
  ['alloc_contig_pages', byPage((done) => argument(done, 0))],
  ['__get_free_pages', byAddress(order(1))],
  ['get_zeroed_page', byAddress(one)],
  ['alloc_pages_exact', byAddress((done) => Math.ceil(argument(done, 0) / PAGE_SIZE))],
  ['dma_alloc_coherent', byAddress((done) => Math.ceil(argument(done, 1) / PAGE_SIZE))],
  ['alloc_pages_bulk_array', array],
  ['alloc_pages_bulk_list', list],
  [
    'alloc_contig_range',
    (done: Done): void => {
      const [start, end] = [argument(done, 0), argument(done, 1)];
      if (done.result === 0) range(done, start, end - start);
    },
  ],
]);

/** A builtin has returned. */
export function notePages(
  call: BuiltinCall,
  name: string,
  args: readonly Value[],
  result: Value,
): void {
  HANDINGS.get(name)?.({ call, args, result });
}
