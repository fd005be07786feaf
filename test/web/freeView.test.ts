/**
 * The view of free lists as it is drawn: what stands on the screen is what the adapter said, and where it stands says the same. Real
 * machines behind real answers; screenshots for the eye in build/screenshots.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type {
  FreeAreasBody,
  FreeBlocksBody,
  NewestAttemptBody,
} from '../../src/engine/view/atlas/freeAreas.js';
import { ask, complaints, find, marked, openView, press } from './boards.js';
import { describeInBrowser, showScenario } from './inBrowser.js';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const SPLIT = path.join('examples', 'split-a-block.mms');

describeInBrowser('the view of free areas', () => {
  let machine: AdapterMachine;
  let map: MapPage;
  before(async () => {
    ({ machine, map } = await showScenario(SPLIT, { view: 'Free Areas' }));
  });
  after(() => map.page.close());
  const areas = (): Promise<FreeAreasBody> => ask(machine, 'mmscope/freeAreas');

  it('every number of the matrix is the list’s, a longer list has a longer bar', async () => {
    const { zones } = await areas();
    const cells = await marked(map, 'list');
    const bars = await marked(map, 'bar');
    let nrCells = 0;
    for (const { index, orders } of zones)
      for (const { order, counts } of orders)
        counts.forEach((count, type) => {
          const cell = cells.find(({ data }) => data['list'] === `${index}/${order}/${type}`);
          // Types that no zone has blocks of have no row.
          if (cell === undefined) {
            assert.equal(count, 0);
            return;
          }
          nrCells++;
          assert.equal(Number(cell.data['count']), count);
        });
    assert.ok(nrCells > 60);
    const sized = bars.map((bar) => ({
      count: Number(find(cells, 'list', bar.data['bar'] ?? '').data['count']),
      width: bar.width,
    }));
    sized.sort((a, b) => a.count - b.count);
    sized.reduce((a, b) => {
      assert.ok(a.width <= b.width + 0.01, `${a.count}: ${a.width}, ${b.count}: ${b.width}`);
      return b;
    });
    // Columns are orders, from left to right.
    const row = [0, 1, 2, 3].map((order) => find(cells, 'list', `0/${order}/0`).x);
    assert.deepEqual(
      row,
      row.toSorted((a, b) => a - b),
    );
  });

  it('free pages fill the gauge as far as the marks say', async () => {
    const { zones } = await areas();
    const bars = await marked(map, 'gauge');
    assert.equal(bars.length, zones.length);
    for (const { name, freePages } of zones)
      assert.equal(Number(find(bars, 'gauge', name).data['pages']), freePages);
  });

  it('a split runs from order 5 to order 4; what it changed is in view', async () => {
    await machine.run('next');
    await map.stopped();
    const moves = await marked(map, 'move');
    assert.deepEqual(
      moves.map(({ data }) => [data['move'], data['from'], data['to']]),
      [['split', '5', '4']],
    );
    const cells = await marked(map, 'list');
    const normal = (await areas()).zones.find(({ name }) => name === 'Normal')?.index ?? -1;
    const [four, five] = [4, 5].map((order) => find(cells, 'list', `${normal}/${order}/0`));
    const [move] = moves;
    assert.ok(move && four && five);
    assert.ok(Math.abs(move.x - (four.x + four.width / 2)) < 2);
    assert.ok(Math.abs(move.x + move.width - (five.x + five.width / 2)) < 2);
    const changed = await marked(map, 'changed');
    assert.deepEqual(changed.map(({ data }) => data['delta']).sort(), ['-1', '1']);
    for (const { y, height } of changed) assert.ok(y > 0 && y + height < 860);
    await map.screenshot('free-split');
  });

  it('a press lists the blocks in list order; one of them is selected for all views', async () => {
    const normal = (await areas()).zones.find(({ name }) => name === 'Normal')?.index ?? -1;
    await press(map, `[data-list="${normal}/10/1"]`);
    const { pfns } = await ask<FreeBlocksBody>(machine, 'mmscope/freeBlocks', {
      zone: normal,
      order: 10,
      migratetype: 1,
      start: 0,
      count: 240,
    });
    const chips = await marked(map, 'block');
    assert.ok(pfns.length > 100);
    assert.deepEqual(
      chips.map(({ data }) => Number(data['block'])),
      pfns,
    );
    assert.deepEqual(
      chips.map(({ data }) => Number(data['position'])),
      pfns.map((_, i) => i),
    );
    await press(map, `[data-block="${pfns[1] ?? ''}"]`);
    await openView(map, 'Physical');
    await map.page
      .locator('.details h2')
      .getByText(`0x${(pfns[1] ?? 0).toString(16)}`)
      .waitFor();
    await openView(map, 'Free Areas');
    assert.equal(await map.page.locator('.side [aria-selected="true"]').count(), 1);
  });

  it('why a request was refused is seen: the line, its end, the term that decided', async () => {
    await machine.run('continue');
    await map.stopped();
    const { attempt } = await ask<NewestAttemptBody>(machine, 'mmscope/attempt');
    assert.equal(attempt?.failed, true);
    const deciding = attempt.passes
      .at(-1)
      ?.zones.flatMap(({ test }) => test?.terms ?? [])
      .filter(({ decides }) => decides);
    const lit = await marked(map, 'decides');
    assert.deepEqual(
      lit.map(({ data }) => data['decides']?.replace(/^[−+] [\d,]+ /, '')),
      deciding?.map(({ label }) => label),
    );
    assert.ok(lit.length > 0);
    const ends = (await marked(map, 'request')).filter(({ text }) => text.includes('refused'));
    assert.equal(ends.length, 1);
    assert.equal(await map.page.locator('[data-headline="Refused"]').count(), 1);
    for (const { y, height } of [...lit, ...ends]) assert.ok(y > 0 && y + height < 860);
    assert.deepEqual(complaints(map), []);
    await map.screenshot('free-refused');
  });
});
