/** A dump of a kernel that mmscope does not know, in every view of the window: nothing refuses, what is drawn is what the dump says. */
import assert from 'node:assert/strict';
import path from 'node:path';
import {
  OBJECT_STATES,
  type CachesBody,
  type SlabsBody,
} from '../../src/engine/view/atlas/caches.js';
import type { FreeAreasBody } from '../../src/engine/view/atlas/freeAreas.js';
import type { PartsBody, VirtualBody } from '../../src/engine/view/atlas/virtual.js';
import type { FrameLabelsBody, FrameValuesBody } from '../../src/engine/view/frameValues.js';
import type { FrameBody, MapBody } from '../../src/engine/view/map.js';
import { ask, complaints, marked, openView, press } from './boards.js';
import { axeFindings, contrastsOf, noAxe } from './care.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { dumpMachine, type AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';
import { THEMES } from './themes.js';

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

  it('physical: coloured by all that its types tell, each with its legend', async () => {
    const { machine: kind } = await ask<MapBody>(machine, 'mmscope/map', {
      firstPfn: 0,
      framesPerCell: 1 << 26,
      cells: 1,
    });
    assert.deepEqual(
      kind?.colourings?.filter((by) => by === 'age'),
      [],
      'nothing is ever written',
    );
    const nrFrames = 0x5000;
    const valuesBy = async (by: string): Promise<Buffer> => {
      const asks = { firstPfn: 0, framesPerCell: 1, cells: nrFrames, by };
      return Buffer.from(
        (await ask<FrameValuesBody>(machine, 'mmscope/frameValues', asks)).values,
        'base64',
      );
    };
    const [references, flagged, types] = await Promise.all(
      ['references', 'PG_uptodate', 'migratetype'].map(valuesBy),
    );
    assert.ok(references && flagged && types);
    // Frames that have a count, and some that have none, as the frame itself says.
    const counted = [...references.keys()].filter((pfn) => (references[pfn] ?? 255) % 255 > 0);
    assert.ok(counted.length > 100);
    let nrFlagged = 0;
    for (const pfn of [...counted.filter((_, i) => i % 40 === 0), 0x2a10]) {
      const { fields, flags } = await ask<FrameBody>(machine, 'mmscope/frame', { pfn });
      const count = fields.find(({ name }) => name === '_refcount')?.value;
      assert.equal(references[pfn], count === undefined ? 255 : Math.min(250, Number(count)));
      const has = flags.includes('PG_uptodate');
      assert.equal(flagged[pfn], count === undefined ? 255 : has ? 15 : 0, `pfn ${pfn}`);
      if (has) nrFlagged++;
    }
    assert.ok(nrFlagged > 0);
    assert.ok(new Set(types).size > 1, 'of several migratetypes');
    const legend = map.page.locator('.legend');
    for (const [by, words] of [
      ['Order', 'Order of the block'],
      ['Migratetype', 'RECLAIMABLE'],
      ['Zone', 'DMA32'],
      ['References', '_refcount'],
      ['Mappings', 'page tables that map it'],
      ['PG_uptodate', 'PG_uptodate'],
      ['Owner', 'prog (pid 94)'],
    ] as const) {
      await map.page.locator('vscode-dropdown[aria-label="Colour by"]').click();
      await map.page.getByRole('option', { name: `Colour: ${by}`, exact: true }).click();
      await legend.filter({ hasText: words }).waitFor();
      await map.settle();
      if (by === 'Migratetype' || by === 'Owner') await map.screenshot(`dump-by-${by}`);
    }
    await map.page.locator('vscode-dropdown[aria-label="Colour by"]').click();
    await map.page.getByRole('option', { name: 'Colour: Use', exact: true }).click();
    await map.settle();
  });

  it('physical: near, with the count and the flags of each frame in use', async () => {
    const { counts, flags } = await ask<FrameLabelsBody>(machine, 'mmscope/frameLabels', {
      firstPfn: 0x3000,
      nrFrames: 1024,
    });
    const at = counts.findIndex((count) => count > 0);
    assert.ok(at >= 0);
    const { fields } = await ask<FrameBody>(machine, 'mmscope/frame', { pfn: 0x3000 + at });
    assert.equal(fields.find(({ name }) => name === '_refcount')?.value, String(counts[at]));
    assert.ok(flags.some((letters) => letters !== ''));
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
    // What cannot be read is not called empty.
    const direct = regions.find(({ kind }) => kind === 'directMap') ?? assert.fail('no direct map');
    assert.equal(direct.mappedBytes, 0);
    assert.equal(direct.unreadBytes, direct.sizeBytes);
    const said = await map.page.locator('.view-virtual .ribbon').innerText();
    assert.match(said, /tables not in the dump/);
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
    assert.ok(!shown.includes('requested'), 'nobody knows what was requested of a dump');
    await map.screenshot('dump-free');
  });

  it('caches: shelves, and the slabs of one', async () => {
    await openView(map, 'Caches');
    const { caches, allocator } = await ask<CachesBody>(machine, 'mmscope/caches', {});
    assert.equal(allocator, 'SLUB');
    assert.equal(caches.length, 145);
    const told = caches.filter(({ unreadable, total }) => unreadable === undefined && total > 0);
    let nrWithFree = 0;
    for (const { name, address: cache, used, total, nrSlabs } of told) {
      const body = await ask<SlabsBody>(machine, 'mmscope/slabs', { cache, start: 0, count: 256 });
      assert.equal(body.slabs.length + (body.nrMissing ?? 0), nrSlabs, name);
      const slots = body.slabs.flatMap(({ objects }) => [...Buffer.from(objects, 'base64')]);
      if (slots.includes(OBJECT_STATES.unknown)) continue;
      const free = slots.filter((state) => state !== OBJECT_STATES.used).length;
      // One number: what the header says is what is drawn.
      assert.equal(used, total - free, name);
      if (free > 0) nrWithFree++;
    }
    assert.ok(nrWithFree > 0);
    const { address: open } = caches.find(({ name }) => name === 'kmalloc-64') ?? assert.fail();
    const { slabs } = await ask<SlabsBody>(machine, 'mmscope/slabs', {
      cache: open,
      start: 0,
      count: 1,
    });
    assert.equal(slabs[0]?.chains[0]?.keeper, 'the freelist of CPU 0');
    assert.equal(Number((await marked(map, 'missing'))[0]?.data['missing']), 7);
    await map.screenshot('dump-caches');
    assert.deepEqual(complaints(map), []);
  });

  it('has texts that can be read, names, and a way for the keyboard, in every view and theme', async () => {
    for (const theme of THEMES) {
      const other = await openMap(machine, { width: 1280, theme });
      await other.stopped();
      await other.page.locator('.goto vscode-text-field input').fill('0xffffffff82a10000');
      await other.page.keyboard.press('Enter');
      await other.settle();
      for (const view of ['Physical', 'Virtual', 'Page Walk', 'Free Areas', 'Caches']) {
        await openView(other, view);
        const { nrTexts, pale } = await contrastsOf(other);
        assert.ok(nrTexts > 12, view);
        assert.deepEqual(pale, [], `${view}, ${theme}`);
        if (noAxe === undefined) assert.deepEqual(await axeFindings(other), [], view);
        if (theme !== 'dark') continue;
        for (const board of await other.page.locator('.panel:not([hidden]) .board:visible').all()) {
          await board.focus();
          await other.page.keyboard.press('ArrowDown');
          const id = (await board.getAttribute('aria-activedescendant')) ?? '';
          assert.notEqual(await board.locator(`[id="${id}"]`).innerText(), '', view);
        }
      }
      await other.page.close();
    }
  });
});
