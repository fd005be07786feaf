/**
 * The buffer of a struct seq_file: what is in it, and how it grows.
 *
 *     buf   | from: what was not read yet ... count | free |
 *
 * Source: Linux 6.1 fs/seq_file.c: seq_buf_alloc(), seq_set_overflow(), seq_putc(), seq_write(); include/linux/seq_file.h:
 * seq_has_overflowed().
 */
import type { File, Int, Pointer, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { writeByte } from '../../lib/string.js';
import { kvmalloc_node } from '../../mm/util.js';
import { kvfree } from '../../mm/vmalloc/vfree.js';

export type SeqFile = Pointer<'struct seq_file'>;

const MAX_RW_COUNT = 0x7fff_f000;

export const memberAt = (k: Kernel, m: SeqFile, words: number): Cell => k.plus(m, words);
export const countOf = (k: Kernel, m: SeqFile): ULong =>
  k.read_ulong(memberAt(k, m, k.seq_file.count));
const sizeOf = (k: Kernel, m: SeqFile): ULong => k.read_ulong(memberAt(k, m, k.seq_file.size));
export const fromOf = (k: Kernel, m: SeqFile): ULong =>
  k.read_ulong(memberAt(k, m, k.seq_file.from));
export const bufOf = (k: Kernel, m: SeqFile): VirtAddr => k.read_va(memberAt(k, m, k.seq_file.buf));
export const setCount = (k: Kernel, m: SeqFile, count: ULong): void =>
  k.write_long(memberAt(k, m, k.seq_file.count), count);
export const setFrom = (k: Kernel, m: SeqFile, from: ULong): void =>
  k.write_long(memberAt(k, m, k.seq_file.from), from);
export const indexAt = (k: Kernel, m: SeqFile): Cell => memberAt(k, m, k.seq_file.index);
export const readPosAt = (k: Kernel, m: SeqFile): Cell => memberAt(k, m, k.seq_file.read_pos);

/** The seq_file of an open file. */
export const seqFileOf = (k: Kernel, file: File): SeqFile =>
  k.read_ptr(k.plus(file, k.file.private_data));

function seq_buf_alloc(k: Kernel, size: ULong): VirtAddr {
  if (size > MAX_RW_COUNT) return asVirt(0);
  return kvmalloc_node(k, size, k.GFP_KERNEL | k.__GFP_ACCOUNT, asVirt(0));
}

/** A buffer of a size, if there is none. False: no memory. */
export const hasBuffer = (k: Kernel, m: SeqFile): boolean => {
  if (bufOf(k, m) !== 0) return true;
  k.write_long(memberAt(k, m, k.seq_file.size), PAGE_SIZE);
  k.write_va(memberAt(k, m, k.seq_file.buf), seq_buf_alloc(k, PAGE_SIZE));
  return bufOf(k, m) !== 0;
};

/** Twice the size; what is in the buffer is lost. */
export const enlargeBuffer = (k: Kernel, m: SeqFile): boolean => {
  kvfree(k, bufOf(k, m));
  setCount(k, m, 0);
  k.write_long(memberAt(k, m, k.seq_file.size), sizeOf(k, m) * 2);
  k.write_va(memberAt(k, m, k.seq_file.buf), seq_buf_alloc(k, sizeOf(k, m)));
  return bufOf(k, m) !== 0;
};

// --- printing -----------------------------------------------------------------------------------------------------------

function seq_set_overflow(k: Kernel, m: SeqFile): void {
  setCount(k, m, sizeOf(k, m));
}

export function seq_has_overflowed(k: Kernel, m: SeqFile): boolean {
  return countOf(k, m) === sizeOf(k, m);
}

/** seq_vprintf(), of a text: bytes, one character each. What does not fit, its end included, overflows. */
export const seqPrint = (k: Kernel, m: SeqFile, text: string): void => {
  const room = sizeOf(k, m) - countOf(k, m);
  const at = asVirt(bufOf(k, m) + countOf(k, m));
  for (let i = 0; i < text.length && i < room; i++)
    writeByte(k, asVirt(at + i), i === room - 1 ? 0 : text.charCodeAt(i));
  if (text.length < room) setCount(k, m, countOf(k, m) + text.length);
  else seq_set_overflow(k, m);
};

export function seq_putc(k: Kernel, m: SeqFile, c: Int): void {
  if (countOf(k, m) >= sizeOf(k, m)) return;
  writeByte(k, asVirt(bufOf(k, m) + countOf(k, m)), c);
  setCount(k, m, countOf(k, m) + 1);
}

/** 0, or -1: it does not fit. @param data bytes */
export function seq_write(k: Kernel, m: SeqFile, data: readonly Int[]): Int {
  if (countOf(k, m) + data.length < sizeOf(k, m)) {
    for (let i = 0; i < data.length; i++)
      writeByte(k, asVirt(bufOf(k, m) + countOf(k, m) + i), data[i]!);
    setCount(k, m, countOf(k, m) + data.length);
    return 0;
  }
  seq_set_overflow(k, m);
  return -1;
}
