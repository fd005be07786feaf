/** Two times compared: what differs is marked in every view, and what is marked is what differs. */
import assert from 'node:assert/strict';
import path from 'node:path';
import {
  OBJECT_STATES,
  type CachesBody,
  type SlabObjectsBody,
  type SlabsBody,
} from '../../src/engine/view/atlas/caches.js';
import type { FreeAreasBody } from '../../src/engine/view/atlas/freeAreas.js';
import type { WalkBody } from '../../src/engine/view/atlas/pageWalk.js';
import type { PagesBody, VirtualBody } from '../../src/engine/view/atlas/virtual.js';
import type { ClockBody } from '../../src/engine/view/map.js';
import { ask, complaints, marked, openView, press, stepTo, walkTo } from './boards.js';
import { describeInBrowser, showScenario } from './inBrowser.js';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const SCENARIO = path.join('test', 'web', 'scenarios', 'views.mms');

describeInBrowser('two times compared', () => {
  let machine: AdapterMachine;
  let map: MapPage;
  let at: number;
  before(async () => {
    ({ machine, map } = await showScenario(SCENARIO, { width: 1280 }));
    ({ now: at } = await ask<ClockBody>(machine, 'mmscope/clock'));
    await map.page.getByRole('button', { name: 'Compare' }).click();
    await stepTo(machine, SCENARIO, 'kfree(object)');
    // More than one stop: what is marked is not what the last one did.
    await map.stopped();
    await map.stopped();
  });
  after(() => map.page.close());

  it('on the ribbon and the page grid of virtual memory', async () => {
    await openView(map, 'Virtual');
    const [now, then] = await Promise.all([
      ask<VirtualBody>(machine, 'mmscope/virtual', {}),
      ask<VirtualBody>(machine, 'mmscope/virtual', { at }),
    ]);
    const other = now.regions.filter(({ id, mappedBytes }) => {
      const old = then.regions.find((region) => region.id === id);
      return old?.mappedBytes !== mappedBytes;
    });
    const drawn = (await marked(map, 'differs')).map(({ data }) => data['differs']);
    for (const { id } of other) assert.ok(drawn.includes(id), id);
    assert.ok(other.length >= 2);
    const pkmap = now.regions.find(({ kind }) => kind === 'pkmap') ?? assert.fail('no pkmap');
    await press(map, `[data-region="${pkmap.id}"]`);
    const [window] = await marked(map, 'window');
    const grid = {
      first: window?.data['window'],
      pagesPerCell: 1,
      cells: Number(window?.data['cells']),
    };
    const pages = (args: object): Promise<PagesBody> =>
      ask(machine, 'mmscope/virtualPages', { ...grid, ...args });
    const [after, before] = await Promise.all([pages({}), pages({ at })]);
    const count = (after.pfns ?? []).filter((pfn, i) => pfn !== before.pfns?.[i]).length;
    assert.ok(count > 0);
    assert.equal(Number((await marked(map, 'differ'))[0]?.data['differ']), count);
    // The slot that kmap() took says what it was.
    const parts = (await marked(map, 'was')).filter(({ data }) => data['was']?.includes('slot'));
    assert.equal(parts.length, 1);
    assert.match(parts[0]?.data['was'] ?? '', /^was slot \d+: (?!mapped)/);
    await map.screenshot('compare-virtual');
  });

  it('on the entries and the end of a page walk', async () => {
    await openView(map, 'Page Walk');
    await walkTo(map, 'mapped');
    const [now, then] = await Promise.all([
      ask<WalkBody>(machine, 'mmscope/walk', { expression: 'mapped' }),
      ask<WalkBody>(machine, 'mmscope/walk', { expression: 'mapped', at }),
    ]);
    const other = now.steps.flatMap(({ level, value }, i) =>
      then.steps[i] === undefined || then.steps[i].value === value ? [] : [level],
    );
    assert.ok(other.length > 0);
    const entries = (await marked(map, 'entry')).filter(({ data }) => data['was'] !== undefined);
    assert.deepEqual(
      entries.map(({ data }) => data['entry']),
      other,
    );
    const bits = (await marked(map, 'bit')).filter(({ data }) => data['differs'] !== undefined);
    assert.ok(bits.some(({ data }) => data['bit'] === 'PTE/P' && data['differs'] === '0'));
    assert.ok((await marked(map, 'was')).some(({ data }) => data['was'] === 'page fault'));
    await map.screenshot('compare-walk');
  });

  it('in the matrix of free areas', async () => {
    await openView(map, 'Free Areas');
    const [now, then] = await Promise.all([
      ask<FreeAreasBody>(machine, 'mmscope/freeAreas', {}),
      ask<FreeAreasBody>(machine, 'mmscope/freeAreas', { at }),
    ]);
    const deltas = now.zones.flatMap(({ index, orders }, zone) =>
      orders.flatMap(({ order, counts }) =>
        counts.flatMap((count, type) => {
          const delta = count - (then.zones[zone]?.orders[order]?.counts[type] ?? 0);
          return delta === 0 ? [] : [`${index}/${order}/${type}: ${delta}`];
        }),
      ),
    );
    assert.ok(deltas.length > 0);
    const drawn = await marked(map, 'changed');
    assert.deepEqual(
      drawn.map(({ data }) => `${data['changed'] ?? ''}: ${data['delta'] ?? ''}`).sort(),
      deltas.sort(),
    );
  });

  it('on the shelves of caches and the objects of their slabs', async () => {
    await openView(map, 'Caches');
    const [now, then] = await Promise.all([
      ask<CachesBody>(machine, 'mmscope/caches', {}),
      ask<CachesBody>(machine, 'mmscope/caches', { at }),
    ]);
    const used = (body: CachesBody): number =>
      body.caches.find(({ name }) => name === 'kmalloc-128')?.used ?? 0;
    const more = used(now) - used(then);
    assert.ok(more > 0);
    const labels = await map.page.locator('.shelves [role="gridcell"]').allInnerTexts();
    const told = labels.find((label) => label.startsWith('kmalloc-128:'));
    assert.match(told ?? '', new RegExp(`, \\+${more} since A`));
    await press(map, '[data-cache="kmalloc-128"]');
    const { address: cache } =
      now.caches.find(({ name }) => name === 'kmalloc-128') ?? assert.fail('no kmalloc-128');
    const { slabs } = await ask<SlabsBody>(machine, 'mmscope/slabs', {
      cache,
      start: 0,
      count: 64,
    });
    const pfns = slabs.map(({ pfn }) => pfn);
    const old = await ask<SlabObjectsBody>(machine, 'mmscope/slabObjects', { cache, pfns, at });
    const was = new Map(old.slabs.map(([pfn, objects]) => [pfn, Buffer.from(objects, 'base64')]));
    const taken = (state: number | undefined): boolean => state === OBJECT_STATES.used;
    const other = slabs.flatMap(({ pfn, objects }) =>
      [...Buffer.from(objects, 'base64')].filter((state, i) => {
        const before = was.get(pfn);
        return before !== undefined && taken(before[i]) !== taken(state);
      }),
    );
    const drawn = (await marked(map, 'object')).filter(({ data }) => data['was'] !== undefined);
    assert.ok(other.length > 0);
    assert.equal(drawn.length, other.length);
    await map.screenshot('compare-caches');
  });

  it('and nowhere when the comparison has ended', async () => {
    await map.page.getByRole('button', { name: 'Stop comparing' }).click();
    await map.stopped();
    for (const view of ['Virtual', 'Page Walk', 'Free Areas', 'Caches']) {
      await openView(map, view);
      assert.equal((await marked(map, 'differs')).length, 0, view);
      assert.equal((await marked(map, 'changed')).length, 0, view);
    }
    assert.deepEqual(complaints(map), []);
  });
});
