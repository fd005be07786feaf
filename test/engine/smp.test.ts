/** Several CPUs: lists and counters of their own. No recording has more than one, so these are laws. */
import { per_cpu_ptr } from '../../src/engine/kernel/include/linux/percpu-defs.h.js';
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import * as kernel from '../../src/engine/entry/functions.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { NULL, type Page, type Zone } from '../../src/engine/machine/ctypes.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { openMachine } from './machines.js';
import { random } from './random.js';
import { freeArea, freeList, pcpList, zonePcp } from '../../src/engine/view/zoneLists.js';

const CPUS = 4;
const PROFILE = 'x86_64-slub-smp';

const boot = (): Kernel =>
  bootMachine({ profile: loadProfile(PROFILE), ramBytes: 256 << 20, cpus: CPUS }).mm;

/** What `cpu(n) { ... }` does. */
function runOn(k: Kernel, cpu: number): void {
  k.write(k.machine.register('cpu'), cpu);
}

const populated = (k: Kernel): readonly Zone[] =>
  k.zones.filter((zone) => kernel.populated_zone(k, zone));
const countOf = (k: Kernel, zone: Zone, cpu: number): number =>
  k.words[zonePcp(k, zone, cpu) + k.per_cpu_pages.count] ?? 0;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const cpus = Array.from({ length: CPUS }, (_, cpu) => cpu);

/** Pages of a CPU's lists, by walking them. */
function listed(k: Kernel, zone: Zone, cpu: number): number {
  let pages = 0;
  for (let pindex = 0; pindex < k.NR_PCP_LISTS; pindex++) {
    const head = pcpList(k, zonePcp(k, zone, cpu), pindex);
    for (let at = k.read_ptr(head); at !== head; at = k.read_ptr(at))
      pages += 1 << kernel.pindex_to_order(k, pindex);
  }
  return pages;
}

/** Free pages of a zone, by the lengths of its lists. */
const onFreeLists = (k: Kernel, zone: Zone): number =>
  sum(
    Array.from(
      { length: k.MAX_ORDER },
      (_, order) => k.read_ulong(freeArea(k, zone, order) + k.free_area.nr_free) * 2 ** order,
    ),
  );

const diff = (k: Kernel, zone: Zone, cpu: number): number =>
  k.read_s8(
    per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, cpu),
    k.per_cpu_zonestat.vm_stat_diff + k.NR_FREE_PAGES,
  );
const threshold = (k: Kernel, zone: Zone, cpu: number): number =>
  k.read8(per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, cpu), k.per_cpu_zonestat.stat_threshold);

