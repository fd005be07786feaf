/** A dump of a kernel that mmscope does not know, in every view of the window: nothing refuses, what is drawn is what the dump says. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { CachesBody } from '../../src/engine/view/atlas/caches.js';
import type { FreeAreasBody } from '../../src/engine/view/atlas/freeAreas.js';
import type { PartsBody, VirtualBody } from '../../src/engine/view/atlas/virtual.js';
import { ask, complaints, marked, openView, press } from './boards.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { dumpMachine, type AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const DUMP = path.join('test', 'dumps', 'data', 'debian12-amd64-256M.kdump');

describeInBrowser('a dump in the window Memory', () => {
  let machine: AdapterMachine;
  let map: MapPage;
  before(async () => {
    machine = await dumpMachine(DUMP);
    map = await openMap(machine, { width: 1280 });
    await map.stopped();
  });
  after(() => map.page.close());

  it('physical: by name, and a frame with what it is used for', async () => {
    await map.page.locator('.title', { hasText: /x86_64, .* MiB, from a dump/ }).waitFor();
    await map.page.locator('.goto vscode-text-field input').fill('pfn 12358');
    await map.page.keyboard.press('Enter');
    await map.page.locator('.details', { hasText: 'free block of order 0' }).waitFor();
    await map.settle();
    await map.screenshot('dump-physical');
  });

  it('virtual: its regions, the areas of its processes', async () => {
    await openView(map, 'Virtual');
    const { regions, spaces } = await ask<VirtualBody>(machine, 'mmscope/virtual', {});
    assert.ok(spaces.some(({ name }) => name === 'prog (pid 94)'));
    assert.deepEqual(
      (await marked(map, 'region')).map(({ data }) => data['region']),
      regions.map(({ id }) => id),
    );
    const user = regions.find(({ kind }) => kind === 'user') ?? assert.fail('no user half');
    await press(map, `[data-region="${user.id}"]`);
    const { parts } = await ask<PartsBody>(machine, 'mmscope/virtualParts', {
      region: user.id,
      start: 0,
      count: 100,
    });
    assert.ok(parts.length > 3);
    await map.screenshot('dump-virtual');
  });

  it('page walk: an address of its kernel, through all levels', async () => {
    await openView(map, 'Page Walk');
    await map.page
      .getByRole('textbox', { name: 'Address or expression to walk' })
      .fill('0xffffffff82a10000');
    await map.page.keyboard.press('Enter');
    await map.page.locator('[data-entry]').first().waitFor();
    await map.settle();
    assert.equal((await marked(map, 'walk'))[0]?.data['walk'], '0xffffffff82a10000');
    await map.screenshot('dump-walk');
  });

  it('free areas: its zones', async () => {
    await openView(map, 'Free Areas');
    const { zones } = await ask<FreeAreasBody>(machine, 'mmscope/freeAreas', {});
    const shown = await map.page.locator('.view-free').innerText();
    for (const { name } of zones) assert.ok(shown.includes(name), name);
    await map.screenshot('dump-free');
  });

  it('caches: shelves, and the slabs of one', async () => {
    await openView(map, 'Caches');
    const { caches, allocator } = await ask<CachesBody>(machine, 'mmscope/caches', {});
    assert.equal(allocator, 'SLUB');
    assert.equal(caches.length, 145);
    await map.screenshot('dump-caches');
    assert.deepEqual(complaints(map), []);
  });
});
