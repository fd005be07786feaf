/**
 * Recorded runs of the real allocator, replayed: every result, every dump, every checksum, and beside a core every word of
 * memory.
 */
import assert from 'node:assert/strict';
import { agrees, replayFile, verdictLines } from '../../src/cli/replay/replay.js';
import { coreTraces, sharedMissing, sharedTraces, shippedTraces, titleOf } from './traces.js';

/** Runs of several 10,000 operations add minutes and little: `MMSCOPE_ALL_TRACES=1` takes them, too. */
const ALL = process.env['MMSCOPE_ALL_TRACES'] === '1';

function itAgrees(file: string): void {
  it(titleOf(file), () => {
    const verdict = replayFile(file);
    assert.ok(verdict.verdict.ops > 0, 'no operation was judged');
    assert.ok(agrees(verdict), verdictLines(verdict).join('\n'));
  });
}

function describeShared(title: string, files: readonly string[]): void {
  describe(title, function () {
    this.timeout(120_000);
    if (sharedMissing !== undefined) it.skip(`(${sharedMissing})`);
    files.forEach(itAgrees);
  });
}

describe('replay: the shipped recordings', function () {
  this.timeout(60_000);
  shippedTraces().forEach(itAgrees);
});

describeShared('replay: idle, pcp0, bulk', sharedTraces(/^(idle|pcp0|bulk)-/));
describeShared(
  'replay: comp, mixed, steal, zones',
  sharedTraces(ALL ? /^(comp|mixed|steal|zones)-/ : /^(comp|mixed|steal|zones)-n\d{1,4}-/),
);
/** Kernels with mm/slab.c. */
const ofSlab = (file: string): boolean => /[/\\][^/\\]*-slab-[^/\\]*[/\\][^/\\]*$/.test(file);
describeShared(
  'replay: objects and caches of SLAB',
  sharedTraces(ALL ? /^(slabseq|slabgeom)-/ : /^(slabseq-n\d{1,5}-|slabgeom-)/).filter(ofSlab),
);
describeShared(
  'replay: objects and caches of SLAB, word for word beside a core',
  coreTraces(/^slabseq-/).filter(ofSlab),
);
/** Kernels with mm/slub.c. */
const ofSlub = (file: string): boolean => /[/\\][^/\\]*-slub[^/\\]*[/\\][^/\\]*$/.test(file);
describeShared(
  'replay: objects of SLUB',
  sharedTraces(ALL ? /^slabseq-/ : /^slabseq-n\d{1,5}-/).filter(ofSlub),
);
describe('replay: geometry of SLUB', function () {
  this.timeout(120_000);
  if (sharedMissing !== undefined) it.skip(`(${sharedMissing})`);
  for (const file of sharedTraces(/^slabgeom-/).filter(ofSlub))
    it(titleOf(file), () => {
      const { ops, differ, stateDiffer, unsupported } = replayFile(file).verdict;
      assert.ok(ops > 14_000);
      assert.deepEqual({ stateDiffer, unsupported }, { stateDiffer: 0, unsupported: 0 });
      // On one CPU a worker frees the caches that waited for RCU, at a time that only the scheduler knows: addresses after it.
      assert.ok(differ <= 98);
    });
});
describeShared(
  'replay: objects of SLUB, word for word beside a core',
  coreTraces(/^slabseq-/).filter(ofSlub),
);
describeShared(
  'replay: word for word beside a core',
  coreTraces(/^(pcp0|comp|mixed|steal|zones)-/),
);

describeShared('replay: kmap', sharedTraces(ALL ? /^kmap-/ : /^kmap-n\d{1,4}-/));

describeShared('replay: kmap word for word beside a core', coreTraces(/^kmap-/));
describeShared('replay: vmalloc word for word beside a core', coreTraces(/^vmalloc-/));
describeShared(
  'replay: vmalloc, pgtable',
  sharedTraces(ALL ? /^(vmalloc|pgtable)-/ : /^(vmalloc-n\d{1,3}-|pgtable-)/),
);

describeShared('replay: CMA and contiguous ranges', sharedTraces(/^(cma|contig)-/));
describeShared('replay: CMA word for word beside a core', coreTraces(/^(cma|contig)-/));

/** Every operation once or twice. */
describe('replay: tour', function () {
  this.timeout(120_000);
  if (sharedMissing !== undefined) it.skip(`(${sharedMissing})`);
  for (const file of sharedTraces(/^tour-/))
    it(titleOf(file), () => {
      const replayed = replayFile(file);
      const { ops, differ, stateDiffer, unsupported } = replayed.verdict;
      const lines = verdictLines(replayed).join('\n');
      assert.ok(ops > 140, lines);
      assert.deepEqual([stateDiffer, unsupported], [0, 0], lines);
      // Two folders have no dump of the direct map's tables: six results walk through them.
      assert.equal(differ, /x86_64-(slab|slub-smp)-512M/.test(file) ? 6 : 0, lines);
    });
  for (const file of coreTraces(/^tour-/))
    it(titleOf(file), () => {
      const replayed = replayFile(file);
      const { differ, stateDiffer, unsupported } = replayed.verdict;
      const lines = verdictLines(replayed).join('\n');
      assert.deepEqual([differ, stateDiffer, unsupported], [0, 0, 0], lines);
      const { wrong, missing } = replayed.words ?? assert.fail('words are compared');
      // SLUB: a cache that is destroyed is looked up in debugfs. The dentry is allocated, what is written in it is not ours.
      assert.ok(ofSlab(file) ? wrong + missing === 0 : wrong <= 3 && missing <= 33, lines);
    });
});
