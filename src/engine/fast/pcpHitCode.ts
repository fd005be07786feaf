/**
 * The text of the short way (pcp_hit.ts): one function to take a block and one to give it back, for one kernel build, one
 * order, with history or without. All that the image fixes (offsets, masks, where mem_map lies) is a literal in it, and
 * what does not apply to the build (high words, per-CPU offsets) is not there at all.
 *
 * Why text: the same written plainly, offsets read from the context at each use, takes many times as long (measured, pair
 * of order 0 without history, `npm run bench`: 356 ns, here 49 ns). It is compiled once per image and order.
 *
 * Shape of each function: everything is read and checked first, and the answer 0 ("go the ordinary way") leaves nothing
 * changed; then come the writes, `put` by `put`, in the ordinary path's order.
 *
 * What is checked and seldom changes (the zonelist, the zone's state and watermarks; the pages behind a block's first) is
 * checked again only when its slots of the pool have been written since: `PhysicalMemory.generations`. The writes made here
 * are no part of what those checks read, with one exception that counts itself: a block that is taken may lie inside a
 * larger one when lists are corrupt.
 *
 * Source: Linux 6.1 mm/page_alloc.c: get_page_from_freelist(), rmqueue_pcplist(), prep_new_page(), free_pages_prepare(),
 * free_unref_page_commit().
 */
import type { Order } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import type { HitTables } from './pcpHit.js';

/** Counts of pages above this are left to the ordinary path: below it sums of them are small integers. */
const PLAIN_COUNT_BITS = 28;
/** A typed array of fewer elements lies in V8's own heap, where it may move: reading it takes twice as long. */
const LEAST_LENGTH = 32;
/** No address of a word (they are multiples of 4). */
const NO_ADDRESS = 1;
/** No sum of generations, for these count up from 0. */
const NO_STAMP = -1;
/** Most entries that one call makes. */
const MAX_ENTRIES = 24;

/** A table that has learnt nothing yet. */
export const emptyTable = (length: number, empty = NO_ADDRESS): Int32Array =>
  new Int32Array(Math.max(length, LEAST_LENGTH)).fill(empty);

/** The bits that pick the zone and the type: all of a mask that the zone's check depends on. They are the lowest. */
const nrAllocKinds = (k: Kernel): number => (k.GFP_ZONEMASK | k.GFP_MOVABLE_MASK) + 1;

/** One entry of the tape, and the write itself. */
const ENTRY =
  'log[at] = c; log[(at + 1) | 0] = b; log[(at + 2) | 0] = v; at = (at + 3) | 0; words[c] = v;';

/** The parts of the text that depend on the word size, on SMP and on whether there is history. */
class Writer {
  readonly nr: number;

  constructor(
    readonly k: Kernel,
    readonly order: Order,
    readonly history: boolean,
  ) {
    this.nr = 1 << order;
  }

  /** Text for builds with 64-bit longs only. */
  wide(text: string): string {
    return this.k.wide ? text : '';
  }

  /** Writes one word; no entry where it has the value already. */
  put(cell: string, value: string | number): string {
    if (!this.history) return `words[(${cell}) | 0] = ${value};`;
    return `c = (${cell}) | 0; v = ${value}; b = words[c];
    if (b !== v) { ${ENTRY} }`;
  }

  /** Writes one word that is known to become another one. */
  change(cell: string, value: string | number): string {
    if (!this.history) return `words[(${cell}) | 0] = ${value};`;
    return `c = (${cell}) | 0; v = ${value}; b = words[c]; ${ENTRY}`;
  }

  changeLong(cell: string, low: string | number, high: string | number): string {
    return `${this.change(cell, low)} ${this.wide(this.change(`${cell} + 1`, high))}`;
  }

  /** Writes a long or a pointer. */
  putLong(cell: string, low: string | number, high: string | number): string {
    return `${this.put(cell, low)} ${this.wide(this.put(`${cell} + 1`, high))}`;
  }

