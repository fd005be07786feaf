/**
 * Files of /proc of recorded machines are the texts that their kernels printed, but for lines that are named here, with their reasons.
 *
 * The `static.*` texts come from another boot of the same machine than the state in `idle-s1`: one in which a process read
 * the files. It differs in the pages that the two processes hold, and so in the counters of `MOVED` and in nothing else.
 * Beside a core there is no text, but its memory has every counter: the state recorded with it prints the same, but for what
 * a state does not tell.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { dumpSpecOf, openMachine } from '../../src/engine/image/openMachine.js';
import { nodeFiles } from '../../src/files/nodeFiles.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { proc_lines } from '../../src/engine/entry/functions.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import { recordedPaths, recordedTraces, titleOf } from '../recordings.js';

/** Counters of pages that the reader of the files held and the recorder did not, or the other way round. */
const MOVED = [
  ...['nr_inactive_anon', 'nr_active_anon', 'nr_zone_inactive_anon', 'nr_anon_pages', 'nr_shmem'],
  ...['nr_mapped', 'nr_file_pages', 'nr_page_table_pages', 'count:'],
];
/** What shows page allocation; slabinfo.test.ts has the others. */
const PAGE_FILES = ['buddyinfo', 'pagetypeinfo', 'zoneinfo'];
/** Counters that a recorded state does not tell. */
const UNTOLD = ['nr_slab_reclaimable', 'nr_slab_unreclaimable', 'nr_kernel_stack'];

/** The same pages in kilobytes, and what is the sum of others. */
const MOVED_KB = [
  ...['MemFree:', 'MemAvailable:', 'Inactive:', 'Inactive(anon):', 'AnonPages:'],
  ...['Cached:', 'Mapped:', 'Shmem:', 'PageTables:'],
  ...['KReclaimable:', 'Slab:', 'SReclaimable:', 'SUnreclaim:'],
];
/** Not told: stacks, what is promised, page tables, the first per-CPU chunk (a state gets one that is free). */
const UNTOLD_KB = ['KernelStack:', 'Committed_AS:', 'Percpu:', /^DirectMap/];
/** Of /proc/vmstat besides: they follow from free pages, or count what happens, which a state begins with 0. */
const MOVED_EVENTS = ['nr_free_pages', /^nr_dirty_/, /^pg/, /^thp_/, /^unevictable/];
/** Devices of the board and its firmware, which have no part in memory management. */
const DEVICE = / : (?:(?:Video|Adapter|System) ROM|Video RAM area|\d{4}:\d\d:.*)$/;

const isOneOf = (names: readonly (string | RegExp)[], label: string): boolean =>
  names.some((name) => (typeof name === 'string' ? name === label : name.test(label)));

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

/** The counter that a line of zoneinfo shows. */
const labelOf = (line: string): string => line.trim().split(/ +/)[0] ?? '';

/** Names of the lines that differ. Lines must be as many, and alike but for their numbers. */
function differing(ours: readonly string[], kernel: readonly string[]): string[] {
  assert.deepEqual(ours.map(shape), kernel.map(shape));
  return ours.flatMap((line, i) => (line === kernel[i] ? [] : [labelOf(line)]));
}

/** A line with its numbers taken out; where columns are aligned, their blanks too. */
const shape = (line: string): string => line.replace(/(?<![A-Za-z])>? *\d+/g, '#');

async function opened(path: string): Promise<Kernel> {
  const { image } = await openMachine(await dumpSpecOf(path, nodeFiles), nodeFiles);
  return image.mm;
}

