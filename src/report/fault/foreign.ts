/**
 * What processors other than x86 and arm64 tell of a fault: a status word of few bits.
 *
 * Source: ARM ARM DDI0406 B3.13 (DFSR), Linux arch/arm/mm/fsr-2level.c; RISC-V privileged spec (scause); Power ISA book III (DSISR);
 * MIPS32 PRA (Cause.ExcCode).
 */
import { hex } from '../render/amount.js';
import type { Rule } from './walk.js';

export interface ForeignFault {
  readonly text: string;
  readonly rule: Rule;
  readonly isWrite: boolean;
  readonly isFetch: boolean;
}

const fault = (
  text: string,
  kind: 'absent' | 'denied' | 'other',
  isWrite: boolean,
  isFetch: boolean,
): ForeignFault => ({
  text: `${text} (${isFetch ? 'an instruction fetch' : isWrite ? 'a write' : 'a read'}): ${kind === 'absent' ? 'nothing is mapped there' : kind === 'denied' ? 'a translation is there, the access is not allowed' : 'no translation fault'}.`,
  rule:
    kind === 'absent'
      ? 'not-present'
      : kind === 'denied'
        ? isFetch
          ? 'no-execute'
          : isWrite
            ? 'not-writable'
            : 'unknown'
        : 'unknown',
  isWrite,
  isFetch,
});

/** What PowerPC says in words, without a status. */
export const FETCH: ForeignFault = {
  text: 'An instruction fetch: nothing is mapped there, or it may not be executed.',
  rule: 'unknown',
  isWrite: false,
  isFetch: true,
};

/** `Unable to handle kernel data access on write at ...`, `Kernel attempted to read user page (...)`. */
const powerpcWords: Reader = (text) => {
  const user = /^\s*Kernel attempted to (read|write|access|execute) user page/.exec(text)?.[1];
  if (user !== undefined)
    return {
      text: `The kernel was to ${user} memory of user space outside of copy_from_user() and its like (KUAP, KUEP).`,
      rule: user === 'execute' ? 'smep' : 'smap',
      isWrite: user === 'write',
      isFetch: user === 'execute',
    };
  const access = /Unable to handle kernel data access on (read|write) at/.exec(text)?.[1];
  if (access === undefined) return undefined;
  return {
    text: `A ${access} of data.`,
    rule: 'unknown',
    isWrite: access === 'write',
    isFetch: false,
  };
};

/** The same, known to have been an instruction fetch. */
export const asFetch = (read: ForeignFault): ForeignFault => ({
  ...read,
  text: read.text.replace('(a read)', '(an instruction fetch: the program counter is the address)'),
  isFetch: true,
});

type Reader = (text: string) => ForeignFault | undefined;

/** `Internal error: Oops: 805 [#1] ARM`: the fault status register. */
const arm: Reader = (text) => {
  const word = /Internal error: Oops: ([0-9a-f]{1,8}) \[#/.exec(text)?.[1];
  if (word === undefined) return undefined;
  const fsr = Number.parseInt(word, 16);
  // arm64 up to 5.x prints its ESR there.
  if ((fsr & 0x7ffff000) !== 0) return undefined;
  const status = (fsr & 15) | ((fsr & 0x400) >>> 6);
  const isWrite = (fsr & 0x800) !== 0;
  // prefetch aborts come with bit 31 set by the kernel
  const isFetch = fsr >= 0x80000000;
  const name: Readonly<Record<number, readonly [string, 'absent' | 'denied' | 'other']>> = {
    1: ['alignment fault', 'other'],
    3: ['section access flag fault', 'other'],
    5: ['section translation fault', 'absent'],
    6: ['page access flag fault', 'other'],
    7: ['page translation fault', 'absent'],
    9: ['section domain fault', 'denied'],
    11: ['page domain fault', 'denied'],
    13: ['section permission fault', 'denied'],
    15: ['page permission fault', 'denied'],
  };
  const [what, kind] = name[status] ?? [`fault status ${hex(status)}`, 'other'];
  return fault(`FSR ${hex(fsr)}: ${what}`, kind, isWrite, isFetch);
};

const riscv: Reader = (text) => {
  const word = /\bcause: ([0-9a-f]{8,16})\b/.exec(text)?.[1];
  if (word === undefined) return undefined;
  const code = Number.parseInt(word.slice(-2), 16);
  const kinds: Readonly<Record<number, string>> = { 12: 'instruction', 13: 'load', 15: 'store' };
  const kind = kinds[code];
  if (kind === undefined) return undefined;
  return {
    text: `scause ${hex(code)}: ${kind} page fault: no translation, or the access is not allowed.`,
    rule: 'unknown',
    isWrite: code === 15,
    isFetch: code === 12,
  };
};

const powerpc: Reader = (text) => {
  const word = /\bDSISR: ([0-9a-f]{8})\b/.exec(text)?.[1];
  if (word === undefined) return undefined;
  const dsisr = Number.parseInt(word, 16);
  const kind =
    (dsisr & 0x40000000) !== 0 ? 'absent' : (dsisr & 0x08000000) !== 0 ? 'denied' : 'other';
  return fault(`DSISR ${hex(dsisr)}`, kind, (dsisr & 0x02000000) !== 0, false);
};

const mips: Reader = (text) => {
  const word = /^\s*Cause\s*: ([0-9a-f]{8})\b/.exec(text)?.[1];
  if (word === undefined) return undefined;
  const code = (Number.parseInt(word, 16) >>> 2) & 31;
  if (code === 1) return fault(`Cause.ExcCode ${code} (TLB modified)`, 'denied', true, false);
  if (code !== 2 && code !== 3) return undefined;
  return fault(
    `Cause.ExcCode ${code} (${code === 2 ? 'TLBL' : 'TLBS'})`,
    'absent',
    code === 3,
    false,
  );
};

export const foreignFault: Reader = (text) => {
  for (const read of [arm, riscv, powerpc, powerpcWords, mips]) {
    const found = read(text);
    if (found) return found;
  }
  return undefined;
};
