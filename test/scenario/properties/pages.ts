/**
 * Every struct page of the machine, held against who has the page: entries of page tables, the page cache, batches, calls of the scenario.
 *
 *     single page       refcount = entries + page cache + batches + gets + 1024 x pins        _mapcount + 1 = entries
 *     compound page     refcount = entries, of all its pages, + ... + pins, which are counted beside it
 *
 * and the LRU lists and counters of the node that follow from it.
 */
import assert from 'node:assert/strict';
import {
  compound_head,
  compound_nr,
  filemapPage,
  PageAnon,
  PageBuddy,
  PageDoubleMap,
  PageHead,
  PageHuge,
  PageLRU,
  PageReserved,
  PageSlab,
  PageTail,
  test_bit,
  zone_page_state_snapshot,
} from '../../../src/engine/entry/functions.js';
import { batchReferences } from '../../../src/engine/inspect/process/batches.js';
import type { PageHolder } from '../../../src/engine/inspect/process/pageAccount.js';
import type { Inspected } from '../../../src/engine/inspect/inspected.js';
import { asVirt } from '../../../src/engine/memory/address.js';
import type { AddressSpace, Page } from '../../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../../src/engine/machine/kernel.js';
import type { ScenarioVm } from '../../../src/scenario/index.js';
import { equal, holds, nameOf } from './freeLists.js';
import { checkLru, nodeState } from './lru.js';
import type { Mappings } from './spaces.js';

/** What the pages add up to, as the node and the zones count them. */
export type Sums = Readonly<Record<string, number>>;

/** Bits that no page has when it is allocated, and none that is free. */
const FORBIDDEN_WHEN_FREE =
  'PG_locked PG_lru PG_active PG_private PG_writeback PG_slab PG_mlocked PG_unevictable PG_referenced PG_dirty'.split(
    ' ',
  );

export class PageChecks {
  private readonly freeMask: number;
  /** Pages that nobody could explain before the scenario began. */
  private readonly strange = new Set<number>();
  /**
   * A huge page that entries of both kinds map has lost PageDoubleMap when it was migrated. From there on Linux's NR_ANON_MAPPED is wrong: it
   * counts the page once for each kind, and takes it away once for good if the larger entry is split.
   */
  private isMiscounted = false;
  private lastAnon = 0;
  private isFirst = true;

  constructor(private readonly vm: ScenarioVm) {
    const { mm: k } = vm.image;
    const bits = k as unknown as Readonly<Record<string, number>>;
    this.freeMask = FORBIDDEN_WHEN_FREE.reduce((mask, name) => mask | (1 << (bits[name] ?? 0)), 0);
  }

