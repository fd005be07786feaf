/**
 * The craft of the window Memory: room for the map, contrast of every text in every theme, names of controls, what axe-core finds; what
 * survives the end of a session and a reload.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { until } from './boards.js';
import { axeFindings, contrastsOf, noAxe } from './care.js';
import { describeInBrowser, openMap, showScenario } from './inBrowser.js';
import { recordedMachine, smallMachine } from './machines.js';
import { THEMES } from './themes.js';

const RECORDED = 'examples/data/i386-highmem4g-slub-1G.trace.gz';
const SCENARIO = path.join('examples', 'split-a-block.mms');
describeInBrowser('the window Memory is made with care', () => {
  for (const [width, height] of [
    [620, 700],
    [700, 700],
    [1200, 700],
  ] as const)
    it(`leaves the map its room: ${width} x ${height}`, async () => {
      const { machine, map } = await showScenario(SCENARIO, { width, height });
      const heights: number[] = [];
      for (let i = 0; i < 3; i++) {
        const stage = await map.page.locator('.viewport').boundingBox();
        heights.push(stage?.height ?? 0);
        await machine.run('next');
        await map.stoppedQuickly();
      }
      await map.page.locator('.verdict summary').click();
      await map.page.evaluate(() => undefined);
      heights.push((await map.page.locator('.viewport').boundingBox())?.height ?? 0);
      assert.ok((heights[0] ?? 0) >= 0.6 * height, `${heights.join()} of ${height}`);
      assert.deepEqual(new Set(heights).size, 1, `the map jumps: ${heights.join()}`);
      await map.page.close();
    });

  it('leaves the map the most of a low window, details open, after the session', async () => {
    const { map } = await showScenario(SCENARIO, { width: 462, height: 470 });
    await map.page.locator('.goto vscode-text-field input').fill('0x1960');
    await map.page.keyboard.press('Enter');
    await map.page.locator('.details h2').waitFor();
    await map.tell(undefined);
    await map.page.locator('.ended .note').waitFor();
    await map.settle();
    await map.screenshot('low');
    const boxOf = async (what: string): Promise<{ y: number; height: number }> =>
      (await map.page.locator(what).boundingBox()) ?? { y: 0, height: 0 };
    const [stage, details] = [await boxOf('.viewport'), await boxOf('.details')];
    const free = details.y - stage.y;
    for (const part of ['.titlebar', '.toolbar', '.note', '.verdict', '.details', '.timeline'])
      assert.ok((await boxOf(part)).height < free, part);
    assert.ok(free >= 100, `${free}`);
    await map.page.close();
  });

  for (const theme of THEMES)
    it(`has texts that can be read: ${theme}`, async () => {
      const machine = await recordedMachine(RECORDED, 'alloc_pages(GFP_KERNEL, 4)');
      const map = await openMap(machine, { theme });
      await map.stopped();
      await map.page.locator('.goto vscode-text-field input').fill('0x1960');
      await map.page.keyboard.press('Enter');
      await map.page.locator('.details h2').waitFor();
      await map.settle();
      const { nrTexts, pale } = await contrastsOf(map);
      assert.ok(nrTexts > 30, `${nrTexts} texts`);
      assert.deepEqual(pale, []);
      await map.screenshot(`details-${theme}`);
      await map.page.close();
    });

  for (const theme of ['dark', 'highContrastLight'] as const) {
    if (noAxe !== undefined) {
      it.skip(`gives axe-core nothing to find: ${theme} (${noAxe})`);
      continue;
    }
    it(`gives axe-core nothing to find: ${theme}`, async () => {
      const machine = await recordedMachine(RECORDED, 'alloc_pages(GFP_KERNEL, 4)');
      const map = await openMap(machine, { theme });
      await map.stopped();
      await map.page.locator('.goto vscode-text-field input').fill('0x1960');
      await map.page.keyboard.press('Enter');
      await map.page.locator('.details h2').waitFor();
      await map.settle();
      assert.deepEqual(await axeFindings(map), []);
      await map.page.close();
    });
  }

  it('names every control', async () => {
    const map = await openMap(smallMachine().machine);
    await map.stopped();
    const nameless = await map.page.evaluate(() =>
      [
        ...document.querySelectorAll(
          'button, vscode-button, vscode-dropdown, vscode-text-field, vscode-checkbox, [role=slider], [role=grid], [role=tab]',
        ),
      ]
        .filter(
          (control) => (control.getAttribute('aria-label') ?? control.textContent).trim() === '',
        )
        .map((control) => control.outerHTML),
    );
    // Arrows at the edges have their words when they are shown.
    assert.deepEqual(
      nameless.filter((html) => !html.includes('class="edge')),
      [],
    );
    await map.page.close();
  });

  it('keeps its last state when the session ends, and offers to start it again', async () => {
    const map = await openMap(smallMachine().machine);
    await map.stopped();
    await map.tell(undefined);
    await map.page.locator('.note vscode-button', { hasText: 'Start again' }).click();
    await until(map, 'it is asked for', () => map.acts.length > 0);
    assert.deepEqual(map.acts, [{ action: 'startAgain' }]);
    await map.page.close();
  });

  it('tells two sessions of one scenario apart', async () => {
    const map = await openMap(smallMachine().machine);
    const session = { subject: 'test.mms', stopped: true, epoch: 1, stop: 1, isOneOfMany: true };
    await map.tell({ id: 'a', name: 'Debug test.mms', ...session });
    await map.page.locator('.title', { hasText: 'test.mms (Debug test.mms)' }).waitFor();
    await map.tell({ id: 'b', name: 'Debug test.mms 2', ...session });
    await map.page.locator('.title', { hasText: 'test.mms (Debug test.mms 2)' }).waitFor();
    await map.page.close();
  });

  it('is after a reload as it was', async () => {
    const kept = {
      view: 'physical',
      views: { physical: { zoom: 2, arrangement: 'rows', colouring: 'zone' } },
    };
    const map = await openMap(smallMachine().machine, { kept });
    await map.stopped();
    assert.match(await map.page.locator('.scale').innerText(), /1 : 1, 16 px/);
    assert.match(await map.page.locator('.legend').innerText(), /Zone of the frame/);
    await map.page.close();
  });
});
