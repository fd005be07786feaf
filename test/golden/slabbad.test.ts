/**
 * Reports of misused slab objects: `slabbad` performed, and what the engine logs beside the recorded log, line by line and in
 * its order.
 *
 * Left out of the recorded log: call traces and registers. Of both: how long ago an object was used, as no time passes here.
 * Where the kernel was called from is an address of the recorder there and a number here: each number must stand for one
 * address, and no two for the same. In a dump of bytes such an address may be left from a cache that had the frame before.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readText } from '../../src/cli/openFile.js';
import { Judge } from '../../src/cli/replay/judge.js';
import { openStart } from '../../src/cli/replay/replay.js';
import { startOf } from '../../src/cli/replay/start.js';
import { wasUserNote } from '../../src/cli/replay/misuseOps.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import type { KernelEvent } from '../../src/engine/machine/events.js';
import { asVirt, parseAddress } from '../../src/engine/memory/address.js';
import { readTrace } from '../../src/engine/image/state/index.js';
import { recordedTraces, titleOf } from '../recordings.js';

const textOf = (file: string): string => [...readText(file)].join('');

/** Lines of a call trace and of the registers with it. */
const CALL_TRACE =
  /^(?: |CPU: \d|Call Trace:|R?E?(?:AX|BX|CX|DX|SI|DI|BP|SP|IP): |R\d\d: |Code: |[DEFGCS]S: |CR\d: |DR\d: |EFLAGS: |[ER]SP: |---\[ end trace)/;

/** The recorded log behind the start of init. A warning is one line: its message, or the function that gave it. */
function recorded(dmesg: string): string[] {
  const lines = textOf(dmesg).split('\n');
  const start = lines.findIndex((line) => line.includes('as init process'));
  assert.ok(start > 0);
  const report: string[] = [];
  let message: string | undefined;
  let inWarning = false;
  for (const line of lines.slice(start + 1)) {
    const [, level, text = ''] = /^<(\d)>(.*)$/.exec(line) ?? [];
    if (level === undefined || level === '7' || (level === '4' && CALL_TRACE.test(text))) continue;
    if (text.startsWith('------------[ cut here ]')) {
      inWarning = true;
      message = undefined;
    } else if (inWarning) {
      const [, at] = /^WARNING: CPU: \d+ PID: \d+ at (\w+)\+/.exec(text) ?? [];
      if (at === undefined) message = text;
      else {
        report.push(`WARNING ${message ?? at}`);
        inWarning = false;
      }
    } else {
      report.push(`<${level}>${text}`);
    }
  }
  return report;
}

function line(event: KernelEvent): string[] {
  if (event.kind === 'printk')
    return event.level === 4 && event.text.startsWith(' ') ? [] : [`<${event.level}>${event.text}`];
  if (event.kind !== 'warn') return [];
  // One without a message is told by its function.
  return [`WARNING ${event.text.replace(/^(free_large_kmalloc): .*/, '$1')}`];
}

const CALLER = /(?<= in | called from )\S+/;

/** A line without the time, and with ours for where the kernel was called from. */
function comparable(text: string, callers?: Callers, ours?: string): string {
  const timeless = text.replace(/ age=\d+ /, ' age= ');
  const caller = CALLER.exec(timeless)?.[0];
  const own = CALLER.exec(ours ?? '')?.[0];
  if (caller === undefined || own === undefined || callers === undefined) return timeless;
  return callers.same(own, caller) ? timeless.replace(CALLER, own) : timeless;
}

/** Which address of the recorder each number is, and back. */
class Callers {
  private readonly known = new Map<string, string>();

  same(ours: string, kernel: string): boolean {
    const text = this.known.get(ours);
    if (text !== undefined) return text === kernel;
    if ([...this.known.values()].includes(kernel)) return false;
    this.known.set(ours, kernel);
    return true;
  }
}

const HEX_DUMP = /^(<\d>\w+ +)([0-9a-f]+)(: )((?:[0-9a-f]{2} )+)/;

/** Whether a byte is what was there before the start, which no dump tells, and so zero here. */
function isUntold({ mm, tape }: KernelImage, va: number, ours: string | undefined): boolean {
  if (ours !== '00') return false;
  const at = mm.cell_at(asVirt(va));
  const shift = (va & 3) * 8;
  const changes = (cell: number, before: number, after: number): boolean =>
    cell === at && (((before ^ after) >>> shift) & 0xff) !== 0;
  return tape.searchForward(0, tape.cursor, changes) === undefined;
}

/**
 * A line of the kernel's with our bytes where both show what was noted of the users of an object that is gone, or memory that nobody has
 * written.
 */
function withOldBytes(image: KernelImage, ours: string, kernel: string): string {
  const [, head = '', address = '', colon = '', hex = ''] = HEX_DUMP.exec(kernel) ?? [];
  const [, ourHead, ourAddress, , ourHex = ''] = HEX_DUMP.exec(ours) ?? [];
  const start = parseAddress(`0x${address}`, image.profile.pointerSize);
  if (start === undefined || ourHead !== head || ourAddress !== address) return kernel;
  const own = ourHex.trim().split(' ');
  const bytes = hex
    .trim()
    .split(' ')
    .map((byte, i) => {
      if (byte === own[i]) return byte;
      const isOld = wasUserNote(image, asVirt(start + i)) || isUntold(image, start + i, own[i]);
      return isOld ? own[i] : byte;
    });
  // The characters beside the bytes are those of the bytes.
  return bytes.join(' ') === own.join(' ') ? ours : `${head}${address}${colon}${bytes.join(' ')}`;
}

/** Of a core, or of what the trace tells itself. */
function imageOf(trace: string): { readonly image: KernelImage; readonly judge: Judge } {
  const core = path.join(path.dirname(trace), 'before.vmcore.gz');
  if (existsSync(core)) {
    const image = openStart(core);
    return { image, judge: new Judge(image) };
  }
  const start = startOf(trace);
  assert.ok(start, 'the trace has no start');
  return { image: start.image, judge: new Judge(start) };
}

function itReports(trace: string): void {
  it(titleOf(trace), () => {
    const { image, judge } = imageOf(trace);
    const { tape } = image;
    for (const item of readTrace(readText(trace))) judge.take(item);
    const { differ, stateDiffer, unsupported } = judge.verdict();
    assert.deepEqual([differ, stateDiffer, unsupported], [0, 0, 0]);

    const marks = tape
      .marksBetween(0, tape.cursor + 1)
      .flatMap(({ event, position }) => line(event).map((text) => ({ text, position })));
    const ours = marks.map(({ text }) => text);
    const dmesg = path.basename(trace).replace('.trace.gz', '.dmesg.gz');
    const kernel = recorded(path.join(path.dirname(trace), dmesg));
    const callers = new Callers();
    for (const [i, text] of kernel.entries()) {
      const own = ours[i] ?? 'nothing';
      if (own !== text) tape.seek(marks[i]?.position ?? 0);
      const told: string = own === text ? text : withOldBytes(image, own, text);
      assert.equal(
        comparable(own),
        comparable(told, callers, own),
        `line ${i + 1} of ${kernel.length}, behind:\n${kernel.slice(Math.max(0, i - 5), i).join('\n')}`,
      );
    }
    assert.equal(ours.length, kernel.length);
    const isSlub = kernel.some((text) => text.startsWith('<3>BUG '));
    assert.ok(kernel.length > (isSlub ? 500 : 2));
  });
}

describe('what the kernel reports of misused objects', function () {
  for (const parent of ['.', 'misuse'] as const)
    recordedTraces(parent, /^slabbad-/).forEach(itReports);
});
