import assert from 'node:assert/strict';
import { readVirtual, writeBytes } from '../../src/engine/image/assemble.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { placeRange } from '../../src/engine/image/placeRange.js';
import { relocated } from '../../src/engine/image/relocated.js';
import { asPhys, asVirt, PAGE_SIZE, WORDS_PER_FRAME } from '../../src/engine/memory/address.js';
import { PhysicalMemory } from '../../src/engine/memory/physical.js';
import { loadProfile } from '../../src/engine/types/bundled.js';

describe('ranges that lie in one piece', () => {
  const slots = (memory: PhysicalMemory, frames: readonly number[]): (number | undefined)[] =>
    frames.map((frame) => memory.slotOfFrame[frame]);
  const inOrder = (memory: PhysicalMemory, frames: readonly number[]): boolean =>
    slots(memory, frames).every((slot, i, all) => slot !== 0 && slot === (all[0] ?? 0) + i);

  it('are placed together at the first touch, whichever frame that is', () => {
    const memory = new PhysicalMemory(64);
    placeRange(memory, 5 * PAGE_SIZE + 4000, 2 * PAGE_SIZE);
    memory.cell(asPhys(40 * PAGE_SIZE));
    memory.cell(asPhys(6 * PAGE_SIZE));
    assert.ok(inOrder(memory, [5, 6, 7]));
    assert.deepEqual(slots(memory, [4, 8]), [0, 0]);
  });

  it('merge when they share a frame', () => {
    const memory = new PhysicalMemory(64);
    placeRange(memory, 5 * PAGE_SIZE, 2 * PAGE_SIZE);
    placeRange(memory, 8 * PAGE_SIZE, 2 * PAGE_SIZE);
    placeRange(memory, 20 * PAGE_SIZE, 2 * PAGE_SIZE);
    placeRange(memory, 6 * PAGE_SIZE, 2 * PAGE_SIZE + 1);
    memory.cell(asPhys(9 * PAGE_SIZE));
    assert.ok(inOrder(memory, [5, 6, 7, 8, 9]));
    assert.deepEqual(slots(memory, [20]), [0]);
  });

  it('cannot be declared too late, unless they lie right already', () => {
    const memory = new PhysicalMemory(64);
    placeRange(memory, 5 * PAGE_SIZE, 2 * PAGE_SIZE);
    memory.cell(asPhys(5 * PAGE_SIZE));
    placeRange(memory, 5 * PAGE_SIZE, 2 * PAGE_SIZE);
    placeRange(memory, 5 * PAGE_SIZE + 8, 16);
    assert.throws(
      () => placeRange(memory, 6 * PAGE_SIZE, 2 * PAGE_SIZE),
      /was touched before its place/,
    );
  });
});

