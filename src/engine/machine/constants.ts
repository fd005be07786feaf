/**
 * The preprocessor constants and enumerators that page allocation uses, as this build has them, each under its kernel name.
 *
 * Resolved once when an image is opened. A constant that belongs to an option this kind of machine lacks (ZONE_HIGHMEM on
 * 64 bit) is -1, which no value equals.
 */
import { highWord, lowWord } from '../memory/address.js';
import { findMember } from '../types/members.js';
import type { Profile } from '../types/profile.js';

/** Reads facts of a profile; a missing one is a defect of the profile. */
class Facts {
  constructor(readonly profile: Profile) {}

  /** A preprocessor constant or an enumerator. */
  constant(name: string): number {
    const value = this.findConstant(name);
    if (value === undefined)
      throw new Error(`profile ${this.profile.name} has no constant ${name}`);
    return value;
  }

  findConstant(name: string): number | undefined {
    return this.profile.findConstant(name) ?? this.profile.types.enumerator(name)?.value;
  }

  /** Word offset of `member` (a path as C writes it) in `struct tag`. A member that is not word-aligned is a defect. */
  offset(tag: string, member: string): number {
    const byteOffset = this.byteOffset(tag, member);
    if (byteOffset % 4 !== 0) throw new Error(`${tag}.${member} is not word-aligned`);
    return byteOffset / 4;
  }

  /** Byte offset of `member` in `struct tag`. */
  byteOffset(tag: string, member: string): number {
    const type = this.profile.types.struct(tag);
    const place = type && findMember(type, member);
    if (place === undefined)
      throw new Error(`profile ${this.profile.name} has no ${tag}.${member}`);
    return place.offsetBits / 8;
  }

  /** Word offset of a member that not every build has; -1 without it. */
  optionalOffset(tag: string, member: string): number {
    return this.hasMember(tag, member) ? this.offset(tag, member) : -1;
  }

  /** Whether this build's `struct tag` has the member at all. */
  hasMember(tag: string, member: string): boolean {
    const type = this.profile.types.struct(tag);
    return type !== undefined && findMember(type, member) !== undefined;
  }

  /** `sizeof(struct tag)`. */
  sizeBytes(tag: string): number {
    const type = this.profile.types.struct(tag);
    if (type === undefined) throw new Error(`profile ${this.profile.name} has no struct ${tag}`);
    return type.sizeBytes;
  }

  /** `sizeof(struct tag)` in words. */
  sizeWords(tag: string): number {
    return Math.ceil(this.sizeBytes(tag) / 4);
  }

  /** The low and the high word of a constant that may need 64 bits (`LIST_POISON1`). */
  protected lowOf(name: string): number {
    const value = this.profile.findConstant(name);
    return value === undefined
      ? Number(BigInt.asIntN(32, this.wideConstant(name)))
      : lowWord(value);
  }

  protected highOf(name: string): number {
    const value = this.profile.findConstant(name);
    return value === undefined
      ? Number(BigInt.asIntN(32, this.wideConstant(name) >> 32n))
      : highWord(value);
  }

  private wideConstant(name: string): bigint {
    return this.profile.wideConstant(name);
  }
}

export class Constants extends Facts {
  // --- sizes ---------------------------------------------------------------------------------------------------------
  readonly MAX_ORDER = this.constant('MAX_ORDER');
  readonly PAGE_ALLOC_COSTLY_ORDER = this.constant('PAGE_ALLOC_COSTLY_ORDER');
  readonly pageblock_order = this.constant('pageblock_order');
  readonly pageblock_nr_pages = this.constant('pageblock_nr_pages');
  readonly NR_PCP_LISTS = this.constant('NR_PCP_LISTS');
  readonly NR_LOWORDER_PCP_LISTS = this.constant('NR_LOWORDER_PCP_LISTS');
  readonly CONFIG_PCP_BATCH_SCALE_MAX = this.constant('CONFIG_PCP_BATCH_SCALE_MAX');

  // --- enum zone_type ------------------------------------------------------------------------------------------------
  readonly MAX_NR_ZONES = this.constant('MAX_NR_ZONES');
  readonly ZONE_DMA = this.constant('ZONE_DMA');
  readonly ZONE_DMA32 = this.findConstant('ZONE_DMA32') ?? -1;
  readonly ZONE_NORMAL = this.constant('ZONE_NORMAL');
  readonly ZONE_HIGHMEM = this.findConstant('ZONE_HIGHMEM') ?? -1;
  readonly ZONE_MOVABLE = this.constant('ZONE_MOVABLE');

