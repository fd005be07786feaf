/**
 * May this access happen? The access rights that a walk has gathered against the kind of access, and the page fault's error
 * code when they do not allow it.
 *
 * Source: SDM vol. 3A 4.6.1 (determination of access rights), 4.7 (page-fault exceptions); names of the error code's bits
 * from Linux 6.1 arch/x86/include/asm/trap_pf.h. Protection keys and shadow stacks are not modelled.
 */
import type { Entry, Level } from './formats.js';
import type { Paging } from './paging.js';

export interface Access {
  readonly kind: 'read' | 'write' | 'fetch';
  /** Made at CPL 3. */
  readonly user: boolean;
  /** The processor's own access to a descriptor table, TSS or the like: a supervisor access whatever the CPL. */
  readonly implicitSupervisor?: boolean;
}

/** What all levels together allow: a right that one entry withholds is withheld. */
export interface Rights {
  readonly write: boolean;
  readonly user: boolean;
  readonly execute: boolean;
}

export const ALL_RIGHTS: Rights = { write: true, user: true, execute: true };

/** The rights that are left below an entry of `level`. */
export function narrowed(
  rights: Rights,
  paging: Paging,
  level: Level,
  low: number,
  high: number,
): Rights {
  if (level.hasNoRights === true) return rights;
  const withholdsExecute = high < 0 && paging.noExecute;
  if ((low & 6) === 6 && !withholdsExecute) return rights;
  return {
    write: rights.write && (low & 2) !== 0,
    user: rights.user && (low & 4) !== 0,
    execute: rights.execute && !withholdsExecute,
  };
}

/** Why an access to a mapped page is refused. */
export interface Violation {
  /** The flag that decides. */
  readonly flag: 'RW' | 'US' | 'NX';
  readonly rule: string;
}

/** The first rule that refuses the access; undefined when it is allowed. */
export function violation(paging: Paging, rights: Rights, access: Access): Violation | undefined {
  return isUserMode(access)
    ? userViolation(rights, access)
    : supervisorViolation(paging, rights, access);
}

const isUserMode = (access: Access): boolean => access.user && access.implicitSupervisor !== true;

function userViolation(rights: Rights, { kind }: Access): Violation | undefined {
  if (!rights.user) return { flag: 'US', rule: 'user mode may not access a kernel page' };
  if (kind === 'write' && !rights.write) return { flag: 'RW', rule: 'the page is read-only' };
  if (kind === 'fetch' && !rights.execute)
    return { flag: 'NX', rule: 'the page is not executable' };
  return undefined;
}

function supervisorViolation(
  paging: Paging,
  rights: Rights,
  { kind, implicitSupervisor }: Access,
): Violation | undefined {
  if (kind === 'fetch') {
    if (rights.user && paging.smep)
      return { flag: 'US', rule: 'with CR4.SMEP the kernel may not execute a user page' };
    if (!rights.execute) return { flag: 'NX', rule: 'the page is not executable' };
    return undefined;
  }
  if (rights.user && paging.smap) {
    if (implicitSupervisor === true)
      return { flag: 'US', rule: 'with CR4.SMAP an implicit access may never reach a user page' };
    if (!paging.accessUser)
      return {
        flag: 'US',
        rule: 'with CR4.SMAP the kernel may access a user page only while EFLAGS.AC is set',
      };
  }
  if (kind === 'write' && paging.writeProtect && !rights.write)
    return { flag: 'RW', rule: 'the page is read-only, and CR0.WP applies that to the kernel' };
  return undefined;
}

/** The error code's bits, as the field writes them. */
const ERROR_CODE_BITS = [
  {
    name: 'P',
    linuxName: 'X86_PF_PROT',
    bit: 0,
    set: 'protection violation',
    clear: 'page not present',
  },
  { name: 'W/R', linuxName: 'X86_PF_WRITE', bit: 1, set: 'write', clear: 'read' },
  { name: 'U/S', linuxName: 'X86_PF_USER', bit: 2, set: 'user mode', clear: 'kernel mode' },
  { name: 'RSVD', linuxName: 'X86_PF_RSVD', bit: 3, set: 'reserved bit set', clear: '' },
  { name: 'I/D', linuxName: 'X86_PF_INSTR', bit: 4, set: 'instruction fetch', clear: '' },
] as const;

export type FaultCause = 'not present' | 'violation' | 'reserved bit';

export function errorCode(paging: Paging, access: Access, cause: FaultCause): number {
  const tellsFetches = paging.noExecute || paging.smep;
  return (
    (cause === 'not present' ? 0 : 1) |
    (access.kind === 'write' ? 2 : 0) |
    (isUserMode(access) ? 4 : 0) |
    (cause === 'reserved bit' ? 8 : 0) |
    (access.kind === 'fetch' && tellsFetches ? 16 : 0)
  );
}

/** `P W/R U/S`: the names of the bits that are set; `0` for none. */
export function errorCodeText(code: number): string {
  const names = ERROR_CODE_BITS.filter(({ bit }) => (code >>> bit) & 1).map(({ name }) => name);
  return names.length === 0 ? '0' : names.join(' ');
}

/** `page not present, write, user mode` */
export const errorCodeWords = (code: number): string =>
  ERROR_CODE_BITS.map(({ bit, set, clear }) => ((code >>> bit) & 1 ? set : clear))
    .filter((text) => text !== '')
    .join(', ');

/** Whether an entry withholds what a violation is about. None does where a user page is refused for being one. */
export const withholds = ({ flag }: Violation, { low, high }: Entry): boolean =>
  flag === 'NX' ? high >>> 31 === 1 : (low & (flag === 'RW' ? 2 : 4)) === 0;