describe('an assembled image', () => {
  const machine = (name: 'i386-pae-slab' | 'x86_64-slab'): KernelImage =>
    bootMachine({ profile: loadProfile(name), ramBytes: 64 << 20 });

  it('has every static object in one piece', () => {
    for (const name of ['i386-pae-slab', 'x86_64-slab'] as const) {
      const { mm, profile } = machine(name);
      for (const each of profile.symbolNames()) {
        const symbol = profile.symbol(each);
        if (symbol === undefined || symbol.sizeBytes < 2 || symbol.perCpu) continue;
        const [first, last] = [0, symbol.sizeBytes - 1].map((offset) =>
          mm.cell_of(asVirt(symbol.address + offset)),
        );
        const words = ((symbol.address & 3) + symbol.sizeBytes - 1) >>> 2;
        if (first !== 0) assert.equal((last ?? 0) - (first ?? 0), words, `${name} ${each}`);
      }
    }
  });

  it('has every struct page in one piece', () => {
    const { mm, maxPfn } = machine('x86_64-slab');
    for (let pfn = 0; pfn < maxPfn; pfn++) {
      const page = mm.pfn_to_page(pfn);
      assert.equal(mm.words[page + mm.page._mapcount] === 0, false, `page ${pfn.toString(16)}`);
      const va = mm.va_of(page);
      assert.equal(mm.cell_of(asVirt(va + 52)) - page, 13);
      assert.equal(mm.page_to_pfn(page), pfn);
    }
  });

  it('reads without touching a frame, and to the end of memory only', () => {
    const image = machine('i386-pae-slab');
    const { mm, memory, maxPfn } = image;
    const touched = memory.nrTouchedFrames;
    const end = 0xc0000000 + maxPfn * PAGE_SIZE;
    assert.equal(readVirtual(image, asVirt(end - 3 * PAGE_SIZE), 2 * PAGE_SIZE)?.length, 8192);
    assert.equal(readVirtual(image, asVirt(end - 10), 100)?.length, 10);
    assert.equal(readVirtual(image, asVirt(end), 1), undefined);
    assert.equal(readVirtual(image, asVirt(0), 4), undefined);
    assert.equal(memory.nrTouchedFrames, touched);
    assert.equal(
      mm.va_of(mm.globals.contig_page_data),
      image.profile.symbol('contig_page_data')?.address,
    );
  });

  it('is written through the tape, bytes anywhere, all or nothing', () => {
    for (const name of ['i386-pae-slab', 'x86_64-slab'] as const) {
      const image = machine(name);
      const { tape, mm } = image;
      const hash = tape.hash();
      const at = asVirt(mm.linear.pageOffset + 0x200_0000 - 5);
      const bytes = Uint8Array.from({ length: 15 }, (_, i) => i + 1);
      assert.equal(writeBytes(image, at, bytes), true);
      assert.deepEqual(readVirtual(image, asVirt(at - 1), 17), Uint8Array.from([0, ...bytes, 0]));
      assert.equal(tape.end, 5, 'an entry for each word');
      tape.seek(0);
      assert.deepEqual(readVirtual(image, at, 15), new Uint8Array(15));
      assert.equal(tape.hash(), hash);
      const end = asVirt(mm.linear.pageOffset + mm.linear.directMapEndFrame * PAGE_SIZE);
      assert.equal(writeBytes(image, asVirt(end - 4), bytes), false);
      assert.deepEqual(readVirtual(image, asVirt(end - 4), 4), new Uint8Array(4));
    }
  });

  it('reaches windows: memory that is not of the machine', () => {
    const image = machine('x86_64-slab');
    const { mm, memory } = image;
    const cell = memory.addPseudoFrames(1);
    const start = asVirt(-0x7000_0000_0000);
    mm.addWindow({ start, sizeBytes: PAGE_SIZE, cell });
    assert.equal(writeBytes(image, asVirt(start + 6), Uint8Array.from([1, 2, 3, 4])), true);
    assert.deepEqual([mm.words[cell + 1], mm.words[cell + 2]], [0x02010000, 0x0403]);
    assert.deepEqual(readVirtual(image, asVirt(start + 5), 4), Uint8Array.from([0, 1, 2, 3]));
    assert.equal(cell % WORDS_PER_FRAME, 0);
  });
});

describe('a relocated kernel', () => {
  it('has its symbols elsewhere, and everything else as it was', () => {
    const profile = loadProfile('x86_64-slub-smp');
    const moved = relocated(profile, 0x400000);
    const at = (name: string): number => moved.symbol(name)?.address ?? NaN;
    const from = (name: string): number => profile.symbol(name)?.address ?? NaN;
    assert.equal(at('contig_page_data'), from('contig_page_data') + 0x400000);
    assert.equal(at('boot_pageset'), from('boot_pageset'), 'per-CPU symbols are offsets');
    const found = moved.symbolAt(asVirt(at('vm_zone_stat') + 8));
    assert.equal(found?.symbol.name, 'vm_zone_stat');
    assert.equal(found.symbol.address, at('vm_zone_stat'));
    assert.equal(found.offset, 8);
    assert.equal(moved.constant('PAGE_OFFSET'), profile.constant('PAGE_OFFSET'));
    assert.equal(relocated(profile, 0), profile);
  });
});
