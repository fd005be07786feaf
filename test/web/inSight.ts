/**
 * Whether what a step changed is in view on the map of physical memory, or an arrow says how many changes lie where: held against the
 * geometry (layout.ts) and against the pixels of the outline.
 */
import assert from 'node:assert/strict';
import type { Frame, Page } from 'playwright-core';
import type { MapZone } from '../../src/engine/view/map.js';
import type { Changes } from '../../webview/views/physical/changes.js';
import { boxOf, computeLayout, GUTTER_PX, HEADER_PX } from '../../webview/views/physical/layout.js';
import { changedPlaces, outOfSight, placeToShow } from '../../webview/views/physical/sight.js';

/** How the view of the page lies on its content. */
interface View {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Of the height, under the details. */
  readonly covered: number;
  readonly scale: string;
  readonly arrows: readonly string[];
}

export const viewOf = (page: Page | Frame): Promise<View> =>
  page.evaluate(() => {
    const view = document.querySelector('.viewport');
    if (view === null) throw new Error('no view');
    return {
      left: view.scrollLeft,
      top: view.scrollTop,
      width: view.clientWidth,
      height: view.clientHeight,
      covered: parseFloat(getComputedStyle(view).getPropertyValue('--covered')) || 0,
      scale: document.querySelector('.scale')?.textContent ?? '',
      arrows: [...document.querySelectorAll<HTMLElement>('.edge')]
        .filter((arrow) => !arrow.hidden)
        .map((arrow) => arrow.textContent),
    };
  });

/** Pixels of the outline in a rectangle of the view. */
const outlined = (page: Page | Frame, rect: readonly number[]): Promise<number> =>
  page.evaluate(([x = 0, y = 0, width = 1, height = 1]) => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.overlay');
    const data = canvas?.getContext('2d')?.getImageData(x, y, width, height).data ?? [];
    return data.filter((value, index) => index % 4 === 3 && value > 60).length;
  }, rect);

/** @throws AssertionError where the window in `page` shows the changes otherwise */
export async function inSight(
  page: Page | Frame,
  zones: readonly MapZone[],
  changes: Changes,
): Promise<void> {
  const view = await viewOf(page);
  const [, framesPerCell = '1', cellPx = '1'] = /1 : ([\d,]+), (\d+) px/.exec(view.scale) ?? [];
  const zoom = { framesPerCell: Number(framesPerCell.replaceAll(',', '')), cellPx: Number(cellPx) };
  const layout = computeLayout(zones, view.width, zoom, 'buddy');
  const sight = {
    left: view.left + GUTTER_PX,
    top: view.top + HEADER_PX,
    widthPx: view.width - GUTTER_PX,
    heightPx: view.height - HEADER_PX - view.covered,
  };
  const beyond = outOfSight(changedPlaces(layout, changes), sight);
  const told = Object.values(beyond).filter((places) => places.length > 0).length;
  assert.equal(view.arrows.length, told, `arrows: ${view.arrows.join('; ')}`);
  const wanted = placeToShow(layout, changes, sight);
  const [first] = changes.foremost;
  if (wanted === undefined || first === undefined) return;
  const fits =
    wanted.bottom - wanted.top <= sight.heightPx && wanted.right - wanted.left <= sight.widthPx;
  const box = fits ? wanted : (boxOf(layout, first.firstPfn, first.firstPfn + 1) ?? wanted);
  const where = `${JSON.stringify(box)} in ${JSON.stringify(sight)}`;
  assert.ok(box.top >= sight.top - 1 && box.bottom <= sight.top + sight.heightPx + 1, where);
  assert.ok(box.left >= sight.left - 1 && box.right <= sight.left + sight.widthPx + 1, where);
  const spot = boxOf(layout, first.firstPfn, first.firstPfn + 1);
  assert.ok(spot !== undefined);
  const pixels = await outlined(page, [
    Math.round(spot.left - view.left) - 2,
    Math.round(spot.top - view.top) - 2,
    zoom.cellPx + 3,
    zoom.cellPx + 3,
  ]);
  assert.ok(pixels > 0, `no outline at pfn 0x${first.firstPfn.toString(16)}`);
}
