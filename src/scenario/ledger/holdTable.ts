/**
 * Who holds a page by a reference or a pin that a call of the scenario took. A page may have any number of entries: one for each call
 * that holds it, in however many rounds. A page of a compound page has its own: references count at the head, but when a huge page is split,
 * the reference stays with the page that it was taken to.
 *
 *     entry    0 kind    1 pfn    2 place, counted from 1    3 task    4 how many    5 time
 *
 * The time is the tape's position when the newest of them was taken.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Cell } from '../../engine/memory/address.js';
import type { HoldKind } from '../builtins/ledger.js';
import type { Mark } from './pageTable.js';
import { WordTable } from './wordTable.js';

const KINDS: readonly HoldKind[] = ['get', 'pin'];
const COUNT = 4;
const TIME = 5;

export interface Hold {
  readonly kind: HoldKind;
  /** The page that was asked for. */
  readonly pfn: number;
  readonly by: Mark;
  readonly count: number;
  /** Position on the tape, of the newest. */
  readonly time: number;
}

interface Found {
  readonly at: Cell;
  readonly hold: Hold;
}

export class HoldTable {
  private readonly table: WordTable;

  constructor(private readonly k: Kernel) {
    this.table = new WordTable(k);
  }

  take(kind: HoldKind, pfn: number, by: Mark): void {
    const time = this.k.tape.cursor;
    for (const { at, hold } of this.entriesOf(pfn))
      if (hold.kind === kind && hold.by.place === by.place && hold.by.task === by.task) {
        this.table.set(at, COUNT, hold.count + 1);
        this.table.set(at, TIME, time);
        return;
      }
    this.table.add([KINDS.indexOf(kind) + 1, pfn, by.place, by.task, 1, time]);
  }

  /**
   * One is given back: the newest of the task's own, else the newest. False: none is known.
   * @param nrPages from pfn on, any of which may be the one
   */
  drop(kind: HoldKind, pfn: number, task: number, nrPages = 1): boolean {
    let found: Found | undefined;
    for (const entry of this.entriesOf(pfn, nrPages)) {
      if (entry.hold.kind !== kind) continue;
      const isOwn = entry.hold.by.task === task;
      const wasOwn = found?.hold.by.task === task;
      const isNewer = found === undefined || entry.hold.time > found.hold.time;
      if (isOwn === wasOwn ? isNewer : isOwn) found = entry;
    }
    if (found === undefined) return false;
    if (found.hold.count > 1) this.table.set(found.at, COUNT, found.hold.count - 1);
    else this.table.remove(found.at);
    return true;
  }

  /** Pages are free: nobody holds them any more, whatever was noted. */
  forget(pfn: number, nrPages: number): void {
    for (const { at } of this.entriesOf(pfn, nrPages)) this.table.remove(at);
  }

  /** Oldest first; what one call took of several pages is one. */
  of(pfn: number, nrPages: number): readonly Hold[] {
    const found = new Map<string, Hold>();
    for (const { hold } of this.entriesOf(pfn, nrPages)) {
      const key = `${hold.kind} ${hold.by.place} ${hold.by.task}`;
      const before = found.get(key);
      const count = hold.count + (before?.count ?? 0);
      found.set(key, { ...hold, pfn, count, time: Math.max(hold.time, before?.time ?? 0) });
    }
    return [...found.values()].sort((a, b) => a.time - b.time);
  }

  *held(): Generator<Hold> {
    for (const at of this.table.all()) yield this.hold(at);
  }

  private entriesOf(pfn: number, nrPages = 1): Found[] {
    const places = nrPages === 1 ? this.table.withKey(pfn) : this.table.all();
    return [...places]
      .map((at) => ({ at, hold: this.hold(at) }))
      .filter(({ hold }) => hold.pfn >= pfn && hold.pfn < pfn + nrPages);
  }

  private hold(at: Cell): Hold {
    const { table } = this;
    return {
      kind: KINDS[table.word(at, 0) - 1] ?? 'get',
      pfn: table.word(at, 1) >>> 0,
      by: { place: table.word(at, 2), task: table.word(at, 3) },
      count: table.word(at, COUNT),
      time: table.word(at, TIME) >>> 0,
    };
  }
}
