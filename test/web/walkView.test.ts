/**
 * The view of page walks as it is drawn: what stands on the screen is what the adapter said, and where it stands says the same. Real
 * machines behind real answers; screenshots for the eye in build/screenshots.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { ChangeBreakpointsBody } from '../../src/engine/view/changeBreakpoints.js';
import type { WalkBody } from '../../src/engine/view/atlas/pageWalk.js';
import type { VirtualBody } from '../../src/engine/view/atlas/virtual.js';
import { css, parseColor } from '../../webview/draw/color.js';
import { ask, complaints, marked, openView, press, stepTo, walkTo } from './boards.js';
import { describeInBrowser, showScenario } from './inBrowser.js';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';
import { themeColors } from './themes.js';

const WALK = path.join('examples', 'walk-an-address.mms');
const FORK = path.join('examples', 'fork-and-cow.mms');
const BLACK = { r: 0, g: 0, b: 0 };
const fail = (): never => assert.fail('nothing is lit');

describeInBrowser('the view of page walks', () => {
  let machine: AdapterMachine;
  let map: MapPage;
  before(async () => {
    ({ machine, map } = await showScenario(WALK, { view: 'Page Walk' }));
  });
  after(() => map.page.close());

  it('each entry that is lit is the walk’s, at its place in its table', async () => {
    await walkTo(map, '&vm_zone_stat');
    const body = await ask<WalkBody>(machine, 'mmscope/walk', { expression: '&vm_zone_stat' });
    assert.equal(body.steps.length, 4);
    const entries = await marked(map, 'entry');
    assert.deepEqual(
      entries.map(({ data }) => [data['entry'], Number(data['index']), data['at'], data['value']]),
      body.steps.map(({ level, index, at, value }) => [level, index, at, value]),
    );
    // All tables begin and end at the same heights: an entry's height is its index.
    const shares = entries.map(({ y, height }) => y + height / 2);
    const [first, second] = body.steps.map(({ index, nrEntries }) => (index + 0.5) / nrEntries);
    const px = ((shares[1] ?? 0) - (shares[0] ?? 0)) / ((second ?? 0) - (first ?? 0));
    body.steps.forEach(({ index, nrEntries }, i) => {
      const expected = (shares[0] ?? 0) + px * ((index + 0.5) / nrEntries - (first ?? 0));
      assert.ok(
        Math.abs((shares[i] ?? 0) - expected) < 1.5,
        `${i}: ${shares[i] ?? 0}, ${expected}`,
      );
    });
    const xs = entries.map(({ x }) => x);
    assert.deepEqual(
      xs,
      xs.toSorted((a, b) => a - b),
    );
    const [page] = await marked(map, 'page');
    assert.equal(page?.data['page'], body.page?.phys);
    assert.equal(
      (await marked(map, 'arrow')).filter(({ data }) => data['arrow'] === 'whole').length,
      4,
    );
    await map.screenshot('walk-4-level');
  });

  it('fields are as wide as they have bits, and say the address', async () => {
    const fields = await marked(map, 'field');
    assert.deepEqual(
      fields.map(({ data }) => data['field']),
      ['unused', 'PGD', 'PUD', 'PMD', 'PTE', 'offset'],
    );
    const [unused, pgd, , , , offset] = fields;
    assert.ok(unused && pgd && offset);
    assert.ok(Math.abs(unused.width / 16 - pgd.width / 9) < 0.5);
    assert.ok(Math.abs(offset.width / 12 - pgd.width / 9) < 0.5);
  });

  it('every bit is a switch: a click sets it, with Alt it is watched', async () => {
    const body = await ask<WalkBody>(machine, 'mmscope/walk', { expression: '&vm_zone_stat' });
    const drawn = await marked(map, 'bit');
    assert.deepEqual(
      new Set(drawn.map(({ data }) => `${data['bit'] ?? ''}=${data['set'] ?? ''}`)),
      new Set(
        body.steps.flatMap(({ level, bits }) =>
          bits.map(({ name, set }) => `${level}/${name}=${set ? 1 : 0}`),
        ),
      ),
    );
    const pte = body.steps.at(-1);
    const bit = pte?.bits.find(({ name }) => name === 'G');
    await press(map, '[data-bit="PTE/G"]');
    await press(map, '[data-bit="PTE/G"]', 'Alt');
    await map.settle();
    assert.deepEqual(map.acts.splice(0), [
      { action: 'set', expression: bit?.expression, value: bit?.set === true ? '0' : '1' },
    ]);
    // VS Code takes no data breakpoint from an extension: the adapter keeps it, the window shows it and takes it away.
    const { breakpoints } = await ask<ChangeBreakpointsBody>(machine, 'mmscope/changeBreakpoints');
    assert.equal(breakpoints.length, 1);
    const line = map.page.locator('.watching li');
    assert.ok((await line.innerText()).startsWith(breakpoints[0]?.label ?? '-'));
    await map.page.locator('.watching vscode-button').click();
    await map.settle();
    assert.ok(!(await map.page.locator('.watching').isVisible()));
    assert.deepEqual(await ask(machine, 'mmscope/changeBreakpoints'), { breakpoints: [] });
  });

  it('a walk that breaks says where and why', async () => {
    const body = await ask<WalkBody>(machine, 'mmscope/walk', {
      expression: '0xffffc90000000000',
    });
    await walkTo(map, '0xffffc90000000000');
    const [fault] = await marked(map, 'fault');
    assert.equal(fault?.data['fault'], 'page fault');
    assert.equal(fault.data['level'], body.fault?.level);
    assert.equal((await marked(map, 'page')).length, 0);
    assert.deepEqual((await marked(map, 'arrow')).at(-1)?.data['arrow'], 'broken');
    await walkTo(map, 'nonsense');
    assert.match(await map.page.locator('.view-walk .note').innerText(), /nonsense/);
    assert.deepEqual(complaints(map), []);
  });

  it('follows the machine: an entry that was cleared breaks the walk, the TLB that kept it is stale', async () => {
    await stepTo(machine, WALK, 'invlpg(va);');
    await map.stopped();
    const { tlb } = await ask<VirtualBody>(machine, 'mmscope/virtual', {});
    const stale = tlb.filter((entry) => entry.stale !== undefined);
    await walkTo(map, stale[0]?.first ?? '');
    assert.equal((await marked(map, 'fault')).length, 1);
    assert.match((await marked(map, 'tlb'))[0]?.text ?? '', /stale/);
    await openView(map, 'Virtual');
    const dots = await marked(map, 'tlb');
    const red = dots.filter(({ data }) => data['stale'] === '1').map(({ data }) => data['tlb']);
    assert.deepEqual(new Set(red), new Set(stale.map(({ first }) => first)));
    assert.ok(red.length > 0);
    await map.screenshot('virtual-stale');
    // Red and hollow: told by shape as well as by colour. The others are filled.
    const { looks, error } = await map.page.evaluate(() => ({
      looks: [...document.querySelectorAll('.view-virtual circle[data-tlb]')].map((dot) => ({
        stale: dot.getAttribute('data-stale') === '1',
        stroke: dot.getAttribute('stroke') ?? '',
        fill: dot.getAttribute('fill') ?? '',
      })),
      error: getComputedStyle(document.body).getPropertyValue('--vscode-errorForeground'),
    }));
    const ground = css(themeColors('dark').background);
    for (const { stale: isStale, stroke, fill } of looks) {
      assert.equal(stroke === css(parseColor(error, BLACK)), isStale);
      assert.equal(fill === 'none' || fill === ground, isStale);
    }
    // The processor forgets it: no dot is red any more.
    await stepTo(machine, WALK, 'invlpg(va);');
    await machine.run('next');
    await map.stopped();
    assert.deepEqual(
      (await marked(map, 'tlb')).filter(({ data }) => data['stale'] === '1'),
      [],
    );
  });
});

describeInBrowser('a walk that a step makes, and one that is pointed at', () => {
  /** Counts in the page the arrows that are set in motion. */
  const countRuns = (map: MapPage): Promise<void> =>
    map.page.evaluate(() => {
      const scope = window as unknown as { arrowsRun: number };
      scope.arrowsRun = 0;
      const prototype = Element.prototype as {
        animate: (this: Element, ...args: unknown[]) => Animation;
      };
      const { animate } = prototype;
      prototype.animate = function (...args) {
        if (this.getAttribute('data-arrow') !== null) scope.arrowsRun++;
        return animate.apply(this, args);
      };
    });
  const arrowsRun = (map: MapPage): Promise<number> =>
    map.page.evaluate(() => {
      const scope = window as unknown as { arrowsRun: number };
      const { arrowsRun: count } = scope;
      scope.arrowsRun = 0;
      return count;
    });

  it('a step that faults shows its walk, arrow by arrow, whatever was walked before; the next one the old again', async () => {
    const { machine, map } = await showScenario(FORK, { line: "buf[0] = 'p'", view: 'Page Walk' });
    await walkTo(map, '&vm_zone_stat');
    const [selected] = await marked(map, 'walk');
    await countRuns(map);
    await machine.run('next');
    await map.stopped();
    const { cr2 } = await ask<WalkBody>(machine, 'mmscope/walk', {});
    assert.ok(cr2 !== undefined);
    assert.equal((await marked(map, 'walk'))[0]?.data['walk'], cr2);
    const whole = (await marked(map, 'arrow')).filter(({ data }) => data['arrow'] === 'whole');
    assert.equal(await arrowsRun(map), whole.length);
    assert.ok(whole.length > 0);
    await stepTo(machine, FORK, 'buf[2 * PAGE_SIZE]');
    await map.stopped();
    await machine.run('stepBack');
    await map.stopped();
    // A stop without a fault of its own, and without motion.
    await map.page.emulateMedia({ reducedMotion: 'reduce' });
    await arrowsRun(map);
    await machine.run('stepBack');
    await map.stopped();
    await map.stopped();
    assert.equal((await marked(map, 'walk'))[0]?.data['walk'], selected?.data['walk']);
    assert.equal(await arrowsRun(map), 0);
    await map.page.close();
  });

  it('the page under the pointer is walked in the view beside, until the pointer leaves', async () => {
    const kept = { view: 'virtual', beside: 'walk' };
    const { map } = await showScenario(WALK, { line: 'invlpg(va);', width: 1500, kept });
    await map.page.locator('.goto vscode-text-field input').fill('&vm_zone_stat');
    await map.page.keyboard.press('Enter');
    await map.settle();
    const walked = async (): Promise<string> =>
      (await map.page.locator('.view-walk [data-walk]').first().getAttribute('data-walk')) ?? '';
    const selected = await walked();
    const lit =
      (await map.page.locator('.view-virtual [data-lit]').first().boundingBox()) ?? fail();
    // Some cells further.
    await map.page.mouse.move(lit.x + 3 * lit.width, lit.y + lit.height / 2);
    await map.settle();
    const other = await walked();
    assert.notEqual(other, selected);
    assert.equal(BigInt(other) % 4096n, 0n);
    await map.page.mouse.move(5, 5);
    await map.settle();
    assert.equal(await walked(), selected);
    await map.page.close();
  });
});
