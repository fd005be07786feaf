/**
 * Each exemption of the judge is narrow: what it is for is excused, and a wrong word beside it is found.
 *
 * The run is `tour` on cores: every place that is left out and every stand-in occurs in it.
 */
import assert from 'node:assert/strict';
import { Judge } from '../../src/cli/replay/judge.js';
import { LeftOut, type Place } from '../../src/cli/replay/leftOut.js';
import { recorderStatics } from '../../src/cli/replay/recorder.js';
import { openStart } from '../../src/cli/replay/replay.js';
import { eventsDifference } from '../../src/cli/replay/tracepoints.js';
import { Untold } from '../../src/cli/replay/untold.js';
import { compareWords, parseWord, type KernelWord } from '../../src/cli/replay/words.js';
import { readLines, readText } from '../../src/cli/openFile.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { openState, pageLine, readTrace } from '../../src/engine/image/state/index.js';
import { asPhys, asVirt } from '../../src/engine/memory/address.js';
import { findMember } from '../../src/engine/types/members.js';
import { recordedText, recording } from '../recordings.js';

interface Run {
  readonly image: KernelImage;
  readonly kernel: readonly KernelWord[];
  readonly changes: readonly KernelWord[];
  readonly ours: ReadonlyMap<number, KernelWord>;
}

function runOf(machine: string, name: string, parent = 'cores'): Run {
  const fileOf = (file: string): string => recording(parent, machine, file);
  const image = openStart(fileOf('before.vmcore.gz'));
  const judge = new Judge(image);
  for (const item of readTrace(readText(fileOf(`${name}.trace.gz`)))) judge.take(item);
  const kernel = [...readLines(fileOf(`${name}.after.gz`))].map(parseWord);
  const { changes } = compareWords(image, kernel);
  return { image, kernel, changes, ours: new Map(changes.map((word) => [word.phys, word])) };
}

/** Wrong and missing words when the kernel's list has other words. */
function judged({ image, changes }: Run, kernel: readonly KernelWord[]): readonly number[] {
  const { wrong, missing } = compareWords(image, kernel, undefined, changes);
  return [wrong, missing];
}

/** A word that the kernel alone changed. */
const alone = (phys: number, symbol?: string): KernelWord => ({
  phys,
  before: 0n,
  after: 1n,
  symbol,
});

/** Physical address of a member of the running task. */
function ofTask({ image }: Run, member: string): number {
  const { mm, profile } = image;
  const type = profile.types.struct('task_struct') ?? assert.fail();
  const bits = findMember(type, member)?.offsetBits ?? assert.fail(member);
  const task = mm.read_va(mm.symbol('current_task'));
  return mm.phys_of(asVirt(task + bits / 8)) ?? assert.fail();
}

const placesOf = ({ image, kernel, ours }: Run) =>
  new LeftOut(image, kernel, [...ours.values()]).places;

const found = (run: Run, pick: (word: KernelWord) => boolean): KernelWord =>
  run.kernel.find(pick) ?? assert.fail('the run has no such word');

const statics = (run: Run): { readonly start: number; readonly end: number } =>
  recorderStatics(run.image, run.kernel) ?? assert.fail();

/** What a tour on i386 with SLUB leaves out; on SMP the same. */
const PLACES = [
  "the recorder's static data",
  'kernel stack of the running process',
  'task_struct of the running process',
  "page-table entries of the recorder's device",
  'kernel stacks of other threads',
  'task_structs of other threads',
  'workers',
  'scheduler, worker pools, RCU',
  "dentries of the caches' look-ups in debugfs",
  "inode of the caches' directory in debugfs",
] as const;

/** What memory management has in a task_struct. */
const JUDGED_OF_TASK = ['mm', 'min_flt', 'capture_control', 'kmap_ctrl', 'pagefault_disabled'];

