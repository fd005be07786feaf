/**
 * Damaged dumps: every one is refused in a sentence, or read as far as it goes with what is wrong said. With MMSCOPE_DUMPS set
 * there are more rounds; `npm run damage` sets how many inputs of each form (test/damage.ts).
 */
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { describeKernel } from '../../src/engine/image/dump/describe.js';
import type { DumpMemory } from '../../src/engine/image/dump/dumpMemory.js';
import { KernelSpace } from '../../src/engine/image/dump/kernelSpace.js';
import { ImageError } from '../../src/engine/image/kernelImage.js';
import { Inspected, Problems } from '../../src/engine/inspect/inspected.js';
import { dumpedProcLines, dumpedProcNames } from '../../src/engine/inspect/proc/files.js';
import { reportOf } from '../../src/engine/inspect/report.js';
import { cachesOf } from '../../src/engine/inspect/slab.js';
import { SlabObjects } from '../../src/engine/inspect/slabObjects.js';
import { tasksOf, vmasOf } from '../../src/engine/inspect/tasks.js';
import { damageFactor, Figures } from '../damage.js';
import { buildCore } from '../engine/coreBuilder.js';
import { containerOf, inspect, reducedBytes, reducedKernel, replaced } from './dumps.js';
import { flatten, writeKdump } from './kdumpWriter.js';

const FACTOR = damageFactor(400) ?? (process.env['MMSCOPE_DUMPS'] ? 3 : 1);

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 4) % below;
  };
}

