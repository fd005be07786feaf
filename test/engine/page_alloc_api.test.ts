/** What a caller of the page allocator is promised, case by case, on recorded machines of every kernel. */
import { constantNamed } from '../../src/engine/types/named.js';
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import type { KernelEvent } from '../../src/engine/machine/events.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import type { Page, Zone } from '../../src/engine/machine/ctypes.js';
import { describeMachines, type Machine } from './machines.js';
import { zonePcp } from '../../src/engine/view/zoneLists.js';
import { PAGE_FLAGS, setPageFlag } from '../../src/engine/view/pageFlags.js';

const eventsOf = ({ tape }: Machine): readonly KernelEvent[] =>
  tape.marksBetween(0, tape.end + 1).map(({ event }) => event);

const printed = (machine: Machine): string[] =>
  eventsOf(machine).flatMap((event) => (event.kind === 'printk' ? [event.text] : []));

const gfp = (mm: Kernel, ...names: string[]): number =>
  names.reduce((mask, name) => mask | constantNamed(mm.profile, name), 0);

/** The head of a pcp list holds the page that was freed last. */
const nextOrder0 = (mm: Kernel): Page => kernel.alloc_pages(mm, gfp(mm, 'GFP_KERNEL'), 0);

describeMachines('page allocator calls', (open, profile) => {
  it('gives the page that was freed last', () => {
    const { mm } = open();
    const first = nextOrder0(mm);
    const second = nextOrder0(mm);
    assert.notEqual(first, second);
    kernel.__free_page(mm, first);
    assert.equal(nextOrder0(mm), first);
  });

  it('refuses an order beyond MAX_ORDER and changes nothing', () => {
    const machine = open();
    const { mm, tape } = machine;
    const end = tape.end;
    assert.equal(kernel.alloc_pages(mm, gfp(mm, 'GFP_KERNEL', '__GFP_NOWARN'), mm.MAX_ORDER), 0);
    assert.equal(tape.end, end);
    assert.deepEqual(
      eventsOf(machine).map(({ kind }) => kind),
      ['allocation-failed'],
    );
  });

  it('a request with both mobility bits has the number of HIGHATOMIC: its blocks are stolen from MIGRATE_UNMOVABLE', () => {
    const { mm } = open();
    const both = gfp(mm, 'GFP_NOWAIT', '__GFP_MOVABLE', '__GFP_RECLAIMABLE', '__GFP_NOWARN');
    assert.equal(kernel.gfp_migratetype(mm, both), mm.MIGRATE_HIGHATOMIC);
    let nrBlocks = 0;
    for (let order = mm.MAX_ORDER - 1; order > mm.PAGE_ALLOC_COSTLY_ORDER; order--)
      while (kernel.alloc_pages(mm, both, order) !== 0) nrBlocks++;
    assert.ok(nrBlocks > 0);
    // Other types still have theirs.
    assert.notEqual(kernel.alloc_pages(mm, gfp(mm, 'GFP_HIGHUSER_MOVABLE'), 4), 0);
  });

  it('warns once, until a step back has taken the warning back', () => {
    const machine = open();
    const { mm, tape } = machine;
    const end = tape.end;
    const warnings = (): number => eventsOf(machine).filter(({ kind }) => kind === 'warn').length;
    const askTooMuch = (): void => {
      assert.equal(kernel.alloc_pages(mm, gfp(mm, 'GFP_KERNEL'), mm.MAX_ORDER), 0);
    };
    askTooMuch();
    askTooMuch();
    assert.equal(warnings(), 1);
    // Another warning is another matter.
    kernel.alloc_pages(mm, gfp(mm, 'GFP_ATOMIC', '__GFP_DIRECT_RECLAIM', '__GFP_NOFAIL'), 2);
    assert.equal(warnings(), 2);
    tape.seek(end);
    askTooMuch();
    assert.equal(warnings(), 1);
  });

  it('makes and unmakes a compound page', () => {
    const { mm } = open();
    const head = kernel.alloc_pages(mm, gfp(mm, 'GFP_KERNEL', '__GFP_COMP'), 3);
    const pfn = mm.page_to_pfn(head);
    assert.ok(kernel.PageHead(mm, head));
    assert.equal(kernel.compound_order(mm, head), 3);
    assert.equal(kernel.compound_mapcount(mm, head), 0);
    for (let i = 1; i < 8; i++) {
      const tail = mm.pfn_to_page(pfn + i);
      assert.ok(kernel.PageTail(mm, tail));
      assert.equal(kernel.compound_head(mm, tail), head);
    }
    kernel.get_page(mm, mm.pfn_to_page(pfn + 5));
    assert.equal(kernel.page_ref_count(mm, head), 2);
    kernel.put_page(mm, head);
    kernel.put_page(mm, mm.pfn_to_page(pfn + 7));
    for (let i = 0; i < 8; i++)
      assert.ok(!kernel.PageCompound(mm, mm.pfn_to_page(pfn + i)), `page ${i}`);
    assert.equal(kernel.alloc_pages(mm, gfp(mm, 'GFP_KERNEL'), 3), head);
  });

  it('locks the head for all pages of a compound page', () => {
    const { mm } = open();
    const head = kernel.alloc_pages(mm, gfp(mm, 'GFP_KERNEL', '__GFP_COMP'), 2);
    const tail = mm.pfn_to_page(mm.page_to_pfn(head) + 3);
    kernel.pagecache_init(mm);
    kernel.lock_page(mm, tail);
    assert.ok(kernel.PageLocked(mm, head));
    assert.ok(!kernel.trylock_page(mm, head));
    kernel.unlock_page(mm, head);
    assert.ok(kernel.trylock_page(mm, head));
    assert.throws(() => {
      kernel.lock_page(mm, tail);
    }, /blocked for more than 120 seconds/);
  });

  it('frees the rest of a plain block that somebody still refers to', () => {
    const { mm } = open();
    const page = kernel.alloc_pages(mm, gfp(mm, 'GFP_KERNEL'), 3);
    const pfn = mm.page_to_pfn(page);
    kernel.get_page(mm, page);
    kernel.__free_pages(mm, page, 3);
    assert.equal(kernel.page_ref_count(mm, page), 1);
    assert.equal(nextOrder0(mm), mm.pfn_to_page(pfn + 1));
    kernel.put_page(mm, page);
    assert.equal(nextOrder0(mm), page);
  });

  it('gives the unused end of an exact allocation back', () => {
    const { mm } = open();
    const zoneOf = (page: Page): Zone => kernel.page_zone(mm, page);
    const va = kernel.alloc_pages_exact(mm, 5 * 4096, gfp(mm, 'GFP_KERNEL'));
    const pfn = mm.page_to_pfn(kernel.virt_to_page(mm, va));
    for (let i = 0; i < 5; i++) assert.equal(kernel.page_ref_count(mm, mm.pfn_to_page(pfn + i)), 1);
    const after = mm.pfn_to_page(pfn + 5);
    assert.ok(kernel.PageBuddy(mm, after));
    const free = kernel.zone_page_state_snapshot(mm, zoneOf(after), mm.NR_FREE_PAGES);
    kernel.free_pages_exact(mm, va, 5 * 4096);
    kernel.drain_all_pages(mm, 0 as Zone);
    assert.ok(kernel.zone_page_state_snapshot(mm, zoneOf(after), mm.NR_FREE_PAGES) >= free + 5);
  });

  it('fills the empty places of an array in bulk', () => {
    const { mm } = open();
    const own = nextOrder0(mm);
    const pages: Page[] = [0 as Page, own, ...Array<Page>(10).fill(0 as Page)];
    assert.equal(kernel.alloc_pages_bulk_array(mm, gfp(mm, 'GFP_KERNEL'), 12, pages), 12);
    assert.equal(pages[1], own);
    assert.equal(new Set(pages).size, 12);
  });

  it('clears pages that are asked for zeroed', () => {
    const { mm, memory } = open();
    const page = nextOrder0(mm);
    const frame = mm.page_to_pfn(page);
    mm.write(memory.slot(frame) * 1024 + 17, 0x1234);
    kernel.__free_page(mm, page);
    const again = kernel.alloc_pages(mm, gfp(mm, 'GFP_KERNEL', '__GFP_ZERO'), 0);
    assert.equal(again, page);
    assert.ok(memory.readBytes((frame * 4096) as never, 4096).every((byte) => byte === 0));
  });

  it('keeps the atomic reserve for those that cannot wait', () => {
    const { mm } = open();
    const zone = kernel.page_zone(mm, nextOrder0(mm));
    const rights = mm.ALLOC_MIN_RESERVE | mm.ALLOC_NON_BLOCK;
    const min = kernel.min_wmark_pages(mm, zone);
    const ok = (flags: number, free: number): boolean =>
      kernel.__zone_watermark_ok(mm, zone, 0, min, 0, flags | mm.ALLOC_CMA, free);
    const reserve = mm.read_long(zone + mm.zone.lowmem_reserve);
    assert.ok(!ok(0, min + reserve));
    assert.ok(ok(0, min + reserve + 1));
    assert.ok(ok(mm.ALLOC_MIN_RESERVE, Math.ceil(min / 2) + reserve + 1));
    assert.ok(!ok(mm.ALLOC_NON_BLOCK, min + reserve), 'GFP_NOWAIT has no right to the reserve');
    const half = min - Math.trunc(min / 2);
    assert.ok(ok(rights, half - Math.trunc(half / 4) + reserve + 1));
    assert.ok(!ok(rights, half - Math.trunc(half / 4) + reserve));
  });

  it('reports an allocation that failed, and why', () => {
    const machine = open();
    const { mm } = machine;
    const mask = gfp(mm, 'GFP_NOWAIT');
    for (let n = 0; n < 10_000; n++)
      if (kernel.alloc_pages(mm, mask | mm.__GFP_NOWARN, 10) === 0) break;
    assert.equal(printed(machine).length, 0);
    assert.equal(kernel.alloc_pages(mm, mask, 10), 0);
    const failed = eventsOf(machine).filter(({ kind }) => kind === 'allocation-failed');
    assert.equal(failed.length, 2);
    const [first = ''] = printed(machine);
    assert.equal(
      first,
      'init: page allocation failure: order:10, mode:0x800(GFP_NOWAIT), nodemask=(null)',
    );
    assert.ok(printed(machine).some((text) => /^DMA: 0\*4kB/.test(text) && / = \d+kB$/.test(text)));
  });

  it('leaks a block with a bad page, and says what is wrong with it', () => {
    const machine = open();
    const { mm } = machine;
    const page = kernel.alloc_pages(mm, gfp(mm, 'GFP_NOWAIT'), 4);
    const pfn = mm.page_to_pfn(page);
    const tail = mm.pfn_to_page(pfn + 5);
    const flag = PAGE_FLAGS.find(({ bit }) => bit === 'PG_private');
    assert.ok(flag);
    setPageFlag(kernel, mm, flag, tail);
    kernel.__free_pages(mm, page, 4);
    assert.ok(!kernel.PageBuddy(mm, page));
    const lines = printed(machine);
    const number = (pfn + 5).toString(16);
    assert.equal(lines[0], `BUG: Bad page state in process init  pfn:${number.padStart(5, '0')}`);
    assert.match(lines[2] ?? '', /^flags: 0x[0-9a-f]+\(private\|zone=1\)$/);
    assert.deepEqual(lines.slice(-2), [
      'page dumped because: PAGE_FLAGS_CHECK_AT_FREE flag(s) set',
      'Disabling lock debugging due to kernel taint',
    ]);
  });

  it('finds a page that was freed twice when it leaves the lists', () => {
    const machine = open();
    const { mm } = machine;
    const page = kernel.alloc_pages(mm, gfp(mm, 'GFP_NOWAIT'), 4);
    kernel.__free_pages(mm, page, 4);
    kernel.put_page_testzero(mm, page);
    assert.notEqual(kernel.alloc_pages(mm, gfp(mm, 'GFP_NOWAIT'), 4), page);
    const bad = eventsOf(machine).filter((event) => event.kind === 'bad-page');
    assert.deepEqual(bad, [
      { kind: 'bad-page', pfn: mm.page_to_pfn(page), reason: 'nonzero _refcount' },
    ]);
  });

  it('sizes the per-cpu lists as the kernel did', () => {
    const { mm } = open();
    for (const zone of mm.zones) {
      if (!kernel.populated_zone(mm, zone)) continue;
      const pcp = zonePcp(mm, zone, 0);
      const batch = Math.max(1, kernel.zone_batchsize(mm, zone));
      assert.equal(batch, mm.words[pcp + mm.per_cpu_pages.batch]);
      assert.equal(kernel.zone_highsize(mm, zone, batch, 0), mm.words[pcp + mm.per_cpu_pages.high]);
    }
  });

  it('turns zone modifiers into the highest zone', () => {
    const { mm } = open();
    const highest = (...names: string[]): number => kernel.gfp_zone(mm, gfp(mm, ...names));
    const high = profile.startsWith('i386') ? mm.ZONE_HIGHMEM : mm.ZONE_NORMAL;
    assert.equal(highest('GFP_KERNEL'), mm.ZONE_NORMAL);
    assert.equal(highest('GFP_DMA'), mm.ZONE_DMA);
    assert.equal(highest('GFP_HIGHUSER'), high);
    assert.equal(highest('GFP_HIGHUSER_MOVABLE'), mm.ZONE_MOVABLE);
    assert.equal(highest('GFP_KERNEL', '__GFP_MOVABLE'), mm.ZONE_NORMAL);
  });
});
