/** Stacks of the kernel's threads, as a map of memory shows them: in plain traces they may be given back by nobody who is known. */
import assert from 'node:assert/strict';
import { stacksIn } from '../../src/cli/replay/plain/otherStacks.js';
import { parseMemmap } from '../../src/engine/image/state/index.js';

/** `mm PFN COUNT FLAGS REFCOUNT MAPCOUNT PRIVATE` */
const memmap = (...lines: readonly string[]) =>
  parseMemmap({ kind: 'dump', line: 1, name: 'memmap', args: ['0', '100'], lines: [...lines] });

const FLAGS = 0xfff;
const nothing = (): boolean => false;

describe('stacks of threads in a map of memory', () => {
  it('are blocks that are counted once, at their first page', () => {
    const runs = memmap(
      'mm 0 5 1000 1 ffffffff 0',
      'mm 5 3 1000 0 ffffffff 0',
      'mm 8 1 1000 1 ffffffff 0',
      'mm 9 3 1000 0 ffffffff 0',
    );
    assert.deepEqual(stacksIn(runs, 2, FLAGS, nothing), [4, 8]);
    assert.deepEqual(stacksIn(runs, 1, FLAGS, nothing), [4, 8]);
  });

  it('are not slabs, free blocks, compound pages, or blocks that are not aligned', () => {
    const slab = memmap('mm 0 1 200 1 ffffffff 0', 'mm 1 3 0 0 ffffffff 0');
    const free = memmap('mm 0 1 0 0 ffffff7f 2', 'mm 1 3 0 0 ffffffff 0');
    const short = memmap('mm 0 1 0 1 ffffffff 0', 'mm 1 2 0 0 ffffffff 0', 'mm 3 1 0 1 ffffffff 0');
    const elsewhere = memmap('mm 0 2 0 1 ffffffff 0', 'mm 2 3 0 0 ffffffff 0');
    for (const runs of [slab, free, short, elsewhere])
      assert.deepEqual(stacksIn(runs, 2, FLAGS, nothing), []);
  });

  it('are not a page in use with free ones of a CPU behind it', () => {
    const runs = memmap('mm 0 1 0 1 ffffffff 0', 'mm 1 3 0 0 ffffffff 0');
    assert.deepEqual(stacksIn(runs, 2, FLAGS, nothing), [0]);
    assert.deepEqual(
      stacksIn(runs, 2, FLAGS, (pfn) => pfn === 1),
      [],
    );
  });
});
