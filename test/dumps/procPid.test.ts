/** Texts of /proc/PID that kernels printed of processes that then stood still, byte for byte; and each page that pagemap told. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Problems } from '../../src/engine/inspect/inspected.js';
import { dumpedProcLines } from '../../src/engine/inspect/proc/files.js';
import { pagemapBits } from '../../src/engine/inspect/proc/pid/pagemap.js';
import { userEntries } from '../../src/engine/inspect/process/entries.js';
import { tasksOf, vmasOf } from '../../src/engine/inspect/tasks.js';
import { knownDumps, openKnown } from './dumps.js';

/** Files such as `maps.94` beside the dump: their names, and what they are of. */
function recordedTexts(prog: string): { file: string; name: string }[] {
  const folder = path.dirname(prog);
  const prefix = path.basename(prog).replace(/prog\.txt$/, '');
  return readdirSync(folder).flatMap((entry) => {
    const [, kind, pid] = /^(maps|smaps|status)\.(\d+)$/.exec(entry.slice(prefix.length)) ?? [];
    const isOurs = entry.startsWith(prefix) && kind !== undefined;
    return isOurs ? [{ file: path.join(folder, entry), name: `${pid}/${kind}` }] : [];
  });
}

/**
 * What changed between the text and the dump: the page of the vDSO is shared with processes that came and went, and counters of
 * switches went on.
 */
function judged(lines: readonly string[]): string[] {
  let isShared = false;
  return lines.map((line) => {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isShared = /\[v(dso|var)\]$/.test(line);
    if (isShared && /^(Pss|Pss_Dirty|Shared_|Private_)/.test(line)) return 'shared';
    return line.replace(/^((?:non)?voluntary_ctxt_switches:).*/, '$1');
  });
}

/** pid, address, 64 bits of pagemap. */
function pagemapOf(prog: string): (readonly [number, number, bigint])[] {
  return readFileSync(prog, 'latin1')
    .split('\n')
    .flatMap((line, i) => {
      const [, name, pid, va, entry] =
        /^REGION (\S+) pid (\d+) va ([0-9a-f]+) pagemap ([0-9a-f]+)/.exec(line) ?? [];
      // The child read its parent's file, before it had written.
      return name === undefined || name === 'child-anon' || i < 0
        ? []
        : [[Number(pid), parseInt(va ?? '', 16), BigInt(`0x${entry}`)] as const];
    });
}

for (const dump of knownDumps()) {
  const texts = recordedTexts(dump.prog);
  describe(`/proc/PID of ${dump.title}`, () => {
    if (texts.length > 0)
      it('is what the kernel printed', async () => {
        const k = await openKnown(dump);
        for (const { file, name } of texts) {
          const theirs = readFileSync(file, 'latin1').replace(/\n$/, '').split('\n');
          const ours = dumpedProcLines(k, name) ?? [];
          if (name.endsWith('status')) assertStatus(ours, theirs, name);
          else assert.deepEqual(judged(ours), judged(theirs), name);
        }
      });

    it('has each page as pagemap told it', async function () {
      const k = await openKnown(dump);
      if (!existsSync(dump.prog)) this.skip();
      const tasks = tasksOf(k, new Problems());
      let nrChecked = 0;
      for (const [pid, va, theirs] of pagemapOf(dump.prog)) {
        const task = tasks.find((each) => each.pid === pid);
        assert.ok(task !== undefined);
        const vma = vmasOf(k, task.mm, new Problems()).find(
          ({ start, end }) => va >= start && va < end,
        );
        const range = { start: va, end: va + 4096 } as Parameters<typeof userEntries>[2];
        const [entry] = vma === undefined ? [] : [...userEntries(k, task.mm, range)];
        if (entry === undefined || vma === undefined) {
          assert.equal(theirs >> 61n, 0n, `0x${va.toString(16)} has no entry`);
          continue;
        }
        const ours = pagemapBits(k, vma, entry) + BigInt((va - entry.va) / 4096);
        assert.equal(ours.toString(16), theirs.toString(16), `pid ${pid} 0x${va.toString(16)}`);
        nrChecked++;
      }
      assert.ok(nrChecked > 20, `${nrChecked} pages`);
    });
  });
}

/** Ours has no other lines than the kernel's, in its order; those that docs/fidelity.md names are missing. */
function assertStatus(ours: readonly string[], theirs: readonly string[], name: string): void {
  const kernels = judged(theirs);
  const known = judged(ours);
  let at = -1;
  for (const line of known) {
    const next = kernels.indexOf(line, at + 1);
    assert.ok(next > at, `${name}: '${line}' is not the kernel's`);
    at = next;
  }
  assert.ok(known.length > 20, name);
}
