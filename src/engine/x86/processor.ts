/**
 * One CPU of a machine, as far as addresses go: the registers that decide about translation, and its TLB. All of it lies on
 * the tape, so it goes back and forth in time with memory.
 *
 *     frame 0   the words of REGISTERS, one register behind the other        frame 1   TLB (tlb.ts)
 *
 * {@link Processor.translate} is an access: it sets A and D, fills the TLB, and a page fault leaves its address in cr2.
 * {@link Processor.walk} only looks.
 *
 * Source: SDM vol. 3A 4.10.4.1 (what a write to a control register invalidates).
 */
import {
  asCell,
  fromWords,
  highWord,
  WORDS_PER_FRAME,
  type Cell,
  type VirtAddr,
} from '../memory/address.js';
import type { Access } from './access.js';
import { staleness, translate, type Translation } from './mmu.js';
import { pagingOf, type Paging } from './paging.js';
import { REGISTERS, registerBit, type CpuFeatures, type MachineRegisters } from './registers.js';
import { inspected, onTape, type WordTape, type WritableTableMemory } from './tableMemory.js';
import { Tlb, TLB_FRAMES } from './tlb.js';
import { walk, type Walk } from './walk.js';

/** Pseudo frames that a processor takes. */
export const PROCESSOR_FRAMES = 1 + TLB_FRAMES;

const NR_REGISTER_WORDS = REGISTERS.reduce((sum, { nrWords }) => sum + nrWords, 0);

/** Where each register begins, in words. */
const wordOf = new Map(
  REGISTERS.map(({ name }, i) => [
    name,
    REGISTERS.slice(0, i).reduce((sum, { nrWords }) => sum + nrWords, 0),
  ]),
);

/** Words of the registers that decide about translation: cr2 changes with each fault, and is not one of them. */
const PAGING_WORDS: readonly number[] = REGISTERS.filter(({ name }) => name !== 'cr2').flatMap(
  ({ name, nrWords }) =>
    Array.from({ length: nrWords }, (_, i) => (wordOf.get(name) as number) + i),
);

/** Bits of a control register whose change empties the whole TLB. */
const FLUSHING = {
  cr0: ['PG', 'WP'],
  cr4: ['PSE', 'PAE', 'PGE', 'LA57', 'PCIDE', 'SMEP', 'SMAP'],
} as const;

export class Processor {
  readonly tlb: Tlb;
  private readonly memory: WritableTableMemory;
  private readonly cachedWords = new Int32Array(NR_REGISTER_WORDS);
  private cachedPaging: Paging | undefined;

  /** @param first the cell its {@link PROCESSOR_FRAMES} begin at */
  constructor(
    private readonly tape: WordTape,
    private readonly first: Cell,
    private readonly wide: boolean,
    readonly features: CpuFeatures,
  ) {
    this.tlb = new Tlb(tape, asCell(first + WORDS_PER_FRAME));
    this.memory = onTape(tape);
  }

  // --- registers -----------------------------------------------------------------------------------------------------

  get registers(): MachineRegisters {
    const word = (name: keyof MachineRegisters, index = 0): number =>
      this.tape.memory.words[this.cellOf(name) + index] as number;
    const pat = BigInt.asUintN(64, (BigInt(word('pat', 1)) << 32n) | BigInt(word('pat') >>> 0));
    return {
      cr0: word('cr0') >>> 0,
      cr2: this.wide ? fromWords(word('cr2'), word('cr2', 1)) : word('cr2') >>> 0,
      cr3: this.cr3,
      cr4: word('cr4') >>> 0,
      efer: word('efer') >>> 0,
      eflags: word('eflags') >>> 0,
      pat,
    };
  }

  /** One of {@link registers}, for those that look at it often. */
  get cr3(): number {
    const { words } = this.tape.memory;
    const at = this.cellOf('cr3');
    return ((words[at + 1] as number) >>> 0) * 2 ** 32 + ((words[at] as number) >>> 0);
  }

  /** The first of the words that hold a register. */
  cellOf(name: keyof MachineRegisters): Cell {
    return asCell(this.first + (wordOf.get(name) as number));
  }

  /** The first of the {@link PROCESSOR_FRAMES} slots that it lies in. */
  get firstSlot(): number {
    return this.first / WORDS_PER_FRAME;
  }

