/**
 * What the registers and the model of a processor make of page tables: the mode, the levels with everything decided that
 * the formats leave open, and the switches of the access rules. Worked out once, not at each walk.
 *
 * Addresses are those of `memory/address.ts`. With 5 levels a canonical address reaches ±2^56, where a number holds multiples
 * of 8 only: page and indices are exact there always, a byte address to 8 bytes.
 *
 * Source: SDM vol. 3A 4.1.1 (modes), 4.1.4 (features), 3.3.7.1 (canonical addresses).
 */
import { asPhys, asVirt, type PhysAddr, type VirtAddr } from '../memory/address.js';
import {
  LEVELS,
  type BitRange,
  type EntryBits,
  type Level,
  type LevelFormat,
  type PagingMode,
} from './formats.js';
import { registerBit, type CpuFeatures, type MachineRegisters } from './registers.js';

export interface Paging {
  /** `off`: CR0.PG is 0 and an address is physical. */
  readonly mode: PagingMode | 'off';
  /** From the root down. */
  readonly levels: readonly Level[];
  readonly rootPhys: PhysAddr;
  /** Bits of a virtual address that count: 32, 48 or 57. */
  readonly addressBits: 32 | 48 | 57;
  readonly pointerSize: 4 | 8;
  /** 0 while CR4.PCIDE is 0. */
  readonly pcid: number;
  /** CR0.WP. */
  readonly writeProtect: boolean;
  readonly smep: boolean;
  readonly smap: boolean;
  /** EFLAGS.AC. */
  readonly accessUser: boolean;
  /** EFER.NXE, and entries of 8 bytes that have the bit. */
  readonly noExecute: boolean;
  readonly globalPages: boolean;
  readonly pat: bigint;
}

export function pagingOf(registers: MachineRegisters, cpu: CpuFeatures): Paging {
  const cr4 = (name: string): boolean => registerBit(registers, 'cr4', name);
  const mode = modeOf(registers);
  const noExecute = registerBit(registers, 'efer', 'NXE') && mode !== '2-level' && mode !== 'off';
  const pcids = cr4('PCIDE') && isLong(mode);
  const formats = mode === 'off' ? [] : LEVELS[mode];
  return {
    mode,
    levels: formats.map((format) => decided(format, { mode, cpu, noExecute, pse: cr4('PSE') })),
    rootPhys: rootOf(mode, registers.cr3),
    addressBits: mode === '5-level' ? 57 : mode === '4-level' ? 48 : 32,
    pointerSize: isLong(mode) ? 8 : 4,
    pcid: pcids ? registers.cr3 & 0xfff : 0,
    writeProtect: registerBit(registers, 'cr0', 'WP'),
    smep: cr4('SMEP'),
    smap: cr4('SMAP'),
    accessUser: registerBit(registers, 'eflags', 'AC'),
    noExecute,
    globalPages: cr4('PGE'),
    pat: registers.pat,
  };
}

const isLong = (mode: Paging['mode']): boolean => mode === '4-level' || mode === '5-level';

function modeOf(registers: MachineRegisters): Paging['mode'] {
  if (!registerBit(registers, 'cr0', 'PG')) return 'off';
  if (!registerBit(registers, 'cr4', 'PAE')) return '2-level';
  if (!registerBit(registers, 'efer', 'LME')) return 'pae';
  return registerBit(registers, 'cr4', 'LA57') ? '5-level' : '4-level';
}

/** PAE's root is 32 bytes long and aligned to that; all others are pages. */
function rootOf(mode: Paging['mode'], cr3: number): PhysAddr {
  const alignment = mode === 'pae' ? 32 : 4096;
  return asPhys(Math.floor(cr3 / alignment) * alignment);
}

interface Deciding {
  readonly mode: Paging['mode'];
  readonly cpu: CpuFeatures;
  readonly noExecute: boolean;
  readonly pse: boolean;
}

