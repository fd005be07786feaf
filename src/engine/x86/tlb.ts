/**
 * The translation lookaside buffer of one CPU, in one pseudo frame of the tape: 64 sets of 4 ways of 4 words.
 *
 *     word 0   31 .......................... 0   page number of the virtual address, low
 *     word 1   31..30 | 24 ..... 13 | 12 ... 0   next way to replace (in way 0) | PCID | page number, high
 *     word 2   31 .......................... 0   frame, low
 *     word 3   15 ... 8 | 7 6 |5|4|3 |2 |1 |0    frame, high | size: 4K 2M 4M 1G | D | G | NX | US | RW | valid
 *
 * It holds what the tables said when an entry was filled, and goes on saying it until somebody invalidates: an entry that
 * the tables have left behind translates as before. Page numbers count 4 KiB whatever the size; the set is chosen by the page
 * number in pages of the entry's own size. A set replaces its ways in turn: hardware keeps its choice to itself.
 *
 * Source: SDM vol. 3A 4.10.2 (TLBs), 4.10.2.4 (global pages), 4.10.4.1 (what invalidates what). Paging-structure caches are
 * not modelled: a table entry that changed is seen by the next walk.
 */
import {
  asCell,
  asPhys,
  asVirt,
  type Cell,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import type { Rights } from './access.js';
import { powerOf2, type Paging } from './paging.js';
import type { WordTape } from './tableMemory.js';
import type { MappedPage } from './walk.js';

/** Pseudo frames that a TLB takes. */
export const TLB_FRAMES = 1;

const NR_SETS = 64;
const NR_WAYS = 4;
const WORDS = 4;
const SHIFT_OF_SIZE = [12, 21, 22, 30] as const;

const VALID = 1;
const RW = 1 << 1;
const US = 1 << 2;
const NX = 1 << 3;
const GLOBAL = 1 << 4;
const DIRTY = 1 << 5;
const SIZE_SHIFT = 6;
const FRAME_HIGH_SHIFT = 8;
const PAGE_HIGH_MASK = 0x1fff;
const PCID_SHIFT = 13;
const TAG_MASK = 0x1ff_ffff;
const NEXT_WAY_SHIFT = 30;

export interface TlbEntry {
  readonly cell: Cell;
  /** Where the page begins. */
  readonly va: VirtAddr;
  readonly pagePhys: PhysAddr;
  readonly pageSize: number;
  readonly rights: Rights;
  readonly global: boolean;
  /** D was set when the entry was filled: a write need not walk again. */
  readonly dirty: boolean;
  readonly pcid: number;
}

export class Tlb {
  /** @param first the cell its {@link TLB_FRAMES} begin at */
  constructor(
    private readonly tape: WordTape,
    private readonly first: Cell,
  ) {}

  /** The entry that translates an address now. */
  lookup(paging: Paging, va: VirtAddr): TlbEntry | undefined {
    for (const { shift, mapsPage } of paging.levels) {
      if (mapsPage === 'never') continue;
      const tag = tagOf(va, shift);
      const cell = this.wayOf(this.setAt(tag.set), tag, codeOfShift(shift), paging.pcid);
      if (cell !== undefined) return this.entryAt(cell);
    }
    return undefined;
  }

  /**
   * Remembers what a walk found. An entry for the same page is replaced.
   * @param dirty whether D is set by now
   */
  fill(paging: Paging, va: VirtAddr, page: MappedPage, dirty = page.dirty): void {
    const size = codeOfShift(Math.log2(page.pageSize));
    const tag = tagOf(va, SHIFT_OF_SIZE[size]);
    const set = this.setAt(tag.set);
    const cell = this.wayOf(set, tag, size, paging.pcid) ?? this.freeWay(set) ?? this.takeTurn(set);
    const frame = page.pagePhys / 4096;
    const nextWay = this.word(cell, 1) & ~TAG_MASK;
    this.write(cell, 0, tag.low);
    this.write(cell, 1, nextWay | (paging.pcid << PCID_SHIFT) | tag.high);
    this.write(cell, 2, frame);
    this.write(
      cell,
      3,
      VALID |
        (page.rights.write ? RW : 0) |
        (page.rights.user ? US : 0) |
        (page.rights.execute ? 0 : NX) |
        (page.global ? GLOBAL : 0) |
        (dirty ? DIRTY : 0) |
        (size << SIZE_SHIFT) |
        (Math.floor(frame / 2 ** 32) << FRAME_HIGH_SHIFT),
    );
  }

  /** INVLPG: forgets the page of an address, global or not, for the PCID in force. */
  invlpg(paging: Paging, va: VirtAddr): void {
    for (const { shift, mapsPage } of paging.levels) {
      if (mapsPage === 'never') continue;
      const tag = tagOf(va, shift);
      const size = codeOfShift(shift);
      const set = this.setAt(tag.set);
      for (let way = 0; way < NR_WAYS; way++) {
        const cell = asCell(set + way * WORDS);
        if (this.holds(cell, tag, size) && this.isOf(cell, paging.pcid)) this.drop(cell);
      }
    }
  }

  /**
   * MOV to CR3: forgets what is not global. With CR4.PCIDE only entries of the new PCID, and nothing when bit 63 of the
   * operand asks for it (`keep`).
   * @param paging as the new cr3 makes it
   */
  loadCr3(paging: Paging, pcidEnabled: boolean, keep = false): void {
    if (pcidEnabled && keep) return;
    for (const cell of this.validCells()) {
      if (this.word(cell, 3) & GLOBAL) continue;
      if (!pcidEnabled || this.pcidAt(cell) === paging.pcid) this.drop(cell);
    }
  }

  /** Forgets everything: a change of CR4.PGE, CR4.PAE, CR0.PG and the like. */
  flush(): void {
    for (const cell of this.validCells()) this.drop(cell);
  }

  /** What it holds, set by set. */
  entries(): readonly TlbEntry[] {
    return this.validCells().map((cell) => this.entryAt(cell));
  }

  private entryAt(cell: Cell): TlbEntry {
    const bits = this.word(cell, 3);
    const pageHigh = ((this.word(cell, 1) & PAGE_HIGH_MASK) << 19) >> 19;
    const frameHigh = (bits >>> FRAME_HIGH_SHIFT) & 0xff;
    return {
      cell,
      va: asVirt((pageHigh * 2 ** 32 + (this.word(cell, 0) >>> 0)) * 4096),
      pagePhys: asPhys((frameHigh * 2 ** 32 + (this.word(cell, 2) >>> 0)) * 4096),
      pageSize: powerOf2(SHIFT_OF_SIZE[(bits >>> SIZE_SHIFT) & 3] ?? 12),
      rights: {
        write: (bits & RW) !== 0,
        user: (bits & US) !== 0,
        execute: (bits & NX) === 0,
      },
      global: (bits & GLOBAL) !== 0,
      dirty: (bits & DIRTY) !== 0,
      pcid: this.pcidAt(cell),
    };
  }

  /** The entry of a page in its set, for a PCID. */
  private wayOf(set: Cell, tag: Tag, size: number, pcid: number): Cell | undefined {
    for (let way = 0; way < NR_WAYS; way++) {
      const cell = asCell(set + way * WORDS);
      if (this.holds(cell, tag, size) && this.isOf(cell, pcid)) return cell;
    }
    return undefined;
  }

  private freeWay(set: Cell): Cell | undefined {
    for (let way = 0; way < NR_WAYS; way++) {
      const cell = asCell(set + way * WORDS);
      if (!this.isValid(cell)) return cell;
    }
    return undefined;
  }

  private holds(cell: Cell, { low, high }: Tag, size: number): boolean {
    return (
      this.isValid(cell) &&
      this.word(cell, 0) === low &&
      (this.word(cell, 1) & PAGE_HIGH_MASK) === high &&
      ((this.word(cell, 3) >>> SIZE_SHIFT) & 3) === size
    );
  }

  private isOf(cell: Cell, pcid: number): boolean {
    return (this.word(cell, 3) & GLOBAL) !== 0 || this.pcidAt(cell) === pcid;
  }

  private pcidAt(cell: Cell): number {
    return (this.word(cell, 1) >>> PCID_SHIFT) & 0xfff;
  }

  /** The way whose turn it is, and on to the next. */
  private takeTurn(set: Cell): Cell {
    const word = this.word(set, 1);
    const way = word >>> NEXT_WAY_SHIFT;
    const next = ((way + 1) % NR_WAYS) << NEXT_WAY_SHIFT;
    this.write(set, 1, (word & TAG_MASK) | next);
    return asCell(set + way * WORDS);
  }

  private setAt(set: number): Cell {
    return asCell(this.first + set * NR_WAYS * WORDS);
  }

  private validCells(): readonly Cell[] {
    const valid: Cell[] = [];
    for (let i = 0; i < NR_SETS * NR_WAYS; i++) {
      const cell = asCell(this.first + i * WORDS);
      if (this.isValid(cell)) valid.push(cell);
    }
    return valid;
  }

  private isValid(cell: Cell): boolean {
    return (this.word(cell, 3) & VALID) !== 0;
  }

  private drop(cell: Cell): void {
    this.write(cell, 3, 0);
  }

  private word(cell: Cell, index: number): number {
    return this.tape.memory.words[cell + index] as number;
  }

  private write(cell: Cell, index: number, value: number): void {
    this.tape.write(asCell(cell + index), value | 0);
  }
}

/** The page number of a page's first byte, in two parts, and the set that holds it. */
interface Tag {
  readonly low: number;
  readonly high: number;
  readonly set: number;
}

function tagOf(va: VirtAddr, shift: number): Tag {
  const inOwnSize = Math.floor(va / powerOf2(shift));
  const pageNumber = inOwnSize * powerOf2(shift - 12);
  return {
    low: pageNumber | 0,
    high: Math.floor(pageNumber / 2 ** 32) & PAGE_HIGH_MASK,
    set: inOwnSize & (NR_SETS - 1),
  };
}

function codeOfShift(shift: number): 0 | 1 | 2 | 3 {
  switch (shift) {
    case 12:
      return 0;
    case 21:
      return 1;
    case 22:
      return 2;
    case 30:
      return 3;
    default:
      throw new Error(`no page has 2^${shift} bytes`);
  }
}
