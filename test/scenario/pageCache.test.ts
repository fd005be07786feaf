/** What modules do with pages of files: shmem_read_mapping_page(), find_get_page() and their like, on every kernel. */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { ScenarioVm } from '../../src/scenario/index.js';
import { compile, log, runToEnd } from './machines.js';

const FILE = `
  struct file *file = shmem_file_setup("object", 4 * PAGE_SIZE, VM_NORESERVE);
  struct address_space *m = file->f_mapping;
  struct inode *inode = file_inode(file);
`;

function run(text: string, profile: ProfileName = 'x86_64-slub'): string[] {
  const image = bootMachine({ profile: loadProfile(profile), ramBytes: 256 << 20 });
  const vm = new ScenarioVm(compile(text, profile), image, { kernel, name: 'test.mms' });
  const bad = runToEnd(vm).filter(({ kind }) => kind === 'failed' || kind === 'deadlock');
  assert.deepEqual(bad, []);
  return log(vm);
}

describe('pages of files in modules', function () {
  this.timeout(120_000);

  for (const profile of PROFILE_NAMES)
    it(`${profile}: made, found, locked, put there and taken away; each reference has its holder`, () => {
      run(
        `${FILE}
        expect(find_get_page(m, 1) == NULL && mapping_empty(m) && !mapping_mapped(m));
        struct page *p = shmem_read_mapping_page(m, 1);
        // The caller's, the cache's, and that of the batch.
        expect(!IS_ERR(p) && page_ref_count(p) == 3 && PageUptodate(p) && PageSwapBacked(p) && !PageLocked(p));
        expect(page_offset(p) == PAGE_SIZE && page_index(p) == 1 && folio_inode(page_folio(p)) == inode);
        expect(shmem_read_mapping_page(m, 1) == p && page_ref_count(p) == 4);
        put_page(p);
        expect(PTR_ERR(shmem_read_mapping_page(m, 4)) == -EINVAL);

        struct page *q = find_lock_page(m, 1);
        expect(q == p && PageLocked(p) && page_ref_count(p) == 4);
        expect(pagecache_get_page(m, 1, FGP_LOCK | FGP_NOWAIT, 0) == NULL && page_ref_count(p) == 4);
        unlock_page(q);
        put_page(q);
        folio_wait_bit(page_folio(p), PG_locked);

        // A page that the module makes is one of a file like any other: it can be written back.
        long files = global_node_page_state(NR_FILE_PAGES), shared = global_node_page_state(NR_SHMEM);
        struct page *n = grab_cache_page(m, 2);
        expect(n && PageLocked(n) && PageReferenced(n) && !PageUptodate(n) && !PageSwapBacked(n) && m->nrpages == 2);
        expect(global_node_page_state(NR_FILE_PAGES) == files + 1 && global_node_page_state(NR_SHMEM) == shared);
        folio_start_writeback(page_folio(n));
        expect(PageWriteback(n));
        end_page_writeback(n);
        unlock_page(n);
        put_page(n);

        struct page *own = alloc_page(GFP_KERNEL);
        struct folio *f = page_folio(own);
        expect(filemap_add_folio(m, f, 2, GFP_KERNEL) == -EEXIST && !folio_test_locked(f) && page_ref_count(own) == 1);
        expect(filemap_add_folio(m, f, 3, GFP_KERNEL) == 0 && folio_test_locked(f) && folio_contains(f, 3) && !folio_contains(f, 2));
        expect(filemap_get_folio(m, 3) == f);
        folio_put(f);
        folio_unlock(f);
        folio_put(f);
        put_page(p);
        lru_add_drain();
        expect(page_ref_count(p) == 1 && page_ref_count(own) == 1 && PageLRU(own));

        shmem_truncate_range(inode, PAGE_SIZE, 3 * PAGE_SIZE - 1);
        expect(m->nrpages == 1 && find_get_page(m, 1) == NULL);
        shmem_truncate_range(inode, 0, -1);
        expect(m->nrpages == 0 && mapping_empty(m) && page_ref_count(own) == 0);
        expect(global_node_page_state(NR_FILE_PAGES) == files - 1 && global_node_page_state(NR_SHMEM) == shared - 1);
        fput(file);`,
        profile,
      );
    });

  it('who asks for a locked page waits; when it was taken out of the file meanwhile, there is none', () => {
    const told = run(`${FILE}
      struct page *p = shmem_read_mapping_page(m, 0);
      lock_page(p);
      if (fork() == 0) {
        shmem_truncate_range(inode, 0, -1);
        exit(0);
      }
      schedule();
      if (fork() == 0) {
        struct page *q = find_lock_page(m, 0);
        printk("child: %s\\n", q ? "a page" : "none");
        exit(0);
      }
      schedule();
      expect(PageWaiters(p) && page_ref_count(p) == 5);
      unlock_page(p);
      wait(NULL);
      wait(NULL);
      lru_add_drain();
      expect(page_ref_count(p) == 1);
      put_page(p);`);
    assert.ok(told.includes('child: none'), told.join('\n'));
  });

  it('nobody maps what unmap_mapping_range() names, and the next access faults it in again', () => {
    run(`
      int fd = memfd_create("shared", 0);
      ftruncate(fd, 3 * PAGE_SIZE);
      char *at = mmap(NULL, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      char *own = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
      for (int i = 0; i < 3; i++) at[i * PAGE_SIZE] = 'a' + i;
      own[0] = 'x';
      struct file *file = fget(fd);
      struct address_space *m = file->f_mapping;
      struct page *p = find_get_page(m, 0), *q = find_get_page(m, 2);
      expect(mapping_mapped(m) && page_mapcount(p) == 1 && page_mapcount(q) == 1);
      unmap_mapping_range(m, 0, PAGE_SIZE, 0);
      expect(page_mapcount(p) == 0 && page_mapcount(q) == 1 && own[0] == 'x');
      unmap_mapping_range(m, 0, 0, 1);
      expect(page_mapcount(q) == 0);
      expect(at[0] == 'a' && at[2 * PAGE_SIZE] == 'c' && own[0] == 'a' && page_mapcount(p) >= 1);
      put_page(p);
      put_page(q);
      fput(file);`);
  });
});
