/** What the map fetches, and what it says has changed. */
import assert from 'node:assert/strict';
import { pageKindCode, pageState } from '../../src/engine/view/pageState.js';
import type { MapArguments } from '../../src/engine/view/map.js';
import { CELLS_PER_TILE } from '../../webview/views/physical/curve.js';
import { CHANGED, REGROUPED, SAME, Tiles } from '../../webview/views/physical/tiles.js';

const FREE = pageKindCode('free');
const KERNEL = pageKindCode('kernel');

function machine() {
  const states = new Uint8Array(4 * CELLS_PER_TILE).fill(pageState(FREE, 10));
  const asked: MapArguments[] = [];
  let arrived = 0;
  const tiles = new Tiles(
    (asks) => {
      asked.push(asks);
      const slice = states.slice(asks.firstPfn, asks.firstPfn + asks.cells);
      return Promise.resolve({ maxPfn: states.length, zones: [], states: slice });
    },
    () => arrived++,
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { states, asked, tiles, settle, arrived: () => arrived };
}

describe('tiles', () => {
  it('are fetched once an epoch, neighbours together', async () => {
    const { tiles, asked, settle } = machine();
    tiles.startEpoch(1, 1);
    tiles.want(1, [{ firstTile: 0, endTile: 3 }]);
    await settle();
    tiles.want(1, [{ firstTile: 0, endTile: 4 }]);
    await settle();
    assert.deepEqual(asked, [
      { firstPfn: 0, framesPerCell: 1, cells: 3 * CELLS_PER_TILE },
      { firstPfn: 3 * CELLS_PER_TILE, framesPerCell: 1, cells: CELLS_PER_TILE },
    ]);
  });

  it('say what changed since the last stop, and keep saying it until the next', async () => {
    const { tiles, states, settle } = machine();
    const span = [{ firstTile: 0, endTile: 1 }];
    const changes = (): number[] => [...(tiles.get(1, 0)?.changes?.subarray(0, 3) ?? [])];
    tiles.startEpoch(1, 1);
    tiles.want(1, span);
    await settle();
    assert.equal(tiles.get(1, 0)?.changes, undefined);

    states[0] = pageState(KERNEL);
    states[1] = pageState(FREE, 0);
    tiles.startEpoch(2, 2);
    tiles.want(1, span);
    await settle();
    assert.deepEqual(changes(), [CHANGED, REGROUPED, SAME]);

    tiles.startEpoch(3, 2); // An edit at the same stop.
    tiles.want(1, span);
    await settle();
    assert.deepEqual(changes(), [CHANGED, REGROUPED, SAME]);

    tiles.startEpoch(4, 3);
    tiles.want(1, span);
    await settle();
    assert.deepEqual(changes(), []);
  });

  it('claim no change for what was not looked at during the last stop', async () => {
    const { tiles, states, settle } = machine();
    tiles.startEpoch(1, 1);
    tiles.want(1, [{ firstTile: 0, endTile: 1 }]);
    await settle();
    states[5] = pageState(KERNEL);
    tiles.startEpoch(2, 3);
    tiles.want(1, [{ firstTile: 0, endTile: 1 }]);
    await settle();
    assert.equal(tiles.get(1, 0)?.changes, undefined);
  });

  it('that cannot be had now are asked for again after the next stop', async () => {
    let fails = true;
    const tiles = new Tiles(
      () =>
        fails
          ? Promise.reject(new Error('running'))
          : Promise.resolve({ maxPfn: 1, zones: [], states: new Uint8Array(CELLS_PER_TILE) }),
      () => undefined,
    );
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    tiles.startEpoch(1, 1);
    tiles.want(1, [{ firstTile: 0, endTile: 1 }]);
    await settle();
    assert.equal(tiles.get(1, 0), undefined);
    fails = false;
    tiles.startEpoch(2, 2);
    tiles.want(1, [{ firstTile: 0, endTile: 1 }]);
    await settle();
    assert.ok(tiles.get(1, 0) !== undefined);
  });
});
