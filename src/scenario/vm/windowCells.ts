/**
 * The cells of a scenario: control words, string literals, variables, stacks, task_structs; and beside each stack its shadow, the words that
 * the machine keeps for each frame. Control words and shadows have no addresses, so no script can harm them.
 *
 * Strings are put in place before anything can read them, like what a rule of physical memory fills in: they never change and
 * are not entries of the tape. Everything else starts as zeros.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import {
  asCell,
  asVirt,
  PAGE_SIZE,
  WORDS_PER_FRAME,
  type Cell,
} from '../../engine/memory/address.js';
import type { Program } from '../compile/program.js';
import {
  KERNEL_STACK_BYTES,
  PER_CPU_STRIDE,
  STACK_BYTES,
  stackTop,
  TASK_STRUCT_STRIDE,
} from '../semantics/window.js';

/** Of the control words. */
const CONTROL_FRAMES = 3;
const SHADOW_FRAMES = 8;
/** Words of a task's shadow. */
export const SHADOW_WORDS = SHADOW_FRAMES * WORDS_PER_FRAME;

export class WindowCells {
  readonly control: Cell;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly data: Cell;
  /**
   * A frame before the variables: where the structure would begin that the first of them is a member of, as container_of() asks
   * of the head of a list. Nothing is there.
   */
  private readonly guard: Cell;
  private readonly stacks: Cell;
  private readonly shadows: Cell;
  private readonly taskStructs: Cell;
  private readonly taskFrames: number;
  private readonly kernelStacks: Cell;
  private readonly processData: Cell;
  private readonly dataFrames: number;

  constructor(
    private readonly mm: Kernel,
    private readonly program: Program,
    nrTasks: number,
  ) {
    const { window, strings, dataBytes, nrDataCopies, tasks } = program;
    this.taskFrames = Math.ceil(mm.sizeof.task_struct / PAGE_SIZE);
    const stringFrames = Math.ceil(strings.length / PAGE_SIZE);
    const dataFrames = Math.ceil(dataBytes / PAGE_SIZE);
    const stackFrames = STACK_BYTES / PAGE_SIZE;
    const perTask = stackFrames + SHADOW_FRAMES;
    const structFrames = this.taskFrames * nrTasks;
    this.dataFrames = dataFrames;
    // Of processes: only where there can be more than one.
    const copyFrames = nrTasks > tasks.length ? dataFrames * nrTasks : 0;
    const kernelStackFrames = Math.ceil((nrTasks * KERNEL_STACK_BYTES) / PAGE_SIZE);
    const total =
      CONTROL_FRAMES +
      stringFrames +
      1 +
      dataFrames * nrDataCopies +
      perTask * nrTasks +
      structFrames +
      kernelStackFrames +
      copyFrames;
    this.control = mm.memory.addPseudoFrames(total);
    const stringCell = frameAfter(this.control, CONTROL_FRAMES);
    this.guard = frameAfter(stringCell, stringFrames);
    this.data = frameAfter(this.guard, 1);
    this.stacks = frameAfter(this.data, dataFrames * nrDataCopies);
    this.shadows = frameAfter(this.stacks, stackFrames * nrTasks);
    this.taskStructs = frameAfter(this.shadows, SHADOW_FRAMES * nrTasks);
    this.kernelStacks = frameAfter(this.taskStructs, structFrames);
    this.processData = frameAfter(this.kernelStacks, kernelStackFrames);
    this.dataStart = window.data;
    this.dataEnd = window.data + dataBytes;
    this.open(window.strings, stringFrames, stringCell);
    this.open(window.data - PAGE_SIZE, dataFrames + 1, this.guard);
    for (let cpu = 1; cpu < nrDataCopies; cpu++)
      this.open(
        window.data + cpu * PER_CPU_STRIDE,
        dataFrames,
        frameAfter(this.data, cpu * dataFrames),
      );
    for (let task = 0; task < nrTasks; task++)
      this.open(stackTop(window, task) - STACK_BYTES, stackFrames, this.stackCell(task));
    for (let task = 0; task < nrTasks; task++) {
      const start = window.taskStructs + task * TASK_STRUCT_STRIDE;
      this.open(start, this.taskFrames, frameAfter(this.taskStructs, task * this.taskFrames));
    }
    this.open(window.kernelStacks, kernelStackFrames, this.kernelStacks);
    this.fillStrings(stringCell, strings);
  }

  private open(start: number, nrFrames: number, cell: Cell): void {
    const sizeBytes = nrFrames * PAGE_SIZE;
    if (sizeBytes > 0) this.mm.addWindow({ start: asVirt(start), sizeBytes, cell });
  }

  private fillStrings(cell: Cell, strings: Uint8Array): void {
    const { words } = this.mm.memory;
    for (let i = 0; i < strings.length; i++)
      words[cell + (i >> 2)] = (words[cell + (i >> 2)] ?? 0) | ((strings[i] ?? 0) << ((i & 3) * 8));
  }

  /** The lowest word of a task's stack. */
  stackCell(task: number): Cell {
    return frameAfter(this.stacks, (task * STACK_BYTES) / PAGE_SIZE);
  }

  /** The task_struct of a task of the text, or of a thread that works and timers run in. */
  taskStructCell(task: number): Cell {
    return frameAfter(this.taskStructs, task * this.taskFrames);
  }

  /** Where a task leaves what others are to find while it sleeps. */
  kernelStackCell(task: number): Cell {
    return asCell(this.kernelStacks + (task * KERNEL_STACK_BYTES) / 4);
  }

  /** A task's errno: the last word there, so that a scenario can write it, too. */
  errnoCell(task: number): Cell {
    return asCell(this.kernelStackCell(task) + KERNEL_STACK_BYTES / 4 - 1);
  }

  /** Where the heap begins that a task's malloc() has made: an unsigned long, in front of its errno. */
  heapStartCell(task: number): Cell {
    return asCell(this.kernelStackCell(task) + KERNEL_STACK_BYTES / 4 - 4);
  }

  /** Where the variables of a process wait that does not run. */
  processDataCell(process: number): Cell {
    return frameAfter(this.processData, process * this.dataFrames);
  }

  /** Words of the variables that each process has its own of. */
  get dataWords(): number {
    return Math.ceil((this.dataEnd - this.dataStart) / 4);
  }

  /** The lowest word of a task's shadow. */
  shadowCell(task: number): Cell {
    return frameAfter(this.shadows, task * SHADOW_FRAMES);
  }

  isGuard(cell: Cell): boolean {
    return cell >= this.guard && cell < this.guard + WORDS_PER_FRAME;
  }

  /** Where string literals end: nothing may be written before that. */
  isReadOnly(address: number): boolean {
    const { window, strings } = this.program;
    return address >= window.strings && address < window.strings + strings.length;
  }
}

const frameAfter = (cell: Cell, frames: number): Cell => asCell(cell + frames * WORDS_PER_FRAME);
