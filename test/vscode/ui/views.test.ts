/**
 * The views of a stopped session: the tree "Machine", View Binary Data, numbers in hexadecimal, a page revealed from the variables
 * view, and what the status bar says. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { lineOf, tell } from './story.js';

const EXAMPLE = 'first-steps.mms';

tell('the views of a session in VS Code', { shots: 'views' }, (step) => {
  step('opens the example and starts', async (bench) => {
    await bench.editor.open(EXAMPLE);
    await bench.session.start(lineOf(EXAMPLE, 'alloc_page(GFP_KERNEL)'));
    for (let steps = 0; steps < 3; steps++) await bench.session.step('Step Over');
  });

  step('shows the zones and tasks of the machine as a tree', async (bench) => {
    await bench.quick.command('Run and Debug: Focus on Machine View');
    const rows = bench.page.locator('.customview-tree .monaco-list-row');
    await rows.filter({ hasText: 'zone Normal' }).first().waitFor();
    await rows.filter({ hasText: 'tasks' }).first().waitFor();
    await rows.filter({ hasText: 'zone Normal' }).first().click();
    await rows.filter({ hasText: 'free_area' }).first().waitFor();
  });

  step('reveals a page in the map, from its variable', async (bench) => {
    await bench.variables.contextMenu('page', 'Reveal in Memory Map');
    const map = await bench.webview('.legend');
    await map.locator('.details h2', { hasText: 'pfn 0x1949' }).waitFor();
  });

  step('shows counts in hexadecimal, and in decimal again', async (bench) => {
    const toggle = 'mmscope: Toggle Hexadecimal Numbers';
    const said = (text: string): Promise<void> => bench.statusBarItem(text).waitFor();
    await bench.quick.command(toggle);
    await said('All numbers are hexadecimal');
    await bench.session.evaluate('10 + 6', /0x10/);
    await bench.quick.command(toggle);
    await said('counts decimal');
    await bench.session.evaluate('20 + 4', /^24/);
  });

  step('shows the bytes of a page by View Binary Data', async (bench) => {
    await bench.variables.rowAction('page', 'View Binary Data');
    const view = await bench.webview('#hex');
    await bench.eventually(async () =>
      assert.match(
        await view.locator('#hex').innerText(),
        /^[0-9a-f]{8,} {2}([0-9a-f]{2} ){8} ([0-9a-f]{2} ){8}/,
      ),
    );
    assert.deepEqual(await bench.notifications.allInnerTexts(), []);
  });

  step('says in the status bar what its clock counts', async (bench) => {
    const clock = bench.statusBarItem('t =');
    await bench.eventually(async () => {
      const label = await clock.locator('a').first().getAttribute('aria-label');
      assert.match(label ?? '', /t = [\d,]+/);
    });
  });

  step('ends the session, and the clock goes', async (bench) => {
    await bench.session.end();
    await bench.statusBarItem('t =').waitFor({ state: 'hidden' });
  });
});
