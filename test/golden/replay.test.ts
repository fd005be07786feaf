/**
 * Recorded runs of the real allocator, replayed: every result, every event, every dump, every checksum, and beside a core
 * every word of memory.
 *
 * All runs of the repository are replayed. Of those that lie elsewhere (MMSCOPE_RECORDINGS) the runs of several 10,000
 * operations add minutes and little: `MMSCOPE_ALL_TRACES=1` takes them, too.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { replayFile, verdictLines, type FileVerdict } from '../../src/cli/replay/replay.js';
import { scratchFolder } from '../scratch.js';
import { isKept, recordedTraces, titleOf } from '../recordings.js';

const ALL = process.env['MMSCOPE_ALL_TRACES'] === '1';
/** More digits than these in the number of operations make a run long. */
const SHORT: Readonly<Record<string, number>> = {
  ...{ vmalloc: 3, slabseq: 5, pcp0: 6, cma: 4, contig: 4 },
};

/** What no recording of a machine tells, and which runs look at it: docs/fidelity.md, "What is not judged". */
const NOT_JUDGED: readonly { readonly what: RegExp; readonly runs: RegExp }[] = [
  { what: /^page->lru\.(next|prev)$/, runs: /^i386-.*\/tour-s1$/ },
  { what: /^walk of the direct map$/, runs: /^x86_64-(slab|slub-smp)-512M\/tour-s1$/ },
  { what: /^index below active$/, runs: /-slab-.*\/(slabseq|tour)-/ },
  { what: /^frame of the recorder's device$/, runs: /\/pgtable-/ },
  // What follows a free run starts from the next state, into which no caches or areas are loaded.
  { what: /^%(slabs|vmalloc)$/, runs: /\/idle-20s-clocks-running$/ },
  { what: /^%layout$/, runs: /\/pgtable-/ },
  { what: /^callers \(by=\) of events$/, runs: /\/(tour|vmalloc)-/ },
  { what: /^addresses, stacks and times of objects' users$/, runs: /\/slabbad-/ },
];

function isLong(file: string): boolean {
  const [, family = '', operations = ''] = /^([a-z0-9]+)-n(\d+)-/.exec(path.basename(file)) ?? [];
  return operations.length > (SHORT[family] ?? 4);
}

/** No other run of this machine was recorded. */
const ALONE = 'x86_64-slub-384M/slabseq-n2000-s901';
const isAlone = (file: string): boolean => titleOf(file) === ALONE;

const traces = (families: RegExp): readonly string[] =>
  recordedTraces('.', families).filter(
    (file) => !isAlone(file) && (ALL || isKept(file) || !isLong(file)),
  );

function itAgrees(file: string): void {
  it(titleOf(file), () => {
    const replayed = replayFile(file);
    const { verdict, words } = replayed;
    assert.ok(verdict.ops > 0, 'no operation was judged');
    const { differ, stateDiffer, unsupported } = verdict;
    const { wrong = 0, missing = 0 } = words ?? {};
    assert.deepEqual(
      { differ, stateDiffer, unsupported, wrong, missing },
      { differ: 0, stateDiffer: 0, unsupported: 0, wrong: 0, missing: 0 },
      verdictLines(replayed).join('\n'),
    );
    assert.deepEqual(unexpected(file, replayed), []);
  });
}

/** What was not judged although the run has no reason. */
const unexpected = (file: string, { verdict }: FileVerdict): string[] =>
  [...verdict.notJudged.keys()].filter(
    (name) => !NOT_JUDGED.some(({ what, runs }) => what.test(name) && runs.test(titleOf(file))),
  );

function describeRuns(title: string, files: readonly string[]): void {
  describe(title, function () {
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

/** Words are compared in each of these: the kernel's are beside them. */
for (const [title, families] of [
  ['pages', /^(pcp0|comp|mixed|steal|zones)-/],
  ['objects and caches', /^slabseq-/],
  ['kmap', /^kmap-/],
  ['vmalloc', /^vmalloc-/],
  ['CMA and contiguous ranges', /^(cma|contig)-/],
  ['tour', /^tour-/],
] as const)
  describeRuns(`replay, word for word beside a core: ${title}`, recordedTraces('cores', families));

describeRuns(
  'replay, word for word beside a core: misuse of objects, debugged caches',
  recordedTraces('misuse', /^slabbad-/),
);

/** Of traces that nothing lies beside, what their own dumps do not tell. */
const NOT_TOLD =
  /^(entries of page tables that only walks tell|(addresses|events) of objects of other caches.*|addresses of caches: .*|callers \(by=\) of events|page->lru\.(next|prev))$/;

describe('replay: a trace without its folder', () => {
  it(`${ALONE}: from the zones and caches that it records behind its first operations`, () => {
    const [file = ''] = recordedTraces('.', /^slabseq-/).filter(isAlone);
    const { verdict } = replayFile(file);
    assert.deepEqual([verdict.differ, verdict.stateDiffer], [0, 0], verdict.first);
    // The caches that were made before are those of a machine that has booted, but for their addresses.
    assert.deepEqual([verdict.unsupported, verdict.partly], [0, 12]);
    assert.ok(verdict.ops > 2400, `${verdict.ops}`);
  });

  for (const machine of [
    ...['x86_64-slub-512M', 'x86_64-slab-512M', 'x86_64-slub-smp-512M'],
    ...['i386-highmem4g-slub-1G', 'i386-pae-slab-1536M'],
  ])
    for (const [family, atLeast] of [
      ['kmap', /x86_64-(slab|slub-smp)/.test(machine) ? 0 : 220],
      ['slabseq', 230],
      ['tour', 130],
    ] as const)
      if (atLeast > 0)
        it(`${machine}/${family}: tables told by walks, caches and areas made anew`, () => {
          const { verdict } = alone(machine, new RegExp(`^${family}-`));
          const { differ, stateDiffer, unsupported, ops, partly, notJudged } = verdict;
          assert.deepEqual([differ, stateDiffer, unsupported], [0, 0, 0], verdict.first);
          assert.ok(ops > atLeast && partly <= 20, `${ops}, in part ${partly}`);
          assert.deepEqual(
            [...notJudged.keys()].filter((name) => !NOT_TOLD.test(name)),
            [],
          );
        });
});

describe('replay: tracepoints', () => {
  for (const [machine, atLeast] of [
    ['x86_64-slub-512M', 2300],
    ['x86_64-slab-512M', 2200],
    ['i386-pae-slab-1536M', 1600],
  ] as const)
    it(`${machine}/tour-s1: each event of each kind, in its order`, () => {
      const [file = ''] = traces(/^tour-s1/).filter((each) => each.includes(machine));
      const { verdict } = replayFile(file);
      assert.ok(verdict.events > atLeast, `${verdict.events} events`);
    });
});

/** A trace in a folder of its machine's name with nothing beside it. */
function alone(machine: string, family: RegExp): FileVerdict {
  const [file = ''] = recordedTraces('.', family).filter((each) =>
    titleOf(each).startsWith(machine),
  );
  const folder = path.join(scratchFolder(), machine);
  mkdirSync(folder, { recursive: true });
  copyFileSync(file, path.join(folder, path.basename(file)));
  return replayFile(path.join(folder, path.basename(file)));
}

describe('a trace that tells nothing of the zones, alone', function () {
  for (const machine of ['x86_64-slub-512M', 'i386-pae-slab-1536M']) {
    it(`${machine}: the geometry of each cache`, () => {
      const { verdict } = alone(machine, /^slabgeom-/);
      const { differ, stateDiffer, unsupported, ops, partly } = verdict;
      assert.deepEqual([differ, stateDiffer, unsupported], [0, 0, 0], verdict.first);
      assert.ok(ops + partly > 12_000);
      assert.deepEqual(
        [...verdict.notJudged.keys()],
        ['addresses of caches: no dump tells what was free'],
      );
    });

    it(`${machine}: walks of the page tables`, () => {
      const { verdict } = alone(machine, /^pgtable-/);
      const { differ, stateDiffer, unsupported, ops } = verdict;
      assert.deepEqual([differ, stateDiffer, unsupported], [0, 0, 0], verdict.first);
      assert.ok(ops > 340);
    });
  }
});