  /** Where entries go; fails where only the tape itself can write. */
  open(): string {
    if (!this.history) return 'if (tape.recording) return 0;';
    return `const log = tape.openLog(${MAX_ENTRIES});
    if (log === undefined) return 0;
    let at = tape.logAt | 0, c = 0, v = 0, b = 0;
    // Where V8 learns what \`log\` is: not anew in each branch that follows. Overwritten by the first entry.
    log[at] = 0;`;
  }

  close(): string {
    return this.history ? 'tape.closeLog(at);' : '';
  }

  /** `stamp`: changes whenever a slot is written that the node, or a global that is read here, lies in. */
  stamp(): string {
    const { k } = this;
    const cells = [k.globals.gfp_allowed_mask, k.globals.page_group_by_mobility_disabled];
    const slots = new Set(cells.map((cell) => cell >>> 10));
    const endOfNode = k.globals.contig_page_data + k.sizeof.pglist_data / 4 - 1;
    for (let slot = k.globals.contig_page_data >>> 10; slot <= endOfNode >>> 10; slot++)
      slots.add(slot);
    return `const stamp = (${[...slots].map((slot) => `generations[${slot}]`).join(' + ')}) | 0;`;
  }

  /** The zone at the cell `zone` is in no unusual state. */
  zoneIsUsual(): string {
    const { k } = this;
    const unusual = (1 << k.ZONE_BOOSTED_WATERMARK) | (1 << k.ZONE_RECLAIM_ACTIVE);
    return `if ((words[zone + ${k.zone.flags}] & ${unusual}) !== 0) return 0;`;
  }

  /** Not SMP: the page set of the zone is the one that was learnt. */
  pageSetIsKnown(): string {
    const { k } = this;
    if (k.smp) return '';
    const pointer = `zone + ${k.zone.per_cpu_pageset}`;
    return `if (words[${pointer}] !== pcpLow[zid] ${this.wide(`|| words[${pointer} + 1] !== pcpHigh[zid]`)}) return miss(zid);`;
  }

  /** `pcp`, `pcp_low`, `pcp_high` and `events`: where this CPU's page set of the zone and its event counters lie. */
  pageSet(): string {
    const { k } = this;
    if (!k.smp)
      return `const pcp = pcpCell[zid], pcp_low = pcpLow[zid]${this.wide(', pcp_high = pcpHigh[zid]')};
    const events = ${k.globals.vm_event_states};`;
    const pointer = `zone + ${k.zone.per_cpu_pageset}`;
    const base = `${k.globals.__per_cpu_offset} + cpu * ${k.ptr_words}`;
    return `const cpu = words[${k.machine.register('cpu')}], row = cpu * ${k.zones.length} + zid;
    const base_low = words[${base}], offset_low = words[${pointer}];
    const pcp_low = (offset_low + base_low) | 0;
    ${this.wide(`const base_high = words[${base} + 1];
    const carry = (pcp_low >>> 0) < (offset_low >>> 0) ? 1 : 0;
    const pcp_high = (words[${pointer} + 1] + base_high + carry) | 0;`)}
    if (pcp_low !== pcpLow[row] ${this.wide('|| pcp_high !== pcpHigh[row]')}) return miss(zid);
    const pcp = pcpCell[row];
    if (base_low !== baseLow[cpu] ${this.wide('|| base_high !== baseHigh[cpu]')}) return miss(zid);
    const events = eventsCell[cpu];`;
  }

  /** `list` of a type, and its own address. */
  list(migratetype: string): string {
    const { k } = this;
    const first = k.per_cpu_pages.lists + k.MIGRATE_PCPTYPES * this.order * k.stride.list_head;
    return `const list_offset = ${first} + ${migratetype} * ${k.stride.list_head};
    const list = pcp + list_offset, list_low = (pcp_low + list_offset * 4) | 0;`;
  }

