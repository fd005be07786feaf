/** Registers of devices behind ioremap(), locks that are never slept for, delays, and what else drivers write. */
const IO = 'arch/x86/include/asm/io.h';

/** readb() to writel() are functions; the forms differ from them in what they order. */
const registers = ['b', 'w', 'l', 'q']
  .flatMap((letter) =>
    ['read@_relaxed', '__raw_read@'].map(
      (name) =>
        `#define ${name.replace('@', letter)}(addr) read${letter}(addr) // Reads a register of a device. ${IO}`,
    ),
  )
  .concat(
    ['b', 'w', 'l', 'q'].flatMap((letter) =>
      ['write@_relaxed', '__raw_write@'].map(
        (name) =>
          `#define ${name.replace('@', letter)}(value, addr) write${letter}(value, addr) // Writes a register of a device. ${IO}`,
      ),
    ),
    (
      [
        ['8', 'b'],
        ['16', 'w'],
        ['32', 'l'],
      ] as const
    ).flatMap(([bits, letter]) => [
      `#define ioread${bits}(addr) read${letter}(addr) // Reads a register of a device. include/asm-generic/iomap.h`,
      `#define iowrite${bits}(value, addr) write${letter}(value, addr) // Writes a register of a device. include/asm-generic/iomap.h`,
    ]),
  )
  .join('\n');

/** A raw spinlock is what a spinlock has inside. */
const raw = ['lock', 'unlock', 'lock_irq', 'unlock_irq', 'lock_bh', 'unlock_bh', 'trylock']
  .map((does) => {
    const name = does === 'trylock' ? 'spin_trylock' : `spin_${does}`;
    return `#define raw_${name}(lock) ${name}((spinlock_t *)(lock)) // Like ${name}. include/linux/spinlock.h`;
  })
  .join('\n');

export const DEVICES = String.raw`
${registers}
#define readq(addr) (*(const volatile u64 *)(addr)) // Reads a register of a device. ${IO}
#define writeq(value, addr) ((void)(*(volatile u64 *)(addr) = (u64)(value))) // Writes a register of a device. ${IO}
#define memcpy_fromio(to, from, count) memcpy((to), (const void *)(from), (count)) // Copies from a device. ${IO}
#define memcpy_toio(to, from, count) memcpy((void *)(to), (from), (count)) // Copies to a device. ${IO}
#define memset_io(addr, value, count) memset((void *)(addr), (value), (count)) // Fills memory of a device. ${IO}
#define resource_size(res) ((res)->end - (res)->start + 1) // Bytes of a resource. include/linux/ioport.h
#define resource_type(res) ((res)->flags & 0x1f00) // include/linux/ioport.h
${raw}
#define raw_spin_lock_irqsave(lock, flags) spin_lock_irqsave((spinlock_t *)(lock), flags) // Like spin_lock_irqsave. include/linux/spinlock.h
#define raw_spin_unlock_irqrestore(lock, flags) spin_unlock_irqrestore((spinlock_t *)(lock), flags) // Like spin_unlock_irqrestore. include/linux/spinlock.h
#define raw_spin_lock_init(lock) spin_lock_init((spinlock_t *)(lock)) // include/linux/spinlock.h
#define DEFINE_RAW_SPINLOCK(x) raw_spinlock_t x = {} // include/linux/spinlock_types_raw.h
#define spin_lock_nested(lock, subclass) spin_lock(lock) // include/linux/spinlock.h
#define spin_trylock_irqsave(lock, flags) ({ local_irq_save(flags); int __taken = spin_trylock(lock); if (!__taken) local_irq_restore(flags); __taken; }) // include/linux/spinlock.h
#define mutex_destroy(lock) do { } while (0) // Nothing, without DEBUG_MUTEXES. include/linux/mutex.h
#define mdelay(n) udelay((n) * 1000UL) // Waits for milliseconds, busily: time stands still here. include/linux/delay.h
#define udelay(usecs) do { (void)(usecs); } while (0) // Waits for microseconds, busily: time stands still here. include/asm-generic/delay.h
#define ndelay(nsecs) do { (void)(nsecs); } while (0) // include/asm-generic/delay.h
#define NR_CPUS CONFIG_NR_CPUS // include/linux/threads.h
#define raw_smp_processor_id() smp_processor_id() // include/linux/smp.h
#define cpu_relax() do { } while (0) // arch/x86/include/asm/vdso/processor.h
#define need_resched() 0 // Nobody preempts a statement. include/linux/sched.h
#define mb() do { } while (0) // arch/x86/include/asm/barrier.h
#define rmb() do { } while (0) // arch/x86/include/asm/barrier.h
#define wmb() do { } while (0) // arch/x86/include/asm/barrier.h
#define smp_mb() do { } while (0) // include/asm-generic/barrier.h
#define smp_rmb() do { } while (0) // include/asm-generic/barrier.h
#define smp_wmb() do { } while (0) // include/asm-generic/barrier.h
#define flush_dcache_page(page) do { (void)(page); } while (0) // Nothing: caches of x86 need no help. include/asm-generic/cacheflush.h
#define usecs_to_jiffies(u) (((unsigned long)(u) + 1000000 / HZ - 1) / (1000000 / HZ)) // include/linux/jiffies.h
#define jiffies_to_usecs(j) ((unsigned int)((j) * (1000000 / HZ))) // include/linux/jiffies.h
#define time_is_before_jiffies(a) time_after(jiffies, a) // include/linux/jiffies.h
#define time_is_after_jiffies(a) time_before(jiffies, a) // include/linux/jiffies.h
#define get_jiffies_64() ((u64)jiffies) // include/linux/jiffies.h
#define round_jiffies_relative(j) (j) // include/linux/timer.h
#define memdup_user(src, len) ({ size_t __size = (len); void *__copy = kmalloc(__size, GFP_USER); if (!__copy) __copy = ERR_PTR(-ENOMEM); else if (copy_from_user(__copy, (src), __size)) { kfree(__copy); __copy = ERR_PTR(-EFAULT); } __copy; }) // A copy, in the slab allocator, of what a process has; or an error pointer. mm/util.h
#define memdup_user_nul(src, len) ({ size_t __size = (len); char *__copy = kmalloc(__size + 1, GFP_KERNEL); if (!__copy) __copy = ERR_PTR(-ENOMEM); else if (copy_from_user(__copy, (src), __size)) { kfree(__copy); __copy = ERR_PTR(-EFAULT); } else __copy[__size] = 0; (void *)__copy; }) // The same, with a NUL behind. mm/util.h
#define vmemdup_user(src, len) ({ size_t __size = (len); void *__copy = kvmalloc(__size, GFP_USER); if (!__copy) __copy = ERR_PTR(-ENOMEM); else if (copy_from_user(__copy, (src), __size)) { kvfree(__copy); __copy = ERR_PTR(-EFAULT); } __copy; }) // The same, with kvmalloc(). mm/util.h
#define u64_to_user_ptr(x) ((void *)(unsigned long)(u64)(x)) // A pointer into a process that came as a number. include/linux/kernel.h
#define __copy_from_user(to, from, n) copy_from_user(to, from, n) // include/linux/uaccess.h
#define __copy_to_user(to, from, n) copy_to_user(to, from, n) // include/linux/uaccess.h
#define __copy_from_user_inatomic(to, from, n) copy_from_user(to, from, n) // include/linux/uaccess.h
#define __copy_to_user_inatomic(to, from, n) copy_to_user(to, from, n) // include/linux/uaccess.h
`;
