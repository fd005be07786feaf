/** How a long motion shares its thread, by a clock that the test turns. */
import assert from 'node:assert/strict';
import { nodeFiles } from '../../src/files/nodeFiles.js';
import { Pace } from '../../src/adapter/time/pace.js';

describe('pace', () => {
  /** How many statements of a cost run before messages are let through. */
  const statementsBeforeRest = (costMs: number): number => {
    let now = 1000;
    const pace = new Pace({
      ...nodeFiles,
      resolvePath: (name) => name,
      yieldToMessages: () => Promise.resolve(),
      now: () => now,
    });
    pace.start();
    for (let n = 1; ; n++) {
      now += costMs;
      if (pace.isTimeToRest()) return n;
    }
  };

  it('rests behind the first statement that costs much, and not behind each of the cheap ones', () => {
    assert.equal(statementsBeforeRest(59), 1);
    assert.equal(statementsBeforeRest(5), 3);
    assert.equal(statementsBeforeRest(0.5), 24);
  });
});
