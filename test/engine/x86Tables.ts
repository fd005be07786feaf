/**
 * Page tables built by a test, in arithmetic of its own (bigint), so that it and the engine cannot be wrong together.
 */
import { asPhys, asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { PhysicalMemory } from '../../src/engine/memory/physical.js';
import { Tape } from '../../src/engine/memory/tape.js';
import type { PagingMode } from '../../src/engine/x86/formats.js';
import { pagingOf, type Paging } from '../../src/engine/x86/paging.js';
import {
  INTEL_CPU,
  LINUX_PAT,
  type CpuFeatures,
  type MachineRegisters,
} from '../../src/engine/x86/registers.js';
import { onTape } from '../../src/engine/x86/tableMemory.js';

export const MODES: readonly PagingMode[] = ['2-level', 'pae', '4-level', '5-level'];

/** Shift and index bits of each level, from the root down. */
const SHAPE: Readonly<Record<PagingMode, readonly (readonly [shift: bigint, bits: bigint])[]>> = {
  '2-level': [
    [22n, 10n],
    [12n, 10n],
  ],
  pae: [
    [30n, 2n],
    [21n, 9n],
    [12n, 9n],
  ],
  '4-level': [
    [39n, 9n],
    [30n, 9n],
    [21n, 9n],
    [12n, 9n],
  ],
  '5-level': [
    [48n, 9n],
    [39n, 9n],
    [30n, 9n],
    [21n, 9n],
    [12n, 9n],
  ],
};

/** Page sizes that a mode has, as shifts. */
export const PAGE_SHIFTS: Readonly<Record<PagingMode, readonly bigint[]>> = {
  '2-level': [12n, 22n],
  pae: [12n, 21n],
  '4-level': [12n, 21n, 30n],
  '5-level': [12n, 21n, 30n],
};

export const P = 1n;
export const RW = 2n;
export const US = 4n;
export const A = 1n << 5n;
export const D = 1n << 6n;
const PSE = 1n << 7n;
export const G = 1n << 8n;
export const NX = 1n << 63n;

export const ROOT = 0x1000;

/** What the modes need, and WP, PGE, NXE; `cr4` and `efer` come on top. */
export function registersFor(mode: PagingMode): MachineRegisters {
  return {
    cr0: 0x8001_0001,
    cr2: 0,
    cr3: ROOT,
    cr4: { '2-level': 0x90, pae: 0xb0, '4-level': 0xb0, '5-level': 0x10b0 }[mode],
    efer: { '2-level': 0x800, pae: 0x800, '4-level': 0xd00, '5-level': 0xd00 }[mode],
    eflags: 2,
    pat: LINUX_PAT,
  };
}

export class TestMachine {
  readonly memory = new PhysicalMemory(0x10_0000);
  readonly tape = new Tape(this.memory);
  readonly tables = onTape(this.tape);
  private nextTable = 0x2000;

  constructor(readonly mode: PagingMode) {}

  paging(registers: Partial<MachineRegisters> = {}, cpu: CpuFeatures = INTEL_CPU): Paging {
    return pagingOf({ ...registersFor(this.mode), ...registers }, cpu);
  }

  /**
   * Maps a page of 2^shift bytes with the bits given. False, and nothing done, when something is mapped there.
   * @param upper the bits of the entries above; PAE's top level has P alone
   */
  map(va: VirtAddr, phys: bigint, shift: bigint, bits: bigint, upper = P | RW | US): boolean {
    const path = this.pathTo(va, shift);
    if (path === undefined) return false;
    let table = ROOT;
    for (const [depth, index] of path.entries()) {
      const entryPhys = table + index * this.entryBytes;
      if (depth === path.length - 1) {
        const large = shift > 12n ? PSE : 0n;
        this.put(entryPhys, phys | bits | large);
        return true;
      }
      let entry = this.get(entryPhys);
      if (entry === 0n) {
        const allowed = this.mode === 'pae' && depth === 0 ? P : upper;
        entry = BigInt(this.nextTable) | allowed;
        this.nextTable += 0x1000;
        this.put(entryPhys, entry);
      }
      table = Number(entry & 0xf_ffff_ffff_f000n);
    }
    return false;
  }

  /** Where the entry of a level lies that an address uses; the tables above it must be there. */
  entryPhys(va: VirtAddr, depth: number): number {
    let table = ROOT;
    for (let i = 0; ; i++) {
      const at = table + this.indexAt(va, i) * this.entryBytes;
      if (i === depth) return at;
      table = Number(this.get(at) & 0xf_ffff_ffff_f000n);
    }
  }

  get nrLevels(): number {
    return SHAPE[this.mode].length;
  }

  get(phys: number): bigint {
    const words = this.tables.readWords(asPhys(phys), this.entryBytes / 4);
    const word = (i: number): bigint => BigInt((words?.[i] ?? 0) >>> 0);
    return word(0) | (this.entryBytes === 8 ? word(1) << 32n : 0n);
  }

  put(phys: number, value: bigint): void {
    this.tables.writeWord(asPhys(phys), Number(BigInt.asIntN(32, value)));
    if (this.entryBytes === 8)
      this.tables.writeWord(asPhys(phys + 4), Number(BigInt.asIntN(32, value >> 32n)));
  }

  get entryBytes(): 4 | 8 {
    return this.mode === '2-level' ? 4 : 8;
  }

  /** The indices down to the level that maps pages of this size; undefined when the way is taken. */
  private pathTo(va: VirtAddr, shift: bigint): readonly number[] | undefined {
    const path: number[] = [];
    let table = ROOT;
    let built = true;
    for (const [depth, [levelShift]] of SHAPE[this.mode].entries()) {
      path.push(this.indexAt(va, depth));
      const entry: bigint = built ? this.get(table + (path[depth] ?? 0) * this.entryBytes) : 0n;
      if (levelShift === shift) return entry === 0n ? path : undefined;
      if ((entry & PSE) !== 0n || (entry !== 0n && (entry & P) === 0n)) return undefined;
      built &&= entry !== 0n;
      table = Number(entry & 0xf_ffff_ffff_f000n);
    }
    return undefined;
  }

  private indexAt(va: VirtAddr, depth: number): number {
    const [shift, bits] = SHAPE[this.mode][depth] ?? [0n, 0n];
    return Number((BigInt(va) >> shift) & ((1n << bits) - 1n));
  }
}

/** A small linear congruential generator: the tests are the same each time. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A page-aligned canonical address, crowded so that tables are shared now and then. */
export function randomPage(mode: PagingMode, random: (limit: number) => number): VirtAddr {
  let va = 0n;
  for (const [shift, bits] of SHAPE[mode]) {
    const entries = 1 << Number(bits);
    const index = random(3) === 0 ? random(entries) : (random(2) * (entries - 1)) ^ random(2);
    va |= BigInt(index) << shift;
  }
  const addressBits = { '2-level': 32, pae: 32, '4-level': 48, '5-level': 57 }[mode];
  return asVirt(Number(addressBits === 32 ? va : BigInt.asIntN(addressBits, va)));
}
