/**
 * The stack machine. It holds its registers in fields while a statement runs; between statements it holds nothing: they are
 * loaded from the control words before a run, and written back by whoever ran it (vm.ts).
 *
 * Frames grow down on the task's stack, at virtual addresses:
 *
 *     higher   caller's frame
 *              callee's frame:  [0] return pc   [4] bytes of stack in use by the caller   [8..] parameters, locals, temporaries
 *     lower
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { KernelFault } from '../../engine/kernel/events.js';
import { asCell, asVirt } from '../../engine/memory/address.js';
import type { BlockReason } from '../builtins/call.js';
import { OPCODES } from '../compile/opcodes.js';
import { SPILL_BYTES, type CompiledFunction, type Program } from '../compile/program.js';
import {
  convert,
  high32,
  join32,
  low32,
  sizeOfRepr,
  type Repr,
  type Value,
} from '../semantics/arithmetic.js';
import { FUNCTION_STRIDE, STACK_BYTES, stackTop } from '../semantics/window.js';
import type { MachineCall } from './builtinCall.js';
import type { Control } from './control.js';
import { HANDLERS, type Handler } from './instructions.js';
import type { ScenarioMemory } from './memory.js';
import { TaskBug } from './signals.js';
import type { WindowCells } from './windowCells.js';

/** How a run came to its end. */
export type Outcome =
  /** Before the next statement. */
  | { readonly kind: 'boundary' }
  /** The task, or the expression, is done. */
  | { readonly kind: 'end' }
  | { readonly kind: 'blocked'; readonly reason: BlockReason }
  /** A fault, a bug, a trap: the kernel's words for it. */
  | { readonly kind: 'bug'; readonly text: string };

/** Code with what it refers to by number. */
export type MachineText = Pick<Program, 'code' | 'constants' | 'builtins' | 'sites'>;

/** A called function of a watch may not run longer than this. */
const MAX_EVALUATION_STEPS = 5_000_000;

export class Machine {
  pc = 0;
  /** Bytes of the running task's stack in use. */
  used = 0;
  readonly values: Value[] = [];
  /** What runs: the program, or an expression with it. */
  text: MachineText;
  private outcome: Outcome | undefined;
  /** Boundaries still to be passed: one at the start of a statement, all while an expression is evaluated. */
  passing = 0;
  private task = 0;
  private frameCell = 0;

  constructor(
    readonly program: Program,
    readonly image: KernelImage,
    readonly memory: ScenarioMemory,
    private readonly control: Control,
    private readonly window: WindowCells,
    readonly call: MachineCall,
  ) {
    this.text = program;
  }

  /** Bytes that a task's first frame takes. */
  baseUsed(task: number): number {
    return this.functionOfTask(task).frameBytes;
  }

  functionOfTask(task: number): CompiledFunction {
    return this.program.functions[this.program.tasks[task]?.function ?? 0] as CompiledFunction;
  }

  /** Runs the task's next statement. */
  runStatement(task: number): Outcome {
    this.task = task;
    this.text = this.program;
    this.pc = this.control.pc(task);
    this.setUsed(this.control.stackUsed(task) || this.baseUsed(task));
    this.passing = 1;
    return this.run(Infinity);
  }

  /** Runs code that is no part of the program, below what the task's stack holds, to its END. */
  runExpression(task: number, text: MachineText, pc: number, used: number): Outcome {
    this.task = task;
    this.text = text;
    this.pc = pc;
    this.setUsed(used);
    this.passing = Infinity;
    return this.run(MAX_EVALUATION_STEPS);
  }

  private run(maxSteps: number): Outcome {
    this.values.length = 0;
    this.outcome = undefined;
    try {
      for (let steps = 0; steps < maxSteps; steps++) {
        const instruction = HANDLERS[this.text.code[this.pc++] as number] as Handler;
        instruction(this);
        const outcome = this.reached();
        if (outcome !== undefined) return outcome;
      }
      return { kind: 'bug', text: 'the expression does not end' };
    } catch (error) {
      if (error instanceof KernelFault) return { kind: 'bug', text: oopsText(error.text) };
      if (error instanceof TaskBug) return { kind: 'bug', text: error.text };
      throw error;
    }
  }

  /** Ends the run after this instruction. */
  stop(outcome: Outcome): void {
    this.outcome = outcome;
  }

  private reached(): Outcome | undefined {
    return this.outcome;
  }

  // --- operands and values -------------------------------------------------------------------------------------------------

  operand(): number {
    return this.text.code[this.pc++] as number;
  }

  push(value: Value): void {
    this.values.push(value);
  }

  pop(): Value {
    return this.values.pop() as Value;
  }

  // --- frames --------------------------------------------------------------------------------------------------------------

  private setUsed(used: number): void {
    this.used = used;
    this.frameCell = this.window.stackCell(this.task) + (STACK_BYTES - used) / 4;
  }

  /** Bytes of stack in use when this frame is the innermost. */
  usedAt(frame: { readonly task: number; readonly address: number }): number {
    return stackTop(this.program.window, frame.task) - frame.address;
  }

  get frameAddress(): number {
    return stackTop(this.program.window, this.task) - this.used;
  }

  private word(offsetBytes: number): number {
    return this.image.memory.words[this.frameCell + (offsetBytes >> 2)] as number;
  }

  private setWord(offsetBytes: number, value: number): void {
    this.image.tape.write(asCell(this.frameCell + (offsetBytes >> 2)), value);
  }

  loadFrame(repr: Repr, offset: number): Value {
    const size = sizeOfRepr[repr];
    if (size === 8) return join32(this.word(offset), this.word(offset + 4));
    const bits = this.word(offset) >>> ((offset & 3) * 8);
    return convert(size === 4 ? bits : bits & (size === 1 ? 0xff : 0xffff), repr);
  }

