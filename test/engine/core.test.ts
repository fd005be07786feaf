import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { openRandomAccess } from '../../src/files/randomAccessFile.js';
import { readVirtual } from '../../src/engine/image/assemble.js';
import { readElfCore } from '../../src/engine/image/core/elf.js';
import { openContainer } from '../../src/engine/image/dump/containers/container.js';
import { FileMemory } from '../../src/engine/image/core/fileMemory.js';
import { cpuStates, parseVmcoreinfo } from '../../src/engine/image/core/notes.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf, type RandomAccess } from '../../src/engine/image/core/randomAccess.js';
import { ImageError, type KernelImage } from '../../src/engine/image/kernelImage.js';
import { dumpMemmap, dumpZones, readTrace } from '../../src/engine/image/state/index.js';
import { __free_pages, alloc_pages } from '../../src/engine/kernel/mm/page_alloc/api.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { recordedBytes, recordedMachines, recordedText } from '../recordings.js';
import { asKdump, ascii, buildCore } from './coreBuilder.js';
import { scratchFolder } from '../scratch.js';

/** A core and what the kernel in it printed of itself at that moment. */
interface RecordedCore {
  readonly name: string;
  readonly core: string;
  readonly trace: string;
}

const recordedCores = (): RecordedCore[] => [
  ...recordedMachines('.', /^vmcore-/).map((name) => ({
    name,
    core: `${name}/vmcore.gz`,
    trace: `${name}/dumps.trace.gz`,
  })),
  ...recordedMachines('cores', /./).map((name) => ({
    name,
    core: `${name}/before.vmcore.gz`,
    trace: `${name}/before.trace.gz`,
  })),
];

const memoryOf = (bytes: Uint8Array): FileMemory =>
  new FileMemory(openContainer(randomAccessOf(bytes), {}).memory);

const unpacked = (core: string): RandomAccess => randomAccessOf(recordedBytes(core));

function assertSameLines(ours: readonly string[], kernel: readonly string[], what: string): void {
  const at = kernel.findIndex((line, i) => ours[i] !== line);
  if (at >= 0) assert.fail(`${what}, line ${at}: ours ${ours[at]}, kernel ${kernel[at]}`);
  assert.equal(ours.length, kernel.length, what);
}

