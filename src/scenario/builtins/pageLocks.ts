/** Waiting for pages: the lock, writeback, migration. A task that has to wait stands in the kernel's queue for the page (mm/filemap.c). */
import { NULL } from '../../engine/machine/ctypes.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import { folioOf, folioRow, headOf, pageRow } from './pageRows.js';

const changes = true;
const sleeping = { sleeps: 'always' } as const;

const locking: readonly BuiltinRow[] = [
  pageRow('void', 'lock_page', 'Locks a page; sleeps while another task holds the lock.', sleeping),
  pageRow(
    'int',
    'lock_page_killable',
    'Like lock_page(); 0, or -EINTR if a signal that ends the task came first.',
    sleeping,
  ),
  pageRow('int', 'trylock_page', 'Locks a page if it is not locked; returns whether it did.'),
  pageRow('void', 'wait_on_page_locked', 'Sleeps until a page is not locked.', sleeping),
  folioRow(
    'void',
    'folio_lock',
    'Locks a folio; sleeps while another task holds the lock.',
    sleeping,
  ),
  folioRow('bool', 'folio_trylock', 'Locks a folio if it is not locked; returns whether it did.'),
  folioRow('void', 'folio_wait_locked', 'Sleeps until a folio is not locked.', sleeping),
];

const unlocking: readonly BuiltinRow[] = [
  pageRow('void', 'unlock_page', 'Unlocks a page, and wakes a task that waits for its lock.'),
  folioRow('void', 'folio_unlock', 'Unlocks a folio, and wakes a task that waits for its lock.'),
];

const writeback: readonly BuiltinRow[] = [
  pageRow(
    'bool',
    'set_page_writeback',
    'The page is being written from here on (PG_writeback); returns whether it was before.',
  ),
  pageRow(
    'void',
    'end_page_writeback',
    'The page has been written: tasks that wait for that go on. A bug if it was not being written.',
  ),
  pageRow('void', 'wait_on_page_writeback', 'Sleeps until a page is not being written.', sleeping),
  folioRow('void', 'folio_end_writeback', 'Like end_page_writeback.'),
  folioRow('void', 'folio_wait_writeback', 'Like wait_on_page_writeback.', sleeping),
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
