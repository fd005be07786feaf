/**
 * What a builtin sees of the machine while it runs.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import type { File, Page, TaskStruct, Zone } from '../../engine/machine/ctypes.js';
import type { SleepKind } from '../../engine/machine/sleeper.js';
import type { Cell, VirtAddr } from '../../engine/memory/address.js';
import type { Profile } from '../../engine/types/profile.js';
import type { AddressKind } from '../../engine/view/addressKind.js';
import type { AddressUse } from '../../engine/view/addressVerdict.js';
import type { Value } from '../semantics/arithmetic.js';
import type { KernelCalls } from './kernelCalls.js';
import type { Ledger } from './ledger.js';

/** The call would sleep: its statement is undone and the task waits until the reason is gone. */
export interface Blocked {
  readonly blocked: BlockReason;
}

/** A call that is done in pieces is not at its end: others may be let through before the next one. */
export interface Unfinished {
  readonly rest: () => Value | Unfinished | undefined;
}

/** Why a task waits, and for what. */
export interface BlockReason {
  readonly kind: BlockKind;
  /** The object waited for. */
  readonly address: VirtAddr;
  /** The jiffy, its low 32 bits, at which the task goes on in any case. */
  readonly until?: number;
}

export type BlockKind =
  | SleepKind
  | 'kmap slot'
  | 'spinlock'
  | 'pool element'
  | 'grace period'
  | 'rwlock for reading'
  | 'rwlock for writing'
  | 'start'
  | 'work'
  | 'running work'
  | 'queued work'
  | 'workqueue'
  | 'tasklet'
  | 'irq thread'
  | 'child';

/** Words of `struct page` that functions begin with. */
export type PageMember = 'flags' | 'compound_head' | '_refcount' | '_mapcount';

/** Memory by virtual address: the kernel's and the scenario's own. */
export interface VirtualMemory {
  /** Up to 4 bytes: zero-extended; 8: the signed reading. Faults where nothing is mapped. */
  load(address: Value, sizeBytes: 1 | 2 | 4 | 8): Value;
  store(address: Value, sizeBytes: 1 | 2 | 4 | 8, value: Value): void;
  /** As many bytes as are mapped, up to `sizeBytes`; never faults. */
  readonly readBytes: (address: Value, sizeBytes: number) => Uint8Array;
  /** Faults, and writes nothing, unless all of it is mapped. */
  writeBytes(address: Value, bytes: Uint8Array): void;
  /** The fault of an access that nothing is mapped for. */
  fault(address: number, kind: 'read' | 'write'): Error;
}

/** Sections that the running task is in; on the tape. */
export interface TaskContext {
  /** preempt_count(): spinlocks, kmap_atomic(), get_cpu() that are held. */
  preemptCount: number;
  /** rcu_read_lock()s that are held. */
  rcuDepth: number;
  irqsDisabled: boolean;
  /** Whether another task is in a section of rcu_read_lock(). */
  readonly othersRead: boolean;
  /** Whether a task waits for something that has come before the running one, which may have waited itself. */
  isWaitedFor(kinds: readonly BlockKind[], address: VirtAddr): boolean;
  /** What the other tasks that wait at an address wait for, who came first before. */
  waitersAt(kinds: readonly BlockKind[], address: VirtAddr): readonly BlockKind[];
  /** What the running task waited for, when it was parked in this very statement. */
  readonly waited: BlockReason | undefined;
  /** Whether the running task has a lock of the kernel's. */
  holds(lock: Cell): boolean;
}