describe('places that the comparison of words leaves out', function () {
  let run: Run;
  before(() => (run = runOf('i386-highmem4g-slub-256M', 'tour-s31')));

  it('agrees with the recording as it is', () => assert.deepEqual(judged(run, run.kernel), [0, 0]));

  it('has no other places', () => {
    assert.deepEqual(
      [...new Set(placesOf(run).map(({ name }) => name))].sort(),
      [...PLACES].sort(),
    );
  });

  for (const name of PLACES)
    it(`${name}: the words in it, and neither the one before nor the one behind`, () => {
      const all = placesOf(run);
      const isJudged = (phys: number): boolean =>
        phys > 0 && !all.some(({ start, end }) => phys >= start && phys < end);
      const isChanged = (phys: number): boolean =>
        run.ours.has(phys) || run.kernel.some((word) => word.phys === phys);
      const places = all.filter((place) => place.name === name).slice(0, 40);
      const words = (at: (place: Place) => readonly number[]): KernelWord[] =>
        [...new Set(places.flatMap(at))]
          .filter((phys) => !isChanged(phys))
          .map((phys) => alone(phys));
      // All of them at once: none changes what is said of another.
      const inside = words(({ start, end }) => [start, end - 4]);
      assert.deepEqual(judged(run, [...run.kernel, ...inside]), [0, 0], 'in it');
      const beside = words(({ start, end }) => [start - 4, end].filter(isJudged));
      assert.ok(beside.length > 0);
      assert.deepEqual(judged(run, [...run.kernel, ...beside]), [0, beside.length], 'beside');
    });

  it('what memory management has in a task_struct is judged', () => {
    for (const member of JUDGED_OF_TASK)
      assert.deepEqual(judged(run, [...run.kernel, alone(ofTask(run, member))]), [0, 1], member);
  });

  it('a name of the recorder elsewhere excuses nothing', () => {
    const elsewhere = statics(run).end + 4096;
    for (const name of ['buf.1+0', 'line+4', 'slots+0', 'pr+0', 'sym+8'])
      assert.deepEqual(judged(run, [...run.kernel, alone(elsewhere, name)]), [0, 1], name);
  });

  it("the dentry of a look-up in debugfs, but not RCU's link in it, nor the object behind it", () => {
    const { profile } = run.image;
    const address = profile.symbol('__d_free')?.address ?? assert.fail();
    const func = found(run, ({ after }) => after === BigInt(address));
    const size = profile.types.struct('dentry')?.sizeBytes ?? assert.fail();
    const type = profile.types.struct('dentry') ?? assert.fail();
    const start = func.phys - 4 - (findMember(type, 'd_u.d_rcu')?.offsetBits ?? 0) / 8;
    // A word of it that the kernel left alone.
    const inside = [...Array(size / 4).keys()]
      .map((i) => start + 4 * i)
      .find((phys) => phys < func.phys - 8 && !run.kernel.some((word) => word.phys === phys));
    assert.ok(inside !== undefined);
    assert.deepEqual(judged(run, [...run.kernel, alone(inside)]), [0, 0]);
    assert.deepEqual(judged(run, [...run.kernel, alone(start + size)]), [0, 1]);
    const spoilt = run.kernel.map((word) => (word === func ? { ...word, after: 5n } : word));
    assert.deepEqual(judged(run, spoilt), [1, 0]);
  });

  it("the inode of the caches' directory: three members", () => {
    const { mm, profile } = run.image;
    const type = profile.types.struct('inode') ?? assert.fail();
    const at = (member: string): number =>
      (findMember(type, member)?.offsetBits ?? assert.fail(member)) / 8;
    const dentry = mm.read_ptr(mm.symbol('slab_debugfs_root'));
    const dType = profile.types.struct('dentry') ?? assert.fail();
    const d_inode = (findMember(dType, 'd_inode')?.offsetBits ?? 0) / 32;
    const inode = mm.phys_of(mm.read_va(dentry + d_inode)) ?? assert.fail();
    const i_dir_seq = found(run, ({ phys }) => phys === inode + at('i_dir_seq'));
    assert.ok(i_dir_seq.after > i_dir_seq.before);
    for (const beside of [at('i_dir_seq') + 4, at('i_size'), at('i_ino')])
      assert.deepEqual(judged(run, [...run.kernel, alone(inode + beside)]), [0, 1]);
  });
});

