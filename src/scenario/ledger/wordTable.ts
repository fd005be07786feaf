/**
 * A hash table in words on the tape, so that a step back takes back what was noted. An entry is six words:
 *
 *     0 its kind, counted from 1; 0: empty, -1: was used    1 its key    2 ... 5 what is noted
 *
 * Any number of entries may have the same key. When the table is three quarters full the next one, twice as large, takes over: which
 * one is in use is a word, too. Tables are made once and never move.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { asCell, WORDS_PER_FRAME, type Cell } from '../../engine/memory/address.js';

export type Entry = readonly [
  kind: number,
  key: number,
  second: number,
  third: number,
  fourth: number,
  fifth: number,
];

const WORDS = 6;
/** Entries of the first table, a power of two. */
const FIRST = 512;
const USED = -1;

/** In the header. */
const GENERATION = 0;
const TAKEN = 1;

export class WordTable {
  private header: Cell | undefined;
  private readonly tables: Cell[] = [];

  constructor(private readonly k: Kernel) {}

  add(entry: Entry): void {
    this.header ??= this.k.memory.addPseudoFrames(1);
    if ((this.headerWord(TAKEN) + 1) * 4 > this.capacity * 3) this.grow(this.header);
    this.put(this.header, entry);
  }

  /** @param at the place of an entry */
  remove(at: Cell): void {
    this.write(at, USED);
  }

  /** @param index of a word of the entry */
  set(at: Cell, index: number, value: number): void {
    this.write(at + index, value);
  }

  word(at: Cell, index: number): number {
    return this.k.words[at + index] ?? 0;
  }

  /** Places of the entries that have a key. */
  *withKey(key: number): Generator<Cell> {
    if (this.header === undefined) return;
    for (const at of this.placesFor(key)) {
      const kind = this.word(at, 0);
      if (kind === 0) return;
      if (kind !== USED && this.word(at, 1) === (key | 0)) yield at;
    }
  }

  /** Places of all entries. */
  *all(): Generator<Cell> {
    if (this.header === undefined) return;
    const { capacity, table } = this;
    for (let i = 0; i < capacity; i++) {
      const at = asCell(table + i * WORDS);
      if (this.word(at, 0) > 0) yield at;
    }
  }

  private put(header: Cell, entry: Entry): void {
    for (const at of this.placesFor(entry[1])) {
      const kind = this.word(at, 0);
      if (kind > 0) continue;
      if (kind === 0) this.write(header + TAKEN, this.headerWord(TAKEN) + 1);
      entry.forEach((value, i) => this.write(at + i, value));
      return;
    }
    throw new Error('a table that is at most three quarters full has no place left');
  }

  private *placesFor(key: number): Generator<Cell> {
    const { capacity, table } = this;
    // Objects are aligned: their lowest bits say nothing.
    const hash = Math.imul(key ^ (key >>> 15), 0x9e3779b1) >>> 7;
    for (let i = 0; i < capacity; i++) yield asCell(table + ((hash + i) & (capacity - 1)) * WORDS);
  }

  private grow(header: Cell): void {
    const { words } = this.k;
    const entries = [...this.all()].map((at) => [...words.subarray(at, at + WORDS)]);
    // Where most were given back, their places are all that is lacking: the same happens in a larger table.
    this.write(header + GENERATION, this.headerWord(GENERATION) + 1);
    this.write(header + TAKEN, 0);
    for (const entry of entries) this.put(header, entry as unknown as Entry);
  }

  private headerWord(index: number): number {
    return this.header === undefined ? 0 : this.word(this.header, index);
  }

  private get capacity(): number {
    return FIRST << this.headerWord(GENERATION);
  }

  private get table(): Cell {
    const generation = this.headerWord(GENERATION);
    return (this.tables[generation] ??= this.k.memory.addPseudoFrames(
      Math.ceil((this.capacity * WORDS) / WORDS_PER_FRAME),
    ));
  }

  private write(at: number, value: number): void {
    this.k.tape.write(asCell(at), value | 0);
  }
}
