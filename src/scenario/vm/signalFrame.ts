/**
 * What the kernel writes on a process's stack for a handler: struct rt_sigframe, whose siginfo and ucontext the handler gets.
 *
 *     x86-64   pretcode | ucontext: flags, link, stack, sigcontext (256 bytes), sigmask | siginfo (128)
 *     i386     pretcode, sig, pinfo, puc | siginfo (128) | ucontext: flags, link, stack, sigcontext (88), sigmask | retcode (8)
 *
 * Above it lies the state of the FPU, as FXSAVE has it. Of the registers those are told that a scenario has: ip, sp, flags, and of a fault
 * trapno, err and cr2; the others are 0. On i386 handlers without SA_SIGINFO get the same frame.
 * Source: Linux 6.1 arch/x86/kernel/signal.c: get_sigframe(), __setup_rt_frame(), setup_sigcontext(); arch/x86/include/asm/sigframe.h;
 * arch/x86/include/uapi/asm/sigcontext.h; include/uapi/asm-generic/siginfo.h.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';

/** What a signal tells: a fault its address, another one who sent it. */
export interface SigInfo {
  readonly signo: number;
  readonly code: number;
  readonly fault?: { readonly va: VirtAddr; readonly errorCode: number };
  readonly pid?: number;
}

/** What is interrupted. */
export interface Interrupted {
  readonly ip: number;
  readonly sp: VirtAddr;
  /** Signals 1 to 32 and 33 to 64. */
  readonly blocked: readonly [number, number];
  /** The stack of sigaltstack(). */
  readonly stack: { readonly sp: number; readonly flags: number; readonly size: number };
}

interface Layout {
  readonly size: number;
  readonly info: number;
  readonly context: number;
  readonly registers: number;
  readonly sigmask: number;
  /** Of the siginfo: where what the signals tell begins. */
  readonly fields: number;
  /** By register: its place in the sigcontext, in words of the machine. */
  readonly place: Readonly<
    Record<'sp' | 'ip' | 'flags' | 'cs' | 'err' | 'trapno' | 'cr2' | 'fpu', number>
  >;
}

const WIDE: Layout = {
  ...{ size: 440, context: 8, info: 312, registers: 8 + 40, sigmask: 8 + 296, fields: 16 },
  place: { sp: 15, ip: 16, flags: 17, cs: 18, err: 19, trapno: 20, cr2: 22, fpu: 23 },
};
const NARROW: Layout = {
  ...{ size: 268, info: 16, context: 144, registers: 144 + 20, sigmask: 144 + 108, fields: 12 },
  place: { sp: 7, trapno: 12, err: 13, ip: 14, cs: 15, flags: 16, fpu: 19, cr2: 21 },
};

const layoutOf = (k: Kernel): Layout => (k.wide ? WIDE : NARROW);

/** Below a stack pointer of x86-64 a function may have variables: the ABI's red zone. */
const RED_ZONE = 128;
const FXSAVE_BYTES = 512;
const PAGE_FAULT = 14;
const CS_SS_WIDE = 0x2b_0000_0000_0033n;
const CS_NARROW = 0x73;
/** IF, and the bit that is always set. */
const EFLAGS = 0x202;

export interface SignalFrame {
  readonly va: VirtAddr;
  readonly info: VirtAddr;
  readonly context: VirtAddr;
  readonly bytes: Uint8Array;
}

/** @param top where the frame is to end: the stack pointer, or the end of another stack */
export function frameBelow(
  k: Kernel,
  top: VirtAddr,
  isOwnStack: boolean,
  info: SigInfo,
  interrupted: Interrupted,
): SignalFrame {
  const { size, ...at } = layoutOf(k);
  const fpu = down(top - (k.wide && isOwnStack ? RED_ZONE : 0) - FXSAVE_BYTES, 64);
  const va = k.wide ? down(fpu - size, 16) - 8 : down(fpu - size + 4, 16) - 4;
  const bytes = new Uint8Array(size);
  const write = writer(k, bytes);
  if (!k.wide)
    [info.signo, va + at.info, va + at.context].forEach((value, i) => write.int(4 + i * 4, value));
  write.int(at.info, info.signo);
  write.int(at.info + 8, info.code);
  if (info.fault !== undefined) write.word(at.info + at.fields, info.fault.va);
  else write.int(at.info + at.fields, info.pid ?? 0);
  const { stack, blocked } = interrupted;
  const word = k.wide ? 8 : 4;
  write.word(at.context + 2 * word, stack.sp);
  write.int(at.context + 3 * word, stack.flags);
  write.word(at.context + 4 * word, stack.size);
  const register = (name: keyof Layout['place'], value: number | bigint): void => {
    write.word(at.registers + at.place[name] * word, value);
  };
  register('sp', interrupted.sp);
  register('ip', interrupted.ip);
  register('flags', EFLAGS);
  register('cs', k.wide ? CS_SS_WIDE : CS_NARROW);
  register('fpu', fpu);
  if (info.fault !== undefined) {
    register('err', info.fault.errorCode);
    register('trapno', PAGE_FAULT);
    register('cr2', info.fault.va);
  }
  blocked.forEach((half, i) => write.int(at.sigmask + i * 4, half));
  return { va: asVirt(va), info: asVirt(va + at.info), context: asVirt(va + at.context), bytes };
}

/** What a handler has left in its frame. */
export function frameLeft(
  k: Kernel,
  bytes: Uint8Array,
): { readonly ip: number; readonly blocked: readonly [number, number] } {
  const { registers, place, sigmask } = layoutOf(k);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = registers + place.ip * (k.wide ? 8 : 4);
  const ip = k.wide ? Number(view.getBigInt64(at, true)) : view.getUint32(at, true);
  return { ip, blocked: [view.getInt32(sigmask, true), view.getInt32(sigmask + 4, true)] };
}

export const frameSize = (k: Kernel): number => layoutOf(k).size;

const down = (value: number, to: number): number => Math.floor(value / to) * to;

function writer(
  k: Kernel,
  bytes: Uint8Array,
): {
  int: (at: number, value: number) => void;
  word: (at: number, value: number | bigint) => void;
} {
  const view = new DataView(bytes.buffer);
  const int = (at: number, value: number): void => {
    view.setInt32(at, value, true);
  };
  const word = (at: number, value: number | bigint): void => {
    if (k.wide) view.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), true);
    else int(at, Number(value));
  };
  return { int, word };
}