describe('ELF cores', () => {
  for (const elfClass of [32, 64] as const)
    it(`ELF${elfClass}: segments, partial frames, holes, notes`, () => {
      const page = (byte: number): Uint8Array => new Uint8Array(4096).fill(byte);
      const bytes = buildCore({
        elfClass,
        machine: 3,
        notes: [
          { owner: 'CORE', type: 1, bytes: new Uint8Array(9).fill(7) },
          {
            owner: 'VMCOREINFO',
            type: 0,
            bytes: ascii('OSRELEASE=6.1.192\nNUMBER(phys_base)=-16777216\n'),
          },
        ],
        segments: [
          { phys: 0x1000, bytes: page(1) },
          { phys: 0x2000, bytes: page(2).subarray(0, 0x300) },
          { phys: 0x2800, bytes: page(3).subarray(0, 0x100), memBytes: 0x400 },
        ],
      });
      const core = readElfCore(randomAccessOf(bytes));
      assert.deepEqual(
        core.notes.map((note) => [note.owner, note.type, note.description.length]),
        [
          ['CORE', 1, 9],
          ['VMCOREINFO', 0, 46],
        ],
      );
      const memory = memoryOf(bytes);
      assert.deepEqual([...memory.read(0x1ffe, 4)], [1, 1, 2, 2]);
      assert.deepEqual([...memory.read(0x22fe, 4)], [2, 2, 0, 0], 'a hole reads as zeros');
      assert.deepEqual(
        [...memory.read(0x28fe, 4)],
        [3, 3, 0, 0],
        'so does what the file leaves out',
      );
      assert.equal(memory.covers(0x1000, 0x1300), true);
      assert.equal(memory.covers(0x1000, 0x1301), false);
      assert.equal(memory.endFrame, 3);
      const words = new Int32Array(1024);
      memory.rule().fill(2, words, 0 as never);
      assert.deepEqual(
        [words[0], words[0x2fc / 4], words[0x300 / 4], words[0x800 / 4]],
        [0x02020202, 0x02020202, 0, 0x03030303],
      );
    });

  const small = { elfClass: 64, segments: [{ phys: 0, bytes: new Uint8Array(4096) }] } as const;
  const refused: readonly (readonly [what: string, bytes: Uint8Array, sentence: RegExp])[] = [
    ['nothing', new Uint8Array(0), /is empty/],
    [
      'text',
      ascii('hello, this is no core at all, but it is long enough to have a header .'),
      /does not match a kernel/,
    ],
    ['kdump-compressed', ascii('KDUMP   '.padEnd(64)), /ends inside its header/],
    ['flattened', ascii('makedumpfile'.padEnd(64, '\0')), /empty: it ends behind its header/],
    ['a program', buildCore({ ...small, type: 2 }), /holds a program/],
    ['another machine', buildCore({ ...small, machine: 183 }), /machine 183/],
    ['no memory', buildCore({ elfClass: 64, segments: [] }), /no PT_LOAD/],
    ['cut off', buildCore(small).subarray(0, 3000), /incomplete: the file is cut off/],
    ['cut off in its headers', buildCore(small).subarray(0, 100), /cut off/],
    [
      'zeros for memory',
      buildCore(small),
      /does not match a kernel that mmscope knows: .*x86_64-slub: no banner.*ships with/,
    ],
    ['zeros for memory, i386', buildCore({ ...small, elfClass: 32 }), /i386-pae-slab: no banner/],
  ];
  for (const [what, bytes, sentence] of refused)
    it(`refuses ${what} in a sentence`, () => {
      assert.throws(
        () => openCore(randomAccessOf(bytes)),
        (error) => error instanceof ImageError && sentence.test(error.message),
      );
    });

  it('survives any damage to headers and notes', () => {
    const whole = buildCore({
      elfClass: 64,
      notes: [{ owner: 'VMCOREINFO', type: 0, bytes: ascii('OSRELEASE=6.1\n') }],
      segments: [
        { phys: 0x1000000, bytes: new Uint8Array(8192) },
        { phys: 0, bytes: new Uint8Array(4096) },
      ],
    });
    let state = 1;
    const random = (below: number): number =>
      ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % below;
    let opened = 0;
    for (let round = 0; round < 3000; round++) {
      const bytes = whole.slice();
      for (let i = random(4); i >= 0; i--)
        bytes[random(300)] = [0, 1, 0xff, random(256)][random(4)] ?? 0;
      try {
        memoryOf(bytes).read(0xfff000, 8192);
        opened++;
      } catch (error) {
        assert.ok(error instanceof ImageError, `round ${round}: ${String(error)}`);
      }
    }
    assert.ok(opened > 100);
  });

  it('reads VMCOREINFO', () => {
    const info = parseVmcoreinfo(
      'OSRELEASE=6.1.0-18-amd64\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffffa4a11080\nSYMBOL(mem_map)=c13d1000\n' +
        'SIZE(page)=64\nOFFSET(page.flags)=0\nNUMBER(phys_base)=1090519040\nKERNELOFFSET=23400000\nNUMBER(pgtable_l5_enabled)=0\n',
    );
    assert.equal(info.release, '6.1.0-18-amd64');
    assert.equal(info.symbol('init_uts_ns'), -0x5b5eef80);
    assert.equal(info.symbol('mem_map'), 0xc13d1000);
    assert.equal(info.size('page'), 64);
    assert.equal(info.offset('page.flags'), 0);
    assert.equal(info.physBase, 1090519040);
    assert.equal(info.kernelOffset, 0x23400000);
    assert.equal(info.fiveLevel, false);
    assert.equal(info.symbol('nothing'), undefined);
  });
});

describe('files for the engine', () => {
  it('plain and gzip files give the same bytes', async () => {
    const folder = scratchFolder();
    const bytes = new Uint8Array(300_000);
    bytes.set([1, 2, 3], 65_534);
    bytes.set([4, 5], 299_998);
    writeFileSync(path.join(folder, 'plain'), bytes);
    writeFileSync(path.join(folder, 'packed.gz'), gzipSync(bytes));
    for (const name of ['plain', 'packed.gz']) {
      const file = await openRandomAccess(path.join(folder, name));
      assert.equal(file.size, bytes.length);
      assert.deepEqual([...file.read(65_533, 5)], [0, 1, 2, 3, 0]);
      assert.deepEqual([...file.read(299_997, 100)], [0, 4, 5], 'shorter at the end');
      assert.deepEqual(file.read(0, bytes.length), Buffer.from(bytes));
      file.close();
    }
  });
});

