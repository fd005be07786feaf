/**
 * The kernel's tracepoints in an operation, as a trace prints them where they were on (`events MASK`): which page left which
 * list, and when.
 *
 *     1  pa PFN o=O mt=T gfp=G   pf PFN o=O   pb PFN         allocated, freed, freed in a list
 *     2  zl PFN o=O mt=T   pd PFN o=O mt=T   xf PFN ao= fo= amt= fmt= pbmt=      from and to the buddy lists; fallback
 *     4  ka ADDR CACHE gfp=G   kf ADDR CACHE   km ADDR req=D alloc=D gfp=G   kx ADDR         objects
 *
 *     8  ci START END SCANNED TAKEN   cf ...   mm OK FAILED 0 0 0 MODE REASON   ms VA PTE ORDER   mr VA PTE ORDER     migration
 *
 * A trace also has who called (`by=FUNC`), which no engine knows: that is not compared.
 */
import { cacheName, get_pageblock_migratetype } from '../../engine/entry/functions.js';
import type { KmemCache, Page } from '../../engine/machine/ctypes.js';
import { NULL } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Tracer } from '../../engine/machine/tracer.js';
import type { VirtAddr } from '../../engine/memory/address.js';
import { hex } from './operation.js';

const PAGES = 1;
const ZONES = 2;
const OBJECTS = 4;
const MIGRATION = 8;
const CALLER = / by=\S+$/;

export const CALLERS = 'callers (by=) of events';

export class Tracepoints implements Tracer {
  private mask = 0;
  private lines: string[] = [];
  /** Called behind each event that is heard. */
  onEvent: (() => void) | undefined;
  /** Called whenever an object of a cache is freed, heard or not; to be set before the first `listen`. */
  onFree: ((ptr: VirtAddr, cache: KmemCache) => void) | undefined;

  constructor(private readonly k: Kernel) {}

  /** `events MASK` */
  listen(mask: number): void {
    this.mask = mask;
    this.k.tracer = mask === 0 && this.onFree === undefined ? undefined : this;
  }

  /** What was heard since the last call. */
  take(): readonly string[] {
    const { lines } = this;
    this.lines = [];
    return lines;
  }

  mm_page_alloc(page: Page, order: number, gfp_flags: number, migratetype: number): void {
    this.hear(PAGES, `pa ${this.pfn(page)} o=${order} mt=${migratetype} gfp=${hex(gfp_flags)}`);
  }

  mm_page_free(page: Page, order: number): void {
    this.hear(PAGES, `pf ${this.pfn(page)} o=${order}`);
  }

  mm_page_free_batched(page: Page): void {
    this.hear(PAGES, `pb ${this.pfn(page)}`);
  }

  mm_page_alloc_zone_locked(page: Page, order: number, migratetype: number): void {
    this.hear(ZONES, `zl ${this.pfn(page)} o=${order} mt=${migratetype}`);
  }

  mm_page_pcpu_drain(page: Page, order: number, migratetype: number): void {
    this.hear(ZONES, `pd ${this.pfn(page)} o=${order} mt=${migratetype}`);
  }

  mm_page_alloc_extfrag(page: Page, ao: number, fo: number, amt: number, fmt: number): void {
    const pbmt = get_pageblock_migratetype(this.k, page);
    this.hear(ZONES, `xf ${this.pfn(page)} ao=${ao} fo=${fo} amt=${amt} fmt=${fmt} pbmt=${pbmt}`);
  }

  mm_compaction_isolate_migratepages(
    start: number,
    end: number,
    scanned: number,
    taken: number,
  ): void {
    this.hear(MIGRATION, `ci ${[start, end, scanned, taken].map(hex).join(' ')}`);
  }

  mm_compaction_isolate_freepages(
    start: number,
    end: number,
    scanned: number,
    taken: number,
  ): void {
    this.hear(MIGRATION, `cf ${[start, end, scanned, taken].map(hex).join(' ')}`);
  }

  mm_migrate_pages(...numbers: readonly number[]): void {
    this.hear(MIGRATION, `mm ${numbers.map(hex).join(' ')}`);
  }

  set_migration_pte(addr: VirtAddr, pte: bigint, order: number): void {
    this.hear(MIGRATION, `ms ${hex(addr)} ${this.pteText(pte)} ${hex(order)}`);
  }

  remove_migration_pte(addr: VirtAddr, pte: bigint, order: number): void {
    this.hear(MIGRATION, `mr ${hex(addr)} ${this.pteText(pte)} ${hex(order)}`);
  }

  /** As much of an entry as fits into an unsigned long. */
  private pteText(pte: bigint): string {
    return BigInt.asUintN(this.k.ptr_words * 32, pte).toString(16);
  }

  kmem_cache_alloc(ptr: VirtAddr, s: KmemCache, gfp_flags: number): void {
    this.hear(OBJECTS, `ka ${this.k.hex(ptr)} ${cacheName(this.k, s)} gfp=${hex(gfp_flags)}`);
  }

  kmem_cache_free(ptr: VirtAddr, s: KmemCache): void {
    this.onFree?.(ptr, s);
    this.hear(OBJECTS, `kf ${this.k.hex(ptr)} ${cacheName(this.k, s)}`);
  }

  kmalloc(ptr: VirtAddr, bytes_req: number, bytes_alloc: number, gfp_flags: number): void {
    const sizes = `req=${bytes_req} alloc=${bytes_alloc}`;
    this.hear(OBJECTS, `km ${this.k.hex(ptr)} ${sizes} gfp=${hex(gfp_flags)}`);
  }

  kfree(ptr: VirtAddr): void {
    this.hear(OBJECTS, `kx ${this.k.hex(ptr)}`);
  }

  private hear(kind: number, line: string): void {
    if ((this.mask & kind) === 0) return;
    this.lines.push(line);
    this.onEvent?.();
  }

  /** An allocation that failed has no page: all ones. */
  private pfn(page: Page): string {
    return page === NULL ? 'f'.repeat(this.k.ptr_words * 8) : hex(this.k.page_to_pfn(page));
  }
}

/** The first event that is not the kernel's. */
export function eventsDifference(
  ours: readonly string[],
  kernel: readonly string[],
): string | undefined {
  const recorded = kernel.map((line) => line.replace(CALLER, ''));
  for (let i = 0; i < Math.max(ours.length, recorded.length); i++)
    if (ours[i] !== recorded[i])
      return `event ${i + 1}: ours ${ours[i] ?? 'none'}, kernel ${recorded[i] ?? 'none'}`;
  return undefined;
}

export const callersIn = (events: readonly string[]): number =>
  events.filter((line) => CALLER.test(line)).length;
