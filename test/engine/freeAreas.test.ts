/**
 * Free lists as numbers, beside what /proc prints of them: after random requests on machines of every kernel, forward and back,
 * where counts are kept as long as nothing has changed; what is watched of a request, beside the verdict's own arithmetic.
 */
import assert from 'node:assert/strict';
import { kernel as instrumented } from '../../src/engine/entry/instrumented.js';
import {
  __free_pages,
  alloc_pages,
  page_zone,
  proc_lines,
} from '../../src/engine/entry/functions.js';
import { move_freepages_block } from '../../src/engine/kernel/mm/page_alloc/fallback.js';
import { set_pageblock_migratetype } from '../../src/engine/kernel/mm/page_alloc/pageblock.js';
import { asPfn } from '../../src/engine/memory/address.js';
import { surveyorOf } from '../../src/engine/view/surveyor.js';
import { whereIs } from '../../src/engine/view/whereIs.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import type { Page } from '../../src/engine/machine/ctypes.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { recordAttempts } from '../../src/engine/verdict/listen.js';
import { AttemptRecorder } from '../../src/engine/verdict/recorder.js';
import { attemptBody } from '../../src/engine/view/atlas/attemptModel.js';
import type { FreeAreasBody, WatermarkBody } from '../../src/engine/view/atlas/freeAreas.js';
import { freeAreasBody, freeBlocksBody } from '../../src/engine/view/atlas/freeAreasModel.js';
import { ListCounts } from '../../src/engine/view/atlas/listCounts.js';
import { FrameStates } from '../../src/engine/view/frameStates.js';
import { detailOfState, kindOfState, PAGE_KINDS } from '../../src/engine/view/pageState.js';
import { random } from './random.js';

const boot = (profile: ProfileName): KernelImage =>
  bootMachine({ profile: loadProfile(profile), ramBytes: 96 << 20, cmaBytes: 8 << 20 });

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** `Node 0, zone Normal 1 0 2` as the numbers behind each zone's name. */
function buddyinfo({ mm }: KernelImage): Readonly<Record<string, number[]>> {
  const lines = (proc_lines(mm, 'buddyinfo') ?? []).map((line) => line.trim().split(/ +/));
  return Object.fromEntries(
    lines.map(([, , , zone = '', ...counts]) => [zone, counts.map(Number)]),
  );
}

/** Rows `zone type`: blocks of each order. */
function pagetypeinfo({ mm }: KernelImage): Readonly<Record<string, number[]>> {
  const rows = (proc_lines(mm, 'pagetypeinfo') ?? []).flatMap((line) => {
    const [, zone, type, counts] = /zone +(\w+), type +(\w+) +(.*)$/.exec(line) ?? [];
    if (zone === undefined || type === undefined || counts === undefined) return [];
    return [[`${zone} ${type.toLowerCase()}`, counts.trim().split(/ +/).map(Number)] as const];
  });
  return Object.fromEntries(rows);
}

function compareWithProc(image: KernelImage, body: FreeAreasBody): void {
  const buddy = buddyinfo(image);
  const types = pagetypeinfo(image);
  assert.deepEqual(
    body.zones.map(({ name }) => name),
    Object.keys(buddy),
  );
  for (const { name, orders, freePages } of body.zones) {
    assert.deepEqual(
      orders.map(({ nrFree }) => nrFree),
      buddy[name],
    );
    assert.equal(sum(orders.map(({ order, nrFree }) => nrFree * 2 ** order)), freePages);
    body.migratetypes.forEach((type, mt) => {
      const row = types[`${name} ${type.replace('MIGRATE_', '').toLowerCase()}`];
      assert.deepEqual(
        orders.map(({ counts }) => counts[mt]),
        row,
        `${name} ${type}`,
      );
    });
  }
}