  /** Whether a cell is one of its registers or of its TLB. */
  owns(cell: number): boolean {
    return cell >= this.first && cell < this.first + PROCESSOR_FRAMES * WORDS_PER_FRAME;
  }

  /** Puts values in, and nothing else: of a machine that is being set up. */
  setRegisters(registers: MachineRegisters): void {
    for (const { name, nrWords } of REGISTERS) {
      const value = registers[name];
      const at = this.cellOf(name);
      const low = typeof value === 'bigint' ? Number(BigInt.asIntN(32, value)) : value | 0;
      const high =
        typeof value === 'bigint' ? Number(BigInt.asIntN(32, value >> 32n)) : highWord(value);
      this.tape.write(at, low);
      if (nrWords === 2) this.tape.write(asCell(at + 1), high);
    }
  }

  private set(name: 'cr2' | 'cr3', value: number): void {
    this.tape.write(this.cellOf(name), value | 0);
    this.tape.write(asCell(this.cellOf(name) + 1), highWord(value));
  }

  /** MOV to CR3: everything that is not global is forgotten. */
  writeCr3(value: number): void {
    this.set('cr3', value);
    this.tlb.loadCr3(this.paging, registerBit(this.registers, 'cr4', 'PCIDE'));
  }

  /** MOV to CR0 or CR4. */
  writeControl(name: 'cr0' | 'cr4', value: number): void {
    const before = this.registers;
    this.tape.write(this.cellOf(name), value | 0);
    const after = this.registers;
    if (
      FLUSHING[name].some((bit) => registerBit(before, name, bit) !== registerBit(after, name, bit))
    )
      this.tlb.flush();
  }

  /** WRMSR to IA32_EFER: the TLB keeps what it holds. */
  writeEfer(value: number): void {
    this.tape.write(this.cellOf('efer'), value | 0);
  }

  /** STAC and CLAC: whether the kernel may touch user pages under SMAP. */
  setAc(on: boolean): void {
    const bit = 1 << 18;
    const at = this.cellOf('eflags');
    const before = this.tape.memory.words[at] as number;
    this.tape.write(at, on ? before | bit : before & ~bit);
  }

  // --- translation ---------------------------------------------------------------------------------------------------

  /** What the registers make of page tables; worked out again when one of them has changed, in whatever way. */
  get paging(): Paging {
    const { words } = this.tape.memory;
    let same = this.cachedPaging !== undefined;
    for (const at of PAGING_WORDS) {
      const word = words[this.first + at] as number;
      if (word === this.cachedWords[at]) continue;
      this.cachedWords[at] = word;
      same = false;
    }
    if (!same || this.cachedPaging === undefined)
      this.cachedPaging = pagingOf(this.registers, this.features);
    return this.cachedPaging;
  }

  /** Whether there are page tables to walk: not in a machine that was rebuilt from a recorded state. */
  get hasTables(): boolean {
    return this.cr3 !== 0;
  }

  /** Looks at the way of an address through the tables, and changes nothing. The TLB is not asked. */
  walk(va: VirtAddr, access?: Access): Walk {
    return walk(this.paging, inspected(this.tape.memory), va, access);
  }

  /** One access. */
  translate(va: VirtAddr, access: Access): Translation {
    const { paging, memory, tlb } = this;
    const found = translate({ paging, memory, tlb }, va, access);
    if (found.exception?.kind === 'page fault') this.set('cr2', found.exception.cr2);
    return found;
  }

  /** As {@link translate}, and how what the TLB answered differs from the tables: undefined when it does not. */
  translateTold(
    va: VirtAddr,
    access: Access,
  ): Translation & { readonly stale: string | undefined } {
    const { phys, hit, walk, exception } = this.translate(va, access);
    if (hit === undefined) return { phys, hit, walk, exception, stale: undefined };
    // The processor does not look: it has its TLB.
    const look = (): string | undefined => staleness(this.paging, this.memory, hit);
    return { phys, hit, walk, exception, stale: this.tape.memory.unheard(look) };
  }

  /** INVLPG. */
  invlpg(va: VirtAddr): void {
    this.tlb.invlpg(this.paging, va);
  }
}
