/**
 * Captures of frames (kpageflags, kpagecount, pagemap) as a machine of the window Memory: it answers the window's requests as the adapter
 * does of a machine, as far as the files tell. What they do not tell is refused, or left out of what the window offers.
 *
 * Source: Linux include/uapi/linux/kernel-page-flags.h.
 */
import { NO_VALUE } from '../../engine/view/frameValues.js';
import {
  MAX_CELLS,
  type FrameBody,
  type MapArguments,
  type MapBody,
} from '../../engine/view/map.js';
import type { LocateArguments, LocateBody } from '../../engine/view/locate.js';
import type {
  FrameLabelsArguments,
  FrameLabelsBody,
  FrameValuesArguments,
  FrameValuesBody,
} from '../../engine/view/frameValues.js';
import {
  detailOfState,
  dominantState,
  firstPfnOfBlock,
  pageKindCode,
  PAGE_KINDS,
  pageState,
  type PageKindName,
} from '../../engine/view/pageState.js';
import type { FrameCapture } from '../../report/binary/frameCapture.js';
import {
  FRAME_KINDS,
  frameKindOf,
  kpfFlags,
  KPF_FLAGS,
  type FrameKindId,
} from '../../report/binary/frameKinds.js';
import { times } from '../../engine/view/counted.js';

const PAGE_BYTES = 4096;
const FLAG_FULL = 15;

/** What a kind of kpageflags is on the map. */
const USES: Readonly<Record<FrameKindId, PageKindName>> = {
  hole: 'absent',
  poisoned: 'poisoned',
  free: 'free',
  behind: 'free',
  offline: 'reserved',
  pageTable: 'pageTable',
  slab: 'slab',
  hugetlb: 'compoundHead',
  zero: 'reserved',
  ksm: 'user',
  huge: 'user',
  anonymous: 'user',
  shmem: 'pageCache',
  pageCache: 'pageCache',
  mapped: 'kernel',
  reserved: 'reserved',
  kernel: 'kernel',
};

export class CaptureMachine {
  private readonly frames: number;
  private readonly states: Uint8Array;
  private readonly colourings: readonly string[];
  private readonly flagsUsed: readonly string[];
  private knownTotals: readonly number[] | undefined;

  constructor(private readonly capture: FrameCapture) {
    const { files } = capture;
    this.frames = capture.frames;
    this.states = capture.states(FRAME_KINDS.map(({ id }) => pageKindCode(USES[id])));
    this.colourings = [
      ...(files.has('kpageflags') ? ['use', 'order'] : []),
      ...(files.has('kpagecount') ? ['mappings'] : []),
      ...(files.has('pagemap') ? ['process'] : []),
    ];
    const used = new Set(
      [...capture.differentWords()].flatMap(({ low, high }) => kpfFlags(low, high)),
    );
    this.flagsUsed = KPF_FLAGS.filter((flag) => used.has(flag) && flag.macro !== 'NOPAGE').map(
      ({ macro }) => `KPF_${macro}`,
    );
  }

  /** @throws Error with a sentence for the user */
  answer(request: string, args: unknown): unknown {
    switch (request) {
      case 'mmscope/map':
        return this.map(args as MapArguments);
      case 'mmscope/frame':
        return this.frame((args as { readonly pfn: number }).pfn);
      case 'mmscope/frameValues':
        return this.values(args as FrameValuesArguments);
      case 'mmscope/frameLabels':
        return this.labels(args as FrameLabelsArguments);
      case 'mmscope/locate':
        return this.locate(args as LocateArguments);
      case 'mmscope/clock':
        return { now: 0, start: 0, end: 0 };
      case 'mmscope/verdict':
        return { lines: [], failed: false };
      default:
        throw new Error('A capture of frames does not tell this.');
    }
  }

  private map({ firstPfn, framesPerCell, cells }: MapArguments): MapBody {
    const states = this.cells(firstPfn, framesPerCell, cells, NO_STATES, (start, end) =>
      framesPerCell === 1
        ? this.stateOf(start)
        : dominantState(this.counts(start, end), end - start),
    );
    return {
      maxPfn: this.frames,
      zones: [{ name: '', startPfn: 0, endPfn: this.frames }],
      states: Buffer.from(states).toString('base64'),
      totals: this.totals,
      machine: {
        arch: '',
        source: 'capture',
        standsStill: true,
        pageblockOrder: 9,
        flags: this.flagsUsed,
        colourings: this.colourings,
        views: ['physical'],
      },
    };
  }

  private get totals(): readonly number[] {
    return (this.knownTotals ??= this.counts(0, this.frames));
  }

