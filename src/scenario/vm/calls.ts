/**
 * Calls of the scenario's functions: by the scenario, and by the kernel. What waits for a call, and where to return to, lies on the
 * task's stack and its shadow (taskStack.ts); the values that are at hand are the machine's.
 */
import type { Cell } from '../../engine/memory/address.js';
import { OPCODES } from '../compile/opcodes.js';
import { SPILL_WORDS, type CompiledFunction } from '../compile/program.js';
import type { Value } from '../semantics/arithmetic.js';
import { TaskJump } from './jumps.js';
import { numberOf } from './functionPointers.js';
import type { Machine } from './machine.js';
import { TaskBlocked, TaskBug } from './signals.js';
import { sigreturn } from './handlers.js';
import { END_OF_THREAD, isInterrupted, isToTheKernel, toTheKernel } from './taskStack.js';

/** Enters a function; the values below its arguments wait with the caller's frame. */
export function enter(
  m: Machine,
  callee: CompiledFunction,
  args: readonly Value[],
  spillAt: number,
): void {
  keepValues(m, spillAt);
  m.values.length = 0;
  m.depth++;
  m.stack.push(callee.frameBytes, callee.shadowWords, m.pc);
  if (m.calledBack.isActive) m.calledBack.enter(numberOf(m, callee));
  takeArguments(m, callee, args);
  m.pc = callee.entry;
}

/** Writes what is on the stack where it can wait. */
export function keepValues({ values, stack }: Machine, spillAt: number): void {
  for (let i = 0; i < values.length; i++)
    stack.keepValue(spillAt + i * SPILL_WORDS, values[i] as Value);
}

export function restoreValues(m: Machine, count: number, spillAt: number): void {
  for (let i = 0; i < count; i++) m.push(m.stack.keptValue(spillAt + i * SPILL_WORDS));
}

export function takeArguments(m: Machine, callee: CompiledFunction, args: readonly Value[]): void {
  const { stack } = m;
  let next = 0;
  const pointer = m.program.profile.pointerSize === 8 ? 'u64' : 'u32';
  if (callee.resultSlot !== undefined) stack.store(pointer, callee.resultSlot, args[next++] ?? 0);
  for (const { repr, offset, sizeBytes } of callee.parameters) {
    const value = args[next++] ?? 0;
    if (repr !== undefined) stack.store(repr, offset, value);
    else m.copy(stack.address + offset, value, sizeBytes);
  }
}

/** Leaves a function: to its caller in the scenario, to the kernel, or to the end of its thread. */
export function leave(m: Machine, hasResult: boolean): void {
  const result = hasResult ? m.pop() : undefined;
  const returnPc = m.stack.pop();
  if (returnPc === END_OF_THREAD) {
    m.stop(m.endThread(Number(result ?? 0)));
    return;
  }
  if (isToTheKernel(returnPc)) {
    if (result !== undefined) m.push(result);
    m.stop({ kind: 'end' });
    return;
  }
  if (m.calledBack.isActive) m.calledBack.leave();
  m.depth--;
  if (m.depth < m.shallowest) m.shallowest = m.depth;
  if (isInterrupted(returnPc)) {
    sigreturn(m, returnPc);
    return;
  }
  m.pc = returnPc;
  // The call in front of the return address says what waits, and where.
  const { code } = m.text;
  const below = code[returnPc - 2] as number;
  const spillAt = code[returnPc - 1] as number;
  restoreValues(m, below, spillAt);
  const byPointer = code[returnPc - 4] === OPCODES.CALL_POINTER;
  const wanted = byPointer ? ((code[returnPc - 3] as number) & 1) === 1 : hasResult;
  if (wanted) m.push(result ?? 0);
}

/**
 * Runs a function for the kernel, to its end and inside the statement that made the kernel call it: a constructor, a callback.
 * If it has to wait, the whole statement is undone, and waits.
 * @param args the arguments, or what gives them when it has filled an object of `room` bytes, which lies above the frame
 */
export function callBack(
  m: Machine,
  callee: CompiledFunction,
  args: readonly Value[] | ((object: Cell) => readonly Value[]),
  room = 0,
): Value {
  const { pc, passing, call, text, program, stack } = m;
  const { span } = call;
  const below = m.values.splice(0);
  m.inBuiltin = false;
  m.passing = Infinity;
  const returnPc = toTheKernel(text === program ? pc : 0);
  m.text = program;
  const object = Math.ceil(room / 16) * 16;
  stack.push(callee.frameBytes + object, callee.shadowWords, returnPc);
  const values = typeof args === 'function' ? args(stack.cellAt(callee.frameBytes)) : args;
  takeArguments(m, callee, values);
  m.pc = callee.entry;
  const outcome = m.calledBack.during(numberOf(m, callee), () => {
    try {
      return m.loopInside();
    } catch (error) {
      // It leads out of here: what the statement has left to do goes on there.
      if (error instanceof TaskJump) {
        error.crossed--;
        m.passing = passing;
        m.text = text;
      }
      throw error;
    }
  });
  if (outcome?.kind === 'blocked') throw new TaskBlocked(outcome.reason, outcome.again);
  if (outcome === undefined) throw new TaskBug(`BUG: ${callee.name}() does not come to an end`);
  const result = m.values.at(-1) ?? 0;
  m.values.splice(0, Infinity, ...below);
  m.pc = pc;
  m.text = text;
  m.passing = passing;
  call.span = span;
  m.inBuiltin = true;
  return result;
}
