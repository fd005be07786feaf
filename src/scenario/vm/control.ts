/**
 * The state of the machine that is not memory, as cells: which task runs, and for each where it is and what it waits for.
 *
 *     word 0    current task              word 16 + 16 * task    state, may run, pc, CPU, bytes of stack and words of shadow
 *          1    statements run                                   in use, what it waits for: kind, address (two words);
 *          2    expectations failed                              preempt_count, rcu_read_lock()s, whether IRQs are off;
 *          3    expectations that held                           of a child of fork(): values that wait in the middle of a
 *          4    children of fork() so far                        statement, its task_struct, who it comes from
 *          6    whose variables lie at their addresses
 *
 *     word 640 + 2 * task   its place in a queue, until when it waits     word 1024 ...  locks that tasks have (heldLocks.ts)
 *          736 + 2 * task   of a thread of kthread_create(): the number     1200 + 32 * process   its open files
 *                           of its function, from 1 on; whose variables it uses
 *          800 ...          timers, works and who does them (jobTable.ts)
 *          900 ...          files by name                                      2240 + 16 * task     of a statement that is run again (rerun.ts)
 *                                                                              2752 + 2 * task      who sent it a signal last: pid, si_code
 *
 * All zeros is the state before the first statement, so a machine can be made without writing anything: the scenario itself is
 * ready with pc 0, and a stack of which nothing is in use stands for the first frame of the task.
 * Word 1 is the last to be written by every statement: no two boundaries have the same position on the tape.
 */
import {
  asCell,
  asVirt,
  fromWords,
  highWord,
  lowWord,
  type Cell,
} from '../../engine/memory/address.js';
import type { PhysicalMemory } from '../../engine/memory/physical.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { BlockKind, BlockReason } from '../builtins/call.js';
import { MAX_TASKS } from '../semantics/window.js';

export type TaskStatus = 'ready' | 'waiting' | 'ended' | 'failed';

/** Bytes of stack, and words of what the machine keeps for itself beside it. */
export interface StackUse {
  readonly bytes: number;
  readonly shadow: number;
}

const STATUSES: readonly TaskStatus[] = ['ready', 'waiting', 'ended', 'failed'];
const BLOCK_KINDS: readonly BlockKind[] = [
  'page lock',
  'page writeback',
  'migration',
  'semaphore',
  'wakeup',
  'kmap slot',
  'mutex',
  'spinlock',
  'pool element',
  'grace period',
  'rwlock for reading',
  'rwlock for writing',
  'rwsem for reading',
  'rwsem for writing',
  'start',
  'work',
  'running work',
  'workqueue',
  'tasklet',
  'completion',
  'wait queue',
  'child',
  'irq thread',
  'queued work',
];

const CURRENT = 0;
const STATEMENTS = 1;
const FAILED_EXPECTS = 2;
const HELD_EXPECTS = 3;
const CHILDREN = 4;
const DATA_OWNER = 6;
/** Of each thread of the kernel: its function, and the process whose variables it uses. */
const THREADS = 736;
/** Of each process, so many open files. */
const FILES = 1200;
export const FILES_OF_PROCESS = 32;
const FILE_NAMES = 900;
const JOB_TABLE = 800;
const HELD = 1024;
const RERUN = 2240;
export const RERUN_WORDS = 16;
const SENDERS = 2752;
const TASKS = 16;
const TASK_WORDS = 16;
/** Of each task: its place in a queue, and when its wait is over, or 0. */
const QUEUES = 640;
/** Of a place in a queue: that the task stands there; above, its number. */
const PARKED = 1;
const NUMBER_SHIFT = 2;

const STATUS = 0;
const CREATED = 1;
const PC = 2;
const CPU = 3;
const STACK_USED = 4;
const SHADOW_USED = 5;
const WAIT_KIND = 6;
const WAIT_LOW = 7;
const WAIT_HIGH = 8;
const PREEMPT_COUNT = 9;
const RCU_DEPTH = 10;
const IRQS_DISABLED = 11;
const RESUMES = 12;
const TASK_STRUCT = 13;
const PARENT = 14;
const ORIGIN = 15;

/** A section in which a task must not sleep. */
export type Section = 'preempt' | 'rcu' | 'irq';

const SECTION_WORDS: Readonly<Record<Section, number>> = {
  preempt: PREEMPT_COUNT,
  rcu: RCU_DEPTH,
  irq: IRQS_DISABLED,
};

export class Control {
  /** Cells from `start` on. */
  constructor(
    private readonly memory: PhysicalMemory,
    private readonly tape: Tape,
    private readonly start: Cell,
    private readonly pointerSize: 4 | 8,
  ) {}

  private read(word: number): number {
    return this.memory.words[this.start + word] ?? 0;
  }

  private write(word: number, value: number): void {
    this.tape.write(asCell(this.start + word), value);
  }

  private readTask(task: number, word: number): number {
    return this.read(TASKS + task * TASK_WORDS + word);
  }

