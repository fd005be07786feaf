/** What happened to the free lists from one stop to the next: where blocks came and went, and which of it is a split or a merge. */
import type { FreeAreasBody, ZoneBody } from '../../../src/engine/view/atlas/freeAreas.js';

export interface Move {
  readonly kind: 'split' | 'merge';
  /** The order that gave its block, and those that have more now. */
  readonly from: number;
  readonly to: readonly number[];
}

export interface ListDeltas {
  /** Blocks more or less, by order; 0 where nothing changed. */
  readonly byOrder: readonly number[];
  readonly move: Move | undefined;
}

/** Of one list of each order, as it was and as it is. */
export function listDeltas(before: ZoneBody, now: ZoneBody, migratetype: number): ListDeltas {
  const byOrder = now.orders.map(({ counts }, order) => {
    const was = before.orders[order]?.counts[migratetype] ?? 0;
    return (counts[migratetype] ?? 0) - was;
  });
  return { byOrder, move: moveOf(byOrder) };
}

/** One order lost blocks, and only lower ones gained: a split. The other way round it is a merge. */
function moveOf(byOrder: readonly number[]): Move | undefined {
  const lost = ordersWhere(byOrder, (delta) => delta < 0);
  const gained = ordersWhere(byOrder, (delta) => delta > 0);
  const [highestLost, lowestLost] = [lost.at(-1), lost[0]];
  const [highestGained, lowestGained] = [gained.at(-1), gained[0]];
  if (highestLost === undefined || lowestLost === undefined) return undefined;
  if (highestGained === undefined || lowestGained === undefined) return undefined;
  if (lost.length === 1 && highestGained < highestLost)
    return { kind: 'split', from: highestLost, to: gained };
  if (gained.length === 1 && highestLost < highestGained)
    return { kind: 'merge', from: highestGained, to: lost };
  return undefined;
}

const ordersWhere = (
  byOrder: readonly number[],
  holds: (delta: number) => boolean,
): readonly number[] => byOrder.flatMap((delta, order) => (holds(delta) ? [order] : []));

/** The zone of the same number in another body. */
export const sameZone = (body: FreeAreasBody | undefined, zone: ZoneBody): ZoneBody | undefined =>
  body?.zones.find(({ index }) => index === zone.index);
