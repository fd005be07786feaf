/** The same memory in every form that a dump comes in. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { inflate } from '../../src/engine/image/dump/codecs/inflate.js';
import { unlzo } from '../../src/engine/image/dump/codecs/lzo.js';
import { unsnappy } from '../../src/engine/image/dump/codecs/snappy.js';
import type { RandomAccess } from '../../src/engine/image/core/randomAccess.js';
import { LIVE_FORM, type Container } from '../../src/engine/image/dump/containers/container.js';
import { joinParts } from '../../src/engine/image/dump/containers/split.js';
import { ImageError } from '../../src/engine/image/kernelImage.js';
import { nodeCodecs } from '../../src/files/codecs.js';
import { openRandomAccess } from '../../src/files/randomAccessFile.js';
import { buildCore } from '../engine/coreBuilder.js';
import { scratchFolder } from '../scratch.js';
import { containerOf } from './dumps.js';
import { flatten, writeKdump } from './kdumpWriter.js';
import { lzoPage, samplePage, snappyPage, zstdPage } from './packedPages.js';

const INFO = 'OSRELEASE=6.1.0\nPAGESIZE=4096\n';
const page = (byte: number): Uint8Array => new Uint8Array(4096).fill(byte);
/** Frames 1, 2, 5 and 300: the others are left out. */
const FRAMES = new Map([
  [1, page(0x11)],
  [2, samplePage()],
  [5, page(0)],
  [300, page(0x33)],
]);

function assertHasFrames({ memory }: Container): void {
  assert.deepEqual(
    [0, 1, 2, 3, 5, 300, 301].map((frame) => memory.hasFrame(frame)),
    [false, true, true, false, true, true, false],
  );
  for (const [frame, bytes] of FRAMES)
    assert.deepEqual(Uint8Array.from(memory.read(frame * 4096, 4096)), bytes, `frame ${frame}`);
  assert.equal(memory.read(0x3000, 8).length, 0, 'what is left out is not zeros');
  assert.equal(memory.read(0x2ffc, 8).length, 4, 'a read ends where the dump has no more');
  assert.deepEqual([...memory.read(0x1ffe, 4)], [0x11, 0x11, 0, 0x74]);
}

/**
 * The frames as /proc/kcore has them: an offset is an address without its upper bits, plus the header; what has no physical address
 * (vmalloc space) says so by all ones. Asked for at an offset that is not a number exactly, it refuses.
 */
function kcore(frames: ReadonlyMap<number, Uint8Array>): RandomAccess {
  const HEADER = 0x2000;
  const direct = 0xff11_0000_0000_0000n;
  const offsetOf = (virt: bigint): bigint => (virt & ((1n << 56n) - 1n)) + BigInt(HEADER);
  const loads = [
    ...[...frames.keys()].map((frame) => [direct + BigInt(frame * 4096), BigInt(frame * 4096)]),
    [0xffa0_0000_0000_0000n, (1n << 64n) - 1n],
  ] as const;
  const header = new DataView(new ArrayBuffer(HEADER));
  [0x464c457f, 0x010102].forEach((word, at) => header.setUint32(4 * at, word, true));
  [4, 62].forEach((half, at) => header.setUint16(16 + 2 * at, half, true));
  header.setBigUint64(32, 64n, true);
  [64, 56, loads.length].forEach((half, at) => header.setUint16(52 + 2 * at, half, true));
  loads.forEach(([virt = 0n, phys = 0n], index) => {
    const at = 64 + 56 * index;
    header.setUint32(at, 1, true);
    [offsetOf(virt), virt, phys, 4096n, 4096n].forEach((word, field) =>
      header.setBigUint64(at + 8 + 8 * field, word, true),
    );
  });
  return {
    size: 2 ** 56,
    read(offset, length) {
      if (offset < HEADER) return new Uint8Array(header.buffer, offset, length);
      assert.ok(Number.isSafeInteger(offset) || offset % 4096 === 0, `offset ${offset}`);
      const phys = Number(((BigInt(offset) - BigInt(HEADER)) | (0xffn << 56n)) - direct);
      const bytes = frames.get(Math.floor(phys / 4096));
      assert.ok(bytes && (phys % 4096) + length <= 4096, 'a read of what no segment has');
      return bytes.subarray(phys % 4096, (phys % 4096) + length);
    },
  };
}

