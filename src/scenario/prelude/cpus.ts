/** Masks of CPUs, and small things that modules print of their tasks and of the machine. */
const CPUMASK = 'include/linux/cpumask.h';

export const CPUS = String.raw`
#define cpumask_bits(maskp) ((maskp)->bits) // ${CPUMASK}
#define cpumask_clear(dstp) ((void)memset((dstp), 0, sizeof(struct cpumask))) // ${CPUMASK}
#define cpumask_setall(dstp) do { struct cpumask *__mask = (dstp); cpumask_clear(__mask); for (int __n = 0; __n < NR_CPUS; __n++) __set_bit(__n, __mask->bits); } while (0) // ${CPUMASK}
#define cpumask_copy(dstp, srcp) ((void)(*(dstp) = *(srcp))) // ${CPUMASK}
#define cpumask_set_cpu(cpu, dstp) set_bit((cpu), (dstp)->bits) // ${CPUMASK}
#define cpumask_clear_cpu(cpu, dstp) clear_bit((cpu), (dstp)->bits) // ${CPUMASK}
#define cpumask_test_cpu(cpu, maskp) (test_bit((cpu), (maskp)->bits) != 0) // Whether a CPU is in a mask. ${CPUMASK}
#define cpumask_first(srcp) ((unsigned int)find_first_bit((srcp)->bits, NR_CPUS)) // ${CPUMASK}
#define cpumask_next(n, srcp) ((unsigned int)find_next_bit((srcp)->bits, NR_CPUS, (n) + 1)) // ${CPUMASK}
#define cpumask_empty(srcp) (cpumask_first(srcp) >= NR_CPUS) // ${CPUMASK}
#define cpumask_weight(srcp) ((unsigned int)bitmap_weight((srcp)->bits, NR_CPUS)) // How many CPUs are in a mask. ${CPUMASK}
#define for_each_cpu(cpu, mask) for ((cpu) = cpumask_first(mask); (cpu) < NR_CPUS; (cpu) = cpumask_next((cpu), (mask))) // Every CPU of a mask. ${CPUMASK}
#define cpu_online(cpu) ((unsigned int)(cpu) < num_online_cpus()) // ${CPUMASK}
#define get_nr_threads(task) ({ struct task_struct *__one = (task), *__at = __one; int __count = 0; do { __count++; __at = next_thread(__at); } while (__at != __one); __count; }) // How many threads the process of a task has. include/linux/sched/signal.h
#define trace_printk(fmt, ...) printk(KERN_DEBUG fmt, ##__VA_ARGS__) // There is no ring of traces: a line of the log. include/linux/kernel.h
#define __stringify_1(x...) #x // include/linux/stringify.h
#define __stringify(x...) __stringify_1(x) // The text of what is written, its macros expanded. include/linux/stringify.h
#define hash_add_rcu(hashtable, node, key) hash_add(hashtable, node, key) // include/linux/hashtable.h
#define hash_del_rcu(node) hlist_del_init(node) // include/linux/hashtable.h
#define hash_for_each_rcu(name, bkt, obj, member) hash_for_each(name, bkt, obj, member) // include/linux/hashtable.h
#define hash_for_each_possible_rcu(name, obj, member, key, ...) hash_for_each_possible(name, obj, member, key) // include/linux/hashtable.h
#define kvrealloc(p, oldsize, newsize, flags) ({ const void *__old = (p); size_t __was = (oldsize), __is = (newsize); void *__new = (void *)__old; if (__was < __is) { __new = kvmalloc(__is, (flags)); if (__new) { memcpy(__new, __old, __was); kvfree(__old); } } __new; }) // More room for memory of kvmalloc(); NULL without memory. mm/util.h
#define GLOBAL_ROOT_GID ((kgid_t){ 0 }) // include/linux/uidgid.h
#define proc_set_size(de, bytes) ((void)(de), (void)(bytes)) // include/linux/proc_fs.h
#define proc_set_user(de, uid, gid) ((void)(de)) // Everybody is root here. include/linux/proc_fs.h
#define PATH_MAX 4096 // include/uapi/linux/limits.h
#define NAME_MAX 255 // include/uapi/linux/limits.h
#define kstrtoull_from_user(s, count, base, res) __kstrto_from_user(kstrtoull, s, count, base, res) // A number of a process's text; 0 or an error. include/linux/kstrtox.h
#define kstrtoul_from_user(s, count, base, res) __kstrto_from_user(kstrtoul, s, count, base, res) // include/linux/kstrtox.h
#define kstrtouint_from_user(s, count, base, res) __kstrto_from_user(kstrtouint, s, count, base, res) // include/linux/kstrtox.h
#define kstrtoint_from_user(s, count, base, res) __kstrto_from_user(kstrtoint, s, count, base, res) // include/linux/kstrtox.h
#define kstrtoll_from_user(s, count, base, res) __kstrto_from_user(kstrtoll, s, count, base, res) // include/linux/kstrtox.h
#define kstrtol_from_user(s, count, base, res) __kstrto_from_user(kstrtol, s, count, base, res) // include/linux/kstrtox.h
#define __kstrto_from_user(how, s, count, base, res) ({ char __text[70]; size_t __n = min((size_t)(count), sizeof(__text) - 1); int __error = copy_from_user(__text, (s), __n) ? -EFAULT : 0; __text[__n] = 0; __error ? __error : how(__text, (base), (res)); }) // include/linux/kstrtox.h
#define module_param_cb(name, ops, arg, perm) // A parameter keeps the value that the text gives it: nobody writes to it. include/linux/moduleparam.h
`;