  // --- enum migratetype ----------------------------------------------------------------------------------------------
  readonly MIGRATE_UNMOVABLE = this.constant('MIGRATE_UNMOVABLE');
  readonly MIGRATE_MOVABLE = this.constant('MIGRATE_MOVABLE');
  readonly MIGRATE_RECLAIMABLE = this.constant('MIGRATE_RECLAIMABLE');
  readonly MIGRATE_PCPTYPES = this.constant('MIGRATE_PCPTYPES');
  readonly MIGRATE_HIGHATOMIC = this.constant('MIGRATE_HIGHATOMIC');
  readonly MIGRATE_CMA = this.constant('MIGRATE_CMA');
  readonly MIGRATE_ISOLATE = this.constant('MIGRATE_ISOLATE');
  readonly MIGRATE_TYPES = this.constant('MIGRATE_TYPES');
  readonly PB_migrate_skip = this.constant('PB_migrate_skip');
  /** The bits of a pageblock that are its type: those below PB_migrate_skip. */
  readonly MIGRATETYPE_MASK = (1 << this.PB_migrate_skip) - 1;

  // --- watermarks, zone flags, counters ------------------------------------------------------------------------------
  readonly WMARK_MIN = this.constant('WMARK_MIN');
  readonly WMARK_LOW = this.constant('WMARK_LOW');
  readonly WMARK_HIGH = this.constant('WMARK_HIGH');
  readonly WMARK_PROMO = this.constant('WMARK_PROMO');
  readonly ZONE_BOOSTED_WATERMARK = this.constant('ZONE_BOOSTED_WATERMARK');
  readonly ZONE_RECLAIM_ACTIVE = this.constant('ZONE_RECLAIM_ACTIVE');
  readonly NR_FREE_PAGES = this.constant('NR_FREE_PAGES');
  readonly NR_FREE_CMA_PAGES = this.constant('NR_FREE_CMA_PAGES');
  readonly NR_MLOCK = this.constant('NR_MLOCK');
  readonly PGALLOC_NORMAL = this.constant('PGALLOC_NORMAL');
  readonly PGFREE = this.constant('PGFREE');
  readonly UNEVICTABLE_PGCLEARED = this.constant('UNEVICTABLE_PGCLEARED');
  readonly COMPACTISOLATED = this.constant('COMPACTISOLATED');
  readonly CMA_ALLOC_SUCCESS = this.constant('CMA_ALLOC_SUCCESS');
  readonly CMA_ALLOC_FAIL = this.constant('CMA_ALLOC_FAIL');

  // --- ALLOC_* (mm/internal.h) ---------------------------------------------------------------------------------------
  readonly ALLOC_WMARK_MIN = this.constant('ALLOC_WMARK_MIN');
  readonly ALLOC_WMARK_LOW = this.constant('ALLOC_WMARK_LOW');
  readonly ALLOC_WMARK_HIGH = this.constant('ALLOC_WMARK_HIGH');
  readonly ALLOC_NO_WATERMARKS = this.constant('ALLOC_NO_WATERMARKS');
  /** The bits below ALLOC_NO_WATERMARKS index `_watermark[]`. */
  readonly ALLOC_WMARK_MASK = this.ALLOC_NO_WATERMARKS - 1;
  readonly ALLOC_OOM = this.constant('ALLOC_OOM');
  readonly ALLOC_NON_BLOCK = this.constant('ALLOC_NON_BLOCK');
  readonly ALLOC_MIN_RESERVE = this.constant('ALLOC_MIN_RESERVE');
  readonly ALLOC_CPUSET = this.constant('ALLOC_CPUSET');
  readonly ALLOC_CMA = this.constant('ALLOC_CMA');
  readonly ALLOC_NOFRAGMENT = this.constant('ALLOC_NOFRAGMENT');
  readonly ALLOC_HIGHATOMIC = this.constant('ALLOC_HIGHATOMIC');
  readonly ALLOC_KSWAPD = this.constant('ALLOC_KSWAPD');
  readonly ALLOC_RESERVES = this.constant('ALLOC_RESERVES');

