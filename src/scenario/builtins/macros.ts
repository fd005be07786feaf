/**
 * Macros of the kernel that lead to builtins: what a header makes of its functions for the sake of a type or a name. In the form of
 * the prelude, which has these, too: one macro a line, behind it what it does and the header that has it.
 */
const PER_CPU_HEADER = 'include/linux/percpu-defs.h';

/** this_cpu_add(), __this_cpu_add(), raw_cpu_add(): one task runs at a time, so all are the same. */
const thisCpu = (name: string, parameters: string, body: string, doc: string): string =>
  ['this_cpu_', '__this_cpu_', 'raw_cpu_']
    .map((prefix) => `#define ${prefix}${name}(${parameters}) ${body} // ${doc} ${PER_CPU_HEADER}`)
    .join('\n');

export const KERNEL_CALL_MACROS = `
#define ZERO_SIZE_PTR ((void *)16) // What kmalloc(0) returns. include/linux/slab.h
#define ZERO_OR_NULL_PTR(x) ((unsigned long)(x) <= (unsigned long)ZERO_SIZE_PTR) // Whether there is nothing behind a pointer of kmalloc(). include/linux/slab.h
#define KMEM_CACHE(__struct, __flags) kmem_cache_create(#__struct, sizeof(struct __struct), __alignof__(struct __struct), (__flags), NULL) // A cache for objects of a struct. include/linux/slab.h
#define KMALLOC_MAX_SIZE (1UL << KMALLOC_SHIFT_MAX) // The most that kmalloc() can give. include/linux/slab.h
#define KMALLOC_MAX_CACHE_SIZE (1UL << KMALLOC_SHIFT_HIGH) // Larger requests go to the page allocator. include/linux/slab.h
#define DEFINE_PER_CPU(type, name) __per_cpu_variable __typeof__(type) name // A variable of which each CPU has its own. include/linux/percpu-defs.h
#define DEFINE_PER_CPU_ALIGNED(type, name) DEFINE_PER_CPU(type, name) // include/linux/percpu-defs.h
#define DEFINE_PER_CPU_SHARED_ALIGNED(type, name) DEFINE_PER_CPU(type, name) // include/linux/percpu-defs.h
#define alloc_percpu(type) ((typeof(type) *)__alloc_percpu(sizeof(type), __alignof__(type))) // One of a type for each CPU. include/linux/percpu.h
#define alloc_percpu_gfp(type, gfp) ((typeof(type) *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp)) // include/linux/percpu.h
#define raw_cpu_ptr(ptr) this_cpu_ptr(ptr) // include/linux/percpu-defs.h
#define get_cpu_ptr(var) ({ preempt_disable(); this_cpu_ptr(var); }) // This CPU's, until put_cpu_ptr(). include/linux/percpu-defs.h
#define put_cpu_ptr(var) preempt_enable() // include/linux/percpu-defs.h
#define get_cpu_var(var) (*({ preempt_disable(); this_cpu_ptr(&(var)); })) // This CPU's variable, until put_cpu_var(). include/linux/percpu-defs.h
#define put_cpu_var(var) preempt_enable() // include/linux/percpu-defs.h
${thisCpu('read', 'pcp', '(*this_cpu_ptr(&(pcp)))', "This CPU's variable.")}
${thisCpu('write', 'pcp, val', '((void)(*this_cpu_ptr(&(pcp)) = (val)))', "Sets this CPU's variable.")}
${thisCpu('add', 'pcp, val', '((void)(*this_cpu_ptr(&(pcp)) += (val)))', "Adds to this CPU's variable.")}
${thisCpu('sub', 'pcp, val', '((void)(*this_cpu_ptr(&(pcp)) -= (val)))', "Subtracts from this CPU's variable.")}
${thisCpu('inc', 'pcp', '((void)(*this_cpu_ptr(&(pcp)) += 1))', "Adds 1 to this CPU's variable.")}
${thisCpu('dec', 'pcp', '((void)(*this_cpu_ptr(&(pcp)) -= 1))', "Subtracts 1 from this CPU's variable.")}
${thisCpu('and', 'pcp, val', '((void)(*this_cpu_ptr(&(pcp)) &= (val)))', "Keeps bits of this CPU's variable.")}
${thisCpu('or', 'pcp, val', '((void)(*this_cpu_ptr(&(pcp)) |= (val)))', "Sets bits of this CPU's variable.")}
${thisCpu('add_return', 'pcp, val', '(*this_cpu_ptr(&(pcp)) += (val))', 'Adds; the new value.')}
${thisCpu('sub_return', 'pcp, val', '(*this_cpu_ptr(&(pcp)) -= (val))', 'Subtracts; the new value.')}
${thisCpu('xchg', 'pcp, nval', '({ typeof(pcp) *__here = this_cpu_ptr(&(pcp)); typeof(pcp) __old = *__here; *__here = (nval); __old; })', 'Sets; the old value.')}
${thisCpu('cmpxchg', 'pcp, oval, nval', '({ typeof(pcp) *__here = this_cpu_ptr(&(pcp)); typeof(pcp) __old = *__here; if (__old == (oval)) *__here = (nval); __old; })', 'Sets, if it is oval; the old value.')}
${thisCpu('inc_return', 'pcp', '(*this_cpu_ptr(&(pcp)) += 1)', 'Adds 1; the new value.')}
${thisCpu('dec_return', 'pcp', '(*this_cpu_ptr(&(pcp)) -= 1)', 'Subtracts 1; the new value.')}
#define for_each_online_cpu(cpu) for ((cpu) = 0; (cpu) < num_online_cpus(); (cpu)++) // Every CPU that is online. include/linux/cpumask.h
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < num_possible_cpus(); (cpu)++) // Every CPU that may ever be. include/linux/cpumask.h
#define ATOMIC_INIT(i) { (i) } // The first value of an atomic_t. include/linux/types.h
#define ATOMIC64_INIT(i) { (i) } // The first value of an atomic64_t. include/linux/types.h
#define ATOMIC_LONG_INIT(i) { (i) } // The first value of an atomic_long_t. include/linux/atomic/atomic-long.h
#define REFCOUNT_INIT(n) { .refs = ATOMIC_INIT(n) } // The first value of a refcount_t. include/linux/refcount.h
#define DEFINE_SPINLOCK(x) spinlock_t x = {} // A free spinlock. include/linux/spinlock_types.h
#define spin_lock_irqsave(lock, flags) do { (flags) = _raw_spin_lock_irqsave(lock); } while (0) // Takes a spinlock with interrupts off, and remembers how they were. include/linux/spinlock.h
#define assert_spin_locked(lock) BUG_ON(!spin_is_locked(lock)) // include/linux/spinlock.h
#define local_irq_save(flags) do { (flags) = arch_local_irq_save(); } while (0) // Interrupts off; remembers how they were. include/linux/irqflags.h
#define DEFINE_MUTEX(mutexname) struct mutex mutexname = { .wait_list = { &mutexname.wait_list, &mutexname.wait_list } } // A free mutex. include/linux/mutex.h
#define DEFINE_RWLOCK(x) rwlock_t x = {} // A lock for many readers or one writer, free. include/linux/rwlock_types.h
#define read_lock_irqsave(lock, flags) do { (flags) = _raw_read_lock_irqsave(lock); } while (0) // Takes it beside other readers, with interrupts off, and remembers how they were. include/linux/rwlock.h
#define write_lock_irqsave(lock, flags) do { (flags) = _raw_write_lock_irqsave(lock); } while (0) // Takes it alone, with interrupts off, and remembers how they were. include/linux/rwlock.h
#define DECLARE_RWSEM(name) struct rw_semaphore name = { .wait_list = { &name.wait_list, &name.wait_list } } // A semaphore for many readers or one writer, free. include/linux/rwsem.h
#define DECLARE_COMPLETION(work) struct completion work = { .wait = { .task_list = { &work.wait.task_list, &work.wait.task_list } } } // A completion: nothing is done yet. include/linux/completion.h
#define DECLARE_COMPLETION_ONSTACK(work) DECLARE_COMPLETION(work) // include/linux/completion.h
#define DEFINE_SEMAPHORE(name) struct semaphore name = { .count = 1, .wait_list = { &name.wait_list, &name.wait_list } } // A semaphore that one may have at a time. include/linux/semaphore.h
#define TASK_RUNNING 0 // The task runs, or could. include/linux/sched.h
#define TASK_INTERRUPTIBLE 1 // The task sleeps; a signal would wake it. include/linux/sched.h
#define TASK_UNINTERRUPTIBLE 2 // The task sleeps until somebody wakes it. include/linux/sched.h
#define TASK_KILLABLE 0x102 // The task sleeps; a signal that kills it would wake it. include/linux/sched.h
#define TASK_IDLE 0x402 // The task sleeps for want of work. include/linux/sched.h
#define TASK_NORMAL (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE) // Whom wake_up() wakes. include/linux/sched.h
#define get_current_state() (current->__state) // Whether the running task is about to sleep. include/linux/sched.h
#define __set_current_state(state_value) do { current->__state = (state_value); } while (0) // include/linux/sched.h
#define set_current_state(state_value) __set_current_state(state_value) // What the running task is when it calls schedule() next: asleep, until somebody sets it to TASK_RUNNING. include/linux/sched.h
#define MAX_SCHEDULE_TIMEOUT LONG_MAX // A wait that does not end by itself. include/linux/sched.h
#define DECLARE_WAIT_QUEUE_HEAD(name) struct wait_queue_head name = { .head = { &name.head, &name.head } } // A wait queue, in which nobody waits. include/linux/wait.h
#define wait_event(wq_head, condition) do { while (!(condition)) do_wait_event(&(wq_head), TASK_UNINTERRUPTIBLE, 0, MAX_SCHEDULE_TIMEOUT); } while (0) // Waits until a condition holds; it is looked at when the queue is woken. include/linux/wait.h
#define wait_event_killable(wq_head, condition) ({ long __woken = 0; while (!(condition) && __woken >= 0) __woken = do_wait_event(&(wq_head), TASK_KILLABLE, 0, MAX_SCHEDULE_TIMEOUT); __woken < 0 ? (int)__woken : 0; }) // Like wait_event; 0, or -ERESTARTSYS if a signal that ends the task came first. include/linux/wait.h
#define wait_event_interruptible(wq_head, condition) ({ long __woken = 0; while (!(condition) && __woken >= 0) __woken = do_wait_event(&(wq_head), TASK_INTERRUPTIBLE, 0, MAX_SCHEDULE_TIMEOUT); __woken < 0 ? (int)__woken : 0; }) // Like wait_event; 0, or -ERESTARTSYS if a signal came first. include/linux/wait.h
#define wait_event_interruptible_exclusive(wq_head, condition) ({ long __woken = 0; while (!(condition) && __woken >= 0) __woken = do_wait_event(&(wq_head), TASK_INTERRUPTIBLE, 1, MAX_SCHEDULE_TIMEOUT); __woken < 0 ? (int)__woken : 0; }) // Like wait_event_interruptible, at the end of the queue: wake_up() wakes one of those. include/linux/wait.h
#define wait_event_killable_exclusive(wq_head, condition) ({ long __woken = 0; while (!(condition) && __woken >= 0) __woken = do_wait_event(&(wq_head), TASK_KILLABLE, 1, MAX_SCHEDULE_TIMEOUT); __woken < 0 ? (int)__woken : 0; }) // Like wait_event_killable, at the end of the queue: wake_up() wakes one of those. include/linux/wait.h
#define wait_event_timeout(wq_head, condition, timeout) __wait_event_within(wq_head, condition, TASK_UNINTERRUPTIBLE, timeout) // Like wait_event, for so many jiffies at most; 0 if the condition did not hold in time. include/linux/wait.h
#define wait_event_interruptible_timeout(wq_head, condition, timeout) __wait_event_within(wq_head, condition, TASK_INTERRUPTIBLE, timeout) // include/linux/wait.h
#define __wait_event_within(wq_head, condition, state, timeout) ({ long __left = (timeout); int __met; while (!(__met = !!(condition)) && __left > 0) __left = do_wait_event(&(wq_head), (state), 0, __left); __met && !__left ? 1L : __met || __left < 0 ? __left : 0L; }) // What wait_event_timeout() and its like are made of. include/linux/wait.h
#define DEFINE_WAIT(name) wait_queue_entry_t name; init_wait(&name) // An entry for prepare_to_wait(). include/linux/wait.h
#define DECLARE_WAITQUEUE(name, tsk) wait_queue_entry_t name; init_waitqueue_entry(&name, tsk) // An entry for add_wait_queue(). include/linux/wait.h
#define wake_up(x) __wake_up((x), TASK_NORMAL, 1, NULL) // Wakes the tasks in a queue: all that are not exclusive, and one that is. include/linux/wait.h
#define wake_up_nr(x, nr) __wake_up((x), TASK_NORMAL, (nr), NULL) // Like wake_up, and so many that are exclusive. include/linux/wait.h
#define wake_up_all(x) __wake_up((x), TASK_NORMAL, 0, NULL) // Wakes every task in a queue. include/linux/wait.h
#define wake_up_interruptible(x) __wake_up((x), TASK_INTERRUPTIBLE, 1, NULL) // Like wake_up, of the tasks that wait with TASK_INTERRUPTIBLE. include/linux/wait.h
#define wake_up_interruptible_nr(x, nr) __wake_up((x), TASK_INTERRUPTIBLE, (nr), NULL) // include/linux/wait.h
#define wake_up_interruptible_all(x) __wake_up((x), TASK_INTERRUPTIBLE, 0, NULL) // include/linux/wait.h
#define msecs_to_jiffies(m) (((unsigned long)(m) + 1000 / HZ - 1) / (1000 / HZ)) // include/linux/jiffies.h
#define jiffies_to_msecs(j) ((unsigned int)((j) * (1000 / HZ))) // include/linux/jiffies.h
#define time_after(a, b) ((long)((b) - (a)) < 0) // include/linux/jiffies.h
#define time_before(a, b) time_after(b, a) // include/linux/jiffies.h
#define time_after_eq(a, b) ((long)((a) - (b)) >= 0) // include/linux/jiffies.h
#define time_before_eq(a, b) time_after_eq(b, a) // include/linux/jiffies.h
#define might_sleep_if(cond) do { if (cond) might_sleep(); } while (0) // include/linux/kernel.h
#define NUMA_NO_NODE (-1) // include/linux/numa.h
#define kthread_create(threadfn, data, namefmt, ...) kthread_create_on_node(threadfn, data, NUMA_NO_NODE, namefmt, ##__VA_ARGS__) // A thread of the kernel that is to run threadfn(data), asleep until wake_up_process(). include/linux/kthread.h
#define kthread_run(threadfn, data, namefmt, ...) ({ struct task_struct *__created = kthread_create(threadfn, data, namefmt, ##__VA_ARGS__); if (!IS_ERR(__created)) wake_up_process(__created); __created; }) // Creates a thread of the kernel and wakes it. include/linux/kthread.h
#define set_freezable() ((void)0) // include/linux/freezer.h
#define try_to_freeze() 0 // include/linux/freezer.h
#define get_task_struct(t) ({ typeof(&*(t)) __task = (t); __task->usage.refs.counter++; __task; }) // A reference to a task; what is left of a thread goes with kthread_stop(). include/linux/sched/task.h
#define put_task_struct(t) ((void)((t)->usage.refs.counter--)) // include/linux/sched/task.h
#define current get_current() // The task that runs. arch/x86/include/asm/current.h
#define rcu_head callback_head // What call_rcu() needs in an object. include/linux/types.h
#define rcu_dereference(p) (p) // Reads a pointer that is protected by rcu_read_lock(). include/linux/rcupdate.h
#define rcu_dereference_protected(p, c) (p) // include/linux/rcupdate.h
#define rcu_access_pointer(p) (p) // include/linux/rcupdate.h
#define rcu_assign_pointer(p, v) ((p) = (v)) // Publishes an object to readers. include/linux/rcupdate.h
#define RCU_INIT_POINTER(p, v) ((p) = (v)) // include/linux/rcupdate.h
#define kfree_rcu(ptr, rhf) do { typeof(ptr) __freed = (ptr); if (__freed) kvfree_call_rcu(&__freed->rhf, __freed); } while (0) // Frees an object when a grace period is over; rhf is its struct rcu_head. include/linux/rcupdate.h
#define kvfree_rcu(ptr, rhf) kfree_rcu(ptr, rhf) // include/linux/rcupdate.h
#define pgprot_noncached(prot) ((pgprotval_t)(prot) | _PAGE_PCD) // Not cached: UC-. arch/x86/include/asm/pgtable.h
#define pgprot_writecombine(prot) ((pgprotval_t)(prot) | _PAGE_PWT) // Writes may be combined: WC. arch/x86/include/asm/pgtable.h
#define virt_to_slab(addr) ((struct slab *)virt_to_head_page(addr)) // The slab that an object lies in. mm/slab.h
#define totalram_pages() ((unsigned long)_totalram_pages.counter) // Pages that the page allocator manages, in all zones. include/linux/mm.h
#define totalhigh_pages() ((unsigned long)_totalhigh_pages.counter) // Those of them that are highmem (32 bit only). include/linux/highmem-internal.h
#define PKMAP_ADDR(nr) (PKMAP_BASE + ((nr) << PAGE_SHIFT)) // The address of a slot of the pkmap table. arch/x86/include/asm/highmem.h
#define PKMAP_NR(virt) (((virt) - PKMAP_BASE) >> PAGE_SHIFT) // The slot at an address of the pkmap table. arch/x86/include/asm/highmem.h
#define __fix_to_virt(x) (FIXADDR_TOP - ((x) << PAGE_SHIFT)) // The address of a fixmap slot; slots go downwards. include/asm-generic/fixmap.h
#define __virt_to_fix(x) ((FIXADDR_TOP - ((x) & PAGE_MASK)) >> PAGE_SHIFT) // The fixmap slot at an address. include/asm-generic/fixmap.h
#define fix_to_virt(idx) __fix_to_virt(idx) // include/asm-generic/fixmap.h
#define virt_to_fix(vaddr) __virt_to_fix(vaddr) // include/asm-generic/fixmap.h
#define DMA_MAPPING_ERROR (~(dma_addr_t)0) // What dma_map_single() gives if it fails. include/linux/dma-mapping.h
`;
