/**
 * Who can give memory back when it is short: a shrinker's functions tell how many objects could go, and let some go.
 *
 *     shrinker_list <─> shrinker: count_objects, scan_objects, batch, seeks, flags
 *                                 nr_deferred ─> what was to be scanned, and was not
 *
 * Differs: the list of a machine that was not booted here is made when the first is registered; so is shrinker_rwsem.
 * Left out: control groups and more than one node (no build has them), debugfs (CONFIG_SHRINKER_DEBUG, which would keep the name).
 * Source: Linux 6.1 mm/vmscan.c: __prealloc_shrinker() to synchronize_shrinkers(); include/linux/shrinker.h.
 */
import type { Int, RwSemaphore, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD, list_add_tail, list_del } from '../../include/linux/list.h.js';
import { __init_rwsem, down_write, up_write } from '../../kernel/locking/rwsem/rwsem.js';
import { kfree, kzalloc } from '../slab_common/kmalloc.js';
import type { Shrinker } from './shrink_slab.js';

const SHRINKER_REGISTERED = 1 << 0;
const SHRINKER_MEMCG_AWARE = 1 << 2;

const flagsAt = (k: Kernel, shrinker: Shrinker): Cell => k.plus(shrinker, k.shrinker.flags);
const nrDeferredAt = (k: Kernel, shrinker: Shrinker): Cell =>
  k.plus(shrinker, k.shrinker.nr_deferred);

/** LIST_HEAD(shrinker_list), DECLARE_RWSEM(shrinker_rwsem) */
function initShrinkers(k: Kernel): void {
  const sem: RwSemaphore = k.globals.shrinker_rwsem;
  if (k.read_va(k.globals.shrinker_list) === 0) INIT_LIST_HEAD(k, k.globals.shrinker_list);
  if (k.read_va(k.plus(sem, k.rw_semaphore.wait_list)) === 0) __init_rwsem(k, sem);
}

/** Room for what is deferred. 0 or -ENOMEM. */
export function prealloc_shrinker(k: Kernel, shrinker: Shrinker): Int {
  const flags: UInt = k.read_int(flagsAt(k, shrinker));
  // prealloc_memcg_shrinker(): there are no control groups.
  if ((flags & SHRINKER_MEMCG_AWARE) !== 0)
    k.write(flagsAt(k, shrinker), flags & ~SHRINKER_MEMCG_AWARE);
  const nr_deferred: VirtAddr = kzalloc(k, k.ptr_words * 4, k.GFP_KERNEL);
  k.write_va(nrDeferredAt(k, shrinker), nr_deferred);
  return nr_deferred === 0 ? -ENOMEM : 0;
}

export function free_prealloced_shrinker(k: Kernel, shrinker: Shrinker): void {
  kfree(k, k.read_va(nrDeferredAt(k, shrinker)));
  k.write_va(nrDeferredAt(k, shrinker), asVirt(0));
}

/** It is asked from here on. */
export function register_shrinker_prepared(k: Kernel, shrinker: Shrinker): void {
  initShrinkers(k);
  down_write(k, k.globals.shrinker_rwsem);
  list_add_tail(k, k.plus(shrinker, k.shrinker.list), k.globals.shrinker_list);
  k.write(flagsAt(k, shrinker), k.read_int(flagsAt(k, shrinker)) | SHRINKER_REGISTERED);
  up_write(k, k.globals.shrinker_rwsem);
}

/** 0 or -ENOMEM. */
export function register_shrinker(k: Kernel, shrinker: Shrinker): Int {
  const err: Int = prealloc_shrinker(k, shrinker);
  if (err !== 0) return err;
  register_shrinker_prepared(k, shrinker);
  return 0;
}

/** It is not asked any more; nothing happens to one that was not registered. */
export function unregister_shrinker(k: Kernel, shrinker: Shrinker): void {
  const flags: UInt = k.read_int(flagsAt(k, shrinker));
  if ((flags & SHRINKER_REGISTERED) === 0) return;
  down_write(k, k.globals.shrinker_rwsem);
  list_del(k, k.plus(shrinker, k.shrinker.list));
  k.write(flagsAt(k, shrinker), flags & ~SHRINKER_REGISTERED);
  up_write(k, k.globals.shrinker_rwsem);
  free_prealloced_shrinker(k, shrinker);
}

/** Waits until nobody asks one. */
export function synchronize_shrinkers(k: Kernel): void {
  initShrinkers(k);
  down_write(k, k.globals.shrinker_rwsem);
  up_write(k, k.globals.shrinker_rwsem);
}