/** Flipped bits, extreme words, and sometimes an end too soon. */
function damage(whole: Uint8Array, random: (below: number) => number, within: number): Uint8Array {
  const bytes = random(4) === 0 ? whole.slice(0, random(whole.length)) : whole.slice();
  for (let i = random(8); i >= 0 && bytes.length > 0; i--) {
    const at = random(Math.min(within, bytes.length));
    if (random(2) === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else bytes.fill([0, 0xff, 0x7f, 0x80][random(4)] ?? 0, at, at + ([1, 4, 8][random(3)] ?? 1));
  }
  return bytes;
}

describe('damaged dumps', function () {
  this.timeout(7_200_000);
  const page = (byte: number): Uint8Array => new Uint8Array(4096).fill(byte);
  const frames = new Map([3, 4, 9, 77].map((frame) => [frame, page(frame)]));
  const spec = { frames, nrFrames: 200, vmcoreinfo: 'OSRELEASE=6.1\n' };
  const kdump = writeKdump({ ...spec, pack: (each) => ({ data: deflateSync(each), flags: 1 }) });
  const segments = [...frames].map(([frame, bytes]) => ({ phys: frame * 4096, bytes }));
  const lime = Buffer.alloc(32 + 4096);
  lime.writeUInt32LE(0x4c694d45, 0);
  lime.writeUInt32LE(1, 4);
  lime.writeBigUInt64LE(4095n, 16);
  const forms: Readonly<Record<string, Uint8Array>> = {
    'kdump-compressed': kdump,
    flattened: flatten(kdump, 1000),
    ELF64: buildCore({ elfClass: 64, segments }),
    ELF32: buildCore({ elfClass: 32, segments }),
    LiME: lime,
  };
  for (const [form, whole] of Object.entries(forms))
    it(`${form}: the container`, () => {
      const random = randomFrom(form.length);
      const figures = new Figures(form);
      let opened = 0;
      for (let round = 0; round < 400 * FACTOR; round++) {
        figures.next();
        const bytes = damage(Uint8Array.from(whole), random, form === 'LiME' ? 64 : 6000);
        try {
          const { memory } = containerOf(bytes);
          for (const frame of [0, 3, 4, 77, 199]) {
            memory.hasFrame(frame);
            assert.ok(memory.read(frame * 4096 + 5, 5000).length <= 5000);
          }
          opened++;
        } catch (error) {
          assert.ok(error instanceof ImageError, `round ${round}: ${String(error)}`);
        }
      }
      figures.done();
      assert.ok(opened > 50, `${opened} opened`);
    });

  it('the file of a whole kernel', () => {
    const whole = reducedBytes();
    const random = randomFrom(99);
    const figures = new Figures('the file of a whole kernel');
    for (let round = 0; round < 6 * FACTOR; round++) {
      figures.next();
      const bytes = damage(whole, random, round % 2 === 0 ? 40_000 : whole.length);
      try {
        readAll(inspect(bytes));
      } catch (error) {
        assert.ok(error instanceof ImageError, `round ${round}: ${String(error)}`);
      }
    }
    figures.done();
  });

  it("the kernel's memory: lists, counts, pointers, tables", () => {
    const random = randomFrom(5);
    let problems = 0;
    const figures = new Figures('memory of a kernel');
    for (let round = 0; round < 25 * FACTOR; round++) {
      figures.next();
      const k = withDamagedPages(random);
      problems += readAll(k);
    }
    figures.done();
    assert.ok(problems > 0);
  });

  it('its symbols and types', () => {
    const { memory, ...container } = containerOf(reducedBytes());
    const random = randomFrom(17);
    const figures = new Figures('symbols and types');
    for (let round = 0; round < 4 * FACTOR; round++) {
      figures.next();
      const damaged = { ...container, memory: flipped(memory, random, 0x2161, 0x28ea) };
      try {
        readAll(new Inspected(describeKernel(damaged)));
      } catch (error) {
        assert.ok(error instanceof ImageError, `round ${round}: ${String(error)}`);
      }
    }
    figures.done();
  });

  it('a list in a circle ends where it shows', () => {
    const { dump } = reducedKernel();
    const k = new Inspected({ ...dump, space: spaceOf(dump.space.memory) });
    const first = k.globalPointer('slab_caches');
    const second = k.space.pointer(first);
    // The second entry leads back to the first.
    const phys = k.space.physOf((second - (second & 4095)) as typeof second) ?? 0;
    const bytes = Uint8Array.from(k.space.memory.read(phys, 4096));
    new DataView(bytes.buffer).setBigInt64(second & 4095, BigInt(first), true);
    const memory = replaced(k.space.memory, new Map([[phys / 4096, bytes]]));
    const circle = new Inspected({ ...dump, space: spaceOf(memory) });
    const problems = new Problems();
    assert.equal(cachesOf(circle, problems).length, 2);
    assert.match(problems.found[0] ?? '', /^slab_caches: the list at 0x[0-9a-f]+ runs in a circle/);
  });
});

/** Reads all there is; gives how many problems were told. */
function readAll(k: Inspected): number {
  const report = reportOf(k);
  const problems = new Problems();
  for (const name of dumpedProcNames) problems.tried(name, () => dumpedProcLines(k, name), []);
  for (const { mm } of tasksOf(k, problems)) if (mm !== 0) vmasOf(k, mm, problems);
  for (const cache of cachesOf(k, problems).slice(0, 20)) {
    if (cache.oo === undefined) continue;
    problems.tried(
      cache.name,
      () => {
        const objects = new SlabObjects(k);
        objects.partial(cache, problems);
        objects.ofCpus(cache, problems);
      },
      undefined,
    );
  }
  return report.problems.length + problems.found.length;
}

function spaceOf(memory: DumpMemory): KernelSpace {
  const { dump } = reducedKernel();
  const space = new KernelSpace(memory, dump.space.paging);
  space.setLinearMaps([{ start: dump.pageOffset, sizeBytes: 65504 * 4096, startPhys: 0 }]);
  return space;
}

function withDamagedPages(random: (below: number) => number): Inspected {
  const { dump } = reducedKernel();
  return new Inspected({
    ...dump,
    space: spaceOf(flipped(dump.space.memory, random, 0x2a00, 0x6500)),
  });
}

/** Some pages of a range with damage, always the same in one dump. */
function flipped(
  memory: DumpMemory,
  random: (below: number) => number,
  first: number,
  end: number,
): DumpMemory {
  const pages = new Map<number, Uint8Array>();
  const there: number[] = [];
  for (let frame = first; frame < end; frame++) if (memory.hasFrame(frame)) there.push(frame);
  for (let i = 0; i < 60; i++) {
    const frame = there[random(there.length)] ?? first;
    const bytes = pages.get(frame) ?? Uint8Array.from(memory.read(frame * 4096, 4096));
    for (let n = 0; n < 12; n++) {
      const at = random(512) * 8;
      const byte = at + random(8);
      if (random(2) === 0) bytes[byte] = (bytes[byte] ?? 0) ^ (1 << random(8));
      else bytes.copyWithin(at, random(512) * 8, 4096);
    }
    pages.set(frame, bytes);
  }
  return replaced(memory, pages);
}
