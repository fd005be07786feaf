/**
 * Mem-Info of an allocation failure or an OOM report, line by line: nodes, zones with their marks, lists with their letters.
 *
 * Invariant: amounts are pages of the report's machine, whose page size is that of its order-0 list. A number that the text lacks is
 * undefined, never 0.
 *
 * Source: Linux mm/page_alloc.c (later mm/show_mem.c): show_free_areas(), 2.6.28 to 6.19; lib/show_mem.c.
 */

/** The blocks of one order on a zone's lists. */
export interface OrderList {
  readonly order: number;
  readonly count: number;
  /** Of the migratetypes whose list is not empty: `UME`. Undefined before 3.8, and for an order with no block. */
  readonly letters?: string;
}

export interface ZoneInfo {
  readonly node: number | undefined;
  readonly name: string;
  /** Each `name:NkB` of the line, in kB: free, min, managed, free_cma. */
  readonly kB: ReadonlyMap<string, number>;
  readonly lowmemReserve?: readonly number[];
  readonly lists?: readonly OrderList[];
  /** The line, to be cited. */
  readonly line: number;
}

export interface MemInfo {
  readonly pageSize: number;
  readonly zones: readonly ZoneInfo[];
  /** `active_anon:3310` and the like of the first lines, in pages. */
  readonly totals: ReadonlyMap<string, number>;
  /** `pages RAM`, `pages cma reserved`, in pages; `Free swap`, `Total swap` in kB. */
  readonly counts: ReadonlyMap<string, number>;
  readonly allUnreclaimable: boolean;
}

/** What one line adds; `key` is what a report has only once. */
export type MemInfoPiece =
  | { readonly kind: 'heading'; readonly key: string }
  | {
      readonly kind: 'totals';
      readonly key: string;
      readonly values: readonly (readonly [string, number])[];
    }
  | {
      readonly kind: 'zone';
      readonly key: string;
      readonly node: number | undefined;
      readonly name: string;
      readonly text: string;
    }
  | { readonly kind: 'node'; readonly key: string; readonly text: string }
  | { readonly kind: 'reserve'; readonly values: readonly number[] }
  | { readonly kind: 'lists'; readonly key: string; readonly text: string }
  | { readonly kind: 'count'; readonly key: string; readonly name: string; readonly value: number }
  | { readonly kind: 'wrapped'; readonly text: string };

const ZONE = /^\s*(?:Node (\d+) )?([A-Z]\w{1,15})\s+free:\s?\d+\s?kB/;
const NODE = /^\s*Node (\d+) active_anon:\d+kB/;
const LISTS = /^\s*(?:Node (\d+) )?([A-Z]\w{1,15}):\s+(\d+\*\d+kB.*)$/;
const RESERVE = /^\s*lowmem_reserve\[\]:((?:\s+\d+)+)/;
const COUNTS: readonly (readonly [string, RegExp])[] = [
  ['pages RAM', /^\s*(\d+) pages (?:of )?RAM\b/],
  ['pages HighMem', /^\s*(\d+) pages HighMem/],
  ['pages reserved', /^\s*(\d+) (?:pages reserved|reserved pages)\b/],
  ['pages cma reserved', /^\s*(\d+) pages cma reserved/],
  ['pages hwpoisoned', /^\s*(\d+) pages hwpoisoned/],
  ['pagecache pages', /^\s*(\d+) total pagecache pages/],
  ['pages in swap cache', /^\s*(\d+) pages in swap cache/],
  ['Free swap', /^\s*Free swap\s*=\s*(\d+)\s?kB/],
  ['Total swap', /^\s*Total swap\s*=\s*(\d+)\s?kB/],
];
/** The rest of a line that a mail or a terminal has wrapped. */
const WRAPPED =
  /^\s*(?:[a-z_]+(?:\([a-z]+\))?:\d+\s?kB|\d+\*\d+kB|all_unreclaimable|\([UMECRIH]+\) (?:\d+\*|=)|= \d+kB)/;

export function memInfoPiece(text: string): MemInfoPiece | undefined {
  if (/^\s*Mem-[Ii]nfo:/.test(text)) return { kind: 'heading', key: 'Mem-Info' };
  const zone = ZONE.exec(text);
  if (zone) {
    const node = zone[1] === undefined ? undefined : Number(zone[1]);
    const name = zone[2] ?? '';
    return { kind: 'zone', key: `free ${zoneKey(node, name)}`, node, name, text };
  }
  const reserve = RESERVE.exec(text)?.[1];
  if (reserve !== undefined)
    return { kind: 'reserve', values: reserve.trim().split(/\s+/).map(Number) };
  const lists = LISTS.exec(text);
  if (lists) {
    const node = lists[1] === undefined ? undefined : Number(lists[1]);
    return { kind: 'lists', key: zoneKey(node, lists[2] ?? ''), text: lists[3] ?? '' };
  }
  const node = NODE.exec(text);
  if (node) return { kind: 'node', key: `node ${node[1] ?? ''}`, text };
  for (const [name, pattern] of COUNTS) {
    const value = pattern.exec(text)?.[1];
    if (value !== undefined) return { kind: 'count', key: name, name, value: Number(value) };
  }
  const huge = /hugepages_total=(\d+) .*hugepages_size=(\d+)kB/.exec(text);
  if (huge)
    return {
      kind: 'count',
      key: text,
      name: 'hugetlb kB',
      value: Number(huge[1]) * Number(huge[2]),
    };
  const totals = totalsOf(text);
  if (totals.length > 0) return { kind: 'totals', key: totals[0]?.[0] ?? '', values: totals };
  return WRAPPED.test(text) ? { kind: 'wrapped', text } : undefined;
}

/** `active_anon:3310 inactive_anon:4`, nothing else on the line. */
function totalsOf(text: string): [string, number][] {
  const words = text.trim().split(/\s+/);
  const pairs = words.flatMap((word): [string, number][] => {
    const found = /^([A-Za-z][a-z_]{2,30}):(\d{1,15})$/.exec(word);
    return found ? [[(found[1] ?? '').toLowerCase(), Number(found[2])]] : [];
  });
  return pairs.length === words.length ? pairs : [];
}

export const zoneKey = (node: number | undefined, name: string): string =>
  node === undefined ? name : `Node ${node} ${name}`;

/** `64*4kB (UME) 41*8kB (UMEC) ... = 244520kB`, and the size of an order-0 block in kB. */
export function orderLists(text: string): { lists: OrderList[]; smallestKb: number } {
  const found = [...text.matchAll(/(\d{1,12})\*(\d{1,9})kB(?:\s\(([A-Z]*)\))?/g)];
  const smallestKb = Number(found[0]?.[2] ?? 4);
  const lists = found.map((block, order): OrderList => {
    const letters = block[3];
    return { order, count: Number(block[1]), ...(letters ? { letters } : {}) };
  });
  return { lists, smallestKb };
}

/** `free:32kB min:40kB isolated(anon):116kB` as names and kB. */
export function kilobytes(text: string): Map<string, number> {
  const pairs = [...text.matchAll(/([a-z_]+(?:\([a-z]+\))?):\s?(\d{1,15})\s?[kK]B/g)];
  return new Map(pairs.map((pair) => [pair[1] ?? '', Number(pair[2])]));
}