/** A stand-in is excused for what it stands for: another value in the same word is found. */
interface StandInCase {
  readonly name: string;
  readonly machine: string;
  readonly pick: (run: Run, word: KernelWord) => boolean;
  /** What the kernel cannot have had there. */
  readonly other: (run: Run, word: KernelWord) => bigint;
}

const differs = ({ ours }: Run, { phys, after }: KernelWord): boolean => {
  const own = ours.get(phys);
  return own !== undefined && own.after !== after;
};
const isText = ({ image }: Run, value: bigint): boolean => {
  const bits = image.profile.pointerSize * 8;
  const at = (name: string): bigint =>
    BigInt.asUintN(bits, BigInt(image.profile.symbol(name)?.address ?? 0));
  return value >= at('_stext') && value < at('_etext');
};

const STAND_INS: readonly StandInCase[] = [
  {
    name: 'where the recorder called, and its constructor: an address of no code',
    machine: 'x86_64-slub-192M',
    pick: (run, word) => differs(run, word) && isText(run, word.after),
    other: () => 0xffff_8880_0000_1000n,
  },
  {
    name: 'a call has one address',
    machine: 'i386-pae-slab-256M',
    // The first of them is believed.
    pick: (run, word) =>
      differs(run, word) &&
      isText(run, word.after) &&
      run.kernel.filter(({ after }) => after === word.after).length > 1,
    other: (_run, word) => word.after + 4n,
  },
  {
    name: 'a list head on a stack: an address elsewhere',
    machine: 'x86_64-slub-192M',
    pick: (run, word) => differs(run, word) && !isText(run, word.after),
    other: (_run, word) => word.after + 0x10_0000n,
  },
];

describe('stand-ins', function () {
  for (const { name, machine, pick, other } of STAND_INS)
    it(name, () => {
      const run = runOf(machine, 'tour-s31');
      assert.deepEqual(judged(run, run.kernel), [0, 0]);
      const words = run.kernel.filter((word) => pick(run, word));
      assert.ok(words.length > 0);
      for (const one of words) {
        const spoilt = run.kernel.map((word) =>
          word === one ? { ...word, after: other(run, word) } : word,
        );
        const [wrong = 0] = judged(run, spoilt);
        assert.ok(wrong > 0, `0x${one.phys.toString(16)}`);
      }
    });
});

