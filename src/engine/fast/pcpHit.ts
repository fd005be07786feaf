/**
 * The common case in one go: a block is taken from the head of this CPU's list, or put there, and nothing else happens.
 *
 * The kernel's own functions (page_alloc.ts, pcp.ts, free.ts) do the same through twenty small steps that each ask the
 * image and the tape again. Here the same is compiled into one function for the image at hand (pcp_hit_code.ts), per order
 * and per whether there is history.
 *
 * Invariant: the entries on the tape are the ordinary path's, in its order. Whatever is not the common case (another list is
 * to be filled or shortened, a watermark is near, a flag is set, a pointer is not what it should be) is found out before the
 * first write and answered with NULL or false: the caller then goes the ordinary way from the start.
 *
 * Reads nothing that may change from anywhere but the image, so edits count. What a pointer leads to is remembered beside
 * the pointer's value.
 */
import { type Gfp, NULL, type Order, type Page } from '../machine/ctypes.js';
import type { KernelEvent } from '../machine/events.js';
import type { Kernel } from '../machine/kernel.js';
import { asVirt, type Cell, fromWords } from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';
import type { Tape } from '../memory/tape.js';
import { compileAlloc, compileFree, emptyTable } from './pcpHitCode.js';

/** What the compiled functions know by name. */
export interface HitTables {
  readonly memory: PhysicalMemory;
  readonly tape: Tape<KernelEvent>;
  readonly groupSlot: Int32Array;
  readonly slotPfn: { readonly at: Int32Array };
  readonly slotOrigin: { readonly at: Int32Array };
  readonly pageblockWords: Int32Array;
  /** zone -> its cell, and its address as it stands in the zonelist. */
  readonly zoneCell: Int32Array;
  readonly zoneLow: Int32Array;
  readonly zoneHigh: Int32Array;
  /** cpu * nrZones + zone -> the address of the page set when last seen, and its cell. NULL is never seen. */
  readonly pcpLow: Int32Array;
  readonly pcpHigh: Int32Array;
  readonly pcpCell: Int32Array;
  /** SMP: cpu -> the base of its area when last seen, and the cell of its event counters. */
  readonly baseLow: Int32Array;
  readonly baseHigh: Int32Array;
  readonly eventsCell: Int32Array;
  /** FLATMEM: zone -> the address of its pageblock bits when last seen, and their cell. */
  readonly bitsLow: Int32Array;
  readonly bitsCell: Int32Array;
  /** Learns where things of a zone are, for the next time. Answers 0. */
  readonly miss: (zid: number) => number;
}

type Alloc = (gfp_mask: number) => number;
type Free = (page: number) => number;

/** Of orders 0 to PAGE_ALLOC_COSTLY_ORDER, without and with history. */
type ByOrder<F> = readonly [(F | undefined)[], (F | undefined)[]];

const tableOf = (values: readonly number[]): Int32Array => {
  const table = emptyTable(values.length);
  table.set(values);
  return table;
};

export class PcpHits {
  private readonly tables: HitTables;
  private readonly allocs: ByOrder<Alloc> = [[], []];
  private readonly frees: ByOrder<Free> = [[], []];

  constructor(private readonly k: Kernel) {
    const { memory, tape, memmap, pageblockWords, zones } = k;
    const nrZones = zones.length;
    const nrCpus = k.smp ? k.CONFIG_NR_CPUS : 1;
    this.tables = {
      memory,
      tape,
      groupSlot: memmap.groupSlot,
      slotPfn: memmap.slotPfn,
      slotOrigin: memmap.slotOrigin,
      pageblockWords,
      zoneCell: tableOf(zones),
      zoneLow: tableOf(zones.map((zone) => k.va_low(zone))),
      zoneHigh: tableOf(zones.map((zone) => k.va_high(zone))),
      pcpLow: emptyTable(nrCpus * nrZones),
      pcpHigh: emptyTable(nrCpus * nrZones),
      pcpCell: emptyTable(nrCpus * nrZones),
      baseLow: emptyTable(nrCpus),
      baseHigh: emptyTable(nrCpus),
      eventsCell: emptyTable(nrCpus),
      bitsLow: emptyTable(nrZones),
      bitsCell: emptyTable(nrZones),
      miss: (zid) => this.learn(zid),
    };
  }

