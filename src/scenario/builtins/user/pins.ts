/**
 * Pages of a process, for the kernel: get_user_pages() takes references, pin_user_pages() pins. Differs: what goes to the arrays goes there
 * when all is done.
 */
import { type MmStruct, type Page } from '../../../engine/machine/ctypes.js';
import { asVirt, PAGE_SIZE } from '../../../engine/memory/address.js';
import { counted } from '../../../engine/view/counted.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { sizeOf, truth, va } from '../pointers.js';
import { asReader, currentMm } from './libc.js';

const changes = true;
const MOST_PAGES = 1 << 20;

/** One call: whose pages, which, how, and where they go. */
interface Request {
  readonly mm: MmStruct;
  readonly start: Value;
  readonly nr: Value;
  readonly flags: Value;
  readonly pages: Value;
  readonly vmas?: Value;
}

type Get = (call: BuiltinCall, request: Request, pages: Page[]) => number;

const pointerBytes = (call: BuiltinCall): 4 | 8 => (call.k.wide ? 8 : 4);

function storePointers(call: BuiltinCall, array: Value, cells: readonly number[]): void {
  const size = pointerBytes(call);
  cells.forEach((cell, i) => {
    call.memory.store(call.offset(array, i * size), size, call.pointer(cell));
  });
}

function loadPages(call: BuiltinCall, array: Value, nr: Value): Page[] {
  const size = pointerBytes(call);
  return Array.from({ length: sizeOf(call, nr) }, (_, i) =>
    call.page(call.memory.load(call.offset(array, i * size), size)),
  );
}

function perform(call: BuiltinCall, request: Request, get: Get): BuiltinResult {
  const { k, kernel } = call;
  const start = va(request.start);
  const pages: Page[] = [];
  const nr = asReader(call, request.mm, () => get(call, request, pages));
  const got = Math.max(0, nr);
  if (request.pages !== 0) storePointers(call, request.pages, pages.slice(0, got));
  const vmas = request.vmas ?? 0;
  if (vmas !== 0)
    storePointers(
      call,
      vmas,
      Array.from({ length: got }, (_, i) =>
        kernel.find_vma(k, request.mm, asVirt(start + i * PAGE_SIZE)),
      ),
    );
  return nr;
}

const nrOf = (call: BuiltinCall, { nr }: Request): number => {
  const count = sizeOf(call, nr);
  return count > MOST_PAGES
    ? call.bug(`BUG: ${counted(count, 'page')} are more than a process has`)
    : count;
};

/** The kernel's own order of its arguments. */
type Slow = 'get_user_pages' | 'pin_user_pages' | 'get_user_pages_fast' | 'pin_user_pages_fast';
const ofCurrent =
  (name: Slow): Get =>
  (call, request, pages) =>
    call.kernel[name](
      ...([call.k, va(request.start), nrOf(call, request), Number(request.flags), pages] as const),
    );

type Remote = 'get_user_pages_remote' | 'pin_user_pages_remote';
const ofAnother =
  (name: Remote): Get =>
  (call, request, pages) =>
    call.kernel[name](
      call.k,
      request.mm,
      va(request.start),
      nrOf(call, request),
      Number(request.flags),
      pages,
    );

const row = (
  signature: string,
  doc: string,
  get: Get,
  read: (call: BuiltinCall, args: readonly Value[]) => Request,
): BuiltinRow => ({
  signature,
  doc,
  changes,
  sleeps: 'always',
  needs: needsProcess,
  run: (call, ...args) => perform(call, read(call, args), get),
});

const mine = (
  call: BuiltinCall,
  [start = 0, nr = 0, flags = 0, pages = 0, vmas = 0]: readonly Value[],
): Request => ({ mm: currentMm(call), start, nr, flags, pages, vmas });

const unlocked = (
  call: BuiltinCall,
  [start = 0, nr = 0, pages = 0, flags = 0]: readonly Value[],
): Request => ({ mm: currentMm(call), start, nr, flags, pages });

const another = (
  call: BuiltinCall,
  [mm = 0, start = 0, nr = 0, flags = 0, pages = 0, vmas = 0]: readonly Value[],
): Request => ({ mm: call.cell(mm), start, nr, flags, pages, vmas });

const SLOW_ARGUMENTS =
  'unsigned long start, unsigned long nr_pages, unsigned int gup_flags, struct page **pages, struct vm_area_struct **vmas';
const LOCKED =
  'unsigned long start, unsigned long nr_pages, struct page **pages, unsigned int gup_flags';
const FAST = 'unsigned long start, int nr_pages, unsigned int gup_flags, struct page **pages';

