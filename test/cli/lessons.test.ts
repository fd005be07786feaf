/**
 * The lessons on machines that they do not ask for: a recorded state of another kernel, a core with a process that has memory. Each
 * runs there, or says in words of the kernel what that machine lacks; what it expects of its own machine is told to be so.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from '../../src/cli/run/run.js';
import { recording } from '../recordings.js';

const LESSONS = readdirSync('examples').filter((name) => name.endsWith('.mms'));

/** What lessons come to that do not hold wholly: a smaller machine, another CMA area, no pool, other kernels' members. */
const STATE: Readonly<Record<string, string>> = {
  'cma-and-pins.mms': 'failed at 29, 36, 47, 51, 57, 66, 69, 73',
  'cma.mms': 'failed at 7, 22, 27, 43, 44, 48, 49, 54',
  'compound-2-head-and-tail.mms': 'lacks first_page, PG_tail',
  'compound-3-reclaim.mms': 'lacks first_page, PG_compound',
  'deadlock.mms': 'deadlock',
  'highmem-1-lowmem.mms': 'failed at 18, 22, 30',
  'highmem-2-windows.mms': 'failed at 5',
  'highmem-3-struct-pages.mms': 'failed at 25, 35, 46',
  'hugetlb.mms': 'failed at 9, 14; died at 18',
  'kinds-of-address.mms': 'failed at 15',
  'malloc.mms': 'failed at 26, 31',
  'one-byte-five-addresses.mms': 'failed at 19',
  'per-cpu-counters.mms': 'lacks stat_threshold, vm_stat_diff',
  'transparent-huge-pages.mms': 'failed at 12, 18, 19, 25, 26, 27; died at 33',
  'two-cpus.mms': 'lacks ZONE_DMA32',
  'use-after-free.mms': 'lacks inuse, objects',
  'vmalloc-areas.mms': 'failed at 20, 30, 40, 50, 60',
  'walk-an-address.mms': 'failed at 15',
};

interface Start {
  readonly file: string;
  readonly lessons: readonly string[];
  readonly otherwise: Readonly<Record<string, string>>;
}

const STARTS: Readonly<Record<string, Start>> = {
  'a state of i386-pae-slab': {
    file: recording('i386-pae-slab-1536M', 'vmalloc-n100-s18.trace.gz'),
    lessons: LESSONS,
    otherwise: STATE,
  },
  // Its init has a heap and memory of its own.
  'a core of x86_64-slub': {
    file: recording('cores', 'x86_64-slub-192M', 'before.vmcore.gz'),
    lessons: ['malloc.mms', 'fork-and-cow.mms', 'slab-colours.mms'],
    otherwise: { 'slab-colours.mms': 'lacks num, gfporder, colour_off, colour, s_mem' },
  },
};

/** `failed at 5, 46; died at 18`, `lacks LAST_PKMAP`; nothing where all holds. */
function outcome(err: readonly string[]): string {
  const text = err.join('\n');
  const refused = [...text.matchAll(/error: .*?'([^' ]*)' (?:is not )?in this kernel/g)];
  if (refused.length > 0)
    return `lacks ${[...new Set(refused.map(([, name]) => name))].join(', ')}`;
  const lines = (pattern: RegExp): string[] =>
    [...text.matchAll(pattern)].map(([, line]) => line ?? '');
  const failed = lines(/\.mms:(\d+):\d+: failed: /g);
  const died = lines(/\.mms:(\d+):\d+: task \w+ died/g);
  if (text.includes('deadlock')) return 'deadlock';
  return [
    ...(failed.length > 0 ? [`failed at ${failed.join(', ')}`] : []),
    ...(died.length > 0 ? [`died at ${died.join(', ')}`] : []),
  ].join('; ');
}

describe('a lesson on a machine that it does not ask for', () => {
  for (const [start, { file, lessons, otherwise }] of Object.entries(STARTS))
    for (const lesson of lessons)
      it(`${lesson}, on ${start}`, async () => {
        const out: string[] = [];
        const err: string[] = [];
        const output = {
          out: (line: string) => out.push(line),
          err: (line: string) => err.push(line),
        };
        const code = await run(path.join('examples', lesson), output, { on: file });
        assert.match(
          out[0] ?? '',
          /^note: The scenario asks for '.*' and runs on .*\. What it expects/,
        );
        assert.equal(outcome(err), otherwise[lesson] ?? '', err.join('\n'));
        assert.equal(code, otherwise[lesson] === undefined ? 0 : 1);
        assert.doesNotMatch(err.join('\n'), /neither the scenario nor the kernel/);
      });
});
