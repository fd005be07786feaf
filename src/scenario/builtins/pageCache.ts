/** Pages of files by their index: looked up, put there, taken away, waited for. The rest of these headers is in prelude/pageCache.ts. */
import type { Int } from '../../engine/machine/ctypes.js';
import { NULL } from '../../engine/machine/ctypes.js';
import { IS_ERR } from '../../engine/kernel/include/linux/err.h.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsProcess } from './needs.js';
import { folioOf, folioRow } from './pageRows.js';

const changes = true;
const needs = needsProcess;
const sleeps = 'always' as const;

/** The number of a bit of page->flags. */
const bitOf = (call: BuiltinCall, bit: Value): Int => {
  const nr = Number(bit);
  if (nr < 0 || nr > 31) call.bug(`BUG: ${nr} is not the number of a page flag`);
  return nr;
};

/** A page, or an error in place of one. */
const pageOrError = (call: BuiltinCall, page: number): Value =>
  IS_ERR(page) ? call.unsignedLong(page) : call.pointer(page);

export const pageCache: readonly Builtin[] = [
  ...group('page', 'mm/filemap.c', [
    {
      signature:
        'struct folio *__filemap_get_folio(struct address_space *mapping, unsigned long index, int fgp_flags, gfp_t gfp)',
      doc: 'The folio at an index of a file, with a reference for the caller; with FGP_LOCK locked, with FGP_ACCESSED marked as used, with FGP_CREAT made if the file has none there. NULL if there is none, without memory, or with FGP_NOWAIT if another task has locked it.',
      changes,
      needs,
      sleeps,
      run: (call, mapping, index, flags, gfp) =>
        call.pointer(
          call.kernel.__filemap_get_folio(
            call.k,
            call.cell(mapping),
            Number(index),
            Number(flags),
            Number(gfp),
          ),
        ),
    },
    {
      signature:
        'int filemap_add_folio(struct address_space *mapping, struct folio *folio, unsigned long index, gfp_t gfp)',
      doc: 'A new folio becomes the one at an index of a file, which takes a reference to it; it is locked, and put on an LRU list. 0, -EEXIST if there is one, or -ENOMEM.',
      changes,
      needs,
      sleeps,
      run: (call, mapping, folio, index) =>
        call.kernel.filemap_add_folio(
          call.k,
          call.cell(mapping),
          folioOf(call, folio),
          Number(index),
        ),
    },
    {
      signature: 'void folio_wait_bit(struct folio *folio, int bit_nr)',
      doc: 'Sleeps until a bit of the flags of a folio, PG_locked or PG_writeback, is clear.',
      changes,
      sleeps,
      run: (call, folio, bit) => {
        call.kernel.folio_wait_bit(call.k, folioOf(call, folio), bitOf(call, bit));
      },
    },
    {
      signature: 'int folio_wait_bit_killable(struct folio *folio, int bit_nr)',
      doc: 'Like folio_wait_bit(); 0, or -EINTR if a signal that ends the task came first.',
      changes,
      sleeps,
      run: (call, folio, bit) =>
        call.kernel.folio_wait_bit_killable(call.k, folioOf(call, folio), bitOf(call, bit)),
    },
  ]),
  ...group('page', 'mm/swap.c', [
    folioRow(
      'void',
      'folio_add_lru',
      'Puts a folio on an LRU list, by way of a batch of this CPU.',
    ),
  ]),
  ...group('page', 'mm/memory.c', [
    {
      signature:
        'void unmap_mapping_pages(struct address_space *mapping, unsigned long start, unsigned long nr, bool even_cows)',
      doc: 'Nobody maps the pages of a range of a file any more: a later access faults. Private copies go with even_cows alone. nr 0: all from start on.',
      changes,
      needs,
      sleeps,
      run: (call, mapping, start, nr, evenCows) => {
        const pages = Number(nr) === 0 ? 2 ** 40 : Number(nr);
        call.kernel.unmap_mapping_pages(
          call.k,
          call.cell(mapping),
          Number(start),
          pages,
          evenCows !== 0,
        );
      },
    },
  ]),
  ...group('page', 'mm/shmem.c', [
    {
      signature:
        'struct page *shmem_read_mapping_page_gfp(struct address_space *mapping, unsigned long index, gfp_t gfp)',
      doc: 'The page at an index of a file of shared memory, with a reference for the caller; made, and zero, where the file has none. An error (IS_ERR) behind its end, and without memory.',
      changes,
      needs,
      sleeps,
      run: (call, mapping, index, gfp) =>
        pageOrError(
          call,
          call.kernel.shmem_read_mapping_page_gfp(
            call.k,
            call.cell(mapping),
            Number(index),
            Number(gfp),
          ),
        ),
    },
    {
      signature: 'void shmem_truncate_range(struct inode *inode, long long start, long long end)',
      doc: 'The whole pages between two bytes, both in the range, leave a file of shared memory, and all who map them. end -1: up to its end.',
      changes,
      needs,
      sleeps,
      run: (call, inode, start, end) => {
        const node = call.cell(inode);
        if (node === NULL) return;
        call.kernel.shmem_truncate_range(call.k, node, Number(start), Number(end));
      },
    },
  ]),
];
