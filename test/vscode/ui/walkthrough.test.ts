/** The walkthrough, done by doing: each step is ticked when its deed happens, however it was brought about. */
import assert from 'node:assert/strict';
import { tell } from './story.js';
import type { Workbench } from './workbench.js';

const EXAMPLE = 'first-steps.mms';

tell('the walkthrough in VS Code', { shots: 'walkthrough' }, (step) => {
  const ticked = async (bench: Workbench): Promise<string[]> => {
    const steps = bench.page.locator('[data-done-step-id][aria-checked="true"]');
    const ids = await steps.evaluateAll((found) =>
      found.map((element) => element.getAttribute('data-done-step-id') ?? ''),
    );
    return ids.map((id) => id.split('#').at(-1) ?? '');
  };
  const isTicked = (bench: Workbench, id: string): Promise<void> =>
    bench.until(`${id} is ticked`, async () => (await ticked(bench)).includes(id));

  step('opens by command, with a picture', async (bench) => {
    await bench.quick.command('mmscope: Open the Walkthrough');
    await bench.page.locator('.getting-started-step', { hasText: 'Open a scenario' }).waitFor();
    const picture = bench.page.locator('.getting-started-media img:visible').first();
    await picture.waitFor();
    await bench.eventually(async () => {
      const width = await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth);
      assert.ok(width > 300, `the picture is ${width} wide`);
    });
  });

  step('its button opens the scenario, and ticks the step', async (bench) => {
    await bench.page.locator('.getting-started-step .monaco-button:visible').first().click();
    await bench.page.locator('.tab.active', { hasText: EXAMPLE }).first().waitFor();
    await bench.page
      .locator('.tab', { hasText: /Welcome|Walkthrough/ })
      .first()
      .click();
    await isTicked(bench, 'open');
  });

  step('F5 in it starts that scenario', async (bench) => {
    await bench.session.startShown();
    await bench.variables.row('page').waitFor();
  });

  step('stepping and stepping back are ticked', async (bench) => {
    await bench.session.step('Step Over');
    await bench.session.step('Step Back');
    await bench.page
      .locator('.tab', { hasText: /Welcome|Walkthrough/ })
      .first()
      .click();
    for (const id of ['start', 'step', 'back']) await isTicked(bench, id);
  });

  step('so is a stop inside the allocator', async (bench) => {
    await bench.quick.command('mmscope: Break Inside the Allocator...');
    await bench.quick.tick('block-split');
    await bench.session.press('Continue');
    await bench.session.stoppedAt('expand');
    await bench.page
      .locator('.tab', { hasText: /Welcome|Walkthrough/ })
      .first()
      .click();
    await isTicked(bench, 'inside');
  });

  step('and a question about a page, which is the last', async (bench) => {
    await bench.quick.command('mmscope: Where Is This Page?');
    await bench.quick.answer('0x1949');
    await bench.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    await bench.press('Escape');
    await isTicked(bench, 'ask');
  });

  step('ends the session', async (bench) => {
    await bench.quick.command('mmscope: Break Inside the Allocator...');
    await bench.quick.tick('block-split');
    await bench.session.end();
  });
});
