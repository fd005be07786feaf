import { constantNamed } from '../../src/engine/types/named.js';
import assert from 'node:assert/strict';
import { bootMachine, type BootOptions } from '../../src/engine/image/boot/bootMachine.js';
import { biosMap } from '../../src/engine/image/boot/e820.js';
import { Memblock } from '../../src/engine/image/boot/memblock.js';
import { ImageError, type KernelImage } from '../../src/engine/image/kernelImage.js';
import { readZones } from '../../src/engine/image/state/index.js';
import { __free_pages, alloc_pages } from '../../src/engine/kernel/mm/page_alloc/api.js';
import { asPhys, PAGE_SIZE } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { assertConsistent, statOf } from './bootChecks.js';
import { cpuMs } from '../cpuTime.js';

const MiB = 2 ** 20;

const boot = (name: ProfileName, mib: number, options: Partial<BootOptions> = {}): KernelImage =>
  bootMachine({ profile: loadProfile(name), ramBytes: mib * MiB, ...options });

describe('memblock', () => {
  it('gives the highest place that fits, and takes back', () => {
    const memblock = new Memblock();
    memblock.memblock_add(0x1234, 0x9fc00);
    memblock.memblock_add(0x100000, 0x200000);
    assert.deepEqual(memblock.memory[0], { start: 0x2000, end: 0x9f000 }, 'whole pages only');
    memblock.memblock_reserve(0x1ff000, 0x200000);
    const all = { min: 0, max: Infinity };
    const take = (size: number, align: number, { min, max } = all, bottomUp = false) =>
      memblock.memblock_phys_alloc_range(size, align, min, max, bottomUp);
    assert.equal(take(0x100, 64), 0x1fef00);
    assert.equal(take(0x1000, 0x1000), 0x1fd000, 'aligned below the small one');
    assert.equal(take(0x200, 64), 0x1fed00, 'the gap is used up');
    assert.equal(take(0x100000, 0x1000), undefined, 'nothing fits');
    assert.equal(take(0x1000, 0x1000, { min: 0, max: 0x9f000 }), 0x9e000);
    assert.equal(take(0x1000, 0x1000, { min: 0x100000, max: Infinity }, true), 0x100000);
    memblock.memblock_phys_free(0x1fed00, 0x1ff000);
    assert.deepEqual(memblock.freeRanges().at(-1), { start: 0x1fe000, end: 0x1ff000 });
  });
});

describe('the firmware of a PC', () => {
  const table: readonly (readonly [mib: number, ram: string])[] = [
    [64, '100000-3fe0000'],
    [3583, '100000-dfee0000'],
    [3584, '100000-bffe0000 100000000-120000000'],
    [65536, '100000-bffe0000 100000000-1040000000'],
  ];
  for (const [mib, ram] of table)
    it(`${mib} MiB: ${ram}`, () => {
      const usable = biosMap(mib * MiB, 'x86_64').filter((entry) => entry.type === 'usable');
      const text = usable.slice(1).map((e) => `${e.start.toString(16)}-${e.end.toString(16)}`);
      assert.equal(text.join(' '), ram);
    });
});

