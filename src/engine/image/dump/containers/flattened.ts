/**
 * makedumpfile's flattened form: the blocks of a file in the order in which they were written to a pipe, each behind the
 * offset that it belongs to. Read as if it had been put together.
 *
 *     header of 4096 bytes, big-endian: "makedumpfile", type, version
 *     { offset: s64, size: s64, size bytes } ... until offset -1
 *
 * Source: makedumpfile makedumpfile.h (struct makedumpfile_header, makedumpfile_data_header).
 */
import { viewOf, type RandomAccess } from '../../core/randomAccess.js';
import { ImageError } from '../../kernelImage.js';

const HEADER_BYTES = 4096;
const BLOCK_HEADER_BYTES = 16;
/** A file that rewrites more of itself was made by nobody's tool. */
const MAX_REWRITTEN = 4096;

interface Block {
  /** Where it belongs. */
  readonly start: number;
  readonly sizeBytes: number;
  /** Where it lies in the flattened file. */
  readonly offset: number;
}

export const isFlattened = (start: Uint8Array): boolean =>
  String.fromCharCode(...start.subarray(0, 12)) === 'makedumpfile';

/** A flattened file as if it had been put together. */
interface Unflattened extends RandomAccess {
  /** The mark at its end is missing: more was written than there is. */
  readonly isCutOff: boolean;
}

/** @throws ImageError */
export function openFlattened(file: RandomAccess): Unflattened {
  const { blocks, isCutOff } = readBlocks(file);
  const { plain, rewritten } = layers(blocks);
  const size = blocks.reduce((end, block) => Math.max(end, block.start + block.sizeBytes), 0);
  return {
    size,
    isCutOff,
    read: (offset, length) => {
      const asked = Math.max(0, Math.min(length, size - offset));
      const out = new Uint8Array(asked);
      // What no block has is a hole of a sparse file: zeros.
      const end = offset + asked;
      for (let i = firstEndingAbove(plain, offset); i < plain.length; i++) {
        const block = plain[i] as Block;
        if (block.start >= end) break;
        copy(file, block, offset, out);
      }
      for (const block of rewritten) copy(file, block, offset, out);
      return out;
    },
  };
}

function readBlocks(file: RandomAccess): { blocks: Block[]; isCutOff: boolean } {
  const blocks: Block[] = [];
  let isCutOff = true;
  let at = HEADER_BYTES;
  for (;;) {
    const header = file.read(at, BLOCK_HEADER_BYTES);
    // Cut off: what came before is there all the same.
    if (header.length < BLOCK_HEADER_BYTES) break;
    const view = viewOf(header);
    const start = view.getBigInt64(0);
    const size = view.getBigInt64(8);
    if (start === -1n) {
      isCutOff = false;
      break;
    }
    const left = file.size - at - BLOCK_HEADER_BYTES;
    if (start < 0n || size <= 0n || start >= 1n << 52n)
      throw new ImageError(
        `The flattened dump is damaged: at byte ${at} a block claims offset ${start} and size ${size}.`,
      );
    const sizeBytes = Math.min(Number(size), left);
    blocks.push({ start: Number(start), sizeBytes, offset: at + BLOCK_HEADER_BYTES });
    if (Number(size) > left) break;
    at += BLOCK_HEADER_BYTES + sizeBytes;
  }
  if (blocks.length === 0)
    throw new ImageError('The flattened dump is empty: it ends behind its header.');
  return { blocks, isCutOff };
}

/** Blocks in order that do not overlap, and those that were written over others later, in that order. */
function layers(blocks: readonly Block[]): { plain: Block[]; rewritten: Block[] } {
  const order = blocks.map((_, index) => index);
  order.sort((a, b) => (blocks[a] as Block).start - (blocks[b] as Block).start || a - b);
  const plain: Block[] = [];
  const rewritten: number[] = [];
  /** Of the last plain block. */
  let last = -1;
  for (const index of order) {
    const block = blocks[index] as Block;
    const before = plain.at(-1);
    if (before === undefined || before.start + before.sizeBytes <= block.start) {
      plain.push(block);
      last = index;
    } else if (index > last) {
      rewritten.push(index);
    } else {
      // The one further left in memory came later: it is the one that lies on top.
      rewritten.push(last);
      plain[plain.length - 1] = block;
      last = index;
    }
    if (rewritten.length > MAX_REWRITTEN)
      throw new ImageError('The flattened dump is damaged: its blocks overlap.');
  }
  return { plain, rewritten: rewritten.sort((a, b) => a - b).map((i) => blocks[i] as Block) };
}

function firstEndingAbove(blocks: readonly Block[], offset: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const block = blocks[middle] as Block;
    if (block.start + block.sizeBytes > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

function copy(file: RandomAccess, block: Block, offset: number, out: Uint8Array): void {
  const from = Math.max(offset, block.start);
  const to = Math.min(offset + out.length, block.start + block.sizeBytes);
  if (from < to) out.set(file.read(block.offset + from - block.start, to - from), from - offset);
}
