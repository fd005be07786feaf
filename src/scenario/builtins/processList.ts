/**
 * Every process that there is: those of init_task's list, and those of the scenario, which are on no list of the kernel's.
 *
 * Differs: a struct pid is not modelled. Its pointer is that of the task, so that pid_task() and its like give that.
 * Source: Linux 6.1 include/linux/sched/signal.h: next_task(), for_each_process(); kernel/pid.c.
 */
import type { TaskStruct, Zone } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { toldTasks } from '../../engine/machine/knownTasks.js';
import { follow_pte } from '../../engine/kernel/mm/memory/follow_pte.js';
import { pte_pfn } from '../../engine/kernel/arch/x86/include/asm/pgtable.h.js';
import { NO_PTE } from '../../engine/machine/pteWords.js';
import { PAGE_SIZE } from '../../engine/memory/address.js';
import { group, type Builtin } from './builtin.js';
import { va } from './pointers.js';

const changes = true;
const EINVAL = 22;
const VM_IO_OR_PFNMAP = 0x4400;
/** More than any list that is whole has. */
const MOST_TASKS = 1 << 16;

/** The thread group leaders behind init_task, in the order in which they hang there; then the scenario's. */
function processesOf(k: Kernel): readonly TaskStruct[] {
  const found = new Set<TaskStruct>();
  const { tasks, pid, tgid } = k.task_struct;
  const { init_task } = k.globals;
  const head = k.plus(init_task, tasks);
  // A machine that was booted here has no list.
  if (k.read_va(head) !== 0)
    for (let at = k.read_ptr(head); at !== head && found.size < MOST_TASKS; at = k.read_ptr(at))
      found.add(k.plus(at, -tasks));
  for (const address of toldTasks(k)) {
    const task = k.cell_at(address);
    if (k.read_int(k.plus(task, pid)) === k.read_int(k.plus(task, tgid))) found.add(task);
  }
  return [...found];
}

/** The task with a pid, the threads of the scenario among them; undefined if there is none. */
const taskWithPid = (k: Kernel, pid: number): TaskStruct | undefined =>
  [...processesOf(k), ...toldTasks(k).map((address) => k.cell_at(address))].find(
    (task) => k.read_int(k.plus(task, k.task_struct.pid)) === pid,
  );

export const processList: readonly Builtin[] = [
  ...group('process', 'include/linux/sched/signal.h', [
    {
      signature: 'struct task_struct *next_task(struct task_struct *p)',
      doc: 'The process behind another one: what for_each_process() goes by. Behind the last one it is init_task.',
      run: (call, p) => {
        const all = processesOf(call.k);
        const { init_task } = call.k.globals;
        return call.pointer(all[all.indexOf(call.cell(p)) + 1] ?? init_task);
      },
    },
  ]),
  ...group('process', 'include/linux/sched/signal.h', [
    {
      signature: 'struct task_struct *next_thread(struct task_struct *p)',
      doc: 'The thread behind another one in its process; behind the last one it is the first.',
      run: (call, p) => {
        const { k } = call;
        const task = call.cell(p);
        const { tgid } = k.task_struct;
        const group = k.read_int(k.plus(task, tgid));
        const all = toldTasks(k)
          .map((address) => k.cell_at(address))
          .filter((one) => k.read_int(k.plus(one, tgid)) === group);
        // Of a process of the kernel's there is one thread.
        const at = all.indexOf(task);
        return call.pointer(at < 0 ? task : (all[(at + 1) % all.length] ?? task));
      },
    },
  ]),
  ...group('process', 'kernel/pid.c', [
    {
      signature: 'struct task_struct *find_task_by_pid_ns(pid_t nr, struct pid_namespace *ns)',
      doc: 'The task with a pid; NULL if there is none. There is one namespace.',
      run: (call, pid) => {
        const task = taskWithPid(call.k, Number(pid));
        return task === undefined ? 0 : call.pointer(task);
      },
    },
  ]),
  ...group('process', 'mm/memory.c', [
    {
      signature:
        'int follow_pfn(struct vm_area_struct *vma, unsigned long address, unsigned long *pfn)',
      doc: 'The frame that an area of a device (VM_IO, VM_PFNMAP) maps at an address; 0, or -EINVAL.',
      changes,
      run: (call, vma, address, pfn) => {
        const { k } = call;
        const area = call.cell(vma);
        if ((k.read_int(k.plus(area, k.vm_area_struct.vm_flags)) & VM_IO_OR_PFNMAP) === 0)
          return -EINVAL;
        const pte = follow_pte(k, k.read_ptr(k.plus(area, k.vm_area_struct.vm_mm)), va(address));
        const entry = pte === 0 ? NO_PTE : k.read_pte(pte);
        if (!call.kernel.pte_present(entry)) return -EINVAL;
        call.memory.store(pfn, call.profile.pointerSize, pte_pfn(k, entry));
        return 0;
      },
    },
  ]),
  ...group('output', 'lib/show_mem.c', [
    {
      signature: 'void show_mem(unsigned int flags, nodemask_t *nodemask)',
      doc: 'Prints the state of all memory, as the kernel does when an allocation fails.',
      changes,
      run: (call) => {
        call.kernel.__show_mem(call.k, call.k.MAX_NR_ZONES - 1);
      },
    },
  ]),
  ...group('page', 'mm/page_alloc.c', [
    {
      signature: 'void si_meminfo(struct sysinfo *val)',
      doc: 'Totals of memory, in pages: totalram, freeram, sharedram, and of highmem.',
      changes,
      run: (call, val) => {
        const { k, kernel } = call;
        const { sysinfo } = k;
        const put = (member: number, pages: number): void => {
          call.memory.store(call.offset(val, member * 4), k.wide ? 8 : 4, pages);
        };
        put(sysinfo.totalram, k.read_ulong(k.globals._totalram_pages));
        put(sysinfo.sharedram, kernel.global_node_page_state(k, k.NR_SHMEM));
        put(sysinfo.freeram, kernel.global_zone_page_state(k, k.NR_FREE_PAGES));
        const high = k.zones.filter((zone) => kernel.is_highmem(k, zone));
        const sum = (of: (zone: Zone) => number): number =>
          high.reduce((n, zone) => n + of(zone), 0);
        put(
          sysinfo.totalhigh,
          sum((zone) => kernel.zone_managed_pages(k, zone)),
        );
        put(
          sysinfo.freehigh,
          sum((zone) => kernel.zone_page_state(k, zone, k.NR_FREE_PAGES)),
        );
        call.memory.store(call.offset(val, sysinfo.mem_unit * 4), 4, PAGE_SIZE);
      },
    },
  ]),
];