describe('what debugged caches and reports leave', function () {
  let run: Run;
  before(() => (run = runOf('x86_64-slub-192M', 'slabbad-s1', 'misuse')));

  const spoilt = (one: KernelWord, after: bigint): readonly number[] =>
    judged(
      run,
      run.kernel.map((word) => (word === one ? { ...word, after } : word)),
    );
  const at = (tag: string, member: string): number => {
    const type = run.image.profile.types.struct(tag) ?? assert.fail(tag);
    return (findMember(type, member)?.offsetBits ?? assert.fail(member)) / 8;
  };

  it('agrees with the recording as it is', () => assert.deepEqual(judged(run, run.kernel), [0, 0]));

  it('the log, and stacks of calls: the words in them, and none beside the log', () => {
    for (const name of ["the kernel's log", 'stacks of calls']) {
      const places = placesOf(run).filter((place) => place.name === name);
      assert.ok(places.length >= 3, name);
      for (const { start, end } of places)
        for (const phys of [start, end - 8])
          if (!run.kernel.some((word) => word.phys === phys))
            assert.deepEqual(judged(run, [...run.kernel, alone(phys)]), [0, 0]);
    }
    const log = placesOf(run).filter(({ name }) => name === "the kernel's log");
    const end = Math.max(...log.map((place) => place.end));
    assert.deepEqual(judged(run, [...run.kernel, alone(end)]), [0, 1]);
  });

  it('code that a static key changes is judged, byte for byte', () => {
    const code = run.kernel.filter(({ symbol }) => symbol?.startsWith('___slab_alloc+') === true);
    assert.ok(code.length > 0);
    for (const word of code) {
      assert.deepEqual(spoilt(word, word.before), [1, 0]);
      assert.deepEqual(spoilt(word, word.after ^ (1n << 24n)), [1, 0]);
    }
  });

  it('a stack of a user is of one call', () => {
    const handles = run.kernel.filter((word) => differs(run, word) && word.after >> 24n === 4n);
    const [first] = handles;
    const call = ({ phys }: KernelWord) => run.ours.get(phys)?.after;
    const other = handles.find((word) => first !== undefined && call(word) !== call(first));
    assert.ok(first !== undefined && other !== undefined);
    const [wrong = 0] = spoilt(other, first.after);
    assert.ok(wrong > 0);
  });

  it("names and inodes of debugfs, but not another file system's", () => {
    const { mm } = run.image;
    const root = mm.read_ptr(mm.symbol('slab_debugfs_root'));
    const sb = BigInt.asUintN(64, BigInt(mm.read_va(root + at('dentry', 'd_sb') / 4)));
    const d_sb = found(run, ({ after }) => after === sb);
    // With another super block it is a file that ours did not make.
    const [wrong = 0, missing = 0] = spoilt(d_sb, d_sb.after + 0x1000n);
    assert.ok(wrong + missing > 0);
  });
});

