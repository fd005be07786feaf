/** What `mmscope bench` says of figures of the native kernel: only those of this very machine are compared with. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rowsJson, rowsTable, type Row } from '../../src/cli/bench/rows.js';
import { nativeFigures, thisMachine } from '../../src/cli/nativeFigures.js';
import { scratchFolder } from '../scratch.js';

/** A project whose oracle has measured; gives a program in it. */
function project(machine?: ReturnType<typeof thisMachine>): string {
  const root = scratchFolder();
  const folder = path.join(root, 'build', 'oracle');
  mkdirSync(folder, { recursive: true });
  const figures = { kernel: 'Linux 6.1.192', date: '2024-01-01', machine, pairNs: { 0: 20 } };
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
    assert.deepEqual(pairNs, { 0: 20 });
    assert.match(note, /Linux 6\.1\.192, measured on this machine/);
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
