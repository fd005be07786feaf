/**
 * Handlers of signals: a function of the scenario that runs between two instructions of it, and then goes on where it came.
 *
 *     an access faults, or a signal waits ─ frame on the process's stack ─ handler(sig, info, context) ─ sigreturn ─ the instruction again
 *
 * What the interrupted instruction had at hand waits in the handler's part of the shadow, behind the words that the function itself needs
 * (taskStack.ts): the address of the frame, how many values, and these. The process's stack pointer is as far below mm->start_stack as its
 * frames here need.
 * Source: Linux 6.1 arch/x86/kernel/signal.c: handle_signal(), rt_sigreturn(); kernel/signal.c: get_signal(), force_sigsegv().
 */
import {
  blockedOf,
  current,
  DEFAULT_ACTION,
  type Ksignal,
  on_sig_stack,
  sas_ss_flags,
  signal_pending,
  sigsp,
} from '../../engine/entry/functions.js';
import {
  asVirt,
  highWord,
  lowWord,
  fromWords,
  type VirtAddr,
} from '../../engine/memory/address.js';
import { OPCODES } from '../compile/opcodes.js';
import { SPILL_WORDS, type CompiledFunction } from '../compile/program.js';
import type { Value } from '../semantics/arithmetic.js';
import { codeAddress } from '../semantics/window.js';
import { takeArguments } from './calls.js';
import { findFunction, numberOf } from './functionPointers.js';
import type { Machine } from './machine.js';
import { frameBelow, frameLeft, frameSize, type Interrupted, type SigInfo } from './signalFrame.js';
import { SIGNAL_NUMBERS, SIGNAL_CODES, TaskBug, TaskSignal, type SignalInfo } from './signals.js';
import { interrupted, isInterrupted, pcOfInterrupted } from './taskStack.js';

const SIGSEGV = 11;
const SIGABRT = 6;
/** Words below the caller's part of the shadow: the frame's address and the number of values. */
const FRAME_LOW = -1;
const FRAME_HIGH = -2;
const NR_VALUES = -3;
const HEAD_WORDS = 3;

/** Instructions that take what they need off the stack only when they have succeeded, or whose arguments are known. */
const RESTARTABLE: ReadonlySet<number> = new Set([
  ...[OPCODES.LOAD, OPCODES.STORE, OPCODES.LOAD_BITS, OPCODES.STORE_BITS],
  ...[OPCODES.COPY, OPCODES.CLEAR, OPCODES.BUILTIN],
]);

/** An instruction has got a signal: its handler runs before it is tried again. False: there is none, and it ends the process. */
export function handleFault(m: Machine, info: SignalInfo): boolean {
  const { call } = m;
  if (!m.handlesSignals || m.text !== m.program || m.memory.onlyLooks) return false;
  if (!RESTARTABLE.has(m.text.code[m.start] as number)) return false;
  const signo = SIGNAL_NUMBERS[info.signal];
  const ksig = call.kernel.force_sig_fault(call.k, signo);
  const callee = ksig && findFunction(m, ksig.ka.sa_handler);
  if (ksig === undefined || callee === undefined) return false;
  // A handler that returns to abort() does not keep it from ending the process.
  if (signo === SIGABRT) call.kernel.do_sigaction(call.k, signo, DEFAULT_ACTION, []);
  tell(m, info, callee.name);
  if (m.inBuiltin) m.values.push(...m.builtinArgs);
  m.inBuiltin = false;
  m.pc = m.start;
  const { va, errorCode } = info;
  const code = SIGNAL_CODES[info.code] ?? 0;
  const own = signo === SIGABRT ? { pid: pidOf(m) } : { fault: { va, errorCode } };
  return enterHandler(m, ksig, callee, { signo, code, ...own });
}

/** What waits for the running task and has a handler: it runs before anything else does. */
export function handlePending(m: Machine): void {
  const { call } = m;
  const { k, kernel } = call;
  if (!signal_pending(k, current(k))) return;
  const ksig = kernel.get_signal(k);
  if (ksig === undefined) return;
  const callee = findFunction(m, ksig.ka.sa_handler);
  if (callee === undefined)
    throw new TaskSignal({
      ...{ signal: 'SIGSEGV', code: 'SEGV_MAPERR', va: ksig.ka.sa_handler, errorCode: 0x14 },
      reason: 'the handler of the signal is not a function of the program',
    });
  const { code, pid } = call.process.senderOf();
  if (!enterHandler(m, ksig, callee, { signo: ksig.sig, code, pid })) noRoom(m);
}

function tell(m: Machine, { reason, ...info }: SignalInfo, handler: string): void {
  const { mm, tape } = m.image;
  const { comm, pid } = m.call.process.names();
  const where = info.signal === 'SIGABRT' ? '' : ` at 0x${mm.hex(info.va)}`;
  const text = `${info.signal} (${info.code})${where}`;
  tape.mark({ kind: 'signal', ...info, pid, comm, text, rule: reason, handler });
}

