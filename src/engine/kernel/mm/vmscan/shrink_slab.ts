/**
 * Asking the shrinkers: each scans a part of what it could free, which is smaller the less short memory is.
 *
 *     delta       = (freeable >> priority) * 4 / seeks       seeks 0: half of what is freeable
 *     total_scan  = (nr_deferred >> priority) + delta        at most twice what is freeable
 *     scan_objects(batch) again and again, while a batch is left or all that is freeable may go; what is left is deferred
 *
 * Differs: the kernel's own shrinkers, whose functions do not run here, are passed over; what count_objects() writes into its
 * shrink_control is not there when scan_objects() is called. Counts are exact within 2^53.
 * Left out: control groups, nodes.
 * Source: Linux 6.1 mm/vmscan.c: do_shrink_slab(), shrink_slab(), drop_slab(); include/linux/shrinker.h.
 */
import {
  type Gfp,
  type Int,
  type Long,
  NULL,
  type Pointer,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { count_objects, scan_objects, type ShrinkControl } from '../../../machine/ownShrinkers.js';
import type { Cell } from '../../../memory/address.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import {
  down_read_trylock,
  rwsem_is_contended,
  up_read,
} from '../../kernel/locking/rwsem/rwsem.js';

export type Shrinker = Pointer<'struct shrinker'>;

const SHRINK_BATCH = 128;
/** ~0UL: scan_objects() can do nothing now. */
const SHRINK_STOP = -1;
/** ~0UL - 1: count_objects() has nothing. */
const SHRINK_EMPTY = -2;

/** Whether the machine has ever had one. */
const hasShrinkers = (k: Kernel): boolean =>
  k.globals.shrinker_list !== NULL &&
  k.read_va(k.plus(k.globals.shrinker_rwsem, k.rw_semaphore.wait_list)) !== 0;

/** &shrinker->nr_deferred[0] */
const nrDeferred = (k: Kernel, shrinker: Shrinker): Cell =>
  k.cell_at(k.read_va(k.plus(shrinker, k.shrinker.nr_deferred)));

/** How many objects were freed, or SHRINK_EMPTY. */
function do_shrink_slab(
  k: Kernel,
  shrinkctl: ShrinkControl,
  shrinker: Shrinker,
  priority: Int,
): Long {
  const batch: Long = k.read_long(k.plus(shrinker, k.shrinker.batch));
  const batch_size: Long = batch !== 0 ? batch : SHRINK_BATCH;
  const freeable: Long = count_objects(k, shrinker, shrinkctl);
  if (freeable === 0 || freeable === SHRINK_EMPTY) return freeable;

  // xchg_nr_deferred(): what was left is this call's to do.
  const nr: Long = k.read_long(nrDeferred(k, shrinker));
  k.write_long(nrDeferred(k, shrinker), 0);

  const seeks: Int = k.read_int(k.plus(shrinker, k.shrinker.seeks));
  // Objects that cost nothing to be had again go quickly.
  let delta: Long = Math.floor(freeable / 2);
  if (seeks !== 0) delta = Math.floor((Math.floor(freeable / 2 ** priority) * 4) / seeks);

  let total_scan: Long = Math.floor(nr / 2 ** priority) + delta;
  total_scan = Math.min(total_scan, 2 * freeable);

  let freed: ULong = 0;
  let scanned: Long = 0;
  let rounds = 0;
  // Less than a batch is not worth a call, unless memory is so short that all must go.
  while (total_scan >= batch_size || total_scan >= freeable) {
    k.watchdog(++rounds << 10);
    const nr_to_scan: ULong = Math.min(batch_size, total_scan);
    shrinkctl.nr_to_scan = nr_to_scan;
    shrinkctl.nr_scanned = nr_to_scan;
    const ret: Long = scan_objects(k, shrinker, shrinkctl);
    if (ret === SHRINK_STOP) break;
    freed += ret;

    __count_vm_events(k, k.SLABS_SCANNED, shrinkctl.nr_scanned);
    total_scan -= shrinkctl.nr_scanned;
    scanned += shrinkctl.nr_scanned;
  }

  // What was not done is left for the next time, within bounds.
  let next_deferred: Long = Math.max(nr + delta - scanned, 0);
  next_deferred = Math.min(next_deferred, 2 * freeable);
  // add_nr_deferred():
  k.add_long(nrDeferred(k, shrinker), next_deferred);
  return freed;
}

/** Asks every shrinker. How many objects they have freed. @param priority 12: hardly short; 0: all that can go */
export function shrink_slab(k: Kernel, gfp_mask: Gfp, nid: Int, priority: Int): ULong {
  let freed: ULong = 0;
  if (!hasShrinkers(k)) return 0;
  if (!down_read_trylock(k, k.globals.shrinker_rwsem)) return 0;
  let rounds = 0;
  for (
    let shrinker: Shrinker = list_first_entry(k, k.globals.shrinker_list, k.shrinker.list);
    !list_entry_is_head(k, shrinker, k.globals.shrinker_list, k.shrinker.list);
    shrinker = list_next_entry(k, shrinker, k.shrinker.list)
  ) {
    k.watchdog(++rounds);
    const sc: ShrinkControl = { gfp_mask, nid, nr_to_scan: 0, nr_scanned: 0 };
    let ret: Long = do_shrink_slab(k, sc, shrinker, priority);
    if (ret === SHRINK_EMPTY) ret = 0;
    freed += ret;
    // Somebody wants to register another one, and has waited long enough.
    if (rwsem_is_contended(k, k.globals.shrinker_rwsem)) {
      if (freed === 0) freed = 1;
      break;
    }
  }
  up_read(k, k.globals.shrinker_rwsem);
  return freed;
}

/** Lets all go that shrinkers would give, and again as long as that frees more than a little. */
export function drop_slab(k: Kernel): void {
  let freed: ULong;
  let shift: Int = 0;
  do {
    k.watchdog(shift << 10);
    freed = shrink_slab(k, k.GFP_KERNEL, 0, 0);
  } while (Math.floor(freed / 2 ** shift++) > 1);
}
