/**
 * What programs do about signals: handlers, masks, other stacks, and jumps out of a handler. A program that includes <signal.h> and
 * <setjmp.h> has the types (prelude/headers.ts): a sigset_t is 1024 bits there, of which the kernel knows the first 64.
 *
 * Source: POSIX.1-2017, signal.h, setjmp.h; glibc: sysdeps/unix/sysv/linux/sigaction.c, signal/sigsetops.
 */
import { asVirt } from '../../../engine/memory/address.js';
import type { SignalAction } from '../../../engine/kernel/kernel/signal/sighand.js';
import { low32, type Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { sizeOf, va } from '../pointers.js';
import { libc } from '../user/libc.js';
import { MAX_SCHEDULE_TIMEOUT } from '../../../engine/kernel/kernel/locking/semaphore.js';
import { sleepAs, TASK_INTERRUPTIBLE } from '../waitQueues.js';

const changes = true;
const EINTR = 4;
const EINVAL = 22;
const NSIG = 64;
const SIGSET_BYTES = 128;
const SA_RESTART = 0x10000000;

type Run = (call: BuiltinCall, ...args: Value[]) => number;

const row = (signature: string, doc: string, run: Run): BuiltinRow => ({
  signature,
  doc,
  changes,
  needs: needsProcess,
  run: (call, ...args) => libc(call, run(call, ...args)),
});

// --- sets ----------------------------------------------------------------------------------------------------------------

type Words = readonly [number, number];

const wordsAt = (call: BuiltinCall, set: Value): Words => [
  low32(call.memory.load(set, 4)),
  low32(call.memory.load(call.offset(set, 4), 4)),
];

function store(call: BuiltinCall, set: Value, words: Words): void {
  words.forEach((word, i) => {
    call.memory.store(call.offset(set, i * 4), 4, word);
  });
}

function change(call: BuiltinCall, set: Value, signum: Value, isIn: boolean): number {
  const sig = Number(signum);
  if (sig < 1 || sig > NSIG) return -EINVAL;
  const words: [number, number] = [...wordsAt(call, set)];
  const i = (sig - 1) >> 5;
  const bit = 1 << ((sig - 1) & 31);
  words[i as 0 | 1] = isIn ? words[i as 0 | 1] | bit : words[i as 0 | 1] & ~bit;
  store(call, set, words);
  return 0;
}

const fill = (call: BuiltinCall, set: Value, byte: number): number => {
  call.memory.writeBytes(set, new Uint8Array(SIGSET_BYTES).fill(byte));
  return 0;
};

const sets: readonly BuiltinRow[] = [
  row('int sigemptyset(void *set)', 'A sigset_t without signals; 0.', (call, set) =>
    fill(call, set, 0),
  ),
  row('int sigfillset(void *set)', 'A sigset_t with all signals; 0.', (call, set) =>
    fill(call, set, 0xff),
  ),
  row(
    'int sigaddset(void *set, int signum)',
    'Puts a signal into a sigset_t; 0, or -1 and EINVAL.',
    (call, set, sig) => change(call, set, sig, true),
  ),
  row(
    'int sigdelset(void *set, int signum)',
    'Takes a signal out of a sigset_t; 0, or -1 and EINVAL.',
    (call, set, sig) => change(call, set, sig, false),
  ),
  row(
    'int sigismember(const void *set, int signum)',
    'Whether a signal is in a sigset_t: 1 or 0; -1 and EINVAL.',
    (call, set, signum) => {
      const sig = Number(signum);
      if (sig < 1 || sig > NSIG) return -EINVAL;
      return (wordsAt(call, set)[((sig - 1) >> 5) as 0 | 1] >>> ((sig - 1) & 31)) & 1;
    },
  ),
];

// --- handlers ------------------------------------------------------------------------------------------------------------

/** Where the members of glibc's struct sigaction are. */
const memberOf = ({ k }: BuiltinCall, member: 'mask' | 'flags' | 'restorer'): number => {
  const word = k.wide ? 8 : 4;
  return { mask: word, flags: word + SIGSET_BYTES, restorer: word + SIGSET_BYTES + word }[member];
};

const pointerAt = (call: BuiltinCall, at: Value): Value =>
  call.memory.load(at, call.k.wide ? 8 : 4);

const actionAt = (call: BuiltinCall, act: Value): SignalAction => ({
  sa_handler: asVirt(Number(pointerAt(call, act))),
  sa_flags: Number(call.memory.load(call.offset(act, memberOf(call, 'flags')), 4)) >>> 0,
  sa_restorer: asVirt(0),
  sa_mask: wordsAt(call, call.offset(act, memberOf(call, 'mask'))),
});

function storeAction(
  call: BuiltinCall,
  to: Value,
  { sa_handler, sa_flags, sa_mask }: SignalAction,
): void {
  const pointerSize = call.k.wide ? 8 : 4;
  call.memory.store(to, pointerSize, sa_handler);
  fill(call, call.offset(to, memberOf(call, 'mask')), 0);
  store(call, call.offset(to, memberOf(call, 'mask')), sa_mask);
  call.memory.store(call.offset(to, memberOf(call, 'flags')), 4, sa_flags);
  call.memory.store(call.offset(to, memberOf(call, 'restorer')), pointerSize, 0);
}

function handle(call: BuiltinCall, signum: Value, handler: Value): Value {
  const { k, kernel } = call;
  const old: SignalAction[] = [];
  const sa_handler = asVirt(Number(handler));
  const act = {
    sa_handler,
    sa_flags: SA_RESTART,
    sa_restorer: asVirt(0),
    sa_mask: [0, 0],
  } as const;
  const error = libc(call, kernel.do_sigaction(k, Number(signum), act, old));
  return error < 0 ? call.unsignedLong(-1) : (old[0]?.sa_handler ?? 0);
}

const handlers: readonly BuiltinRow[] = [
  row(
    'int sigaction(int signum, const void *act, void *oldact)',
    'What the process does about a signal from now on: a struct sigaction, with a handler (SIG_DFL, SIG_IGN, or a function), what it blocks meanwhile, and flags; and in *oldact what it did until now. 0, or -1 and EINVAL. A fault is tried again when its handler returns.',
    (call, signum, act, oldact) => {
      const { k, kernel } = call;
      const old: SignalAction[] = [];
      const wanted = act === 0 ? undefined : actionAt(call, act);
      const error = kernel.do_sigaction(k, Number(signum), wanted, old);
      if (error === 0 && oldact !== 0 && old[0] !== undefined) storeAction(call, oldact, old[0]);
      return error;
    },
  ),
  {
    signature: 'void *signal(int signum, void *handler)',
    doc: 'Like sigaction() with SA_RESTART: the handler until now, or SIG_ERR and errno.',
    changes,
    needs: needsProcess,
    run: handle,
  },
  row(
    'int sigprocmask(int how, const void *set, void *oldset)',
    'Blocks signals (SIG_BLOCK), lets them through (SIG_UNBLOCK), or says which ones are blocked (SIG_SETMASK); until now: *oldset. 0, or -1 and EINVAL.',
    (call, how, set, oldset) => {
      const { k, kernel } = call;
      const before = kernel.blockedOf(k);
      const error = set === 0 ? 0 : kernel.sigprocmask(k, Number(how), ...wordsAt(call, set));
      if (error !== 0 || oldset === 0) return error;
      fill(call, oldset, 0);
      store(call, oldset, before);
      return 0;
    },
  ),
  row(
    'int sigpending(void *set)',
    'Which signals wait for the running task because they are blocked; 0.',
    (call, set) => {
      const { k, kernel } = call;
      const pending = k.plus(kernel.current(k), k.task_struct.pending_signal);
      const blocked = kernel.blockedOf(k);
      fill(call, set, 0);
      store(call, set, [
        k.read_int(pending) & blocked[0],
        k.read_int(k.plus(pending, 1)) & blocked[1],
      ]);
      return 0;
    },
  ),
  row(
    'int sigaltstack(const void *ss, void *old_ss)',
    'The stack for handlers with SA_ONSTACK: a stack_t, whose ss_sp is where it begins; SS_DISABLE: none. Until now: *old_ss. 0, or -1 and EINVAL, ENOMEM (smaller than MINSIGSTKSZ), EPERM (it is in use).',
    (call, ss, oldSs) => {
      const { k, kernel } = call;
      const word = k.wide ? 8 : 4;
      const tsk = kernel.current(k);
      const sp = call.process.stackPointer();
      const before = {
        sp: k.read_va(k.plus(tsk, k.task_struct.sas_ss_sp)),
        flags: kernel.sas_ss_flags(k, sp),
        size: k.read_ulong(k.plus(tsk, k.task_struct.sas_ss_size)),
      };
      if (ss !== 0) {
        const flags = Number(call.memory.load(call.offset(ss, word), 4));
        const size = sizeOf(call, pointerAt(call, call.offset(ss, 2 * word)));
        const error = kernel.do_sigaltstack(k, va(pointerAt(call, ss)), size, flags, sp);
        if (error !== 0) return error;
      }
      if (oldSs === 0) return 0;
      call.memory.store(oldSs, word, before.sp);
      call.memory.store(call.offset(oldSs, word), 4, before.flags);
      call.memory.store(call.offset(oldSs, 2 * word), word, before.size);
      return 0;
    },
  ),
];

// --- waiting -------------------------------------------------------------------------------------------------------------

const waiting: readonly BuiltinRow[] = [
  {
    ...row('int pause(void)', 'Sleeps until a handler has run; -1 and EINTR.', (call) => {
      const { k, kernel } = call;
      if (!kernel.signal_pending(k, kernel.current(k)))
        sleepAs(call, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
      return -EINTR;
    }),
    sleeps: 'always',
  },
];

// --- jumps ---------------------------------------------------------------------------------------------------------------

/** struct __jmp_buf_tag: behind the registers. */
const maskWasSaved = ({ k }: BuiltinCall): number => (k.wide ? 64 : 24);
const savedMask = ({ k }: BuiltinCall): number => (k.wide ? 72 : 28);

function leap(call: BuiltinCall, env: Value, value: Value): never {
  const { k, kernel, memory } = call;
  const at = (offset: number): Value => call.offset(env, offset);
  if (memory.load(at(maskWasSaved(call)), 4) !== 0)
    kernel.set_current_blocked(k, ...wordsAt(call, at(savedMask(call))));
  return call.process.jump(env, Number(value));
}

const jumps: readonly BuiltinRow[] = [
  {
    signature: 'int __sigsetjmp(void *env, int savemask)',
    doc: 'The function behind setjmp() and sigsetjmp(): remembers this place, and with savemask which signals are blocked; 0, and what longjmp() was given when it leads here.',
    changes,
    needs: needsProcess,
    run: (call, env, savemask) => {
      const { k, kernel, memory } = call;
      memory.store(call.offset(env, maskWasSaved(call)), 4, savemask === 0 ? 0 : 1);
      if (savemask !== 0) store(call, call.offset(env, savedMask(call)), kernel.blockedOf(k));
      call.process.setJump(env);
      return 0;
    },
  },
  {
    signature: 'void longjmp(void *env, int val)',
    doc: 'Goes on where setjmp() was called, which gives val there (1 for 0), and leaves all functions between. The function that called setjmp() must be active still.',
    changes,
    needs: needsProcess,
    run: leap,
  },
  {
    signature: 'void siglongjmp(void *env, int val)',
    doc: 'Like longjmp(): out of a handler, too, with the signals blocked that sigsetjmp() was told to remember.',
    changes,
    needs: needsProcess,
    run: leap,
  },
];

export const programSignals: readonly Builtin[] = [
  ...group('process', 'kernel/signal.c', [...handlers, ...waiting]),
  ...group('process', '', [...sets, ...jumps]),
];
