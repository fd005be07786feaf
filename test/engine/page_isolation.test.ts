/** Isolated pageblocks: nothing is taken from them, what is freed into them stays, and the counters know. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import * as kernel from '../../src/engine/entry/functions.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { NULL, type Page, type Zone } from '../../src/engine/machine/ctypes.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import { freeArea, freeList } from '../../src/engine/view/zoneLists.js';
import { clearPageFlag, PAGE_FLAGS, setPageFlag } from '../../src/engine/view/pageFlags.js';
import { zoneName } from '../../src/engine/machine/zoneNames.js';

/** Pages on the free lists of a type. */
function listed(k: Kernel, zone: Zone, migratetype: number): number {
  let pages = 0;
  for (let order = 0; order < k.MAX_ORDER; order++) {
    const head = freeList(k, freeArea(k, zone, order), migratetype);
    for (let at = k.read_ptr(head); at !== head; at = k.read_ptr(at)) pages += 2 ** order;
  }
  return pages;
}

/** Free pages as counted, with what the CPU holds back; and pages on the ISOLATE lists. */
const counts = (k: Kernel, zone: Zone): readonly [number, number] => [
  kernel.zone_page_state_snapshot(k, zone, k.NR_FREE_PAGES),
  listed(k, zone, k.MIGRATE_ISOLATE),
];

for (const profile of PROFILE_NAMES)
  describe(`page isolation: ${profile}`, () => {
    /** A machine, and a pageblock of which one page is allocated and all others are free. */
    function start(): { k: Kernel; zone: Zone; block: Page; pfn: number; held: Page } {
      const k = bootMachine({ profile: loadProfile(profile), ramBytes: 256 << 20 }).mm;
      const gfp = k.GFP_KERNEL | k.__GFP_MOVABLE;
      const block = kernel.alloc_pages(k, gfp, k.pageblock_order);
      const pfn = k.page_to_pfn(block);
      kernel.split_page(k, block, k.pageblock_order);
      for (let i = 0; i < k.pageblock_nr_pages; i++)
        if (i !== 5) kernel.__free_page(k, k.pfn_to_page(pfn + i));
      kernel.drain_all_pages(k, NULL);
      return { k, zone: kernel.page_zone(k, block), block, pfn, held: k.pfn_to_page(pfn + 5) };
    }
    const isolate = (k: Kernel, block: Page, pfn: number): number =>
      kernel.set_migratetype_isolate(k, block, k.MIGRATE_MOVABLE, pfn, pfn + k.pageblock_nr_pages);

    it('a block with an unmovable page is busy, and stays as it is', () => {
      const { k, zone, block, pfn } = start();
      const before = counts(k, zone);
      assert.equal(isolate(k, block, pfn), -16);
      assert.deepEqual(counts(k, zone), before);
      assert.ok(!kernel.has_isolate_pageblock(k, zone));
    });

    it('its pages leave the count, come to the ISOLATE lists, and are not allocated', () => {
      const { k, zone, block, pfn, held } = start();
      kernel.__free_page(k, held);
      kernel.drain_all_pages(k, NULL);
      const [free] = counts(k, zone);
      assert.equal(isolate(k, block, pfn), 0);
      assert.equal(isolate(k, block, pfn), -16);
      const nr = counts(k, zone)[1];
      // A free block larger than a pageblock moves as a whole.
      assert.ok(nr >= k.pageblock_nr_pages);
      assert.deepEqual(counts(k, zone), [free - nr, nr]);
      const gfp = k.GFP_NOWAIT | k.__GFP_NOWARN | k.__GFP_MOVABLE;
      for (let page = kernel.alloc_page(k, gfp); page !== NULL; page = kernel.alloc_page(k, gfp))
        assert.notEqual(kernel.pageblock_start_pfn(k, k.page_to_pfn(page)), pfn);
      assert.equal(counts(k, zone)[1], nr);
      kernel.unset_migratetype_isolate(k, block, k.MIGRATE_MOVABLE);
      assert.equal(counts(k, zone)[1], 0);
      const page = kernel.alloc_page(k, gfp);
      assert.notEqual(page, NULL);
    });

    it('a page freed into it stays there, uncounted, and counts again with the block', () => {
      const { k, zone, block, pfn, held } = start();
      // As if the page could be migrated: an LRU page.
      const lru = PAGE_FLAGS.find(({ uname }) => uname === 'LRU');
      assert.ok(lru !== undefined);
      setPageFlag(kernel, k, lru, held);
      const [free] = counts(k, zone);
      assert.equal(isolate(k, block, pfn), 0);
      const nr = counts(k, zone)[1];
      assert.equal(counts(k, zone)[0], free - nr);
      clearPageFlag(kernel, k, lru, held);
      kernel.__free_page(k, held);
      // Around the per-CPU list, and not into the count.
      assert.deepEqual(counts(k, zone), [free - nr, nr + 1]);
      kernel.unset_migratetype_isolate(k, block, k.MIGRATE_MOVABLE);
      assert.deepEqual(counts(k, zone), [free + 1, 0]);
      assert.ok(!kernel.has_isolate_pageblock(k, zone));
    });

    it('a page that waits on a per-CPU list goes to the ISOLATE list when it is drained', () => {
      const { k, zone, block, pfn, held } = start();
      kernel.__free_page(k, held);
      const [free] = counts(k, zone);
      assert.equal(isolate(k, block, pfn), 0);
      const nr = counts(k, zone)[1];
      kernel.drain_all_pages(k, NULL);
      assert.deepEqual(counts(k, zone), [free - nr, nr + 1]);
    });

    it('whole blocks that were kept apart merge again', () => {
      const { k, zone, block, pfn, held } = start();
      kernel.__free_page(k, held);
      kernel.drain_all_pages(k, NULL);
      const blocks = (): (string | undefined)[] => [
        kernel.proc_lines(k, 'buddyinfo')?.find((line) => line.includes(zoneName(k, zone))),
      ];
      const before = blocks();
      const [free] = counts(k, zone);
      assert.equal(isolate(k, block, pfn), 0);
      kernel.unset_migratetype_isolate(k, block, k.MIGRATE_MOVABLE);
      assert.deepEqual(blocks(), before);
      assert.deepEqual(counts(k, zone), [free, 0]);
    });
  });
