/**
 * The view of virtual memory as it is drawn: what stands on the screen is what the adapter said, and where it stands says the same. Real
 * machines behind real answers; screenshots for the eye in build/screenshots.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import {
  PAGE_BITS,
  type AliasesBody,
  type PagesBody,
  type VirtualBody,
} from '../../src/engine/view/atlas/virtual.js';
import { ask, complaints, find, marked, openView, press } from './boards.js';
import { describeInBrowser, showScenario } from './inBrowser.js';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const SCENARIO = path.join('test', 'web', 'scenarios', 'views.mms');

describeInBrowser('the view of virtual memory', () => {
  let machine: AdapterMachine;
  let map: MapPage;
  before(async () => {
    ({ machine, map } = await showScenario(SCENARIO, {
      line: 'char *object',
      view: 'Virtual',
      width: 1280,
    }));
  });
  after(() => map.page.close());
  const virtual = (): Promise<VirtualBody> => ask(machine, 'mmscope/virtual', {});

  it('regions stand in the order of addresses from 0 to the top, holes folded', async () => {
    const { regions } = await virtual();
    const drawn = await marked(map, 'region');
    assert.deepEqual(
      drawn.map(({ data }) => data['region']),
      regions.map(({ id }) => id),
    );
    const tops = drawn.map(({ y }) => y);
    assert.deepEqual(
      tops,
      tops.toSorted((a, b) => a - b),
    );
    const named = regions.flatMap((region, i) => {
      const box = drawn[i];
      return region.kind === 'hole' || box === undefined
        ? []
        : [{ bytes: region.sizeBytes, height: box.height }];
    });
    named.sort((a, b) => a.bytes - b.bytes);
    assert.deepEqual(
      named.map(({ height }) => Math.round(height)),
      named.map(({ height }) => Math.round(height)).sort((a, b) => a - b),
    );
    assert.ok(drawn.some(({ data }) => data['fold'] === 'hole'));
  });

  it('tells the border of lowmem in numbers', async () => {
    const { border } = await virtual();
    const [drawn] = await marked(map, 'border');
    assert.equal(drawn?.data['border'], border?.at);
    assert.equal(Number(drawn?.data['lowmem']), border?.lowmemBytes);
    assert.equal(Number(drawn?.data['highmem']), border?.highmemBytes);
    assert.match(drawn?.text ?? '', /884 MiB/);
  });

  it('pages of a region are cells, down to single ones', async () => {
    const { regions } = await virtual();
    const vmalloc = regions.find(({ kind }) => kind === 'vmalloc') ?? assert.fail('no vmalloc');
    await press(map, `[data-region="${vmalloc.id}"]`);
    const [all] = await marked(map, 'window');
    const perCell = Number(all?.data['percell']);
    assert.ok(perCell > 1 && perCell * Number(all?.data['cells']) * 4096 >= vmalloc.sizeBytes);
    await press(map, '[data-part="area"]');
    const [near] = await marked(map, 'window');
    assert.equal(near?.data['percell'], '1');
    const area = (await marked(map, 'part')).find(({ data }) => data['part'] === 'area');
    assert.ok(BigInt(near.data['window'] ?? 0) <= BigInt(area?.data['first'] ?? 0));
    const pages = await ask<PagesBody>(machine, 'mmscope/virtualPages', {
      first: near.data['window'],
      pagesPerCell: 1,
      cells: Number(near.data['cells']),
    });
    const states = Buffer.from(pages.states, 'base64');
    const present = states.filter((state) => (state & PAGE_BITS.present) !== 0).length;
    const labels = await map.page.evaluate(() =>
      [...document.querySelectorAll('.view-virtual [data-cells]')].map((path) => [
        path.getAttribute('data-cells'),
        path.getAttribute('d')?.match(/M/g)?.length ?? 0,
      ]),
    );
    const drawn = labels
      .filter(([look]) => look !== 'none' && look !== 'kept')
      .reduce((sum, [, count]) => sum + Number(count), 0);
    assert.equal(drawn, present);
    assert.ok(present >= 2);
  });

  it('every address of a frame has a line to it, on the ribbon, too; one is gone to in a click', async () => {
    const pfn = Number(
      (
        await ask<{ result: string }>(machine, 'evaluate', {
          expression: 'page_to_pfn(page)',
          context: 'watch',
        })
      ).result,
    );
    const { aliases } = await ask<AliasesBody>(machine, 'mmscope/aliases', { pfn });
    // kmap() has one, vmap() has it twice.
    assert.deepEqual(aliases.map(({ region }) => region).sort(), ['pkmap', 'vmalloc', 'vmalloc']);
    await map.page.locator('.goto vscode-text-field input').fill(`pfn 0x${pfn.toString(16)}`);
    await map.page.keyboard.press('Enter');
    await map.settle();
    const lines = await marked(map, 'line');
    assert.deepEqual(
      lines.map(({ data }) => data['line']),
      aliases.map(({ address }) => address),
    );
    const [frame] = await marked(map, 'frame');
    assert.equal(Number(frame?.data['frame']), pfn);
    for (const { y } of lines)
      assert.ok(Math.abs(y - ((frame?.y ?? 0) + (frame?.height ?? 0))) < 9);
    const regions = await marked(map, 'region');
    for (const { data, y } of (await marked(map, 'alias')).filter(({ width }) => width < 12)) {
      const alias = aliases.find(({ address }) => address === data['alias']);
      const region = find(regions, 'region', alias?.regionId ?? '');
      assert.ok(y > region.y - 6 && y < region.y + region.height + 6, alias?.address);
    }
    await map.screenshot('virtual-aliases');
    const pkmap = aliases.find(({ region }) => region === 'pkmap');
    await press(map, `.aliases [data-alias="${pkmap?.address ?? ''}"]`);
    assert.deepEqual(
      (await marked(map, 'lit')).map(({ data }) => data['lit']),
      [pkmap?.address],
    );
    await openView(map, 'Page Walk');
    assert.equal((await marked(map, 'walk'))[0]?.data['walk'], pkmap?.address);
    assert.deepEqual(complaints(map), []);
  });
});
