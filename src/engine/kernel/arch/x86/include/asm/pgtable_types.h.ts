/**
 * What an entry of a page table holds: its bits, protections made of them, the names of the levels.
 *
 * An entry's value is its two words (machine/pteWords.ts): pteval_t, pmdval_t and so on alike. A flag is a number of the low word's,
 * but for NX, which is a value. The layout is drawn in x86/formats.ts, whose table the bits come from.
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable_types.h; arch/x86/include/asm/pgtable-invert.h: protnone_mask();
 * arch/x86/include/asm/pgtable_64_types.h: pgtable_l5_enabled(); arch/x86/mm/pgprot.c: vm_get_page_prot().
 */
import type { Int, Pfn, UInt } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import {
  pteAnd,
  pteAndNot,
  pteFromWords,
  pteIsZero,
  pteOf,
  pteOr,
  type PteWords,
  toPteWords,
} from '../../../../../machine/pteWords.js';
import { asPfn, PAGE_SHIFT } from '../../../../../memory/address.js';
import { bitsNamed, type FlagName } from '../../../../../x86/formats.js';

/** pteval_t, pmdval_t, ...: and pgprotval_t. */
export type PteVal = PteWords;

const lowFlags = (...names: readonly FlagName[]): Int => Number(bitsNamed(...names));

export const _PAGE_PRESENT: Int = lowFlags('P');
export const _PAGE_RW: Int = lowFlags('RW');
export const _PAGE_USER: Int = lowFlags('US');
export const _PAGE_PWT: Int = lowFlags('PWT');
export const _PAGE_PCD: Int = lowFlags('PCD');
export const _PAGE_ACCESSED: Int = lowFlags('A');
export const _PAGE_DIRTY: Int = lowFlags('D');
export const _PAGE_PSE: Int = lowFlags('PSE');
export const _PAGE_GLOBAL: Int = lowFlags('G');
export const _PAGE_NX: PteVal = toPteWords(bitsNamed('NX'));
/** Of an entry that is not present but keeps its frame: PROT_NONE. */
export const _PAGE_PROTNONE: Int = lowFlags('G');
/** Bits that may be set in an entry that holds nothing. */
export const _PAGE_KNL_ERRATUM_MASK = (k: Kernel): Int =>
  k.pte_words === 2 ? _PAGE_DIRTY | _PAGE_ACCESSED : 0;
export const _PAGE_TABLE: Int = lowFlags('P', 'RW', 'US', 'A', 'D');
export const _KERNPG_TABLE: Int = lowFlags('P', 'RW', 'A', 'D');
/** A bit that is the kernel's own (SOFTW1). */
export const _PAGE_SPECIAL: Int = 1 << 9;
/** The bits of any build in which an entry may name a frame. */
export const PTE_PFN_ALL: PteVal = pteFromWords(~0xfff, 0xfffff);

/** No build here has five levels. */
export const pgtable_l5_enabled = (k: Kernel): boolean => k.PGDIR_SHIFT > 39;

/** The kernel's own pages. */
export const PAGE_KERNEL = (k: Kernel): PteVal => toPteWords(k.profile.wideConstant('PAGE_KERNEL'));
export const PAGE_KERNEL_RO = (k: Kernel): PteVal =>
  toPteWords(k.profile.wideConstant('PAGE_KERNEL_RO'));

/** enum page_cache_mode */
export const _PAGE_CACHE_MODE_WB = 0;
export const _PAGE_CACHE_MODE_WC = 1;
export const _PAGE_CACHE_MODE_UC_MINUS = 2;
export const _PAGE_CACHE_MODE_UC = 3;
export const _PAGE_CACHE_MODE_WT = 4;

/** enum pg_level */
export const PG_LEVEL_NONE = 0;
export const PG_LEVEL_4K = 1;
export const PG_LEVEL_2M = 2;
export const PG_LEVEL_1G = 3;
export const PG_LEVEL_512G = 4;

/** Data that must not run, where the processor knows the bit: there PAGE_KERNEL has it. */
export function pgprot_nx(k: Kernel, prot: PteVal): PteVal {
  return pteOr(prot, pteAnd(PAGE_KERNEL(k), _PAGE_NX));
}

/** The PAT bit lies elsewhere in a large entry, but nothing here sets it. */
export function protval_4k_2_large(val: PteVal): PteVal {
  return val;
}

export function pte_flags(k: Kernel, pte: PteVal): PteVal {
  return pteAndNot(pte, k.PTE_PFN_MASK);
}

/**
 * What inverts the frame of an entry that is not present, so that no speculative load finds the page that it names (L1TF). Two levels
 * have no bits to spare for it. Linux 6.1 arch/x86/include/asm/pgtable-invert.h.
 */
export const protnone_mask = (k: Kernel, val: PteVal): Int =>
  k.pte_words === 2 && (val.low & _PAGE_PRESENT) === 0 && !pteIsZero(val) ? -1 : 0;

/** The frame that an entry of any level names. */
export const frameIn = (k: Kernel, entry: PteVal): Pfn => {
  const low: UInt = (entry.low & k.PTE_PFN_MASK.low) >>> PAGE_SHIFT;
  const high: Int = entry.high & k.PTE_PFN_MASK.high;
  return asPfn(high === 0 ? low : high * 2 ** 20 + low);
};

// --- protections of user pages -------------------------------------------------------------------------------------------

const PAGE_NONE: PteVal = pteOf(_PAGE_ACCESSED | _PAGE_PROTNONE);
const PAGE_READONLY_EXEC: PteVal = pteOf(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED);
const PAGE_READONLY: PteVal = pteOr(PAGE_READONLY_EXEC, _PAGE_NX);
const PAGE_SHARED_EXEC: PteVal = pteOf(PAGE_READONLY_EXEC.low | _PAGE_RW);
const PAGE_SHARED: PteVal = pteOr(PAGE_SHARED_EXEC, _PAGE_NX);

/** protection_map[] of arch/x86/mm/pgprot.c: by VM_READ, VM_WRITE, VM_EXEC, VM_SHARED. What is private is written to a copy. */
const protectionMap = (vm_flags: Int): PteVal => {
  const exec: boolean = (vm_flags & 4) !== 0;
  if ((vm_flags & 10) === 10) return exec ? PAGE_SHARED_EXEC : PAGE_SHARED;
  if (exec) return PAGE_READONLY_EXEC;
  return (vm_flags & 3) !== 0 ? PAGE_READONLY : PAGE_NONE;
};

/**
 * What the flags of an area allow, as bits of its entries. On 32 bit Linux 6.1 keeps the value in an `unsigned long` meanwhile, so that
 * PAE loses NX: every page of a process may run there.
 */
export function vm_get_page_prot(k: Kernel, vm_flags: Int): PteVal {
  const val: PteVal = protectionMap(vm_flags & 15);
  return k.wide ? val : pteOf(val.low);
}