  private counts(start: number, end: number): number[] {
    const counts = new Array<number>(PAGE_KINDS.length).fill(0);
    const told = Math.min(end, this.states.length);
    for (let pfn = start; pfn < told; pfn++) {
      const kind = (this.states[pfn] ?? 0) >>> 4;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    const untold = end - Math.max(start, told);
    if (untold > 0) counts[UNTOLD] = untold;
    return counts;
  }

  /** Of a frame that kpageflags does not tell of: nothing is known. */
  private stateOf(pfn: number): number {
    return this.states[pfn] ?? pageState(UNTOLD);
  }

  private cells(
    firstPfn: number,
    framesPerCell: number,
    nrCells: number,
    fill: number,
    of: (start: number, end: number) => number,
  ): Uint8Array {
    if (!Number.isInteger(Math.log2(framesPerCell)) || nrCells < 0 || nrCells > MAX_CELLS)
      throw new Error(`A request for ${nrCells} cells of ${framesPerCell} frames is not valid.`);
    const last = Math.ceil((this.frames - firstPfn) / framesPerCell);
    const out = new Uint8Array(Math.max(0, Math.min(nrCells, last))).fill(fill);
    for (let cell = 0; cell < out.length; cell++) {
      const start = firstPfn + cell * framesPerCell;
      out[cell] = of(start, Math.min(this.frames, start + framesPerCell));
    }
    return out;
  }

  private values({ firstPfn, framesPerCell, cells, by }: FrameValuesArguments): FrameValuesBody {
    const read = this.reading(by);
    const isShare = by.startsWith('KPF_');
    const bytes = this.cells(firstPfn, framesPerCell, cells, NO_VALUE, (start, end) => {
      let [most, sum, frames] = [NO_VALUE, 0, 0];
      for (let pfn = start; pfn < end; pfn++) {
        if (this.states[pfn] === 0) continue;
        const value = read(pfn);
        frames++;
        sum += value;
        if (most === NO_VALUE || value > most) most = value;
      }
      if (!isShare || frames === 0) return most;
      return sum === 0 ? 0 : Math.max(1, Math.round(sum / (end - start)));
    });
    return { values: Buffer.from(bytes).toString('base64') };
  }

  private reading(by: string): (pfn: number) => number {
    const { capture } = this;
    if (by === 'order') return (pfn) => detailOfState(this.stateOf(pfn));
    if (by === 'mappings') return (pfn) => capture.clampedCount(pfn);
    if (by === 'process') return (pfn) => capture.mappedByProcess(pfn);
    const flag = KPF_FLAGS.find(({ macro }) => `KPF_${macro}` === by);
    if (flag === undefined) throw new Error(`A capture does not tell '${by}'.`);
    const has = capture.having(flag.bit);
    return (pfn) => (has(pfn) ? FLAG_FULL : 0);
  }

  private labels({ firstPfn, nrFrames }: FrameLabelsArguments): FrameLabelsBody {
    const counts: number[] = [];
    const flags: string[] = [];
    for (let pfn = firstPfn; pfn < firstPfn + nrFrames; pfn++) {
      const { low, high } = this.capture.flags(pfn) ?? { low: 0, high: 0 };
      counts.push(this.capture.count(pfn) ?? -1);
      flags.push(
        kpfFlags(low, high)
          .filter(({ macro }) => !SILENT.has(macro))
          .map(({ letter }) => letter)
          .join(''),
      );
    }
    return { counts, flags };
  }

  private locate({ text, pfn, address }: LocateArguments): LocateBody {
    const found = pfn ?? this.pfnOf(text ?? address ?? '');
    if (found >= this.frames) throw new Error(`The capture ends before pfn ${hex(this.frames)}.`);
    return { text: `pfn ${hex(found)}: ${this.summary(found)}`, pfn: found, aliases: [] };
  }

  /** A frame number, or a physical address where the number is too large for one. */
  private pfnOf(text: string): number {
    const [, named, number] = /^(pfn[\s:=]*)?(0x[0-9a-f]+|\d+)$/i.exec(text.trim()) ?? [];
    if (number === undefined)
      throw new Error('A capture has frame numbers (0x1f40) and physical addresses, no symbols.');
    const value = Number(number);
    return named !== undefined || value < this.frames ? value : Math.floor(value / PAGE_BYTES);
  }

  private frame(pfn: number): FrameBody {
    if (pfn < 0 || pfn >= this.frames) throw new Error(`The capture ends before pfn ${hex(pfn)}.`);
    const { capture } = this;
    const word = capture.flags(pfn);
    const count = capture.count(pfn);
    const entry = capture.entry(pfn);
    return {
      pfn,
      state: this.stateOf(pfn),
      phys: hex(pfn * PAGE_BYTES),
      flags:
        word === undefined ? [] : kpfFlags(word.low, word.high).map(({ macro }) => `KPF_${macro}`),
      summary: this.summary(pfn),
      fields: [],
      holders: [
        ...(word === undefined
          ? []
          : [{ name: 'kpageflags', value: wordText(word.low, word.high) }]),
        ...(count === undefined
          ? []
          : [{ name: 'kpagecount', value: count === 0 ? 'not mapped' : `mapped ${times(count)}` }]),
        ...(entry === undefined
          ? []
          : [
              {
                name: 'pagemap',
                value: `entry ${hex(entry)}: address ${hex(entry * PAGE_BYTES)}, if the file begins at address 0`,
              },
            ]),
      ],
    };
  }

  private summary(pfn: number): string {
    const word = this.capture.flags(pfn);
    if (word === undefined) {
      const used = this.capture.mappedByProcess(pfn);
      return used > 0 ? 'mapped by the process' : 'kpageflags of it is not given';
    }
    const { id, name } = FRAME_KINDS[frameKindOf(word.low, word.high)] ?? {
      id: 'kernel',
      name: '',
    };
    const state = this.states[pfn] ?? 0;
    const isBehind = id === 'kernel' && state >>> 4 === pageKindCode('free');
    const order = detailOfState(state);
    const block =
      order === 0
        ? ''
        : `, of a block of order ${order} from pfn ${hex(firstPfnOfBlock(pfn, state))}`;
    return `${isBehind ? 'free: behind the first frame of a free block' : name}${block}`;
  }
}

const NO_STATES = 0;
const UNTOLD = pageKindCode('unreadable');
/** Not written into cells: the colour tells it. */
const SILENT = new Set(['BUDDY', 'NOPAGE', 'COMPOUND_TAIL', 'RESERVED']);

const hex = (value: number): string => `0x${value.toString(16)}`;
const wordText = (low: number, high: number): string =>
  high === 0 ? hex(low) : hex(high) + low.toString(16).padStart(8, '0');
