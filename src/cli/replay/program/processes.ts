/**
 * The processes of a recorded program: what each does between the recorder's operations is performed on the engine.
 *
 * The program is a list of lines that was recorded beside the trace (oracle/FORMAT.md, 7.2): page faults, system calls, and what the
 * scheduler and RCU did. Numbers are hexadecimal, but for pids.
 */
import {
  add_mm_counter,
  copy_mm,
  current,
  do_madvise,
  do_mlock,
  do_munmap,
  do_user_addr_fault,
  dup_task_struct,
  exit_mm,
  ksys_mmap_pgoff,
  mmdrop,
  mmgrab,
  fput,
  hugetlb_file_setup,
  hugetlbfs_setattr,
  lru_add_drain_all,
  mprotectRange,
  munlockRange,
  pte_present,
  pte_write,
  set_max_huge_pages,
  refresh_cpu_vm_stats,
  setBrk,
  setOvercommitHugePages,
  split_huge_pages_all,
  shmemFileSetup,
  shmemPunchHole,
  shmemWritePage,
  switch_mm,
  sys_mremap,
  X86_PF_INSTR,
  X86_PF_USER,
  X86_PF_WRITE,
} from '../../../engine/entry/functions.js';
import type { File, MmStruct, TaskStruct } from '../../../engine/machine/ctypes.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../engine/memory/address.js';
import {
  MAP_ANONYMOUS,
  VM_LOCKED,
  VM_NORESERVE,
} from '../../../engine/kernel/include/linux/mm_types.h.js';
import {
  HPAGE_PMD_NR,
  hugepage_flags_enabled,
} from '../../../engine/kernel/include/linux/huge_mm.h.js';
import { default_hstate } from '../../../engine/kernel/include/linux/hugetlb.h.js';
import { this_cpu_ptr } from '../../../engine/kernel/include/linux/percpu-defs.h.js';
import type { ToldPages } from './toldPages.js';
import { entryOf, markAccessed } from './accessed.js';
import { EndedTasks } from './endedTasks.js';
import { keptTables } from './keptTables.js';

/** One line of a program. */
export interface Action {
  readonly pid: number;
  readonly name: string;
  readonly args: readonly string[];
}

interface Process {
  readonly task: TaskStruct;
  readonly mm: MmStruct;
}

/** enum fault_flag, as the kernel that was recorded had it. */
const FAULT_FLAG_WRITE = 0x1;
const FAULT_FLAG_INSTRUCTION = 0x100;

/** Of fallocate(). */
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/** An action that the engine does not perform. */
export class NotPerformed extends Error {}

export class Processes {
  private processes: ReadonlyMap<number, Process>;
  /** Address spaces that a task which has ended still keeps, until another one runs. */
  private lazy: readonly Process[] = [];
  private readonly ended: EndedTasks;
  /** Whoever does the act. */
  private by = 0;
  private file: { readonly file: File; readonly written: number } | undefined;
  /** Whether the next quiet time is too short for the worker of mm/vmstat.c. */
  isStill = false;
  /** The address space that khugepaged stands at, if it was as quick as on most machines. */
  private scanned: MmStruct = NULL;

  /**
   * @param told the pages that were taken for what is not performed
   * @param exits processes whose end is an act of its own, by a signal, too: what the processor has marked until then is told in front of it
   */
  constructor(
    private readonly k: Kernel,
    private readonly told: ToldPages,
    private readonly exits: ReadonlySet<number> = new Set(),
  ) {
    const task = current(k);
    this.ended = new EndedTasks(k);
    this.processes = new Map([[1, { task, mm: k.read_ptr(k.plus(task, k.task_struct.mm)) }]]);
  }

  /** What is not memory: to be put back when the memory is taken back. */
  save(): () => void {
    const { processes, lazy, file, isStill, scanned } = this;
    const restoreEnded = this.ended.save();
    return () => {
      this.processes = processes;
      this.lazy = lazy;
      this.file = file;
      this.isStill = isStill;
      this.scanned = scanned;
      restoreEnded();
    };
  }

  perform({ pid, name, args }: Action): void {
    const act = name === 'accessed' ? () => undefined : this.actions[name];
    if (act === undefined) throw new NotPerformed(name);
    this.ended.settle(pid);
    this.by = pid;
    if (this.processes.has(pid)) this.switchTo(pid);
    if (name === 'accessed') markAccessed(this.k, this.mm, args);
    else
      act(
        args.map((arg) => parseInt(arg, name === 'fork' ? 10 : 16)),
        args,
      );
  }

  /** Makes a process the current one. */
  switchTo(pid: number): void {
    const { k } = this;
    this.ended.settle(pid);
    const process = this.processes.get(pid);
    if (process === undefined) return;
    k.write_ptr(this_cpu_ptr(k, 'current_task'), process.task);
    switch_mm(k, process.mm);
  }

  get mm(): MmStruct {
    const { k } = this;
    return k.read_ptr(k.plus(current(k), k.task_struct.mm));
  }

