/**
 * The memory map of a state that has none: what the lists of `%zones` and the slabs of `%slabs` say of pages, and of all
 * others that they are in use, which is all that is known.
 *
 *     on a free list or a per-CPU list     free
 *     a slab on a list, or a CPU's         in use, a compound page of the cache's order
 *     else, in a zone                      reserved: neither slabs nor anything that a trace frees
 *
 * So the machine's free memory and its caches are whole; what else the machine had in memory is not there.
 */
import type { Profile } from '../../types/profile.js';
import { MemmapRuns } from './memmapDump.js';
import { decimalOf, hexOf, parseSlabs, type SlabLine } from './slabsText.js';
import type { PopulatedZone, ZonesDump } from './zonesDump.js';

interface Run {
  readonly start: number;
  readonly count: number;
  readonly flags: number;
  readonly refcount: number;
  readonly mapcount: number;
  readonly order: number;
}

/** Lines of `%slabs` that stand for one slab. */
const SLAB_LINES: ReadonlySet<string> = new Set(['cur', 'cpn', 'part', 'full', 'free']);

/** @param slabs the lines of the `%slabs` dump; [] without one */
export function impliedMemmap(
  zones: ZonesDump,
  slabs: readonly string[],
  profile: Profile,
): MemmapRuns {
  const known = [...slabRuns(slabs, profile)];
  const runs = zones.zones.flatMap(({ populated }) => {
    if (populated === undefined) return [];
    const { start, spanned } = populated.fields;
    const own = [...freeRuns(populated, profile), ...known]
      .filter((run) => run.start >= start && run.start < start + spanned)
      .sort((a, b) => a.start - b.start);
    return withReserved(start, start + spanned, own, 1 << profile.constant('PG_reserved')).map(
      (run) => ({ ...run, zone: populated }),
    );
  });
  const memmap = new MemmapRuns(runs.length);
  const shift = profile.constant('ZONES_PGSHIFT');
  runs.forEach((run, i) => {
    const index = zones.zones.findIndex(({ populated }) => populated === run.zone);
    memmap.startPfn[i] = run.start;
    memmap.count[i] = run.count;
    memmap.flagsLow[i] = run.flags | (shift < 32 ? index << shift : 0);
    memmap.flagsHigh[i] = shift < 32 ? 0 : index << (shift - 32);
    memmap.refcount[i] = run.refcount;
    memmap.mapcount[i] = run.mapcount;
    memmap.privateLow[i] = run.order;
  });
  return memmap;
}

function* freeRuns(zone: PopulatedZone, profile: Profile): Generator<Run> {
  // A free page has its type in the word of the count of mappings, with the bit PG_buddy cleared.
  const buddy = ~profile.constant('PG_buddy');
  const lowOrders = profile.constant('MIGRATE_PCPTYPES');
  for (const [order, { lists }] of zone.free_area.entries())
    for (const pfn of lists.flat()) yield* block(pfn, order, buddy);
  for (const { lists } of zone.pcp)
    for (const [pindex, { pfns }] of lists)
      for (const pfn of pfns) yield* block(pfn, pcpOrder(pindex, lowOrders, profile), -1);
}

/** The first page of a free block, which tells its order, and the others. */
function* block(pfn: number, order: number, mapcount: number): Generator<Run> {
  const isBuddy = mapcount !== -1;
  const rest = { flags: 0, refcount: 0, mapcount: -1, order: 0 };
  yield { ...rest, start: pfn, count: 1, mapcount, order: isBuddy ? order : 0 };
  if (order > 0) yield { ...rest, start: pfn + 1, count: (1 << order) - 1 };
}

/** Per-CPU lists go by order, then by migratetype; the last ones are for huge pages. */
function pcpOrder(pindex: number, types: number, profile: Profile): number {
  const order = Math.floor(pindex / types);
  return order > profile.constant('PAGE_ALLOC_COSTLY_ORDER')
    ? profile.constant('pageblock_order')
    : order;
}

function* slabRuns(lines: readonly string[], profile: Profile): Generator<Run> {
  const head = profile.constant('PG_head');
  for (const { kc, lines: own } of parseSlabs(lines)) {
    for (const line of own) {
      if (!SLAB_LINES.has(line.word)) continue;
      const pfn = hexOf(line, 'pfn');
      const order = orderOf(line, kc);
      const rest = { mapcount: -1, order: 0 };
      // Even a slab of one page may be a compound page, of order 0: mm/slab.c asks for that.
      const flags = order > 0 ? 1 << head : 0;
      yield { ...rest, start: pfn, count: 1, flags, refcount: 1 };
      if (order > 0)
        yield { ...rest, start: pfn + 1, count: (1 << order) - 1, flags: 0, refcount: 0 };
    }
  }
}

const orderOf = (line: SlabLine, kc: SlabLine): number =>
  line.fields.has('order') ? decimalOf(line, 'order') : decimalOf(kc, 'gfporder');

/** Fills what no run covers. */
function withReserved(start: number, end: number, runs: readonly Run[], reserved: number): Run[] {
  const filled: Run[] = [];
  const rest = { flags: reserved, refcount: 1, mapcount: -1, order: 0 };
  let at = start;
  for (const run of runs) {
    // Told twice, as a CPU's slab may be: the first counts.
    if (run.start < at) continue;
    if (run.start > at) filled.push({ ...rest, start: at, count: run.start - at });
    filled.push(run);
    at = run.start + run.count;
  }
  if (at < end) filled.push({ ...rest, start: at, count: end - at });
  return filled;
}
