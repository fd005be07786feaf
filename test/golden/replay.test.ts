/**
 * Recorded runs of the real allocator, replayed: every result, every event, every dump, every checksum, and beside a core
 * every word of memory.
 *
 * All runs of the repository are replayed. Of those that lie elsewhere (MMSCOPE_RECORDINGS) the runs of several 10,000
 * operations add minutes and little: `MMSCOPE_ALL_TRACES=1` takes them, too.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { agrees, replayFile, verdictLines } from '../../src/cli/replay/replay.js';
import { isKept, recordedTraces, titleOf } from '../recordings.js';

const ALL = process.env['MMSCOPE_ALL_TRACES'] === '1';
/** More digits than these in the number of operations make a run long. */
const SHORT: Readonly<Record<string, number>> = {
  vmalloc: 3,
  slabseq: 5,
  pcp0: 6,
  cma: 4,
  contig: 4,
};

function isLong(file: string): boolean {
  const [, family = '', operations = ''] = /^([a-z0-9]+)-n(\d+)-/.exec(path.basename(file)) ?? [];
  return operations.length > (SHORT[family] ?? 4);
}

const traces = (families: RegExp): readonly string[] =>
  recordedTraces('.', families).filter((file) => ALL || isKept(file) || !isLong(file));

function itAgrees(file: string): void {
  it(titleOf(file), () => {
    const verdict = replayFile(file);
    assert.ok(verdict.verdict.ops > 0, 'no operation was judged');
    assert.ok(agrees(verdict), verdictLines(verdict).join('\n'));
  });
}

function describeRuns(title: string, files: readonly string[]): void {
  describe(title, function () {
    this.timeout(120_000);
    assert.ok(files.length > 0, title);
    files.forEach(itAgrees);
  });
}

for (const [title, families] of [
  ['idle, pcp0, bulk', /^(idle|pcp0|bulk)-/],
  ['comp, mixed, steal, zones', /^(comp|mixed|steal|zones)-/],
  ['objects and caches', /^(slabseq|slabgeom)-/],
  ['kmap', /^kmap-/],
  ['vmalloc, pgtable', /^(vmalloc|pgtable)-/],
  ['CMA and contiguous ranges', /^(cma|contig)-/],
  ['tour, every operation once or twice', /^tour-/],
] as const)
  describeRuns(`replay: ${title}`, traces(families));

for (const [title, families] of [
  ['pages', /^(pcp0|comp|mixed|steal|zones)-/],
  ['objects and caches', /^slabseq-/],
  ['kmap', /^kmap-/],
  ['vmalloc', /^vmalloc-/],
  ['CMA and contiguous ranges', /^(cma|contig)-/],
  ['tour', /^tour-/],
] as const)
  describeRuns(`replay, word for word beside a core: ${title}`, recordedTraces('cores', families));