function itPrints(trace: string): void {
  describe(titleOf(trace), () => {
    let mm: Kernel;
    before(async () => {
      mm = await opened(trace);
    });
    const recorded = (name: string): string[] =>
      linesOf(path.join(path.dirname(trace), `static.${name}.txt`));
    for (const name of ['buddyinfo', 'pagetypeinfo'])
      it(name, () => assert.deepEqual(proc_lines(mm, name), recorded(name)));
    it('zoneinfo, but for counters that moved or are not told', () => {
      const labels = differing(proc_lines(mm, 'zoneinfo') ?? [], recorded('zoneinfo'));
      assert.deepEqual(
        labels.filter((label) => !MOVED.includes(label) && !UNTOLD.includes(label)),
        [],
      );
    });
    const has = (name: string): boolean =>
      existsSync(path.join(path.dirname(trace), `static.${name}.txt`));
    if (has('meminfo'))
      it('meminfo and vmstat, but for counters that moved or are not told', () => {
        const ofMemory = differing(proc_lines(mm, 'meminfo') ?? [], recorded('meminfo'));
        assert.deepEqual(
          ofMemory.filter((label) => !isOneOf([...MOVED_KB, ...UNTOLD_KB], label)),
          [],
        );
        const ofPages = differing(proc_lines(mm, 'vmstat') ?? [], recorded('vmstat'));
        const known = [...MOVED, ...UNTOLD, ...MOVED_EVENTS];
        assert.deepEqual(
          ofPages.filter((label) => !isOneOf(known, label)),
          [],
        );
      });
    if (has('vmallocinfo'))
      it('vmallocinfo, but for the addresses, which that kernel hid', () => {
        const bare = (line: string): string => line.replace(/^0x\S+/, '');
        assert.deepEqual(
          proc_lines(mm, 'vmallocinfo')?.map(bare),
          recorded('vmallocinfo').map(bare),
        );
      });
    if (has('iomem'))
      it('iomem, but for devices', () =>
        assert.deepEqual(
          proc_lines(mm, 'iomem'),
          recorded('iomem').filter((line) => !DEVICE.test(line)),
        ));
  });
}

describe('/proc of recorded machines', function () {
  recordedTraces('.', /^idle-s1\./)
    .filter((trace) => existsSync(path.join(path.dirname(trace), 'static.zoneinfo.txt')))
    .forEach(itPrints);
});

describe('/proc of a core and of the state recorded with it', function () {
  for (const { core, trace } of coresWithStates())
    it(titleOf(trace), async () => {
      const [ofCore, ofState] = [await opened(core), await opened(trace)];
      for (const name of ['buddyinfo', 'pagetypeinfo'])
        assert.deepEqual(proc_lines(ofState, name), proc_lines(ofCore, name));
      const labels = differing(
        proc_lines(ofState, 'zoneinfo') ?? [],
        proc_lines(ofCore, 'zoneinfo') ?? [],
      );
      // On SMP a CPU holds parts of the node's counters back, which no dump shows.
      const held = ofCore.smp ? MOVED.filter((label) => !/zone|count/.test(label)) : [];
      assert.deepEqual(
        labels.filter((label) => !UNTOLD.includes(label) && !held.includes(label)),
        [],
      );
    });
});

function coresWithStates(): { readonly core: string; readonly trace: string }[] {
  return [
    ...recordedPaths('.', /^vmcore\.gz$/),
    ...recordedPaths('cores', /^before\.vmcore\.gz$/),
  ].map((core) => {
    const name = path.basename(core) === 'vmcore.gz' ? 'dumps' : 'before';
    return { core, trace: path.join(path.dirname(core), `${name}.trace.gz`) };
  });
}

/** `x86_64-slub-sizes/static-2G.zoneinfo.txt`, `x86_64-slub-96M/oom.preoom_zoneinfo.txt`: a machine of that kernel and size. */
function bootLike(file: string): Kernel {
  const [folder = '', name = ''] = file.split(path.sep).slice(-2);
  const profile = PROFILE_NAMES.find((each) => each === folder.replace(/-[^-]+$/, ''));
  const [, count, unit] = /-(\d+)([MG])/.exec(folder.endsWith('-sizes') ? name : folder) ?? [];
  assert.ok(profile !== undefined && count !== undefined, `of which machine is ${file}?`);
  const ramBytes = Number(count) * (unit === 'G' ? 2 ** 30 : 2 ** 20);
  return bootMachine({ profile: loadProfile(profile), ramBytes, cmaBytes: 4 << 20 }).mm;
}

describe('/proc of booted machines has the lines that the kernel has', function () {
  for (const file of recordedPaths('.', /zoneinfo\.txt$/))
    it(titleOf(file), () => {
      const mm = bootLike(file);
      for (const each of PAGE_FILES)
        assert.deepEqual(
          proc_lines(mm, each)?.map(shape),
          linesOf(file.replace('zoneinfo', each)).map(shape),
        );
    });
});
