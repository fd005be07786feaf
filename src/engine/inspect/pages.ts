/**
 * `struct page` of a frame: its flags, its counts, what it belongs to.
 *
 * Source: Linux 6.1 include/linux/page-flags.h, include/linux/mm_types.h.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { Inspected } from './inspected.js';
import { memmapOf, type DumpedMemmap } from './memmap.js';
import { hasFlag } from './words.js';

/** Of page types, which are where _mapcount is: a bit that is 0 means the type. Until 6.11. */
const PG_BUDDY = 0x80;
const PG_TABLE = 0x200;
const PAGE_TYPE_BASE = 0xf000_0000;
/** From 6.12 on (4ffca5a96678): the high byte is the type. */
const PGTY = { buddy: 0xf0, slab: 0xf5 } as const;

export interface PageView {
  readonly pfn: number;
  readonly page: VirtAddr;
  readonly flags: bigint;
  readonly flagNames: readonly string[];
  readonly refcount: number;
  readonly mapcount: number;
  readonly mapping: bigint;
  /** `first page`, of a tail; the page itself otherwise. */
  readonly head: VirtAddr;
  readonly buddyOrder: number | undefined;
  readonly isSlab: boolean;
}

export class Pages {
  readonly memmap: DumpedMemmap;
  private readonly at: {
    readonly flags: number;
    readonly refcount: number;
    readonly mapcount: number;
    readonly mapping: number;
    readonly head: number;
    readonly order: number;
    readonly type: number;
  };
  /** Whether the page type is in the high byte. */
  private readonly typed: boolean;
  private readonly names: readonly (readonly [bit: bigint, name: string])[];

  constructor(private readonly k: Inspected) {
    this.memmap = memmapOf(k);
    this.typed = k.findEnumerator('PGTY_buddy') !== undefined;
    this.names = pageFlagNames(k).map(([bit, name]) => [BigInt(bit), name]);
    this.at = {
      flags: k.offset('page', 'flags'),
      refcount: k.offset('page', k.either('page', '_refcount', '_count')),
      mapcount: k.offset('page', '_mapcount'),
      mapping: k.offset('page', 'mapping'),
      // 7.1 calls it compound_info.
      head: k.offset('page', k.either('page', 'compound_head', 'compound_info')),
      order: k.offset('page', 'private'),
      type: k.offset('page', k.either('page', 'page_type', '_mapcount')),
    };
  }

  /** @throws NotInDump where the frame has no struct page */
  read(pfn: number): PageView | undefined {
    const page = this.memmap.pfnToPage(pfn);
    return page === undefined ? undefined : this.view(pfn, page);
  }

  private view(pfn: number, page: VirtAddr): PageView {
    const { space } = this.k;
    const flags = space.ulongBits(page, this.at.flags);
    const isTail = (space.u32(page, this.at.head) & 1) !== 0;
    return {
      pfn,
      page,
      flags,
      flagNames: this.flagNames(flags),
      refcount: space.i32(page, this.at.refcount),
      mapcount: space.i32(page, this.at.mapcount) + 1,
      mapping: space.ulongBits(page, this.at.mapping),
      head: isTail ? space.pointer(page, this.at.head, 1) : page,
      buddyOrder: this.isBuddy(page) ? space.u32(page, this.at.order) : undefined,
      isSlab: this.isSlab(page, flags),
    };
  }

  /** _mapcount + 1, of a page of which nothing else is wanted. @throws NotInDump where the frame has no struct page */
  mapcount(pfn: number): number | undefined {
    const page = this.memmap.pfnToPage(pfn);
    return page === undefined ? undefined : this.k.space.i32(page, this.at.mapcount) + 1;
  }

  flagsOf(page: VirtAddr): bigint {
    return this.k.space.ulongBits(page, this.at.flags);
  }

  refcountOf(page: VirtAddr): number {
    return this.k.space.i32(page, this.at.refcount);
  }

  /** The word of `_mapcount`, in which typed pages have their type. */
  rawMapcountOf(page: VirtAddr): number {
    return this.k.space.i32(page, this.at.mapcount);
  }

  isBuddy(page: VirtAddr): boolean {
    const type = this.k.space.u32(page, this.at.type);
    if (this.typed) return type >>> 24 === (this.k.findEnumerator('PGTY_buddy') ?? PGTY.buddy);
    return (type & (PAGE_TYPE_BASE | PG_BUDDY)) >>> 0 === PAGE_TYPE_BASE;
  }

  /** The order of a free block that begins here. */
  buddyOrder(page: VirtAddr): number {
    return this.k.space.u32(page, this.at.order);
  }

  /** PG_slab was a flag until 6.10 (46df8e73a4a3), and is a page type since. */
  isSlab(page: VirtAddr, flags = this.k.space.ulongBits(page, this.at.flags)): boolean {
    if (this.k.findEnumerator('PG_slab') !== undefined) return hasFlag(this.k, flags, 'PG_slab');
    const type = this.k.space.u32(page, this.at.type);
    if (this.typed) return type >>> 24 === (this.k.findEnumerator('PGTY_slab') ?? PGTY.slab);
    const bit = this.k.findEnumerator('PG_slab') ?? 0x1000;
    return (type & (PAGE_TYPE_BASE | bit)) >>> 0 === PAGE_TYPE_BASE;
  }

  /** PG_table: a bit that is 0 until 6.11, a type since. */
  isPageTable(page: VirtAddr): boolean {
    const type = this.k.space.u32(page, this.at.type);
    const typed = this.k.findEnumerator('PGTY_table');
    if (typed !== undefined) return type >>> 24 === typed;
    return (type & (PAGE_TYPE_BASE | PG_TABLE)) >>> 0 === PAGE_TYPE_BASE;
  }

  private flagNames(flags: bigint): string[] {
    return this.names.filter(([bit]) => ((flags >> bit) & 1n) !== 0n).map(([, name]) => name);
  }

  /** First page of a compound page that an address of the memory map lies in. */
  headOf(page: VirtAddr): VirtAddr {
    const { space } = this.k;
    return (space.u32(page, this.at.head) & 1) !== 0 ? space.pointer(page, this.at.head, 1) : page;
  }

  /** The page of an address in the direct map. */
  pageOf(va: VirtAddr): VirtAddr | undefined {
    const phys = this.k.space.physOf(asVirt(Math.floor(va / 4096) * 4096));
    return phys === undefined ? undefined : this.memmap.pfnToPage(Math.floor(phys / 4096));
  }
}

/** Bits of page->flags and what the build calls them, without PG_; of several names of a bit the first. */
export function pageFlagNames(k: Inspected): (readonly [bit: number, name: string])[] {
  const names = new Map<number, string>();
  for (const { name, value } of k.dump.types.enum('pageflags')?.enumerators ?? [])
    if (name.startsWith('PG_') && !names.has(value)) names.set(value, name.slice(3));
  return [...names].filter(([, name]) => !name.startsWith('_'));
}
