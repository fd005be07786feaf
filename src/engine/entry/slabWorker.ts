/**
 * When the worker runs that frees destroyed SLAB_TYPESAFE_BY_RCU caches: of mm/slub.c on one CPU, where a call gives way although
 * nothing was to wait for it. Callers of kmem_cache_create() and kmem_cache_destroy() tell of both.
 *
 *     kmem_cache_destroy, RCU       schedule_work(): the worker is runnable, and nobody gives way
 *     kmem_cache_destroy, others    under slab_mutex, __dentry_kill() of the look-up in debugfs calls cond_resched():
 *         the first                 the worker runs, needs slab_mutex, and sleeps
 *         the second                it runs again, finds slab_mutex taken once more, and asks to be handed it
 *     whoever needs slab_mutex next sleeps, and the worker does all of its work before
 *
 * On SMP rcu_barrier() waits for a grace period, and mm/slab.c looks nothing up in debugfs: there the work is done when somebody
 * gives way. The register: 0: nothing to do, 1: scheduled, 2 and more: how often it found slab_mutex taken, plus 1.
 *
 * Source: Linux 6.1 fs/dcache.c: __dentry_kill(); kernel/locking/mutex.c: __mutex_lock_common(), MUTEX_FLAG_HANDOFF;
 * mm/slab_common.c: shutdown_cache(), slab_caches_to_rcu_destroy_workfn().
 */
import { slab_caches_to_rcu_destroy_workfn } from '../kernel/mm/slab_common/slab_common.js';
import type { KmemCache } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';

/** How often the worker finds slab_mutex taken before it is handed over. */
const MISSES_TO_HANDOFF = 2;

/** Before a call that takes slab_mutex. */
export function takesSlabMutex(k: Kernel): void {
  const state = k.machine.register('slab_worker');
  if (k.read_int(state) - 1 < MISSES_TO_HANDOFF) return;
  k.write(state, 0);
  slab_caches_to_rcu_destroy_workfn(k);
}

export const isRcuCache = (k: Kernel, s: KmemCache): boolean =>
  (k.read_int(s + k.kmem_cache.flags) & k.SLAB_TYPESAFE_BY_RCU) !== 0;

/** A cache was destroyed. */
export function slabCacheDestroyed(k: Kernel, isRcu: boolean): void {
  if (k.smp || k.profile.types.struct('kmem_cache_cpu') === undefined) return;
  const state = k.machine.register('slab_worker');
  if (isRcu) k.write(state, Math.max(1, k.read_int(state)));
  else if (k.read_int(state) > 0) k.write(state, k.read_int(state) + 1);
}
