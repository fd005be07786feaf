/** Per-CPU memory: areas are disjoint, zeroed and aligned; what is freed is there again; hints never promise too much. */
import assert from 'node:assert/strict';
import { freeRuns } from './percpuRuns.js';
import * as kernel from '../../src/engine/entry/functions.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { random as randomOf } from './random.js';
import { openSlabMachine } from './slabMachines.js';

for (const folder of ['i386-pae-slab-1536M', 'x86_64-slab-512M'])
  describe(`per-CPU memory: ${folder}`, function () {
    const open = (): Kernel => openSlabMachine(folder).image.mm;

    it('random areas', () => {
      const k = open();
      const random = randomOf(7);
      const free = freeRuns(k);
      const areas = new Map<VirtAddr, number>();
      for (let i = 0; i < 1500; i++) {
        if (random(100) < (i % 500 < 250 ? 70 : 30) || areas.size === 0) {
          const size = 1 + random(random(10) === 0 ? 9000 : 300);
          const align = 1 << random(8);
          const area = kernel.__alloc_percpu(k, size, align);
          assert.notEqual(area, 0);
          assert.equal(Math.abs(area % Math.max(align, 4)), 0);
          for (const [other, otherSize] of areas)
            assert.ok(area + size <= other || other + otherSize <= area, 'areas overlap');
          for (let at = 0; at < size; at++) assert.equal(kernel.readByte(k, asVirt(area + at)), 0);
          kernel.memset(k, area, 0xff, size);
          areas.set(area, size);
        } else {
          const [area = asVirt(0)] = [...areas.keys()].slice(random(areas.size));
          areas.delete(area);
          kernel.free_percpu(k, area);
        }
        const { contigHint, largest } = freeRuns(k);
        assert.ok(contigHint <= largest, `a hint of ${contigHint}, and ${largest} are free`);
      }
      for (const area of areas.keys()) kernel.free_percpu(k, area);
      assert.deepEqual(freeRuns(k), free);
    });

    it('sizes that cannot be: a warning, and nothing', () => {
      const k = open();
      assert.equal(kernel.__alloc_percpu(k, 0, 4), 0);
      assert.equal(kernel.__alloc_percpu(k, 32769, 4), 0);
      kernel.free_percpu(k, asVirt(0));
    });

    it('a full chunk: another is made of pages, and goes on', () => {
      const k = open();
      const areas: VirtAddr[] = [];
      for (let i = 0; i < 8; i++) areas.push(kernel.__alloc_percpu(k, 32768, 4096));
      assert.equal(new Set(areas).size, 8);
      assert.ok(areas.every((area) => area !== 0));
      // The first four fill the chunk that was there.
      assert.equal(kernel.virt_to_page(k, areas[0] ?? asVirt(0)), 0);
      assert.notEqual(kernel.virt_to_page(k, areas[7] ?? asVirt(0)), 0);
      for (const area of areas) kernel.free_percpu(k, area);
      assert.equal(kernel.__alloc_percpu(k, 100, 4) === 0, false);
    });
  });
