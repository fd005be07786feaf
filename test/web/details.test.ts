/** What the window says of one thing that is selected, and what it offers to do with it: who holds a page, where the machine stops. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { FreeAreasBody } from '../../src/engine/view/atlas/freeAreas.js';
import { ask, complaints, marked, openView, press, until } from './boards.js';
import { describeInBrowser, showScenario } from './inBrowser.js';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const PINS = path.join('test', 'dap', 'scenarios', 'pins-and-copies.mms');
const VIEWS = path.join('test', 'web', 'scenarios', 'views.mms');

describeInBrowser('the details of a frame', () => {
  it('say who holds each of its references, and who maps it', async () => {
    const { map } = await showScenario(PINS, { line: 'unpin_user_page', height: 900 });
    await map.page.locator('.goto vscode-text-field input').fill('page');
    await map.page.keyboard.press('Enter');
    const holders = map.page.locator('.details .holders');
    await holders.waitFor();
    await map.settle();
    const text = await holders.innerText();
    assert.match(text, /references\s+_refcount 1026 = 1 \+ 1 \+ 1024/);
    assert.match(text, /held by\s+1: a mapping/);
    assert.match(text, /1024: pinned at line 6 by pin_user_pages\(\)/);
    assert.match(text, /mapped by\s+init \(pid \d+\) at 0x[0-9a-f]+, anonymous memory/);
    await map.screenshot('details-holders');
    await map.page.close();
  });
});

describeInBrowser('the machine stops when what is shown changes', () => {
  let machine: AdapterMachine;
  let map: MapPage;
  before(async () => {
    ({ machine, map } = await showScenario(VIEWS, { line: 'kfree(object)', width: 1280 }));
  });
  after(() => map.page.close());
  /** What the line above the timeline says that is watched. */
  const watched = (): Promise<string[]> => map.page.locator('.watching li').allInnerTexts();
  const forgetAll = async (): Promise<void> => {
    while ((await watched()).length > 0) {
      await map.page.locator('.watching vscode-button').first().click();
      await map.settle();
    }
  };

  it('a list of free blocks, by the context menu', async () => {
    await openView(map, 'Free Areas');
    const { zones } = await ask<FreeAreasBody>(machine, 'mmscope/freeAreas');
    const zone = zones.find(({ name }) => name === 'DMA') ?? assert.fail('no zone DMA');
    const [cell] = await marked(map, `list="${zone.index}/10/0"`);
    assert.ok(cell);
    await map.page.mouse.click(cell.x + cell.width / 2, cell.y + cell.height / 2, {
      button: 'right',
    });
    await map.page.getByRole('menuitem', { name: 'Stop when this changes' }).click();
    await until(map, 'it is watched', async () => (await watched()).length === 1);
    assert.match((await watched())[0] ?? '', /free_area\[10\]/);
    // The refused request takes from it first.
    assert.equal(await machine.run('continue'), 'data breakpoint');
    await map.stopped();
    await forgetAll();
  });

  it('an object of a slab, by a click with Alt', async () => {
    await openView(map, 'Caches');
    await map.page.locator('.goto vscode-text-field input').fill('others[0]');
    await map.page.keyboard.press('Enter');
    await map.settle();
    const [object] = await marked(map, 'lit');
    assert.ok(object);
    await press(map, `[data-object="${object.data['lit'] ?? ''}"]`, 'Alt');
    await until(map, 'it is watched', async () => (await watched()).length === 1);
    assert.match((await watched())[0] ?? '', /bytes at 0x/);
    await forgetAll();
  });

  it('the bytes of a page, by the key W', async () => {
    await openView(map, 'Virtual');
    await map.page.locator('.goto vscode-text-field input').fill('twice');
    await map.page.keyboard.press('Enter');
    await map.settle();
    const [lit] = await marked(map, 'lit');
    assert.ok(lit);
    await map.page.mouse.click(lit.x + lit.width / 2, lit.y + lit.height / 2);
    await map.page.keyboard.press('w');
    await until(map, 'it is watched', async () => (await watched()).length === 1);
    assert.match((await watched())[0] ?? '', /4096 bytes at 0x/);
    await forgetAll();
    assert.deepEqual(complaints(map), []);
  });
});
