/**
 * What changed and where that lies on the screen: which part of it is to be brought into view after a stop, and what lies beyond
 * which edge. Pure geometry; all lengths are CSS pixels of the scrolled content.
 */
import type { Changes } from './changes.js';
import { boxOf, unionOf, type Box, type Layout } from './layout.js';

export interface ChangedPlace {
  readonly firstPfn: number;
  readonly box: Box;
}

/** Where the view stands. */
export interface Sight {
  readonly left: number;
  readonly top: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export type Edge = 'above' | 'below' | 'left' | 'right';

/** What lies beyond each edge, the nearest first. */
export type OutOfSight = Readonly<Record<Edge, readonly ChangedPlace[]>>;

/** Every change that is drawn somewhere. */
export function changedPlaces(layout: Layout, changes: Changes): readonly ChangedPlace[] {
  return changes.spans.flatMap(({ firstPfn, endPfn }) => {
    const box = boxOf(layout, firstPfn, endPfn);
    return box === undefined ? [] : [{ firstPfn, box }];
  });
}

/**
 * What a stop is to show: all of its foremost changes if one view holds them, else the first of them and as many after it as there
 * is room for.
 */
export function placeToShow(
  layout: Layout,
  changes: Changes,
  { widthPx, heightPx }: Pick<Sight, 'widthPx' | 'heightPx'>,
): Box | undefined {
  let shown: Box | undefined;
  for (const { firstPfn, endPfn } of changes.foremost) {
    const box = boxOf(layout, firstPfn, endPfn);
    if (box === undefined) continue;
    const both = shown === undefined ? box : unionOf(shown, box);
    const fits = both.bottom - both.top <= heightPx && both.right - both.left <= widthPx;
    if (shown !== undefined && !fits) return shown;
    shown = both;
  }
  return shown;
}

export function outOfSight(
  places: readonly ChangedPlace[],
  { left, top, widthPx, heightPx }: Sight,
): OutOfSight {
  const beyond: Record<Edge, ChangedPlace[]> = { above: [], below: [], left: [], right: [] };
  for (const place of places) {
    const { box } = place;
    if (box.bottom <= top) beyond.above.push(place);
    else if (box.top >= top + heightPx) beyond.below.push(place);
    else if (box.right <= left) beyond.left.push(place);
    else if (box.left >= left + widthPx) beyond.right.push(place);
  }
  beyond.above.sort((a, b) => b.box.bottom - a.box.bottom);
  beyond.below.sort((a, b) => a.box.top - b.box.top);
  return beyond;
}
