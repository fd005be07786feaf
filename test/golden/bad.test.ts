/**
 * The kernel's reports of misuse and failure: `bad.trace` performed, and what the engine logs beside the recorded log
 * (`bad.dmesg`), line by line and in its order.
 *
 * Left out of the recorded log: call traces and registers; what slabs and vmalloc report (from mark B12 on). `%p` is hashed
 * there and plain here. The kernel reports a failed allocation once in ten seconds, the engine each time: the first is
 * compared.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { readText } from '../../src/cli/openFile.js';
import { replayFile } from '../../src/cli/replay/replay.js';
import { Machine } from '../../src/cli/replay/machine.js';
import { OPERATIONS } from '../../src/cli/replay/ops.js';
import { openState, readTrace, StateFinder } from '../../src/engine/image/state/index.js';
import { recordedTraces, titleOf } from '../recordings.js';

interface Line {
  readonly level: number;
  readonly text: string;
}

const textOf = (file: string): string => [...readText(file)].join('');

/** What the operations up to mark B12 log. */
function performed(trace: string): Line[] {
  const finder = new StateFinder();
  let machine: Machine | undefined;
  for (const item of readTrace(readText(trace))) {
    if (machine === undefined) {
      const state = finder.take(item);
      if (state !== undefined) machine = new Machine(openState(state));
    } else if (item.kind === 'mark' && /^B12\b/.test(item.text)) break;
    if (item.kind === 'op' && machine !== undefined)
      OPERATIONS.get(item.name)?.(machine, item.args);
  }
  assert.ok(machine !== undefined);
  const { tape } = machine.image;
  return tape
    .marksBetween(0, tape.cursor + 1)
    .flatMap(({ event }) =>
      event.kind === 'printk' ? [{ level: event.level, text: event.text }] : [],
    );
}

/** Lines of a report, in the kernel's words; a line of another kind ends what is ours to say. */
const REPORTED = [
  /^BUG: Bad page state in process /,
  /^page:/,
  /^head:/,
  /^flags: /,
  /^raw: /,
  /^page dumped because: /,
  /^Disabling lock debugging due to kernel taint$/,
  /page allocation failure: order:/,
  /^Mem-Info:/,
  /^active_anon:|^ (?:active_file|unevictable|slab_reclaimable|mapped|sec_pagetables|kernel_misc_reclaimable|free):/,
  /^Node 0 active_anon:/,
  /^(?:DMA|DMA32|Normal|HighMem|Movable)(?: free)?:/,
  /^lowmem_reserve\[\]: /,
  /total pagecache pages$|pages in swap cache$|swap +?= \d+kB$/,
  /pages RAM$|pages HighMem\/MovableOnly$|pages reserved$|pages cma reserved$/,
];
const isReport = ({ text }: Line): boolean => REPORTED.some((pattern) => pattern.test(text));

/** Lines of the recorded log behind the start of init. */
function recorded(dmesg: string): Line[] {
  const lines = textOf(dmesg).split('\n');
  const start = lines.findIndex((line) => line.includes('as init process'));
  assert.ok(start > 0);
  return lines.slice(start + 1).flatMap((line) => {
    const [, level, text] = /^<(\d)>(.*)$/.exec(line) ?? [];
    return text === undefined ? [] : [{ level: Number(level), text }];
  });
}

/** `page:` is followed by a hashed pointer. Counters that a recorded state does not tell are not compared. */
const comparable = ({ level, text }: Line): string =>
  `<${level}>${text}`
    .replace(/page:\S+ refcount/, 'page:(ptrval) refcount')
    .replace(/slab_reclaimable:\d+ slab_unreclaimable:\d+/, 'slab')
    .replace(/kernel_stack:\d+kB/, 'kernel_stack');

/** The log up to the end of the first report of a failed allocation. */
function upToFirstFailure(lines: readonly Line[]): string[] {
  const end = lines.findIndex(({ text }) => text.endsWith('pages cma reserved'));
  return lines.slice(0, end + 1).map(comparable);
}

function itReports(trace: string): void {
  it(titleOf(trace), () => {
    const { verdict } = replayFile(trace);
    // What was performed, the checksum behind the leaks of B1 to B9 among it, is the kernel's.
    // Objects and areas, too; of x86_64-slub-512M, which booted otherwise than the others of its folder, with caches made anew.
    assert.equal(verdict.unsupported, 0, verdict.notes.join(', '));
    assert.equal(verdict.ops + verdict.partly, 55);
    assert.deepEqual([verdict.differ, verdict.stateDiffer], [0, 0]);
    const kernel = recorded(path.join(path.dirname(trace), 'bad.dmesg.gz')).filter(isReport);
    const ours = performed(trace);
    assert.deepEqual(
      ours.filter((line) => !isReport(line)),
      [],
    );
    assert.deepEqual(upToFirstFailure(ours), upToFirstFailure(kernel));
    const reports = ours.filter(({ text }) => text.startsWith('BUG: Bad page state'));
    assert.equal(reports.length, 7);
  });
}

describe('what the kernel reports', function () {
  recordedTraces('.', /^bad\./).forEach(itReports);
});
