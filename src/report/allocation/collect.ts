/**
 * Puts together what belongs to one report, where reports of several CPUs lie in one log, one line from each in turn.
 *
 * A line goes to the oldest report that is still open, has the same caller (if the log tells callers) and lacks what the line says:
 * each report says each thing once. A report closes a second after its last line, or when it has everything.
 */
import type { LogLine } from '../input/lines.js';
import {
  kilobytes,
  memInfoPiece,
  orderLists,
  zoneKey,
  type MemInfo,
  type MemInfoPiece,
  type OrderList,
  type ZoneInfo,
} from './memInfo.js';

/** Lines after the last that a report got, within which it may get another. */
const LONGEST_GAP = 150;
const LONGEST_SILENCE_S = 2;

interface ZoneDraft {
  node: number | undefined;
  name: string;
  text: string;
  reserve?: readonly number[];
  line: number;
}

/** One report while its lines are gathered. `T` is what its first line told. */
class Draft<T> {
  readonly keys = new Set<string>();
  readonly zones: ZoneDraft[] = [];
  readonly lists = new Map<string, string>();
  readonly totals = new Map<string, number>();
  readonly counts = new Map<string, number>();
  readonly nodeTexts: string[] = [];
  /** Texts that a wrapped line goes on. */
  last: 'zone' | 'lists' | 'other' = 'other';
  lastListKey = '';
  lastIndex: number;
  lastSeconds: number | undefined;

  constructor(
    readonly start: T,
    readonly firstIndex: number,
    readonly caller: string | undefined,
    seconds: number | undefined,
  ) {
    this.lastIndex = firstIndex;
    this.lastSeconds = seconds;
  }

  wants(piece: MemInfoPiece): boolean {
    if (piece.kind === 'reserve') return this.zones.some(({ reserve }) => reserve === undefined);
    if (piece.kind === 'wrapped') return this.last !== 'other';
    return !this.keys.has(piece.key);
  }

  add(piece: MemInfoPiece, line: number): void {
    if (piece.kind !== 'reserve' && piece.kind !== 'wrapped') this.keys.add(piece.key);
    if (piece.kind !== 'wrapped') this.last = 'other';
    switch (piece.kind) {
      case 'zone':
        this.zones.push({ node: piece.node, name: piece.name, text: piece.text, line });
        this.last = 'zone';
        break;
      case 'reserve': {
        const zone = this.zones.find(({ reserve }) => reserve === undefined);
        if (zone) zone.reserve = piece.values;
        break;
      }
      case 'lists':
        this.lists.set(piece.key, piece.text);
        this.lastListKey = piece.key;
        this.last = 'lists';
        break;
      case 'totals':
        for (const [name, value] of piece.values) this.totals.set(name, value);
        break;
      case 'count':
        this.counts.set(
          piece.name,
          piece.value + (piece.name === 'hugetlb kB' ? (this.counts.get(piece.name) ?? 0) : 0),
        );
        break;
      case 'node':
        this.nodeTexts.push(piece.text);
        break;
      case 'wrapped':
        this.goOn(piece.text);
        break;
      case 'heading':
        break;
    }
  }

  private goOn(text: string): void {
    const zone = this.zones.at(-1);
    if (this.last === 'zone' && zone) zone.text += ` ${text.trim()}`;
    if (this.last === 'lists')
      this.lists.set(this.lastListKey, `${this.lists.get(this.lastListKey) ?? ''} ${text.trim()}`);
  }
}

export interface Gathered<T> {
  readonly start: T;
  /** Indices into the lines. */
  readonly first: number;
  readonly last: number;
  /** Undefined where the log has none for this report. */
  readonly memInfo?: MemInfo;
  /** The memory information is that of another report of the same moment. */
  readonly borrowed: boolean;
}

/** @param startOf what the first line of a report tells; undefined for any other line. */
export function gather<T>(
  lines: readonly LogLine[],
  startOf: (text: string) => T | undefined,
): Gathered<T>[] {
  const all: Draft<T>[] = [];
  let open: Draft<T>[] = [];
  lines.forEach((line, index) => {
    open = open.filter((draft) => isOpenAt(draft, line, index));
    const start = startOf(line.text);
    if (start !== undefined) {
      const draft = new Draft(start, index, line.caller, line.seconds);
      all.push(draft);
      open.push(draft);
      return;
    }
    if (open.length === 0) return;
    const piece = memInfoPiece(line.text);
    if (!piece) return;
    const draft = open.find((each) => isSameCaller(each, line) && each.wants(piece));
    if (!draft) return;
    draft.add(piece, line.number);
    draft.lastIndex = index;
    draft.lastSeconds = line.seconds ?? draft.lastSeconds;
  });
  return all.map((draft, at) => finished(draft, all, at));
}

const isSameCaller = <T>(draft: Draft<T>, line: LogLine): boolean =>
  draft.caller === undefined || line.caller === undefined || draft.caller === line.caller;

function isOpenAt<T>(draft: Draft<T>, line: LogLine, index: number): boolean {
  if (index - draft.lastIndex > LONGEST_GAP) return false;
  if (draft.lastSeconds === undefined || line.seconds === undefined) return true;
  return line.seconds - draft.lastSeconds <= LONGEST_SILENCE_S;
}

function finished<T>(draft: Draft<T>, all: readonly Draft<T>[], at: number): Gathered<T> {
  const lender = draft.zones.length > 0 ? draft : lenderOf(draft, all, at);
  return {
    start: draft.start,
    first: draft.firstIndex,
    last: draft.lastIndex,
    ...(lender ? { memInfo: memInfoOf(lender) } : {}),
    borrowed: lender !== undefined && lender !== draft,
  };
}

/** A report beside it, whose numbers are of the same moment: reports are rate-limited, and one often stands for several. */
function lenderOf<T>(draft: Draft<T>, all: readonly Draft<T>[], at: number): Draft<T> | undefined {
  return [all[at + 1], all[at - 1]].find(
    (other) =>
      other !== undefined &&
      other.zones.length > 0 &&
      Math.abs(other.firstIndex - draft.firstIndex) <= LONGEST_GAP &&
      Math.abs((other.lastSeconds ?? 0) - (draft.lastSeconds ?? other.lastSeconds ?? 0)) <=
        LONGEST_SILENCE_S,
  );
}

function memInfoOf<T>(draft: Draft<T>): MemInfo {
  let pageKb = 4;
  const lists = new Map<string, readonly OrderList[]>();
  for (const [key, text] of draft.lists) {
    const read = orderLists(text);
    if (read.lists.length > 0) pageKb = read.smallestKb;
    lists.set(key, read.lists);
  }
  const zones = draft.zones.map(({ node, name, text, reserve, line }): ZoneInfo => {
    const own = lists.get(zoneKey(node, name));
    return {
      node,
      name,
      kB: kilobytes(text),
      ...(reserve ? { lowmemReserve: reserve } : {}),
      ...(own ? { lists: own } : {}),
      line,
    };
  });
  const texts = [...draft.nodeTexts, ...draft.zones.map(({ text }) => text)];
  return {
    pageSize: Math.max(1, pageKb) * 1024,
    zones,
    totals: draft.totals,
    counts: draft.counts,
    allUnreclaimable: texts.some((text) => /all_unreclaimable\? yes/.test(text)),
  };
}
