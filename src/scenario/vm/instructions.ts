/**
 * What each instruction does to the machine: one row an opcode.
 */
import { counted } from '../../engine/view/counted.js';
import { OPCODES, type OpcodeName } from '../compile/opcodes.js';
import type { CompiledFunction, SwitchTable } from '../compile/program.js';
import { OPERATIONS, REPRS } from '../compile/terms.js';
import {
  complement,
  convert,
  negate,
  operation,
  sizeOfRepr,
  widths,
  type Operation,
  type Repr,
  type Value,
} from '../semantics/arithmetic.js';
import type { BitField } from '../semantics/bits.js';
import type { Builtin, BuiltinResult } from '../builtins/builtin.js';
import { enter, keepValues, leave, restoreValues } from './calls.js';
import { functionAt } from './functionPointers.js';
import type { Machine } from './machine.js';
import { noteHolds } from '../ledger/holdCalls.js';
import { handlePending } from './handlers.js';
import { notePages } from '../ledger/pageCalls.js';
import { TaskBug } from './signals.js';

const operations: readonly Operation[] = OPERATIONS.map(({ operator, width }) =>
  operation(operator, width),
);

export type Handler = (m: Machine) => void;

/** A call of a builtin that is under way. */
interface CalledBuiltin {
  readonly builtin: Builtin;
  readonly args: readonly Value[];
  /** Its result is used. */
  readonly wanted: boolean;
}

/** One of which a piece is done, and what is left. */
export interface SuspendedBuiltin extends CalledBuiltin {
  readonly rest: () => BuiltinResult;
}

/** A representation operand. */
const repr = (m: Machine): Repr => REPRS[m.operand()] as Repr;
const bitField = (m: Machine, as: Repr): BitField => ({
  offset: m.operand(),
  width: m.operand(),
  signed: as.startsWith('i'),
});
const isTrue = (value: Value): boolean => value !== 0 && value !== 0n;

