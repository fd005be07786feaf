/**
 * struct seq_file: made for an open file, and given back with it.
 *
 * Source: Linux 6.1 fs/seq_file.c: seq_open(), seq_release(), single_open(), single_release(), __seq_open_private(),
 * seq_release_private().
 */
import { type File, type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { kmem_cache_free, kmem_cache_zalloc } from '../../include/linux/slab.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { kfree, kmalloc, kzalloc } from '../../mm/slab_common/kmalloc.js';
import { kvfree } from '../../mm/vmalloc/vfree.js';
import { bufOf, memberAt, type SeqFile, seqFileOf } from './buffer.js';

const FMODE_PWRITE = 16;

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