function decided(format: LevelFormat, { mode, cpu, noExecute, pse }: Deciding): Level {
  const { reservedInTable = [], reservedInPage = [] } = format;
  if (mode === '2-level') {
    const largePages = format.mapsPage === 'with PSE' && pse;
    const pse36 = largePages && cpu.pse36;
    // PSE-36 makes address bits of 13..M-20: what is left of the reserved ones are 21..M-19.
    const used = pse36 ? maskOf([[Math.min(cpu.maxPhyAddr, 40) - 20, 13]]).low : 0;
    const page = maskOf(reservedInPage);
    return {
      ...format,
      entryBytes: 4,
      pageMask: -1 << Math.min(format.shift, 31),
      setsAccessed: true,
      largePages,
      pse36,
      mustBeZeroInTable: maskOf([]),
      mustBeZeroInPage: { low: page.low & ~used, high: 0 },
    };
  }
  const largePages = format.mapsPage === 'with PSE' && (format.shift < 30 || cpu.pdpe1gb);
  const always: BitRange[] = [[51, cpu.maxPhyAddr]];
  if (!noExecute) always.push([63, 63]);
  const noLargePage: BitRange[] = format.mapsPage === 'with PSE' && !largePages ? [[7, 7]] : [];
  const table = maskOf([...always, ...noLargePage, ...reservedInTable]);
  const mindsLowBits = format.hasNoRights !== true || !cpu.accessedInPaeTop;
  return {
    ...format,
    entryBytes: 8,
    pageMask: -1 << Math.min(format.shift, 31),
    setsAccessed: format.hasNoRights !== true || cpu.accessedInPaeTop,
    largePages,
    pse36: false,
    mustBeZeroInTable: mindsLowBits ? table : { low: table.low & ~0xfff, high: table.high },
    mustBeZeroInPage: maskOf([...always, ...reservedInPage]),
  };
}

/** An empty range (high < low) has no bits. */
function maskOf(ranges: readonly BitRange[]): EntryBits {
  let low = 0;
  let high = 0;
  for (const [last, first] of ranges)
    for (let bit = first; bit <= last; bit++)
      if (bit < 32) low |= 1 << bit;
      else high |= 1 << (bit - 32);
  return { low, high };
}

export const isCanonical = ({ addressBits }: Paging, va: VirtAddr): boolean =>
  addressBits === 32 || (va >= -powerOf2(addressBits - 1) && va < powerOf2(addressBits - 1));

/** 2 to the power of `n`, below 64: looked up, as each access of a processor needs several. */
export const powerOf2 = (n: number): number => POWERS_OF_2[n] as number;
const POWERS_OF_2 = Float64Array.from({ length: 64 }, (_, n) => 2 ** n);

/** `value` modulo a power of two, never negative. Exact: both are multiples of a power of two. */
const modulo = (value: number, modulus: number): number =>
  value - Math.floor(value / modulus) * modulus;

/** Which entry of the table of `level` an address selects. */
export const indexAt = (level: LevelFormat, va: VirtAddr): number =>
  modulo(Math.floor(va / powerOf2(level.shift)), powerOf2(level.indexBits));

export const offsetInPage = (va: VirtAddr, pageSize: number): number => modulo(va, pageSize);

/**
 * The address space as one row of pages from 0 on, in the order of the tables' entries: on 64 bit the kernel's half follows
 * the user's, without the hole between them.
 */
export const pageNumberOf = ({ addressBits }: Paging, va: VirtAddr): number =>
  modulo(Math.floor(va / 4096), 2 ** (addressBits - 12));

export function addressOf({ addressBits }: Paging, pageNumber: number): VirtAddr {
  const nrPages = 2 ** (addressBits - 12);
  const signed = addressBits > 32 && pageNumber >= nrPages / 2 ? pageNumber - nrPages : pageNumber;
  return asVirt(signed * 4096);
}
