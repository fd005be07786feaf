/**
 * Names that Linux had before 6.1 and has no more, which modules of books and tutorials still use: what has taken their place.
 *
 * Source: Linux's history; the release in parentheses is the one that removed the name.
 */
const GONE: Readonly<Record<string, string>> = {
  create_proc_entry: 'proc_create() with a struct proc_ops (3.10)',
  create_proc_read_entry: 'proc_create_single() and seq_printf() (3.10)',
  PDE_DATA: 'pde_data() (5.17)',
  init_MUTEX: 'sema_init(sem, 1) (2.6.37)',
  init_MUTEX_LOCKED: 'sema_init(sem, 0) (2.6.37)',
  DECLARE_MUTEX: 'DEFINE_SEMAPHORE() (2.6.37)',
  DECLARE_MUTEX_LOCKED: 'sema_init(sem, 0) (2.6.37)',
  SPIN_LOCK_UNLOCKED: 'DEFINE_SPINLOCK() (2.6.39)',
  RW_LOCK_UNLOCKED: 'DEFINE_RWLOCK() (2.6.39)',
  init_timer: 'timer_setup(timer, function, 0), whose function gets the timer (4.15)',
  setup_timer: 'timer_setup(timer, function, 0), whose function gets the timer (4.15)',
  del_singleshot_timer_sync: 'del_timer_sync()',
  interruptible_sleep_on: 'wait_event_interruptible() (3.15)',
  sleep_on: 'wait_event() (3.15)',
  sleep_on_timeout: 'wait_event_timeout() (3.15)',
  interruptible_sleep_on_timeout: 'wait_event_interruptible_timeout() (3.15)',
  ioremap_nocache: 'ioremap() (5.6)',
  VERIFY_READ: 'access_ok(addr, size), without a type (5.0)',
  VERIFY_WRITE: 'access_ok(addr, size), without a type (5.0)',
  VM_RESERVED: 'VM_DONTEXPAND | VM_DONTDUMP (3.7)',
  daemonize: 'kthread_run() (3.8)',
  getnstimeofday: 'ktime_get_real_ts64() (5.6)',
  do_gettimeofday: 'ktime_get_real_ts64() (5.0)',
  current_kernel_time: 'ktime_get_coarse_real_ts64() (4.20)',
  kmem_cache_t: 'struct kmem_cache (2.6.20)',
  SLAB_KERNEL: 'GFP_KERNEL (2.6.20)',
  SLAB_ATOMIC: 'GFP_ATOMIC (2.6.20)',
  SA_INTERRUPT: 'IRQF_* flags (2.6.24)',
  SA_SHIRQ: 'IRQF_SHARED (2.6.24)',
  MOD_INC_USE_COUNT: 'try_module_get(), or .owner = THIS_MODULE (2.6)',
  MOD_DEC_USE_COUNT: 'module_put(), or .owner = THIS_MODULE (2.6)',
  page_cache_get: 'get_page() (4.6)',
  page_cache_release: 'put_page() (4.6)',
  PAGE_CACHE_SIZE: 'PAGE_SIZE (4.6)',
  PAGE_CACHE_SHIFT: 'PAGE_SHIFT (4.6)',
  PAGE_CACHE_MASK: 'PAGE_MASK (4.6)',
  __flush_tlb: '__flush_tlb_local() (5.8)',
  kzfree: 'kfree_sensitive() (5.9)',
  ACCESS_ONCE: 'READ_ONCE() or WRITE_ONCE() (4.15)',
  smp_mb__before_atomic_dec: 'smp_mb__before_atomic() (3.18)',
  find_task_by_pid: 'find_task_by_vpid() (2.6.31)',
  mmap_sem: 'mmap_lock, by mmap_read_lock() and mmap_write_lock() (5.8)',
  prandom_u32: 'get_random_u32() (6.1)',
  get_current_tty: 'current->signal->tty (2.6.39)',
};

/** What Linux has still, but no longer exports to modules. */
const NOT_FOR_MODULES: Readonly<Record<string, string>> = {
  do_exit: 'return from the function of the thread, or call kthread_complete_and_exit() (5.17)',
  kallsyms_lookup_name: 'call the function by its name, if it is exported (5.7)',
  kallsyms_on_each_symbol: 'call functions by their names, if they are exported (5.7)',
  __list_add: 'list_add() or list_add_tail()',
};

/** What to do instead of calling what modules cannot call. */
export const notForModules = (name: string): string | undefined =>
  Object.hasOwn(NOT_FOR_MODULES, name) ? NOT_FOR_MODULES[name] : undefined;

/** Members that structures of Linux had. */
const GONE_MEMBERS: Readonly<Record<string, string>> = {
  'file_operations.ioctl': 'unlocked_ioctl, a function of (file, cmd, arg) (2.6.36)',
  'file_operations.readdir': 'iterate_shared (3.11)',
  'file_operations.aio_read': 'read_iter (4.1)',
  'file_operations.aio_write': 'write_iter (4.1)',
  'file.f_dentry': 'file_inode(file), or f_path.dentry (3.19)',
  'file.f_vfsmnt': 'f_path.mnt (3.19)',
  'timer_list.data': 'from_timer() in its function, which gets the timer (4.15)',
  'mm_struct.mmap_sem': 'mmap_lock, by mmap_read_lock() and mmap_write_lock() (5.8)',
  'mm_struct.mmap': 'a maple tree: for_each_vma(), find_vma() (6.1)',
  'vm_area_struct.vm_next': 'for_each_vma() or find_vma() (6.1)',
  'vm_area_struct.vm_prev': 'for_each_vma() or find_vma() (6.1)',
  'vm_operations_struct.nopage': 'fault (2.6.28)',
  'vm_fault.virtual_address': 'address (4.10)',
  'page._count': 'page_count() (4.6)',
  'task_struct.state': '__state (5.14)',
  'class.class_attrs': 'class_groups (4.13)',
  'device.bus_id': 'dev_name() (2.6.30)',
};

/** `create_proc_read_entry() is not in Linux 6.1 any more: use ...`; undefined: it was not there, or still is. */
export const insteadOf = (name: string): string | undefined =>
  Object.hasOwn(GONE, name) ? GONE[name] : undefined;

/** @param struct its tag */
export const insteadOfMember = (struct: string, member: string): string | undefined =>
  Object.hasOwn(GONE_MEMBERS, `${struct}.${member}`)
    ? GONE_MEMBERS[`${struct}.${member}`]
    : undefined;

/** @param type the type's name as it is written */
export const goneMember = (type: string, member: string, now: string): string =>
  `'${type}' has no member '${member}' any more: use ${now}`;
