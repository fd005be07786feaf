/**
 * Each shipped example, stepped line by line with the map open: after every step what changed is in view, or an arrow says how many
 * changes lie where. Held against the geometry (layout.ts) and against the pixels of the outline, not by eye.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { ClockBody, MapBody, MapZone } from '../../src/engine/view/map.js';
import type { FrameChangesBody } from '../../src/engine/view/frameChanges.js';
import { Changes } from '../../webview/views/physical/changes.js';
import { boxOf, computeLayout, GUTTER_PX, HEADER_PX } from '../../webview/views/physical/layout.js';
import { changedPlaces, outOfSight, placeToShow } from '../../webview/views/physical/sight.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const EXAMPLES = 'examples';
/** Lines of each example; all of them where long tests are wanted. */
const STEPS = process.env['MMSCOPE_ALL_TRACES'] === '1' ? 200 : 12;
const OVERVIEW = { firstPfn: 0, framesPerCell: 1 << 26, cells: 0 };

const examples = readdirSync(EXAMPLES, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.mms'))
  .sort();

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

const viewOf = ({ page }: MapPage): Promise<View> =>
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
const outlined = ({ page }: MapPage, rect: readonly number[]): Promise<number> =>
  page.evaluate(([x = 0, y = 0, width = 1, height = 1]) => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.overlay');
    const data = canvas?.getContext('2d')?.getImageData(x, y, width, height).data ?? [];
    return data.filter((value, index) => index % 4 === 3 && value > 60).length;
  }, rect);

async function check(map: MapPage, zones: readonly MapZone[], changes: Changes): Promise<void> {
  const view = await viewOf(map);
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
  const pixels = await outlined(map, [
    Math.round(spot.left - view.left) - 2,
    Math.round(spot.top - view.top) - 2,
    zoom.cellPx + 3,
    zoom.cellPx + 3,
  ]);
  assert.ok(pixels > 0, `no outline at pfn 0x${first.firstPfn.toString(16)}`);
}

let nrSessions = 0;

async function steppedThrough(
  map: MapPage,
  machine: AdapterMachine,
  select?: string,
): Promise<number> {
  const { zones } = (await machine.request('mmscope/map', OVERVIEW)) as MapBody;
  const clock = async (): Promise<number> =>
    ((await machine.request('mmscope/clock', undefined)) as ClockBody).now;
  const id = String(++nrSessions);
  await map.stoppedQuickly(id);
  if (select !== undefined) {
    await map.page.locator('.goto vscode-text-field input').fill(select);
    await map.page.keyboard.press('Enter');
    await map.page.locator('.details h2').waitFor();
    await map.settle();
  }
  let nrChanged = 0;
  for (let i = 0; i < STEPS; i++) {
    const from = await clock();
    if ((await machine.run('next')) === 'terminated') break;
    await map.stoppedQuickly(id);
    const body = (await machine.request('mmscope/frameChanges', { from })) as FrameChangesBody;
    const changes = new Changes(body.runs);
    if (changes.spans.length > 0) nrChanged++;
    await check(map, zones, changes);
  }
  return nrChanged;
}

describeInBrowser('stepping through an example with the map open', () => {
  let map: MapPage;
  let total = 0;
  /** One page sees all of them, as one window does. */
  let current: AdapterMachine | undefined;
  before(async () => {
    const machine = {
      request: (name: string, args: unknown) =>
        current?.request(name, args) ?? Promise.reject(new Error('no machine')),
    };
    map = await openMap(machine, { width: 620, height: 700 });
  });
  for (const name of examples)
    it(`shows what changed: ${name}`, async () => {
      current = await scenarioMachine(path.join(EXAMPLES, name));
      total += await steppedThrough(map, current);
    });

  it('shows what changed above the details of a selected frame', async () => {
    current = await scenarioMachine(path.join(EXAMPLES, 'split-a-block.mms'));
    assert.ok((await steppedThrough(map, current, '0x1960')) > 0);
    assert.ok((await viewOf(map)).covered > 50);
    await map.screenshot('step-selected');
  });

  it('of which most had something to show', () => {
    assert.ok(total > examples.length, `${total} steps`);
  });
});
