/**
 * Writes kdump-compressed files, version 6, of whatever frames a test or a script says: as makedumpfile would, with the
 * pages packed by whatever packs them.
 */
import { deflateSync } from 'node:zlib';

export interface KdumpSpec {
  readonly frames: ReadonlyMap<number, Uint8Array>;
  readonly nrFrames: number;
  readonly vmcoreinfo: string;
  readonly physBase?: number;
  /** Of a split dump: the frames that this part has, half-open. */
  readonly part?: readonly [startPfn: number, endPfn: number];
  /** As makedumpfile marks what it could not write to the end. */
  readonly isIncomplete?: boolean;
  /** Of a page: what it becomes, and the flag that says how. zlib when absent. */
  readonly pack?: (page: Uint8Array) => { readonly data: Uint8Array; readonly flags: number };
}

const BLOCK = 4096;
const ZLIB = 1;

export function writeKdump(spec: KdumpSpec): Uint8Array {
  const pack = spec.pack ?? ((page) => ({ data: deflateSync(page, { level: 9 }), flags: ZLIB }));
  const info = Buffer.from(spec.vmcoreinfo, 'latin1');
  const bitmapBlocks = Math.ceil(spec.nrFrames / 8 / BLOCK);
  const [startPfn, endPfn] = spec.part ?? [0, spec.nrFrames];
  const all = [...spec.frames].sort(([a], [b]) => a - b);
  const frames = all.filter(([frame]) => frame >= startPfn && frame < endPfn);
  const infoAt = BLOCK + 104;
  const subBlocks = Math.ceil((104 + info.length) / BLOCK);
  const bitmapAt = (1 + subBlocks) * BLOCK;
  const descriptorsAt = bitmapAt + 2 * bitmapBlocks * BLOCK;
  const head = Buffer.alloc(descriptorsAt + frames.length * 24);

  head.write('KDUMP   ', 0, 'latin1');
  head.writeUInt32LE(6, 8);
  head.writeUInt32LE(spec.isIncomplete === true ? 8 : 0, 0x1a8);
  head.writeUInt32LE(BLOCK, 0x1ac);
  head.writeUInt32LE(subBlocks, 0x1b0);
  head.writeUInt32LE(2 * bitmapBlocks, 0x1b4);
  head.writeUInt32LE(spec.nrFrames, 0x1b8);
  head.writeBigInt64LE(BigInt(spec.physBase ?? 0), BLOCK);
  if (spec.part !== undefined) {
    head.writeUInt32LE(1, BLOCK + 12);
    head.writeBigUInt64LE(BigInt(startPfn), BLOCK + 80);
    head.writeBigUInt64LE(BigInt(endPfn), BLOCK + 88);
  }
  head.writeBigUInt64LE(BigInt(infoAt), BLOCK + 32);
  head.writeBigUInt64LE(BigInt(info.length), BLOCK + 40);
  head.writeBigUInt64LE(BigInt(spec.nrFrames), BLOCK + 96);
  info.copy(head, infoAt);

  const pages: Uint8Array[] = [];
  let offset = head.length;
  // The bitmaps are those of the whole dump.
  for (const [frame] of all)
    for (const bitmap of [0, 1]) {
      const at = bitmapAt + bitmap * bitmapBlocks * BLOCK + (frame >> 3);
      head[at] = (head[at] ?? 0) | (1 << (frame & 7));
    }
  frames.forEach(([, page], i) => {
    const { data, flags } = pack(page);
    const at = descriptorsAt + i * 24;
    head.writeBigUInt64LE(BigInt(offset), at);
    head.writeUInt32LE(data.length, at + 8);
    head.writeUInt32LE(flags, at + 12);
    pages.push(data);
    offset += data.length;
  });
  return Buffer.concat([head, ...pages]);
}

/** The same file as makedumpfile writes it to a pipe. */
export function flatten(file: Uint8Array, blockBytes = 5000): Uint8Array {
  const header = Buffer.alloc(4096);
  header.write('makedumpfile', 0, 'latin1');
  header.writeBigInt64BE(1n, 16);
  header.writeBigInt64BE(1n, 24);
  const parts: Uint8Array[] = [header];
  const record = (start: number, bytes: Uint8Array): void => {
    const head = Buffer.alloc(16);
    head.writeBigInt64BE(BigInt(start), 0);
    head.writeBigInt64BE(BigInt(bytes.length), 8);
    parts.push(head, bytes);
  };
  // Out of order, and the first block written twice: as tools do that fill in the header at the end.
  record(0, new Uint8Array(Math.min(64, file.length)));
  const starts = [];
  for (let at = 0; at < file.length; at += blockBytes) starts.push(at);
  for (const at of [
    ...starts.filter((_, i) => i % 2 === 1),
    ...starts.filter((_, i) => i % 2 === 0),
  ])
    record(at, file.subarray(at, at + blockBytes));
  const end = Buffer.alloc(16);
  end.writeBigInt64BE(-1n, 0);
  end.writeBigInt64BE(-1n, 8);
  return Buffer.concat([...parts, end]);
}