const instructions: Readonly<Record<OpcodeName, Handler>> = {
  BOUNDARY: (m) => {
    if (m.passing > 0) {
      m.passing--;
      if (m.calledBack.isActive) m.calledBack.at(m.text.code[m.pc] as number, m.stack.use);
      m.pc++;
    } else {
      m.pc--;
      m.stop({ kind: 'boundary' });
    }
  },
  INT: (m) => m.push(m.operand()),
  CONSTANT: (m) => m.push(m.text.constants[m.operand()] as Value),
  FRAME: (m) => m.push(m.stack.address + m.operand()),
  MOVE: (m) => m.push(m.call.offset(m.pop(), m.operand())),
  // What may fault takes its operands off when it has succeeded: it may be tried again (handlers.ts).
  LOAD: (m) => m.replace(1, m.load(repr(m), m.peek())),
  STORE: (m) => {
    const as = repr(m);
    const value = m.peek();
    m.memory.store(m.peek(1), sizeOfRepr[as], value);
    m.replace(2, value);
  },
  LOAD_FRAME: (m) => m.push(m.stack.load(repr(m), m.operand())),
  STORE_FRAME: (m) => {
    const value = m.pop();
    m.stack.store(repr(m), m.operand(), value);
    m.push(value);
  },
  LOAD_BITS: (m) => {
    const as = repr(m);
    const bits = bitField(m, as);
    m.replace(1, m.memory.loadBits(m.peek(), sizeOfRepr[as], bits));
  },
  STORE_BITS: (m) => {
    const as = repr(m);
    const bits = bitField(m, as);
    const stored = m.memory.storeBits(m.peek(1), sizeOfRepr[as], bits, m.peek());
    m.replace(2, stored);
  },
  OPERATE: (m) => {
    const operate = operations[m.operand()] as Operation;
    const right = m.pop();
    const result = operate(m.pop(), right);
    if (result === undefined) throw new TaskBug('divide error: 0000 [#1]');
    m.push(result);
  },
  CONVERT: (m) => {
    const to = repr(m);
    m.push(convert(m.pop(), to));
  },
  NEGATE: (m) => m.push(negate(m.pop(), widths[m.operand()] ?? 'i32')),
  COMPLEMENT: (m) => m.push(complement(m.pop(), widths[m.operand()] ?? 'i32')),
  NOT: (m) => m.push(isTrue(m.pop()) ? 0 : 1),
  DUPLICATE: (m) => m.push(m.values[m.values.length - 1] as Value),
  TUCK: (m) => {
    const top = m.pop();
    const below = m.pop();
    m.values.push(top, below, top);
  },
  DROP: (m) => void m.pop(),
  JUMP: (m) => void (m.pc = m.operand()),
  JUMP_IF: (m) => {
    const target = m.operand();
    if (isTrue(m.pop())) m.pc = target;
  },
  JUMP_UNLESS: (m) => {
    const target = m.operand();
    if (!isTrue(m.pop())) m.pc = target;
  },
  SWITCH: (m) => {
    const table = m.text.switches[m.operand()] as SwitchTable;
    const value = m.pop();
    const upTo = operation('<=', table.width);
    const chosen = table.cases.find(({ low, high }) => upTo(low, value) && upTo(value, high));
    m.pc = chosen?.target ?? table.otherwise;
  },
  COPY: (m) => {
    const size = m.operand();
    const to = m.peek(1);
    m.copy(to, m.peek(), size);
    m.replace(2, to);
  },
  CLEAR: (m) => {
    m.memory.writeBytes(m.peek(), new Uint8Array(m.operand()));
    m.pop();
  },
  CALL: (m) => {
    const callee = m.program.functions[m.operand()] as CompiledFunction;
    const count = callee.parameters.length + (callee.resultSlot === undefined ? 0 : 1);
    m.operand();
    const spillAt = m.operand();
    enter(m, callee, m.values.splice(m.values.length - count), spillAt);
  },
  CALL_POINTER: (m) => {
    const count = m.operand() >> 1;
    m.operand();
    const spillAt = m.operand();
    const callee = functionAt(m, m.pop());
    const takes = callee.parameters.length + (callee.resultSlot === undefined ? 0 : 1);
    if (takes !== count)
      throw new TaskBug(`BUG: ${callee.name}() takes ${counted(takes, 'argument')}, not ${count}`);
    enter(m, callee, m.values.splice(m.values.length - count), spillAt);
  },
  KEEP: (m) => {
    const count = m.operand();
    const at = m.operand();
    keepValues(m, at);
    if (count !== m.values.length) throw new Error('other values wait than were counted');
    m.values.length = 0;
  },
  RESTORE: (m) => {
    const count = m.operand();
    const at = m.operand();
    const result = m.operand() === 1 ? m.pop() : undefined;
    restoreValues(m, count, at);
    if (result !== undefined) m.push(result);
  },
  RETURN: (m) => leave(m, m.operand() !== 0),
  BUILTIN: (m) => {
    const builtin = m.text.builtins[m.operand()];
    const countAndResult = m.operand();
    const site = m.text.sites[m.operand()];
    const args = m.values.splice(m.values.length - (countAndResult >> 1));
    if (builtin === undefined || site === undefined) throw new Error('no such builtin');
    m.call.span = site.span;
    m.call.pc = m.pc - 1;
    m.inBuiltin = true;
    m.builtinArgs = args;
    if (m.text === m.program)
      m.call.process.jobs.beforeCall(m.call.pc, builtin.looksAgain === true);
    builtin.needs?.(m.call, builtin.name);
    if (builtin.sleeps !== undefined && maySleep(m, builtin.sleeps, args)) m.call.mightSleep();
    m.call.sites = m.text.sites;
    m.call.ofScenario = m.text === m.program;
    if (!m.memory.onlyLooks)
      m.call.watch?.before(builtin.name, args, m.call.writtenName(builtin.name));
    finish(m, { builtin, args, wanted: (countAndResult & 1) === 1 }, builtin.run(m.call, ...args));
  },
  NOTE: (m) => {
    const site = m.operand();
    const above = m.operand();
    m.call.notes.set(site, m.values[m.values.length - 1 - above] as Value);
  },
  FORGET_NOTES: (m) => {
    const [from, to] = [m.operand(), m.operand()];
    for (const site of m.call.notes.keys())
      if (site >= from && site < to) m.call.notes.delete(site);
  },
  TASK: (m) => m.createTask(m.operand()),
  ENTER_CPU: (m) => {
    const cpu = Number(m.pop());
    m.enterCpu(cpu, m.operand());
  },
  LEAVE_CPU: (m) => {
    const kept = m.operand();
    if (kept >= 0) m.setCpu(m.stack.kept(kept));
  },
  END: (m) => {
    if (m.isInText) m.call.process.end(0);
    m.stop({ kind: 'end' });
  },
};

/** The end of a call of a builtin, or of a piece of it. */
function finish(m: Machine, called: CalledBuiltin, first: BuiltinResult): void {
  let result = first;
  while (typeof result === 'object' && 'rest' in result) {
    if (m.restsNow()) {
      m.suspend({ ...called, rest: result.rest });
      return;
    }
    result = result.rest();
  }
  m.inBuiltin = false;
  const { builtin, args, wanted } = called;
  if (typeof result === 'object') m.stop({ kind: 'blocked', reason: result.blocked });
  else {
    if (builtin.changes) {
      notePages(m.call, builtin.name, args, result ?? 0);
      noteHolds(m.call, builtin.name, args, result ?? 0);
    }
    if (wanted) m.push(result ?? 0);
    if (m.takeEnding()) m.stop({ kind: 'end' });
    // On its way back to user mode.
    else if (builtin.changes && m.handlesSignals && m.isInText) handlePending(m);
  }
}

/** The next pieces of a call that was suspended. */
export const resumeBuiltin = (m: Machine, { rest, ...called }: SuspendedBuiltin): void =>
  finish(m, called, rest());

/** Whether a call with these arguments may sleep. */
const maySleep = (m: Machine, sleeps: 'always' | number, args: readonly Value[]): boolean =>
  sleeps === 'always' || (Number(args[sleeps] ?? 0) & m.call.k.__GFP_DIRECT_RECLAIM) !== 0;

/** By opcode. */
export const HANDLERS: readonly Handler[] = Object.keys(OPCODES).map(
  (name) => instructions[name as OpcodeName],
);
