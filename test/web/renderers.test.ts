/**
 * Both renderers of the map, pixel by pixel: against the model (what a cell's state says its colour is), and against each other. At
 * several zooms, in both arrangements, scrolled, and coloured by something else than use.
 */
import assert from 'node:assert/strict';
import { PAGE_KINDS, pageKindCode, pageState } from '../../src/engine/view/pageState.js';
import { mix, type Rgb } from '../../webview/draw/color.js';
import { stateColor, type Palette } from '../../webview/draw/palette.js';
import { CELLS_PER_TILE } from '../../webview/views/physical/curve.js';
import {
  computeLayout,
  GUTTER_PX,
  HEADER_PX,
  spotOfPfn,
  ZOOMS,
} from '../../webview/views/physical/layout.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { plainMachine } from './machines.js';
import type { MapPage } from './mapPage.js';
import { themeColors } from './themes.js';

const NR_FRAMES = 8 * CELLS_PER_TILE;
const ZONES = [
  { name: 'DMA', startPfn: 0, endPfn: 1500 },
  { name: 'Normal', startPfn: 1500, endPfn: NR_FRAMES },
];
/** Of the background in the marks of sprites.ts. */
const INK = 0.42;

/** Blocks of all orders, and frames of all kinds. */
function states(): Uint8Array {
  const all = new Uint8Array(NR_FRAMES);
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const blocks = ['free', 'freeCma', 'perCpu', 'slab'] as const;
  for (let pfn = 0; pfn < NR_FRAMES;) {
    let order = random(9);
    while (pfn % (1 << order) !== 0) order--;
    const isBlock = random(3) > 0;
    const kind = isBlock ? pageKindCode(blocks[random(4)] ?? 'free') : random(PAGE_KINDS.length);
    const size = isBlock ? 1 << order : 1;
    all.fill(pageState(kind, isBlock ? order : 0), pfn, pfn + size);
    pfn += size;
  }
  return all;
}

/** The cells' canvas as bytes, however it was drawn. */
const pixelsOf = ({ page }: MapPage): Promise<{ width: number; height: number; data: string }> =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.cells');
    const copy = document.createElement('canvas');
    const context = copy.getContext('2d');
    if (canvas === null || context === null) throw new Error('no canvas');
    copy.width = canvas.width;
    copy.height = canvas.height;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let binary = '';
    for (let i = 0; i < data.length; i += 0x8000)
      binary += String.fromCharCode(...data.subarray(i, i + 0x8000));
    return { width: copy.width, height: copy.height, data: btoa(binary) };
  });

const near = (a: Rgb, [r = 0, g = 0, b = 0]: ArrayLike<number> & Iterable<number>): boolean =>
  Math.abs(a.r - r) <= 1 && Math.abs(a.g - g) <= 1 && Math.abs(a.b - b) <= 1;

interface Look {
  readonly zoom: number;
  readonly arrangement: 'buddy' | 'rows';
  readonly scrollTop: number;
  readonly colouring?: string;
}

const LOOKS: readonly Look[] = [
  { zoom: ZOOMS.findIndex(({ cellPx }) => cellPx === 24), arrangement: 'buddy', scrollTop: 333 },
  { zoom: ZOOMS.findIndex(({ cellPx }) => cellPx === 8), arrangement: 'buddy', scrollTop: 0 },
  { zoom: ZOOMS.findIndex(({ cellPx }) => cellPx === 5), arrangement: 'rows', scrollTop: 41 },
  {
    zoom: ZOOMS.findIndex(({ framesPerCell }) => framesPerCell === 4),
    arrangement: 'buddy',
    scrollTop: 0,
  },
];

