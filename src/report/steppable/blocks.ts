/**
 * How many blocks lie on which list: a report tells the number of each order and the letters of the lists that are not empty, not how they are
 * shared. CMA's part is found so that its pages are as many as the report says; the rest is on the first list, with one on each of the others.
 */
import type { ZoneVerdict } from '../allocation/judge.js';
import type { Mobility } from '../facts/gfp.js';

export interface Blocks {
  readonly order: number;
  readonly type: string;
  readonly count: number;
}

export const CMA = 'MIGRATE_CMA';

const TYPES: Readonly<Record<string, string>> = {
  U: 'MIGRATE_UNMOVABLE',
  M: 'MIGRATE_MOVABLE',
  E: 'MIGRATE_RECLAIMABLE',
  H: 'MIGRATE_HIGHATOMIC',
  // What 6.1 has for the reserve of kernels up to 4.3.
  R: 'MIGRATE_HIGHATOMIC',
  C: CMA,
  I: 'MIGRATE_ISOLATE',
};

const ofMobility: Readonly<Record<Mobility, string>> = {
  unmovable: 'MIGRATE_UNMOVABLE',
  movable: 'MIGRATE_MOVABLE',
  reclaimable: 'MIGRATE_RECLAIMABLE',
};

/** Highest order first. */
export function blocksOf({ zone, freeCma }: ZoneVerdict, mobility: Mobility): Blocks[] {
  const lists = (zone.lists ?? []).filter(({ count }) => count > 0).toReversed();
  let cmaLeft =
    (freeCma ?? 0) -
    lists.reduce(
      (sum, { order, count, letters }) => sum + (letters === 'C' ? count * 2 ** order : 0),
      0,
    );
  return lists.flatMap(({ order, count, letters }): Blocks[] => {
    if (letters === undefined) return [{ order, type: ofMobility[mobility], count }];
    if (letters === 'C') return [{ order, type: CMA, count }];
    const others = Array.from(letters).filter((letter) => letter !== 'C');
    let cma = 0;
    if (letters.includes('C')) {
      cma = Math.max(0, Math.min(count - others.length, Math.floor(cmaLeft / 2 ** order)));
      cmaLeft -= cma * 2 ** order;
    }
    const rest = count - cma;
    const shares = others.map((letter, at): Blocks => ({
      order,
      type: TYPES[letter] ?? 'MIGRATE_MOVABLE',
      count: at === 0 ? rest - Math.min(rest, others.length) + 1 : rest > at ? 1 : 0,
    }));
    return [...(cma > 0 ? [{ order, type: CMA, count: cma }] : []), ...shares].filter(
      (each) => each.count > 0,
    );
  });
}