  /** A block for the request; NULL: go the ordinary way. */
  alloc(gfp_mask: Gfp, order: Order): Page {
    if (order > this.k.PAGE_ALLOC_COSTLY_ORDER) return NULL;
    const history = this.k.tape.recording;
    const functions = this.allocs[history ? 1 : 0];
    return (functions[order] ??= compileAlloc(this.k, order, history, this.tables))(
      gfp_mask,
    ) as Page;
  }

  /** Drops the one reference of a plain block and lists it; false: go the ordinary way. */
  free(page: Page, order: Order): boolean {
    if (order > this.k.PAGE_ALLOC_COSTLY_ORDER) return false;
    const history = this.k.tape.recording;
    const functions = this.frees[history ? 1 : 0];
    return (functions[order] ??= compileFree(this.k, order, history, this.tables))(page) !== 0;
  }

  private learn(zid: number): number {
    const { k } = this;
    const { cpu, words } = k;
    const zone = k.zones[zid];
    if (zone === undefined || (k.smp && cpu >= k.CONFIG_NR_CPUS)) return 0;
    const pointer = zone + k.zone.per_cpu_pageset;
    let low = words[pointer]!;
    let high = k.wide ? words[pointer + 1]! : 0;
    if (k.smp) {
      const base = k.globals.__per_cpu_offset + cpu * k.ptr_words;
      const offset = low;
      low = (low + words[base]!) | 0;
      if (k.wide) high = (high + words[base + 1]! + (low >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
      this.learnEvents(cpu, words[base]!, k.wide ? words[base + 1]! : 0);
    }
    this.learnPageSet(cpu * k.zones.length + zid, low, high);
    if (!k.sparsemem) this.learnBits(zid, words[zone + k.zone.pageblock_flags]!);
    return 0;
  }

  private learnPageSet(row: number, low: number, high: number): void {
    const { k, tables } = this;
    const va = k.wide ? fromWords(low, high) : asVirt(low >>> 0);
    const cell = k.cell_of(va);
    if (cell === 0) return;
    const end = (cell + k.stride.per_cpu_pages - 1) as Cell;
    // Stored addresses are made from this one: it must be the one that the cell goes by, and so must the last word's be.
    if (k.va_of(cell) !== va || k.va_of(end) !== va + (k.stride.per_cpu_pages - 1) * 4) return;
    tables.pcpLow[row] = low;
    tables.pcpHigh[row] = high;
    tables.pcpCell[row] = cell;
  }

  private learnEvents(cpu: number, low: number, high: number): void {
    const { k, tables } = this;
    const area = k.wide ? fromWords(low, high) : asVirt(low >>> 0);
    const cell = k.cell_of(asVirt(area + k.percpu.vm_event_states));
    if (cell === 0) return;
    tables.baseLow[cpu] = low;
    tables.baseHigh[cpu] = high;
    tables.eventsCell[cpu] = cell;
  }

  /** FLATMEM is 32 bit. Bits that go over the end of a frame are left to the ordinary path. */
  private learnBits(zid: number, low: number): void {
    const { k, tables } = this;
    const zone = k.zones[zid]!;
    const nr_blocks = (k.words[zone + k.zone.spanned_pages]! >>> k.pageblock_order) + 2;
    if (k.wide || (low & 4095) + nr_blocks / 2 > 4096) return;
    const cell = k.cell_of(asVirt(low >>> 0));
    if (cell === 0) return;
    tables.bitsLow[zid] = low;
    tables.bitsCell[zid] = cell;
  }
}