  /** @param isFree a byte a frame: on a free list, or on one of a CPU */
  check(inspected: Inspected, mappings: Mappings, isFree: Uint8Array): Sums {
    const { vm } = this;
    const { mm: k } = vm.image;
    const batches = new Map<Page, number>();
    for (const [va, nr] of batchReferences(inspected)) batches.set(k.cell_at(asVirt(va)), nr);
    const cached = new Map<AddressSpace, number>();
    const onLru: Page[] = [];
    const sums = { anon: 0, thps: 0, file: 0, cache: 0, mlocked: 0, writeback: 0, pins: 0 };
    for (let pfn = 0; pfn < k.memmap.endPfn; pfn++) {
      const page = k.pfn_to_page(pfn);
      if (page === 0) continue;
      if (isFree[pfn] === 1) {
        this.checkFree(k, page);
        continue;
      }
      if (PageTail(k, page)) {
        const head = compound_head(k, page);
        holds(
          PageHead(k, head),
          () => `${nameOf(k, page)} is the tail of ${nameOf(k, head)}, which is no head`,
        );
        const first = k.page_to_pfn(head);
        holds(
          pfn > first && pfn < first + compound_nr(k, head),
          () => `${nameOf(k, page)} is no tail of ${nameOf(k, head)}`,
        );
        continue;
      }
      // The page of zeros is one of the reserved: its pins are not counted.
      if (PageReserved(k, page) || PageSlab(k, page)) continue;
      holds(!PageBuddy(k, page), () => `${nameOf(k, page)} is PageBuddy, but on no free list`);
      const refs = k.read_int(page + k.page._refcount);
      const mapping = k.read_va(page + k.page.mapping);
      const mapped = this.mappedAs(mappings, page);
      const batched = batches.get(page) ?? 0;
      const isUsers = mapping !== 0 || mapped > 0 || batched > 0 || PageLRU(k, page);
      // The huge page of zeros belongs to nobody, and may be pinned.
      const holders = isUsers || PageHead(k, page) ? vm.holdings.pageHolders(pfn) : [];
      const pins = pinsOf(holders);
      sums.pins += pins;
      if (!isUsers) {
        // What the kernel or the scenario has allocated is held once at least.
        const isStrange = refs <= 0 && !PageHuge(k, page) && !this.isOfBlock(pfn);
        if (isStrange && this.isFirst) this.strange.add(pfn);
        holds(
          !isStrange || this.strange.has(pfn),
          () => `${nameOf(k, page)} is lost: it is not free, and nobody has it`,
        );
        continue;
      }
      let isCached = 0;
      if (mapping !== 0 && (mapping & 3) === 0) {
        isCached = 1;
        const space = k.cell_at(asVirt(mapping));
        cached.set(space, (cached.get(space) ?? 0) + 1);
        const index = k.read_ulong(page + k.page.index);
        equal(
          filemapPage(k, space, index),
          page,
          () => `${nameOf(k, page)}: the page cache has another page at ${index}`,
        );
        if (!PageHuge(k, page)) sums.cache++;
      }
      const gets = holders.reduce((sum, { kind, count }) => sum + (kind === 'get' ? count : 0), 0);
      const isCompound = PageHead(k, page);
      const pinBias = isCompound ? 1 : k.GUP_PIN_COUNTING_BIAS;
      equal(
        refs,
        mapped + isCached + batched + gets + pins * pinBias,
        () =>
          `_refcount of ${nameOf(k, page)}: ${mapped} mappings, ${isCached} page cache, ${batched} batches, ${gets} gets, ${pins} pins`,
      );
      this.checkMapcounts(mappings, page, sums, pins);
      const has = (bit: number): boolean => test_bit(k, bit, page + k.page.flags);
      holds(
        !(has(k.PG_active) && has(k.PG_unevictable)),
        () => `${nameOf(k, page)} is active and unevictable`,
      );
      if (has(k.PG_mlocked)) sums.mlocked += compound_nr(k, page);
      if (has(k.PG_writeback)) sums.writeback++;
      if (PageLRU(k, page)) onLru.push(page);
    }
    for (const [space, nr] of cached)
      assert.equal(k.read_ulong(k.plus(space, k.address_space.nrpages)), nr, 'nrpages of a file');
    for (const page of [
      ...mappings.small.keys(),
      ...mappings.whole.keys(),
      ...mappings.pool.keys(),
    ])
      equal(isFree[k.page_to_pfn(page)] ?? 0, 0, () => `${nameOf(k, page)} is mapped, and free`);
    checkLru(vm, onLru);
    this.isFirst = false;
    return this.counted(sums, mappings);
  }

  /** Of a block that is not compound only the first page is held: of the scenario's, and of kernel stacks. */
  private isOfBlock(pfn: number): boolean {
    const { mm: k } = this.vm.image;
    const history = this.vm.holdings.pageHistory(pfn);
    if (history !== undefined && history.freed === undefined) return true;
    return [1, 3].some((mask) => {
      const first = k.pfn_to_page(pfn & ~mask);
      const isHeld = first !== 0 && k.read_int(first + k.page._refcount) === 1;
      return isHeld && !PageHead(k, first) && k.read_va(first + k.page.mapping) === 0;
    });
  }

  private checkFree(k: Kernel, page: Page): void {
    equal(
      k.read_int(page + k.page._refcount),
      0,
      () => `_refcount of ${nameOf(k, page)}, which is free`,
    );
    equal(
      k.read_int(page + k.page.flags) & this.freeMask,
      0,
      () => `flags of ${nameOf(k, page)}, which is free`,
    );
    if (!PageBuddy(k, page))
      equal(
        k.read_int(page + k.page._mapcount),
        -1,
        () => `_mapcount of ${nameOf(k, page)}, which is free`,
      );
  }

