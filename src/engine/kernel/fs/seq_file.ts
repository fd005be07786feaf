/**
 * Files whose contents are made as they are read, record by record: a buffer, and four functions of whoever made the file.
 *
 *     start(&index) -> record, show(record) prints to buf, next(record, &index) -> record, ..., stop()
 *     buf   | from: what was not read yet ... count | free |      too small: twice the size, and the record once more
 *
 * A call of these functions may be one of a scenario's. single_open() has a file of one record.
 *
 * Left out: lock (one task runs at a time), formats (the caller has the text), seq_pad, seq_path.
 * Source: Linux 6.1 fs/seq_file.c; include/linux/seq_file.h: seq_has_overflowed().
 */
import {
  type File,
  type Int,
  type Long,
  NULL,
  type Pointer,
  type ULong,
  type Out,
} from '../../machine/ctypes.js';
import { KernelFault } from '../../machine/events.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { IS_ERR, PTR_ERR } from '../include/linux/err.h.js';
import { EAGAIN, EFAULT, EINVAL, ENOMEM } from '../include/linux/errno.h.js';
import { INIT_LIST_HEAD } from '../include/linux/list.h.js';
import { pr_info } from '../include/linux/printk.h.js';
import { kmem_cache_free, kmem_cache_zalloc } from '../include/linux/slab.h.js';
import { functionNamed } from '../kernel/rcu/tiny.js';
import { writeByte } from '../lib/string.js';
import { kfree, kmalloc, kzalloc } from '../mm/slab_common/kmalloc.js';
import { kvmalloc_node } from '../mm/util.js';
import { kvfree } from '../mm/vmalloc/vfree.js';
import { readLoff, writeLoff } from './file_table/knownOperations.js';

export type SeqFile = Pointer<'struct seq_file'>;

/** copy_to_iter(): takes bytes at an address; how many of them it could. */
export type CopyToIter = (from: VirtAddr, n: ULong) => ULong;

const FMODE_PWRITE = 16;
const SEEK_SET = 0;
const SEEK_CUR = 1;
const MAX_RW_COUNT = 0x7fff_f000;

const memberAt = (k: Kernel, m: SeqFile, words: number): Cell => k.plus(m, words);
const countOf = (k: Kernel, m: SeqFile): ULong => k.read_ulong(memberAt(k, m, k.seq_file.count));
const sizeOf = (k: Kernel, m: SeqFile): ULong => k.read_ulong(memberAt(k, m, k.seq_file.size));
const fromOf = (k: Kernel, m: SeqFile): ULong => k.read_ulong(memberAt(k, m, k.seq_file.from));
const bufOf = (k: Kernel, m: SeqFile): VirtAddr => k.read_va(memberAt(k, m, k.seq_file.buf));
const setCount = (k: Kernel, m: SeqFile, count: ULong): void =>
  k.write_long(memberAt(k, m, k.seq_file.count), count);
const setFrom = (k: Kernel, m: SeqFile, from: ULong): void =>
  k.write_long(memberAt(k, m, k.seq_file.from), from);
const indexAt = (k: Kernel, m: SeqFile): Cell => memberAt(k, m, k.seq_file.index);
const readPosAt = (k: Kernel, m: SeqFile): Cell => memberAt(k, m, k.seq_file.read_pos);

/** The seq_file of an open file. */
export const seqFileOf = (k: Kernel, file: File): SeqFile =>
  k.read_ptr(k.plus(file, k.file.private_data));

// --- the functions of a file ---------------------------------------------------------------------------------------------

const callOut = (k: Kernel, func: VirtAddr, args: readonly number[]): number => {
  const ret = func === 0 ? undefined : k.callOut?.(func, args);
  if (ret !== undefined) return ret;
  throw new KernelFault(`unable to handle page fault for address: ${k.hex(func)}`);
};

const operationOf = (k: Kernel, m: SeqFile, member: number): VirtAddr =>
  k.read_va(k.plus(k.read_ptr(memberAt(k, m, k.seq_file.op)), member));

/** m->op->start(m, &m->index) */
function callStart(k: Kernel, m: SeqFile): VirtAddr {
  const func: VirtAddr = operationOf(k, m, k.seq_operations.start);
  // single_start(): its one record, at the beginning alone.
  if (func === functionNamed(k, 'single_start'))
    return asVirt(readLoff(k, indexAt(k, m)) === 0 ? 1 : 0);
  return asVirt(callOut(k, func, [k.va_of(m), k.va_of(indexAt(k, m))]));
}

/** m->op->next(m, p, &m->index) */
function callNext(k: Kernel, m: SeqFile, p: VirtAddr): VirtAddr {
  const func: VirtAddr = operationOf(k, m, k.seq_operations.next);
  if (func === functionNamed(k, 'single_next')) {
    writeLoff(k, indexAt(k, m), readLoff(k, indexAt(k, m)) + 1);
    return asVirt(0);
  }
  return asVirt(callOut(k, func, [k.va_of(m), p, k.va_of(indexAt(k, m))]));
}

function callStop(k: Kernel, m: SeqFile, p: VirtAddr): void {
  const func: VirtAddr = operationOf(k, m, k.seq_operations.stop);
  if (func !== functionNamed(k, 'single_stop')) callOut(k, func, [k.va_of(m), p]);
}

