/** What a trace takes from those that lie beside it, and what it does not; and traces of kernels that died. */
import assert from 'node:assert/strict';
import { readText } from '../../src/cli/openFile.js';
import { Judge } from '../../src/cli/replay/judge.js';
import { startOf } from '../../src/cli/replay/start.js';
import { readTrace } from '../../src/engine/image/state/index.js';
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

describe('replay: a kernel that died of a double free, SLAB', function () {
  // active is 2^32 - 1: x86_64 faults at freelist[active], i386 stops where the slab is used next.
  for (const [machine, death] of [
    ['x86_64-slab-192M', /kf 133, .* page fault for address: ffff8881021b023f$/],
    ['i386-pae-slab-256M', /ka 168 1 K, .*kernel BUG at mm\/slab\.c: alloc_block\(\)$/],
  ] as const) {
    const file = `test/golden/besides/${machine}/slabbad-s703.trace.gz`;

    it(`${machine}: at the same operation`, () => {
      const { differ, stateDiffer, unsupported, ops, notes } = replayFile(file).verdict;
      assert.deepEqual([differ, stateDiffer, unsupported], [0, 0, 0]);
      assert.ok(ops > 80);
      assert.ok(
        notes.some((note) => note.startsWith('died, as') && death.test(note)),
        notes.join(),
      );
    });

    it(`${machine}: where the trace goes on, the kernel did not die`, () => {
      const judge = new Judge(startOf(file));
      const lines = [...readText(file)].join('').trimEnd();
      for (const item of readTrace([`${lines}\nck\n`])) judge.take(item);
      assert.equal(judge.verdict().differ, 1);
    });
  }
});