  /** The cell of the page's `lru` that a pointer leads to; the call fails where that is not a touched part of mem_map. */
  entry(into: string, low: string, high: string): string {
    const { memmap } = this.k;
    const per = memmap.mapPagesPerGroup;
    const group = per === 1 ? 'map_page' : `((map_page / ${per}) | 0)`;
    const inGroup = per === 1 ? '' : ` + map_page - group * ${per}`;
    return `{
      ${this.wide(`if (${high} !== ${memmap.baseHigh}) return 0;`)}
      const offset = (${low} - ${memmap.mapLow}) >>> 0;
      if (offset >= ${memmap.mapBytes}) return 0;
      const map_page = offset >>> 12;
      const group = ${group};
      const slot = groupSlot[group];
      if (slot === 0) return 0;
      ${into} = ((slot${inGroup}) << 10) + ((offset & 4095) >>> 2);
    }`;
  }

  /** A carry out of the low word of an event counter is left to the ordinary path. */
  event(index: string | number): string {
    return `const event = events + ${index} * ${this.k.ptr_words}, nr_events = (words[event] + ${this.nr}) | 0;
    if ((nr_events >>> 0) < ${this.nr}) return 0;`;
  }

  /** zone_watermark_fast(), where it is plain to see. */
  watermark(): string {
    const { k } = this;
    const fields = {
      nr_free: `zone + ${k.zone.vm_stat + k.NR_FREE_PAGES * k.ptr_words}`,
      nr_cma: `zone + ${k.zone.vm_stat + k.NR_FREE_CMA_PAGES * k.ptr_words}`,
      nr_reserved: `zone + ${k.zone.nr_reserved_highatomic}`,
      mark: `zone + ${k.zone._watermark + k.WMARK_LOW * k.ptr_words}`,
      boost: `zone + ${k.zone.watermark_boost}`,
      lowmem: `zone + ${k.zone.lowmem_reserve} + highest_zoneidx * ${k.ptr_words}`,
    };
    const cells = Object.values(fields);
    const high = cells.map((cell) => `words[${cell} + 1]`).join(' | ');
    return `const ${Object.entries(fields)
      .map(([name, cell]) => `${name} = words[${cell}]`)
      .join(', ')};
    if (((${Object.keys(fields).join(' | ')}) >>> ${PLAIN_COUNT_BITS}) !== 0) return 0;
    ${this.wide(`if ((${high}) !== 0) return 0;`)}
    const unusable = nr_reserved + (migratetype === ${k.MIGRATE_MOVABLE} ? 0 : nr_cma) + ${this.nr - 1};
    if (nr_free - unusable <= mark + boost + lowmem) return 0;
    ${this.order === 0 ? '' : this.suitableBlock()}`;
  }

  /** The second half of __zone_watermark_ok(): some list that everybody may use has a block of the order or above. */
  private suitableBlock(): string {
    const { k } = this;
    const isListed = Array.from({ length: k.MIGRATE_PCPTYPES }, (_, type) => {
      const offset = type * k.stride.list_head;
      const own = `(zoneLow[zid] + (area - zone + ${offset}) * 4) | 0`;
      return `words[area + ${offset}] !== (${own})`;
    });
    // From the top: mostly there is a large block, and any will do.
    return `let area = zone + ${k.zone.free_area + (k.MAX_ORDER - 1) * k.stride.free_area};
    const end = zone + ${k.zone.free_area + (this.order - 1) * k.stride.free_area};
    while (words[area + ${k.free_area.nr_free}] === 0 || !(${isListed.join(' || ')})) {
      area = (area - ${k.stride.free_area}) | 0;
      if (area === end) return 0;
    }`;
  }
}

