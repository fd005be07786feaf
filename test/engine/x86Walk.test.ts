/** Walks, whole address spaces and aliases, on random tables of each mode. */
import assert from 'node:assert/strict';
import { asPfn, asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { PhysicalMemory } from '../../src/engine/memory/physical.js';
import type { PagingMode } from '../../src/engine/x86/formats.js';
import { mappedRanges, scan } from '../../src/engine/x86/ranges.js';
import { aliasesByScan, FrameIndex, type Alias } from '../../src/engine/x86/reverse.js';
import { inspected } from '../../src/engine/x86/tableMemory.js';
import { infoMemLines, tableLines, walkText } from '../../src/engine/x86/text.js';
import { setAccessedDirty, walk } from '../../src/engine/x86/walk.js';
import {
  A,
  D,
  G,
  MODES,
  NX,
  P,
  PAGE_SHIFTS,
  randomNumbers,
  randomPage,
  RW,
  TestMachine,
  US,
} from './x86Tables.js';

/** What a test mapped. */
interface Mapped {
  readonly va: VirtAddr;
  readonly phys: number;
  readonly size: number;
  /** False for an entry that is there but not valid. */
  readonly valid: boolean;
}

/** Maps runs of pages at random, few frames many times, and now and then an entry that must be passed over. */
function randomMachine(mode: PagingMode, seed: number) {
  const random = randomNumbers(seed);
  const machine = new TestMachine(mode);
  const mapped: Mapped[] = [];
  for (let i = 0; i < 60; i++) {
    const shift = PAGE_SHIFTS[mode][random(PAGE_SHIFTS[mode].length)] ?? 12n;
    const size = 2 ** Number(shift);
    const start = Math.floor(randomPage(mode, random) / size) * size;
    const frame = random(8);
    const rights = (random(2) ? RW : 0n) | (random(2) ? US : 0n) | (random(4) ? 0n : G);
    const valid = random(5) > 0;
    const reserved = !valid && mode !== '2-level' && random(2) === 0;
    const bits = rights | (valid || reserved ? P : D);
    const step = random(3) > 0 ? 1 : 0;
    for (let j = 0; j < 1 + random(6); j++) {
      const va = asVirt(start + j * size);
      const phys = (frame + j * step) * size + (reserved ? 2 ** 50 : 0);
      if (isCanonical(mode, va) && machine.map(va, BigInt(phys), shift, bits))
        mapped.push({ va, phys, size, valid });
    }
  }
  return { machine, mapped, random };
}

const isCanonical = (mode: PagingMode, va: number): boolean => {
  if (mode === '2-level' || mode === 'pae') return va < 2 ** 32;
  const half = mode === '4-level' ? 2 ** 47 : 2 ** 56;
  return va >= -half && va < half;
};

describe('x86 walks', () => {
  for (const mode of MODES)
    it(`${mode}: every mapped address leads where it was mapped, every other faults`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const { machine, mapped, random } = randomMachine(mode, seed);
        const paging = machine.paging();
        assert.ok(mapped.length > 30);
        for (const { va, phys, size, valid } of mapped) {
          // Beyond 2^53 a number has multiples of 8 alone.
          const offset = random(size / 8) * 8;
          const { page, steps, exception } = walk(paging, machine.tables, asVirt(va + offset));
          assert.equal(page?.phys, valid ? phys + offset : undefined);
          assert.equal(page?.pageSize, valid ? size : undefined);
          assert.equal(exception?.kind, valid ? undefined : 'page fault');
          assert.equal(steps.at(-1)?.level.shift, Math.log2(size));
        }
        for (let i = 0; i < 100; i++) {
          const va = randomPage(mode, random);
          const hit = mapped.find((each) => va >= each.va && va < each.va + each.size);
          const { page } = walk(paging, machine.tables, va);
          assert.equal(page?.phys, hit?.valid ? hit.phys + (va - hit.va) : undefined);
        }
      }
    });

  for (const mode of MODES)
    it(`${mode}: the scan finds every entry in order, and the ranges every mapped page`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const { machine, mapped } = randomMachine(mode, seed);
        const paging = machine.paging();
        const seen = new Map<number, number>();
        for (const found of scan(paging, machine.tables)) {
          assert.notEqual(found.kind, 'missing');
          if (found.kind !== 'run') continue;
          const size = 2 ** found.level.shift;
          for (let i = 0; i < found.nrEntries; i++)
            seen.set(found.va + i * size, found.phys + (found.same ? 0 : i * size));
        }
        assert.deepEqual(seen, new Map(inOrder(mapped).map(({ va, phys }) => [va, phys])));
        let total = 0;
        let before = '';
        for (const { start, sizeBytes, rights, pageSize } of mappedRanges(paging, machine.tables)) {
          const kind = `${JSON.stringify(rights)} ${pageSize}`;
          assert.notEqual(before, `${start} ${kind}`, 'a range ends only where it must');
          before = `${start + sizeBytes} ${kind}`;
          total += sizeBytes;
          for (const va of [start, start + sizeBytes - pageSize]) {
            const { page } = walk(paging, machine.tables, asVirt(va));
            assert.deepEqual([page?.rights, page?.pageSize], [rights, pageSize]);
          }
        }
        const expected = mapped
          .filter(({ valid }) => valid)
          .reduce((sum, { size }) => sum + size, 0);
        assert.equal(total, expected);
      }
    });

  it('a run ends where the next address is above MAXPHYADDR', () => {
    const machine = new TestMachine('4-level');
    for (const [i, phys] of [2n ** 46n - 0x2000n, 2n ** 46n - 0x1000n, 2n ** 46n].entries())
      machine.map(asVirt(i * 4096), phys, 12n, P | RW);
    const runs = [...scan(machine.paging(), machine.tables)].filter(({ kind }) => kind === 'run');
    assert.deepEqual(
      runs.map((run) => run.kind === 'run' && [run.va, run.nrEntries, run.mapped]),
      [
        [0, 2, true],
        [0x2000, 1, false],
      ],
    );
  });

  for (const mode of MODES)
    it(`${mode}: the aliases of a frame, by scan, by index and by looking at every mapping`, () => {
      let nrAliases = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const { machine, mapped, random } = randomMachine(mode, seed);
        const paging = machine.paging();
        const index = new FrameIndex(paging, machine.tables);
        for (let i = 0; i < 60; i++) {
          const size = mapped[random(mapped.length)]?.size ?? 4096;
          const phys = random(14) * size + (random(size / 4096) & random(3)) * 4096;
          const pfn = asPfn(phys / 4096);
          const expected = mapped
            .filter((each) => each.valid && phys >= each.phys && phys < each.phys + each.size)
            .map((each) => each.va + (phys - each.phys))
            .sort((a, b) => a - b);
          const addresses = (aliases: Iterable<Alias>): number[] =>
            [...aliases].map(({ va }) => va).sort((a, b) => a - b);
          assert.deepEqual(addresses(aliasesByScan(paging, machine.tables, pfn)), expected);
          assert.deepEqual(addresses(index.aliasesOf(pfn)), expected);
          nrAliases += expected.length;
        }
      }
      assert.ok(nrAliases > 500, `${nrAliases} aliases`);
    });

  it('an index knows when a table changed, and only then', () => {
    const machine = new TestMachine('4-level');
    machine.map(asVirt(0x1000), 0x5000n, 12n, P | RW);
    const index = new FrameIndex(machine.paging(), machine.tables);
    const before = machine.tape.cursor;
    machine.put(0x9_0000, 1n);
    assert.equal(index.changedBetween(machine.tape, before, machine.tape.cursor), false);
    machine.map(asVirt(0x2000), 0x5000n, 12n, P);
    assert.equal(index.changedBetween(machine.tape, before, machine.tape.cursor), true);
    const again = new FrameIndex(machine.paging(), machine.tables);
    assert.deepEqual(
      again.aliasesOf(asPfn(5)).map(({ va }) => va),
      [0x1000, 0x2000],
    );
  });

  for (const mode of MODES)
    it(`${mode}: A is set on the way, D by a write, and the tape takes both back`, () => {
      const machine = new TestMachine(mode);
      const va = asVirt(0x40_0000);
      machine.map(va, 0x5000n, 12n, P | US);
      const depths = machine.nrLevels;
      const flags = (): readonly bigint[] =>
        Array.from({ length: depths }, (_, i) => machine.get(machine.entryPhys(va, i)) & (A | D));
      const before = { position: machine.tape.cursor, hash: machine.tape.hash() };
      const touch = (kind: 'read' | 'write'): number => {
        const access = { kind, user: true };
        return setAccessedDirty(
          walk(machine.paging(), machine.tables, va, access),
          access,
          machine.tables,
        );
      };
      const upper = (depth: number): bigint => (mode === 'pae' && depth === 0 ? 0n : A);
      touch('write');
      assert.deepEqual(
        flags(),
        Array.from({ length: depths }, (_, i) => (i === depths - 1 ? 0n : upper(i))),
        'a refused write leaves the page’s own entry alone',
      );
      touch('read');
      assert.deepEqual(
        flags(),
        Array.from({ length: depths }, (_, i) => upper(i)),
      );
      assert.equal(touch('read'), 0);
      machine.put(
        machine.entryPhys(va, depths - 1),
        machine.get(machine.entryPhys(va, depths - 1)) | RW,
      );
      assert.equal(touch('write'), 1);
      assert.equal(flags().at(-1), A | D);
      machine.tape.seek(before.position);
      assert.equal(machine.tape.hash(), before.hash);
      assert.ok(flags().every((each) => each === 0n));
    });

  it('looking at memory that only a rule describes touches nothing', () => {
    const memory = new PhysicalMemory(1 << 20);
    memory.addRule({
      startFrame: 1,
      endFrame: 1 << 20,
      fill: (frame, words, cell) => {
        // Each frame is a table whose entries all lead to the next frame.
        for (let i = 0; i < 1024; i += 2) words[cell + i] = ((frame + 1) << 12) | 0x67;
      },
    });
    const machine = new TestMachine('4-level');
    const paging = machine.paging();
    assert.equal(walk(paging, inspected(memory), asVirt(0x1234)).page?.phys, 0x5234);
    const first = scan(paging, inspected(memory)).next().value;
    assert.ok(first?.kind === 'table' && first.phys === 0x2000);
    assert.equal(memory.nrTouchedFrames, 0);
  });
});

