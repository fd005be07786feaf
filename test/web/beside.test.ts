/** Two views that are seen together: what is lit in both is joined by lines, the map keeps its room, a reload brings both back. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { AliasesBody } from '../../src/engine/view/atlas/virtual.js';
import { ask, complaints, stepTo } from './boards.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const SCENARIO = path.join('test', 'web', 'scenarios', 'views.mms');
const AXE = process.env['AXE_CORE'] ?? path.join('node_modules', 'axe-core', 'axe.min.js');

interface Line {
  readonly from: string;
  readonly to: string;
  readonly start: { readonly x: number; readonly y: number };
  readonly end: { readonly x: number; readonly y: number };
  readonly isWhole: boolean;
}

/** Runs in the page: the lines between the two views, their ends on the page. */
function drawnLines(): Line[] {
  const svg = document.querySelector('.links');
  const { left, top } = svg?.getBoundingClientRect() ?? { left: 0, top: 0 };
  return [...(svg?.querySelectorAll('path') ?? [])].map((path) => {
    const [x1 = 0, y1 = 0, , , , , x2 = 0, y2 = 0] = (path.getAttribute('d') ?? '')
      .split(/[MC ]/)
      .filter((text) => text !== '')
      .map(Number);
    return {
      from: path.dataset['from'] ?? '',
      to: path.dataset['to'] ?? '',
      start: { x: left + x1, y: top + y1 },
      end: { x: left + x2, y: top + y2 },
      isWhole: !path.hasAttribute('stroke-dasharray'),
    };
  });
}

