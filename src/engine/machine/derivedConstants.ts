/**
 * Constants that Linux makes of others, or that need 64 bits, each under its kernel name.
 *
 * Source: Linux 6.1 include/linux/mmzone.h, mm/internal.h, include/linux/gfp.h, include/linux/poison.h,
 * include/linux/radix-tree.h.
 */
import { highWord, lowWord } from '../memory/address.js';
import type { Profile } from '../types/profile.js';
import type { Constants } from './facts.js';
import { PteWords, toPteWords } from './pteWords.js';

/** A value as the two words that memory holds of it; 32 bit has the low one only. */
export interface WideConstant {
  readonly low: number;
  readonly high: number;
}

export interface DerivedConstants {
  /** 64-bit pointers and longs: two words. */
  readonly wide: boolean;
  /** Words in a pointer, and in a `long`. */
  readonly ptr_words: number;
  /** The bits of a pageblock that are its type: those below PB_migrate_skip. */
  readonly MIGRATETYPE_MASK: number;
  /** The bits below ALLOC_NO_WATERMARKS index `_watermark[]`. */
  readonly ALLOC_WMARK_MASK: number;
  readonly GFP_MOVABLE_MASK: number;
  /** __GFP_MOVABLE shifted down by this is MIGRATE_MOVABLE. */
  readonly GFP_MOVABLE_SHIFT: number;
  readonly ZONES_MASK: number;
  /** `fallbacks[migratetype][i]` of mm/page_alloc.c: the types whose blocks a type may take, first choice first; MIGRATE_TYPES ends it. */
  readonly fallbacks: readonly (readonly number[])[];
  /** As words are compared: signed. */
  readonly PAGE_TYPE_BASE: number;
  readonly LIST_POISON1: WideConstant;
  readonly LIST_POISON2: WideConstant;
  readonly TAIL_MAPPING: WideConstant;
  readonly PTE_PFN_MASK: PteWords;
  /** Words in an entry of a page table, on any level. */
  readonly pte_words: number;
  /** Entries in a table, on any level but PAE's highest. */
  readonly PTRS_PER_PTE: number;
  /** What an entry of a level maps, in bytes. */
  readonly PMD_SIZE: number;
  readonly PUD_SIZE: number;
  readonly PGDIR_SIZE: number;
  /** The bits that an entry has. */
  readonly pte_mask: PteWords;
  /** How many bits of an index each level of a radix tree stands for. */
  readonly RADIX_TREE_MAP_SHIFT: number;
  readonly RADIX_TREE_MAP_SIZE: number;
  readonly RADIX_TREE_MAP_MASK: number;
  /** In a node, longs of each tag. */
  readonly RADIX_TREE_TAG_LONGS: number;
  /** `struct mem_section` has the pageblock bits; else each zone has its own. */
  readonly sparsemem: boolean;
  readonly smp: boolean;
}

export function derivedConstants(profile: Profile, k: Constants): DerivedConstants {
  const pte_words = profile.arch === 'i386' ? 1 : 2;
  const RADIX_TREE_MAP_SHIFT = k.CONFIG_BASE_SMALL !== 0 ? 4 : 6;
  const RADIX_TREE_MAP_SIZE = 1 << RADIX_TREE_MAP_SHIFT;
  return {
    wide: profile.pointerSize === 8,
    ptr_words: profile.pointerSize / 4,
    MIGRATETYPE_MASK: (1 << k.PB_migrate_skip) - 1,
    ALLOC_WMARK_MASK: k.ALLOC_NO_WATERMARKS - 1,
    GFP_MOVABLE_MASK: k.__GFP_MOVABLE | k.__GFP_RECLAIMABLE,
    GFP_MOVABLE_SHIFT: Math.log2(k.__GFP_MOVABLE / k.MIGRATE_MOVABLE),
    ZONES_MASK: (1 << k.ZONES_WIDTH) - 1,
    fallbacks: fallbacks(k),
    PAGE_TYPE_BASE: k.PAGE_TYPE_BASE | 0,
    LIST_POISON1: wideConstant(profile, 'LIST_POISON1'),
    LIST_POISON2: wideConstant(profile, 'LIST_POISON2'),
    TAIL_MAPPING: wideConstant(profile, 'TAIL_MAPPING'),
    PTE_PFN_MASK: toPteWords(profile.wideConstant('PTE_PFN_MASK')),
    pte_words,
    PTRS_PER_PTE: 1024 / pte_words,
    PMD_SIZE: 2 ** k.PMD_SHIFT,
    PUD_SIZE: 2 ** k.PUD_SHIFT,
    PGDIR_SIZE: 2 ** k.PGDIR_SHIFT,
    pte_mask: new PteWords(-1, pte_words === 2 ? -1 : 0),
    RADIX_TREE_MAP_SHIFT,
    RADIX_TREE_MAP_SIZE,
    RADIX_TREE_MAP_MASK: RADIX_TREE_MAP_SIZE - 1,
    RADIX_TREE_TAG_LONGS: Math.ceil(RADIX_TREE_MAP_SIZE / (profile.pointerSize * 8)),
    sparsemem:
      profile.types.struct('zone')?.members.every((m) => m.name !== 'pageblock_flags') ?? false,
    smp: profile.smp,
  };
}

function fallbacks(k: Constants): readonly (readonly number[])[] {
  const { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_TYPES } = k;
  // Nobody asks for the other types, but for a gfp_t with both mobility bits (HIGHATOMIC): rows of zeros, which nothing ends.
  const table: (readonly number[])[] = Array.from({ length: MIGRATE_TYPES }, () => [0, 0, 0]);
  table[MIGRATE_UNMOVABLE] = [MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE, MIGRATE_TYPES];
  table[MIGRATE_MOVABLE] = [MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE, MIGRATE_TYPES];
  table[MIGRATE_RECLAIMABLE] = [MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_TYPES];
  return Object.freeze(table);
}

function wideConstant(profile: Profile, name: string): WideConstant {
  const value = profile.findConstant(name);
  if (value !== undefined) return Object.freeze({ low: lowWord(value), high: highWord(value) });
  const wide = profile.wideConstant(name);
  return Object.freeze({
    low: Number(BigInt.asIntN(32, wide)),
    high: Number(BigInt.asIntN(32, wide >> 32n)),
  });
}