describeInBrowser('the renderers of the map', () => {
  const model = states();
  const machine = plainMachine(ZONES, model);

  async function drawn(
    renderer: 'canvas' | 'webgl',
    { scrollTop, ...look }: Look,
  ): Promise<MapPage> {
    const kept = { views: { physical: { ...look, renderer } } };
    const map = await openMap(machine, { width: 900, height: 640, kept });
    await map.stopped();
    await map.page.evaluate((top) => {
      const view = document.querySelector('.viewport');
      if (view !== null) view.scrollTop = top;
    }, scrollTop);
    await map.settle();
    return map;
  }

  for (const renderer of ['canvas', 'webgl'] as const)
    it(`${renderer}: each cell has the colour of its state`, async () => {
      const look = LOOKS[1];
      assert.ok(look !== undefined);
      const map = await drawn(renderer, look);
      const kind = await map.page.evaluate(
        () =>
          document.querySelector<HTMLCanvasElement>('canvas.cells')?.getContext('webgl2') !== null,
      );
      assert.equal(kind, renderer === 'webgl', 'the renderer that was asked for');
      const { width, height, data } = await pixelsOf(map);
      const bytes = Buffer.from(data, 'base64');
      const zoom = ZOOMS[look.zoom];
      assert.ok(zoom !== undefined);
      const viewWidth = await map.page.evaluate(
        () => document.querySelector('.viewport')?.clientWidth,
      );
      const layout = computeLayout(ZONES, viewWidth ?? 0, zoom, look.arrangement);
      const palette = { ...themeColors('dark'), highContrast: false } as unknown as Palette;
      let looked = 0;
      for (let pfn = 0; pfn < NR_FRAMES; pfn++) {
        const spot = spotOfPfn(layout, pfn);
        if (spot === undefined || spot.x < GUTTER_PX || spot.y < HEADER_PX) continue;
        const x = Math.floor(spot.x + 3);
        const y = Math.floor(spot.y + 2);
        if (x >= width || y >= height) continue;
        const state = model[pfn] ?? 0;
        if (state >>> 4 === pageKindCode('absent')) continue; // Hatched: mostly empty.
        const color = stateColor(palette, state, 1);
        const at = (y * width + x) * 4;
        const seen = bytes.subarray(at, at + 3);
        const ink = mix(color, palette.background, INK);
        assert.ok(near(color, seen) || near(ink, seen), `pfn ${pfn}: ${[...seen].join()}`);
        looked++;
      }
      assert.ok(looked > 2000, `${looked} cells`);
      await map.page.close();
    });

  for (const look of [...LOOKS, { ...(LOOKS[1] as Look), colouring: 'migratetype' }])
    it(`draw the same: ${look.arrangement}, zoom ${look.zoom}, ${look.colouring ?? 'use'}`, async () => {
      const [one, other] = [await drawn('canvas', look), await drawn('webgl', look)];
      const [a, b] = [await pixelsOf(one), await pixelsOf(other)];
      assert.deepEqual([a.width, a.height], [b.width, b.height]);
      const [first, second] = [Buffer.from(a.data, 'base64'), Buffer.from(b.data, 'base64')];
      let different = 0;
      for (let i = 0; i < first.length; i++) if (first[i] !== second[i]) different++;
      assert.equal(different, 0, `${different} bytes differ`);
      assert.ok(first.some((byte) => byte !== 0));
      await one.page.close();
      await other.page.close();
    });

  it('canvas: a step draws the tiles that have become others, and no other pixel', async () => {
    const states = model.slice();
    const stepping = plainMachine(ZONES, states);
    const views = { physical: { zoom: 5, arrangement: 'buddy', renderer: 'canvas' } };
    const options = { width: 900, height: 640, kept: { views } };
    const map = await openMap(stepping, options);
    await map.stopped();
    await map.page.evaluate(() => {
      const scope = window as unknown as { blitted: number };
      scope.blitted = 0;
      const { prototype } = CanvasRenderingContext2D;
      const own = Object.getOwnPropertyDescriptor(prototype, 'putImageData')?.value as (
        ...args: unknown[]
      ) => void;
      (prototype.putImageData as unknown) = function (
        this: CanvasRenderingContext2D,
        ...args: [ImageData, ...number[]]
      ) {
        const [image, , , , , width = image.width, height = image.height] = args;
        scope.blitted += width * height;
        own.apply(this, args);
      };
    });
    states.fill(pageState(pageKindCode('slab'), 0), 1400, 1700);
    await map.stopped();
    const fresh = await openMap(stepping, options);
    await fresh.stopped();
    const cellPx = ZOOMS[5]?.cellPx ?? 0;
    const blitted = await map.page.evaluate(
      () => (window as unknown as { blitted: number }).blitted,
    );
    // Tile 1, in both zones.
    assert.equal(blitted, 2 * CELLS_PER_TILE * cellPx * cellPx);
    assert.deepEqual(await pixelsOf(map), await pixelsOf(fresh));
    await map.page.close();
    await fresh.page.close();
  });
});