describe('cores of real machines', function () {
  it('say what the kernel in them said', () => {
    for (const { name, core, trace } of recordedCores()) {
      const image = openCore(unpacked(core), { name });
      assert.ok(name.includes(image.profile.name), `${name} opened as ${image.profile.name}`);
      const touched = image.memory.nrTouchedFrames;
      assert.ok(touched < 20, `${name}: opening touched ${touched} frames`);
      compareDumps(image, name, recordedText(trace));
    }
  });

  it('read bytes at kernel addresses without touching frames', () => {
    const { core } =
      recordedCores().find((each) => each.name === 'cores/x86_64-slub-192M') ?? assert.fail();
    const image = openCore(unpacked(core));
    const touched = image.memory.nrTouchedFrames;
    const text = (name: string, size: number): string => {
      const symbol = image.profile.symbol(name) ?? assert.fail(name);
      const bytes = readVirtual(image, symbol.address, size) ?? assert.fail(name);
      return String.fromCharCode(...bytes);
    };
    assert.match(text('linux_banner', 21), /^Linux version 6\.1\.192/);
    assert.equal(image.memory.nrTouchedFrames, touched);
  });

  it('allocate and free on their own lists, and back again', () => {
    for (const { name, core } of recordedCores()) {
      const { mm, tape } = openCore(unpacked(core));
      const hash = tape.hash();
      const GFP_KERNEL = mm.GFP_KERNEL;
      const pages = [0, 0, 3, 9, 0].map((order) => ({
        order,
        page: alloc_pages(mm, GFP_KERNEL, order),
      }));
      for (const { order, page } of pages) if (page !== 0) __free_pages(mm, page, order);
      assert.ok(
        pages.some(({ page }) => page !== 0),
        name,
      );
      assert.notEqual(tape.hash(), hash);
      tape.seek(0);
      assert.equal(tape.hash(), hash, name);
    }
  });

  it('open in kdump form', () => {
    const { core, trace } =
      recordedCores().find((each) => each.name === 'cores/x86_64-slab-192M') ?? assert.fail();
    const qemu = unpacked(core);
    const { segments } = readElfCore(qemu);
    const ram = segments[1] ?? assert.fail();
    const isa = segments[0] ?? assert.fail();
    // 1000..9fc00, then from 1 MiB on; the kernel's text comes first, and once more in its place.
    const from1M = ram.offset + 0x100000 - ram.startPhys;
    const kdump = asKdump(qemu, {
      vmcoreinfo: 'OSRELEASE=6.1.192-mmo\nPAGESIZE=4096\nNUMBER(phys_base)=0\nKERNELOFFSET=0\n',
      segments: [
        { phys: 0x1000000, offset: ram.offset + 0x1000000 - ram.startPhys, bytes: 0x1016000 },
        { phys: 0x1000, offset: isa.offset + 0x1000, bytes: 0x9ec00 },
        { phys: 0x100000, offset: from1M, bytes: ram.startPhys + ram.fileBytes - 0x100000 },
      ],
    });
    const image = openCore(kdump, { name: 'kdump' });
    assert.equal(image.profile.name, 'x86_64-slab');
    compareDumps(image, 'kdump', recordedText(trace));
  });

  it('tell the registers of their CPUs', () => {
    const { core } =
      recordedCores().find((each) => each.name === 'cores/x86_64-slub-192M') ?? assert.fail();
    const [cpu] = cpuStates(readElfCore(unpacked(core)));
    const text = recordedText('cores/x86_64-slub-192M/before.registers.txt');
    const register = (name: string): number =>
      parseInt(new RegExp(`${name}=([0-9a-f]+)`).exec(text)?.[1] ?? '', 16);
    assert.deepEqual(cpu, {
      cr0: register('CR0'),
      cr2: register('CR2'),
      cr3: register('CR3'),
      cr4: register('CR4'),
    });
  });

  it('are refused by the profiles of other kernels, with the reason', () => {
    const { core } =
      recordedCores().find((each) => each.name === 'cores/x86_64-slub-192M') ?? assert.fail();
    const file = unpacked(core);
    const others = (['x86_64-slab', 'x86_64-slub-smp', 'i386-pae-slab'] as const).map(loadProfile);
    assert.throws(
      () => openCore(file, { profiles: others }),
      (error) =>
        error instanceof ImageError &&
        /x86_64-slab: .*; x86_64-slub-smp: /.test(error.message) &&
        !error.message.includes('i386'),
    );
    const twice = [loadProfile('x86_64-slub'), loadProfile('x86_64-slub')];
    assert.throws(() => openCore(file, { profiles: twice }), /fits several kernels/);
  });
});

function compareDumps(image: KernelImage, name: string, trace: string): void {
  const compared: string[] = [];
  for (const item of readTrace([trace])) {
    if (item.kind !== 'dump') continue;
    if (item.name === 'zones') assertSameLines(dumpZones(image), item.lines, `${name} %zones`);
    else if (item.name === 'memmap') {
      const [from = 0, to = 0] = item.args.map((arg) => parseInt(arg, 16));
      const ours = [...dumpMemmap(image, from, Math.min(to, image.maxPfn))];
      assertSameLines(ours, item.lines, `${name} %memmap`);
    } else continue;
    compared.push(item.name);
  }
  assert.deepEqual(compared, ['zones', 'memmap'], name);
}