describe('containers', () => {
  const packed = { lzo: [lzoPage, 2], snappy: [snappyPage, 4], zstd: [zstdPage, 0x20] } as const;
  const forms: Record<string, () => Uint8Array> = {
    zlib: () => writeKdump({ frames: FRAMES, nrFrames: 400, vmcoreinfo: INFO }),
    'not packed': () =>
      writeKdump({
        frames: FRAMES,
        nrFrames: 400,
        vmcoreinfo: INFO,
        pack: (data) => ({ data, flags: 0 }),
      }),
  };
  for (const [name, [data, flags]] of Object.entries(packed))
    forms[name] = () =>
      writeKdump({
        frames: FRAMES,
        nrFrames: 400,
        vmcoreinfo: INFO,
        pack: (bytes) => (bytes === FRAMES.get(2) ? { data, flags } : { data: bytes, flags: 0 }),
      });
  for (const [name, write] of Object.entries(forms))
    it(`kdump-compressed, pages by ${name}`, () => {
      const container = containerOf(write());
      assertHasFrames(container);
      assert.equal(container.vmcoreinfo, INFO);
    });

  it('flattened: blocks out of order, one written twice', () => {
    const container = containerOf(
      flatten(writeKdump({ frames: FRAMES, nrFrames: 400, vmcoreinfo: INFO })),
    );
    assertHasFrames(container);
    assert.equal(container.form, 'kdump-compressed, version 6, flattened');
  });

  for (const elfClass of [32, 64] as const)
    it(`ELF${elfClass}`, () => {
      const segments = [...FRAMES].map(([frame, bytes]) => ({ phys: frame * 4096, bytes }));
      assertHasFrames(containerOf(buildCore({ elfClass, segments })));
    });

  it('/proc/kcore of 5 levels: offsets beyond 2^53', () => {
    const container = containerOf(kcore(FRAMES));
    assertHasFrames(container);
    assert.equal(container.form, LIVE_FORM);
  });

  it('ELF: what p_memsz has beyond p_filesz is left out', () => {
    const segments = [{ phys: 0x1000, bytes: page(1), memBytes: 0x3000 }];
    const { memory } = containerOf(buildCore({ elfClass: 64, segments }));
    assert.deepEqual([memory.hasFrame(1), memory.hasFrame(2)], [true, false]);
  });

  it('LiME', () => {
    const parts = [...FRAMES].flatMap(([frame, bytes]) => {
      const header = Buffer.alloc(32);
      header.writeUInt32LE(0x4c694d45, 0);
      header.writeUInt32LE(1, 4);
      header.writeBigUInt64LE(BigInt(frame * 4096), 8);
      header.writeBigUInt64LE(BigInt(frame * 4096 + 4095), 16);
      return [header, bytes];
    });
    assertHasFrames(containerOf(Uint8Array.from(Buffer.concat(parts))));
  });

  it('raw: all of it is there', () => {
    const { form, memory } = containerOf(Uint8Array.from([...page(7), ...page(8)]));
    assert.equal(form, 'raw image');
    assert.deepEqual([...memory.read(4095, 2)], [7, 8]);
    assert.equal(memory.endFrame, 2);
  });

  it('a cut-off file has what is left of it, and says so', () => {
    const segments = [{ phys: 0, bytes: new Uint8Array(8192).fill(5) }];
    const whole = buildCore({ elfClass: 64, segments });
    const { memory, cutOff } = containerOf(whole.subarray(0, whole.length - 5000));
    assert.match(cutOff ?? '', /ends at byte/);
    assert.equal(memory.read(0, 8192).length, 3192);
  });

  describe('split dumps', () => {
    const whole = { frames: FRAMES, nrFrames: 400, vmcoreinfo: INFO };
    const part = (start: number, end: number): Container =>
      containerOf(writeKdump({ ...whole, part: [start, end] }));

    it('parts together, in any order, are the whole', () => {
      const joined = joinParts([part(5, 400), part(0, 2), part(2, 5)]);
      assertHasFrames(joined);
      assert.equal(joined.cutOff, undefined);
      assert.equal(joined.form, 'kdump-compressed, version 6, 3 parts');
    });

    it('a part alone, or two of three, say which frames are missing', () => {
      assert.match(part(2, 5).cutOff ?? '', /part of a split dump, frames 0x2 to 0x5$/);
      assert.equal(
        joinParts([part(0, 2), part(5, 400)]).cutOff,
        'parts of the split dump are missing, with frames 0x2 to 0x5',
      );
    });

    it('what does not belong together is refused', () => {
      const other = containerOf(
        writeKdump({ ...whole, vmcoreinfo: 'OSRELEASE=6.2\n', part: [2, 400] }),
      );
      assert.throws(() => joinParts([part(0, 2), other]), /parts of different dumps/);
      const complete = containerOf(writeKdump(whole));
      assert.throws(() => joinParts([part(0, 2), complete]), /Only the parts of one split dump/);
    });
  });

  it('incomplete: marked by makedumpfile, or cut off before the last page', () => {
    const spec = { frames: FRAMES, nrFrames: 400, vmcoreinfo: INFO };
    assert.match(
      containerOf(writeKdump({ ...spec, isIncomplete: true })).cutOff ?? '',
      /not written to its end/,
    );
    const bytes = writeKdump(spec);
    const { cutOff, memory } = containerOf(bytes.subarray(0, bytes.length - 3));
    assert.match(cutOff ?? '', /cut off: it ends at byte \d+, before its last page/);
    assert.equal(memory.read(0x12c000, 8).length, 0);
    assert.equal(memory.read(0x5000, 8).length, 8);
    const flat = flatten(bytes);
    assert.match(
      containerOf(flat.subarray(0, flat.length - 16)).cutOff ?? '',
      /flattened file has no end/,
    );
  });

  it('gzip and zstd of a whole file give the same bytes', async () => {
    const file = writeKdump({ frames: FRAMES, nrFrames: 400, vmcoreinfo: INFO });
    const folder = scratchFolder();
    // A zstd frame that holds its content as it is: magic, no checksum, one raw block a piece.
    const zstd = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
    for (let at = 0; at < file.length; at += 100000) {
      const part = file.subarray(at, at + 100000);
      const last = at + 100000 >= file.length ? 1 : 0;
      const head = (part.length << 3) | last;
      zstd.push(Buffer.from([head & 255, (head >> 8) & 255, head >> 16]), Buffer.from(part));
    }
    for (const [name, bytes] of [
      ['dump.gz', gzipSync(file)],
      ['dump.zst', Buffer.concat(zstd)],
    ] as const) {
      writeFileSync(path.join(folder, name), bytes);
      const opened = await openRandomAccess(path.join(folder, name));
      assertHasFrames(containerOf(opened));
      opened.close();
    }
  });

  it('asks for zstd where the host cannot unpack it', async () => {
    const { openContainer } = await import('../../src/engine/image/dump/containers/container.js');
    const { randomAccessOf } = await import('../../src/engine/image/core/randomAccess.js');
    const { memory } = openContainer(randomAccessOf(forms['zstd']?.() ?? page(0)), {});
    assert.throws(() => memory.read(0x2000, 8), ImageError);
    const zlib = openContainer(randomAccessOf(forms['zlib']?.() ?? page(0)), {});
    assertHasFrames(zlib);
  });
});

