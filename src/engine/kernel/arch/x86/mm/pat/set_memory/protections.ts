/**
 * What a change of rights may not do: the kernel's own code stays executable, and what is read-only in its image stays so.
 *
 * Left out: the BIOS (no build here calls it), what boot may do before the image is read-only.
 * Source: Linux 6.1 arch/x86/mm/pat/set_memory.c: overlaps() to verify_rwx().
 */
import type { ULong } from '../../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../../machine/kernel.js';
import {
  fromPteWords,
  NO_PTE,
  pteAnd,
  pteAndNot,
  pteEqual,
  pteOf,
  pteOr,
  pteSet,
} from '../../../../../../machine/pteWords.js';
import { type Out, type Pfn } from '../../../../../../machine/ctypes.js';
import { ule } from '../../../../../../machine/ulong.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../../../../memory/address.js';
import { WARN_ONCE } from '../../../../../include/asm-generic/bug.h.js';
import { pr_warn } from '../../../../../include/linux/printk.h.js';
import {
  _PAGE_NX,
  _PAGE_PRESENT,
  _PAGE_RW,
  PG_LEVEL_4K,
  PG_LEVEL_NONE,
  type PteVal,
} from '../../../include/asm/pgtable_types.h.js';
import { lookup_address } from './lookup.js';

/** enum cpa_warn: what a rule says when it takes something away. */
export const CPA_CONFLICT = 0;
export const CPA_PROTECT = 1;
export const CPA_DETECT = 2;
const cpa_warn_level = CPA_PROTECT;
const lvltxt: readonly string[] = ['conflict', 'protect', 'detect'];

/** Where a label of the image lies; 0 where the build has none. */
const labelAt = (k: Kernel, name: string): VirtAddr => k.profile.symbol(name)?.address ?? asVirt(0);

const frameOf = (k: Kernel, va: VirtAddr): Pfn => k.pfn_of(va);

function overlaps(r1_start: ULong, r1_end: ULong, r2_start: ULong, r2_end: ULong): boolean {
  return ule(r1_start, r2_end) && ule(r2_start, r1_end);
}

/** By the frame, so that every address of it is meant. */
function protect_rodata(k: Kernel, spfn: ULong, epfn: ULong): PteVal {
  const start: VirtAddr = labelAt(k, '__start_rodata');
  if (start === 0) return NO_PTE;
  // The label stands behind the last page.
  const epfn_ro: Pfn = frameOf(k, asVirt(labelAt(k, '__end_rodata') - 1));
  return overlaps(spfn, epfn, frameOf(k, start), epfn_ro) ? pteOf(_PAGE_RW) : NO_PTE;
}

/** Of the addresses that the kernel runs at alone: the direct map's are not meant. */
function protect_kernel_text(k: Kernel, start: VirtAddr, end: VirtAddr): PteVal {
  const t_start: VirtAddr = labelAt(k, '_text');
  if (t_start === 0) return NO_PTE;
  return overlaps(start, end, t_start, labelAt(k, '_etext') - 1) ? _PAGE_NX : NO_PTE;
}

/** Where large pages still map the text: once they are split it is the caller's affair. 64 bit only. */
function protect_kernel_text_ro(k: Kernel, start: VirtAddr, end: VirtAddr): PteVal {
  const t_start: VirtAddr = labelAt(k, '_text');
  if (!k.wide || t_start === 0) return NO_PTE;
  if (!overlaps(start, end, t_start, labelAt(k, '__end_rodata_hpage_align') - 1)) return NO_PTE;
  const level: Out<number> = { value: PG_LEVEL_NONE };
  if (lookup_address(k, start, level) !== 0 && level.value !== PG_LEVEL_4K) return pteOf(_PAGE_RW);
  return NO_PTE;
}

function conflicts(prot: PteVal, val: PteVal): boolean {
  return !pteEqual(pteAndNot(prot, val), prot);
}

const hexOf = (value: PteVal): string => fromPteWords(value).toString(16).padStart(16, '0');

function check_conflict(
  k: Kernel,
  warnlvl: number,
  prot: PteVal,
  val: PteVal,
  start: VirtAddr,
  end: VirtAddr,
  pfn: ULong,
  txt: string,
): void {
  if (warnlvl > cpa_warn_level || !conflicts(prot, val)) return;
  const range = `0x${k.hex(start).padStart(16, '0')} - 0x${k.hex(end).padStart(16, '0')}`;
  pr_warn(
    k,
    `CPA ${lvltxt[warnlvl]!.padStart(8)} ${txt.padStart(10)}: ${range} PFN ${pfn.toString(16)} req ${hexOf(prot)} prevent ${hexOf(val)}`,
  );
}

/**
 * The protection that pages may have of the one that is asked for.
 *
 * @param lpsize bytes of the large page that is to be kept; 0: none
 */
export function static_protections(
  k: Kernel,
  prot: PteVal,
  start: VirtAddr,
  pfn: ULong,
  npg: ULong,
  lpsize: ULong,
  warnlvl: number,
): PteVal {
  // What is not mapped can neither be written nor run.
  if ((prot.low & _PAGE_PRESENT) === 0) return prot;
  const end: VirtAddr = asVirt(start + npg * PAGE_SIZE - 1);
  let res: PteVal = protect_kernel_text(k, start, end);
  check_conflict(k, warnlvl, prot, res, start, end, pfn, 'Text NX');
  let forbidden: PteVal = res;
  // A large page that changes as a whole need not be split for the text in it.
  if (lpsize !== npg * PAGE_SIZE || start % lpsize !== 0) {
    res = protect_kernel_text_ro(k, start, end);
    check_conflict(k, warnlvl, prot, res, start, end, pfn, 'Text RO');
    forbidden = pteOr(forbidden, res);
  }
  res = protect_rodata(k, pfn, pfn + npg - 1);
  check_conflict(k, warnlvl, prot, res, start, end, pfn, 'Rodata RO');
  return pteAndNot(prot, pteOr(forbidden, res));
}

/**
 * Says so when pages become both writable and executable, and lets it be. 32 bit has too many of these.
 *
 * @param nx what the tables above forbid already
 */
export function verify_rwx(
  k: Kernel,
  old: PteVal,
  new_: PteVal,
  start: VirtAddr,
  pfn: ULong,
  npg: ULong,
  nx: boolean,
  rw: boolean,
): PteVal {
  if (!k.wide) return new_;
  const mask: PteVal = pteSet(_PAGE_NX, _PAGE_RW);
  if (pteEqual(pteAnd(old, mask), pteAnd(new_, mask))) return new_;
  if (!pteEqual(pteAnd(new_, mask), pteOf(_PAGE_RW))) return new_;
  if (!rw || nx) return new_;
  const end: VirtAddr = asVirt(start + npg * PAGE_SIZE - 1);
  const range = `0x${k.hex(start)} - 0x${k.hex(end)}`;
  WARN_ONCE(
    k,
    true,
    `CPA detected W^X violation: ${hexOf(old)} -> ${hexOf(new_)} range: ${range} PFN ${pfn.toString(16)}`,
  );
  return new_;
}
