/**
 * When the worker runs that frees destroyed SLAB_TYPESAFE_BY_RCU caches: of mm/slub.c on one CPU, where an operation gives way
 * although nothing was to wait for it.
 *
 *     kmem_cache_destroy, RCU       schedule_work(): the worker is runnable, and nobody gives way
 *     kmem_cache_destroy, others    under slab_mutex, __dentry_kill() of the look-up in debugfs calls cond_resched():
 *         the first                 the worker runs, needs slab_mutex, and sleeps
 *         the second                it runs again, finds slab_mutex taken once more, and asks to be handed it
 *     whoever needs slab_mutex next sleeps, and the worker does all of its work before
 *
 * On SMP rcu_barrier() waits for a grace period, which none ends while clocks stand; mm/slab.c looks nothing up in debugfs.
 * Source: Linux 6.1 fs/dcache.c: __dentry_kill(); kernel/locking/mutex.c: __mutex_lock_common(), MUTEX_FLAG_HANDOFF;
 * mm/slab_common.c: shutdown_cache(), slab_caches_to_rcu_destroy_workfn().
 */
import { slab_caches_to_rcu_destroy_workfn } from '../../engine/entry/functions.js';
import type { Kernel } from '../../engine/machine/kernel.js';

/** How often the worker finds slab_mutex taken before it is handed over. */
const MISSES_TO_HANDOFF = 2;

export class SlabWorker {
  private scheduled = false;
  private misses = 0;

  constructor(private readonly mm: Kernel) {}

  /** An operation takes slab_mutex. */
  takesMutex(): void {
    if (this.misses < MISSES_TO_HANDOFF) return;
    this.scheduled = false;
    this.misses = 0;
    slab_caches_to_rcu_destroy_workfn(this.mm);
  }

  /** A cache was destroyed. */
  destroyed(isRcu: boolean): void {
    const { mm } = this;
    if (mm.smp || mm.profile.types.struct('kmem_cache_cpu') === undefined) return;
    if (isRcu) this.scheduled = true;
    else if (this.scheduled) this.misses++;
  }
}
