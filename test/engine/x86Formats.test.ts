/** What each bit of an entry means: SDM vol. 3A tables 4-4 to 4-20. */
import assert from 'node:assert/strict';
import {
  decode,
  flagText,
  patIndex,
  type LevelName,
  type PagingMode,
} from '../../src/engine/x86/formats.js';
import { pagingOf } from '../../src/engine/x86/paging.js';
import {
  INTEL_CPU,
  LINUX_PAT,
  memoryType,
  QEMU_CPU,
  REGISTERS,
  registerText,
  type CpuFeatures,
} from '../../src/engine/x86/registers.js';
import { registersFor } from './x86Tables.js';

const M40: CpuFeatures = { ...INTEL_CPU, maxPhyAddr: 40 };
const M36: CpuFeatures = { ...INTEL_CPU, maxPhyAddr: 36 };

interface Row {
  readonly mode: PagingMode;
  readonly level: LevelName;
  readonly maps: 'table' | 'page';
  /** Bits that must be zero. */
  readonly reserved: string;
  readonly cpu?: CpuFeatures;
  readonly nxe?: false;
  readonly pse?: false;
}

const RESERVED: readonly Row[] = [
  { mode: '2-level', level: 'PGD', maps: 'table', reserved: '' },
  { mode: '2-level', level: 'PGD', maps: 'table', reserved: '', pse: false },
  { mode: '2-level', level: 'PGD', maps: 'page', reserved: '21', cpu: M40 },
  { mode: '2-level', level: 'PGD', maps: 'page', reserved: '21' },
  { mode: '2-level', level: 'PGD', maps: 'page', reserved: '17-21', cpu: M36 },
  { mode: '2-level', level: 'PGD', maps: 'page', reserved: '13-21', cpu: { ...M40, pse36: false } },
  { mode: '2-level', level: 'PTE', maps: 'page', reserved: '' },
  { mode: 'pae', level: 'PGD', maps: 'table', reserved: '1-2 5-8 46-63' },
  { mode: 'pae', level: 'PGD', maps: 'table', reserved: '40-63', cpu: QEMU_CPU },
  { mode: 'pae', level: 'PMD', maps: 'table', reserved: '36-62', cpu: M36 },
  { mode: 'pae', level: 'PMD', maps: 'page', reserved: '13-20 46-62' },
  { mode: 'pae', level: 'PTE', maps: 'page', reserved: '46-62' },
  { mode: 'pae', level: 'PTE', maps: 'page', reserved: '46-63', nxe: false },
  { mode: '4-level', level: 'PGD', maps: 'table', reserved: '7 46-51' },
  { mode: '4-level', level: 'PUD', maps: 'table', reserved: '46-51' },
  { mode: '4-level', level: 'PUD', maps: 'page', reserved: '13-29 46-51' },
  {
    mode: '4-level',
    level: 'PUD',
    maps: 'table',
    reserved: '7 46-51',
    cpu: { ...INTEL_CPU, pdpe1gb: false },
  },
  { mode: '4-level', level: 'PMD', maps: 'table', reserved: '46-51 63', nxe: false },
  { mode: '4-level', level: 'PMD', maps: 'page', reserved: '13-20 40-51', cpu: M40 },
  { mode: '4-level', level: 'PTE', maps: 'page', reserved: '46-51' },
  {
    mode: '4-level',
    level: 'PTE',
    maps: 'page',
    reserved: '',
    cpu: { ...INTEL_CPU, maxPhyAddr: 52 },
  },
  { mode: '5-level', level: 'PGD', maps: 'table', reserved: '7 46-51' },
  { mode: '5-level', level: 'P4D', maps: 'table', reserved: '7 46-51' },
  { mode: '5-level', level: 'PUD', maps: 'page', reserved: '13-29 46-51' },
  { mode: '5-level', level: 'PMD', maps: 'page', reserved: '13-20 46-51' },
  { mode: '5-level', level: 'PTE', maps: 'page', reserved: '46-51 63', nxe: false },
];

const bitsOf = (ranges: string): readonly number[] =>
  ranges
    .split(' ')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });

function levelOf({ mode, level, cpu, nxe, pse }: Row) {
  const usual = registersFor(mode);
  const efer = nxe === false ? usual.efer & ~0x800 : usual.efer;
  const cr4 = pse === false ? usual.cr4 & ~0x10 : usual.cr4;
  const found = pagingOf({ ...usual, efer, cr4 }, cpu ?? INTEL_CPU).levels.find(
    ({ name }) => name === level,
  );
  return found ?? assert.fail(`${mode} has no ${level}`);
}

