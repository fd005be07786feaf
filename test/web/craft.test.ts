/**
 * The craft of the window Memory: room for the map, contrast of every text in every theme, names of controls, what axe-core finds; what
 * survives the end of a session and a reload.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { contrast, type Rgb } from '../../webview/draw/color.js';
import { until } from './boards.js';
import { describeInBrowser, openMap, showScenario } from './inBrowser.js';
import { recordedMachine, smallMachine } from './machines.js';
import { THEMES } from './themes.js';

const RECORDED = 'examples/data/i386-highmem4g-slub-1G.trace.gz';
const SCENARIO = path.join('examples', 'split-a-block.mms');
const AXE = process.env['AXE_CORE'] ?? path.join('node_modules', 'axe-core', 'axe.min.js');
const LARGE_PX = 24;
const LARGE_BOLD_PX = 18.66;

/** A text of the page, and what it stands on. */
interface SeenText {
  readonly text: string;
  readonly color: readonly number[];
  readonly ground: readonly number[];
  readonly isLarge: boolean;
}

/** Runs in the page: every text that is seen, with the colour behind it as its ancestors make it. */
function seenTexts([large, largeBold]: readonly number[]): SeenText[] {
  const parse = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const groundOf = (start: Element | null): number[] => {
    for (let at = start; at !== null; at = at.parentElement) {
      const [r = 0, g = 0, b = 0, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0.9) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found: SeenText[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.textContent?.trim() ?? '';
    const { parentElement } = node;
    if (text === '' || parentElement === null || !parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { width } = range.getBoundingClientRect();
    if (width < 2 || parentElement.closest('.mirror, script, style') !== null) continue;
    const style = getComputedStyle(parentElement);
    const px = parseFloat(style.fontSize);
    found.push({
      text,
      color: parse(style.color),
      ground: groundOf(parentElement),
      isLarge: px >= (large ?? 0) || (px >= (largeBold ?? 0) && Number(style.fontWeight) >= 600),
    });
  }
  return found;
}

const rgb = ([r = 0, g = 0, b = 0]: readonly number[]): Rgb => ({ r, g, b });

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

  for (const theme of THEMES)
    it(`has texts that can be read: ${theme}`, async () => {
      const machine = await recordedMachine(RECORDED, 'alloc_pages(GFP_KERNEL, 4)');
      const map = await openMap(machine, { theme });
      await map.stopped();
      await map.page.locator('.goto vscode-text-field input').fill('0x1960');
      await map.page.keyboard.press('Enter');
      await map.page.locator('.details h2').waitFor();
      await map.settle();
      const texts = await map.page.evaluate(seenTexts, [LARGE_PX, LARGE_BOLD_PX]);
      assert.ok(texts.length > 30, `${texts.length} texts`);
      const pale = texts.filter(
        ({ color, ground, isLarge }) => contrast(rgb(color), rgb(ground)) < (isLarge ? 3 : 4.5),
      );
      assert.deepEqual(
        pale.map(
          ({ text, color, ground }) => `${text}: ${contrast(rgb(color), rgb(ground)).toFixed(2)}`,
        ),
        [],
      );
      await map.screenshot(`details-${theme}`);
      await map.page.close();
    });

  const noAxe = existsSync(AXE) ? undefined : 'axe-core is not installed: npm install';
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
      await map.page.evaluate(readFileSync(AXE, 'utf8'));
      const found = await map.page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: {
            run(): Promise<{
              violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
            }>;
          };
        };
        const { violations } = await axe.run();
        return violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`,
        );
      });
      assert.deepEqual(found, []);
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