/** `(gfp_mask) => page`, 0: go the ordinary way. */
function allocText(writer: Writer): string {
  const { k, nr, order } = writer;
  const list_prev = k.list_head.prev;
  const page_lru = k.page.lru;
  const page_private = k.page.private;
  const zoneref_words = k.stride.zoneref;
  const zoneref_zone_idx = k.zoneref.zone_idx;
  const factor = (k.per_cpu_pages.free_factor >> 2).toString();
  const shift = (k.per_cpu_pages.free_factor & 2) * 8;
  const kinds = nrAllocKinds(k) - 1;
  const unusualGfp = k.__GFP_WRITE | k.__GFP_NOFAIL | k.__GFP_ZERO | (nr > 1 ? k.__GFP_COMP : 0);
  return `(gfp_mask) => {
    const { words, generations } = memory;
    if ((gfp_mask & ${unusualGfp}) !== 0) return 0;
    // Zone and type: all of the flags that matters to what follows.
    const kind = gfp_mask & ${kinds};
    const migratetype = (kind & ${k.GFP_MOVABLE_MASK}) >> ${k.GFP_MOVABLE_SHIFT};
    ${writer.stamp()}
    let zid = zoneOf[kind];
    if (stamps[kind] !== stamp) {
      if ((words[${k.globals.gfp_allowed_mask}] & ${kinds}) !== ${kinds}) return 0;
      if (words[${k.globals.page_group_by_mobility_disabled}] !== 0) return 0;
      const highest_zoneidx = (${k.GFP_ZONE_TABLE} >>> ((kind & ${k.GFP_ZONEMASK}) * 2)) & 3;
      let z = ${k.globals.contig_page_data + k.pglist_data.node_zonelists + k.zonelist._zonerefs};
      zid = words[z + ${zoneref_zone_idx}];
      while (zid > highest_zoneidx) {
        z += ${zoneref_words};
        zid = words[z + ${zoneref_zone_idx}];
      }
      if (words[z] !== zoneLow[zid] ${writer.wide('|| words[z + 1] !== zoneHigh[zid]')}) return 0;
      const zone = zoneCell[zid];
      ${writer.zoneIsUsual()}
      ${writer.watermark()}
      ${writer.pageSetIsKnown()}
      stamps[kind] = stamp;
      zoneOf[kind] = zid;
    }
    ${k.smp ? 'const zone = zoneCell[zid];' : ''}
    ${writer.pageSet()}
    ${writer.list('migratetype')}

    // The head of the list, and what follows it.
    const first_low = words[list] ${writer.wide(', first_high = words[list + 1]')};
    let entry = 0;
    ${writer.entry('entry', 'first_low', 'first_high')}
    if (words[entry + ${list_prev}] !== list_low ${writer.wide(`|| words[entry + ${list_prev + 1}] !== pcp_high`)}) return 0;
    const next_low = words[entry] ${writer.wide(', next_high = words[entry + 1]')};
    let next = list;
    if (next_low !== list_low ${writer.wide('|| next_high !== pcp_high')})
    ${writer.entry('next', 'next_low', 'next_high')}
    const page = entry - ${page_lru};
    const page_zid = (words[page + ${k.page.flags + (k.ZONES_PGSHIFT >> 5)}] >>> ${k.ZONES_PGSHIFT & 31}) & ${k.ZONES_MASK};
    ${writer.event(`(${k.PGALLOC_NORMAL - k.ZONE_NORMAL} + page_zid)`)}
    const count = (words[pcp + ${k.per_cpu_pages.count}] - ${nr}) | 0;
    const free_factor = words[pcp + ${factor}];
    const halved = ((free_factor >>> ${shift}) & 0xffff) >> 1;
    ${writer.open()}

    ${writer.put(`pcp + ${factor}`, `(free_factor & ${~(0xffff << shift)}) | (halved << ${shift})`)}
    // list_del()
    ${writer.putLong(`next + ${list_prev}`, 'list_low', 'pcp_high')}
    ${writer.putLong('list', 'next_low', 'next_high')}
    ${writer.changeLong('entry', k.LIST_POISON1.low, k.LIST_POISON1.high)}
    ${writer.changeLong(`entry + ${list_prev}`, k.LIST_POISON2.low, k.LIST_POISON2.high)}
    ${writer.change(`pcp + ${k.per_cpu_pages.count}`, 'count')}
    ${writer.change('event', 'nr_events')}
    // prep_new_page()
    ${writer.putLong(`page + ${page_private}`, 0, 0)}
    ${writer.put(`page + ${k.page._refcount}`, 1)}
    ${writer.putLong(`page + ${page_lru}`, 0, 0)}
    ${order === k.PAGE_ALLOC_COSTLY_ORDER ? '' : 'generations[page >>> 10]++;'}
    ${writer.close()}
    return page;
  }`;
}

