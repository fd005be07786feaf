/**
 * A migration on the timeline: its tick in its row, its words under the pointer, the lane of the task that migrated; and the way there,
 * where the page is where it was before.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { AliasesBody } from '../../src/engine/view/atlas/virtual.js';
import type { LocateBody } from '../../src/engine/view/locate.js';
import type { ClockBody } from '../../src/engine/view/map.js';
import { TIMELINE_EVENTS, type TimelineBody } from '../../src/engine/view/timeline.js';
import { ask, until } from './boards.js';
import { describeInBrowser, showScenario } from './inBrowser.js';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const SCENARIO = path.join('test', 'web', 'scenarios', 'migration.mms');
const MIGRATE = TIMELINE_EVENTS.findIndex(({ kind }) => kind === 'migrate');

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

describeInBrowser('a migration on the timeline', () => {
  let machine: AdapterMachine;
  let map: MapPage;
  let body: TimelineBody;
  /** Of the strip; the column of the migration, and its middle. */
  let box: Box;
  let column: number;
  let x: number;
  before(async () => {
    ({ machine, map } = await showScenario(SCENARIO, { line: 'int done', width: 1100 }));
    const slider = map.page.getByRole('slider', { name: 'Time' });
    box = (await slider.boundingBox()) ?? assert.fail('no strip');
    // As many columns as the strip asks for.
    body = await ask(machine, 'mmscope/timeline', { buckets: Math.floor(box.width / 2) });
    column = body.events.find(([, kind]) => kind === MIGRATE)?.[0] ?? assert.fail('no migration');
    x = ((column + 0.5) / body.lines.length) * box.width;
  });
  after(() => map.page.close());

  /** Colours of the strip's column at a height, over the width of a tick. */
  const pixels = (at: number, y: number): Promise<readonly string[]> =>
    map.page.evaluate(
      ([left = 0, top = 0]) => {
        const canvas = document.querySelector<HTMLCanvasElement>('.timeline canvas');
        const { data } = canvas?.getContext('2d')?.getImageData(left, top, 3, 1) ?? { data: [] };
        return [0, 4, 8].map((i) => [...data.slice(i, i + 4)].join());
      },
      [Math.floor(at), y],
    );
  const clock = async (): Promise<number> => (await ask<ClockBody>(machine, 'mmscope/clock')).now;

  it('is told under the pointer, with the line and the task', async () => {
    await map.page.mouse.move(box.x + x, box.y + 30);
    await map.settle();
    const tip = await map.page.locator('.timeline .tip').innerText();
    const times = body.events.filter(
      ([at, kind]) => kind === MIGRATE && Math.abs(at - column) <= 1,
    );
    const count = times.reduce((sum, [, , each]) => sum + each, 0);
    const words = 'Page migrated, or in the way';
    assert.ok(tip.includes(count > 1 ? `${words} \u00d7 ${count}` : words), tip);
    assert.match(tip, /^statement \d+, line 8, device$/m);
    assert.match(tip, /DMA32: [\d,]+ free/);
    await map.screenshot('timeline-migration');
  });

  it('has a tick in the row of migrations', async () => {
    // EVENTS_TOP, ROW_PX of drawStrip.ts.
    const y = Math.round(21 + MIGRATE * 2.5 + 1);
    const ground = (await pixels(2, y))[0];
    const seen = await pixels((column / body.lines.length) * box.width, y);
    assert.ok(
      seen.some((color) => color !== ground && color.endsWith(',255')),
      seen.join(' '),
    );
  });

  it('stands in the lane of the task that had it done, and in no other', async () => {
    assert.deepEqual(body.taskNames, ['main', 'device']);
    const [main, device] = [0, 1].map((task) => ((body.tasksRan[column] ?? 0) >>> task) & 1);
    assert.deepEqual([main, device], [0, 1]);
    // LANES_TOP of drawStrip.ts, LANE_PX of lanes.ts.
    const lane = (nth: number): number => 65 + nth * 11 + 8;
    const [ofMain, ofDevice] = [await pixels(x, lane(0)), await pixels(x, lane(1))];
    assert.notDeepEqual(ofMain, ofDevice);
    // Where main runs its lane is filled as the device's is here.
    const early = body.tasksRan.findIndex((bits) => bits === 1);
    const there = await pixels(((early + 0.5) / body.lines.length) * box.width, lane(0));
    assert.deepEqual(there[0], ofDevice[0]);
  });

  it('can be travelled to: the page is not where it went yet', async () => {
    const { pfn = -1 } = await ask<LocateBody>(machine, 'mmscope/locate', { text: 'buf' });
    const isMapped = async (): Promise<boolean> => {
      const { aliases } = await ask<AliasesBody>(machine, 'mmscope/aliases', { pfn });
      return aliases.some(({ user }) => user);
    };
    assert.ok(await isMapped());
    const after = await clock();
    await map.page.mouse.click(box.x + x, box.y + 30);
    await until(map, 'the machine goes there', async () => (await clock()) < after);
    await map.stopped();
    const [from = 0, to = 0] = [body.times[column], body.times[column + 1]];
    const now = await clock();
    assert.ok(now >= from - 1 && now <= to + 1, `${now} of ${from} to ${to}`);
    const slider = map.page.getByRole('slider', { name: 'Time' });
    await until(map, 'the strip says where it stands', async () =>
      /line 8, device$/.test((await slider.getAttribute('aria-valuetext')) ?? ''),
    );
    assert.ok(!(await isMapped()), 'it has gone there already');
  });
});
