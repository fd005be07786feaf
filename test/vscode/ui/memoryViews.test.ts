/**
 * Moments in the views of the window Memory, in one session: which virtual addresses reach a frame, in two clicks; what the slab allocator
 * gave; the walk of an address whose first write faulted; two times compared; all of it in four themes, with the contrast of every text
 * measured. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { contrastsOf } from '../../web/care.js';
import { lineOf, tell, workspace } from './story.js';
import type { Workbench } from './workbench.js';

const SCENARIO = 'moments.mms';
/** i386 with highmem: a frame that kmap() and vmap() lend an address each, and no other reaches. */
const TEXT = `#pragma mmscope machine arch=i386 ram=1G slab=slub
struct page *page = alloc_page(GFP_HIGHUSER);
char *lent = kmap(page);
struct page *pages[1] = { page };
char *again = vmap(pages, 1, VM_MAP, PAGE_KERNEL);
char *object = kmalloc(100, GFP_KERNEL);
char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
buf[0] = 'p';
kfree(object);
expect(buf[0] == 'p');
`;
const SETTINGS = path.join(workspace, '.vscode', 'settings.json');
/** By the class that VS Code gives the page of a webview. */
const THEMES = [
  ['Light Modern', 'vscode-light'],
  ['Default High Contrast', 'vscode-high-contrast'],
  ['Default High Contrast Light', 'vscode-high-contrast-light'],
  ['Dark Modern', 'vscode-dark'],
] as const;

/** Opens a view of the window: one click. */
async function openView(frame: Frame, title: string): Promise<void> {
  await frame.getByRole('tab', { name: title, exact: true }).click();
  await frame.locator('.panel:not([hidden]) .board svg text').first().waitFor();
}

tell('moments in the window Memory', { shots: 'views', prepare }, (step) => {
  const window = (bench: Workbench): Promise<Frame> => bench.webview('.tabs');
  const at = (text: string): number => lineOf(SCENARIO, text);

  step('stops where a highmem page is mapped twice', async (bench) => {
    await bench.editor.open(SCENARIO);
    await bench.session.start();
    await bench.editor.toggleBreakpoint(at('kmalloc'));
    await bench.session.press('Continue');
    await bench.session.stoppedAt(at('kmalloc'));
  });

  step('which virtual addresses reach its frame: two clicks', async (bench) => {
    await bench.variables.contextMenu('page', 'Memory Map');
    const memory = await window(bench);
    await memory.locator('.details h2').waitFor();
    await openView(memory, 'Virtual');
    await memory.locator('[data-line]').nth(1).waitFor({ state: 'attached' });
    await bench.eventually(async () => {
      const cells = memory.locator('.board.aliases [role="gridcell"]');
      const texts = (await cells.allInnerTexts()).join('; ');
      assert.match(texts, /pkmap/);
      assert.match(texts, /vmalloc/);
    });
    await memory.locator('.aliases [data-alias]').nth(1).click();
    await memory.locator('svg text', { hasText: /^slot \d+: mapped, 1 user/ }).waitFor();
  });

  step('the slab allocator gave an object just now', async (bench) => {
    const memory = await window(bench);
    await openView(memory, 'Caches');
    await bench.session.step('Step Over');
    const shelf = memory.locator('.shelves [role="gridcell"]', { hasText: /^kmalloc-128: .*\+1/ });
    await shelf.waitFor({ state: 'attached' });
    await memory.locator('[data-cache="kmalloc-128"]').click();
    await memory.locator('[data-open="kmalloc-128"]').waitFor();
  });

  step('a first write faults: its walk, level by level', async (bench) => {
    const memory = await window(bench);
    await openView(memory, 'Page Walk');
    await bench.session.step('Step Over');
    await bench.session.stoppedAt(at("buf[0] = 'p'"));
    await bench.session.step('Step Over');
    await bench.session.stoppedAt(at('kfree(object)'));
    // The address that faulted is a process's, whatever was walked before.
    await memory.locator('[data-walk^="0xb"]').waitFor({ state: 'attached' });
    for (const level of ['PGD', 'PTE'])
      await memory.locator(`[data-entry="${level}"]`).waitFor({ state: 'attached' });
    await memory.locator('[data-arrow="whole"]').nth(1).waitFor({ state: 'attached' });
  });

  step('two times compared: what differs, in words and on the shelves', async (bench) => {
    const memory = await window(bench);
    await memory.getByRole('button', { name: 'Compare' }).click();
    await openView(memory, 'Caches');
    await bench.session.step('Step Over');
    await memory.locator('.differences summary', { hasText: 'locations differ' }).waitFor();
    const shelf = memory.locator('.shelves [role="gridcell"]', { hasText: /\u22121 since A/ });
    await shelf.waitFor({ state: 'attached' });
  });

  step('travels back along the timeline', async (bench) => {
    const memory = await window(bench);
    await memory.getByRole('button', { name: 'Stop comparing' }).click();
    const slider = memory.getByRole('slider', { name: 'Time' });
    await slider.press('ArrowLeft');
    await bench.session.stoppedAt(at('kfree(object)'));
    await slider.press('ArrowLeft');
    await bench.session.stoppedAt(at("buf[0] = 'p'"));
    await openView(memory, 'Virtual');
  });

  for (const [theme, mark] of THEMES)
    step(`is read in ${theme}`, async (bench) => {
      const memory = await window(bench);
      writeFileSync(SETTINGS, JSON.stringify({ 'workbench.colorTheme': theme }));
      await memory.locator(`body.${mark}`).waitFor();
      await bench.session.settled();
      await bench.eventually(async () => {
        const { nrTexts, pale } = await contrastsOf({ page: memory });
        assert.ok(nrTexts > 20, `${nrTexts} texts`);
        assert.deepEqual(pale, []);
      });
    });

  step('ends the session', async (bench) => {
    rmSync(SETTINGS);
    await bench.session.end();
  });
});

function prepare(): void {
  mkdirSync(path.dirname(SETTINGS), { recursive: true });
  writeFileSync(path.join(workspace, SCENARIO), TEXT);
}