const PID = 'include/linux/pid.h';

export const PROCESS_MACROS = String.raw`
#define for_each_process(p) for (p = &init_task; (p = next_task(p)) != &init_task; ) // Every process. include/linux/sched/signal.h
#define do_each_thread(g, t) for (g = t = &init_task; (g = t = next_task(g)) != &init_task; ) do // Every thread of every process; ends with while_each_thread(). include/linux/sched/signal.h
#define while_each_thread(g, t) while ((t = next_thread(t)) != g) // include/linux/sched/signal.h
#define for_each_thread(p, t) for (struct task_struct *__leader = (t = (p)); t; t = next_thread(t), t = t == __leader ? NULL : t) // Every thread of a process. include/linux/sched/signal.h
#define for_each_process_thread(p, t) for_each_process(p) for_each_thread(p, t) // Every thread of every process. include/linux/sched/signal.h
#define thread_group_leader(p) ((p)->pid == (p)->tgid) // include/linux/sched/signal.h
#define thread_group_empty(p) (next_thread(p) == (p)) // include/linux/sched/signal.h
#define same_thread_group(p1, p2) ((p1)->tgid == (p2)->tgid) // include/linux/sched/signal.h
#define task_is_running(task) ((task)->__state == 0) // include/linux/sched.h
#define task_state_to_char(tsk) ({ unsigned int __said = (tsk)->__state | (tsk)->exit_state; "RSDTtXZPI"[__said == 0x402 ? 8 : fls(__said & 0x7f)]; }) // The letter of a task's state in ps. include/linux/sched.h
#define find_vpid(nr) ((struct pid *)find_task_by_pid_ns(nr, NULL)) // What has a pid; NULL if nothing has. ${PID}
#define find_get_pid(nr) find_vpid(nr) // The same, with a reference. ${PID}
#define get_pid(pid) (pid) // ${PID}
#define put_pid(pid) ((void)(pid)) // ${PID}
#define pid_task(pid, type) ((struct task_struct *)(pid)) // The task that has a pid. ${PID}
#define get_pid_task(pid, type) ({ struct task_struct *__of = (struct task_struct *)(pid); if (__of) get_task_struct(__of); __of; }) // The same, with a reference. ${PID}
#define task_pid(task) ((struct pid *)(task)) // ${PID}
#define get_task_pid(task, type) ((struct pid *)(task)) // ${PID}
#define pid_nr(pid) ((pid) ? ((struct task_struct *)(pid))->pid : 0) // ${PID}
#define pid_vnr(pid) pid_nr(pid) // ${PID}
#define PIDTYPE_PID 0 // ${PID}
#define PIDTYPE_TGID 1 // ${PID}
#define task_lock(p) ((void)(p)) // Nobody else runs in between. include/linux/sched/task.h
#define task_unlock(p) ((void)(p)) // include/linux/sched/task.h
#define TASK_COMM_LEN 16 // Bytes of a task's name. include/linux/sched.h
#define get_task_comm(buf, tsk) strscpy(buf, (tsk)->comm, sizeof(buf)) // Copies a task's name. include/linux/sched.h
#define pfn_to_online_page(nr) ({ unsigned long __frame = (nr); pfn_valid(__frame) ? pfn_to_page(__frame) : NULL; }) // The page of a frame; NULL if it has none. include/linux/memory_hotplug.h
#define global_node_page_state(item) ((unsigned long)max(vm_node_stat[item].counter, 0L)) // A count of vm_node_stat. include/linux/vmstat.h
#define access_remote_vm(mm, addr, buf, len, flags) ({ typeof(&*(mm)) __of = (mm); unsigned long __at = (addr); char *__with = (void *)(buf); unsigned int __how = (flags); int __size = (len), __done = 0; struct page *__piece; mmap_read_lock(__of); while (__done < __size && get_user_pages_remote(__of, __at, 1, __how, &__piece, NULL, NULL) == 1) { int __from = offset_in_page(__at), __bytes = min_t(int, __size - __done, PAGE_SIZE - __from); char *__there = kmap_local_page(__piece); if (__how & FOLL_WRITE) { memcpy(__there + __from, __with + __done, __bytes); set_page_dirty_lock(__piece); } else memcpy(__with + __done, __there + __from, __bytes); kunmap_local(__there); put_page(__piece); __done += __bytes; __at += __bytes; } mmap_read_unlock(__of); __done; }) // Copies from, or with FOLL_WRITE to, an address space: how many bytes. include/linux/mm.h
#define access_process_vm(tsk, addr, buf, len, flags) access_remote_vm((tsk)->mm, addr, buf, len, flags) // The same, of a task. include/linux/mm.h
`;
