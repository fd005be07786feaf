/**
 * Each shipped example, stepped line by line with the map open: after every step what changed is in view, or an arrow says how many
 * changes lie where (inSight.ts). The same in VS Code itself: test/vscode/ui/examples.test.ts.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { ClockBody, MapBody } from '../../src/engine/view/map.js';
import type { FrameChangesBody } from '../../src/engine/view/frameChanges.js';
import { Changes } from '../../webview/views/physical/changes.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { inSight, viewOf } from './inSight.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const EXAMPLES = 'examples';
/** Lines of each example; all of them where long tests are wanted. */
const STEPS = process.env['MMSCOPE_ALL_TRACES'] === '1' ? 200 : 12;
const OVERVIEW = { firstPfn: 0, framesPerCell: 1 << 26, cells: 0 };

const examples = readdirSync(EXAMPLES, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.mms'))
  .sort();

let nrSessions = 0;

async function steppedThrough(
  map: MapPage,
  machine: AdapterMachine,
  select?: string,
): Promise<number> {
  const { zones } = (await machine.request('mmscope/map', OVERVIEW)) as MapBody;
  const clock = async (): Promise<number> =>
    ((await machine.request('mmscope/clock', undefined)) as ClockBody).now;
  const id = String(++nrSessions);
  await map.stoppedQuickly(id);
  if (select !== undefined) {
    await map.page.locator('.goto vscode-text-field input').fill(select);
    await map.page.keyboard.press('Enter');
    await map.page.locator('.details h2').waitFor();
    await map.settle();
  }
  let nrChanged = 0;
  for (let i = 0; i < STEPS; i++) {
    const from = await clock();
    if ((await machine.run('next')) === 'terminated') break;
    await map.stoppedQuickly(id);
    const body = (await machine.request('mmscope/frameChanges', { from })) as FrameChangesBody;
    const changes = new Changes(body.runs);
    if (changes.spans.length > 0) nrChanged++;
    await inSight(map.page, zones, changes);
  }
  return nrChanged;
}

describeInBrowser('stepping through an example with the map open', () => {
  let map: MapPage;
  let total = 0;
  /** One page sees all of them, as one window does. */
  let current: AdapterMachine | undefined;
  before(async () => {
    const machine = {
      request: (name: string, args: unknown) =>
        current?.request(name, args) ?? Promise.reject(new Error('no machine')),
    };
    map = await openMap(machine, { width: 620, height: 700 });
  });
  for (const name of examples)
    it(`shows what changed: ${name}`, async () => {
      current = await scenarioMachine(path.join(EXAMPLES, name));
      total += await steppedThrough(map, current);
    });

  it('shows what changed above the details of a selected frame', async () => {
    current = await scenarioMachine(path.join(EXAMPLES, 'split-a-block.mms'));
    assert.ok((await steppedThrough(map, current, '0x1960')) > 0);
    assert.ok((await viewOf(map.page)).covered > 50);
    await map.screenshot('step-selected');
  });

  it('of which most had something to show', () => {
    assert.ok(total > examples.length, `${total} steps`);
  });
});