function callShow(k: Kernel, m: SeqFile, p: VirtAddr): Int {
  return callOut(k, operationOf(k, m, k.seq_operations.show), [k.va_of(m), p]);
}

// --- printing ------------------------------------------------------------------------------------------------------------

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

// --- opening -------------------------------------------------------------------------------------------------------------

function seq_buf_alloc(k: Kernel, size: ULong): VirtAddr {
  if (size > MAX_RW_COUNT) return asVirt(0);
  return kvmalloc_node(k, size, k.GFP_KERNEL | k.__GFP_ACCOUNT, asVirt(0));
}

/** A buffer of a size, if there is none. False: no memory. */
const hasBuffer = (k: Kernel, m: SeqFile): boolean => {
  if (bufOf(k, m) !== 0) return true;
  k.write_long(memberAt(k, m, k.seq_file.size), PAGE_SIZE);
  k.write_va(memberAt(k, m, k.seq_file.buf), seq_buf_alloc(k, PAGE_SIZE));
  return bufOf(k, m) !== 0;
};

/** Twice the size; what is in the buffer is lost. */
const enlargeBuffer = (k: Kernel, m: SeqFile): boolean => {
  kvfree(k, bufOf(k, m));
  setCount(k, m, 0);
  k.write_long(memberAt(k, m, k.seq_file.size), sizeOf(k, m) * 2);
  k.write_va(memberAt(k, m, k.seq_file.buf), seq_buf_alloc(k, sizeOf(k, m)));
  return bufOf(k, m) !== 0;
};

/** The cache of these; a machine that was booted here may not have made it. */
const cacheOf = (k: Kernel): Cell => {
  const at = k.globals.seq_file_cache;
  return at === NULL ? NULL : k.read_ptr(at);
};

/** 0 or an errno. */
export function seq_open(k: Kernel, file: File, op: VirtAddr): Int {
  const cache = cacheOf(k);
  const object: VirtAddr =
    cache === NULL
      ? kzalloc(k, k.sizeof.seq_file, k.GFP_KERNEL)
      : kmem_cache_zalloc(k, cache, k.GFP_KERNEL);
  if (object === 0) return -ENOMEM;
  const p: SeqFile = k.cell_at(object);
  k.write_ptr(k.plus(file, k.file.private_data), p);
  INIT_LIST_HEAD(k, k.plus(p, k.seq_file.lock + k.mutex.wait_list));
  k.write_va(memberAt(k, p, k.seq_file.op), op);
  k.write_ptr(memberAt(k, p, k.seq_file.file), file);
  const f_mode = k.plus(file, k.file.f_mode);
  k.write(f_mode, k.read_int(f_mode) & ~FMODE_PWRITE);
  return 0;
}

export function seq_release(k: Kernel, file: File): Int {
  const m: SeqFile = seqFileOf(k, file);
  const cache = cacheOf(k);
  kvfree(k, bufOf(k, m));
  if (cache === NULL) kfree(k, k.va_of(m));
  else kmem_cache_free(k, cache, k.va_of(m));
  return 0;
}

/** A file that `show` prints all of. 0 or an errno. */
export function single_open(k: Kernel, file: File, show: VirtAddr, data: VirtAddr): Int {
  const object: VirtAddr = kmalloc(k, k.sizeof.seq_operations, k.GFP_KERNEL | k.__GFP_ACCOUNT);
  if (object === 0) return -ENOMEM;
  const op: Cell = k.cell_at(object);
  k.write_va(k.plus(op, k.seq_operations.start), functionNamed(k, 'single_start'));
  k.write_va(k.plus(op, k.seq_operations.next), functionNamed(k, 'single_next'));
  k.write_va(k.plus(op, k.seq_operations.stop), functionNamed(k, 'single_stop'));
  k.write_va(k.plus(op, k.seq_operations.show), show);
  const res: Int = seq_open(k, file, object);
  if (res !== 0) kfree(k, object);
  else k.write_va(memberAt(k, seqFileOf(k, file), k.seq_file.private), data);
  return res;
}

export function single_release(k: Kernel, file: File): Int {
  const op: VirtAddr = k.read_va(memberAt(k, seqFileOf(k, file), k.seq_file.op));
  const res: Int = seq_release(k, file);
  kfree(k, op);
  return res;
}

/** seq_open(), and memory of the file's own in `private`; 0 without memory. */
export function __seq_open_private(k: Kernel, f: File, ops: VirtAddr, psize: Int): VirtAddr {
  const private_: VirtAddr = kzalloc(k, psize, k.GFP_KERNEL | k.__GFP_ACCOUNT);
  if (private_ === 0) return asVirt(0);
  if (seq_open(k, f, ops) < 0) {
    kfree(k, private_);
    return asVirt(0);
  }
  k.write_va(memberAt(k, seqFileOf(k, f), k.seq_file.private), private_);
  return private_;
}

export function seq_release_private(k: Kernel, file: File): Int {
  const at = memberAt(k, seqFileOf(k, file), k.seq_file.private);
  kfree(k, k.read_va(at));
  k.write_va(at, asVirt(0));
  return seq_release(k, file);
}

// --- reading -------------------------------------------------------------------------------------------------------------

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
