/** The list of boundaries: numbers stay, the oldest go, and memory does not grow with the length of a run. */
import assert from 'node:assert/strict';
import { Boundaries } from '../../src/adapter/time/boundaries.js';

describe('boundaries', () => {
  const filled = (count: number, kept: number): Boundaries => {
    const boundaries = new Boundaries();
    for (let i = 0; i < count; i++) {
      boundaries.push({ position: i * 3, task: i % 3, statement: i % 1000, depth: i % 7 });
      boundaries.forgetBefore((i - kept) * 3);
    }
    return boundaries;
  };

  it('keep their numbers while older ones go', () => {
    const boundaries = filled(100_000, 5_000);
    assert.deepEqual([boundaries.first, boundaries.last], [94_999, 99_999]);
    for (const number of [94_999, 97_531, 99_999]) {
      assert.equal(boundaries.position(number), number * 3);
      assert.equal(boundaries.task(number), number % 3);
      assert.equal(boundaries.statement(number), number % 1000);
      assert.equal(boundaries.depth(number), number % 7);
    }
    boundaries.cutAfter(95_000);
    assert.equal(boundaries.last, 95_000);
  });

  it('take no more room for a longer run', () => {
    const { sizeBytes } = filled(30_000, 5_000);
    assert.equal(filled(300_000, 5_000).sizeBytes, sizeBytes);
    assert.ok(sizeBytes < 5_000 * 15 * 2.5, `${sizeBytes} bytes`);
  });

  it('are found by their position', () => {
    const boundaries = filled(10_000, 4_000);
    assert.equal(boundaries.lastUpTo(7_000 * 3), 7_000);
    assert.equal(boundaries.lastUpTo(7_000 * 3 + 2), 7_000);
    assert.equal(boundaries.lastUpTo(0), boundaries.first);
    assert.equal(boundaries.lastUpTo(Infinity), boundaries.last);
  });
});
