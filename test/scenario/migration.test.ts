/** Scenarios in which pages of a process move to other frames, or stay because somebody holds them. */
import assert from 'node:assert/strict';
import { asPfn } from '../../src/engine/memory/address.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { userPageText } from '../../src/engine/verdict/userPage.js';
import { log, machine, runToEnd } from './machines.js';

const PROFILES: readonly ProfileName[] = ['x86_64-slub'];

/** Some pages in the middle of many: their pageblock has nothing else in it. */
const BUFFER =
  'char *all = mmap(NULL, 1536 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n' +
  'for (int i = 0; i < 1536; i++) all[i * PAGE_SIZE] = 40 + i - 768;\n' +
  'char *buf = all + 768 * PAGE_SIZE;\n';
/** The page of the process behind an address, with a reference that is dropped at once. */
const PAGE_OF =
  'struct page *pageOf(char *at) { struct page *p[1]; get_user_pages((unsigned long)at, 1, 0, p, NULL); put_page(p[0]); return p[0]; }\n';

function holds(text: string): void {
  for (const profile of PROFILES) {
    const vm = machine(`${PAGE_OF}${BUFFER}${text}`, profile);
    const results = runToEnd(vm);
    assert.deepEqual(log(vm), [], `${profile}: ${text}`);
    assert.deepEqual(
      results.filter(({ kind }) => kind === 'failed' || kind === 'deadlock'),
      [],
    );
    assert.ok(vm.expects.held > 0);
  }
}

describe('pages that are migrated', function () {
  it('move out of a range: contents, entries and counts go with them', () =>
    holds(
      `lru_add_drain();
       struct page *page = pageOf(buf + PAGE_SIZE); unsigned long pfn = page_to_pfn(page);
       expect(page_ref_count(page) == 1 && page_mapcount(page) == 1);
       expect(alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL) == 0);
       expect(page_ref_count(page) == 1 && page_mapcount(page) == 0);
       struct page *moved = pageOf(buf + PAGE_SIZE);
       expect(moved != page && page_ref_count(moved) == 1 && page_mapcount(moved) == 1);
       expect(buf[PAGE_SIZE] == 41 && buf[0] == 40 && PageSwapBacked(moved) && PageLRU(moved));
       free_contig_range(pfn, 1);`,
    ));

  it('stay where they are while somebody holds them, and the range is busy', () =>
    holds(
      `lru_add_drain();
       struct page *pages[1];
       expect(pin_user_pages((unsigned long)buf, 1, FOLL_WRITE, pages, NULL) == 1);
       unsigned long pfn = page_to_pfn(pages[0]);
       expect(alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL) == -EBUSY);
       expect(pageOf(buf) == pages[0] && buf[0] == 40);
       unpin_user_page(pages[0]);
       expect(alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL) == 0 && pageOf(buf) != pages[0]);
       free_contig_range(pfn, 1);`,
    ));

  it('of a parent and a child move for both', () =>
    holds(
      `lru_add_drain();
       if (fork() == 0) {
         lru_add_drain();
         struct page *page = pageOf(buf + 2 * PAGE_SIZE); unsigned long pfn = page_to_pfn(page);
         expect(page_mapcount(page) == 2);
         expect(alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL) == 0);
         struct page *moved = pageOf(buf + 2 * PAGE_SIZE);
         expect(moved != page && page_mapcount(moved) == 2 && buf[2 * PAGE_SIZE] == 42);
         free_contig_range(pfn, 1);
         exit(0);
       }
       wait(NULL);
       expect(page_mapcount(pageOf(buf + 2 * PAGE_SIZE)) == 1 && buf[2 * PAGE_SIZE] == 42);`,
    ));

  it('that MADV_FREE has given up are freed instead', () =>
    holds(
      `lru_add_drain();
       struct page *page = pageOf(buf + 3 * PAGE_SIZE); unsigned long pfn = page_to_pfn(page);
       expect(madvise(buf + 3 * PAGE_SIZE, PAGE_SIZE, MADV_FREE) == 0);
       lru_add_drain();
       expect(alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL) == 0);
       expect(buf[3 * PAGE_SIZE] == 0);
       free_contig_range(pfn, 1);`,
    ));
});

