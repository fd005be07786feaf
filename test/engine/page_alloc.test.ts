/** Laws of the page allocator, on recorded machines of every kernel: random requests, then everything must add up. */
import { constantNamed } from '../../src/engine/types/named.js';
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import type { Page, Zone } from '../../src/engine/machine/ctypes.js';
import { describeMachines, type Machine } from './machines.js';
import { random } from './random.js';
import { freeArea, freeList, pcpList, zonePcp } from '../../src/engine/view/zoneLists.js';

interface Block {
  readonly page: Page;
  readonly order: number;
}

/** Requests of all kinds, and frees; what is still allocated at the end. */
function exercise({ mm }: Machine, seed: number, nrOps: number): Block[] {
  const next = random(seed);
  const gfps = ['GFP_KERNEL', 'GFP_ATOMIC', 'GFP_NOWAIT', 'GFP_HIGHUSER_MOVABLE', 'GFP_DMA'];
  const live: Block[] = [];
  for (let op = 0; op < nrOps; op++) {
    if (live.length > 0 && next(100) < 45) {
      const [block] = live.splice(next(live.length), 1);
      if (block !== undefined) kernel.__free_pages(mm, block.page, block.order);
      continue;
    }
    const order = next(4) === 0 ? next(11) : next(4);
    let gfp = constantNamed(mm.profile, gfps[next(gfps.length)] ?? '') | mm.__GFP_NOWARN;
    if (next(3) === 0) gfp |= mm.__GFP_COMP;
    const page = kernel.alloc_pages(mm, gfp, order);
    if (page !== 0) live.push({ page, order });
    if (next(50) === 0) kernel.drain_all_pages(mm, 0 as Zone);
  }
  return live;
}

/** Every free block of a zone, in the order of its lists. */
function freeBlocks(mm: Kernel, zone: Zone): { pfn: number; order: number; migratetype: number }[] {
  const blocks: { pfn: number; order: number; migratetype: number }[] = [];
  for (let order = 0; order < mm.MAX_ORDER; order++) {
    const area = freeArea(mm, zone, order);
    let inOrder = 0;
    for (let migratetype = 0; migratetype < mm.MIGRATE_TYPES; migratetype++) {
      const head = freeList(mm, area, migratetype);
      for (let at = mm.read_ptr(head); at !== head; at = mm.read_ptr(at)) {
        const page = (at - mm.page.lru) as Page;
        const pfn = mm.page_to_pfn(page);
        const name = `page ${pfn.toString(16)} on free_area[${order}]`;
        assert.ok(kernel.PageBuddy(mm, page), `${name} is not PageBuddy`);
        assert.equal(kernel.buddy_order(mm, page), order, `${name}: private`);
        assert.equal(kernel.page_ref_count(mm, page), 0, `${name}: _refcount`);
        assert.ok(kernel.page_zone(mm, page) === zone, `${name} is of another zone`);
        assert.equal(pfn % 2 ** order, 0, `${name} is not aligned`);
        blocks.push({ pfn, order, migratetype });
        inOrder++;
      }
    }
    assert.equal(
      mm.read_ulong(area + mm.free_area.nr_free),
      inOrder,
      `free_area[${order}].nr_free`,
    );
  }
  return blocks;
}

function checkZone(mm: Kernel, zone: Zone): void {
  const blocks = freeBlocks(mm, zone).sort((a, b) => a.pfn - b.pfn);
  let end = 0;
  for (const { pfn, order } of blocks) {
    assert.ok(pfn >= end, `the block at ${pfn.toString(16)} overlaps the one before`);
    end = pfn + 2 ** order;
  }
  const counted = blocks.filter(({ migratetype }) => migratetype !== mm.MIGRATE_ISOLATE);
  const pages = (of: typeof blocks): number => of.reduce((sum, { order }) => sum + 2 ** order, 0);
  const cma = counted.filter(({ migratetype }) => migratetype === mm.MIGRATE_CMA);
  assert.equal(kernel.zone_page_state_snapshot(mm, zone, mm.NR_FREE_PAGES), pages(counted));
  assert.equal(kernel.zone_page_state_snapshot(mm, zone, mm.NR_FREE_CMA_PAGES), pages(cma));
}

/** pcp->count against the lists. */
function checkPcp(mm: Kernel, zone: Zone): void {
  const pcp = zonePcp(mm, zone, 0);
  let pages = 0;
  for (let pindex = 0; pindex < mm.NR_PCP_LISTS; pindex++) {
    const head = pcpList(mm, pcp, pindex);
    for (let at = mm.read_ptr(head); at !== head; at = mm.read_ptr(at))
      pages += 2 ** kernel.pindex_to_order(mm, pindex);
  }
  assert.equal(mm.words[pcp + mm.per_cpu_pages.count], pages);
}

const populated = (mm: Kernel): readonly Zone[] =>
  mm.zones.filter((zone) => kernel.populated_zone(mm, zone));

describeMachines('page allocator', (open) => {
  for (const seed of [1, 2, 3]) {
    it(`keeps lists, counts and blocks in order (seed ${seed})`, () => {
      const machine = open();
      exercise(machine, seed, 3000);
      for (const zone of populated(machine.mm)) {
        checkZone(machine.mm, zone);
        checkPcp(machine.mm, zone);
      }
    });
  }

  it('gives no page to two', () => {
    const machine = open();
    const owned = new Set<number>();
    for (const { page, order } of exercise(machine, 4, 3000)) {
      const pfn = machine.mm.page_to_pfn(page);
      for (let i = 0; i < 2 ** order; i++) {
        assert.ok(!owned.has(pfn + i), `page ${(pfn + i).toString(16)} was given out twice`);
        owned.add(pfn + i);
      }
    }
    for (const zone of populated(machine.mm))
      for (const { pfn, order } of freeBlocks(machine.mm, zone))
        for (let i = 0; i < 2 ** order; i++)
          assert.ok(!owned.has(pfn + i), `page ${(pfn + i).toString(16)} is free and in use`);
  });

  it('is undone by the tape', () => {
    const machine = open();
    const { tape } = machine;
    const before = tape.hash();
    const start = tape.cursor;
    exercise(machine, 5, 1500);
    const after = tape.hash();
    const end = tape.cursor;
    assert.notEqual(before, after);
    tape.seek(start);
    assert.equal(tape.hash(), before);
    for (const zone of populated(machine.mm)) checkZone(machine.mm, zone);
    tape.seek(end);
    assert.equal(tape.hash(), after);
    for (const zone of populated(machine.mm)) checkZone(machine.mm, zone);
  });

  it('runs the same way twice', () => {
    const hashes = [open(), open()].map((machine) => {
      exercise(machine, 6, 1000);
      return machine.tape.hash();
    });
    assert.equal(hashes[0], hashes[1]);
  });
});
