/**
 * One debug session as a user has it, in the browser, with a screenshot of each step in build/screenshots: from opening
 * a shipped example to a data breakpoint on a page flag. Later steps need the earlier ones: after a failure they are not
 * tried.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Workbench } from './workbench.js';

const { MMSCOPE_UI_URL: url, MMSCOPE_UI_SKIP: skipReason } = process.env;
const workspace = process.env['MMSCOPE_UI_WORKSPACE'] ?? '';
const shots = process.env['MMSCOPE_UI_SHOTS'] ?? 'build/screenshots';
const EXAMPLE = 'split-a-block.mms';

describe('a session in VS Code', function () {
  this.timeout(120_000);
  let bench: Workbench;
  let broken = false;

  /** A step of the story. */
  const step = (title: string, body: () => Promise<void>): void => {
    it(title, async () => {
      if (broken) assert.fail('an earlier step failed');
      broken = true;
      try {
        await body();
        broken = false;
      } finally {
        await bench.screenshot(title);
      }
    });
  };

  if (url === undefined) {
    it.skip(
      `steps through a shipped example (${skipReason ?? 'started without a server: use npm test'})`,
    );
    return;
  }
  before(async () => {
    writeFileSync(path.join(workspace, 'failure.mms'), FAILURE);
    bench = await Workbench.open(url, process.env['CHROMIUM'] ?? '/usr/bin/chromium', shots);
  });
  after(async () => {
    await bench.close();
  });

  step('opens a shipped example', () => bench.openFile(EXAMPLE));

  step('sets a breakpoint by a click into the gutter', () =>
    bench.toggleBreakpoint(lineOf(EXAMPLE, 'alloc_pages(')),
  );

  step('starts with F5 and no launch.json', async () => {
    await bench.press('F5');
    await bench.toolbar.waitFor();
    await bench.stoppedIn(EXAMPLE);
  });

  step('opens the map of physical memory beside it', async () => {
    const map = await bench.webview('.legend');
    await map.locator('.legend .entry:visible', { hasText: 'Free' }).first().waitFor();
  });

  step('runs to the breakpoint', async () => {
    await bench.tool('Continue');
    await bench.stoppedAt(`${lineOf(EXAMPLE, 'alloc_pages(')}:`);
  });

  step('steps into alloc_pages', async () => {
    await bench.tool('Step Into');
    await bench.stoppedAt('__alloc_pages');
  });

  step('steps down to expand', async () => {
    for (let steps = 0; steps < 200; steps++) {
      if ((await bench.frameNames())[0]?.startsWith('expand') === true) return;
      await bench.stepTo('Step Into');
    }
    assert.fail('200 steps did not come to expand()');
  });

  step('steps back out to the scenario', async () => {
    for (let outs = 0; outs < 20 && (await bench.frameNames()).length > 1; outs++)
      await bench.stepTo('Step Out');
    assert.equal((await bench.frameNames()).length, 1);
  });
});

/** 1-based. */
function lineOf(example: string, text: string): number {
  const lines = readFileSync(path.join(workspace, example), 'utf8').split('\n');
  const index = lines.findIndex(
    (line) => line.includes(text) && !line.trimStart().startsWith('//'),
  );
  assert.ok(index >= 0, `${example} has ${text}`);
  return index + 1;
}

/** Runs out of memory. */
const FAILURE = `#pragma mmscope machine arch=x86_64 ram=16M slab=slub seed=1
struct page *page;
do
  page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 4);
while (page);
`;
