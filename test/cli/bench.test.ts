/** What `mmscope bench` says of figures of the native kernel: only those of this very machine are compared with. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bench, BENCH_GROUPS } from '../../src/cli/bench/bench.js';
import { bestOf } from '../../src/cli/bench/best.js';
import { rowsJson, rowsTable, type Row } from '../../src/cli/bench/rows.js';
import { nativeFigures, thisMachine } from '../../src/cli/nativeFigures.js';
import { scratchFolder } from '../scratch.js';

/** A project whose oracle has measured; gives a program in it. */
function project(machine?: ReturnType<typeof thisMachine>): string {
  const root = scratchFolder();
  const folder = path.join(root, 'build', 'oracle');
  mkdirSync(folder, { recursive: true });
  const kernels = { kernel: 'Linux 6.1.192', userKernel: 'Linux 6.18.44' };
  const figures = { ...kernels, date: '2024-01-01', machine, pairNs: { 0: 20, fork: 1000 } };
  if (machine) writeFileSync(path.join(folder, 'native.json'), JSON.stringify(figures));
  return path.join(root, 'dist', 'mmscope.cjs');
}

const row = (value: number, native: number | null): Row => ({
  ...{ name: 'pair', value, native, unit: 'ns', targetRatio: 1.2 },
});
const cells = (line = ''): string[] => line.trim().split(/\s{2,}/);

describe('figures of the native kernel', () => {
  let named: string | undefined;
  before(() => {
    named = process.env['MMSCOPE_ORACLE'];
    delete process.env['MMSCOPE_ORACLE'];
  });
  after(() => {
    if (named !== undefined) process.env['MMSCOPE_ORACLE'] = named;
  });

  it('are found in the project of the program, when they are of this machine', () => {
    const { pairNs, note } = nativeFigures(project(thisMachine()));
    assert.deepEqual(pairNs, { 0: 20, fork: 1000 });
    assert.match(note, /Linux 6\.1\.192, measured on this machine.* fork\(\): .* Linux 6\.18\.44$/);
  });

  it('of another machine are not used', () => {
    const { pairNs, note } = nativeFigures(project({ cpu: 'Z80', fingerprint: '0' }));
    assert.deepEqual(pairNs, {});
    assert.match(note, /of another machine \(Z80\).*npm run oracle -- native/);
  });

  it('that are missing are said to be, with the command that makes them', () => {
    const { pairNs, note } = nativeFigures(project());
    assert.deepEqual(pairNs, {});
    assert.match(note, /npm run oracle -- native/);
  });
});

describe('every figure of a benchmark', () => {
  for (const group of BENCH_GROUPS)
    it(`${group}: has a value and a unit`, async () => {
      // A clock by which each round is the last.
      let now = 0;
      const meter = { nowMs: () => (now += 10_000), begins: () => undefined, heldBytes: () => now };
      const rows = await bench(group, meter, { pairNs: {}, note: '' });
      assert.ok(rows.length > 0);
      for (const { name, value, unit } of rows) {
        assert.ok(Number.isFinite(value), name);
        assert.ok(['ns', 'ms', 'MB'].includes(unit), name);
      }
    });
});

describe('the best of many rounds', () => {
  /** A clock that each round moves on. */
  const measured = (rounds: (n: number) => number): { best: number; rounds: number } => {
    let now = 0;
    let count = 0;
    const meter = { nowMs: () => now, begins: () => undefined, heldBytes: () => 0 };
    const best = bestOf(meter, () => {
      now += 10;
      return rounds(count++);
    });
    return { best, rounds: count };
  };

  it('is the smallest, and is waited for while rounds get better', () => {
    const { best, rounds } = measured((n) => (n < 300 ? 1000 - n : 2000));
    assert.equal(best, 701);
    assert.ok(rounds >= 300, `${rounds} rounds`);
  });

  it('ends where no round is better, and ends at all', () => {
    assert.ok(measured(() => 5).rounds < 100);
    assert.ok(measured((n) => 1 / (n + 1)).rounds < 10_000);
  });
});

describe('the table of a benchmark', () => {
  const native = { pairNs: {}, note: 'the note' };

  it('holds a value against a multiple of native', () => {
    const [, met, missed, note] = rowsTable([row(23, 20), row(25, 20)], native);
    assert.deepEqual(cells(met), ['pair', '23.0 ns', '20.0', '1.1x', '<= 1.2x', 'met']);
    assert.deepEqual(cells(missed), ['pair', '25.0 ns', '20.0', '1.3x', '<= 1.2x', 'MISSED']);
    assert.equal(note, 'the note');
  });

  it('has no ratio and no verdict where native is not known', () => {
    const [, line] = rowsTable([row(23, null)], native);
    assert.deepEqual(cells(line), ['pair', '23.0 ns', '-', '-', '<= 1.2x', '-']);
    assert.deepEqual(JSON.parse(rowsJson([row(23, null)])), [row(23, null)]);
  });

  it('holds a value without native against a target in its unit', () => {
    const [, line] = rowsTable([{ name: 'boot', value: 900, unit: 'ms', target: 1000 }], native);
    assert.deepEqual(cells(line), ['boot', '900 ms', '<= 1000', 'met']);
  });
});
