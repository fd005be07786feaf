/**
 * What the scenario has taken from the kernel besides pages (objects, areas, caches, per-CPU memory), by the address that names it:
 * a hash table in words on the tape, so that a step back takes back what was noted.
 *
 *     entry    0 kind, counted from 1; 0: empty, -1: was used    1, 2 address    3 place, counted from 1    4 task    5 bytes
 *
 * When it is three quarters full the next table, twice as large, takes over: which one is in use is a word, too. Tables are made once
 * and never move.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import {
  asCell,
  fromWords,
  highWord,
  lowWord,
  WORDS_PER_FRAME,
  type Cell,
} from '../../engine/memory/address.js';
import type { Allocation } from '../builtins/ledger.js';
import type { Mark } from './pageTable.js';

export type AddressKind = Exclude<Allocation['kind'], 'pages'>;

const KINDS: readonly AddressKind[] = ['object', 'area', 'per-CPU', 'cache'];
const WORDS = 6;
/** Entries of the first table, a power of two. */
const FIRST = 512;
const USED = -1;

/** In the header. */
const GENERATION = 0;
const TAKEN = 1;

export interface HeldAddress {
  readonly kind: AddressKind;
  readonly address: number;
  readonly sizeBytes: number;
  readonly allocated: Mark;
}

export class AddressTable {
  private header: Cell | undefined;
  private readonly tables: Cell[] = [];

  constructor(private readonly k: Kernel) {}

  take(kind: AddressKind, address: number, sizeBytes: number, by: Mark): void {
    this.header ??= this.k.memory.addPseudoFrames(1);
    if ((this.taken + 1) * 4 > this.capacity * 3) this.grow();
    this.put(this.find(kind, address) ?? this.freePlace(kind, address), {
      kind,
      address,
      sizeBytes,
      allocated: by,
    });
  }

  /** Nothing happens where it is not known. */
  giveBack(kind: AddressKind, address: number): void {
    const at = this.header === undefined ? undefined : this.find(kind, address);
    if (at !== undefined) this.write(at, USED);
  }

  /** What is held at an address. */
  holding(kind: AddressKind, address: number): HeldAddress | undefined {
    const at = this.header === undefined ? undefined : this.find(kind, address);
    return at === undefined ? undefined : this.entry(at);
  }

  *held(): Generator<HeldAddress> {
    if (this.header === undefined) return;
    for (let i = 0; i < this.capacity; i++) {
      const entry = this.entry(this.table + i * WORDS);
      if (entry !== undefined) yield entry;
    }
  }

  // --- entries -----------------------------------------------------------------------------------------------------------

  private entry(at: number): HeldAddress | undefined {
    const { words, wide } = this.k;
    const kind = KINDS[(words[at] ?? 0) - 1];
    if (kind === undefined) return undefined;
    const low = words[at + 1] ?? 0;
    return {
      kind,
      address: wide ? fromWords(low, words[at + 2] ?? 0) : low >>> 0,
      sizeBytes: (words[at + 5] ?? 0) >>> 0,
      allocated: { place: words[at + 3] ?? 0, task: words[at + 4] ?? 0 },
    };
  }

  private find(kind: AddressKind, address: number): number | undefined {
    const { words } = this.k;
    for (const at of this.placesOf(address)) {
      const state = words[at] ?? 0;
      if (state === 0) return undefined;
      const same = words[at + 1] === lowWord(address) && words[at + 2] === highWord(address);
      if (same && KINDS[state - 1] === kind) return at;
    }
    return undefined;
  }

  private freePlace(_kind: AddressKind, address: number): number {
    for (const at of this.placesOf(address)) {
      const state = this.k.words[at] ?? 0;
      if (state === 0) this.count(1);
      if (state <= 0) return at;
    }
    throw new Error('the table of what a scenario allocated is full');
  }

  private *placesOf(address: number): Generator<number> {
    const { capacity, table } = this;
    // Objects are aligned: their lowest bits say nothing.
    const hash = Math.imul(lowWord(address) ^ (lowWord(address) >>> 15), 0x9e3779b1) >>> 7;
    for (let i = 0; i < capacity; i++) yield table + ((hash + i) & (capacity - 1)) * WORDS;
  }

  private put(at: number, { kind, address, sizeBytes, allocated }: HeldAddress): void {
    const fields = [
      KINDS.indexOf(kind) + 1,
      lowWord(address),
      highWord(address),
      allocated.place,
      allocated.task,
      sizeBytes,
    ];
    fields.forEach((value, i) => this.write(at + i, value | 0));
  }

  // --- tables ------------------------------------------------------------------------------------------------------------

  private get generation(): number {
    return this.header === undefined ? 0 : (this.k.words[this.header + GENERATION] ?? 0);
  }

  private get taken(): number {
    return this.header === undefined ? 0 : (this.k.words[this.header + TAKEN] ?? 0);
  }

  private get capacity(): number {
    return FIRST << this.generation;
  }

  private get table(): Cell {
    const { generation } = this;
    return (this.tables[generation] ??= this.k.memory.addPseudoFrames(
      Math.ceil((this.capacity * WORDS) / WORDS_PER_FRAME),
    ));
  }

  private grow(): void {
    const all = [...this.held()];
    if (this.header === undefined) return;
    // Where most were given back, their places are all that is lacking: the same happens in a larger table.
    this.write(this.header + GENERATION, this.generation + 1);
    this.write(this.header + TAKEN, 0);
    for (const held of all) this.put(this.freePlace(held.kind, held.address), held);
  }

  private count(more: number): void {
    if (this.header !== undefined) this.write(this.header + TAKEN, this.taken + more);
  }

  private write(at: number, value: number): void {
    this.k.tape.write(asCell(at), value);
  }
}
