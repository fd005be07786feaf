/** The judge must say no: one spoilt fact in a recording that agrees is found, counted and named, and nothing else is. */
import assert from 'node:assert/strict';
import { Judge, type Verdict } from '../../src/cli/replay/judge.js';
import { compareWords, parseWord } from '../../src/cli/replay/words.js';
import { openState, readTrace } from '../../src/engine/image/state/index.js';
import { alloc_pages, __free_pages } from '../../src/engine/entry/functions.js';
import { readText } from '../../src/cli/openFile.js';

const FILE = 'test/golden/data/i386-highmem4g-slub-256M/pcp0-n300-s31.trace.gz';
const LINES = linesOf(FILE);
/** Ends with pages on per-CPU lists. */
const IDLE = linesOf('test/golden/data/i386-highmem4g-slub-1G/idle-s1.trace.gz');

function linesOf(file: string): readonly string[] {
  return [...readText(file)].join('').split('\n');
}

function judgeLines(lines: readonly string[]): Verdict {
  const judge = new Judge();
  for (const item of readTrace([lines.join('\n')])) judge.take(item);
  return judge.verdict();
}

/** A recording with one line changed. */
function spoilt(
  pick: (lines: readonly string[]) => number,
  change: (line: string) => string,
  recording: readonly string[] = LINES,
): string[] {
  const at = pick(recording);
  assert.ok(at >= 0, 'the recording has no such line');
  const line = recording[at] ?? '';
  assert.notEqual(change(line), line);
  return recording.map((each, i) => (i === at ? change(each) : each));
}

const first =
  (pattern: RegExp) =>
  (lines: readonly string[]): number =>
    lines.findIndex((line) => pattern.test(line));
const last =
  (pattern: RegExp) =>
  (lines: readonly string[]): number =>
    lines.findLastIndex((line) => pattern.test(line));

const counts = ({ differ, stateDiffer, unsupported }: Verdict): readonly number[] => [
  differ,
  stateDiffer,
  unsupported,
];

describe('the judge of recorded runs', () => {
  it('agrees with the recording as it is', () => {
    assert.deepEqual(counts(judgeLines(LINES)), [0, 0, 0]);
  });

  it('finds one wrong result', () => {
    const lines = spoilt(first(/^f \d+ -> [0-9a-f]+ o=0$/), (line) => line.replace('o=0', 'o=1'));
    const verdict = judgeLines(lines);
    assert.deepEqual(counts(verdict), [1, 0, 0]);
    assert.match(
      verdict.first ?? '',
      /^line \d+: f \d+: ours [0-9a-f]+ o=0, kernel [0-9a-f]+ o=1$/,
    );
  });

  it('finds one wrong checksum', () => {
    const lines = spoilt(last(/^ck -> /), (line) => line.replace(/ck=./, 'ck=x'));
    assert.deepEqual(counts(judgeLines(lines)), [0, 1, 0]);
  });

  it('names the link of a free list that leads elsewhere', () => {
    // Swaps the first two blocks of a list in the closing dump.
    const lines = spoilt(last(/^ {2}fl \d+ \d [0-9a-f]+ [0-9a-f]+( |$)/), (line) =>
      line.replace(/^( {2}fl \d+ \d) (\S+) (\S+)/, '$1 $3 $2'),
    );
    const verdict = judgeLines(lines);
    assert.deepEqual(counts(verdict), [0, 1, 0]);
    assert.match(
      verdict.first ?? '',
      /free_area\[\d+\]\.free_list\[MIGRATE_[A-Z]+\] \.next: ours page 0x[0-9a-f]+, kernel page 0x[0-9a-f]+$/,
    );
  });

  it('names the link at which a per-CPU list ends too early', () => {
    const lines = spoilt(last(/^ {2}pl \d+ /), (line) => `${line} 1`, IDLE);
    const verdict = judgeLines(lines);
    assert.deepEqual(counts(verdict), [0, 1, 0]);
    assert.match(
      verdict.first ?? '',
      /page 0x[0-9a-f]+ ->lru\.next: ours per_cpu_pageset->lists\[\d+\], kernel page 0x1$/,
    );
  });

  it('names a counter', () => {
    const lines = spoilt(last(/^ stat nr_free_pages=/), (line) =>
      line.replace(/nr_free_pages=[0-9a-f]+/, 'nr_free_pages=1'),
    );
    const verdict = judgeLines(lines);
    assert.deepEqual(counts(verdict), [0, 1, 0]);
    assert.match(
      verdict.first ?? '',
      /zone HighMem ->vm_stat\[nr_free_pages\]: ours 0x[0-9a-f]+, kernel 0x1$/,
    );
  });

  it('names a word of a page', () => {
    const lines = spoilt(last(/^mm [0-9a-f]+ 1 .* ffffff7f/), (line) =>
      line.replace(/[0-9a-f]+$/, 'f'),
    );
    const verdict = judgeLines(lines);
    assert.deepEqual(counts(verdict), [0, 1, 0]);
    assert.match(verdict.first ?? '', /page 0x[0-9a-f]+ ->private: ours 0x[0-9a-f]+, kernel 0xf$/);
  });

  it('judges nothing behind an operation it does not perform', () => {
    const at = LINES.findIndex((line) => line.startsWith('f '));
    const lines = [...LINES.slice(0, at), 'vm 9000 4096 -> cc800000', ...LINES.slice(at)];
    const verdict = judgeLines(lines);
    const behind = LINES.slice(at).filter((line) => / -> |^drain/.test(line)).length;
    assert.deepEqual(counts(verdict), [0, 0, behind + 1]);
    assert.ok(verdict.notes.some((note) => note.startsWith('unsupported: vm 1, ')));
  });

  it('goes on behind an operation that only looks', () => {
    const at = LINES.findIndex((line) => line.startsWith('f '));
    const lines = [...LINES.slice(0, at), 'pt 0xc0000000 -> pt c0000000', ...LINES.slice(at)];
    assert.deepEqual(counts(judgeLines(lines)), [0, 0, 1]);
  });
});

