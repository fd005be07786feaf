/**
 * The stack of a task and its shadow, as seen from one frame.
 *
 * Frames grow down at virtual addresses, 8-byte aligned. Beside them grows the shadow, out of the scenario's reach: for each frame
 * where to return to, what waits for a call, CPUs to go back to. A scenario may write over its own frames; it cannot lead the
 * machine astray.
 *
 *     higher   caller's frame                            caller's words
 *              this frame: parameters, locals, ...       [0] return pc  [1] bytes  [2] shadow words in use by the caller  [3..]
 *     lower
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asCell, asVirt, type Cell } from '../../engine/memory/address.js';
import type { CompiledFunction, Program } from '../compile/program.js';
import {
  convert,
  high32,
  join32,
  low32,
  sizeOfRepr,
  type Repr,
  type Value,
} from '../semantics/arithmetic.js';
import { STACK_BYTES, stackTop } from '../semantics/window.js';
import type { StackUse } from './control.js';
import { TaskBug } from './signals.js';
import { SHADOW_WORDS, type WindowCells } from './windowCells.js';

const RETURN_PC = 0;
const CALLER_BYTES = 1;
const CALLER_SHADOW = 2;

/**
 * What a function that the kernel called returns to.
 * @param pc where the kernel's caller goes on; 0: not in the program
 */
export const toTheKernel = (pc: number): number => -1 - pc;
export const isToTheKernel = (returnPc: number): boolean => returnPc < 0 && returnPc > INTERRUPTED;
/** What a signal's handler returns to: the instruction that it came before, or that is to be tried again. */
const INTERRUPTED = -0x4000_0000;
export const interrupted = (pc: number): number => INTERRUPTED - pc;
export const isInterrupted = (returnPc: number): boolean =>
  returnPc <= INTERRUPTED && returnPc !== END_OF_THREAD;
export const pcOfInterrupted = (returnPc: number): number => INTERRUPTED - returnPc;
/** What the function of a thread of the kernel returns to: the thread's end. */
export const END_OF_THREAD = -0x8000_0000;
/** Where the scenario goes on: behind the call, or behind that of the kernel. */
export const behindTheKernel = (returnPc: number): number => {
  // The statement that it stands in, not the one before.
  if (isInterrupted(returnPc)) return pcOfInterrupted(returnPc) + 1;
  return isToTheKernel(returnPc) ? -1 - returnPc : returnPc;
};

export class TaskStack {
  private task = 0;
  private bytes = 0;
  private shadow = 0;
  /** The first word of the frame, and of its part of the shadow. */
  private frameCell = 0;
  private shadowCell = 0;

  constructor(
    private readonly program: Program,
    private readonly image: KernelImage,
    private readonly window: WindowCells,
  ) {}

  functionOfTask(task: number): CompiledFunction {
    return this.program.functions[this.program.tasks[task]?.function ?? 0] as CompiledFunction;
  }

  /** What a task has in use; nothing stands for its first frame. */
  placeAt(task: number, use: StackUse): void {
    const first = this.functionOfTask(task);
    this.task = task;
    this.use = use.shadow === 0 ? { bytes: first.frameBytes, shadow: first.shadowWords } : use;
  }

  get use(): StackUse {
    return { bytes: this.bytes, shadow: this.shadow };
  }

  set use({ bytes, shadow }: StackUse) {
    this.bytes = bytes;
    this.shadow = shadow;
    this.frameCell = this.window.stackCell(this.task) + (STACK_BYTES - bytes) / 4;
    this.shadowCell = this.window.shadowCell(this.task) + SHADOW_WORDS - shadow;
  }

  /** Virtual address of the frame. */
  get address(): number {
    return stackTop(this.program.window, this.task) - this.bytes;
  }

  /** The cell so many bytes above the frame's lowest. */
  cellAt(offset: number): Cell {
    return asCell(this.frameCell + (offset >> 2));
  }

  // --- the frame -----------------------------------------------------------------------------------------------------------

  load(repr: Repr, offset: number): Value {
    const { words } = this.image.memory;
    const at = this.frameCell + (offset >> 2);
    const size = sizeOfRepr[repr];
    if (size === 8) return join32(words[at] as number, words[at + 1] as number);
    const bits = (words[at] as number) >>> ((offset & 3) * 8);
    return convert(size === 4 ? bits : bits & (size === 1 ? 0xff : 0xffff), repr);
  }

  store(repr: Repr, offset: number, value: Value): void {
    const { tape } = this.image;
    const at = this.frameCell + (offset >> 2);
    const size = sizeOfRepr[repr];
    if (size === 8) {
      tape.write(asCell(at), low32(value));
      tape.write(asCell(at + 1), high32(value));
    } else if (size === 4) tape.write(asCell(at), low32(value));
    else {
      const shift = (offset & 3) * 8;
      const mask = (size === 1 ? 0xff : 0xffff) << shift;
      tape.writeBits(asCell(at), mask, low32(value) << shift);
    }
  }

