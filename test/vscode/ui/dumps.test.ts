/**
 * A dump of a distribution's kernel as a user meets it: opened from the Explorer's menu, its free lists, a process's pages, the map; one that
 * wants its vmlinux; captures of frames that are drawn. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { bytesOf, capturedFrames } from '../../web/capturedFrames.js';
import { dropOnReports } from './drop.js';
import { tell, workspace } from './story.js';
import { deadline, done } from './waits.js';
import type { Workbench } from './workbench.js';

const DATA = path.join('test', 'dumps', 'data');
const DUMP = 'vmcore.kdump';
/** Debian's 32-bit kernel has no types in memory. At the beginning of the Explorer: what is dragged must be in sight. */
const WITHOUT_TYPES = '386.pae.kdump';
const FRAMES = 1 << 16;

tell('dumps in VS Code', { shots: 'dumps', prepare }, (step) => {
  step('a dump has an item in the menu of the Explorer, which opens it', async (bench) => {
    await explorerItem(bench, DUMP, 'Open Dump');
    await bench.session.toolbar.waitFor();
  });

  step('its free lists are variables', async (bench) => {
    const { variables } = bench;
    await variables.openScope('Machine');
    await variables.expand('zone DMA32 (node 0)');
    await variables.expand('free_area[0]');
    assert.match(await variables.valueOf('free_area[0]'), /^\d+ blocks$/);
  });

  step("a process's pages are told in the console", async (bench) => {
    const answer = await bench.session.evaluate('vm -p 94', /pfn 0x44fe/);
    assert.match(answer, /r-xp file/);
  });

  step('and the map is drawn', async (bench) => {
    const map = await bench.webview('.legend');
    await map.locator('.title', { hasText: /x86_64, .* MiB, from a dump/ }).waitFor();
    const field = map.locator('.goto vscode-text-field input');
    await field.fill('pfn 12358');
    await field.press('Enter');
    await map.locator('.details', { hasText: 'free block of order 0' }).waitFor();
  });

  step(
    'a dump that is dropped, whose kernel has no types, asks for the vmlinux of its build id',
    async (bench) => {
      await bench.session.end();
      await bench.press('Control+Shift+E');
      const give = bench.page.locator('.monaco-button', { hasText: 'Give Its vmlinux' }).first();
      await dropOnReports(bench, WITHOUT_TYPES, () => give);
      await give.click();
      await bench.page
        .locator('.quick-input-title', { hasText: /build id [0-9a-f]{40}/ })
        .waitFor();
    },
  );

  step('captures of frames are drawn', async (bench) => {
    await bench.press('Escape');
    await explorerItem(bench, 'kpageflags.bin', 'Explain a Kernel Report');
    await bench.page
      .locator('.tab', { hasText: 'Memory of kpageflags.bin, kpagecount.bin' })
      .waitFor();
    const map = await bench.webview('.title:has-text("captured")');
    await map.locator('.legend', { hasText: 'Anonymous' }).waitFor();
  });
});

/** An item of the context menu of a file in the Explorer: again, when a view that came late closed the menu. */
async function explorerItem(bench: Workbench, file: string, item: string): Promise<void> {
  const row = bench.page
    .locator('.explorer-folders-view .monaco-list-row', { hasText: file })
    .first();
  const entry: Locator = bench.page.locator('.monaco-menu .action-item', { hasText: item }).first();
  for (const end = deadline(); Date.now() < end;) {
    if (!(await row.isVisible())) await bench.press('Control+Shift+E');
    if (!(await done(row.click({ button: 'right', timeout: 5000 })))) continue;
    if (
      (await done(entry.waitFor({ timeout: 5000 }))) &&
      (await done(entry.click({ timeout: 5000, delay: 300 })))
    )
      return;
    await bench.press('Escape');
  }
  throw new Error(`the Explorer's menu of ${file} has no ${item}`);
}

function prepare(): void {
  const into = (name: string): string => path.join(workspace, name);
  copyFileSync(path.join(DATA, 'debian12-amd64-256M.kdump'), into(DUMP));
  copyFileSync(path.join(DATA, 'debian12-i386-pae-2G.kdump'), into(WITHOUT_TYPES));
  const { flags, counts } = capturedFrames(FRAMES);
  writeFileSync(into('kpageflags.bin'), bytesOf(flags));
  writeFileSync(into('kpagecount.bin'), bytesOf(counts));
}