/** The running task as a process: what it asks of the machine itself. */
export interface ProcessCalls {
  /** The running task has an address space, which is made where it has none. Ends it where there can be none. */
  needsMemory(name: string): void;
  /** A child that goes on from here, on its own: its pid, and for the child 0; or an error. */
  fork(): Value;
  /** The task ends behind the call. */
  exit(code: number): void;
  /** The kernel's half of the end of the running task. @param code as wait() tells it */
  end(code: number): void;
  /** A child that has ended, and is gone with this: its pid and how it ended; or to wait for one; or an error. @param pid -1: any */
  wait(pid: number): { readonly pid: number; readonly code: number } | Blocked | number;
  /** Sends a signal to a task, and to those that it ends with it; 0 or an error. */
  send(task: TaskStruct, sig: number, code: number): number;
  /** Who sent the running task a signal last, and how: si_code. */
  senderOf(): { readonly pid: number; readonly code: number };
  /** The builtin that runs is setjmp(): where it is goes to a jmp_buf. */
  setJump(env: Value): void;
  /** Goes on there. */
  jump(env: Value, value: number): never;
  /** Where the process's stack has come to. */
  stackPointer(): VirtAddr;
  /** Whether the running task is of the program whose main() was called, and not a child. */
  readonly isProgram: boolean;
  /** Of the running task. */
  names(): { readonly pid: number; readonly comm: string };
  /** A task of the scenario; NULL if none has the pid. */
  taskWithPid(pid: number): TaskStruct;
  /** Why the last call of the C library failed. */
  errno: number;
  /** Where that is, for the scenario itself. */
  readonly errnoAddress: Value;
  /** Where the heap of the process begins that malloc() has made; 0: it has made none. */
  heapStart: number;
  readonly files: OpenFiles;
  readonly threads: ThreadCalls;
  readonly jobs: JobCalls;
}

/** What waits for its time, or for a thread to do it. */
export type DueKind = 'timer' | 'tasklet' | 'delayed work' | 'irq thread' | 'hrtimer';

/** What threads of the kernel do for the scenario: works, timers, tasklets, threads of interrupts. */
export interface JobCalls {
  /** It waits for a jiffy, or for another one than before. Ends the task where too much waits. */
  arm(kind: DueKind, object: Cell, at: number): void;
  /** False: it did not wait. */
  disarm(object: Cell): boolean;
  /** Whether it waits. */
  isArmed(object: Cell): boolean;
  /** Whether a thread is doing it. */
  runs(object: Cell): boolean;
  /** Whether a thread does a work of a workqueue. */
  isBusy(queue: Cell): boolean;
  /** Whether the running task is that thread. */
  isOwn(object: Cell): boolean;
  /** A work stands in the kernel's list. */
  noteWork(work: Cell): void;
  /** A builtin is about to be called: its statement does first what it is to do in place. */
  beforeCall(pc: number, looksAgain: boolean): void;
  /** It has just done so. */
  readonly didBefore: boolean;
  /** Whether the statement that runs has given this to the kernel's threads. */
  hasGiven(object: Cell): boolean;
  /** Whether the statement that runs has done a work itself. */
  didHere(work: Cell): boolean;
  /** The task waits until a work is done. @param again what has come before that, for others to see */
  waitUntilDone(kind: 'work' | 'running work', work: Cell, again: () => void): never;
  /** The task waits. @param again what has come before that, for others to see */
  waitFor(reason: BlockReason, again: () => void): never;
  /** Whether the running task is a thread that does a work of a workqueue. */
  isChained(queue: Cell): boolean;
  /** How often drain_workqueue() has flushed in vain. */
  drainTries: number;
}

/** Threads of the kernel that run functions of the scenario. */
export interface ThreadCalls {
  /** A new one, asleep; or an error. @param func the address of a function of the scenario; @param comm its name, as bytes */
  create(func: Value, data: Value, comm: readonly number[]): TaskStruct | number;
  /** Tells one to stop and waits until it has; what its function returned. */
  stop(task: TaskStruct): number;
  /** The running one ends behind the call. */
  exit(result: number): void;
  /** Whether the running task, one that begins, was told to stop before it could. */
  readonly isStoppedEarly: boolean;
  /** Where one runs that has not run yet. False: there is no such CPU, or it is not one of these. */
  bind(task: TaskStruct, cpu: number): boolean;
}