  // --- the shadow ----------------------------------------------------------------------------------------------------------

  kept(word: number): number {
    return this.image.memory.words[this.shadowCell + word] as number;
  }

  keep(word: number, value: number): void {
    this.image.tape.write(asCell(this.shadowCell + word), value);
  }

  keptValue(word: number): Value {
    return join32(this.kept(word), this.kept(word + 1));
  }

  keepValue(word: number, value: Value): void {
    this.keep(word, low32(value));
    this.keep(word + 1, high32(value));
  }

  // --- fork() --------------------------------------------------------------------------------------------------------------

  /**
   * Copies all frames, and `values` that wait behind them, to another task. Addresses of variables on this stack become those of the
   * copies: every pointer-sized word that holds one is one.
   */
  cloneTo(task: number, values: readonly Value[]): void {
    const { tape } = this.image;
    const { words } = this.image.memory;
    const wide = this.program.profile.pointerSize === 8;
    const top = stackTop(this.program.window, this.task);
    const by = stackTop(this.program.window, task) - top;
    const isOwn = (low: number, high: number): boolean => {
      const address = wide ? join32(low, high) : high === 0 && low >>> 0;
      return typeof address === 'number' && address >= top - this.bytes && address < top;
    };
    const copy = (from: number, to: number, nrWords: number, step: number): void => {
      for (let i = 0; i < nrWords; i++) {
        const low = words[from + i] ?? 0;
        const high = step === 2 || wide ? (words[from + i + 1] ?? 0) : 0;
        const moves = i % step === 0 && i + (wide ? 1 : 0) < nrWords && isOwn(low, high);
        tape.write(asCell(to + i), moves ? (low + by) | 0 : low);
      }
    };
    const { frameCell, shadowCell, shadow } = this;
    const target = this.window.stackCell(task) + (STACK_BYTES - this.bytes) / 4;
    copy(frameCell, target, this.bytes / 4, wide ? 2 : 1);
    const targetShadow = this.window.shadowCell(task) + SHADOW_WORDS - shadow;
    copy(shadowCell, targetShadow, shadow, 1);
    values.forEach((value, i) => {
      const [low, high] = [low32(value), high32(value)];
      const at = targetShadow - (i + 1) * 2;
      tape.write(asCell(at), isOwn(low, wide ? high : 0) ? (low + by) | 0 : low);
      tape.write(asCell(at + 1), high);
    });
  }

  /** What {@link cloneTo} has left behind the frames. */
  waitingValue(i: number): Value {
    return this.keptValue(-(i + 1) * 2);
  }

  // --- calls ---------------------------------------------------------------------------------------------------------------

  /** Goes one frame down. */
  push(frameBytes: number, shadowWords: number, returnPc: number): void {
    const caller = this.use;
    this.reserve(frameBytes, shadowWords);
    this.keep(RETURN_PC, returnPc);
    this.keep(CALLER_BYTES, caller.bytes);
    this.keep(CALLER_SHADOW, caller.shadow);
  }

  /** The first frame of a thread of the kernel. */
  begin(task: number, { frameBytes, shadowWords }: CompiledFunction): void {
    this.task = task;
    this.use = { bytes: 0, shadow: 0 };
    this.push(frameBytes, shadowWords, END_OF_THREAD);
  }

  /** Goes down to a frame from which nothing returns; writes nothing. */
  reserve(frameBytes: number, shadowWords: number): void {
    const bytes = this.bytes + frameBytes;
    const shadow = this.shadow + shadowWords;
    if (bytes > STACK_BYTES || shadow > SHADOW_WORDS) throw new TaskBug(this.overflowText());
    this.use = { bytes, shadow };
  }

  /** Whether the frame is not the task's first. */
  get hasCaller(): boolean {
    const isFirst = this.shadow <= this.functionOfTask(this.task).shadowWords;
    return !isFirst && this.kept(RETURN_PC) !== END_OF_THREAD;
  }

  /** Goes one frame up; where the caller goes on. */
  pop(): number {
    const returnPc = this.kept(RETURN_PC);
    this.use = { bytes: this.kept(CALLER_BYTES), shadow: this.kept(CALLER_SHADOW) };
    return returnPc;
  }

  private overflowText(): string {
    const { mm } = this.image;
    const hex = (va: number) => mm.hex(asVirt(va));
    const top = stackTop(this.program.window, this.task);
    const { name } = this.functionOfTask(this.task);
    const range = `(stack is ${hex(top - STACK_BYTES)}..${hex(top - 1)})`;
    return `BUG: ${name} stack guard page was hit at ${hex(top - STACK_BYTES - 8)} ${range}`;
  }
}
