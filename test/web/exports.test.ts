/**
 * What is taken out of the window, held against what it shows: the SVG of the map of physical memory is the canvas pixel by pixel, with the
 * ghost of a split and the bracket of a merge; the PNG opens elsewhere and is the same picture, twice as large.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { complaints, stepTo, until } from './boards.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';
import { readPng } from './png.js';

const SPLIT = path.join('examples', 'split-a-block.mms');
/** Of 255, by which a channel may differ: letters are smoothed a little differently. */
const SLIGHT = 40;

interface Compared {
  /** Of all pixels, those that differ by more. */
  readonly differing: number;
  readonly total: number;
}

/** Runs in the page: a picture as SVG beside the layers of the map. */
async function compareWithCanvas([svg = '', slight = '0']: readonly string[]): Promise<Compared> {
  const layers = ['cells', 'words', 'overlay'].map((name) =>
    document.querySelector<HTMLCanvasElement>(`canvas.${name}`),
  );
  const [{ width, height } = { width: 1, height: 1 }] = layers.flatMap((layer) => layer ?? []);
  const pixels = (draw: (context: CanvasRenderingContext2D) => void): Uint8ClampedArray => {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no 2D canvas');
    draw(context);
    return context.getImageData(0, 0, width, height).data;
  };
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const ground = getComputedStyle(document.body).getPropertyValue('--vscode-editor-background');
  const shown = pixels((context) => {
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
    for (const layer of layers) if (layer !== null) context.drawImage(layer, 0, 0);
  });
  const saved = pixels((context) => context.drawImage(image, 0, 0));
  let differing = 0;
  for (let i = 0; i < shown.length; i += 4) {
    const differs = [0, 1, 2].some(
      (c) => Math.abs((shown[i + c] ?? 0) - (saved[i + c] ?? 0)) > Number(slight),
    );
    if (differs) differing++;
  }
  return { differing, total: width * height };
}

/** Runs in the page: some pixels of cells over which no word and no outline lies: x, y, red, green, blue. */
function samplesOfCells(): { width: number; height: number; samples: number[][] } {
  const layers = ['cells', 'words', 'overlay'].map((name) => {
    const canvas = document.querySelector<HTMLCanvasElement>(`canvas.${name}`);
    const { width = 0, height = 0 } = canvas ?? {};
    return {
      width,
      height,
      data: canvas?.getContext('2d')?.getImageData(0, 0, width, height).data,
    };
  });
  const [cells, words, overlay] = layers;
  const { width = 0, height = 0 } = cells ?? {};
  const samples: number[][] = [];
  for (let i = 0; i < width * height; i += 101) {
    const alpha = (of: typeof cells): number => of?.data?.[4 * i + 3] ?? 0;
    if (alpha(cells) !== 255 || alpha(words) !== 0 || alpha(overlay) !== 0) continue;
    const channels = [...(cells?.data?.slice(4 * i, 4 * i + 3) ?? [])];
    samples.push([i % width, Math.floor(i / width), ...channels]);
  }
  return { width, height, samples };
}

describeInBrowser('what is taken out of the window', () => {
  async function saved(map: MapPage, item: 'Save as SVG' | 'Save as PNG'): Promise<string> {
    map.acts.length = 0;
    await map.page.getByRole('button', { name: 'Copy or save this view' }).click();
    await map.page.getByRole('menuitem', { name: item }).click();
    await until(map, 'it is saved', () => map.acts.length > 0);
    const act = map.acts.at(-1);
    assert.ok(act?.action === 'save');
    return act.data;
  }

  async function opened(
    theme: 'dark' | 'highContrastLight',
    line: string,
    physical: object,
  ): Promise<{ map: MapPage; machine: AdapterMachine }> {
    const machine = await scenarioMachine(SPLIT);
    await stepTo(machine, SPLIT, line);
    const kept = { view: 'physical', views: { physical: { renderer: 'canvas', ...physical } } };
    const map = await openMap(machine, { theme, width: 1000, height: 700, kept });
    await map.stopped();
    await machine.run('next');
    await map.stopped();
    return { map, machine };
  }

  for (const [theme, line, drawn, physical] of [
    ['dark', 'alloc_pages(GFP_KERNEL', 'order 5 split', { zoom: 0 }],
    ['highContrastLight', '__free_pages(block', '4 + 4 \u2192 5', { zoom: 1 }],
    [
      'dark',
      '__free_pages(block',
      undefined,
      { zoom: 4, colouring: 'migratetype', showPageblocks: true },
    ],
  ] as const)
    it(`the SVG of the map is its canvas: ${drawn ?? 'by migratetype'}, ${theme}`, async () => {
      const { map } = await opened(theme, line, physical);
      if (drawn === undefined) {
        await map.page.locator('.goto vscode-text-field input').fill('pfn 0x1960');
        await map.page.keyboard.press('Enter');
        await map.settle();
        await map.page.mouse.move(5, 5);
      }
      const svg = await saved(map, 'Save as SVG');
      if (drawn !== undefined)
        assert.ok(svg.includes(`>${drawn}</text>`), 'the event has its words');
      assert.doesNotMatch(svg, /rgba\(|NaN|undefined/);
      const { differing, total } = await map.page.evaluate(compareWithCanvas, [svg, `${SLIGHT}`]);
      assert.ok(total > 250_000);
      assert.ok(differing < 0.002 * total, `${differing} of ${total} pixels differ`);
      assert.deepEqual(complaints(map), []);
      await map.page.close();
    });

  it('the PNG opens, and is the picture twice as large', async () => {
    const { map } = await opened('dark', 'alloc_pages(GFP_KERNEL', { zoom: 0 });
    const png = readPng(Buffer.from(await saved(map, 'Save as PNG'), 'base64'));
    const { width, height, samples } = await map.page.evaluate(samplesOfCells);
    assert.deepEqual([png.width, png.height], [2 * width, 2 * height]);
    const same = samples.filter(([x = 0, y = 0, ...channels]) => {
      const at = 4 * (2 * y * png.width + 2 * x);
      return channels.every((value, c) => Math.abs(value - (png.data[at + c] ?? 0)) < SLIGHT);
    });
    assert.ok(samples.length > 1000);
    assert.ok(same.length > 0.99 * samples.length, `${same.length} of ${samples.length}`);
    await map.page.close();
  });
});