  private touch(va: VirtAddr, isWrite: boolean): void {
    const { k } = this;
    const pte = entryOf(k, this.mm, va);
    const entry = pte === NULL ? undefined : k.read_pte(pte);
    const isThere = entry !== undefined && pte_present(entry) && (!isWrite || pte_write(entry));
    if (!isThere) this.fault(va, X86_PF_USER | (isWrite ? X86_PF_WRITE : 0));
    // The fault may have ended the process.
    if (this.mm === NULL) return;
    markAccessed(k, this.mm, [`${va.toString(16)}${isWrite ? '!' : ''}`]);
  }

  private fault(va: VirtAddr, code: number): void {
    const { k } = this;
    const ret = do_user_addr_fault(k, this.mm, code, va);
    // A signal ends the process, which has no handler: no huge page was left, for example.
    if ((ret & (k.VM_FAULT_SIGSEGV | k.VM_FAULT_SIGBUS)) !== 0) {
      if (!this.exits.has(this.pid ?? -1)) this.end();
    } else if ((ret & k.VM_FAULT_OOM) !== 0)
      throw new NotPerformed(`fault at ${va.toString(16)}: ${ret.toString(16)}`);
  }

  /** Stacks that the end of a grace period gives back. */
  get waiting(): readonly number[] {
    return this.ended.waiting;
  }

  waitsToBeFreed(pfn: number): boolean {
    return this.waiting.includes(pfn);
  }

  /** Whether it is a table that an address space keeps to its end: of one that nobody uses, and khugepaged keeps. */
  isScanned(pfn: number): boolean {
    const { k, scanned } = this;
    if (scanned === NULL || k.read_int(k.plus(scanned, k.mm_struct.mm_users)) !== 0) return false;
    return keptTables(k, scanned).some((table) => table === pfn);
  }

  /** It had not come to it. */
  letScannedGo(): void {
    mmdrop(this.k, this.scanned);
    this.scanned = NULL;
  }

  /** The current process; undefined once it has ended. */
  private get pid(): number | undefined {
    const task = current(this.k);
    return [...this.processes].find(([, each]) => each.task === task)?.[0];
  }

  /** The current process ends: its memory goes, its structures stay until the scheduler and RCU let them go. */
  private end(): void {
    const { k } = this;
    const task = current(k);
    const { pid } = this;
    const process = this.processes.get(pid ?? -1);
    if (pid === undefined || process === undefined) return;
    exit_mm(k, task);
    this.lazy = [...this.lazy, process];
    this.ended.add(task);
    this.processes = new Map([...this.processes].filter(([each]) => each !== pid));
  }

