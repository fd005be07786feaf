/** The states of page frames: what they say of a recorded machine, and that following the tape equals looking again. */
import assert from 'node:assert/strict';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { openState } from '../../src/engine/image/state/openState.js';
import * as kernel from '../../src/engine/entry/functions.js';
import type { Page } from '../../src/engine/machine/ctypes.js';
import { FrameStates } from '../../src/engine/view/frameStates.js';
import { pageFacts } from '../../src/engine/view/pageFacts.js';
import { kindOfState, PAGE_KINDS, pageKindCode } from '../../src/engine/view/pageState.js';
import { PcpPages } from '../../src/engine/view/pcpPages.js';
import { recordedText } from '../recordings.js';

const MACHINES = [
  'x86_64-slub-512M',
  'i386-highmem4g-slub-1G',
  'i386-pae-slab-1536M',
  'x86_64-slub-smp-512M',
];

const open = (machine: string): KernelImage => openState(recordedText(machine, 'idle-s1.trace.gz'));

function nrFree({ mm }: KernelImage): number {
  return mm.zones.reduce<number>((sum, zone) => {
    const populated = mm.read_ulong(zone + mm.zone.present_pages) > 0;
    if (!populated) return sum;
    for (let order = 0; order < mm.MAX_ORDER; order++) {
      const area = zone + mm.zone.free_area + order * mm.stride.free_area;
      sum += mm.read_ulong(area + mm.free_area.nr_free) << order;
    }
    return sum;
  }, 0);
}

const kinds = (totals: readonly number[]): Record<string, number> =>
  Object.fromEntries(PAGE_KINDS.map(({ name }, code) => [name, totals[code] ?? 0]));

for (const machine of MACHINES) {
  describe(`frame states of ${machine}`, () => {
    it('counts the free pages as the free lists do, without touching mem_map', () => {
      const image = open(machine);
      const states = new FrameStates(image);
      const touched = image.memory.nrTouchedFrames;
      const totals = states.totals();
      const by = kinds(totals);
      assert.equal((by['free'] ?? 0) + (by['freeCma'] ?? 0), nrFree(image));
      const onPcp = new PcpPages(image);
      onPcp.read();
      assert.equal(by['perCpu'], onPcp.nrPages);
      assert.equal(
        totals.reduce((a, b) => a + b, 0),
        image.maxPfn,
      );
      assert.ok((by['slab'] ?? 0) > 100 && (by['reserved'] ?? 0) > 100, JSON.stringify(by));
      // Only the per-cpu lists are walked in place.
      const mayTouch = 16 + 7 * onPcp.size;
      assert.ok(image.memory.nrTouchedFrames - touched < mayTouch, 'looking touched frames');
    });

    it('cells of any size agree with single frames', () => {
      const image = open(machine);
      const states = new FrameStates(image);
      const single = states.cells(0, 1, image.maxPfn);
      for (const perCell of [2, 64, 1024, 4096]) {
        const cells = states.cells(0, perCell, 1 << 18);
        assert.equal(cells.length, Math.ceil(image.maxPfn / perCell));
        for (let i = 0; i < cells.length; i++) {
          const counts = new Uint32Array(16);
          for (const state of single.subarray(i * perCell, (i + 1) * perCell))
            counts[state >> 4] = (counts[state >> 4] ?? 0) + 1;
          const kind = kindOfState(cells[i] ?? 0);
          const most = Math.max(...counts.slice(1));
          assert.equal(counts[kind], kind === 0 ? counts[0] : most, `cell ${i} of ${perCell}`);
        }
      }
    });

    it('follows the tape forward and back', () => {
      const image = open(machine);
      const { mm, tape } = image;
      const following = new FrameStates(image);
      following.totals();
      let seed = 7;
      const random = (below: number): number => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        return (seed >>> 8) % below;
      };
      const held: { page: Page; order: number }[] = [];
      const check = (): void => {
        const fresh = new FrameStates(image);
        assert.deepEqual(following.totals(), fresh.totals());
        assert.deepEqual(following.cells(0, 1, image.maxPfn), fresh.cells(0, 1, image.maxPfn));
      };
      for (let round = 0; round < 12; round++) {
        for (let i = 0; i < 60; i++) {
          const one = random(3) === 0 ? held.splice(random(held.length || 1), 1)[0] : undefined;
          if (one !== undefined) kernel.__free_pages(mm, one.page, one.order);
          else {
            const order = random(6);
            const gfp = mm.GFP_KERNEL | (random(2) === 0 ? mm.__GFP_COMP : 0);
            const page = kernel.alloc_pages(mm, gfp, order);
            if (page !== 0) held.push({ page, order });
          }
        }
        const locked = held.at(0)?.page;
        if (locked !== undefined) kernel.trylock_page(mm, locked);
        check();
      }
      const { end } = tape;
      for (const share of [0.9, 0.3, 0, 0.5, 1]) {
        tape.seek(Math.floor(end * share));
        check();
      }
    });

    it('says what a page is', () => {
      const image = open(machine);
      const { mm } = image;
      const states = new FrameStates(image);
      const page = kernel.alloc_pages(mm, mm.GFP_KERNEL | mm.__GFP_COMP, 3);
      const pfn = mm.page_to_pfn(page);
      kernel.trylock_page(mm, page);
      assert.deepEqual(pageFacts(image, states, pfn)?.flags.includes('PG_locked'), true);
      assert.equal(pageFacts(image, states, pfn)?.order, 3);
      const tail = pageFacts(image, states, pfn + 5);
      assert.ok(tail);
      assert.equal(tail.headPfn, pfn);
      assert.equal(
        tail.summary,
        `tail 5 of the compound page of order 3 at pfn 0x${pfn.toString(16)}`,
      );
      assert.equal(kindOfState(states.stateOf(pfn)), pageKindCode('locked'));
      assert.equal(pageFacts(image, states, image.maxPfn + 5_000_000), undefined);
    });
  });
}