const both = (kind: 'get' | 'pin', doc: string): readonly BuiltinRow[] => [
  row(
    `long ${kind}_user_pages(${SLOW_ARGUMENTS})`,
    `${doc} of the running process, faulted in where they are missing: how many, or an error. vmas may be NULL.`,
    ofCurrent(`${kind}_user_pages`),
    mine,
  ),
  row(
    `long ${kind}_user_pages_unlocked(${LOCKED})`,
    `As ${kind}_user_pages(), which takes the lock of the address space itself.`,
    ofCurrent(`${kind}_user_pages`),
    unlocked,
  ),
  row(
    `long ${kind}_user_pages_remote(struct mm_struct *mm, ${SLOW_ARGUMENTS}, int *locked)`,
    `${doc} of any process. vmas and locked may be NULL.`,
    ofAnother(`${kind}_user_pages_remote`),
    another,
  ),
  row(
    `int ${kind}_user_pages_fast(${FAST})`,
    `As ${kind}_user_pages(), by the tables alone where they allow it.`,
    ofCurrent(`${kind}_user_pages_fast`),
    mine,
  ),
  row(
    `int ${kind}_user_pages_fast_only(${FAST})`,
    `As ${kind}_user_pages_fast(), and no more than the tables allow: nothing is faulted in.`,
    (call, request, pages) =>
      ofCurrent(`${kind}_user_pages_fast`)(
        call,
        { ...request, flags: Number(request.flags) | call.k.FOLL_FAST_ONLY },
        pages,
      ),
    mine,
  ),
];

const getting = group('pin', 'mm/gup.c', [
  ...both('get', 'Takes a reference (FOLL_GET) to each of nr_pages pages'),
  ...both('pin', 'Pins (FOLL_PIN) each of nr_pages pages'),
  {
    signature:
      'struct page *follow_page(struct vm_area_struct *vma, unsigned long address, unsigned int foll_flags)',
    doc: 'The page at an address of an area, without faulting it in; with FOLL_GET a reference to it. NULL or an error (IS_ERR) if there is none.',
    changes,
    needs: needsProcess,
    run: (call, vma, address, flags) => {
      const page = call.kernel.follow_page(call.k, call.cell(vma), va(address), Number(flags));
      return call.kernel.IS_ERR(page) ? call.unsignedLong(page) : call.pointer(page);
    },
  },
]);

const giving = group('pin', 'mm/gup.c', [
  {
    signature: 'void unpin_user_page(struct page *page)',
    doc: 'Ends a pin of pin_user_pages().',
    changes,
    run: (call, page) => {
      call.kernel.unpin_user_page(call.k, call.page(page));
    },
  },
  {
    signature: 'void unpin_user_pages(struct page **pages, unsigned long npages)',
    doc: 'Ends the pins of an array of pages.',
    changes,
    run: (call, pages, nr) => {
      const cells = loadPages(call, pages, nr);
      call.kernel.unpin_user_pages(call.k, cells, cells.length);
    },
  },
  {
    signature:
      'void unpin_user_pages_dirty_lock(struct page **pages, unsigned long npages, bool make_dirty)',
    doc: 'Ends the pins of pages that were written to: with make_dirty each is marked dirty first.',
    changes,
    sleeps: 'always' as const,
    run: (call, pages, nr, dirty) => {
      const cells = loadPages(call, pages, nr);
      call.kernel.unpin_user_pages_dirty_lock(call.k, cells, cells.length, dirty !== 0);
    },
  },
  {
    signature:
      'void unpin_user_page_range_dirty_lock(struct page *page, unsigned long npages, bool make_dirty)',
    doc: 'The same for pages whose frames lie side by side.',
    changes,
    sleeps: 'always' as const,
    run: (call, page, nr, dirty) => {
      const first = call.page(page);
      const cells = Array.from({ length: sizeOf(call, nr) }, (_, i) => call.k.nth_page(first, i));
      call.kernel.unpin_user_pages_dirty_lock(call.k, cells, cells.length, dirty !== 0);
    },
  },
]);

const asking = group('pin', 'include/linux/mm.h', [
  {
    signature: 'bool page_maybe_dma_pinned(struct page *page)',
    doc: 'Whether a page may be pinned: its count of references is so high that a pin may be among them, which 1024 references are, too.',
    run: (call, page) => truth(call.kernel.page_maybe_dma_pinned(call.k, call.page(page))),
  },
]);

/** A page that was faulted in waits in a batch of its CPU, which has a reference to it, until the batch is full or drained. */
const batches = group('pin', 'mm/swap.c', [
  {
    signature: 'void lru_add_drain(void)',
    doc: "Empties this CPU's batches: pages that were faulted in get to their LRU lists, and the batches' references go.",
    changes,
    run: (call) => {
      call.kernel.lru_add_drain(call.k);
    },
  },
  {
    signature: 'void lru_add_drain_all(void)',
    doc: 'Empties the batches of all CPUs.',
    changes,
    sleeps: 'always' as const,
    run: (call) => {
      call.kernel.lru_add_drain_all(call.k);
    },
  },
]);

export const pins: readonly Builtin[] = [...getting, ...giving, ...asking, ...batches];