describe('the comparison of words', () => {
  const KERNEL = 0;
  /** One page allocated and kept, and the words that this changes as a list of the kernel's would have them. */
  function run(): {
    readonly lines: string[];
    readonly judge: (lines: string[]) => readonly number[];
  } {
    const image = openState(LINES.join('\n'));
    const { mm } = image;
    alloc_pages(mm, mm.GFP_KERNEL, KERNEL);
    const lines = compareWords(image, []).changes.map(
      ({ phys, before, after }) =>
        `${phys.toString(16)} ${before.toString(16)} ${after.toString(16)}`,
    );
    const judge = (list: string[]): readonly number[] => {
      const { wrong, missing } = compareWords(image, list.map(parseWord));
      return [wrong, missing];
    };
    return { lines, judge };
  }

  it('agrees with its own words', () => {
    const { lines, judge } = run();
    assert.ok(lines.length > 5);
    assert.deepEqual(judge(lines), [0, 0]);
  });

  it('counts a word with another value, one the kernel left alone, and one it alone changed', () => {
    const { lines, judge } = run();
    const [word = '', ...rest] = lines;
    assert.deepEqual(judge([word.replace(/[0-9a-f]+$/, '7777'), ...rest]), [1, 0]);
    assert.deepEqual(judge(rest), [1, 0]);
    assert.deepEqual(judge([...lines, '1000000 0 1 contig_page_data+0']), [0, 1]);
    // The recorder's variables lie around n_ops.
    assert.deepEqual(judge([...lines, '1000000 0 1 n_ops+0']), [0, 0]);
    assert.deepEqual(judge([...lines, '1000000 0 1 n_ops+0', '10000a0 0 1']), [0, 0]);
    assert.deepEqual(judge([...lines, '1000000 0 1 slots+10']), [0, 1]);
  });

  it('does not count what was changed and changed back', () => {
    const image = openState(LINES.join('\n'));
    const { mm, tape } = image;
    const at = tape.cursor;
    const page = alloc_pages(mm, mm.GFP_KERNEL, KERNEL);
    __free_pages(mm, page, KERNEL);
    tape.seek(at);
    assert.deepEqual(compareWords(image, []).changes, []);
  });
});