describe('several CPUs', function () {
  it('a page goes to the lists of the CPU that frees it', () => {
    const k = boot();
    kernel.drain_all_pages(k, NULL);
    const gfp = k.GFP_KERNEL;
    runOn(k, 1);
    const page = kernel.alloc_page(k, gfp);
    const zone = kernel.page_zone(k, page);
    const kept = countOf(k, zone, 1);
    assert.ok(kept > 0);
    assert.deepEqual(
      cpus.map((cpu) => countOf(k, zone, cpu)),
      [0, kept, 0, 0],
    );
    runOn(k, 3);
    kernel.__free_page(k, page);
    assert.deepEqual(
      cpus.map((cpu) => countOf(k, zone, cpu)),
      [0, kept, 0, 1],
    );
    // The next request on CPU 1 does not see it, the next on CPU 3 gets it.
    runOn(k, 1);
    assert.notEqual(kernel.alloc_page(k, gfp), page);
    runOn(k, 3);
    assert.equal(kernel.alloc_page(k, gfp), page);
    kernel.drain_local_pages(k, zone);
    assert.deepEqual(
      cpus.map((cpu) => countOf(k, zone, cpu)),
      [0, kept - 1, 0, 0],
    );
  });

  it('drain_all_pages() empties the lists of all CPUs, the lowest first', () => {
    const k = boot();
    // Pages whose buddies stay allocated cannot be joined: the list shows the order in which they came.
    const gfp = k.GFP_KERNEL;
    const block = kernel.alloc_pages(k, gfp, 4);
    kernel.split_page(k, block, 4);
    const pairs = cpus.map((cpu) => k.nth_page(block, 4 * cpu));
    kernel.drain_all_pages(k, NULL);
    for (const cpu of [2, 0, 3, 1]) {
      runOn(k, cpu);
      kernel.__free_page(k, pairs[cpu] ?? NULL);
    }
    runOn(k, 0);
    kernel.drain_all_pages(k, NULL);
    const zone = kernel.page_zone(k, pairs[0] ?? NULL);
    const head = freeList(k, freeArea(k, zone, 0), k.MIGRATE_UNMOVABLE);
    const order: Page[] = [];
    for (let at = k.read_ptr(head); at !== head; at = k.read_ptr(at))
      order.push((at - k.page.lru) as Page);
    assert.deepEqual(
      order.filter((page) => pairs.includes(page)),
      pairs.toReversed(),
    );
    for (const each of populated(k))
      assert.deepEqual(
        cpus.map((cpu) => countOf(k, each, cpu)),
        [0, 0, 0, 0],
      );
  });

  it('laws hold after every kind of step on every CPU', () => {
    const k = boot();
    const below = random(11);
    const held: { page: Page; order: number }[] = [];
    const gfp = k.GFP_KERNEL | k.__GFP_NOWARN;
    const taken = (zone: Zone): number =>
      sum(
        held.flatMap(({ page, order }) => (kernel.page_zone(k, page) === zone ? [1 << order] : [])),
      );
    const whole = (zone: Zone): number =>
      onFreeLists(k, zone) + sum(cpus.map((cpu) => countOf(k, zone, cpu))) + taken(zone);
    const before = new Map(populated(k).map((zone) => [zone, whole(zone)]));
    let heldBack = 0;
    for (let i = 0; i < 4000; i++) {
      runOn(k, below(CPUS));
      const what = below(100);
      if (what < 52) {
        const order = below(4) === 0 ? below(6) : 0;
        const page = kernel.alloc_pages(k, gfp, order);
        if (page !== NULL) held.push({ page, order });
      } else if (what < 98) {
        const [block] = held.splice(below(held.length), 1);
        if (block !== undefined) kernel.__free_pages(k, block.page, block.order);
      } else if (what === 98) kernel.drain_all_pages(k, NULL);
      else kernel.drain_local_pages(k, NULL);
      if (i % 50 !== 0) continue;
      for (const zone of populated(k)) {
        assert.equal(whole(zone), before.get(zone), 'no page is lost or there twice');
        assert.equal(
          kernel.zone_page_state_snapshot(k, zone, k.NR_FREE_PAGES),
          onFreeLists(k, zone),
          'the counter and what CPUs hold back are the pages on the lists',
        );
        for (const cpu of cpus) {
          assert.equal(listed(k, zone, cpu), countOf(k, zone, cpu));
          assert.ok(Math.abs(diff(k, zone, cpu)) <= threshold(k, zone, cpu));
          heldBack += Math.abs(diff(k, zone, cpu));
        }
      }
    }
    assert.ok(heldBack > 0, 'the run never held anything back');
  });

  it('quiet_vmstat() folds what its CPU holds back, and only that', () => {
    const k = boot();
    const gfp = k.GFP_KERNEL;
    for (const cpu of [1, 2]) {
      runOn(k, cpu);
      // A block of 16 pages is over the threshold and told at once; three single pages are held back.
      const block = kernel.alloc_pages(k, gfp, 4);
      kernel.split_page(k, block, 4);
      const pfn = k.page_to_pfn(block);
      for (let i = 0; i < 3; i++) {
        const page = k.pfn_to_page(pfn + i);
        kernel.put_page_testzero(k, page);
        kernel.__free_pages_ok(k, page, 0, kernel.FPI_NONE);
      }
    }
    const zone = populated(k).at(-1) ?? NULL;
    const [one, two] = [diff(k, zone, 1), diff(k, zone, 2)];
    assert.deepEqual([one, two], [3, 3]);
    const at = (): number => kernel.zone_page_state(k, zone, k.NR_FREE_PAGES);
    const [counter, global] = [at(), kernel.global_zone_page_state(k, k.NR_FREE_PAGES)];
    runOn(k, 2);
    kernel.quiet_vmstat(k);
    assert.deepEqual([diff(k, zone, 1), diff(k, zone, 2)], [one, 0]);
    assert.equal(at(), counter + two);
    assert.equal(kernel.global_zone_page_state(k, k.NR_FREE_PAGES), global + two);
    for (const cpu of cpus) {
      runOn(k, cpu);
      kernel.quiet_vmstat(k);
    }
    assert.equal(at(), kernel.zone_page_state_snapshot(k, zone, k.NR_FREE_PAGES));
  });

  it('quiet_vmstat() on a recorded machine leaves no difference in its dump', () => {
    const image = openMachine(PROFILE);
    assert.equal(kernel.refresh_cpu_vm_stats(image.mm) > 0, true);
    assert.equal(kernel.refresh_cpu_vm_stats(image.mm), 0);
  });
});
