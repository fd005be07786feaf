/**
 * Page tables of real machines: what the processor itself said about them (QEMU `info mem`), and what the kernel's own walk
 * printed (`%pts`, `pt`).
 */
import assert from 'node:assert/strict';
import { asPhys, parseAddress, type VirtAddr } from '../../src/engine/memory/address.js';
import { PhysicalMemory } from '../../src/engine/memory/physical.js';
import { Tape } from '../../src/engine/memory/tape.js';
import { pagingOf, type Paging } from '../../src/engine/x86/paging.js';
import { LINUX_PAT, QEMU_CPU } from '../../src/engine/x86/registers.js';
import { inspected, onTape, type WritableTableMemory } from '../../src/engine/x86/tableMemory.js';
import { infoMemLines, tableLines, walkText } from '../../src/engine/x86/text.js';
import { walk } from '../../src/engine/x86/walk.js';
import {
  blocksOf,
  coreMemory,
  infoMemOf,
  machinesWithTables,
  registersOf,
} from './pgtableGolden.js';
import { recordedMachines, recordedText } from '../recordings.js';

const address = (paging: Paging, hex: string): VirtAddr =>
  parseAddress(`0x${hex}`, paging.pointerSize) ?? assert.fail(`${hex} is not an address`);

/** `%pts` in the order of addresses: the recorder may print a run after the table that follows it. */
const byAddress = (paging: Paging, lines: readonly string[]): readonly string[] =>
  [...lines].sort((a, b) => keyOf(paging, a) - keyOf(paging, b));

/** By page, and at one address from the highest level down, tables first. */
function keyOf(paging: Paging, line: string): number {
  const [kind, va = '', level = ''] = line.split(' ');
  const rank = (4 - Number(level.slice(1))) * 2 + (kind === 'tb' ? 0 : 1);
  return address(paging, va) + rank;
}

function boundsOf(paging: Paging, [first = '', last = '']: readonly string[]) {
  return { first: address(paging, first), last: address(paging, last) };
}

describe('page tables of recorded machines', function () {
  for (const directory of recordedMachines('cores', /./))
    it(`${directory}: the whole address space is what the processor saw`, () => {
      const memory = coreMemory(directory, 'before.vmcore.gz');
      const paging = pagingAt(directory, 'before.registers.txt');
      compareWithProcessor(memory, paging, recordedText(directory, 'before.mem.txt'));
    });

  for (const directory of recordedMachines('.', /^vmcore-/))
    it(`${directory}: it too, and the user tables are what the kernel printed`, () => {
      const memory = coreMemory(directory, 'vmcore.gz');
      const paging = pagingAt(directory, 'vmcore.info-registers.txt');
      compareWithProcessor(memory, paging, recordedText(directory, 'vmcore.info-mem.txt'));
      const [dump, ...others] = blocksOf(recordedText(directory, 'dumps.trace.gz'), 'pts');
      assert.ok(dump !== undefined && others.length === 0);
      const ours = [...tableLines(paging, inspected(memory), boundsOf(paging, dump.args))];
      assert.deepEqual(ours, byAddress(paging, dump.lines));
    });

  for (const directory of machinesWithTables())
    it(`${directory}/pgtable-s113: each walk leads through the recorded tables`, () => {
      compareWalks(directory, recordedText(directory, 'pgtable-s113.trace.gz'));
    });
});

const pagingAt = (directory: string, file: string): Paging =>
  pagingOf(registersOf(recordedText(directory, file)), QEMU_CPU);

function compareWithProcessor(memory: PhysicalMemory, paging: Paging, infoMem: string): void {
  const expected = infoMemOf(infoMem);
  assert.ok(expected.length > 20);
  assert.deepEqual([...infoMemLines(paging, inspected(memory))], expected);
  assert.equal(memory.nrTouchedFrames, 0, 'looking touches nothing');
}

/** `LEVEL[INDEX]@PHYS=ENTRY` of a `pt` line. */
interface RecordedEntry {
  readonly index: number;
  readonly phys: number;
  readonly value: bigint;
}

interface RecordedWalk {
  readonly line: string;
  readonly va: string;
  readonly entries: readonly RecordedEntry[];
}

function recordedWalk(line: string): RecordedWalk {
  const entries = [...line.matchAll(/[a-z0-9]+\[([0-9a-f]+)\]@([0-9a-f]+)=([0-9a-f]+)/g)].map(
    ([, index = '', phys = '', value = '']) => ({
      index: parseInt(index, 16),
      phys: parseInt(phys, 16),
      value: BigInt(`0x${value}`),
    }),
  );
  return { line, va: line.split(' ')[1] ?? '', entries };
}

/**
 * The first `%pts` dump, put into memory at the addresses that it names, must read back as the same dump; and every `pt` of
 * an address that the script's own mappings (vmalloc, ioremap, kmap) leave alone must walk through it as recorded. Where the
 * script did map, the recorded entries are put in place first.
 */
