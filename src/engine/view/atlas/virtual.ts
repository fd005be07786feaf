/**
 * What a picture of a virtual address space asks the debug adapter, and is told: the arguments and bodies of the custom
 * requests `mmscope/virtual`, `mmscope/virtualParts`, `mmscope/virtualPages` and `mmscope/aliases`. Plain JSON; addresses are
 * text. A range is told by its first and its last byte: the end of the highest one is no number of that width.
 */
import type { RegionKind } from '../../x86/addressSpace.js';
import type { AtTime } from '../history.js';

export interface VirtualArguments extends AtTime {
  /** Name of an address space; the one that a CPU has loaded when absent. */
  readonly space?: string;
}

export interface VirtualBody {
  readonly pointerSize: 4 | 8;
  /** Bits of an address that count: 32, 48 or 57. */
  readonly addressBits: number;
  /** None: a machine without page tables, whose regions are arithmetic alone. */
  readonly spaces: readonly SpaceBody[];
  /** Name of the one that is told; absent without tables. */
  readonly space?: string;
  /** From 0 to the top, without gaps. */
  readonly regions: readonly RegionBody[];
  /** Where highmem begins and why there; absent where all memory is in the direct map for good (64 bit). */
  readonly border?: BorderBody;
  readonly tlb: readonly TlbEntryBody[];
}

interface SpaceBody {
  /** `kernel`, `init (pid 1)` */
  readonly name: string;
  readonly isKernel: boolean;
  /** A CPU has it loaded. */
  readonly isCurrent: boolean;
  /** `2-level`, `pae`, `4-level`, `5-level` */
  readonly mode: string;
  /** Physical address of the top-level table. */
  readonly root: string;
}

/** Regions of the kernel's layout, and what is mapped outside of all of them. */
export type RegionBodyKind = RegionKind | 'unnamed';

export interface RegionBody {
  /** Stays the same from stop to stop. */
  readonly id: string;
  readonly kind: RegionBodyKind;
  /** `direct map` */
  readonly title: string;
  /** What it is for, in a sentence. */
  readonly purpose: string;
  readonly first: string;
  readonly last: string;
  readonly sizeBytes: number;
  /** Bytes that the tables map; absent where there are no tables. */
  readonly mappedBytes?: number;
  /** Bytes of which the tables that would map them are not in the dump; absent where all are. */
  readonly unreadBytes?: number;
  /** How, most bytes first. */
  readonly mappings: readonly MappingBody[];
  /** Things in it that `mmscope/virtualParts` tells. */
  readonly nrParts: number;
}

/** Pages of one size with the same rights. */
export interface MappingBody {
  /** `rw-`, `r-x`: over all levels. */
  readonly rights: string;
  readonly user: boolean;
  readonly pageSize: number;
  readonly bytes: number;
}

/** `maxmem` = `kernelBytes` - what lies above it - the reserve for vmalloc; RAM above `lowmemBytes` is highmem. */
export interface BorderBody {
  /** First address that is not in the direct map. */
  readonly at: string;
  readonly lowmemBytes: number;
  readonly highmemBytes: number;
  /** The most that the direct map can hold. */
  readonly maxLowmemBytes: number;
  /** How this is worked out, from PAGE_OFFSET on. */
  readonly terms: readonly { readonly name: string; readonly bytes: number }[];
}

export interface TlbEntryBody {
  readonly cpu: number;
  readonly first: string;
  readonly pageSize: number;
  readonly phys: string;
  readonly rights: string;
  readonly user: boolean;
  readonly global: boolean;
  /** How it differs from what the tables say now. */
  readonly stale?: string;
}

export interface PartsArguments extends VirtualArguments {
  /** `id` of a region. */
  readonly region: string;
  readonly start: number;
  readonly count: number;
  /** An address: the page of `count` parts that it is on is told, instead of the one at `start`. */
  readonly holding?: string;
}

export interface PartsBody {
  readonly total: number;
  /** Number of the first one that is told. */
  readonly start: number;
  readonly parts: readonly PartBody[];
}

/** The most parts that one request may ask for. */
export const MAX_PARTS = 1024;

export interface PartBody {
  readonly kind: 'area' | 'guard' | 'lazy' | 'gap' | 'slot' | 'vma' | 'section' | 'mapped';
  readonly first: string;
  readonly last: string;
  readonly sizeBytes: number;
  /** `vmalloc by kernel_clone+0x9d/0x310`, `slot 7: mapped, 1 user`, `[stack]` */
  readonly text: string;
  /** As the kernel's books have them. */
  readonly rights?: string;
  /** What a slot maps. */
  readonly pfn?: number;
}

export interface PagesArguments extends VirtualArguments {
  /** Of the first cell. */
  readonly first: string;
  /** A power of two. */
  readonly pagesPerCell: number;
  /** At most {@link MAX_PAGE_CELLS}. */
  readonly cells: number;
}

export const MAX_PAGE_CELLS = 1 << 14;

/** Bits of a cell's byte: of one page, or what holds for any of its pages. */
export const PAGE_BITS = {
  present: 1,
  accessed: 2,
  dirty: 4,
  large: 8,
  writable: 16,
  user: 32,
  executable: 64,
  /** The entry is not zero, and maps nothing: swapped out, a PROT_NONE page. */
  kept: 128,
} as const;

export interface PagesBody {
  /** Base64 of one byte a cell ({@link PAGE_BITS}). */
  readonly states: string;
  /** Base64 of one byte a cell: mapped pages, 255 for all. Absent when a cell is a page. */
  readonly shares?: string;
  /** Of each cell that is one page; -1 where nothing is mapped. Absent otherwise. */
  readonly pfns?: readonly number[];
}

export interface AliasesArguments {
  readonly pfn: number;
}

export interface AliasesBody {
  readonly pfn: number;
  /** In every address space; those that the processes share with the kernel once. */
  readonly aliases: readonly AliasBody[];
  /** Beyond {@link MAX_ALIASES}. */
  readonly more: number;
}

export const MAX_ALIASES = 256;

export interface AliasBody {
  readonly space: string;
  readonly address: string;
  /** `direct map` */
  readonly region: string;
  readonly regionId: string;
  readonly pageSize: number;
  readonly rights: string;
  readonly user: boolean;
}
