/**
 * Files whose contents are made as they are read, record by record: a buffer, and four functions of whoever made the file.
 *
 *     start(&index) -> record, show(record) prints to buf, next(record, &index) -> record, ..., stop()
 *     a buffer that is too small: twice the size, and the record once more
 *
 * Left out everywhere: lock (one task runs at a time), formats (the caller has the text), seq_pad, seq_path.
 * Source: Linux 6.1 fs/seq_file.c: traverse(), seq_read_iter(), seq_lseek().
 */
import type { File, Int, Long, Out, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { EAGAIN, EFAULT, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { pr_info } from '../../include/linux/printk.h.js';
import { readLoff, writeLoff } from '../file_table/knownOperations.js';
import {
  bufOf,
  countOf,
  enlargeBuffer,
  fromOf,
  hasBuffer,
  indexAt,
  readPosAt,
  seq_has_overflowed,
  type SeqFile,
  seqFileOf,
  setCount,
  setFrom,
} from './buffer.js';
import { callNext, callShow, callStart, callStop } from './operations.js';

/** copy_to_iter(): takes bytes at an address; how many of them it could. */
export type CopyToIter = (from: VirtAddr, n: ULong) => ULong;

const SEEK_SET = 0;
const SEEK_CUR = 1;

/** Goes to a place from the beginning on, record by record. -EAGAIN: the buffer was too small, once more. */
function traverse(k: Kernel, m: SeqFile, offset: Long): Int {
  let pos: Long = 0;
  let error: Int = 0;
  writeLoff(k, indexAt(k, m), 0);
  setCount(k, m, 0);
  setFrom(k, m, 0);
  if (offset === 0) return 0;
  if (!hasBuffer(k, m)) return -ENOMEM;
  let p: VirtAddr = callStart(k, m);
  for (let rounds = 0; p !== 0;) {
    k.watchdog(++rounds);
    if (IS_ERR(p)) {
      error = PTR_ERR(p);
      break;
    }
    error = callShow(k, m, p);
    if (error < 0) break;
    // Not to be shown.
    if (error > 0) {
      error = 0;
      setCount(k, m, 0);
    }
    if (seq_has_overflowed(k, m)) {
      callStop(k, m, p);
      return enlargeBuffer(k, m) ? -EAGAIN : -ENOMEM;
    }
    p = callNext(k, m, p);
    if (pos + countOf(k, m) > offset) {
      setFrom(k, m, offset - pos);
      setCount(k, m, countOf(k, m) - (offset - pos));
      break;
    }
    pos += countOf(k, m);
    setCount(k, m, 0);
    if (pos === offset) break;
  }
  callStop(k, m, p);
  return error;
}

/** A first record that is not empty, in the buffer: where it is. 0: there is none; negative: an error. */
function firstRecord(k: Kernel, m: SeqFile): VirtAddr {
  let p: VirtAddr = callStart(k, m);
  for (let rounds = 0; ;) {
    k.watchdog(++rounds);
    if (p === 0 || IS_ERR(p)) break;
    const err: Int = callShow(k, m, p);
    if (err < 0) {
      callStop(k, m, p);
      setCount(k, m, 0);
      return asVirt(err);
    }
    if (err > 0) setCount(k, m, 0);
    if (countOf(k, m) === 0) {
      p = callNext(k, m, p);
      continue;
    }
    if (!seq_has_overflowed(k, m)) return p;
    callStop(k, m, p);
    if (!enlargeBuffer(k, m)) return asVirt(-ENOMEM);
    p = callStart(k, m);
  }
  callStop(k, m, p);
  setCount(k, m, 0);
  return p;
}

/** More records, as long as they fit and are wanted. */
function fillBuffer(k: Kernel, m: SeqFile, first: VirtAddr, wanted: ULong): void {
  let p: VirtAddr = first;
  for (let rounds = 0; ;) {
    k.watchdog(++rounds);
    const offs: ULong = countOf(k, m);
    const pos: Long = readLoff(k, indexAt(k, m));
    p = callNext(k, m, p);
    if (pos === readLoff(k, indexAt(k, m))) {
      pr_info(k, `buggy .next function did not update position index`);
      writeLoff(k, indexAt(k, m), pos + 1);
    }
    if (p === 0 || IS_ERR(p) || countOf(k, m) >= wanted) break;
    const err: Int = callShow(k, m, p);
    if (err > 0) setCount(k, m, offs);
    else if (err < 0 || seq_has_overflowed(k, m)) {
      setCount(k, m, offs);
      break;
    }
  }
  callStop(k, m, p);
}

/** Bytes from a position on: how many, or an errno. @param pos where to read, and where that has come to */
export function seq_read_iter(
  k: Kernel,
  file: File,
  size: ULong,
  pos: Out<Long>,
  copy_to_iter: CopyToIter,
): Long {
  const m: SeqFile = seqFileOf(k, file);
  let copied: Long = 0;
  let err: Int = 0;
  if (size === 0) return 0;
  if (pos.value === 0) {
    writeLoff(k, indexAt(k, m), 0);
    setCount(k, m, 0);
  }
  if (pos.value !== readLoff(k, readPosAt(k, m))) {
    do {
      err = traverse(k, m, pos.value);
    } while (err === -EAGAIN);
    writeLoff(k, readPosAt(k, m), err === 0 ? pos.value : 0);
    if (err !== 0) {
      writeLoff(k, indexAt(k, m), 0);
      setCount(k, m, 0);
      return err;
    }
  }
  if (!hasBuffer(k, m)) return -ENOMEM;
  // What the last call has left.
  if (countOf(k, m) > 0) {
    const n: ULong = copy_to_iter(
      asVirt(bufOf(k, m) + fromOf(k, m)),
      Math.min(countOf(k, m), size),
    );
    setCount(k, m, countOf(k, m) - n);
    setFrom(k, m, fromOf(k, m) + n);
    copied += n;
  }
  if (countOf(k, m) === 0) {
    setFrom(k, m, 0);
    const p: VirtAddr = firstRecord(k, m);
    if (IS_ERR(p)) err = PTR_ERR(p);
    if (p !== 0 && !IS_ERR(p)) {
      fillBuffer(k, m, p, size - copied);
      const n: ULong = copy_to_iter(bufOf(k, m), Math.min(countOf(k, m), size - copied));
      copied += n;
      setCount(k, m, countOf(k, m) - n);
      setFrom(k, m, n);
    }
  }
  // Done:
  if (copied === 0) return countOf(k, m) > 0 ? -EFAULT : err;
  pos.value += copied;
  writeLoff(k, readPosAt(k, m), readLoff(k, readPosAt(k, m)) + copied);
  return copied;
}

export function seq_lseek(k: Kernel, file: File, offset: Long, whence: Int): Long {
  const m: SeqFile = seqFileOf(k, file);
  const f_pos = k.plus(file, k.file.f_pos);
  if (whence === SEEK_CUR) offset += readLoff(k, f_pos);
  else if (whence !== SEEK_SET) return -EINVAL;
  if (offset < 0) return -EINVAL;
  if (offset !== readLoff(k, readPosAt(k, m))) {
    let error: Int;
    do {
      error = traverse(k, m, offset);
    } while (error === -EAGAIN);
    writeLoff(k, f_pos, error === 0 ? offset : 0);
    writeLoff(k, readPosAt(k, m), error === 0 ? offset : 0);
    if (error !== 0) {
      writeLoff(k, indexAt(k, m), 0);
      setCount(k, m, 0);
      return error;
    }
    return offset;
  }
  writeLoff(k, f_pos, offset);
  return offset;
}