const pidOf = (m: Machine): number => m.call.process.names().pid;

/** force_sigsegv(): the frame has no room, and neither has that of a handler for this. */
function noRoom(m: Machine): never {
  throw new TaskSignal({
    ...{ signal: 'SIGSEGV', code: 'SI_KERNEL', va: asVirt(0), errorCode: 0 },
    reason: `the frame of a signal's handler cannot be written below ${m.image.mm.hex(stackPointer(m))}`,
  });
}

/** Where the process's stack has come to. */
export function stackPointer(m: Machine): VirtAddr {
  const { k } = m.call;
  const { stack } = m;
  const { use } = stack;
  const mm = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  let sp: number = k.read_va(k.plus(mm, k.mm_struct.start_stack)) - use.bytes;
  while (stack.hasCaller) {
    const { bytes } = stack.use;
    if (!isInterrupted(stack.pop())) continue;
    // The handler's own frames lie below what was written for it; a frame on another stack goes on there.
    const frame = fromWords(stack.kept(FRAME_LOW), stack.kept(FRAME_HIGH));
    sp = frame - (use.bytes - bytes);
    break;
  }
  stack.use = use;
  return asVirt(sp);
}

function contextOf(m: Machine, sp: VirtAddr): Interrupted {
  const { k } = m.call;
  const tsk = current(k);
  return {
    ip: codeAddress(m.program.window, m.pc),
    sp,
    blocked: blockedOf(k),
    stack: {
      sp: k.read_va(k.plus(tsk, k.task_struct.sas_ss_sp)),
      flags: sas_ss_flags(k, sp),
      size: k.read_ulong(k.plus(tsk, k.task_struct.sas_ss_size)),
    },
  };
}

/** False: the frame cannot be written. */
function enterHandler(m: Machine, ksig: Ksignal, callee: CompiledFunction, info: SigInfo): boolean {
  const { call, stack, values } = m;
  const { k } = call;
  const sp = stackPointer(m);
  const top = sigsp(k, sp, ksig);
  const frame = frameBelow(k, top, top === sp, info, contextOf(m, sp));
  const isWritten = call.user.write(frame.va, frame.bytes) === frame.bytes.length;
  // A frame that leaves the stack it began on is as bad as one that cannot be written.
  if (!isWritten || (on_sig_stack(k, top) && !on_sig_stack(k, frame.va))) {
    if (ksig.sig === SIGSEGV) return false;
    noRoom(m);
  }
  call.kernel.signal_delivered(k, ksig);
  const extra = HEAD_WORDS + values.length * SPILL_WORDS;
  const shadow = callee.shadowWords + extra;
  stack.push(callee.frameBytes, shadow, interrupted(m.pc));
  stack.keep(shadow + FRAME_LOW, lowWord(frame.va));
  stack.keep(shadow + FRAME_HIGH, highWord(frame.va));
  stack.keep(shadow + NR_VALUES, values.length);
  values.forEach((value, i) => {
    stack.keepValue(shadow - HEAD_WORDS - (i + 1) * SPILL_WORDS, value);
  });
  values.length = 0;
  m.depth++;
  if (m.calledBack.isActive) m.calledBack.enter(numberOf(m, callee));
  takeArguments(m, callee, [info.signo, frame.info, frame.context]);
  m.pc = callee.entry;
  return true;
}

/** The handler has returned, and its frame is gone: what it had interrupted goes on, with the signals blocked that its frame tells. */
export function sigreturn(m: Machine, returnPc: number): void {
  const { call, stack } = m;
  const { k } = call;
  const pc = pcOfInterrupted(returnPc);
  const frame = asVirt(fromWords(stack.kept(FRAME_LOW), stack.kept(FRAME_HIGH)));
  const values: Value[] = [];
  for (let i = 0; i < stack.kept(NR_VALUES); i++)
    values.push(stack.keptValue(-HEAD_WORDS - (i + 1) * SPILL_WORDS));
  const bytes = call.user.read(frame, frameSize(k));
  if (bytes.length < frameSize(k))
    throw new TaskSignal({
      ...{ signal: 'SIGSEGV', code: 'SI_KERNEL', va: asVirt(0), errorCode: 0 },
      reason: `the frame that the handler was given at ${k.hex(frame)} cannot be read any more`,
    });
  const { ip, blocked } = frameLeft(k, bytes);
  if (ip !== codeAddress(m.program.window, pc))
    throw new TaskBug(
      'BUG: a handler has changed the instruction pointer in its context: mmscope goes on where the signal came; leave with siglongjmp()',
    );
  call.kernel.set_current_blocked(k, ...blocked);
  m.values.push(...values);
  m.pc = pc;
  handlePending(m);
}