for (const profile of ['i386-highmem4g-slub', 'i386-pae-slab', 'x86_64-slub-smp'] as const)
  describe(`free areas: ${profile}`, function () {
    it('are what /proc/buddyinfo and /proc/pagetypeinfo print, after each request and back', () => {
      const image = boot(profile);
      const { mm, tape } = image;
      const counts = new ListCounts(image);
      compareWithProc(image, freeAreasBody(image, counts));
      const next = random(5);
      const live: { page: Page; order: number }[] = [];
      const positions: number[] = [];
      const gfps = [mm.GFP_KERNEL, mm.GFP_HIGHUSER_MOVABLE, mm.GFP_ATOMIC];
      for (let op = 0; op < 60; op++) {
        positions.push(tape.cursor);
        for (let i = 0; i < 12; i++) {
          if (live.length > 0 && next(3) === 0) {
            const [block] = live.splice(next(live.length), 1);
            if (block) __free_pages(mm, block.page, block.order);
            continue;
          }
          const order = next(4) === 0 ? next(11) : next(3);
          const page = alloc_pages(mm, (gfps[next(gfps.length)] ?? 0) | mm.__GFP_NOWARN, order);
          if (page !== 0) live.push({ page, order });
        }
        if (op % 6 === 0) compareWithProc(image, freeAreasBody(image, counts));
      }
      for (const position of positions.reverse().filter((_, i) => i % 9 === 0)) {
        tape.seek(position);
        compareWithProc(image, freeAreasBody(image, counts));
      }
    });

    it('blocks of a list come in list order, page by page, and lie where the map of memory has them', () => {
      const image = boot(profile);
      const states = new FrameStates(image);
      const body = freeAreasBody(image, new ListCounts(image));
      let nrBlocks = 0;
      for (const { index, orders } of body.zones)
        for (const { order, counts } of orders)
          counts.forEach((count, migratetype) => {
            const list = { zone: index, order, migratetype };
            const all = freeBlocksBody(image, { ...list, start: 0, count: 4096 });
            assert.ok(all && !all.more);
            assert.equal(all.pfns.length, count);
            nrBlocks += count;
            for (const pfn of all.pfns) {
              const state = states.stateOf(pfn);
              assert.match(PAGE_KINDS[kindOfState(state)]?.name ?? '', /^free/);
              assert.equal(detailOfState(state), order);
            }
            const part = freeBlocksBody(image, { ...list, start: 1, count: 2 });
            assert.deepEqual(part?.pfns, all.pfns.slice(1, 3));
            assert.equal(part.more, count > 3);
          });
      assert.ok(nrBlocks > 10);
      assert.equal(
        freeBlocksBody(image, { zone: 0, order: 11, migratetype: 0, start: 0, count: 1 }),
        undefined,
      );
    });

    it('a CPU’s lists hold what its count says, and the block that is taken next stands first', () => {
      const image = boot(profile);
      const { mm } = image;
      __free_pages(mm, alloc_pages(mm, mm.GFP_KERNEL, 0), 0);
      const { zones } = freeAreasBody(image, new ListCounts(image));
      const stocked = zones.filter(({ cpus }) => (cpus[0]?.count ?? 0) > 0);
      assert.ok(stocked.length > 0);
      for (const { index, cpus } of stocked)
        for (const { cpu, count, lists, high, batch } of cpus) {
          assert.ok(batch > 0 && high >= batch);
          assert.equal(sum(lists.map(({ order, nrBlocks }) => nrBlocks * 2 ** order)), count);
          for (const { pindex, nrBlocks } of lists) {
            const blocks = freeBlocksBody(image, {
              zone: index,
              cpu,
              pindex,
              start: 0,
              count: 4096,
            });
            assert.equal(blocks?.pfns.length, nrBlocks);
          }
        }
      const zone = zones.findLast(({ cpus }) =>
        cpus[0]?.lists.some(
          ({ migratetype, order }) => order === 0 && migratetype === 'MIGRATE_UNMOVABLE',
        ),
      );
      assert.ok(zone);
      const first = freeBlocksBody(image, {
        zone: zone.index,
        cpu: 0,
        pindex: 0,
        start: 0,
        count: 1,
      });
      assert.equal(mm.page_to_pfn(alloc_pages(mm, mm.GFP_KERNEL, 0)), first?.pfns[0]);
    });

    it('a block of MIGRATE_HIGHATOMIC is told by that name, not by the count of the same value', () => {
      const image = boot(profile);
      const { mm } = image;
      const body = freeAreasBody(image, new ListCounts(image));
      assert.ok(!body.migratetypes.includes('MIGRATE_PCPTYPES'));
      const highatomic = body.migratetypes.indexOf('MIGRATE_HIGHATOMIC');
      // Blocks of a pageblock's order go to the CPU's lists.
      const order = mm.pageblock_order === 10 ? 9 : 10;
      const page = alloc_pages(mm, mm.GFP_KERNEL, order);
      __free_pages(mm, page, order);
      set_pageblock_migratetype(mm, page, highatomic);
      move_freepages_block(mm, page_zone(mm, page), page, highatomic, undefined);
      const pfn = asPfn(mm.page_to_pfn(page));
      const list = whereIs(surveyorOf(image), pfn).facts.find(({ name }) => name === 'list');
      assert.match(list?.value ?? '', /free_list\[MIGRATE_HIGHATOMIC\]/);
      const { zones } = freeAreasBody(image, new ListCounts(image));
      assert.ok(
        zones.some(({ orders }) => orders.some(({ counts }) => (counts[highatomic] ?? 0) > 0)),
      );
    });

    it('a request’s terms add up, and those that decide would let it pass', () => {
      const image = boot(profile);
      const { mm } = image;
      const recorder = new AttemptRecorder(mm);
      recordAttempts(recorder, () => {
        // Until nothing is left that GFP_KERNEL may use; then what may dip deeper.
        while (instrumented.alloc_pages(mm, mm.GFP_KERNEL | mm.__GFP_NOWARN, 9) !== 0);
        instrumented.alloc_pages(mm, mm.GFP_ATOMIC | mm.__GFP_NOWARN, 4);
        instrumented.alloc_pages(mm, mm.GFP_KERNEL | mm.__GFP_NOWARN, 10);
      });
      const bodies = recorder.attempts.map((attempt) => attemptBody(mm, attempt));
      assert.ok(bodies.some(({ failed }) => failed) && bodies.some(({ failed }) => !failed));
      const tests = bodies.flatMap(({ passes }) =>
        passes.flatMap(({ zones }) => zones.flatMap(({ test }) => test ?? [])),
      );
      const pages = ({ terms }: WatermarkBody, side: 'usable' | 'needed'): number =>
        sum(terms.filter((term) => term.side === side).map((term) => term.pages));
      for (const test of tests) {
        assert.equal(pages(test, 'usable'), test.usablePages);
        assert.equal(pages(test, 'needed'), test.neededPages);
        assert.equal(test.enough, test.usablePages > test.neededPages);
        const deciding = test.terms.filter(({ decides }) => decides);
        assert.equal(deciding.length > 0, !test.enough);
        for (const term of deciding) {
          if (term.name === 'free') continue;
          const without =
            term.side === 'usable'
              ? test.usablePages - term.pages > test.neededPages
              : test.usablePages > test.neededPages - term.pages;
          assert.ok(without, term.label);
        }
      }
      assert.ok(tests.some(({ enough }) => !enough));
      for (const { failed, passes, pfn } of bodies) {
        const gave = passes.at(-1)?.zones.filter((zone) => zone.gave) ?? [];
        assert.equal(gave.length, failed ? 0 : 1);
        assert.equal(pfn === undefined, failed);
      }
    });
  });
