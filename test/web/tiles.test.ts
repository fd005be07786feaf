/** What the map fetches, what a stop makes stale, and where it says something has changed. */
import assert from 'node:assert/strict';
import type { FrameChangeRun } from '../../src/engine/view/frameChanges.js';
import { pageKindCode, pageState } from '../../src/engine/view/pageState.js';
import type { MapArguments } from '../../src/engine/view/map.js';
import { CHANGED, Changes, REGROUPED, SAME } from '../../webview/views/physical/changes.js';
import { changesText } from '../../webview/views/physical/changesText.js';
import { CELLS_PER_TILE } from '../../webview/views/physical/curve.js';
import { blockEvents } from '../../webview/views/physical/draw/happened.js';
import { Tiles } from '../../webview/views/physical/tiles.js';

const FREE = pageKindCode('free');
const KERNEL = pageKindCode('kernel');
const settle = () => new Promise((resolve) => setImmediate(resolve));

function machine() {
  const states = new Uint8Array(4 * CELLS_PER_TILE).fill(pageState(FREE, 10));
  const asked: MapArguments[] = [];
  const tiles = new Tiles(
    (asks) => {
      asked.push(asks);
      return Promise.resolve(states.slice(asks.firstPfn, asks.firstPfn + asks.cells));
    },
    () => undefined,
  );
  return { states, asked, tiles };
}

describe('tiles', () => {
  it('are fetched once, neighbours together', async () => {
    const { tiles, asked } = machine();
    tiles.want(1, [{ firstTile: 0, endTile: 3 }]);
    await settle();
    tiles.want(1, [{ firstTile: 0, endTile: 4 }]);
    await settle();
    assert.deepEqual(asked, [
      { firstPfn: 0, framesPerCell: 1, cells: 3 * CELLS_PER_TILE },
      { firstPfn: 3 * CELLS_PER_TILE, framesPerCell: 1, cells: CELLS_PER_TILE },
    ]);
  });

  it('take over what a stop changed without being asked for again', async () => {
    const { tiles, asked } = machine();
    const span = [{ firstTile: 0, endTile: 2 }];
    tiles.want(1, span);
    await settle();
    const [before, after] = [pageState(FREE, 10), pageState(KERNEL)];
    tiles.change([[CELLS_PER_TILE - 1, 2, before, after, CHANGED]], true);
    tiles.want(1, span);
    await settle();
    assert.equal(asked.length, 1);
    assert.equal(tiles.get(1, 0)?.states[CELLS_PER_TILE - 1], after);
    assert.equal(tiles.get(1, 1)?.states[0], after);
    assert.equal(tiles.get(1, 1)?.states[1], before);
  });

  it('of several frames a cell are asked for again where something changed, and only there', async () => {
    const { tiles, asked } = machine();
    const span = [{ firstTile: 0, endTile: 2 }];
    tiles.want(4, span);
    await settle();
    tiles.change([[4 * CELLS_PER_TILE, 1, 0, 0, CHANGED]], true);
    tiles.want(4, span);
    await settle();
    assert.deepEqual(
      asked.map(({ firstPfn }) => firstPfn),
      [0, 4 * CELLS_PER_TILE],
    );
  });

  it('are all asked for again when it is not known what happened', async () => {
    const { tiles, asked, states } = machine();
    const span = [{ firstTile: 0, endTile: 1 }];
    tiles.want(1, span);
    await settle();
    const version = tiles.get(1, 0)?.version ?? 0;
    states[5] = pageState(KERNEL);
    tiles.expire();
    tiles.want(1, span);
    await settle();
    assert.equal(asked.length, 2);
    assert.ok((tiles.get(1, 0)?.version ?? 0) > version);
  });

  it('that cannot be had now are asked for again after the next stop', async () => {
    let fails = true;
    const tiles = new Tiles(
      () =>
        fails
          ? Promise.reject(new Error('running'))
          : Promise.resolve(new Uint8Array(CELLS_PER_TILE)),
      () => undefined,
    );
    tiles.want(1, [{ firstTile: 0, endTile: 1 }]);
    await settle();
    assert.equal(tiles.get(1, 0), undefined);
    fails = false;
    tiles.expire();
    tiles.want(1, [{ firstTile: 0, endTile: 1 }]);
    await settle();
    assert.ok(tiles.get(1, 0) !== undefined);
  });
});

/** A block of order 3 from pfn 8 on of which the first page was taken. */
const SPLIT: readonly FrameChangeRun[] = [
  [8, 1, pageState(FREE, 3), pageState(KERNEL), CHANGED],
  [9, 1, pageState(FREE, 3), pageState(FREE, 0), REGROUPED],
  [10, 2, pageState(FREE, 3), pageState(FREE, 1), REGROUPED],
  [12, 4, pageState(FREE, 3), pageState(FREE, 2), REGROUPED],
];
const back = ([first, nr, before, after]: FrameChangeRun): FrameChangeRun => [
  first,
  nr,
  after,
  before,
  after === pageState(KERNEL) ? CHANGED : REGROUPED,
];

describe('changes', () => {
  it('are known of any tile at any zoom', () => {
    const changes = new Changes(SPLIT);
    assert.deepEqual(
      [...(changes.ofTile(1, 0)?.subarray(7, 17) ?? [])],
      [SAME, CHANGED, ...new Array<number>(7).fill(REGROUPED), SAME],
    );
    assert.deepEqual(
      [...(changes.ofTile(4, 0)?.subarray(1, 5) ?? [])],
      [SAME, CHANGED, REGROUPED, SAME],
    );
    assert.equal(changes.ofTile(1, 1), undefined);
  });

  it('side by side are one, as people count them', () => {
    const changes = new Changes([...SPLIT, [100, 1, 0, 1, CHANGED]]);
    assert.deepEqual(
      changes.spans.map(({ firstPfn, endPfn }) => [firstPfn, endPfn]),
      [
        [8, 16],
        [100, 101],
      ],
    );
    assert.deepEqual(
      changes.foremost.map(({ firstPfn, endPfn }) => [firstPfn, endPfn]),
      [
        [8, 9],
        [100, 101],
      ],
    );
  });

  it('are told in one line', () => {
    assert.equal(changesText(new Changes(SPLIT)), 'order 3 at 0x8 split; 1 frame changed use');
    assert.equal(
      changesText(new Changes(SPLIT.map(back))),
      '0x8 and 0xc merged to order 3; 1 frame changed use',
    );
    assert.equal(changesText(new Changes([])), '');
  });

  it('tell a block that was split, and one that was merged', () => {
    assert.deepEqual(blockEvents(SPLIT), [
      { kind: 'split', firstPfn: 8, order: 3, parts: [0, 1, 2] },
    ]);
    assert.deepEqual(blockEvents(SPLIT.map(back)), [
      { kind: 'merge', firstPfn: 8, order: 3, parts: [0, 1, 2] },
    ]);
  });
});