describe('x86 page-table entries', () => {
  for (const row of RESERVED) {
    const { mode, level, maps, reserved } = row;
    const cpu = `M ${row.cpu?.maxPhyAddr ?? INTEL_CPU.maxPhyAddr}`;
    const title = [
      mode,
      level,
      maps,
      cpu,
      row.nxe === false ? 'NXE 0' : '',
      row.pse === false ? 'PSE 0' : '',
    ];
    it(`${title.filter((each) => each !== '').join(', ')}: reserved ${reserved || 'none'}`, () => {
      const at = levelOf(row);
      const isLarge = maps === 'page' && level !== 'PTE';
      const mustBeZero = new Set(bitsOf(reserved));
      for (let bit = 1; bit < at.entryBytes * 8; bit++) {
        if (isLarge && bit === 7) continue;
        const value = 1n | (isLarge ? 0x80n : 0n) | (1n << BigInt(bit));
        const entry = decode(
          at,
          Number(BigInt.asIntN(32, value)),
          Number(BigInt.asIntN(32, value >> 32n)),
        );
        if (bit === 7 && maps === 'table' && at.largePages) continue;
        assert.equal(entry.leaf, maps === 'page', `bit ${bit}`);
        assert.deepEqual(entry.reservedBits, mustBeZero.has(bit) ? [bit] : [], `bit ${bit}`);
      }
    });
  }

  /** Raw value, mode, level: what it says. Those with a size are from recorded machines. */
  const entries: readonly (readonly [string, PagingMode, LevelName, string, string])[] = [
    ['163', '2-level', 'PTE', 'P RW A D G', '0'],
    ['74001e3', '2-level', 'PGD', 'P RW A D PSE G', '7400000'],
    ['193f067', '2-level', 'PGD', 'P RW US A D', '193f000'],
    ['1e1e3', '2-level', 'PGD', 'P RW A D PSE G', 'f00000000'],
    ['1001e3', '2-level', 'PGD', 'P RW A D PSE G', '8000000000'],
    ['80000000fed00173', 'pae', 'PTE', 'P RW PCD A D G NX', 'fed00000'],
    ['800000017fc01163', 'pae', 'PTE', 'P RW A D G NX', '17fc01000'],
    ['1422001', 'pae', 'PGD', 'P', '1422000'],
    ['80000001be0001e3', '4-level', 'PMD', 'P RW A D PSE G NX', '1be000000'],
    ['80000000400001e3', '4-level', 'PUD', 'P RW A D PSE G NX', '40000000'],
    ['8000000001ca1225', '4-level', 'PTE', 'P US A SW1 NX', '1ca1000'],
    ['80000000f00011fb', '4-level', 'PMD', 'P RW PWT PCD A D PSE PAT G NX', 'f0000000'],
    ['fed0008b', '4-level', 'PTE', 'P RW PWT PAT', 'fed00000'],
    ['120', '2-level', 'PTE', 'not present A G', '0'],
    ['0', '4-level', 'PTE', 'none', '0'],
    ['1400000000000067', '4-level', 'PTE', 'P RW US A D SW4', '0'],
    ['4000000000001', '4-level', 'PTE', 'P RSVD(50)', '4000000000000'],
  ];
  for (const [hex, mode, level, text, phys] of entries)
    it(`${mode} ${level} ${hex}: ${text}`, () => {
      const value = BigInt(`0x${hex}`);
      const at = levelOf({ mode, level, maps: 'page', reserved: '' });
      const entry = decode(
        at,
        Number(BigInt.asIntN(32, value)),
        Number(BigInt.asIntN(32, value >> 32n)),
      );
      assert.equal(flagText(entry), text);
      assert.equal(entry.phys.toString(16), phys);
    });

  it('PAT, PCD and PWT choose one of the eight types that Linux sets up', () => {
    const types = ['WB', 'WC', 'UC-', 'UC', 'WB', 'WP', 'UC-', 'WT'];
    const at = levelOf({ mode: '4-level', level: 'PTE', maps: 'page', reserved: '' });
    for (const [index, type] of types.entries()) {
      const low = 1 | ((index & 1) << 3) | ((index & 2) << 3) | ((index & 4) << 5);
      const entry = decode(at, low, 0);
      assert.equal(patIndex(entry), index);
      assert.equal(memoryType(LINUX_PAT, patIndex(entry)), type);
    }
  });

  it('registers say their bits by name', () => {
    const text = (name: string, value: number): string => {
      const description = REGISTERS.find((each) => each.name === name);
      assert.ok(description);
      return registerText(description, value);
    };
    assert.equal(text('cr0', 0x8005_0033), 'PE MP ET NE WP AM PG');
    assert.equal(text('cr4', 0x6b0), 'PSE PAE PGE OSFXSR OSXMMEXCPT');
    assert.equal(text('efer', 0xd01), 'SCE LME LMA NXE');
  });
});
