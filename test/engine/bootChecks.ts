/** What must hold of any image between two operations: its free lists, its struct pages and its counters agree. */
import assert from 'node:assert/strict';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { pageAddress, readZones, type PopulatedZone } from '../../src/engine/image/state/index.js';
import { readVirtual } from '../../src/engine/image/assemble.js';
import { asVirt } from '../../src/engine/memory/address.js';

/** Struct pages by pfn, read without touching a frame. */
export class PageReader {
  private start = -1;
  private chunk = new Int32Array(0);

  constructor(private readonly image: KernelImage) {}

  /** The words of a struct page; undefined where there is none. */
  words(pfn: number): Int32Array | undefined {
    const { page_words } = this.image.mm.memmap;
    const first = pfn - (pfn % 64);
    if (first !== this.start) {
      const sizeBytes = 64 * page_words * 4;
      const bytes = readVirtual(this.image, asVirt(pageAddress(this.image.mm, first)), sizeBytes);
      this.start = first;
      this.chunk = bytes === undefined ? new Int32Array(0) : new Int32Array(bytes.slice().buffer);
    }
    const at = (pfn - first) * page_words;
    return at < this.chunk.length ? this.chunk.subarray(at, at + page_words) : undefined;
  }
}

export function assertConsistent(image: KernelImage, everyPage: boolean): void {
  const { mm } = image;
  const pages = new PageReader(image);
  /** pfn -> 1 once it is in a free block or on a pcp list. */
  const listed = new Uint8Array(image.maxPfn);
  for (const { name, index, populated } of readZones(image).zones) {
    if (populated === undefined) continue;
    const { start, spanned, managed } = populated.fields;
    let free = 0;
    const take = (pfn: number, order: number, what: string): void => {
      assert.equal(pfn % (1 << order), 0, `${name} ${what}: ${hex(pfn)} is not aligned`);
      assert.ok(pfn >= start && pfn + (1 << order) <= start + spanned, `${name}: ${hex(pfn)}`);
      const overlap = listed.subarray(pfn, pfn + (1 << order)).indexOf(1);
      assert.equal(overlap, -1, `${name} ${what}: ${hex(pfn + overlap)} is listed twice`);
      listed.fill(1, pfn, pfn + (1 << order));
    };
    populated.free_area.forEach((area, order) => {
      assert.equal(area.nr_free, area.lists.flat().length, `${name} order ${order} nr_free`);
      for (const pfn of area.lists.flat()) {
        take(pfn, order, `free_area[${order}]`);
        free += 1 << order;
        const head = pages.words(pfn) ?? assert.fail(hex(pfn));
        assert.equal(head[mm.page._mapcount], ~mm.PG_buddy, `${hex(pfn)} is PageBuddy`);
        assert.equal(head[mm.page.private], order, `order of ${hex(pfn)}`);
        const step = everyPage ? 1 : Math.max(1, (1 << order) - 1);
        for (let i = 0; i < 1 << order; i += step)
          assertFree(image, pages, pfn + i, index, i === 0);
      }
    });
    for (const { lists } of populated.pcp)
      for (const [pindex, { pfns }] of lists) {
        const order = pindex < 12 ? Math.floor(pindex / 3) : mm.pageblock_order;
        for (const pfn of pfns) {
          take(pfn, order, `pcp list ${pindex}`);
          free += 1 << order;
        }
      }
    const onPcp = populated.pcp.reduce((sum, { fields }) => sum + fields.count, 0);
    assert.equal(statOf(populated, 'nr_free_pages') + onPcp, free, `${name} NR_FREE_PAGES`);
    // The rest is the kernel's: slabs, stacks, tables.
    assert.ok(free <= managed, `${name}: ${free} of ${managed} are free`);
    if (everyPage) assert.equal(usedPages(image, pages, listed, populated), managed - free, name);
  }
}

/** Pages of a zone that the page allocator has given out: neither reserved nor on a list. */
function usedPages(
  { mm }: KernelImage,
  pages: PageReader,
  listed: Uint8Array,
  { fields: { start, spanned } }: PopulatedZone,
): number {
  let used = 0;
  for (let pfn = start; pfn < start + spanned; pfn++) {
    const flags = pages.words(pfn)?.[mm.page.flags] ?? 1 << mm.PG_reserved;
    if (listed[pfn] === 0 && (flags & (1 << mm.PG_reserved)) === 0) used++;
  }
  return used;
}

/** zone->vm_stat[] with what the CPUs hold back. */
export function statOf(zone: PopulatedZone, name: string): number {
  const at = zone.stat.findIndex((each) => each.name === name);
  const held = zone.statdiff.reduce((sum, { diff }) => sum + (diff[at] ?? 0), 0);
  return (zone.stat[at]?.value ?? NaN) + held;
}

function assertFree(
  { mm }: KernelImage,
  pages: PageReader,
  pfn: number,
  zone: number,
  isHead: boolean,
): void {
  const words = pages.words(pfn) ?? assert.fail(`${hex(pfn)} has no struct page`);
  const flags = (words[mm.page.flags] ?? 0) & mm.PAGE_FLAGS_CHECK_AT_PREP;
  assert.equal(flags, 0, `flags of ${hex(pfn)}`);
  const zoneBits =
    ((words[mm.page.flags + (mm.ZONES_PGSHIFT >> 5)] ?? 0) >>> (mm.ZONES_PGSHIFT & 31)) &
    mm.ZONES_MASK;
  assert.equal(zoneBits, zone, `zone of ${hex(pfn)}`);
  assert.equal(words[mm.page._refcount], 0, `_refcount of ${hex(pfn)}`);
  if (!isHead) assert.equal(words[mm.page._mapcount], -1, `_mapcount of ${hex(pfn)}`);
  if (!isHead) assert.equal(words[mm.page.private], 0, `private of ${hex(pfn)}`);
}

const hex = (pfn: number): string => `page ${pfn.toString(16)}`;
