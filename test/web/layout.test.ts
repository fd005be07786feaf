/** The map's geometry: every frame has one place, and the place leads back to the frame. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  buddyShape,
  cellIndex,
  CELLS_PER_TILE,
  cellX,
  cellY,
  rowsShape,
} from '../../webview/views/physical/curve.js';
import {
  blockSize,
  computeLayout,
  fittingZoom,
  pfnAt,
  spotOfPfn,
  ZOOMS,
} from '../../webview/views/physical/layout.js';
import { colouringOf } from '../../webview/views/physical/colouring.js';
import { readOptions } from '../../webview/views/physical/options.js';
import { outOfSight } from '../../webview/views/physical/sight.js';
import { contrast, inkOn } from '../../webview/draw/color.js';
import { bytesText, parseFrame } from '../../webview/text.js';

/** An i386 machine of 1 GiB: zones that start inside a tile. */
const ZONES = [
  { name: 'DMA', startPfn: 1, endPfn: 4096 },
  { name: 'Normal', startPfn: 4096, endPfn: 226302 },
  { name: 'HighMem', startPfn: 226302, endPfn: 262112 },
];
const HUGE = [
  { name: 'DMA', startPfn: 1, endPfn: 4096 },
  { name: 'DMA32', startPfn: 4096, endPfn: 1 << 20 },
  { name: 'Normal', startPfn: 1 << 20, endPfn: 17_039_360 },
];

describe('the order of cells in a tile', () => {
  for (const shape of [buddyShape, rowsShape(64), rowsShape(1000), rowsShape(3)])
    it(`is a bijection: ${shape.arrangement}, ${shape.across} x ${shape.down}`, () => {
      assert.equal(shape.across * shape.down, CELLS_PER_TILE);
      for (let index = 0; index < CELLS_PER_TILE; index++) {
        const x = cellX(shape, index);
        const y = cellY(shape, index);
        assert.ok(x < shape.across && y < shape.down);
        assert.equal(cellIndex(shape, x, y), index);
      }
    });

  it('puts a block of any order into a rectangle, its buddy beside or below it', () => {
    for (let order = 0; order <= 10; order++) {
      const { across, down } = blockSize(buddyShape, order);
      assert.equal(across * down, 1 << order);
      for (let index = 0; index < 1 << order; index++)
        assert.ok(cellX(buddyShape, index) < across && cellY(buddyShape, index) < down);
      if (order < 10) {
        const buddy = 1 << order;
        const moved = [cellX(buddyShape, buddy), cellY(buddyShape, buddy)];
        assert.deepEqual(moved, order % 2 === 0 ? [across, 0] : [0, down]);
      }
    }
  });
});

describe('the layout of a machine', () => {
  for (const arrangement of ['buddy', 'rows'] as const)
    for (const zoom of ZOOMS)
      it(`leads from frame to place and back: ${arrangement}, ${zoom.framesPerCell} frames in ${zoom.cellPx} px`, () => {
        const layout = computeLayout(ZONES, 900, zoom, arrangement);
        for (const zone of ZONES)
          for (let pfn = zone.startPfn; pfn < zone.endPfn; pfn += 997) {
            const spot = spotOfPfn(layout, pfn);
            assert.ok(spot !== undefined);
            assert.ok(spot.y >= 0 && spot.y + zoom.cellPx <= layout.heightPx);
            const found = pfnAt(layout, spot.x + zoom.cellPx / 2, spot.y + zoom.cellPx / 2);
            const cell = Math.floor(pfn / zoom.framesPerCell) * zoom.framesPerCell;
            assert.equal(found, Math.max(cell, zone.startPfn));
          }
      });

  it('knows no frame outside of every zone, nor beside a tile', () => {
    const layout = computeLayout(ZONES, 900, { framesPerCell: 1, cellPx: 8 }, 'buddy');
    assert.equal(spotOfPfn(layout, 0), undefined);
    assert.equal(spotOfPfn(layout, 262112), undefined);
    assert.equal(pfnAt(layout, 3, 3), undefined);
  });

  it('fits the whole machine into the view, from 1 GiB to 64 GiB', () => {
    for (const zones of [ZONES, HUGE]) {
      const zoom = ZOOMS[fittingZoom(zones, 1200, 800, 'buddy')];
      assert.ok(zoom !== undefined);
      assert.ok(computeLayout(zones, 1200, zoom, 'buddy').heightPx <= 800);
    }
  });

  it('stays below the height that browsers can scroll, 64 GiB at the nearest zoom', () => {
    const [nearest] = ZOOMS;
    assert.ok(nearest !== undefined);
    assert.ok(computeLayout(HUGE, 900, nearest, 'buddy').heightPx < 33_000_000);
  });
});

describe('numbers as text', () => {
  it('sizes', () => {
    assert.deepEqual([4096, 64 << 20, 1.5 * 2 ** 30, 139.9 * 2 ** 20].map(bytesText), [
      '4 KiB',
      '64 MiB',
      '1.5 GiB',
      '139.9 MiB',
    ]);
  });

  it('frames and addresses that a user types', () => {
    const typed = ['0x1f40', '8000', 'pfn 0x10', '0x1f40000', 'page', '0xffffffff000', ''];
    assert.deepEqual(
      typed.map((text) => parseFrame(text, 16352)),
      [0x1f40, 8000, 0x10, 0x1f40, undefined, undefined, undefined],
    );
  });
});

describe('how the map was left', () => {
  it('is as it was after a reload, coloured by a flag, too', () => {
    for (const colouring of ['use', 'process', 'PG_locked', 'KPF_THP', 'age'])
      assert.equal(readOptions({ colouring }).colouring, colouring);
    assert.equal(readOptions({ colouring: 'a lost one' }).colouring, 'use');
  });

  it('has a legend that says what its steps mean', () => {
    const { words } = colouringOf('age');
    assert.deepEqual(words?.at(-1), [15, 'just now']);
    assert.ok(colouringOf('PG_locked').words?.every(([, text]) => !/\d/.test(text)));
    assert.equal(colouringOf('references').words, undefined);
  });
});

describe('what changed out of sight', () => {
  const places = [10, 400, 900, 60].map((top, firstPfn) => ({
    firstPfn,
    box: { left: 100, right: 110, top, bottom: top + 8 },
  }));
  const sight = { left: 80, top: 100, widthPx: 400, heightPx: 400 };
  it('is above or below the view, the nearest first', () => {
    const { above, below } = outOfSight(places, sight);
    assert.deepEqual(
      [above.map(({ box }) => box.top), below.map(({ box }) => box.top)],
      [[60, 10], [900]],
    );
  });
  it('is beside the view where the map scrolls sideways', () => {
    const { left, right } = outOfSight(places, { ...sight, left: 200 });
    assert.deepEqual([left.length, right.length], [1, 0]);
  });
  it('is nothing when all is in view', () => {
    const all = outOfSight(places, { left: 0, top: 0, widthPx: 999, heightPx: 999 });
    assert.deepEqual(all, { above: [], below: [], left: [], right: [] });
  });
});

describe('a digit on a block', () => {
  const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    contributes: { colors: readonly { id: string; defaults: Record<string, string> }[] };
  };
  for (const { id, defaults } of contributes.colors)
    it(`of ${id} can be read in every theme`, () => {
      for (const text of Object.values(defaults)) {
        const value = parseInt(text.slice(1), 16);
        const color = { r: value >> 16, g: (value >> 8) & 255, b: value & 255 };
        assert.ok(contrast(color, inkOn(color)) >= 4.5, text);
      }
    });
});