describe('why a range cannot be had', function () {
  it('names the pin, and the task that has the page', () => {
    const vm = machine(
      `char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       buf[0] = 1; lru_add_drain();
       struct page *pages[1];
       pin_user_pages((unsigned long)buf, 1, FOLL_WRITE, pages, NULL);
       pr_info("%lx %lx", page_to_pfn(pages[0]), (unsigned long)buf);
       schedule();`,
      'x86_64-slub',
    );
    while (log(vm).length === 0) vm.runStatement();
    const [pfn = '', at = ''] = (log(vm)[0] ?? '').split(' ');
    const k = vm.image.mm;
    assert.equal(
      userPageText(k, k.pfn_to_page(asPfn(parseInt(pfn, 16)))),
      `pinned (1 FOLL_PIN), so it cannot be moved: _refcount 1025 = 1 mapping + 1 pin of 1024; init (pid 1) has it at 0x${at.padStart(16, '0')}`,
    );
  });

  it('waits for no other CPU: lru_add_drain_all() drains the batches of each', () => {
    const text = `char *buf = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
cpu(1) { buf[0] = 1; }
struct page *page; get_user_pages_fast((unsigned long)buf, 1, 0, &page); put_page(page);
expect(!PageLRU(page) && page_count(page) == 2);
lru_add_drain();
expect(!PageLRU(page) && page_count(page) == 2 && smp_processor_id() == 0);
lru_add_drain_all();
expect(PageLRU(page) && page_count(page) == 1 && smp_processor_id() == 0);
cpu(1) { buf[PAGE_SIZE] = 1; mlock(buf + PAGE_SIZE, PAGE_SIZE); }
get_user_pages_fast((unsigned long)buf + PAGE_SIZE, 1, 0, &page); put_page(page);
expect(PageMlocked(page) && PageUnevictable(page));
lru_add_drain_all();
expect(buf[PAGE_SIZE] == 1);`;
    const vm = machine(text, 'x86_64-slub-smp', 2);
    assert.deepEqual(
      runToEnd(vm).filter(({ kind }) => kind === 'failed'),
      [],
    );
    assert.deepEqual(log(vm), []);
  });

  it('of a huge page, whether it moves or stays, counts back all that was counted as isolated', () => {
    const text = `transparent_hugepage_flags |= 1 << TRANSPARENT_HUGEPAGE_FLAG;
unsigned long size = 1UL << PMD_SHIFT; struct page *page;
char *buf = mmap((void *)0x40000000, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
buf[0] = 1;
get_user_pages_fast((unsigned long)buf, 1, 0, &page);
expect(PageHead(page));
unsigned long pfn = page_to_pfn(page);
put_page(page);
alloc_contig_range(pfn, pfn + 16, MIGRATE_MOVABLE, GFP_KERNEL);
expect(buf[0] == 1);`;
    for (const profile of ['x86_64-slub', 'i386-highmem4g-slub'] as const) {
      const vm = machine(text, profile);
      runToEnd(vm);
      assert.deepEqual(log(vm), [], profile);
      const { mm: k } = vm.image;
      const isolated = k.read_long(k.globals.vm_node_stat + k.NR_ISOLATED_ANON * k.ptr_words);
      assert.equal(isolated, 0, `NR_ISOLATED_ANON on ${profile}`);
      // Mapped as a whole it has a reference for that, as a small page has.
      const pinned = vm.tape
        .marksBetween(0, vm.tape.cursor + 1)
        .filter(({ event }) => event.kind === 'migrate' && event.outcome === 'pinned');
      assert.deepEqual(pinned, []);
    }
  });

  it('that a long-term pin wants moved, and that cannot: the pin fails, and nothing runs for ever', () => {
    const start = `struct page *pages[1]; unsigned long size = 1UL << PMD_SHIFT; struct page *page;\n`;
    const pool = machine(`${start}sysctl("vm.nr_hugepages=1");
char *buf = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
buf[0] = 1;
get_user_pages_fast((unsigned long)buf, 1, 0, &page);
int before = page_count(page);
set_pageblock_migratetype(page, MIGRATE_CMA);
expect(pin_user_pages((unsigned long)buf, 1, FOLL_WRITE | FOLL_LONGTERM, pages, NULL) == -ENOMEM);
expect(page_count(page) == before && !page_maybe_dma_pinned(page));
set_pageblock_migratetype(page, MIGRATE_MOVABLE);
expect(pin_user_pages((unsigned long)buf, 1, FOLL_WRITE | FOLL_LONGTERM, pages, NULL) == 1);`);
    runToEnd(pool);
    assert.deepEqual(log(pool), []);
    const single =
      machine(`${start}char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
buf[0] = 1; lru_add_drain();
get_user_pages_fast((unsigned long)buf, 1, 0, &page);
isolate_lru_page(page);
set_pageblock_migratetype(page, MIGRATE_CMA);
pin_user_pages((unsigned long)buf, 1, FOLL_WRITE | FOLL_LONGTERM, pages, NULL);`);
    const failed = runToEnd(single).filter(({ kind }) => kind === 'failed');
    assert.equal(failed.length, 1);
    assert.match(failed[0]?.kind === 'failed' ? failed[0].text : '', /^watchdog: BUG: soft lockup/);
  });
});
