/** What a trace takes from those that lie beside it, and what it does not. */
import assert from 'node:assert/strict';
import { verdictLines, replayFile } from '../../src/cli/replay/replay.js';

const FOLDER = 'test/golden/besides/x86_64-slub-160M';

describe('replay: traces beside one another', function () {
  // A page table of the other run lies where this one has the slab that kmalloc-96 takes its objects from.
  it('page tables of another boot are not taken where the trace has slabs', () => {
    const replayed = replayFile(`${FOLDER}/slabbad-s502.trace.gz`);
    const { differ, stateDiffer, unsupported, ops } = replayed.verdict;
    assert.deepEqual(
      { differ, stateDiffer, unsupported },
      { differ: 0, stateDiffer: 0, unsupported: 0 },
      verdictLines(replayed).join('\n'),
    );
    assert.equal(ops, 627);
  });
});
