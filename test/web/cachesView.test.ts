/**
 * The view of caches as it is drawn: what stands on the screen is what the adapter said, and where it stands says the same. Real
 * machines behind real answers; screenshots for the eye in build/screenshots.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { CachesBody, SlabsBody } from '../../src/engine/view/atlas/caches.js';
import { ask, complaints, find, marked, openView, press } from './boards.js';
import { describeInBrowser, showScenario } from './inBrowser.js';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const SCENARIO = path.join('test', 'web', 'scenarios', 'views.mms');

describeInBrowser('the view of caches', () => {
  let machine: AdapterMachine;
  let map: MapPage;
  before(async () => {
    ({ machine, map } = await showScenario(SCENARIO, {
      line: 'kfree(object)',
      view: 'Caches',
      width: 1280,
    }));
  });
  after(() => map.page.close());

  it('every shelf says how much is in use; a step marks what it changed', async () => {
    const body = await ask<CachesBody>(machine, 'mmscope/caches');
    const shelves = await marked(map, 'cache');
    assert.deepEqual(
      shelves.map(({ data }) => [data['cache'], Number(data['used']), Number(data['total'])]),
      body.caches.map(({ name, used, total }) => [name, used, total]),
    );
    await machine.run('next');
    await map.stopped();
    const labels = await map.page.locator('.shelves [role="gridcell"]').allInnerTexts();
    assert.equal(labels.filter((label) => label.includes('since the last stop')).length, 1);
  });

  it('objects are slots in list order of their slabs, arrows lead along the freelist, red zones are seen', async () => {
    const { caches } = await ask<CachesBody>(machine, 'mmscope/caches');
    const cache =
      caches.find(({ name }) => name === 'kmalloc-128') ?? assert.fail('no kmalloc-128');
    await press(map, '[data-cache="kmalloc-128"]');
    const body = await ask<SlabsBody>(machine, 'mmscope/slabs', {
      cache: cache.address,
      start: 0,
      count: 24,
    });
    const slabs = await marked(map, 'slab');
    assert.deepEqual(
      slabs.map(({ data }) => Number(data['slab'])),
      body.slabs.map(({ pfn }) => pfn),
    );
    const slots = await marked(map, 'object');
    const states = body.slabs.flatMap(({ objects }) => [...Buffer.from(objects, 'base64')]);
    assert.deepEqual(
      slots.map(({ data }) => Number(data['state'])),
      states,
    );
    const [first] = body.slabs;
    slots
      .slice(0, first?.nrObjects)
      .forEach(({ data }, i) =>
        assert.equal(
          BigInt(data['object'] ?? 0),
          BigInt(first?.firstObject ?? 0) + BigInt(i * cache.sizeBytes),
        ),
      );
    const chain = body.slabs
      .flatMap(({ chains }) => chains)
      .find(({ objects }) => objects.length > 1);
    const arrows = await marked(map, 'next');
    assert.ok(
      arrows.some(
        ({ data }) => data['next'] === `${chain?.objects[0] ?? ''}-${chain?.objects[1] ?? ''}`,
      ),
    );
    const layout = await marked(map, 'layout');
    assert.deepEqual(
      layout.map(({ data }) => [data['layout'], Number(data['from']), Number(data['to'])]),
      body.layout.map(({ kind, from, to }) => [kind, from, to]),
    );
    const zones = layout.filter(({ data }) => data['layout'] === 'redzone');
    const object = find(layout, 'layout', 'object');
    assert.equal(zones.length, 2);
    assert.ok((zones[0]?.x ?? 0) < object.x && (zones[1]?.x ?? 0) >= object.x + object.width - 1);
    await map.screenshot('caches-redzones');
  });

  it('an object that is pressed is selected for all views', async () => {
    const [slot] = await marked(map, 'object');
    await press(map, '[data-object]');
    await openView(map, 'Page Walk');
    assert.equal((await marked(map, 'walk'))[0]?.data['walk'], slot?.data['object']);
    await openView(map, 'Caches');
    assert.equal(
      await map.page
        .locator('[role="gridcell"][aria-selected="true"]', {
          hasText: slot?.data['object'] ?? '-',
        })
        .count(),
      1,
    );
    assert.deepEqual(complaints(map), []);
  });
});
