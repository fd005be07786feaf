/** Waiting for pages: the lock, writeback, migration. A task that has to wait stands in the kernel's queue for the page (mm/filemap.c). */
import { NULL, type Page } from '../../engine/machine/ctypes.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { truth } from './pointers.js';

const changes = true;
const sleeps = 'always' as const;

const headOf = (call: BuiltinCall, page: Value): Page => call.page(page, 'compound_head');
const folioOf = (call: BuiltinCall, folio: Value): Page => call.page(folio);

const locking: readonly BuiltinRow[] = [
  {
    signature: 'void lock_page(struct page *page)',
    doc: 'Locks a page; sleeps while another task holds the lock.',
    changes,
    sleeps,
    run: (call, page) => {
      call.kernel.lock_page(call.k, headOf(call, page));
    },
  },
  {
    signature: 'int lock_page_killable(struct page *page)',
    doc: 'Like lock_page(); 0, or -EINTR if a signal that ends the task came first.',
    changes,
    sleeps,
    run: (call, page) => call.kernel.lock_page_killable(call.k, headOf(call, page)),
  },
  {
    signature: 'int trylock_page(struct page *page)',
    doc: 'Locks a page if it is not locked; returns whether it did.',
    changes,
    run: (call, page) => truth(call.kernel.trylock_page(call.k, headOf(call, page))),
  },
  {
    signature: 'void wait_on_page_locked(struct page *page)',
    doc: 'Sleeps until a page is not locked.',
    changes,
    sleeps,
    run: (call, page) => {
      call.kernel.wait_on_page_locked(call.k, headOf(call, page));
    },
  },
  {
    signature: 'void folio_lock(struct folio *folio)',
    doc: 'Locks a folio; sleeps while another task holds the lock.',
    changes,
    sleeps,
    run: (call, folio) => {
      call.kernel.folio_lock(call.k, folioOf(call, folio));
    },
  },
  {
    signature: 'bool folio_trylock(struct folio *folio)',
    doc: 'Locks a folio if it is not locked; returns whether it did.',
    changes,
    run: (call, folio) => truth(call.kernel.folio_trylock(call.k, folioOf(call, folio))),
  },
  {
    signature: 'void folio_wait_locked(struct folio *folio)',
    doc: 'Sleeps until a folio is not locked.',
    changes,
    sleeps,
    run: (call, folio) => {
      call.kernel.folio_wait_locked(call.k, folioOf(call, folio));
    },
  },
];

const unlocking: readonly BuiltinRow[] = [
  {
    signature: 'void unlock_page(struct page *page)',
    doc: 'Unlocks a page, and wakes a task that waits for its lock.',
    changes,
    run: (call, page) => {
      call.kernel.unlock_page(call.k, headOf(call, page));
    },
  },
  {
    signature: 'void folio_unlock(struct folio *folio)',
    doc: 'Unlocks a folio, and wakes a task that waits for its lock.',
    changes,
    run: (call, folio) => {
      call.kernel.folio_unlock(call.k, folioOf(call, folio));
    },
  },
];

const writeback: readonly BuiltinRow[] = [
  {
    signature: 'bool set_page_writeback(struct page *page)',
    doc: 'The page is being written from here on (PG_writeback); returns whether it was before.',
    changes,
    run: (call, page) => truth(call.kernel.set_page_writeback(call.k, headOf(call, page))),
  },
  {
    signature: 'void end_page_writeback(struct page *page)',
    doc: 'The page has been written: tasks that wait for that go on. A bug if it was not being written.',
    changes,
    run: (call, page) => {
      call.kernel.end_page_writeback(call.k, headOf(call, page));
    },
  },
  {
    signature: 'void wait_on_page_writeback(struct page *page)',
    doc: 'Sleeps until a page is not being written.',
    changes,
    sleeps,
    run: (call, page) => {
      call.kernel.wait_on_page_writeback(call.k, headOf(call, page));
    },
  },
  {
    signature: 'void folio_end_writeback(struct folio *folio)',
    doc: 'Like end_page_writeback.',
    changes,
    run: (call, folio) => {
      call.kernel.folio_end_writeback(call.k, folioOf(call, folio));
    },
  },
  {
    signature: 'void folio_wait_writeback(struct folio *folio)',
    doc: 'Like wait_on_page_writeback.',
    changes,
    sleeps,
    run: (call, folio) => {
      call.kernel.folio_wait_writeback(call.k, folioOf(call, folio));
    },
  },
];

/** The steps of a migration, one by one: between them others can look. */
const migrating: readonly Builtin[] = [
  ...group('page', 'mm/folio-compat.c', [
    {
      signature: 'int isolate_lru_page(struct page *page)',
      doc: 'Takes a page off its LRU list, with a reference for the caller; 0, or -EBUSY if it is on none.',
      changes,
      run: (call, page) => call.kernel.folio_isolate_lru(call.k, headOf(call, page)),
    },
    {
      signature: 'void putback_lru_page(struct page *page)',
      doc: 'Puts a page of isolate_lru_page() back on its list, and drops the reference.',
      changes,
      run: (call, page) => {
        call.kernel.folio_putback_lru(call.k, headOf(call, page));
      },
    },
  ]),
  ...group('page', 'mm/rmap.c', [
    {
      signature: 'void try_to_migrate(struct folio *folio, enum ttu_flags flags)',
      doc: 'Every entry that maps a locked folio becomes a migration entry: a task that touches the page waits until it is unlocked.',
      changes,
      run: (call, folio) => {
        call.kernel.try_to_migrate(call.k, folioOf(call, folio));
      },
    },
  ]),
  ...group('page', 'mm/migrate.c', [
    {
      signature:
        'int migrate_folio(struct address_space *mapping, struct folio *dst, struct folio *src, enum migrate_mode mode)',
      doc: 'Moves what src holds to dst, both locked and src unmapped: contents, flags, its place in the page cache; 0, or -EAGAIN if others have references.',
      changes,
      run: (call, mapping, dst, src) =>
        call.kernel.migrate_folio(
          call.k,
          mapping === 0 ? NULL : call.cell(mapping),
          folioOf(call, dst),
          folioOf(call, src),
        ),
    },
    {
      signature: 'void remove_migration_ptes(struct folio *src, struct folio *dst, bool locked)',
      doc: 'Every migration entry of src maps dst from here on; dst may be src, if it could not be moved.',
      changes,
      run: (call, src, dst) => {
        call.kernel.remove_migration_ptes(call.k, folioOf(call, src), folioOf(call, dst));
      },
    },
  ]),
];

export const pageLocks: readonly Builtin[] = [
  ...group('page', 'include/linux/pagemap.h', locking),
  ...group('page', 'mm/filemap.c', unlocking),
  ...group('page', 'mm/page-writeback.c', writeback),
  ...migrating,
];