function compareWalks(directory: string, trace: string): void {
  const walks = [...trace.matchAll(/^(?:.* -> | {2})?(pt .*)$/gm)].map(([, line = '']) =>
    recordedWalk(line),
  );
  assert.ok(walks.length > 400);
  const { paging, memory } = recordedMachine(directory, walks);
  const changed = changedAreas(paging, trace);
  const isLeftAlone = ({ va }: RecordedWalk): boolean => !changed.has(areaOf(paging, va));

  const dumps = blocksOf(trace, 'pts');
  const firstDumps = paging.mode === '4-level' ? dumps : dumps.slice(0, 1);
  for (const { args, lines } of firstDumps) {
    const sorted = byAddress(paging, lines);
    putTables(paging, memory, sorted);
    assert.deepEqual([...tableLines(paging, memory, boundsOf(paging, args))], sorted);
  }
  for (const each of walks) {
    if (!isLeftAlone(each))
      for (const { phys, value } of each.entries) put(paging, memory, phys, value);
    assert.equal(walkText(paging, walk(paging, memory, address(paging, each.va))), each.line);
  }
  assert.ok(walks.filter(isLeftAlone).length > 200);
}

/** A machine with nothing but the top-level table that the walks begin in. */
function recordedMachine(directory: string, walks: readonly RecordedWalk[]) {
  const wide = directory.startsWith('x86_64');
  const entryBytes = wide || directory.includes('pae') ? 8 : 4;
  const top = walks[0]?.entries[0];
  assert.ok(top);
  const cr3 = top.phys - top.index * entryBytes;
  const paging = pagingOf(
    {
      cr0: 0x8005_0033,
      cr2: 0,
      cr3,
      cr4: entryBytes === 8 ? 0x6b0 : 0x690,
      efer: wide ? 0xd01 : entryBytes === 8 ? 0x800 : 0,
      eflags: 2,
      pat: LINUX_PAT,
    },
    QEMU_CPU,
  );
  const memory = onTape(new Tape(new PhysicalMemory(0x20_0000)));
  for (const { entries } of walks)
    if (entries[0] !== undefined && wide) put(paging, memory, entries[0].phys, entries[0].value);
  return { paging, memory };
}

/** The 16 MiB (64 bit: 512 GiB) that an address lies in. Tables of one such area are not shared with another. */
const areaOf = (paging: Paging, hex: string): bigint =>
  BigInt(`0x${hex}`) >> (paging.mode === '4-level' ? 39n : 24n);

/** Areas in which the script mapped something. kmap maps nothing on 64 bit. */
function changedAreas(paging: Paging, trace: string): ReadonlySet<bigint> {
  const mapping = paging.mode === '4-level' ? 'vm|vmh|vmap|io' : 'vm|vmap|io|kmap|kma';
  const lines = trace.matchAll(new RegExp(`^(?:${mapping}) .* -> ([0-9a-f]+)`, 'gm'));
  return new Set([...lines].map(([, va = '']) => areaOf(paging, va)));
}

function put(paging: Paging, memory: WritableTableMemory, phys: number, value: bigint): void {
  memory.writeWord(asPhys(phys), Number(BigInt.asIntN(32, value)));
  if (paging.levels[0]?.entryBytes === 8)
    memory.writeWord(asPhys(phys + 4), Number(BigInt.asIntN(32, value >> 32n)));
}

/** Writes a dump's entries into the tables they were read from. */
function putTables(paging: Paging, memory: WritableTableMemory, lines: readonly string[]): void {
  const shifts = paging.levels.map(({ shift }) => BigInt(shift)).reverse();
  const entryBytes = paging.levels[0]?.entryBytes ?? 4;
  const indexMask = entryBytes === 8 ? 511n : 1023n;
  /** By level of the entries in it. */
  const tableOf: number[] = [];
  tableOf[shifts.length] = paging.rootPhys;
  for (const line of lines) {
    const [kind, va, levelText, ...fields] = line.split(' ');
    const level = Number(levelText?.slice(1));
    const valueOf = (name: string): bigint =>
      BigInt(
        `0x${fields.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? 0}`,
      );
    const shift = shifts[level - 1];
    assert.ok(shift !== undefined);
    const mask = shifts.length === 3 && level === 3 ? 3n : indexMask;
    const index = Number((BigInt(`0x${va}`) >> shift) & mask);
    const at = (tableOf[level] ?? assert.fail(line)) + index * entryBytes;
    if (kind === 'tb') {
      const phys = BigInt(`0x${fields[0]}`);
      // Of a table of PUDs the dump has no value; Linux sets _PAGE_TABLE.
      put(paging, memory, at, level < 4 ? valueOf('val') : phys + 0x67n);
      tableOf[level - 1] = Number(phys);
      continue;
    }
    const step = fields.includes('same') ? 0n : 1n << shift;
    for (let i = 0n; i < valueOf('n'); i++)
      put(paging, memory, at + Number(i) * entryBytes, valueOf('pa') + i * step + valueOf('fl'));
  }
}