describe('a booted machine', function () {
  const machines: readonly (readonly [
    name: ProfileName,
    mib: number,
    options?: Partial<BootOptions>,
  ])[] = [
    ['i386-highmem4g-slub', 16],
    ['i386-highmem4g-slub', 22],
    ['i386-highmem4g-slub', 23],
    ['i386-highmem4g-slub', 128, { cmaBytes: 16 * MiB, initrdBytes: 1000 }],
    ['i386-highmem4g-slub', 256, { highmemBytes: 64 * MiB }],
    ['i386-highmem4g-slub', 1024, { cmaBytes: 16 * MiB, initrdBytes: 372_000 }],
    ['i386-highmem4g-slub', 4096],
    ['i386-pae-slab', 16],
    ['i386-pae-slab', 885],
    ['i386-pae-slab', 1200, { cmaBytes: 64 * MiB }],
    ['i386-pae-slab', 5120, { cmaBytes: 16 * MiB }],
    ['i386-pae-slab', 65536],
    ['x86_64-slub', 16],
    ['x86_64-slub', 32],
    ['x86_64-slub', 33],
    ['x86_64-slub', 100, { cmaBytes: 16 * MiB, initrdBytes: 5000 }],
    ['x86_64-slub', 1024],
    ['x86_64-slub', 3500, { cmaBytes: 100 * MiB }],
    ['x86_64-slub', 6144, { cmaBytes: 16 * MiB, initrdBytes: 360_000 }],
    ['x86_64-slub', 65536, { cmaBytes: 16 * MiB }],
    ['x86_64-slab', 16],
    ['x86_64-slab', 192, { cmaBytes: 16 * MiB }],
    ['x86_64-slab', 4096],
    ['x86_64-slub-smp', 16, { cpus: 8 }],
    ['x86_64-slub-smp', 512, { cpus: 1 }],
    ['x86_64-slub-smp', 2048, { cpus: 3 }],
    ['x86_64-slub-smp', 8192, { cpus: 8, cmaBytes: 16 * MiB }],
  ];
  for (const [name, mib, options] of machines)
    it(`${name} ${mib} MiB ${options ? JSON.stringify(options) : ''}: lists, pages and counters agree`, () => {
      const image = boot(name, mib, options);
      assertConsistent(image, mib <= 256);
      const { zones, node } = readZones(image);
      const present = zones.reduce((sum, zone) => sum + (zone.populated?.fields.present ?? 0), 0);
      assert.equal(node.present, present);
      const managed = zones.reduce((sum, zone) => sum + (zone.populated?.fields.managed ?? 0), 0);
      assert.equal(node.totalram, managed);
      const cma = zones.reduce((sum, zone) => sum + (zone.populated?.fields.cma ?? 0), 0);
      const nrCmaFree = zones.reduce(
        (sum, zone) => sum + (zone.populated ? statOf(zone.populated, 'nr_free_cma') : 0),
        0,
      );
      assert.equal(cma * PAGE_SIZE, options?.cmaBytes ?? 0);
      assert.equal(nrCmaFree, cma);
    });

  it('is the same each time', () => {
    const options = { cmaBytes: 16 * MiB, initrdBytes: 5000 };
    const first = boot('x86_64-slub', 200, options);
    assert.equal(differentBytes(first, boot('x86_64-slub', 200, options)), undefined);
  });

  it('begins five minutes before jiffies wrap', () => {
    for (const name of ['i386-pae-slab', 'x86_64-slub'] as const) {
      const { mm } = boot(name, 64);
      assert.equal(mm.read_int(mm.globals.jiffies) >>> 0, 2 ** 32 - 300 * mm.CONFIG_HZ);
      assert.equal(mm.read_int(mm.globals.jiffies + 1), 0);
    }
  });

  const longWay: readonly (readonly [name: ProfileName, mib: number])[] = [
    ['i386-highmem4g-slub', 1024],
    ['i386-pae-slab', 1201],
    ['i386-pae-slab', 20],
    ['x86_64-slab', 128],
    ['x86_64-slub', 200],
    ['x86_64-slub-smp', 256],
  ];
  for (const [name, mib] of longWay)
    it(`${name} ${mib} MiB: is byte for byte what freeing every page as Linux does gives`, () => {
      const options = { cmaBytes: mib > 64 ? 16 * MiB : 0, initrdBytes: 100_000 };
      const image = boot(name, mib, options);
      const linux = boot(name, mib, { ...options, everyPage: true });
      assert.equal(differentBytes(image, linux), undefined);
      // The long way touches all of mem_map.
      assert.ok(linux.memory.nrTouchedFrames > image.memory.nrTouchedFrames);
    });

  it('allocates from every zone, and back again', () => {
    for (const [name, mib] of [
      ['i386-pae-slab', 5120],
      ['x86_64-slub', 6144],
      ['x86_64-slub-smp', 6144],
    ] as const) {
      const { mm, tape } = boot(name, mib, { cmaBytes: 16 * MiB });
      assert.equal(tape.end, 0, 'boot is no history');
      const hash = tape.hash();
      const gfps = ['GFP_KERNEL', 'GFP_DMA', 'GFP_HIGHUSER_MOVABLE', 'GFP_ATOMIC'];
      const zones = new Set<number>();
      const taken = gfps.flatMap((gfp) =>
        [0, 1, 3, 5, 9, 10].map((order) => {
          const page = alloc_pages(mm, constantNamed(mm.profile, gfp), order);
          assert.notEqual(page, 0, `${name} ${gfp} order ${order}`);
          zones.add((mm.words[page + mm.page.flags + (mm.ZONES_PGSHIFT >> 5)] ?? 0) >>> 30);
          return { page, order };
        }),
      );
      assert.ok(zones.size >= 2);
      for (const { page, order } of taken) __free_pages(mm, page, order);
      tape.seek(0);
      assert.equal(tape.hash(), hash);
    }
  });

  const refused: readonly (readonly [
    sentence: RegExp,
    name: ProfileName,
    options: Partial<BootOptions>,
  ])[] = [
    [/16 MiB to 64 GiB of RAM/, 'x86_64-slub', { ramBytes: 8 * MiB }],
    [/16 MiB to 64 GiB of RAM/, 'x86_64-slub', { ramBytes: 65 * 1024 * MiB }],
    [/whole MiB/, 'x86_64-slub', { ramBytes: 64 * MiB + 1 }],
    [/runs on 1 to 1 CPUs, not 2/, 'x86_64-slub', { cpus: 2 }],
    [/runs on 1 to 8 CPUs, not 9/, 'x86_64-slub-smp', { cpus: 9 }],
    [
      /too little memory for its initrd/,
      'i386-pae-slab',
      { ramBytes: 64 * MiB, initrdBytes: 60 * MiB },
    ],
  ];
  for (const [sentence, name, options] of refused)
    it(`is refused: ${sentence.source}`, () => {
      assert.throws(
        () => bootMachine({ profile: loadProfile(name), ramBytes: 64 * MiB, ...options }),
        (error) => error instanceof ImageError && sentence.test(error.message),
      );
    });

  it('has no CMA area where it does not fit', () => {
    const { zones } = readZones(boot('x86_64-slub', 16, { cmaBytes: 16 * MiB }));
    assert.equal(zones[0]?.populated?.fields.cma, 0);
  });

  it('costs what is touched', () => {
    const rows: string[] = [];
    for (const [name, mib, limitMs] of [
      ['x86_64-slub', 1024, 500],
      ['x86_64-slub', 65536, 1000],
      ['i386-pae-slab', 65536, 1000],
    ] as const) {
      let image: KernelImage | undefined;
      const ms = cpuMs(() => (image = boot(name, mib)));
      assert.ok(image !== undefined);
      const frames = image.memory.nrTouchedFrames;
      rows.push(`${image.origin}: ${ms.toFixed(0)} ms, ${((frames * 4) / 1024).toFixed(0)} MiB`);
      assert.ok(frames * PAGE_SIZE < 100 * MiB, rows.at(-1));
      // Three times the target: other tests may fill the caches beside this one.
      assert.ok(ms < 3 * limitMs, rows.at(-1));
    }
    console.log(rows.map((row) => `      ${row}`).join('\n'));
  });
});

/** The first byte that two machines do not have in common. */
function differentBytes(a: KernelImage, b: KernelImage): string | undefined {
  for (let frame = 0; frame < a.memory.nrFrames; frame++) {
    if ((a.memory.slotOfFrame[frame] ?? 0) === 0 && (b.memory.slotOfFrame[frame] ?? 0) === 0)
      continue;
    const ours = a.memory.readBytes(asPhys(frame * PAGE_SIZE), PAGE_SIZE);
    const theirs = b.memory.readBytes(asPhys(frame * PAGE_SIZE), PAGE_SIZE);
    const at = ours.findIndex((byte, i) => byte !== theirs[i]);
    if (at >= 0) return `${(frame * PAGE_SIZE + at).toString(16)}: ${ours[at]}, ${theirs[at]}`;
  }
  return undefined;
}
