/** /proc/buddyinfo and /proc/pagetypeinfo. Source: Linux mm/vmstat.c: frag_show_print(), pagetypeinfo_show(). */

export interface BuddyZone {
  readonly node: number;
  readonly zone: string;
  /** Free blocks by order. */
  readonly counts: readonly number[];
}

export interface TypeRow extends BuddyZone {
  /** `Unmovable`, `CMA`. A count that the kernel gave up on (`>100000`) is that number. */
  readonly type: string;
}

/** Fewer numbers are not orders: pagetypeinfo's numbers of pageblocks, one for each migratetype. */
const BUDDY = /^\s*Node\s+(\d+), zone\s+(\w+)\s+((?:\d+\s+){7,}\d+)\s*$/;
const TYPE = /^\s*Node\s+(\d+), zone\s+(\w+), type\s+(\w+)\s+((?:>?\d+\s+){5,}>?\d+)\s*$/;

export function buddyinfoOf(texts: readonly string[]): BuddyZone[] {
  return texts.flatMap((text): BuddyZone[] => {
    const row = BUDDY.exec(text);
    return row ? [{ node: Number(row[1]), zone: row[2] ?? '', counts: numbers(row[3]) }] : [];
  });
}

export function pagetypeinfoOf(texts: readonly string[]): TypeRow[] {
  return texts.flatMap((text): TypeRow[] => {
    const row = TYPE.exec(text);
    return row
      ? [{ node: Number(row[1]), zone: row[2] ?? '', type: row[3] ?? '', counts: numbers(row[4]) }]
      : [];
  });
}

const numbers = (text: string | undefined): number[] =>
  (text ?? '')
    .trim()
    .split(/\s+/)
    .map((word) => Number(word.replace('>', '')));

export const pagesIn = (counts: readonly number[], fromOrder = 0): number =>
  counts.reduce((sum, count, order) => sum + (order >= fromOrder ? count * 2 ** order : 0), 0);

/** The highest order with a free block; -1 where there is none. */
export const largestOrder = (counts: readonly number[]): number =>
  counts.findLastIndex((count) => count > 0);
