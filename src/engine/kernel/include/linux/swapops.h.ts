/**
 * Entries that are not present and yet say something: of a page that is being migrated, where it was and what its mapping allowed.
 * (Of a page that is swapped out they would say where to. Nothing here swaps.)
 *
 *     an entry      type │ offset          the offset's lower bits are the frame, above them young and dirty, where there is room
 *     2 levels      offset << 9 │ type << 1
 *     3 and 4       type in the top five bits; the offset inverted, so that no processor speculates with it
 *
 * Left out: swap files, device memory, hwpoison, markers, huge entries.
 * Source: Linux 6.1 include/linux/swapops.h; include/linux/swap.h: SWP_MIGRATION_READ; arch/x86/include/asm/pgtable-2level.h,
 * pgtable-3level.h, pgtable_64.h: __swp_entry() to __swp_offset().
 */
import type { Int, Page, Pfn, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { pteFromWords, pteOf } from '../../../machine/pteWords.js';
import { asPfn } from '../../../memory/address.js';
import { pte_none, pte_present } from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';

/** `swp_entry_t` in its parts. */
export interface SwpEntry {
  readonly type: Int;
  readonly offset: ULong;
}

/** MAX_SWAPFILES: types below it are swap files; no build has hwpoison or device memory. */
const SWP_MIGRATION_READ = 28;
const SWP_MIGRATION_READ_EXCLUSIVE = 29;
const SWP_MIGRATION_WRITE = 30;
/** What the low word has of an offset, and the high word's bits of it: 23 and 27. */
const OFFSET_LOW = 2 ** 23;
const OFFSET_HIGH = 0x7ff_ffff;

/** Bits of the offset that are the frame: as many as physical addresses have; on 32 bit as many as there is room for. */
const swpPfnBits = (k: Kernel): Int => {
  if (k.wide) return 34;
  return k.pte_words === 2 ? 26 : 20;
};
const youngBit = (k: Kernel): ULong => 2 ** swpPfnBits(k);
const dirtyBit = (k: Kernel): ULong => 2 ** (swpPfnBits(k) + 1);
/** An offset has up to 50 bits: more than operators of bits take. */
const isSet = (offset: ULong, bit: ULong): boolean => Math.floor(offset / bit) % 2 === 1;
const withBit = (offset: ULong, bit: ULong): ULong => (isSet(offset, bit) ? offset : offset + bit);

/** Whether the two bits fit into an entry: with three levels `swp_entry_t` has 32 bits. */
export function migration_entry_supports_ad(k: Kernel): boolean {
  return k.wide || k.pte_words === 1;
}

// --- entries of page tables ----------------------------------------------------------------------------------------------

export function is_swap_pte(k: Kernel, pte: PteVal): boolean {
  return !pte_none(k, pte) && !pte_present(pte);
}

export function pte_to_swp_entry(k: Kernel, pte: PteVal): SwpEntry {
  if (k.pte_words === 1) return { type: (pte.low >> 1) & 31, offset: pte.low >>> 9 };
  const offset: ULong = (~pte.high & OFFSET_HIGH) * OFFSET_LOW + (~pte.low >>> 9);
  return { type: pte.high >>> 27, offset };
}

export function swp_entry_to_pte(k: Kernel, { type, offset }: SwpEntry): PteVal {
  if (k.pte_words === 1) return pteOf((type << 1) | (offset << 9));
  const high: Int = ~Math.floor(offset / OFFSET_LOW) & OFFSET_HIGH;
  return pteFromWords(~offset << 9, (type << 27) | high);
}

// --- pages that are being migrated ---------------------------------------------------------------------------------------

export function make_readable_migration_entry(pfn: Pfn): SwpEntry {
  return { type: SWP_MIGRATION_READ, offset: pfn };
}

export function make_readable_exclusive_migration_entry(pfn: Pfn): SwpEntry {
  return { type: SWP_MIGRATION_READ_EXCLUSIVE, offset: pfn };
}

export function make_writable_migration_entry(pfn: Pfn): SwpEntry {
  return { type: SWP_MIGRATION_WRITE, offset: pfn };
}

export function make_migration_entry_young(k: Kernel, entry: SwpEntry): SwpEntry {
  if (!migration_entry_supports_ad(k)) return entry;
  return { type: entry.type, offset: withBit(entry.offset, youngBit(k)) };
}

export function make_migration_entry_dirty(k: Kernel, entry: SwpEntry): SwpEntry {
  if (!migration_entry_supports_ad(k)) return entry;
  return { type: entry.type, offset: withBit(entry.offset, dirtyBit(k)) };
}

/** Without the bits nobody knows: the page counts as old. */
export function is_migration_entry_young(k: Kernel, entry: SwpEntry): boolean {
  return migration_entry_supports_ad(k) && isSet(entry.offset, youngBit(k));
}

export function is_migration_entry_dirty(k: Kernel, entry: SwpEntry): boolean {
  return migration_entry_supports_ad(k) && isSet(entry.offset, dirtyBit(k));
}

export function is_migration_entry({ type }: SwpEntry): boolean {
  return type >= SWP_MIGRATION_READ && type <= SWP_MIGRATION_WRITE;
}

export function is_readable_migration_entry({ type }: SwpEntry): boolean {
  return type === SWP_MIGRATION_READ;
}

export function is_readable_exclusive_migration_entry({ type }: SwpEntry): boolean {
  return type === SWP_MIGRATION_READ_EXCLUSIVE;
}

export function is_writable_migration_entry({ type }: SwpEntry): boolean {
  return type === SWP_MIGRATION_WRITE;
}

/** The page that an entry of migration is about. */
export function pfn_swap_entry_to_page(k: Kernel, { offset }: SwpEntry): Page {
  return k.pfn_to_page(asPfn(offset % youngBit(k)));
}