  private writeTask(task: number, word: number, value: number): void {
    this.write(TASKS + task * TASK_WORDS + word, value);
  }

  get currentTask(): number {
    return this.read(CURRENT);
  }

  set currentTask(task: number) {
    this.write(CURRENT, task);
  }

  get currentTaskCell(): Cell {
    return asCell(this.start + CURRENT);
  }

  /** The last write of every statement. */
  countStatement(): void {
    this.write(STATEMENTS, (this.read(STATEMENTS) + 1) | 0);
  }

  get failedExpects(): number {
    return this.read(FAILED_EXPECTS);
  }

  countFailedExpect(): void {
    this.write(FAILED_EXPECTS, this.read(FAILED_EXPECTS) + 1);
  }

  get expectCells(): { readonly held: Cell; readonly failed: Cell } {
    const { start } = this;
    return { held: asCell(start + HELD_EXPECTS), failed: asCell(start + FAILED_EXPECTS) };
  }

  get heldExpects(): number {
    return this.read(HELD_EXPECTS);
  }

  countHeldExpect(): void {
    this.write(HELD_EXPECTS, this.read(HELD_EXPECTS) + 1);
  }

  // --- tasks ---------------------------------------------------------------------------------------------------------------

  /** Whether the task's declaration has been reached. */
  isCreated(task: number): boolean {
    return task === 0 || this.readTask(task, CREATED) !== 0;
  }

  create(task: number, pc: number): void {
    this.writeTask(task, PC, pc);
    this.writeTask(task, CREATED, 1);
  }

  status(task: number): TaskStatus {
    return STATUSES[this.readTask(task, STATUS)] ?? 'ready';
  }

  /** Everything about a task, so that another one may have its place. */
  clear(task: number): void {
    for (let word = 0; word < TASK_WORDS; word++) this.writeTask(task, word, 0);
    this.write(THREADS + task * 2, 0);
    this.setRerunWords(task, []);
  }

  setStatus(task: number, status: TaskStatus): void {
    this.writeTask(task, STATUS, STATUSES.indexOf(status));
  }

  pc(task: number): number {
    return this.readTask(task, PC);
  }

  setPc(task: number, pc: number): void {
    this.writeTask(task, PC, pc);
  }

  /** How much of its stacks a task has in use; all 0: the first frame only. */
  stack(task: number): StackUse {
    return { bytes: this.readTask(task, STACK_USED), shadow: this.readTask(task, SHADOW_USED) };
  }

  setStack(task: number, { bytes, shadow }: StackUse): void {
    this.writeTask(task, STACK_USED, bytes);
    this.writeTask(task, SHADOW_USED, shadow);
  }

  /** The CPU of a task that is not running. */
  cpu(task: number): number {
    return this.readTask(task, CPU);
  }

  setCpu(task: number, cpu: number): void {
    this.writeTask(task, CPU, cpu);
  }

  /** Sections that a task is in: how many of each kind. */
  depth(task: number, section: Section): number {
    return this.readTask(task, SECTION_WORDS[section]);
  }

  setDepth(task: number, section: Section, depth: number): void {
    this.writeTask(task, SECTION_WORDS[section], depth);
  }

  /** The process whose variables of the top level lie at their addresses. */
  get dataOwner(): number {
    return this.read(DATA_OWNER);
  }

  set dataOwner(process: number) {
    this.write(DATA_OWNER, process);
  }

  fileWord(process: number, i: number): number {
    return this.read(FILES + process * FILES_OF_PROCESS + i);
  }

  setFileWord(process: number, i: number, value: number): void {
    this.write(FILES + process * FILES_OF_PROCESS + i, value);
  }

  fileNameWord(i: number): number {
    return this.read(FILE_NAMES + i);
  }

  setFileNameWord(i: number, value: number): void {
    this.write(FILE_NAMES + i, value);
  }

  jobWord(i: number): number {
    return this.read(JOB_TABLE + i);
  }

  setJobWord(i: number, value: number): void {
    this.write(JOB_TABLE + i, value);
  }

  /** Of the statement that a task runs: those that are not 0. */
  rerunWords(task: number): number[] {
    const words: number[] = [];
    for (let i = 0; i < RERUN_WORDS; i++) {
      const word = this.read(RERUN + task * RERUN_WORDS + i);
      if (word === 0) break;
      words.push(word);
    }
    return words;
  }

  setRerunWords(task: number, words: readonly number[]): void {
    for (let i = 0; i < RERUN_WORDS; i++) this.write(RERUN + task * RERUN_WORDS + i, words[i] ?? 0);
  }

  /** Who sent a task a signal last. */
  sender(task: number): { readonly pid: number; readonly code: number } {
    const at = SENDERS + task * 2;
    return { pid: this.read(at), code: this.read(at + 1) };
  }

  setSender(task: number, pid: number, code: number): void {
    this.write(SENDERS + task * 2, pid);
    this.write(SENDERS + task * 2 + 1, code);
  }

  heldWord(i: number): number {
    return this.read(HELD + i);
  }