describe('codecs', () => {
  const expected = samplePage();
  it('unpack what the tools packed', () => {
    assert.deepEqual(unlzo(lzoPage, 4096), expected);
    assert.deepEqual(unsnappy(snappyPage, 4096), expected);
    assert.deepEqual(Uint8Array.from(nodeCodecs.unzstd(zstdPage, 4096)), expected);
    for (const level of [0, 1, 6, 9])
      assert.deepEqual(inflate(deflateSync(expected, { level }), 4096), expected);
    assert.deepEqual(inflate(deflateSync(page(0)), 4096), page(0));
  });

  it('end in an error, whatever is damaged', () => {
    const codecs = [
      [unlzo, lzoPage],
      [unsnappy, snappyPage],
      [inflate, Uint8Array.from(deflateSync(expected))],
    ] as const;
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state % below;
    };
    for (const [unpack, whole] of codecs)
      for (let round = 0; round < 1000; round++) {
        const bytes = whole.slice(0, 1 + random(whole.length));
        for (let i = random(6); i > 0; i--) bytes[random(bytes.length)] = random(256);
        try {
          assert.ok(unpack(bytes, 4096).length <= 4096);
        } catch (error) {
          assert.match((error as Error).message, /^damaged (LZO|Snappy|zlib) data$/);
        }
      }
  });
});