  storeFrame(repr: Repr, offset: number, value: Value): void {
    const size = sizeOfRepr[repr];
    if (size === 8) {
      this.setWord(offset, low32(value));
      this.setWord(offset + 4, high32(value));
    } else if (size === 4) this.setWord(offset, low32(value));
    else {
      const shift = (offset & 3) * 8;
      const mask = (size === 1 ? 0xff : 0xffff) << shift;
      const cell = asCell(this.frameCell + (offset >> 2));
      this.image.tape.writeBits(cell, mask, low32(value) << shift);
    }
  }

  /** Enters a function; the values below its arguments wait in this frame. */
  enter(callee: CompiledFunction, args: readonly Value[], spillAt: number): void {
    const { values } = this;
    for (let i = 0; i < values.length; i++)
      this.storeFrame('u64', spillAt + i * SPILL_BYTES, values[i] as Value);
    values.length = 0;
    const returnPc = this.pc;
    const callerUsed = this.used;
    const used = callerUsed + callee.frameBytes;
    if (used > STACK_BYTES) throw new TaskBug(this.stackOverflow(used));
    this.setUsed(used);
    this.setWord(0, returnPc);
    this.setWord(4, callerUsed);
    this.takeArguments(callee, args);
    this.pc = callee.entry;
  }

  private takeArguments(callee: CompiledFunction, args: readonly Value[]): void {
    let next = 0;
    const pointer = this.program.profile.pointerSize === 8 ? 'u64' : 'u32';
    if (callee.resultSlot !== undefined)
      this.storeFrame(pointer, callee.resultSlot, args[next++] ?? 0);
    for (const { repr, offset, sizeBytes } of callee.parameters) {
      const value = args[next++] ?? 0;
      if (repr !== undefined) this.storeFrame(repr, offset, value);
      else this.copy(this.frameAddress + offset, value, sizeBytes);
    }
  }

  private stackOverflow(used: number): string {
    const { hex } = this;
    const top = stackTop(this.program.window, this.task);
    const { name } = this.functionOfTask(this.task);
    const range = `(stack is ${hex(top - STACK_BYTES)}..${hex(top - 1)})`;
    return `BUG: ${name} stack guard page was hit at ${hex(top - used)} ${range}`;
  }

  private readonly hex = (va: number): string => this.image.mm.hex(asVirt(va));

  leave(hasResult: boolean): void {
    const result = hasResult ? this.pop() : undefined;
    const returnPc = this.word(0);
    this.setUsed(this.word(4));
    this.pc = returnPc;
    // The call in front of the return address says what waits, and where.
    const { code } = this.text;
    const below = code[returnPc - 2] as number;
    const spillAt = code[returnPc - 1] as number;
    for (let i = 0; i < below; i++) this.push(this.loadFrame('u64', spillAt + i * SPILL_BYTES));
    const byPointer = code[returnPc - 4] === OPCODES.CALL_POINTER;
    const wanted = byPointer ? ((code[returnPc - 3] as number) & 1) === 1 : hasResult;
    if (wanted) this.push(result ?? 0);
  }

  // --- memory --------------------------------------------------------------------------------------------------------------

  load(repr: Repr, address: Value): Value {
    return convert(this.memory.load(address, sizeOfRepr[repr]), repr);
  }

  copy(to: Value, from: Value, sizeBytes: number): void {
    const bytes = this.memory.readBytes(from, sizeBytes).slice();
    if (bytes.length < sizeBytes) this.memory.load(this.call.offset(from, bytes.length), 1);
    this.memory.writeBytes(to, bytes);
  }

  // --- tasks and CPUs --------------------------------------------------------------------------------------------------------

  createTask(task: number): void {
    this.control.create(task, this.functionOfTask(task).entry);
  }

  setCpu(cpu: number): void {
    this.image.tape.write(this.image.mm.register('cpu'), cpu);
  }

  /** Goes on on another CPU; the frame keeps the one before. */
  enterCpu(cpu: number, keepAt: number): void {
    if (cpu < 0 || cpu >= this.image.nrCpus)
      throw new TaskBug(`BUG: CPU ${cpu} is not online: the machine has ${this.image.nrCpus}`);
    this.storeFrame('i32', keepAt, this.image.mm.cpu);
    this.setCpu(cpu);
  }

  /** The function at an address; what is none faults as a jump there would. */
  functionAt(address: Value): CompiledFunction {
    const index = (Number(address) - this.program.window.functions) / FUNCTION_STRIDE;
    const found = this.program.functions[index];
    if (found?.kind === 'function' && index < this.program.declaredFunctions.length) return found;
    if (this.image.mm.cell_of(asVirt(Number(address))) !== 0)
      throw new TaskBug(`BUG: a function of the kernel cannot be called by its address`);
    throw this.memory.fault(Number(address));
  }
}

/** The kernel's words for a fault: near NULL, at an address that no mapping can have, or elsewhere. */
function oopsText(text: string): string {
  const hex = /page fault for address: ([0-9a-f]+)$/.exec(text)?.[1];
  if (hex !== undefined && /^0*[0-9a-f]{1,3}$/.test(hex))
    return `BUG: kernel NULL pointer dereference, address: ${hex}`;
  if (hex?.length === 16 && !/^(0000[0-7]|ffff[89a-f])/.test(hex))
    return `general protection fault, probably for non-canonical address 0x${hex}: 0000 [#1]`;
  return text.startsWith('general protection') ? text : `BUG: ${text}`;
}