describeInBrowser('two views seen together', () => {
  let machine: AdapterMachine;
  let pfn: number;
  let aliases: AliasesBody['aliases'];
  before(async () => {
    machine = await scenarioMachine(SCENARIO);
    await stepTo(machine, SCENARIO, 'char *object');
    const { result } = await ask<{ result: string }>(machine, 'evaluate', {
      expression: 'page_to_pfn(page)',
      context: 'watch',
    });
    pfn = Number(result);
    ({ aliases } = await ask<AliasesBody>(machine, 'mmscope/aliases', { pfn }));
  });

  const goTo = async (map: MapPage, text: string): Promise<void> => {
    await map.page.locator('.goto vscode-text-field input').fill(text);
    await map.page.keyboard.press('Enter');
    await map.settle();
  };
  const beside = async (map: MapPage, name: string): Promise<void> => {
    await map.page.getByRole('button', { name: 'Show another view beside this one' }).click();
    await map.page.getByRole('menuitemradio', { name }).click();
    await map.settle();
  };
  const box = async (map: MapPage, selector: string) =>
    (await map.page.locator(selector).first().boundingBox()) ?? assert.fail(selector);

  it('lines lead from every address of a frame to the frame, wherever both are scrolled', async () => {
    const map = await openMap(machine, { width: 1300, height: 800 });
    await map.stopped();
    await map.page.getByRole('tab', { name: 'Virtual' }).click();
    await beside(map, 'Physical beside');
    await goTo(map, `pfn 0x${pfn.toString(16)}`);
    const lines = await map.page.evaluate(drawnLines);
    assert.deepEqual(
      lines.map(({ from }) => from).sort(),
      aliases.map(({ address }) => address).sort(),
    );
    const [virtual, physical] = [
      await box(map, '.view-virtual'),
      await box(map, '.view-physical .viewport'),
    ];
    assert.ok(virtual.x + virtual.width <= physical.x);
    const frame = lines[0]?.end ?? assert.fail('no line');
    for (const { to, start, end } of lines) {
      assert.equal(to, `0x${pfn.toString(16)}`);
      assert.ok(start.x >= virtual.x && start.x <= virtual.x + virtual.width);
      assert.ok(end.x >= physical.x && end.x <= physical.x + physical.width);
      assert.ok(Math.hypot(end.x - frame.x, end.y - frame.y) < 1);
    }
    // The frame's cell is where the lines end: a click there selects it again.
    await map.page.keyboard.press('Escape');
    await map.page.mouse.click(frame.x, frame.y);
    await map.settle();
    await map.page
      .locator('.details h2')
      .getByText(`0x${pfn.toString(16)}`)
      .waitFor();
    // The details lie over the map: the frame is not under them.
    const details = await box(map, '.details');
    for (const { end } of await map.page.evaluate(drawnLines)) assert.ok(end.y < details.y);
    await map.screenshot('beside-virtual-physical');
    // Scrolled away, the lines lead to the edge, and say so.
    await map.page.locator('.view-physical .viewport').evaluate((view) => (view.scrollTop = 0));
    await map.settle();
    const away = await map.page.evaluate(drawnLines);
    assert.ok(away.length === aliases.length && away.every(({ isWhole }) => !isWhole));
    for (const { end } of away)
      assert.ok(end.y >= physical.y && end.y <= physical.y + physical.height);
    assert.deepEqual(complaints(map), []);
    await map.page.close();
  });

  it('an address that is pressed is lit in both; a tab changes the first one, its own view changes places', async () => {
    const kept = { view: 'virtual', beside: 'walk' };
    const map = await openMap(machine, { width: 1300, height: 800, kept });
    await map.stopped();
    await goTo(map, aliases[0]?.address ?? '');
    assert.ok(await map.page.locator('.view-walk [data-walk]').isVisible());
    assert.ok(await map.page.locator('.view-virtual .ribbon').isVisible());
    assert.equal((await map.page.evaluate(drawnLines)).length, aliases.length);
    await map.page.getByRole('tab', { name: 'Page Walk' }).click();
    await map.settle();
    const [walk, virtual] = [await box(map, '.view-walk'), await box(map, '.view-virtual')];
    assert.ok(walk.x + walk.width <= virtual.x);
    await map.page.getByRole('button', { name: 'Close Virtual' }).click();
    await map.settle();
    assert.ok(!(await map.page.locator('.view-virtual').isVisible()));
    assert.equal((await map.page.evaluate(drawnLines)).length, 0);
    assert.deepEqual(
      await map.page.evaluate(() => {
        const { kept: state } = window as unknown as { kept: { view: string; beside?: string } };
        return [state.view, state.beside ?? 'none'];
      }),
      ['walk', 'none'],
    );
    await map.page.close();
  });

  it('a reload brings both back, as large as they were', async () => {
    const first = await openMap(machine, { width: 1300, height: 800 });
    await first.stopped();
    await beside(first, 'Virtual beside');
    await first.page.locator('.divider').focus();
    for (let i = 0; i < 3; i++) await first.page.keyboard.press('ArrowRight');
    await first.settle();
    const before = await box(first, '.view-physical');
    const kept = await first.page.evaluate(() => (window as unknown as { kept: unknown }).kept);
    await first.page.close();
    const second = await openMap(machine, { width: 1300, height: 800, kept });
    await second.stopped();
    const after = await box(second, '.view-physical');
    assert.ok(Math.abs(before.width - after.width) < 2 && after.width > 0.62 * 1300);
    assert.ok(await second.page.locator('.view-virtual .ribbon').isVisible());
    // Dragged by its middle, the divider follows.
    const grip = await box(second, '.divider');
    await second.page.mouse.move(grip.x + 2, grip.y + 200);
    await second.page.mouse.down();
    await second.page.mouse.move(500, grip.y + 200, { steps: 3 });
    await second.page.mouse.up();
    await second.settle();
    assert.ok(Math.abs((await box(second, '.view-physical')).width - 500) < 6);
    await second.page.close();
  });

  it('a link takes one there, also before the machine has stopped, and says why it cannot', async () => {
    const map = await openMap(machine, { width: 1300, height: 800 });
    const reveal = async (place: string): Promise<void> => {
      await map.say({ type: 'reveal', place });
      await map.settle();
    };
    await reveal(`pfn 0x${pfn.toString(16)}`);
    await map.stopped();
    await map.page
      .locator('.details h2')
      .getByText(`0x${pfn.toString(16)}`)
      .waitFor();
    // Nothing is mapped there: the address space shows it.
    await reveal('0x10000000');
    await map.page.getByRole('tab', { name: 'Virtual', selected: true }).waitFor();
    await reveal('0xzz');
    assert.notEqual(await map.page.locator('.complaint').innerText(), '');
    // By its number, while another session's machine is being asked for.
    await map.page.evaluate((place) => {
      const session = { id: 'other', name: 'o', subject: 'o', stopped: true, epoch: 99, stop: 1 };
      window.postMessage({ type: 'session', session }, '*');
      window.postMessage({ type: 'reveal', place }, '*');
    }, pfn);
    await map.settle();
    assert.ok(await map.page.locator('.details h2').isVisible());
    assert.match(await map.page.locator('.details h2').innerText(), new RegExp(pfn.toString(16)));
    await map.page.close();
  });

  it('in a narrow window one stands above the other, and the map has most of the height', async () => {
    const kept = { view: 'virtual', beside: 'physical' };
    const map = await openMap(machine, { width: 700, height: 800, kept });
    await map.stopped();
    const [panels, virtual, physical] = [
      await box(map, '.panels'),
      await box(map, '.panel:has(.view-virtual)'),
      await box(map, '.panel:has(.view-physical)'),
    ];
    assert.ok(virtual.y + virtual.height <= physical.y);
    assert.ok(physical.height >= 0.6 * panels.height, `${physical.height} of ${panels.height}`);
    assert.ok(virtual.height > 150);
    await map.screenshot('beside-stacked');
    await map.page.close();
  });

  if (!existsSync(AXE)) it.skip('axe-core finds nothing (axe-core is not installed: npm install)');
  else
    it('axe-core finds nothing', async () => {
      const kept = { view: 'virtual', beside: 'physical' };
      const map = await openMap(machine, { width: 1300, kept });
      await map.stopped();
      await map.page.evaluate(readFileSync(AXE, 'utf8'));
      const found = await map.page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const { violations } = await axe.run();
        return violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`,
        );
      });
      assert.deepEqual(found, []);
      await map.page.close();
    });
});