/** `(page) => 1`, 0: go the ordinary way. */
function freeText(writer: Writer): string {
  const { k, nr } = writer;
  const { memmap } = k;
  const list_prev = k.list_head.prev;
  const page_lru = k.page.lru;
  const page_index = k.page.index;
  const page_private = k.page.private;
  const keptBack = (1 << k.PG_mlocked) | (nr > 1 ? k.encoding.head_bits : 0);
  return `(page) => {
    const { words, generations } = memory;
    const flags = words[page + ${k.page.flags}];
    if (words[page + ${k.page._refcount}] !== 1 || (flags & ${keptBack}) !== 0) return 0;
    if ((words[page + ${k.page.compound_head}] & 1) !== 0 || (words[page + ${k.page.mapping}] & 3) !== 0) return 0;
    const slot = page >>> 10;
    const pfn = slotPfn.at[slot] + (((page - slotOrigin.at[slot]) / ${memmap.page_words}) | 0);
    ${nr === 1 ? '' : tailsText(writer)}
    const zid = (words[page + ${k.page.flags + (k.ZONES_PGSHIFT >> 5)}] >>> ${k.ZONES_PGSHIFT & 31}) & ${k.ZONES_MASK};
    const zone = zoneCell[zid];
    ${writer.stamp()}
    if (stamps[zid] !== stamp) {
      ${writer.zoneIsUsual()}
      ${writer.pageSetIsKnown()}
      stamps[zid] = stamp;
    }
    ${pageblockText(writer)}
    if (migratetype === ${k.MIGRATE_ISOLATE}) return 0;
    const pcp_type = migratetype >= ${k.MIGRATE_PCPTYPES} ? ${k.MIGRATE_MOVABLE} : migratetype;
    ${writer.pageSet()}
    ${nr === 1 ? '' : `if (((words[pcp + ${k.per_cpu_pages.free_factor >> 2}] >>> ${(k.per_cpu_pages.free_factor & 2) * 8}) & 0xffff) !== 0) return 0;`}
    const count = words[pcp + ${k.per_cpu_pages.count}] + ${nr};
    if (count >= words[pcp + ${k.per_cpu_pages.high}]) return 0;
    ${writer.list('pcp_type')}
    const next_low = words[list] ${writer.wide(', next_high = words[list + 1]')};
    let next = list;
    if (next_low !== list_low ${writer.wide('|| next_high !== pcp_high')})
    ${writer.entry('next', 'next_low', 'next_high')}
    ${writer.event(k.PGFREE)}
    const entry = page + ${page_lru};
    const entry_low = (Math.imul(pfn, ${memmap.page_words * 4}) + ${(memmap.baseLow + page_lru * 4) | 0}) | 0;
    ${writer.open()}

    ${writer.change(`page + ${k.page._refcount}`, 0)}
    ${writer.put(`page + ${k.page.flags}`, `flags & ${~k.PAGE_FLAGS_CHECK_AT_PREP}`)}
    ${writer.putLong(`page + ${page_private}`, 0, 0)}
    ${writer.putLong(`page + ${page_index}`, 'migratetype', 0)}
    ${writer.change('event', 'nr_events')}
    // list_add()
    ${writer.putLong(`next + ${list_prev}`, 'entry_low', memmap.baseHigh)}
    ${writer.putLong('entry', 'next_low', 'next_high')}
    ${writer.putLong(`entry + ${list_prev}`, 'list_low', 'pcp_high')}
    ${writer.putLong('list', 'entry_low', memmap.baseHigh)}
    ${writer.change(`pcp + ${k.per_cpu_pages.count}`, 'count')}
    ${writer.close()}
    return 1;
  }`;
}

