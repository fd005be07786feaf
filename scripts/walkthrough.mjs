/* global document, Image -- of the page that encodes */
/**
 * The pictures of the walkthrough, from the real product: `node scripts/walkthrough.mjs` packs the extension, serves VS Code, does
 * the six steps in each of four themes, and leaves media/walkthrough/STEP-THEME.webp. To be run when what they show has changed;
 * a test holds them against package.json.
 *
 * Chromium encodes them: a picture is a part of the screen, drawn on a canvas.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundleForNode, root } from './bundle.mjs';
import { ensureChromium } from './vscode-host/browser.mjs';
import { startServer } from './vscode-host/server.mjs';

const THEMES = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  hc: 'Default High Contrast',
  hcLight: 'Default High Contrast Light',
};
const OUT = path.join(root, 'media', 'walkthrough');
const QUALITY = 0.3;
const WIDTH_PX = 540;
const HEIGHT_PX = 380;
const VIEW = { width: 1180, height: 620 };

const { path: chromium, reason } = ensureChromium();
if (chromium === undefined) throw new Error(reason);
const packed = spawnSync(process.execPath, [path.join(root, 'scripts', 'package.mjs')]);
if (packed.status !== 0) throw new Error(String(packed.stderr));
const [bundle] = await bundleForNode([path.join(root, 'test', 'vscode', 'ui', 'workbench.ts')]);
const { Workbench } = await import(bundle);
fs.mkdirSync(OUT, { recursive: true });
for (const [theme, label] of Object.entries(THEMES)) await picturesIn(theme, label);

async function picturesIn(theme, label) {
  const workspace = fs.mkdtempSync(path.join(os.tmpdir(), 'mmscope-pictures-'));
  fs.cpSync(path.join(root, 'examples'), workspace, { recursive: true });
  const server = await startServer({
    vsix: [path.join(root, 'build', 'mmscope.vsix')],
    settings: {
      'workbench.colorTheme': label,
      'workbench.reduceMotion': 'on',
      'editor.minimap.enabled': false,
      'editor.cursorBlinking': 'solid',
      'editor.fontSize': 13,
      'window.commandCenter': false,
      'breadcrumbs.enabled': false,
    },
  });
  const bench = await Workbench.open(server.folderUrl(workspace), chromium, OUT, VIEW);
  try {
    await steps(bench, (step, at) => picture(bench, `${step}-${theme}.webp`, at));
  } finally {
    await bench.close();
    await server.stop();
    fs.rmSync(workspace, { recursive: true, force: true });
  }
}

/** What the walkthrough asks for, and where on the screen to look after each step. */
async function steps(bench, take) {
  const { page } = bench;
  await bench.openFile('first-steps.mms');
  await page.locator('.codelens-decoration', { hasText: 'Debug' }).first().waitFor();
  await page.keyboard.press('Control+b');
  await settle(bench);
  await take('open', { x: 48, y: 30 });
  await bench.press('F5');
  await bench.toolbar.waitFor();
  await bench.stoppedAt(':1');
  await page.keyboard.press('Control+b');
  const map = await bench.webview('.legend');
  await map.locator('.legend .entry:visible', { hasText: 'Free' }).first().waitFor();
  await settle(bench);
  await take('start', { right: true, y: 30 });
  await bench.press('F10');
  await map.locator('.verdict:visible').waitFor();
  await settle(bench);
  await take('step', { right: true, y: 30 });
  await page.keyboard.press('Control+b');
  await bench.variable('page').waitFor();
  await bench.tool('Step Back');
  await map.locator('.verdict').waitFor({ state: 'hidden' });
  await settle(bench);
  await take('back', { x: 300, y: 30 });
  await bench.command('mmscope: Break Inside the Allocator...');
  await bench.tickRow('block-split');
  await bench.tool('Continue');
  await bench.stoppedAt('expand');
  await page.keyboard.press('Control+b');
  await bench.editorWith('static void expand(struct zone *zone, struct page *page').waitFor();
  await settle(bench);
  await take('inside', { x: 48, y: 30 });
  await bench.command('mmscope: Where Is This Page?');
  await page.locator('.quick-input-widget input').first().fill('0x1800');
  await bench.press('Enter');
  await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  await settle(bench);
  await take('ask', { x: 310, y: 0 });
  await bench.press('Escape');
}

function settle(bench) {
  return bench.page.waitForTimeout(2500);
}

/** A part of the screen as webp. */
async function picture({ page }, name, { x, y, right }) {
  const left = right ? VIEW.width - WIDTH_PX : x;
  const png = await page.screenshot({
    clip: { x: left, y, width: WIDTH_PX, height: HEIGHT_PX },
  });
  const blank = await page.context().browser().newPage();
  const data = await blank.evaluate(
    async ({ source, quality }) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.width;
      canvas.height = image.height;
      canvas.getContext('2d').drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', quality);
    },
    { source: `data:image/png;base64,${png.toString('base64')}`, quality: QUALITY },
  );
  await blank.close();
  fs.writeFileSync(path.join(OUT, name), Buffer.from(data.split(',')[1], 'base64'));
}
