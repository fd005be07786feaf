/**
 * What a `%zones` dump says: node, zones, free lists, per-CPU lists, pageblocks. Plain numbers; a page is its pfn.
 *
 * The tables here name the fields of each line, in the dump's order and radix; reading and writing the text, and reading
 * an image back, are driven by them.
 */
import type { VirtAddr } from '../../memory/address.js';

type Fields<T extends readonly (readonly [string, 10 | 16])[]> = Readonly<
  Record<T[number][0], number>
>;

/** `[name, radix]` of `name=value`. */
export const NODE_FIELDS = [
  ['start', 16],
  ['spanned', 16],
  ['present', 16],
  ['totalreserve', 16],
  ['totalram', 16],
  ['kswapd_hi', 10],
  ['kswapd_order', 10],
  ['kswapd', 10],
  ['kcompactd', 10],
  ['min_free_kbytes', 10],
  ['movable_zone', 10],
] as const;

/** Of the line `zone INDEX NAME`, behind `at=ADDRESS`. */
export const ZONE_FIELDS = [
  ['start', 16],
  ['spanned', 16],
  ['present', 16],
  ['managed', 16],
  ['cma', 16],
  ['flags', 16],
  ['isolate', 16],
  ['contiguous', 10],
] as const;

export const WMARK_FIELDS = [
  ['min', 16],
  ['low', 16],
  ['high', 16],
  ['promo', 16],
  ['boost', 16],
  ['highatomic', 16],
  ['drift', 16],
] as const;

export const COMPACT_FIELDS = [
  ['considered', 10],
  ['shift', 10],
  ['failed', 10],
  ['free', 16],
  ['mig0', 16],
  ['mig1', 16],
  ['imig', 16],
  ['ifree', 16],
  ['skipflush', 10],
] as const;

/** Behind `cpu=N`. */
export const PCP_FIELDS = [
  ['count', 10],
  ['high', 10],
  ['batch', 10],
  ['free_factor', 10],
] as const;

export interface ZonesDump {
  readonly node: Fields<typeof NODE_FIELDS>;
  /** Zone indices of `node_zonelists[0]`, in the order they are tried. */
  readonly zonelist: readonly number[];
  /** By zone index, the empty ones too. */
  readonly zones: readonly ZoneDump[];
}

export interface ZoneDump {
  readonly index: number;
  readonly name: string;
  /** Undefined: the zone is empty. */
  readonly populated: PopulatedZone | undefined;
}

export interface PopulatedZone {
  /** Address of `struct zone`. */
  readonly at: VirtAddr;
  readonly fields: Fields<typeof ZONE_FIELDS>;
  readonly wmark: Fields<typeof WMARK_FIELDS>;
  /** By zone type. */
  readonly lowmem_reserve: readonly number[];
  readonly compact: Fields<typeof COMPACT_FIELDS>;
  /** `zone->vm_stat[]`, in the order of `enum zone_stat_item`. */
  readonly stat: readonly { readonly name: string; readonly value: number }[];
  /** SMP: what each CPU has not yet added to `vm_stat[]`. */
  readonly statdiff: readonly {
    readonly cpu: number;
    readonly threshold: number;
    readonly diff: readonly number[];
  }[];
  /** By order. */
  readonly free_area: readonly FreeAreaDump[];
  readonly pcp: readonly PcpDump[];
  /** Undefined in a brief dump. */
  readonly pageblocks: PageblocksDump | undefined;
}

export interface FreeAreaDump {
  readonly nr_free: number;
  /** By migratetype: the length of the list. */
  readonly lengths: readonly number[];
  /** By migratetype: the blocks' first pfns, head of the list first. */
  readonly lists: readonly (readonly number[])[];
}

export interface PcpDump {
  readonly cpu: number;
  readonly fields: Fields<typeof PCP_FIELDS>;
  /** By pindex; the empty ones are absent. */
  readonly lists: ReadonlyMap<number, PcpList>;
}

/** Head of the list first. */
export interface PcpList {
  readonly pfns: readonly number[];
  /** `page->index` of the same pages: the migratetype they will be freed with. */
  readonly migratetypes: readonly number[];
}

export interface PageblocksDump {
  /** The zone's first pfn rounded down to a pageblock. */
  readonly start: number;
  readonly order: number;
  /** Migratetype, plus 8 where the skip bit is set. */
  readonly types: readonly number[];
}
