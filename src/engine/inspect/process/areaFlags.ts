/**
 * What the bits of vma->vm_flags are called: the constant, and the two letters of smaps. One row a bit.
 *
 * Source: Linux 6.1 include/linux/mm.h: VM_READ to VM_MERGEABLE; fs/proc/task_mmu.c: show_smap_vma_flags(). Bits of later releases
 * are named where no earlier one has them: VM_SEALED (6.10).
 */
import type { Inspected } from '../inspected.js';

interface AreaFlag {
  readonly bit: number;
  readonly name: string;
  /** '' of one that smaps leaves out; '??' of one that it has no letters for. */
  readonly letters: string;
}

const flag = (bit: number, name: string, letters = '??'): AreaFlag => ({ bit, name, letters });

const AREA_FLAGS: readonly AreaFlag[] = [
  flag(0, 'VM_READ', 'rd'),
  flag(1, 'VM_WRITE', 'wr'),
  flag(2, 'VM_EXEC', 'ex'),
  flag(3, 'VM_SHARED', 'sh'),
  flag(4, 'VM_MAYREAD', 'mr'),
  flag(5, 'VM_MAYWRITE', 'mw'),
  flag(6, 'VM_MAYEXEC', 'me'),
  flag(7, 'VM_MAYSHARE', 'ms'),
  flag(8, 'VM_GROWSDOWN', 'gd'),
  flag(9, 'VM_UFFD_MISSING', 'um'),
  flag(10, 'VM_PFNMAP', 'pf'),
  flag(12, 'VM_UFFD_WP', 'uw'),
  flag(13, 'VM_LOCKED', 'lo'),
  flag(14, 'VM_IO', 'io'),
  flag(15, 'VM_SEQ_READ', 'sr'),
  flag(16, 'VM_RAND_READ', 'rr'),
  flag(17, 'VM_DONTCOPY', 'dc'),
  flag(18, 'VM_DONTEXPAND', 'de'),
  flag(19, 'VM_LOCKONFAULT'),
  flag(20, 'VM_ACCOUNT', 'ac'),
  flag(21, 'VM_NORESERVE', 'nr'),
  flag(22, 'VM_HUGETLB', 'ht'),
  flag(23, 'VM_SYNC', 'sf'),
  flag(24, 'VM_PAT', 'ar'),
  flag(25, 'VM_WIPEONFORK', 'wf'),
  flag(26, 'VM_DONTDUMP', 'dd'),
  flag(27, 'VM_SOFTDIRTY', 'sd'),
  flag(28, 'VM_MIXEDMAP', 'mm'),
  flag(29, 'VM_HUGEPAGE', 'hg'),
  flag(30, 'VM_NOHUGEPAGE', 'nh'),
  flag(31, 'VM_MERGEABLE', 'mg'),
  flag(32, 'VM_PKEY_BIT0', ''),
  flag(33, 'VM_PKEY_BIT1', ''),
  flag(34, 'VM_PKEY_BIT2', ''),
  flag(35, 'VM_PKEY_BIT3', ''),
  flag(36, 'VM_PKEY_BIT4'),
  flag(37, 'VM_UFFD_MINOR', 'ui'),
  flag(63, 'VM_SEALED', 'sl'),
];

const byBit: ReadonlyMap<number, AreaFlag> = new Map(AREA_FLAGS.map((each) => [each.bit, each]));

const bitsOf = (flags: bigint): number[] => {
  const bits: number[] = [];
  for (let bit = 0; bit < 64; bit++) if (((flags >> BigInt(bit)) & 1n) !== 0n) bits.push(bit);
  return bits;
};

/** `VM_READ`, `VM_MAYREAD` ...; `bit 40` of one without a name. */
export const areaFlagNames = (flags: bigint): string[] =>
  bitsOf(flags).map((bit) => byBit.get(bit)?.name ?? `bit ${bit}`);

/** The letters of smaps, each with the space behind it. */
export const areaFlagLetters = (flags: bigint): string =>
  bitsOf(flags)
    .map((bit) => byBit.get(bit)?.letters ?? '??')
    .filter((letters) => letters !== '')
    .map((letters) => `${letters} `)
    .join('');

/** The bit of a flag: `hasAreaFlag(flags, 'VM_LOCKED')`. */
export function hasAreaFlag(flags: bigint, name: string): boolean {
  const found = AREA_FLAGS.find((each) => each.name === name);
  return found !== undefined && ((flags >> BigInt(found.bit)) & 1n) !== 0n;
}

/** `rw-p`, as maps has it: shared is what may be shared, even if it is private by now. */
export const rightsText = (flags: bigint): string =>
  (hasAreaFlag(flags, 'VM_READ') ? 'r' : '-') +
  (hasAreaFlag(flags, 'VM_WRITE') ? 'w' : '-') +
  (hasAreaFlag(flags, 'VM_EXEC') ? 'x' : '-') +
  (hasAreaFlag(flags, 'VM_MAYSHARE') ? 's' : 'p');

/** vma_pkey(): 0 where the build has none. */
export const protectionKey = (k: Inspected, flags: bigint): number =>
  k.pointerSize === 8 ? Number((flags >> 32n) & 15n) : 0;