  // --- gfp_t ---------------------------------------------------------------------------------------------------------
  readonly __GFP_DMA = this.constant('__GFP_DMA');
  readonly __GFP_HIGHMEM = this.constant('__GFP_HIGHMEM');
  readonly __GFP_MOVABLE = this.constant('__GFP_MOVABLE');
  readonly __GFP_RECLAIMABLE = this.constant('__GFP_RECLAIMABLE');
  readonly __GFP_HIGH = this.constant('__GFP_HIGH');
  readonly __GFP_IO = this.constant('__GFP_IO');
  readonly __GFP_ZERO = this.constant('__GFP_ZERO');
  readonly __GFP_ATOMIC = this.constant('__GFP_ATOMIC');
  readonly __GFP_DIRECT_RECLAIM = this.constant('__GFP_DIRECT_RECLAIM');
  readonly __GFP_KSWAPD_RECLAIM = this.constant('__GFP_KSWAPD_RECLAIM');
  readonly __GFP_WRITE = this.constant('__GFP_WRITE');
  readonly __GFP_NOWARN = this.constant('__GFP_NOWARN');
  readonly __GFP_RETRY_MAYFAIL = this.constant('__GFP_RETRY_MAYFAIL');
  readonly __GFP_NOFAIL = this.constant('__GFP_NOFAIL');
  readonly __GFP_NORETRY = this.constant('__GFP_NORETRY');
  readonly __GFP_MEMALLOC = this.constant('__GFP_MEMALLOC');
  readonly __GFP_NOMEMALLOC = this.constant('__GFP_NOMEMALLOC');
  readonly __GFP_COMP = this.constant('__GFP_COMP');
  readonly __GFP_HARDWALL = this.constant('__GFP_HARDWALL');
  readonly __GFP_THISNODE = this.constant('__GFP_THISNODE');
  readonly __GFP_BITS_MASK = this.constant('__GFP_BITS_MASK');
  readonly GFP_KERNEL = this.constant('GFP_KERNEL');
  readonly GFP_USER = this.constant('GFP_USER');
  readonly GFP_ZONEMASK = this.constant('GFP_ZONEMASK');
  readonly GFP_ZONE_TABLE = this.constant('GFP_ZONE_TABLE');
  readonly GFP_MOVABLE_MASK = this.__GFP_MOVABLE | this.__GFP_RECLAIMABLE;
  /** __GFP_MOVABLE shifted down by this is MIGRATE_MOVABLE. */
  readonly GFP_MOVABLE_SHIFT = Math.log2(this.__GFP_MOVABLE / this.MIGRATE_MOVABLE);

  // --- struct page ---------------------------------------------------------------------------------------------------
  readonly PG_locked = 1 << this.constant('PG_locked');
  readonly PG_waiters = 1 << this.constant('PG_waiters');
  readonly PG_lru = 1 << this.constant('PG_lru');
  readonly PG_slab = 1 << this.constant('PG_slab');
  readonly PG_reserved = 1 << this.constant('PG_reserved');
  /** The flag of a head; of all pages of a compound page where PG_compound says so. See compoundEncoding.ts. */
  readonly PG_head = 1 << (this.findConstant('PG_head') ?? this.constant('PG_compound'));
  /** Of tails: -1 where no flag says so. */
  readonly PG_tail_bit = this.findConstant('PG_tail') ?? -1;
  readonly PG_compound_bit = this.findConstant('PG_compound') ?? -1;
  readonly PG_reclaim = 1 << this.constant('PG_reclaim');
  /** In the first tail. */
  readonly PG_double_map = 1 << this.constant('PG_double_map');
  readonly PG_mlocked = 1 << this.constant('PG_mlocked');
  readonly PAGE_FLAGS_CHECK_AT_PREP = this.constant('PAGE_FLAGS_CHECK_AT_PREP');
  readonly PAGE_FLAGS_CHECK_AT_FREE = this.constant('PAGE_FLAGS_CHECK_AT_FREE');
  readonly ZONES_PGSHIFT = this.constant('ZONES_PGSHIFT');
  readonly ZONES_MASK = (1 << this.constant('ZONES_WIDTH')) - 1;
  readonly PAGE_TYPE_BASE = this.constant('PAGE_TYPE_BASE') | 0;
  readonly PG_buddy = this.constant('PG_buddy');
  readonly COMPOUND_PAGE_DTOR = this.constant('COMPOUND_PAGE_DTOR');
  readonly HUGETLB_PAGE_DTOR = this.constant('HUGETLB_PAGE_DTOR');
  readonly TRANSHUGE_PAGE_DTOR = this.constant('TRANSHUGE_PAGE_DTOR');
  readonly LIST_POISON1_low = this.lowOf('LIST_POISON1');
  readonly LIST_POISON1_high = this.highOf('LIST_POISON1');
  readonly LIST_POISON2_low = this.lowOf('LIST_POISON2');
  readonly LIST_POISON2_high = this.highOf('LIST_POISON2');
  readonly TAIL_MAPPING_low = this.lowOf('TAIL_MAPPING');
  readonly TAIL_MAPPING_high = this.highOf('TAIL_MAPPING');
}