/** Open files by number, and files by name. What it has keeps a reference. */
export interface OpenFiles {
  find(fd: number): File | undefined;
  /** Its number; undefined: all are in use. */
  add(file: File): number | undefined;
  remove(fd: number): File | undefined;
  named(name: string): File | undefined;
  /** False: there is no room for another name. */
  name(name: string, file: File): boolean;
  unname(name: string): File | undefined;
  /** The name of a file goes. */
  unnameFile(file: File): void;
  /** All that have names. */
  namedFiles(): File[];
  /** How many names there are. */
  readonly nrNames: number;
}

/** Copies between the kernel and a process, as far as the process's memory goes. */
export interface UserCopies {
  /** Bytes that could be read at a user address. */
  read(address: Value, sizeBytes: number): Uint8Array;
  /** How many of the bytes could be written. */
  write(address: Value, bytes: Uint8Array): number;
}

/** How a text of the log stands to the lines before and after it. */
export interface LinePart {
  /** It goes on where the line before has no end. */
  readonly continues?: true;
  /** It has no end of its own: the next text may go on with it. */
  readonly open?: true;
}

export interface BuiltinCall {
  readonly k: Kernel;
  readonly kernel: KernelCalls;
  readonly profile: Profile;
  readonly memory: VirtualMemory;
  /** The call as written. */
  readonly source: string;
  /** `scenario.mms:12`. */
  readonly location: string;

  // --- pointers: what is wrong with one faults as it would in the kernel -----------------------------------------------

  /** @param member what the kernel's function looks at first: a pointer that leads nowhere faults there */
  page(pointer: Value, member?: PageMember): Page;
  pageOrNull(pointer: Value): Page;
  zone(pointer: Value): Zone;
  zoneOrNull(pointer: Value): Zone;
  /** The first word of any other object of the kernel. */
  cell(pointer: Value): Cell;
  /** An address of the direct map or the kernel image, which has a page. */
  linear(pointer: Value): VirtAddr;
  /** The order of a block at a page: one that exists, and whose pages do. */
  blockOrder(page: Page, order: Value): number;
  /** The pointer to a cell; NULL for 0. */
  pointer(cell: number): Value;
  /** `pointer` moved by so many bytes. */
  offset(pointer: Value, bytes: Value): Value;
  /** Any number as an unsigned long. */
  unsignedLong(value: number): Value;
  /** The bytes at a `char *`, up to its NUL, one character each. */
  string(pointer: Value): string;
  /** The same as bytes, at most so many. Where memory ends before the string does, reading on faults. */
  bytes(pointer: Value, most?: number): Uint8Array;
  /** The next arguments that a va_list leads to, as many as may be asked for. */
  variableArguments(list: Value): Iterable<Value>;

  // --- kinds of address ------------------------------------------------------------------------------------------------

  addressKind(address: Value): AddressKind;
  /** Says so when a value has no business in a conversion, and what it is instead. */
  judge(use: AddressUse, value: Value): void;
  /** Says of any other value that it has no business where it is used. */
  outOfDomain(use: string, value: Value, text: string): void;

  // --- the task ----------------------------------------------------------------------------------------------------------

  /** Where the kernel was called from: the address of the scenario's function that runs. */
  readonly caller: VirtAddr;
  /** What the running task must not do, and who waits for it. */
  readonly context: TaskContext;
  readonly process: ProcessCalls;
  readonly user: UserCopies;
  /** What the scenario has taken from the kernel. */
  readonly ledger: Ledger;
  /** Says so if the call may not sleep here. */
  mightSleep(): void;
  /** Says so if the task must not give way here. */
  scheduling(): void;

  // --- what happens ------------------------------------------------------------------------------------------------------

  /** @param text bytes, one character each */
  printk(level: number, text: string, line?: LinePart): void;
  warn(text: string): void;
  /** The task does not go on. */
  bug(text: string): never;
  /** The process ends itself. @param reason one sentence without a full stop */
  abort(reason: string): never;
  /** What an `expect` came to. */
  expectation(holds: boolean): void;
  /** Something else than an `expect` did not hold. */
  expectFailed(source: string): void;
  /** When the statement is done, another task runs. */
  yieldCpu(): void;
}
