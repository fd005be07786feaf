/**
 * The window Memory over the real adapter: what a session's user does with it. Which blocks merged, where the map shows a split, travel
 * along the timeline, two times compared, everything taken out.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import type { ClockBody } from '../../src/engine/view/map.js';
import { contrast } from '../../webview/draw/color.js';
import { until } from './boards.js';
import { describeInBrowser, showScenario } from './inBrowser.js';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';
import { themeColors, THEMES } from './themes.js';

const SPLIT = path.join('examples', 'split-a-block.mms');

const clockOf = async (machine: AdapterMachine): Promise<number> =>
  ((await machine.request('mmscope/clock', undefined)) as ClockBody).now;

describeInBrowser('the window Memory', () => {
  async function opened(steps: number): Promise<{ map: MapPage; machine: AdapterMachine }> {
    const { machine, map } = await showScenario(SPLIT, { width: 900, height: 700 });
    for (let i = 0; i < steps; i++) {
      await machine.run('next');
      await map.stoppedQuickly();
    }
    return { map, machine };
  }

  const slider = (map: MapPage): Locator => map.page.getByRole('slider', { name: 'Time' });

  it('says whose machine it is', async () => {
    const { map } = await opened(0);
    assert.equal(await map.page.locator('.title').innerText(), 'i386, 1 GiB, recorded; test.mms');
    await map.page.close();
  });

  it('draws the ghost of a block that was split, once only', async () => {
    const { map } = await opened(1);
    const dashes = (): Promise<number> =>
      map.page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>('canvas.overlay');
        const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
        return (data ?? []).filter((value, index) => index % 4 === 3 && value > 60).length;
      });
    await map.settle();
    assert.ok((await dashes()) > 50);
    await map.stopped(); // A stop at which nothing happened.
    assert.equal(await dashes(), 0);
    await map.page.close();
  });

  it('has ticks of the changes and the window in view beside the map', async () => {
    const { map } = await opened(1);
    const window = map.page.locator('.minimap .window');
    const before = await window.boundingBox();
    const strip = await map.page.locator('.minimap').boundingBox();
    assert.ok(before !== null && strip !== null);
    await map.page.mouse.click(strip.x + 10, strip.y + strip.height - 8);
    await map.settle();
    const after = await window.boundingBox();
    assert.ok((after?.y ?? 0) > before.y + 50, `${before.y} -> ${after?.y}`);
    assert.match(await map.page.locator('.edge:visible').innerText(), /above/);
    await map.page.close();
  });

  it('travels along the timeline, by key and by pointer', async () => {
    const { map, machine } = await opened(4);
    await map.settle();
    const end = await clockOf(machine);
    await slider(map).focus();
    assert.match(
      (await slider(map).getAttribute('aria-valuetext')) ?? '',
      /^statement 4 of 4, line \d+, main$/,
    );
    await map.page.keyboard.press('ArrowLeft');
    await until(map, 'the machine goes back', async () => (await clockOf(machine)) < end);
    await map.stopped();
    const back = await clockOf(machine);
    assert.ok(back < end);
    assert.match((await slider(map).getAttribute('aria-valuetext')) ?? '', /^statement 3 of 4/);
    const box = await slider(map).boundingBox();
    assert.ok(box !== null);
    await map.page.mouse.move(box.x + 4, box.y + 20);
    await map.page.mouse.down();
    await map.page.mouse.move(box.x + box.width * 0.3, box.y + 20, { steps: 4 });
    await map.page.mouse.up();
    await until(map, 'it follows the pointer', async () => {
      const dragged = await clockOf(machine);
      return dragged > 0 && dragged < back;
    });
    await map.stopped();
    await map.page.keyboard.press('End');
    await until(map, 'it is at the end', async () => (await clockOf(machine)) === end);
    await map.stopped();
    // Two keys, the second before the first has arrived: two statements.
    await map.settle();
    await map.page.keyboard.press('ArrowLeft');
    await map.page.keyboard.press('ArrowLeft');
    await until(map, 'it goes two back', async () => (await clockOf(machine)) < back);
    await map.stopped();
    await map.settle();
    assert.match((await slider(map).getAttribute('aria-valuetext')) ?? '', /^statement 2 of 4/);
    await map.page.close();
  });

  it('says under the pointer what happened then', async () => {
    const { map } = await opened(2);
    await map.settle();
    const box = await slider(map).boundingBox();
    assert.ok(box !== null);
    const seen: string[] = [];
    for (let x = 2; x < box.width; x += 2) {
      await map.page.mouse.move(box.x + x, box.y + 30);
      seen.push(await map.page.locator('.timeline .tip').innerText());
    }
    assert.ok(
      seen.some((text) => text.includes('Block split')),
      seen[0],
    );
    assert.ok(seen.some((text) => /Normal: [\d,]+ free/.test(text)));
    await map.page.close();
  });

  it('compares two times on the map and in words', async () => {
    const { map, machine } = await opened(0);
    await map.settle();
    await map.page.locator('.timeline vscode-button', { hasText: 'Compare' }).click();
    for (let i = 0; i < 3; i++) {
      await machine.run('next');
      await map.stoppedQuickly();
    }
    await map.settle();
    const summary = map.page.locator('.differences summary');
    assert.match(await summary.innerText(), /^\d[\d,]* locations differ$/);
    await summary.click();
    const first = await map.page.locator('.differences tbody tr').first().innerText();
    assert.ok(first.split('\t').length === 3, first);
    await map.screenshot('compare');
    // Two statements later what the first one did is still marked: compared with A, not with the stop before.
    const text = await copied(map);
    assert.match(text, /Free \(order 5\) -> Compound head \(order 4\)/);
    await map.page.locator('.timeline vscode-button', { hasText: 'Stop comparing' }).click();
    await map.settle();
    assert.equal(await summary.isVisible(), false);
    await map.page.close();
  });

  const menu = async (map: MapPage, item: string): Promise<void> => {
    await map.page.getByRole('button', { name: 'Copy or save this view' }).click();
    await map.page.getByRole('menuitem', { name: item }).click();
  };
  const lastAct = async (map: MapPage) => {
    await until(map, 'it is saved', () => map.acts.length > 0);
    return map.acts.at(-1);
  };
  async function copied(map: MapPage): Promise<string> {
    map.acts.length = 0;
    await menu(map, 'Copy as text');
    const act = await lastAct(map);
    return act?.action === 'copy' ? act.text : '';
  }

  it('is taken out as text, as SVG and as PNG', async () => {
    const { map } = await opened(1);
    const text = await copied(map);
    assert.match(
      text,
      /^Physical memory: 262,112 frames, 1023\.\d MiB|^Physical memory: 262,112 frames/,
    );
    assert.match(text, /zone HighMem {2}pfn 0x373fe - 0x3ffe0/);
    map.acts.length = 0;
    await menu(map, 'Save as SVG');
    const svg = await lastAct(map);
    assert.ok(svg?.action === 'save' && svg.name === 'memory-physical.svg');
    assert.match(svg.data, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.match(svg.data, />Zone Normal/);
    const problem = await map.page.evaluate((data) => {
      const parsed = new DOMParser().parseFromString(data, 'image/svg+xml');
      return parsed.querySelector('parsererror')?.textContent ?? '';
    }, svg.data);
    assert.equal(problem, '');
    map.acts.length = 0;
    await menu(map, 'Save as PNG');
    const png = await lastAct(map);
    assert.ok(png?.action === 'save' && png.binary === true);
    assert.equal(Buffer.from(png.data, 'base64').subarray(1, 4).toString(), 'PNG');
    await map.page.close();
  });

  it('goes to a variable of the scenario, and says why it cannot', async () => {
    const { map } = await opened(1);
    const field = map.page.locator('.goto vscode-text-field input');
    await field.fill('block');
    await field.press('Enter');
    await map.page.locator('.details h2', { hasText: 'pfn 0x1960' }).waitFor();
    await map.page.locator('.details dd', { hasText: '0xc1960000' }).waitFor();
    await field.fill('blok');
    await field.press('Enter');
    await map.page.locator('.complaint', { hasText: 'blok' }).waitFor();
    await map.page.close();
  });

  it('does not move what need not move: reduced motion', async () => {
    const { map, machine } = await opened(0);
    await map.page.emulateMedia({ reducedMotion: 'reduce' });
    await machine.run('next');
    await map.stoppedQuickly();
    const shot = (): Promise<string> =>
      map.page.evaluate(
        () => document.querySelector<HTMLCanvasElement>('canvas.overlay')?.toDataURL() ?? '',
      );
    const first = await shot();
    // Longer than the animation would take.
    await map.page.waitForTimeout(250);
    assert.equal(await shot(), first);
    await map.page.close();
  });
});

describe('the outline of what changed', () => {
  for (const theme of THEMES)
    it(`stands out from every colour of the map: ${theme}`, () => {
      const { background } = themeColors(theme);
      // Outlines lie in the gaps between cells, on the background.
      const changed = themeColors(theme).changed;
      assert.ok(contrast(changed, background) >= 3);
    });
});
