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
const QUALITY = 0.35;
/** What a picture shows at most, and how wide it is kept. */
const LARGEST = { width: 640, height: 500 };
const WIDTH_PX = 512;
const VIEW = { width: 1280, height: 760 };

const { path: chromium, reason } = ensureChromium();
if (chromium === undefined) throw new Error(reason);
const packed = spawnSync(process.execPath, [path.join(root, 'scripts', 'package.mjs')]);
if (packed.status !== 0) throw new Error(String(packed.stderr));
const [bundle] = await bundleForNode([path.join(root, 'test', 'vscode', 'ui', 'workbench.ts')]);
const { BrowserOfStories, Workbench } = await import(bundle);
fs.mkdirSync(OUT, { recursive: true });
const browser = await BrowserOfStories.launch(chromium);
for (const [theme, label] of Object.entries(THEMES)) await picturesIn(theme, label);
await browser.close();

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
  const bench = await Workbench.open(browser, server.folderUrl(workspace), OUT, VIEW);
  try {
    await steps(bench, (step, part) => picture(bench, `${step}-${theme}.webp`, part));
  } finally {
    await bench.close();
    await server.stop();
    fs.rmSync(workspace, { recursive: true, force: true });
  }
}

/** What the walkthrough asks for, and which part of the screen to look at after each step. */
async function steps(bench, take) {
  const { page } = bench;
  const code = page.locator('.editor-group-container').first();
  const mapPane = page.locator('.editor-group-container').nth(1);
  await bench.editor.open('first-steps.mms');
  await page.locator('.codelens-decoration', { hasText: 'Debug' }).first().waitFor();
  await page.keyboard.press('Control+b');
  await settle(bench);
  await take('open', code);
  await bench.session.startShown();
  await page.keyboard.press('Control+b');
  const map = await bench.webview('.legend');
  await map.locator('.legend .entry:visible', { hasText: 'Free' }).first().waitFor();
  await settle(bench);
  await take('start', mapPane);
  await bench.press('F10');
  await map.locator('.verdict:visible').waitFor();
  await settle(bench);
  await take('step', mapPane);
  await page.keyboard.press('Control+b');
  await bench.variables.row('page').waitFor();
  await bench.session.press('Step Back');
  await map.locator('.verdict').waitFor({ state: 'hidden' });
  await settle(bench);
  await take('back', code);
  await bench.quick.command('mmscope: Break Inside the Allocator...');
  await bench.quick.tick('block-split');
  await bench.session.press('Continue');
  await bench.session.stoppedAt('expand');
  await page.keyboard.press('Control+b');
  await bench.editor.withText('static void expand(struct zone *zone, struct page *page').waitFor();
  await settle(bench);
  await take('inside', code);
  await bench.quick.command('mmscope: Where Is This Page?');
  await bench.quick.answer('0x1800');
  await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  await settle(bench);
  await take('ask', page.locator('.quick-input-widget'));
  await bench.press('Escape');
}

function settle(bench) {
  return bench.page.waitForTimeout(2500);
}

/** The upper left of a part of the screen, as webp. */
async function picture({ page }, name, part) {
  const { x, y, width, height } = await part.boundingBox();
  const png = await page.screenshot({
    clip: {
      x,
      y,
      width: Math.min(width, LARGEST.width),
      height: Math.min(height, LARGEST.height),
    },
  });
  const blank = await page.context().newPage();
  const data = await blank.evaluate(
    async ({ source, quality, widthPx }) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = Math.min(widthPx, image.width);
      canvas.height = Math.round((image.height * canvas.width) / image.width);
      const context = canvas.getContext('2d');
      context.imageSmoothingQuality = 'high';
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      return canvas.toDataURL('image/webp', quality);
    },
    {
      source: `data:image/png;base64,${png.toString('base64')}`,
      quality: QUALITY,
      widthPx: WIDTH_PX,
    },
  );
  await blank.close();
  fs.writeFileSync(path.join(OUT, name), Buffer.from(data.split(',')[1], 'base64'));
}