  /** References that entries hold: of a compound page those of all its pages. */
  private mappedAs({ small, whole, pool }: Mappings, page: Page): number {
    const { mm: k } = this.vm.image;
    if (!PageHead(k, page)) return small.get(page) ?? 0;
    let sum = (whole.get(page) ?? 0) + (pool.get(page) ?? 0);
    if (small.size > 0 && !PageHuge(k, page))
      for (let i = 0; i < compound_nr(k, page); i++) sum += small.get(k.nth_page(page, i)) ?? 0;
    return sum;
  }

  private checkMapcounts(
    { small, whole, pool }: Mappings,
    page: Page,
    sums: { anon: number; thps: number; file: number },
    pins: number,
  ): void {
    const { mm: k } = this.vm.image;
    const ownOf = (each: Page): number => k.read_int(each + k.page._mapcount) + 1;
    if (!PageHead(k, page)) {
      const nr = small.get(page) ?? 0;
      equal(ownOf(page), nr, () => `_mapcount + 1 of ${nameOf(k, page)}`);
      if (nr > 0) sums[PageAnon(k, page) ? 'anon' : 'file']++;
      return;
    }
    const nrPages = compound_nr(k, page);
    const first = k.nth_page(page, 1);
    equal(
      k.read_int(first + k.page.compound_pincount),
      pins,
      () => `compound_pincount of ${nameOf(k, page)}`,
    );
    const entire = k.read_int(first + k.page.compound_mapcount) + 1;
    if (PageHuge(k, page)) {
      equal(
        entire,
        pool.get(page) ?? 0,
        () => `compound_mapcount + 1 of ${nameOf(k, page)}, of the pool`,
      );
      return;
    }
    equal(entire, whole.get(page) ?? 0, () => `compound_mapcount + 1 of ${nameOf(k, page)}`);
    const isDouble = PageDoubleMap(k, page);
    holds(
      !isDouble || entire > 0,
      () => `${nameOf(k, page)} is PageDoubleMap, but not mapped whole`,
    );
    for (let i = 0; i < nrPages; i++) {
      const each = k.nth_page(page, i);
      const nr = small.get(each) ?? 0;
      equal(
        ownOf(each),
        nr + (isDouble ? 1 : 0),
        () => `_mapcount + 1 of ${nameOf(k, each)}, of a huge page`,
      );
      if (nr > 0 || entire > 0) sums.anon++;
      if (nr > 0 && entire > 0 && !isDouble) this.isMiscounted = true;
    }
    if (entire > 0) sums.thps += nrPages;
  }

  private anonBeside(nr: number): number {
    if (!this.isMiscounted) this.lastAnon = nr;
    return this.lastAnon;
  }

  /** What the node counts, less what the pages say: it has to stay the same. */
  private counted(
    sums: Readonly<
      Record<'anon' | 'thps' | 'file' | 'cache' | 'mlocked' | 'writeback' | 'pins', number>
    >,
    { tables }: Mappings,
  ): Sums {
    const { vm } = this;
    const { mm: k } = vm.image;
    const node = (item: number): number => nodeState(vm, item);
    const mlocked = k.zones.reduce(
      (sum, zone) =>
        sum +
        (k.read_ulong(zone + k.zone.present_pages) === 0
          ? 0
          : zone_page_state_snapshot(k, zone, k.NR_MLOCK)),
      0,
    );
    return {
      NR_ANON_MAPPED: this.anonBeside(node(k.NR_ANON_MAPPED) - sums.anon),
      NR_ANON_THPS: node(k.NR_ANON_THPS) - sums.thps,
      NR_FILE_MAPPED: node(k.NR_FILE_MAPPED) - sums.file,
      NR_FILE_PAGES: node(k.NR_FILE_PAGES) - sums.cache,
      NR_SHMEM: node(k.NR_SHMEM) - sums.cache,
      NR_MLOCK: mlocked - sums.mlocked,
      NR_WRITEBACK: node(k.NR_WRITEBACK) - sums.writeback,
      NR_FOLL_PIN: node(k.NR_FOLL_PIN_ACQUIRED) - node(k.NR_FOLL_PIN_RELEASED) - sums.pins,
      NR_ISOLATED: node(k.NR_ISOLATED_ANON) + node(k.NR_ISOLATED_FILE),
      NR_PAGETABLE: node(k.NR_PAGETABLE) - tables,
    };
  }
}

const pinsOf = (holders: readonly PageHolder[]): number =>
  holders.reduce((sum, { kind, count }) => sum + (kind === 'pin' ? count : 0), 0);
