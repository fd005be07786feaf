/**
 * Links to the window Memory, pressed: in a hover, in the debug console, in a log, in the answer about its report. Each leads to the frame
 * on the map. A screenshot of each step.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { EDITOR_HOVER } from './editor.js';
import { placeOf, tell, workspace } from './story.js';
import type { Workbench } from './workbench.js';

const EXAMPLE = 'kinds-of-address.mms';
/** Of the machine of the example: a slab, the page of a vmalloc area, a page table. */
const LOGICAL = '0xc1801080';
const AREA = '0xcc7f1000';
const LOG = 'linked.log';
/** An oops of 32 bit: addresses without 0x. */
const OOPS = `[   17.730911] BUG: unable to handle page fault for address: ${AREA.slice(2)}
[   17.730950] #PF: supervisor write access in kernel mode
[   17.730980] #PF: error_code(0x0003) - permissions violation
[   17.731000] *pde = 019ae067 *pte = 0bfe0161
[   17.731020] Oops: 0003 [#1] PREEMPT SMP
[   17.731040] CPU: 0 PID: 77 Comm: insmod Not tainted 6.1.0 #1
[   17.731060] EIP: ring_init+0x12/0x40 [ring]
[   17.731080] CR0: 80050033 CR2: ${AREA.slice(2)} CR3: 01911000 CR4: 00000690
`;

/** The frame that the map has selected; it has none afterwards, so that the next link has to lead there. */
async function selected(bench: Workbench, pfn: string): Promise<void> {
  const map = await bench.webview('.legend');
  await map.locator('.details h2', { hasText: `pfn ${pfn}` }).waitFor();
  await bench.session.settled();
  // A hover of what was pressed may lie over the window.
  await bench.page.mouse.move(2, 2);
  await map.locator('.details vscode-button[aria-label^="Close details"]').click();
  await map.locator('.details').waitFor({ state: 'hidden' });
}

tell('links to the window Memory', { shots: 'links', prepare }, (step) => {
  step('opens the example, and starts', async (bench) => {
    await bench.editor.open(EXAMPLE);
    await bench.session.start(placeOf(EXAMPLE, 'void *logical').line);
  });

  step('in a hover', async (bench) => {
    await bench.editor.hoverAnew(placeOf(EXAMPLE, `${LOGICAL};`), EDITOR_HOVER);
    await bench.page.locator('.monaco-hover a', { hasText: 'Reveal in Memory Map' }).click();
    await selected(bench, '0x1801');
  });

  step('in the debug console, behind an answer', async (bench) => {
    await bench.session.evaluate(`where(${AREA})`, /0xbfe0/);
    const link = bench.page.locator('.repl a.link', { hasText: 'mmscope/memory' });
    await link.click({ modifiers: ['Control'] });
    await selected(bench, '0xbfe0');
  });

  step('in a log', async (bench) => {
    await bench.editor.quickOpen(LOG);
    // The line that is short enough to be seen whole.
    const line = bench.page.locator('.view-line', { hasText: 'CR0' });
    const link = line.locator('.detected-link', { hasText: AREA.slice(2) });
    await link.waitFor();
    const map = await bench.webview('.legend');
    // A hover may come up under the pointer meanwhile.
    await bench.until('the link leads to the map', async () => {
      const { x, y, width, height } = (await link.boundingBox()) ?? {
        x: 0,
        y: 0,
        width: 0,
        height: 0,
      };
      await bench.page.keyboard.down('Control');
      await bench.page.mouse.move(x + width / 2 - 4, y + height / 2);
      await bench.page.mouse.click(x + width / 2, y + height / 2);
      await bench.page.keyboard.up('Control');
      await bench.session.settled();
      return map.locator('.details h2').isVisible();
    });
    await selected(bench, '0xbfe0');
  });

  step('in the answer about a report', async (bench) => {
    await bench.page.locator('.codelens-decoration a', { hasText: 'Explain this report' }).click();
    const answer = await bench.webview('main h1');
    await answer.locator('a', { hasText: AREA }).first().click();
    await selected(bench, '0xbfe0');
    await bench.session.end();
  });
});

function prepare(): void {
  writeFileSync(path.join(workspace, LOG), OOPS);
}