describe('what no dump tells', () => {
  const image = openState(recordedText('i386-highmem4g-slub-1G', 'idle-s1.trace.gz'));
  image.tape.setRecording(true);
  const { mm } = image;

  it('a word of a page that earlier lives left: until ours writes it, whatever it writes', () => {
    const pfn = [...Array(image.maxPfn).keys()].find((each) => image.guesses(each).size > 0);
    assert.ok(pfn !== undefined);
    const [offset = 0] = [...image.guesses(pfn).keys()];
    const ours = pageLine(image, pfn) ?? assert.fail();
    const withWord = (at: number): string =>
      ours.replace(/ w=(\S+) /, (_, words: string) => {
        const changed = words.split(',').map((word, i) => (i === at ? '77' : word));
        return ` w=${changed.join(',')} `;
      });
    const untold = new Untold(image);
    assert.equal(untold.page(ours, withWord(offset)), ours);
    assert.equal([...untold.counts.values()].length, 1);
    const told = mm.page.flags;
    assert.ok(!image.guesses(pfn).has(told));
    assert.notEqual(untold.page(ours, withWord(told)), ours);
    const cell = mm.pfn_to_page(pfn) + offset;
    const guess = mm.words[cell] ?? 0;
    mm.write(cell, guess ^ 1);
    mm.write(cell, guess);
    assert.equal(pageLine(image, pfn), ours, 'the guess is back');
    assert.notEqual(untold.page(ours, withWord(offset)), ours);
  });

  it('the bytes beside compound_dtor and compound_order: until one of them changes', () => {
    const { compound_dtor, compound_order } = mm.page;
    assert.equal(compound_dtor >> 2, compound_order >> 2);
    const at = compound_dtor >> 2;
    const pfn = [...Array(image.maxPfn).keys()].find((each) => image.guesses(each).has(at));
    assert.ok(pfn !== undefined);
    const page = mm.pfn_to_page(pfn);
    mm.write8(page, compound_dtor, 5);
    mm.write8(page, compound_order, 6);
    const ours = pageLine(image, pfn) ?? assert.fail();
    const withByte = (byte: number): string =>
      ours.replace(/ w=(\S+) /, (_, words: string) => {
        const changed = words.split(',').map((word, i) => {
          const value = parseInt(word, 16) ^ (0x11 << (byte * 8));
          return i === at ? (value >>> 0).toString(16) : word;
        });
        return ` w=${changed.join(',')} `;
      });
    const untold = new Untold(image);
    for (const byte of [0, 1, 2, 3]) {
      const isNamed = byte === (compound_dtor & 3) || byte === (compound_order & 3);
      assert.equal(untold.page(ours, withByte(byte)) === ours, !isNamed, `byte ${byte}`);
    }
    const padding = [0, 1, 2, 3].find(
      (byte) => byte !== (compound_dtor & 3) && byte !== (compound_order & 3),
    );
    assert.ok(padding !== undefined);
    const before = mm.read8(page, at * 4 + padding);
    mm.write8(page, at * 4 + padding, before ^ 1);
    mm.write8(page, at * 4 + padding, before);
    assert.notEqual(untold.page(ours, withByte(padding)), ours, 'written since');
  });

  it('an index below `active`: of a byte that nobody has written', () => {
    const untold = new Untold(image);
    const start = 0xc0900000;
    const line = (indexes: string): string =>
      ` part pfn=900 order=0 active=2 freelist_at=${start.toString(16)} fl ${indexes}`;
    const ours = line('0 0 5 6');
    assert.equal(untold.indexes(ours, line('9 8 5 6')), ours);
    assert.equal(untold.counts.get('index below active'), 2);
    assert.notEqual(untold.indexes(ours, line('9 8 5 7')), ours, 'a free one');
    assert.notEqual(untold.indexes(line('1 0 5 6'), line('9 8 5 6')), line('1 0 5 6'), 'not 0');
    const cell = mm.cell_of(asVirt(start));
    mm.write8(cell, 1, 3);
    mm.write8(cell, 1, 0);
    assert.notEqual(untold.indexes(ours, line('0 8 5 6')), ours, 'written since');
    assert.equal(untold.indexes(ours, line('9 0 5 6')), ours, 'the byte beside it');
  });

  it('a walk whose first entry is told by nothing: nothing but the entry', () => {
    const untold = new Untold(image);
    const ours = 'c1000000\npt c1000000 pgd[304]@800c10=0';
    const kernel = 'c1000000\npt c1000000 pgd[304]@800c10=1e3 PGDLEAF';
    assert.equal(untold.walk(ours, kernel), ours);
    for (const other of [
      kernel.replace('c1000000\n', 'c1001000\n'),
      kernel.replace('@800c10', '@800c14'),
      kernel.replace('[304]', '[305]'),
    ])
      assert.notEqual(untold.walk(ours, other), ours);
    mm.write(mm.memory.cell(asPhys(0x800c10)), 1);
    assert.notEqual(untold.walk(ours, kernel), ours, 'written since');
  });
});

describe('events of a trace', () => {
  const KERNEL = ['zl 194d o=0 mt=0', 'pa 194d o=0 mt=0 gfp=cc0'];
  for (const [what, ours, first] of [
    ['another page', ['zl 194e o=0 mt=0', KERNEL[1] ?? ''], 'event 1'],
    ['another order of steps', [...KERNEL].reverse(), 'event 1'],
    ['one event less', KERNEL.slice(0, 1), 'event 2'],
    ['one event more', [...KERNEL, 'pf 194d o=0'], 'event 3'],
  ] as const)
    it(`${what} is found`, () => {
      assert.match(eventsDifference(ours, KERNEL) ?? '', new RegExp(`^${first}: `));
    });

  it('who called is not compared, all else of the line is', () => {
    const line = 'km c1830510 req=6 alloc=8 gfp=cc0';
    assert.equal(eventsDifference([line], [`${line} by=kstrdup`]), undefined);
    assert.notEqual(
      eventsDifference([line], [`${line.replace('c1', 'c2')} by=kstrdup`]),
      undefined,
    );
  });
});
