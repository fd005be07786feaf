/**
 * What a `%memmap` dump says: for each stretch of equal struct pages the words that the recorder looked at.
 *
 *     mm PFN COUNT FLAGS REFCOUNT MAPCOUNT PRIVATE
 *
 * Kept as columns, for a 6 GiB machine has 8,000 runs. 64-bit values are two words each. A pfn in no run has no valid
 * struct page.
 */
import { TraceError, type TraceDump } from './trace.js';

export class MemmapRuns {
  readonly startPfn: Int32Array;
  readonly count: Int32Array;
  readonly flagsLow: Int32Array;
  readonly flagsHigh: Int32Array;
  readonly refcount: Int32Array;
  readonly mapcount: Int32Array;
  readonly privateLow: Int32Array;
  readonly privateHigh: Int32Array;

  constructor(readonly length: number) {
    const column = (): Int32Array => new Int32Array(length);
    this.startPfn = column();
    this.count = column();
    this.flagsLow = column();
    this.flagsHigh = column();
    this.refcount = column();
    this.mapcount = column();
    this.privateLow = column();
    this.privateHigh = column();
  }

  /** One past the last pfn. */
  get endPfn(): number {
    const last = this.length - 1;
    return last < 0 ? 0 : (this.startPfn[last] ?? 0) + (this.count[last] ?? 0);
  }

  /** One past the last page below `limit` that has one of the bits of `mask` in its flags; `limit` if none has. */
  endOfFlagged(mask: number, limit: number): number {
    for (let i = this.length - 1; i >= 0; i--) {
      const start = this.startPfn[i] ?? 0;
      if (start < limit && ((this.flagsLow[i] ?? 0) & mask) !== 0)
        return Math.min(limit, start + (this.count[i] ?? 0));
    }
    return limit;
  }

  /** The run that holds `pfn`, or -1. */
  find(pfn: number): number {
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const start = this.startPfn[middle] ?? 0;
      if (pfn < start) high = middle - 1;
      else if (pfn >= start + (this.count[middle] ?? 0)) low = middle + 1;
      else return middle;
    }
    return -1;
  }
}

const LINE =
  /^mm ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]{1,16}) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]{1,16})$/;

/** @throws TraceError */
export function parseMemmap(dump: TraceDump): MemmapRuns {
  const runs = new MemmapRuns(dump.lines.length);
  dump.lines.forEach((text, i) => {
    const [, pfn, count, flags, refcount, mapcount, priv] = LINE.exec(text) ?? [];
    const startPfn = low(pfn);
    const before = i === 0 ? 0 : (runs.startPfn[i - 1] ?? 0) + (runs.count[i - 1] ?? 0);
    if (pfn === undefined || startPfn < before)
      throw new TraceError(dump.line + 1 + i, `%memmap: '${text}' is not a run of struct pages`);
    runs.startPfn[i] = startPfn;
    runs.count[i] = low(count);
    runs.flagsLow[i] = low(flags);
    runs.flagsHigh[i] = high(flags);
    runs.refcount[i] = low(refcount);
    runs.mapcount[i] = low(mapcount);
    runs.privateLow[i] = low(priv);
    runs.privateHigh[i] = high(priv);
  });
  return runs;
}

const low = (hex = '0'): number => parseInt(hex.slice(-8), 16) | 0;
const high = (hex = '0'): number => parseInt(hex.slice(0, -8) || '0', 16) | 0;
