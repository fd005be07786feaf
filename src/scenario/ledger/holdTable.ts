/**
 * Who holds a page by a reference or a pin that a call of the scenario took: a hash table in words on the tape, so that a step back
 * takes back what was noted. A page may have any number of entries: one for each call that holds it, in however many rounds.
 *
 *     entry    0 kind, counted from 1; 0: empty, -1: was used    1 pfn    2 place, counted from 1    3 task    4 how many    5 time
 *
 * The time is the tape's position when the newest of them was taken. When the table is three quarters full the next one, twice as
 * large, takes over: which one is in use is a word, too. Tables are made once and never move.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { asCell, WORDS_PER_FRAME, type Cell } from '../../engine/memory/address.js';
import type { HoldKind } from '../builtins/ledger.js';
import type { Mark } from './pageTable.js';

const KINDS: readonly HoldKind[] = ['get', 'pin'];
const WORDS = 6;
/** Entries of the first table, a power of two. */
const FIRST = 512;
const USED = -1;
/** In the header. */
const GENERATION = 0;
const TAKEN = 1;

export interface Hold {
  readonly kind: HoldKind;
  /** Of a compound page its head. */
  readonly pfn: number;
  readonly by: Mark;
  readonly count: number;
  /** Position on the tape, of the newest. */
  readonly time: number;
}

export class HoldTable {
  private header: Cell | undefined;
  private readonly tables: Cell[] = [];

  constructor(private readonly k: Kernel) {}

  take(kind: HoldKind, pfn: number, by: Mark): void {
    this.header ??= this.k.memory.addPseudoFrames(1);
    if ((this.taken + 1) * 4 > this.capacity * 3) this.grow();
    const time = this.k.tape.cursor;
    for (const { at, hold } of this.entriesOf(pfn))
      if (hold.kind === kind && hold.by.place === by.place && hold.by.task === by.task) {
        this.write(at + 4, hold.count + 1);
        this.write(at + 5, time);
        return;
      }
    this.put({ kind, pfn, by, count: 1, time });
  }

  /** One is given back: the newest of the task's own, else the newest. Nothing happens where none is known. */
  drop(kind: HoldKind, pfn: number, task: number): void {
    if (this.header === undefined) return;
    let found: { readonly at: number; readonly hold: Hold } | undefined;
    for (const entry of this.entriesOf(pfn)) {
      if (entry.hold.kind !== kind) continue;
      const isOwn = entry.hold.by.task === task;
      const wasOwn = found?.hold.by.task === task;
      const isNewer = found === undefined || entry.hold.time > found.hold.time;
      if (isOwn === wasOwn ? isNewer : isOwn) found = entry;
    }
    if (found === undefined) return;
    if (found.hold.count > 1) this.write(found.at + 4, found.hold.count - 1);
    else this.write(found.at, USED);
  }

  /** A page is free: nobody holds it any more, whatever was noted. */
  forget(pfn: number): void {
    if (this.header === undefined) return;
    for (const { at } of this.entriesOf(pfn)) this.write(at, USED);
  }

  /** Oldest first. */
  of(pfn: number): readonly Hold[] {
    if (this.header === undefined) return [];
    return this.entriesOf(pfn)
      .map(({ hold }) => hold)
      .sort((a, b) => a.time - b.time);
  }

  *held(): Generator<Hold> {
    if (this.header === undefined) return;
    for (let i = 0; i < this.capacity; i++) {
      const hold = this.entry(this.table + i * WORDS);
      if (hold !== undefined) yield hold;
    }
  }

  // --- entries -----------------------------------------------------------------------------------------------------------

  private entriesOf(pfn: number): { readonly at: number; readonly hold: Hold }[] {
    const found: { at: number; hold: Hold }[] = [];
    for (const at of this.placesOf(pfn)) {
      if ((this.k.words[at] ?? 0) === 0) return found;
      const hold = this.entry(at);
      if (hold?.pfn === pfn) found.push({ at, hold });
    }
    return found;
  }

  private entry(at: number): Hold | undefined {
    const { words } = this.k;
    const kind = KINDS[(words[at] ?? 0) - 1];
    if (kind === undefined) return undefined;
    return {
      kind,
      pfn: (words[at + 1] ?? 0) >>> 0,
      by: { place: words[at + 2] ?? 0, task: words[at + 3] ?? 0 },
      count: words[at + 4] ?? 0,
      time: (words[at + 5] ?? 0) >>> 0,
    };
  }

  private put({ kind, pfn, by, count, time }: Hold): void {
    const at = this.freePlace(pfn);
    const fields = [KINDS.indexOf(kind) + 1, pfn, by.place, by.task, count, time];
    fields.forEach((value, i) => this.write(at + i, value));
  }

  private freePlace(pfn: number): number {
    for (const at of this.placesOf(pfn)) {
      const state = this.k.words[at] ?? 0;
      if (state === 0) this.count(1);
      if (state <= 0) return at;
    }
    throw new Error('the table of what a scenario holds is full');
  }

  private *placesOf(pfn: number): Generator<number> {
    const { capacity, table } = this;
    const hash = Math.imul(pfn ^ (pfn >>> 15), 0x9e3779b1) >>> 7;
    for (let i = 0; i < capacity; i++) yield table + ((hash + i) & (capacity - 1)) * WORDS;
  }

  // --- tables ------------------------------------------------------------------------------------------------------------

  private headerWord(index: number): number {
    return this.header === undefined ? 0 : (this.k.words[this.header + index] ?? 0);
  }

  private get taken(): number {
    return this.headerWord(TAKEN);
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

  private grow(): void {
    const all = [...this.held()];
    if (this.header === undefined) return;
    this.write(this.header + GENERATION, this.headerWord(GENERATION) + 1);
    this.write(this.header + TAKEN, 0);
    for (const hold of all) this.put(hold);
  }

  private count(more: number): void {
    if (this.header !== undefined) this.write(this.header + TAKEN, this.taken + more);
  }

  private write(at: number, value: number): void {
    this.k.tape.write(asCell(at), value | 0);
  }
}