  setHeldWord(i: number, value: number): void {
    this.write(HELD + i, value);
  }

  // --- threads of kthread_create() -----------------------------------------------------------------------------------------------

  /** The number of the function that a thread of the kernel runs; undefined: the task is none. */
  threadFunction(task: number): number | undefined {
    const word = this.read(THREADS + task * 2);
    return word === 0 ? undefined : word - 1;
  }

  /** The process whose variables a thread uses. */
  threadProcess(task: number): number {
    return this.read(THREADS + task * 2 + 1);
  }

  setThread(task: number, fn: number, process: number): void {
    this.write(THREADS + task * 2, fn + 1);
    this.write(THREADS + task * 2 + 1, process);
  }

  // --- children of fork() ----------------------------------------------------------------------------------------------------

  /** Gives the next child its number: 0, 1, ... */
  countChild(): number {
    const number = this.read(CHILDREN);
    this.write(CHILDREN, number + 1);
    return number;
  }

  /** How many values wait for a task that stands in the middle of a statement, where fork() returns; undefined: it does not. */
  resumes(task: number): number | undefined {
    const word = this.readTask(task, RESUMES);
    return word === 0 ? undefined : word - 1;
  }

  setResumes(task: number, nrValues: number | undefined): void {
    this.writeTask(task, RESUMES, nrValues === undefined ? 0 : nrValues + 1);
  }

  /** A task_struct that is not the scenario's own; 0: it is. */
  taskStruct(task: number): Cell {
    return asCell(this.readTask(task, TASK_STRUCT));
  }

  setTaskStruct(task: number, cell: Cell): void {
    this.writeTask(task, TASK_STRUCT, cell);
  }

  /** Who made a task by fork(); undefined: nobody, or it was waited for. */
  parent(task: number): number | undefined {
    const word = this.readTask(task, PARENT);
    return word === 0 ? undefined : word - 1;
  }

  setParent(task: number, parent: number | undefined): void {
    this.writeTask(task, PARENT, parent === undefined ? 0 : parent + 1);
  }

  /** The task of the text whose code a child runs. */
  origin(task: number): number {
    const word = this.readTask(task, ORIGIN);
    return word === 0 ? task : (word & 0xff) - 1;
  }

  /** Which child of fork() a task is: 0, 1, ... */
  childNumber(task: number): number {
    return this.readTask(task, ORIGIN) >>> 8;
  }

  setOrigin(task: number, origin: number, childNumber: number): void {
    this.writeTask(task, ORIGIN, (origin + 1) | (childNumber << 8));
  }

  waitsFor(task: number): BlockReason | undefined {
    return this.status(task) === 'waiting' ? this.reasonOf(task) : undefined;
  }

  private reasonOf(task: number): BlockReason {
    const kind = BLOCK_KINDS[this.readTask(task, WAIT_KIND)] ?? 'page lock';
    const low = this.readTask(task, WAIT_LOW);
    const high = this.readTask(task, WAIT_HIGH);
    const until = this.read(QUEUES + task * 2 + 1);
    return {
      kind,
      address: this.pointerSize === 8 ? fromWords(low, high) : asVirt(low >>> 0),
      ...(until !== 0 && { until: until >>> 0 }),
    };
  }

  /** What a task waits for, or waited for when it was parked in the statement that it runs now. */
  parkedFor(task: number): BlockReason | undefined {
    return (this.read(QUEUES + task * 2) & PARKED) === 0 ? undefined : this.reasonOf(task);
  }

  /** Who has waited longer has the smaller number. */
  queueNumber(task: number): number {
    return this.read(QUEUES + task * 2) >>> NUMBER_SHIFT;
  }

  private lastNumber(): number {
    let last = 0;
    for (let task = 0; task < MAX_TASKS; task++)
      if (this.status(task) === 'waiting') last = Math.max(last, this.queueNumber(task));
    return last;
  }

  /** The statement in which a task has waited is over. */
  endWait(task: number): void {
    if (this.read(QUEUES + task * 2) === 0) return;
    this.write(QUEUES + task * 2, 0);
    this.write(QUEUES + task * 2 + 1, 0);
  }

  /** Behind all that wait, unless it has waited for the same thing in this statement before. */
  park(task: number, reason: BlockReason): void {
    const before = this.parkedFor(task);
    const isSame = before?.kind === reason.kind && before.address === reason.address;
    const place = isSame ? this.queueNumber(task) : this.lastNumber() + 1;
    this.write(QUEUES + task * 2, (place << NUMBER_SHIFT) | PARKED);
    // 0 says that it waits for ever.
    this.write(QUEUES + task * 2 + 1, reason.until === undefined ? 0 : reason.until | 0 || 1);
    this.writeTask(task, WAIT_KIND, BLOCK_KINDS.indexOf(reason.kind));
    this.writeTask(task, WAIT_LOW, lowWord(reason.address));
    this.writeTask(task, WAIT_HIGH, highWord(reason.address));
    this.setStatus(task, 'waiting');
  }
}