const inOrder = (mapped: readonly Mapped[]): readonly Mapped[] =>
  [...mapped].sort((a, b) => a.va - b.va);

describe('x86 page tables as text', () => {
  /** A machine in small: an identity run, a hole, a large page, shared zero pages, an entry that is not present. */
  function smallMachine(): TestMachine {
    const machine = new TestMachine('4-level');
    for (let i = 0; i < 3; i++)
      machine.map(asVirt(0x40_0000 + i * 4096), BigInt(0x5000 + i * 4096), 12n, P | US | A);
    machine.map(asVirt(0x40_3000), 0x9000n, 12n, P | US | A | RW);
    for (let i = 0; i < 2; i++)
      machine.map(asVirt(0x40_8000 + i * 4096), 0xa000n, 12n, P | US | NX);
    machine.map(asVirt(0x40_b000), 0xc000n, 12n, G | A);
    machine.map(asVirt(-0x7780_0000_0000), 0x4000_0000n, 30n, P | RW | G | NX);
    machine.map(asVirt(-0x7780_0000_0000 + 0x4000_0000), 0x8000_0000n, 30n, P | RW | G | NX);
    return machine;
  }

  it('tables and runs', () => {
    const machine = smallMachine();
    assert.deepEqual(
      [...tableLines(machine.paging(), machine.tables)],
      [
        'tb 0 L4 2000',
        'tb 0 L3 3000 val=3007',
        'tb 400000 L2 4000 val=4007',
        'pr 400000 L1 n=3 pa=5000 fl=25',
        'pr 403000 L1 n=1 pa=9000 fl=27',
        'pr 408000 L1 n=2 pa=a000 fl=8000000000000005 same',
        'pr 40b000 L1 n=1 pa=c000 fl=120',
        'pr ffff888000000000 L3 n=2 pa=40000000 fl=8000000000000183',
      ],
    );
  });

  it('a part of it: tables begin at the first address asked for, runs where their first page does', () => {
    const machine = smallMachine();
    const bounds = { first: asVirt(0x40_2000), last: asVirt(0x40_8fff) };
    assert.deepEqual(
      [...tableLines(machine.paging(), machine.tables, bounds)],
      [
        'tb 402000 L4 2000',
        'tb 402000 L3 3000 val=3007',
        'tb 402000 L2 4000 val=4007',
        'pr 402000 L1 n=1 pa=7000 fl=25',
        'pr 403000 L1 n=1 pa=9000 fl=27',
        'pr 408000 L1 n=1 pa=a000 fl=8000000000000005',
      ],
    );
    const inLarge = {
      first: asVirt(-0x7780_0000_0000 + 0x5000),
      last: asVirt(-0x7780_0000_0000 + 0x5fff),
    };
    assert.deepEqual(
      [...tableLines(machine.paging(), machine.tables, inLarge)].at(-1),
      'pr ffff888000000000 L3 n=1 pa=40000000 fl=8000000000000183',
    );
  });

  it('info mem', () => {
    const machine = smallMachine();
    assert.deepEqual(
      [...infoMemLines(machine.paging(), machine.tables)],
      [
        '0000000000400000-0000000000403000 0000000000003000 ur-',
        '0000000000403000-0000000000404000 0000000000001000 urw',
        '0000000000408000-000000000040a000 0000000000002000 ur-',
        'ffff888000000000-ffff888080000000 0000000080000000 -rw',
      ],
    );
  });

  it('one walk', () => {
    const machine = smallMachine();
    const text = (va: number): string =>
      walkText(machine.paging(), walk(machine.paging(), machine.tables, asVirt(va)));
    assert.equal(
      text(0x40_1234),
      'pt 401234 pgd[0]@1000=2007 pud[0]@2000=3007 pmd[2]@3010=4007 pte[1]@4008=6025',
    );
    assert.equal(
      text(-0x7780_0000_0000),
      'pt ffff888000000000 pgd[111]@1888=5007 pud[0]@5000=8000000040000183 PUDLEAF',
    );
    assert.equal(text(-4096), 'pt fffffffffffff000 pgd[1ff]@1ff8=0');
  });
});