  private readonly actions: Readonly<
    Record<string, (args: readonly number[], texts: readonly string[]) => void>
  > = {
    fault: ([address = 0, flags = 0]) => {
      const code =
        X86_PF_USER |
        ((flags & FAULT_FLAG_WRITE) !== 0 ? X86_PF_WRITE : 0) |
        ((flags & FAULT_FLAG_INSTRUCTION) !== 0 ? X86_PF_INSTR : 0);
      this.fault(asVirt(address), code);
    },
    // An access of the program: a fault if it needs one, and the marks that the processor leaves.
    touch: (_, [text = '']) => {
      this.touch(asVirt(parseInt(text, 16)), text.endsWith('!'));
    },
    // The same of the page that the kernel maps into each process, which counts as one of a file.
    vdso: ([va = 0]) => {
      this.touch(asVirt(va), false);
      add_mm_counter(this.k, this.mm, this.k.MM_FILEPAGES, 1);
    },
    // khugepaged has been woken, and runs for the first time: it drains the batches.
    khugepaged: () => {
      if (hugepage_flags_enabled(this.k)) lru_add_drain_all(this.k);
    },
    // It has looked at as many pages as it may at once, and stands at this address space until its next look, which the stopped clocks
    // do not let it have: khugepaged_pages_to_scan. `pages`: how many it looked at until here.
    scanned: ([pages = 0]) => {
      const { k } = this;
      if (!hugepage_flags_enabled(k) || pages < 8 * HPAGE_PMD_NR(k)) return;
      mmgrab(k, this.mm);
      this.scanned = this.mm;
    },
    // A byte is written to a pipe, which keeps the page.
    pipe: () => {
      this.told.takePipe(this.k);
    },
    mmap: ([addr = 0, len = 0, prot = 0, flags = 0, , pgoff = 0]) => {
      const file = (flags & MAP_ANONYMOUS) !== 0 ? NULL : (this.file?.file ?? NULL);
      ksys_mmap_pgoff(this.k, this.mm, asVirt(addr), len, prot, flags, file, pgoff / PAGE_SIZE);
    },
    munmap: ([start = 0, len = 0]) => void do_munmap(this.k, this.mm, asVirt(start), len),
    mprotect: ([start = 0, len = 0, prot = 0]) =>
      void mprotectRange(this.k, this.mm, asVirt(start), len, prot),
    madvise: ([start = 0, len = 0, advice = 0]) =>
      void do_madvise(this.k, this.mm, asVirt(start), len, advice),
    mlock: ([start = 0, len = 0]) => void do_mlock(this.k, this.mm, asVirt(start), len, VM_LOCKED),
    munlock: ([start = 0, len = 0]) => void munlockRange(this.k, this.mm, asVirt(start), len),
    mremap: ([addr = 0, oldLen = 0, newLen = 0, flags = 0, newAddr = 0]) =>
      void sys_mremap(this.k, asVirt(addr), oldLen, newLen, flags, asVirt(newAddr)),
    // Pages that somebody takes while the recorder hears nothing: those for objects of caches are not of what is performed here.
    alloc: ([, order = 0], [gfp = '']) => {
      this.told.take(this.k, gfp, order);
    },
    // Files of sysfs and debugfs that are written to.
    nr_hugepages: ([count = 0]) => void set_max_huge_pages(this.k, default_hstate(this.k), count),
    nr_overcommit_hugepages: ([count = 0]) => {
      setOvercommitHugePages(this.k, default_hstate(this.k), count);
    },
    split_huge_pages: () => void split_huge_pages_all(this.k),
    brk: ([address = 0]) => void setBrk(this.k, this.mm, asVirt(address)),
    fork: ([child = 0]) => {
      const { k } = this;
      const task = dup_task_struct(k, current(k));
      copy_mm(k, task);
      const mm: MmStruct = k.read_ptr(k.plus(task, k.task_struct.mm));
      this.processes = new Map([...this.processes, [child, { task, mm }]]);
    },
    exit: () => {
      this.end();
    },
    mmdrop: (_, [mm]) => {
      // Without a recorded address it is the one that has waited longest.
      const process =
        mm === undefined
          ? this.lazy[0]
          : this.lazy.find((each) => mm.endsWith(this.k.hex(this.k.va_of(each.mm))));
      // Another one than those that were made here.
      if (process === undefined) return;
      mmdrop(this.k, process.mm);
      this.lazy = this.lazy.filter((each) => each !== process);
    },
    // open("/proc/self/pagemap"): the file keeps the structure, not the areas.
    pagemap: () => {
      mmgrab(this.k, this.mm);
    },
    stack: (_, [task]) => {
      this.ended.loseStack(task, this.processes.has(this.by) ? undefined : this.by);
    },
    free: (_, [task]) => {
      this.ended.free(task);
    },
    rcu: () => {
      this.ended.endGracePeriod();
    },
    // The recorder lets all that waits be done, and time pass, before it stops the clocks. `drain`: when counters are folded is told.
    quiet: (_, [isTold]) => {
      lru_add_drain_all(this.k);
      if (isTold === undefined && !this.isStill) refresh_cpu_vm_stats(this.k);
      this.isStill = false;
    },
    fold: () => void refresh_cpu_vm_stats(this.k),
    open: () => {
      this.file = { file: shmemFileSetup(this.k, 'file', 0), written: 0 };
    },
    // With MFD_HUGETLB: no program makes others.
    memfd_create: () => {
      this.file = {
        file: hugetlb_file_setup(this.k, 'memfd:file', 0, VM_NORESERVE, 0),
        written: 0,
      };
    },
    ftruncate: ([size = 0]) => {
      const { k, file } = this;
      if (file === undefined) return;
      hugetlbfs_setattr(k, k.read_ptr(k.plus(file.file, k.file.f_inode)), size);
    },
    close: () => {
      if (this.file !== undefined) fput(this.k, this.file.file);
      this.file = undefined;
    },
    write: ([length = 0]) => {
      if (this.file === undefined) return;
      const { file, written } = this.file;
      if (length > PAGE_SIZE) throw new NotPerformed('write of more than a page');
      const { k } = this;
      const inode = k.read_ptr(k.plus(file, k.file.f_inode));
      shmemWritePage(k, inode, Math.floor(written / PAGE_SIZE), written + length, () => undefined);
      this.file = { file, written: written + length };
    },
    pwrite: ([length = 0, position = 0]) => {
      if (this.file === undefined) return;
      if (length > PAGE_SIZE) throw new NotPerformed('pwrite of more than a page');
      const { k } = this;
      const inode = k.read_ptr(k.plus(this.file.file, k.file.f_inode));
      shmemWritePage(
        k,
        inode,
        Math.floor(position / PAGE_SIZE),
        position + length,
        () => undefined,
      );
    },
    fallocate: ([mode = 0, offset = 0, length = 0]) => {
      if (this.file === undefined) return;
      if (mode !== (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
        throw new NotPerformed(`fallocate of mode ${mode.toString(16)}`);
      const { k } = this;
      shmemPunchHole(k, k.read_ptr(k.plus(this.file.file, k.file.f_inode)), offset, length);
    },
  };
}
