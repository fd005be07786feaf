/** Who holds a page: what calls took, wherever the tape's cursor is; and the account of its references, which adds up. */
import assert from 'node:assert/strict';
import { inspectedOf } from '../../src/engine/image/dump/inspectedOf.js';
import { pageAccount } from '../../src/engine/inspect/process/pageAccount.js';
import { machine, runToEnd } from './machines.js';

const BUFFER =
  'char *buf = mmap(NULL, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n';

describe('holders of pages', () => {
  for (const profile of ['x86_64-slub', 'i386-pae-slab'] as const)
    it(`${profile}: what calls take and give back in any order, the account knows`, () => {
      const vm = machine(
        `${BUFFER}struct page *pages[8];
for (int i = 0; i < 8; i++) buf[i * PAGE_SIZE] = i;
lru_add_drain();
pin_user_pages((unsigned long)buf, 8, FOLL_WRITE, pages, NULL);
for (int i = 0; i < 8; i++) for (int j = 0; j < i; j++) get_page(pages[i]);
for (int i = 4; i < 8; i++) put_page(pages[i]);
pin_user_pages_fast((unsigned long)buf, 2, FOLL_WRITE, pages);
unpin_user_pages(pages, 3);
unpin_user_page(pages[3]);
unsigned long first = page_to_pfn(pages[0]), third = page_to_pfn(pages[3]), last = page_to_pfn(pages[7]);
pr_info("%lu %lu %lu", first, third, last);`,
        profile,
      );
      runToEnd(vm);
      const text = vm.tape
        .marksBetween(vm.tape.start, vm.tape.cursor)
        .map(({ event }) => (event.kind === 'printk' ? event.text : ''))
        .join('');
      const pfns = text.split(' ').map(Number);
      const [first = 0, third = 0, last = 0] = pfns;
      const holders = (pfn: number): string[] =>
        vm.holdings.pageHolders(pfn).map(({ kind, count, by }) => `${kind} ${count} ${by}`);
      // The newest pin is the one that ends: the first one is left.
      assert.deepEqual(holders(first), ['pin 1 at line 5 by pin_user_pages() in task main']);
      assert.deepEqual(holders(third), ['get 3 at line 6 by get_page() in task main']);
      assert.deepEqual(holders(last), [
        'pin 1 at line 5 by pin_user_pages() in task main',
        'get 6 at line 6 by get_page() in task main',
      ]);
      assert.ok(
        vm.holdings.pinnedFrames().includes(last) && !vm.holdings.pinnedFrames().includes(third),
      );
      const k = inspectedOf(vm.image);
      for (const pfn of pfns) {
        const account = pageAccount(k, pfn, (head) => ({ holders: vm.holdings.pageHolders(head) }));
        assert.ok(account !== undefined);
        assert.deepEqual(
          account.rows.filter(({ kind }) => kind === 'other'),
          [],
        );
      }
      // Back before everything, nobody holds anything.
      vm.tape.seek(vm.tape.start);
      assert.deepEqual(holders(last), []);
      assert.deepEqual(vm.holdings.pinnedFrames(), []);
    });

  it('a page that is off its LRU list is held by the call that took it off; one of follow_page() by that', () => {
    const vm = machine(`${BUFFER}buf[0] = 1; lru_add_drain();
struct page *page = follow_page(find_vma(current->mm, (unsigned long)buf), (unsigned long)buf, FOLL_GET);
follow_page(find_vma(current->mm, (unsigned long)buf), (unsigned long)buf, 0);
isolate_lru_page(page);
pr_info("%lu", page_to_pfn(page));
putback_lru_page(page); put_page(page);
pr_info("over"); buf[0] = 2;`);
    const seen: string[] = [];
    for (let i = 0; i < 40 && vm.runStatement().kind !== 'exited'; i++) {
      const told = vm.tape
        .marksBetween(vm.tape.start, vm.tape.cursor + 1)
        .flatMap(({ event }) => (event.kind === 'printk' ? [event.text] : []));
      if (told.length === seen.length) continue;
      seen.push(told.at(-1) ?? '');
      const pfn = Number(told[0]);
      const account = pageAccount(inspectedOf(vm.image), pfn, (head) => ({
        holders: vm.holdings.pageHolders(head),
      }));
      const texts = account?.rows.map(({ kind, references }) => `${kind} ${references}`);
      assert.deepEqual(
        texts,
        told.length === 1 ? ['mappings 1', 'get 1', 'get 1'] : ['mappings 1', 'batch 1'],
        told.join(),
      );
      if (told.length === 1)
        assert.deepEqual(
          vm.holdings.pageHolders(pfn).map(({ by }) => by),
          [
            'at line 3 by follow_page() in task main',
            'at line 5 by isolate_lru_page() in task main',
          ],
        );
    }
    assert.equal(seen.length, 2);
  });

  it('a reference to a page of a huge page stays with that page when it is split', () => {
    const vm = machine(`transparent_hugepage_flags |= 1 << TRANSPARENT_HUGEPAGE_FLAG;
struct page *pages[1]; unsigned long size = 1UL << PMD_SHIFT;
char *buf = mmap((void *)0x40000000, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
buf[0] = 1;
pin_user_pages((unsigned long)buf + 2 * PAGE_SIZE, 1, FOLL_WRITE, pages, NULL); pin_user_pages((unsigned long)buf, 1, FOLL_WRITE, pages, NULL);
unsigned long head = page_to_pfn(compound_head(pages[0])); pr_info("%lu", head);
unpin_user_page(pages[0]); unpin_user_page(pages[0]);
get_user_pages((unsigned long)buf + 3 * PAGE_SIZE, 1, FOLL_WRITE, pages, NULL);
pr_info("got");
lock_page(pages[0]); expect(split_huge_page(pages[0]) == 0); unlock_page(pages[0]);
pr_info("split"); buf[0] = 2;`);
    const seen: (readonly string[])[] = [];
    const rows = (pfn: number): readonly string[] =>
      (
        pageAccount(inspectedOf(vm.image), pfn, (head) => ({
          holders: vm.holdings.pageHolders(head),
        }))?.rows ?? []
      ).map(({ kind, references }) => `${kind} ${references}`);
    let told: readonly string[] = [];
    for (let i = 0; i < 60 && vm.runStatement().kind !== 'exited'; i++) {
      const texts = vm.tape
        .marksBetween(vm.tape.start, vm.tape.cursor + 1)
        .flatMap(({ event }) => (event.kind === 'printk' ? [event.text] : []));
      if (texts.length === told.length) continue;
      told = texts;
      const head = Number(texts[0]);
      seen.push([...rows(head), '|', ...rows(head + 3)]);
    }
    assert.deepEqual(seen, [
      // Both pins count at the head.
      ['mappings 1', 'pin 1', 'pin 1', '|', 'mappings 1', 'pin 1', 'pin 1'],
      ['mappings 1', 'get 1', '|', 'mappings 1', 'get 1'],
      ['mappings 1', '|', 'mappings 1', 'get 1'],
    ]);
    assert.equal(vm.failedExpects, 0);
  });
});
