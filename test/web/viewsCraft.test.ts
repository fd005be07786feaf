/**
 * The craft of the views of virtual memory, page walks, free lists and caches: every text can be read in every theme, axe-core finds
 * nothing, everything is reached with the keyboard and said to screen readers, each view can be taken out as text and as a picture.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { axeFindings, contrastsOf, noAxe } from './care.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';
import { THEMES, type Theme } from './themes.js';

const SCENARIO = path.join('test', 'web', 'scenarios', 'views.mms');
const VIEWS = ['Virtual', 'Page Walk', 'Free Areas', 'Caches'] as const;
/** Until it has drawn what it asked for. */
async function openView(map: MapPage, title: string): Promise<void> {
  await map.page.getByRole('tab', { name: title, exact: true }).click();
  await map.page.locator('.panel:not([hidden]) .board svg text').first().waitFor();
  await map.settle();
}

describeInBrowser('the views of memory are made with care', () => {
  let machine: AdapterMachine;
  before(async () => {
    machine = await scenarioMachine(SCENARIO);
    // To the end: a frame with several addresses, objects that are free, a request that was refused.
    while ((await machine.run('next')) === 'step') continue;
  });

  async function openAll(theme: Theme): Promise<MapPage> {
    const map = await openMap(machine, { theme, width: 1280 });
    await map.stopped();
    await map.page.locator('.goto vscode-text-field input').fill('page_to_pfn(page)');
    await map.page.keyboard.press('Enter');
    await map.settle();
    return map;
  }

  for (const theme of THEMES)
    it(`every text can be read: ${theme}`, async () => {
      const map = await openAll(theme);
      for (const view of VIEWS) {
        await openView(map, view);
        const { nrTexts, pale } = await contrastsOf(map);
        assert.ok(nrTexts > 12, `${view}: ${nrTexts} texts`);
        assert.deepEqual(pale, [], view);
        await map.screenshot(`${view.toLowerCase().replace(' ', '-')}-${theme}`);
      }
      await map.page.close();
    });

  if (noAxe !== undefined) it.skip(`axe-core finds nothing (${noAxe})`);
  else
    it('axe-core finds nothing', async () => {
      const map = await openAll('dark');
      for (const view of VIEWS) {
        await openView(map, view);
        assert.deepEqual(await axeFindings(map), [], view);
      }
      await map.page.close();
    });

  it('each board is walked through with the keyboard, and says where one is', async () => {
    const map = await openAll('dark');
    for (const view of VIEWS) {
      await openView(map, view);
      const boards = map.page.locator('.panel:not([hidden]) .board:visible');
      for (let i = 0; i < (await boards.count()); i++) {
        const board = boards.nth(i);
        assert.notEqual(await board.getAttribute('aria-label'), '');
        await board.focus();
        const active = async (): Promise<string> => {
          await map.settle();
          const id = await board.getAttribute('aria-activedescendant');
          return board.locator(`[id="${id ?? ''}"]`).innerText();
        };
        const seen = [await active()];
        for (const key of ['ArrowDown', 'ArrowDown', 'Control+End', 'PageUp', 'Control+Home']) {
          await map.page.keyboard.press(key);
          seen.push(await active());
        }
        assert.ok(
          seen.every((text) => text !== ''),
          view,
        );
        const [first, second, , last, , again] = seen;
        assert.equal(first, again, view);
        assert.notEqual(second, first, view);
        assert.notEqual(last, first, view);
      }
    }
    await map.page.close();
  });

  it('Enter does what a click does; Escape selects nothing', async () => {
    const map = await openAll('dark');
    await openView(map, 'Virtual');
    await map.page.locator('.ribbon').focus();
    await map.page.keyboard.press('Control+Home');
    await map.page.keyboard.press('Enter');
    await map.settle();
    assert.equal(await map.page.locator('.ribbon [aria-selected="true"]').count(), 1);
    assert.match(
      await map.page.locator('.ribbon [aria-selected="true"]').innerText(),
      /^user, 0x00000000/,
    );
    assert.ok(await map.page.locator('.board.aliases').isVisible());
    await map.page.keyboard.press('Escape');
    await map.settle();
    assert.ok(!(await map.page.locator('.board.aliases').isVisible()));
    await map.page.close();
  });

  it('each view can be taken out as text, and as a picture that is whole', async () => {
    const map = await openAll('dark');
    for (const view of VIEWS) {
      await openView(map, view);
      for (const item of ['Copy as text', 'Save as SVG…']) {
        await map.page.getByRole('button', { name: 'Copy or save this view' }).click();
        await map.page.getByRole('menuitem', { name: item }).click();
      }
      await map.settle();
      const acts = map.acts.splice(0);
      const copied = acts.find((act) => act.action === 'copy');
      const saved = acts.find((act) => act.action === 'save');
      assert.ok(copied?.action === 'copy' && copied.text.split('\n').length > 8, view);
      assert.ok(saved?.action === 'save');
      // Colours that any program reads.
      assert.doesNotMatch(saved.data, /rgba\(|NaN|undefined/, view);
      const drawn = await map.page.evaluate((svg) => {
        const { documentElement } = new DOMParser().parseFromString(svg, 'image/svg+xml');
        const hatches = [...documentElement.querySelectorAll('[fill^="url("]')].map(
          (node) => node.getAttribute('fill') ?? '',
        );
        return {
          root: documentElement.tagName,
          errors: documentElement.querySelectorAll('parsererror').length,
          texts: documentElement.querySelectorAll('text').length,
          lost: hatches.filter(
            (fill) => documentElement.querySelector(`[id="${fill.slice(5, -1)}"]`) === null,
          ),
        };
      }, saved.data);
      const onScreen = await map.page
        .locator('.panel:not([hidden]) .board:visible svg text')
        .count();
      assert.deepEqual(drawn, { root: 'svg', errors: 0, texts: onScreen, lost: [] }, view);
    }
    await map.page.close();
  });

  it('a narrow window gives the regions all of its height, until a frame is selected', async () => {
    const map = await openMap(machine, { width: 700, height: 700 });
    await map.stopped();
    await openView(map, 'Virtual');
    const height = async (selector: string): Promise<number> =>
      (await map.page.locator(selector).boundingBox())?.height ?? 0;
    assert.ok((await height('.ribbon')) > 0.95 * (await height('.columns')));
    await map.page.locator('.goto vscode-text-field input').fill('page_to_pfn(page)');
    await map.page.keyboard.press('Enter');
    await map.page.locator('.board.aliases svg text').first().waitFor();
    await map.settle();
    const [regions, aliases] = [await height('.ribbon'), await height('.board.aliases')];
    assert.ok(aliases > 100 && regions > aliases, `${regions}, ${aliases}`);
    await map.page.close();
  });

  it('without motion nothing moves', async () => {
    const map = await openMap(machine);
    await map.page.emulateMedia({ reducedMotion: 'reduce' });
    await map.stopped();
    await map.page.getByRole('tab', { name: 'Page Walk' }).click();
    await map.page
      .getByRole('textbox', { name: 'Address or expression to walk' })
      .fill('&vm_zone_stat');
    await map.page.keyboard.press('Enter');
    await map.page.locator('[data-entry]').first().waitFor();
    assert.equal(await map.page.evaluate(() => document.getAnimations().length), 0);
    await map.page.close();
  });
});
