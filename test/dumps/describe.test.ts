/** What a dump of an unmodified kernel says of itself, held against drgn with the kernel's debug symbols. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { taskByPid } from '../../src/engine/inspect/ask/answer.js';
import { walkAnswer } from '../../src/engine/inspect/ask/walk.js';
import { reportOf } from '../../src/engine/inspect/report.js';
import { Problems } from '../../src/engine/inspect/inspected.js';
import { vmasOf } from '../../src/engine/inspect/tasks.js';
import { asVirt } from '../../src/engine/memory/address.js';
import {
  containerOf,
  framesOf,
  inspect,
  knownDumps,
  openKnown,
  reducedBytes,
  reducedKernel,
} from './dumps.js';
import { writeKdump } from './kdumpWriter.js';

/** What `theirs` has, ours must have, element by element. */
function assertHas(ours: unknown, theirs: unknown, at: string): void {
  if (Array.isArray(theirs)) {
    assert.ok(Array.isArray(ours), at);
    assert.equal(ours.length, theirs.length, at);
    theirs.forEach((each, i) => assertHas(ours[i], each, `${at}[${i}]`));
  } else if (typeof theirs === 'object' && theirs !== null) {
    assert.ok(typeof ours === 'object' && ours !== null, at);
    const of = ours as Record<string, unknown>;
    if (/(free_list|lists|caches)$/.test(at))
      assert.deepEqual(Object.keys(of).sort(), Object.keys(theirs).sort(), at);
    for (const [key, value] of Object.entries(theirs)) assertHas(of[key], value, `${at}.${key}`);
  } else assert.equal(ours, theirs, at);
}

/** pid, address, pagemap entry. The child printed its parent's pagemap: its page that was written is another. */
function regions(text: string): readonly (readonly [pid: number, va: bigint, entry: bigint])[] {
  return text
    .split('\n')
    .map((line) => /^REGION (\S+) pid (\d+) va ([0-9a-f]+) pagemap ([0-9a-f]+)/.exec(line) ?? [])
    .flatMap(([, name, pid, va, entry], i) =>
      name === undefined || (name === 'child-anon' && i === 0)
        ? []
        : [[Number(pid), BigInt(`0x${va}`), BigInt(`0x${entry}`)] as const],
    );
}

for (const dump of knownDumps())
  describe(dump.title, () => {
    it('says what drgn says', async () => {
      const k = await openKnown(dump);
      const report = reportOf(k);
      assert.deepEqual(report.problems, []);
      const ours = JSON.parse(JSON.stringify(report)) as Record<string, unknown>;
      const drgn = JSON.parse(readFileSync(dump.drgn, 'latin1')) as Record<string, unknown>;
      for (const [key, value] of Object.entries(drgn))
        if (value !== null) assertHas(ours[key], value, key);
    });

    it('translates the addresses of its processes as they did', async () => {
      const k = await openKnown(dump);
      const asked = regions(readFileSync(dump.prog, 'latin1'));
      assert.ok(asked.length > 50);
      for (const [pid, va, entry] of asked) {
        const { data } = walkAnswer({ k, task: taskByPid(k, pid) }, va);
        const pfn = entry >> 63n === 0n ? null : Number(entry & ((1n << 55n) - 1n));
        assert.equal((data as { pfn: number | null }).pfn, pfn, `pid ${pid}, 0x${va.toString(16)}`);
      }
    });
  });

describe('a dump that describes itself', () => {
  it('tells kernel, layout and symbols', () => {
    const { dump } = reducedKernel();
    assert.equal(dump.release, '6.1.0-57-amd64');
    assert.equal(dump.buildId, '6a2b4ac77585b8cf102cba771300e573c8489b69');
    assert.deepEqual([dump.arch, dump.paging, dump.kernelOffset], ['x86_64', '4-level', 0]);
    assert.equal(dump.pageOffset, asVirt(-0x7780_0000_0000));
    assert.ok(dump.symbols.size > 80_000);
    const init = dump.symbols.address('init_task') ?? asVirt(0);
    assert.equal(dump.symbols.at(asVirt(init + 8))?.name, 'init_task');
  });

  it('areas of a process lie in its maple tree', () => {
    const k = reducedKernel();
    const problems = new Problems();
    const vmas = vmasOf(k, taskByPid(k, 94).mm, problems);
    assert.deepEqual(problems.found, []);
    assert.equal(vmas.length, 19);
    assert.deepEqual(
      [vmas[0], vmas.at(-1)].map((vma) => vma && [vma.start, vma.end]),
      [
        [0x400000, 0x401000],
        [0x7fffa25a6000, 0x7fffa25a8000],
      ],
    );
  });

  it('finds VMCOREINFO by its text where there is no note', () => {
    const container = containerOf(reducedBytes());
    const frames = framesOf(container);
    const text = Buffer.alloc(4096);
    text.write(container.vmcoreinfo ?? '', 0, 'latin1');
    frames.set(7, text);
    const k = inspect(writeKdump({ frames, nrFrames: container.memory.endFrame, vmcoreinfo: '' }));
    assert.equal(k.dump.release, '6.1.0-57-amd64');
  });

  it('says what is missing when a page is not there', () => {
    const container = containerOf(reducedBytes());
    const frames = framesOf(container);
    const { dump } = reducedKernel();
    const phys = (dump.symbols.address('slab_caches') ?? 0) + 0x8000_0000;
    frames.delete(Math.floor(phys / 4096));
    const info = container.vmcoreinfo ?? '';
    const k = inspect(
      writeKdump({ frames, nrFrames: container.memory.endFrame, vmcoreinfo: info }),
    );
    const { problems, zones, tasks } = reportOf(k);
    assert.ok(problems.some((text) => /^slab_caches: .* is not in the dump$/.test(text)));
    assert.equal(zones.length, 2);
    assert.equal(tasks.length, 54);
  });
});
