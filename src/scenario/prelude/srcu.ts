/** SRCU and counts of references, as far as their headers are C themselves. */
const SRCU = 'include/linux/srcu.h';

export const SRCU_MACROS = String.raw`
#define DEFINE_SRCU(name) struct srcu_struct name = {} // A domain of readers that may sleep; the rest of it is made when it is used first. ${SRCU}
#define DEFINE_STATIC_SRCU(name) static DEFINE_SRCU(name) // ${SRCU}
#define srcu_read_lock_held(ssp) 1 // Always so without lockdep. ${SRCU}
#define srcu_dereference(p, ssp) (p) // Reads a pointer that is protected by srcu_read_lock(). ${SRCU}
#define srcu_dereference_check(p, ssp, c) (p) // ${SRCU}
#define smp_mb__after_srcu_read_unlock() ((void)0) // ${SRCU}
#define percpu_ref_kill(ref) percpu_ref_kill_and_confirm((ref), NULL) // Drops the first reference: no percpu_ref_tryget_live() from here on. include/linux/percpu-refcount.h
#define percpu_ref_tryget(ref) percpu_ref_tryget_many((ref), 1) // Takes a reference, unless the last one is gone. include/linux/percpu-refcount.h
`;