/** The pages behind the first one: as free pages should be, and side by side in the pool. */
function tailsText({ k, nr, order }: Writer): string {
  const flags = k.PAGE_FLAGS_CHECK_AT_PREP | k.PAGE_FLAGS_CHECK_AT_FREE;
  const { page_words } = k.memmap;
  const tails = Array.from({ length: nr - 1 }, (_, i) => {
    const word = (offset: number): string => `words[page + ${(i + 1) * page_words + offset}]`;
    const mapping = k.wide ? ` | ${word(k.page.mapping + 1)}` : '';
    return (
      `(${word(k.page.flags)} & ${flags}) | ~${word(k.page._mapcount)} | ${word(k.page._refcount)}` +
      ` | ${word(k.page.mapping)}${mapping}`
    );
  });
  // Two slots where the block can lie on the border of two.
  const second =
    k.memmap.mapPagesPerGroup === 1 ? '' : ` + generations[(page + ${nr * page_words - 1}) >>> 10]`;
  return `const block = pfn >> ${order}, generation = (generations[slot]${second}) | 0;
    if (blockStamps[block] !== generation) {
      if (((pfn + ${k.memmap.bias}) & ${k.memmap.groupMask}) + ${nr - 1} > ${k.memmap.groupMask}) return 0;
      if ((${tails.join('\n        | ')}) !== 0) return 0;
      blockStamps[block] = generation;
    }`;
}

/** `migratetype`: get_pfnblock_migratetype() */
function pageblockText({ k }: Writer): string {
  const bits = (word: string): string =>
    `const migratetype = (${word} >>> ((pageblock & 7) * 4)) & ${k.MIGRATETYPE_MASK};`;
  if (k.sparsemem)
    return `const pageblock = pfn >> ${k.pageblock_order}, bits = pageblockWords[pageblock >> 3];
    if (bits === 0) return 0;
    ${bits('words[bits]')}`;
  return `if (words[zone + ${k.zone.pageblock_flags}] !== bitsLow[zid]) return miss(zid);
    const pageblock = (pfn - (words[zone + ${k.zone.zone_start_pfn}] & ${-k.pageblock_nr_pages})) >> ${k.pageblock_order};
    ${bits('words[bitsCell[zid] + (pageblock >> 3)]')}`;
}

/** What `new Function` makes of a text: the parameters are the tables' names. */
function compile(text: string, tables: object): unknown {
  const names = Object.keys(tables);
  const values: readonly unknown[] = Object.values(tables);
  try {
    // The text is made of this file's words and the profile's numbers; nothing from outside gets into it.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const make = new Function(...names, `'use strict';\nreturn ${text};`) as (
      ...values: readonly unknown[]
    ) => unknown;
    return make(...values);
  } catch (error) {
    // A host whose content security policy forbids it: everything goes the ordinary way.
    if (error instanceof EvalError) return () => 0;
    throw error;
  }
}

/** `(gfp_mask) => page`, NULL: go the ordinary way. */
export const compileAlloc = (
  k: Kernel,
  order: Order,
  history: boolean,
  tables: HitTables,
): ((gfp_mask: number) => number) =>
  compile(allocText(new Writer(k, order, history)), {
    ...tables,
    stamps: emptyTable(nrAllocKinds(k), NO_STAMP),
    zoneOf: emptyTable(nrAllocKinds(k)),
  }) as (gfp_mask: number) => number;

/** `(page) => 1`, 0: go the ordinary way. */
export const compileFree = (
  k: Kernel,
  order: Order,
  history: boolean,
  tables: HitTables,
): ((page: number) => number) =>
  compile(freeText(new Writer(k, order, history)), {
    ...tables,
    stamps: emptyTable(k.zones.length, NO_STAMP),
    blockStamps: emptyTable(order === 0 ? 0 : (k.memmap.endPfn >> order) + 1, NO_STAMP),
  }) as (page: number) => number;
