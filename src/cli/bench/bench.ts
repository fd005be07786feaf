/**
 * `mmscope bench`: how fast pages are allocated and freed, how long a process's memory takes, how long a machine takes to boot and what it occupies, how long a
 * step in the debugger takes, the answer where a page is, and how long runs in the debugger do.
 *
 * Each figure is the best of many rounds (best.ts). Allocation is held against what the same pair of calls takes
 * in the native kernel on this very machine, if that was measured (nativeFigures.ts).
 */
import { bootMachine } from '../../engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { __free_pages, alloc_pages } from '../../engine/entry/functions.js';
import type { TapeOptions } from '../../engine/memory/tape.js';
import { loadProfile } from '../../engine/types/bundled.js';
import { bestOf } from './best.js';
import { measureObjects } from './objects.js';
import { measureLongRuns } from './longRun.js';
import { measureStep } from './step.js';
import { measureUserMemory } from './userMemory.js';
import { measureWhere } from './where.js';
import type { Native, Row } from './rows.js';

/** The machine that measures. */
export interface Meter {
  /** A machine has booted, and what is measured begins: as `mmscope run` does. */
  readonly begins: () => void;
  readonly nowMs: () => number;
  /** What this process holds, after everything unused was dropped if that can be done. */
  readonly heldBytes: () => number;
}

interface Pair {
  readonly order: number;
  readonly pairs: number;
  /** Multiples of native that must not be exceeded, without and with history. */
  readonly targets: { readonly off: number; readonly on?: number };
}

/** Orders that the per-CPU lists serve, and one that the free lists do. */
const PAIRS: readonly Pair[] = [
  ...[0, 1, 2, 3].map((order) => ({ order, pairs: 2000, targets: { off: 1.6, on: 1.8 } })),
  { order: 9, pairs: 100, targets: { off: 2 } },
];

const MIB = 1 << 20;
const GIB = 1 << 30;

/** History as `mmscope run` keeps it: full after the warm-up, so that what is measured is a long run, not its beginning. */
const TAPE: TapeOptions = { maxEntries: 1 << 21 };

const bootX86 = (ramGib: number, tapeOptions: TapeOptions = {}): KernelImage =>
  bootMachine({ profile: loadProfile('x86_64-slub'), ramBytes: ramGib * GIB, tapeOptions });

/** A machine with highmem. */
const bootI386 = (tapeOptions: TapeOptions): KernelImage =>
  bootMachine({ profile: loadProfile('i386-highmem4g-slub'), ramBytes: GIB, tapeOptions });

function booted(meter: Meter, boot: () => KernelImage): KernelImage {
  const image = boot();
  meter.begins();
  return image;
}

/** What is measured, by the names that `mmscope bench` takes. */
const GROUPS: Readonly<Record<string, (meter: Meter, native: Native) => Row[] | Promise<Row[]>>> = {
  pages: (meter, native) =>
    [false, true].flatMap((recording) => measurePairs(meter, native, recording)),
  objects: (meter, native) =>
    measureObjects(
      meter,
      native,
      booted(meter, () => bootX86(1, TAPE)),
    ),
  highmem: (meter, native) =>
    measureObjects(
      meter,
      native,
      booted(meter, () => bootI386(TAPE)),
    ),
  processes: (meter, native) =>
    [false, true].flatMap((recording) =>
      measureUserMemory(
        meter,
        native,
        booted(meter, () => bootX86(1, TAPE)),
        recording,
      ),
    ),
  boot: (meter) => [1, 64].flatMap((ramGib) => measureBoot(meter, ramGib)),
  where: (meter) =>
    measureWhere(
      meter,
      booted(meter, () => bootX86(4)),
    ),
  // As `mmscope dap` does, from the start.
  steps: (meter) => {
    meter.begins();
    return measureStep(meter);
  },
  runs: (meter) => {
    meter.begins();
    return measureLongRuns(meter);
  },
};

export const BENCH_GROUPS: readonly string[] = Object.keys(GROUPS);

/**
 * Measures one group. A process measures no other one: V8 compiles the kernel for the machine that a process has, and for several it
 * compiles what fits all of them, which is not what a user meets.
 * @param group one of {@link BENCH_GROUPS}
 */
export const bench = async (group: string, meter: Meter, native: Native): Promise<Row[]> =>
  (await GROUPS[group]?.(meter, native)) ?? [];

function measurePairs(meter: Meter, native: Native, recording: boolean): Row[] {
  const image = booted(meter, () => bootX86(1, TAPE));
  image.tape.setRecording(recording);
  return PAIRS.map(({ order, pairs, targets }): Row => {
    const targetRatio = recording ? targets.on : targets.off;
    const gfp = image.mm.GFP_KERNEL;
    const value = bestOf(meter, () => {
      const start = meter.nowMs();
      run(image, gfp, order, pairs);
      return ((meter.nowMs() - start) * 1e6) / pairs;
    });
    return {
      name: `alloc_pages + __free_pages, order ${order}, tape ${recording ? 'on' : 'off'}`,
      value,
      unit: 'ns',
      native: native.pairNs[order] ?? null,
      ...(targetRatio !== undefined && { targetRatio }),
    };
  });
}

function run({ mm }: KernelImage, gfp: number, order: number, pairs: number): void {
  for (let i = 0; i < pairs; i++) {
    const page = alloc_pages(mm, gfp, order);
    if (page === 0) throw new Error(`an allocation of order ${order} failed on an idle machine`);
    __free_pages(mm, page, order);
  }
}

function measureBoot(meter: Meter, ramGib: number): Row[] {
  const large = ramGib >= 64;
  const times = Array.from({ length: 3 }, () => {
    const start = meter.nowMs();
    bootX86(ramGib);
    return meter.nowMs() - start;
  });
  const held = median(Array.from({ length: 3 }, () => heldByMachine(meter, ramGib)));
  return [
    {
      name: `boot ${ramGib} GiB`,
      value: Math.min(...times),
      unit: 'ms',
      ...(large && { target: 1000 }),
    },
    {
      name: `memory of ${ramGib} GiB booted`,
      value: held / MIB,
      unit: 'MB',
      ...(large && { target: 400 }),
    },
  ];
}

/** What a second machine adds to a first: machines before these may be given back in between, hence a median. */
function heldByMachine(meter: Meter, ramGib: number): number {
  const first = bootX86(ramGib);
  const before = meter.heldBytes();
  const second = bootX86(ramGib);
  const held = meter.heldBytes() - before;
  // Used behind the measurement, so that they are not dropped before.
  if (first.maxPfn !== second.maxPfn) throw new Error('two boots of a machine differ');
  return held;
}

const median = (values: number[]): number =>
  values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
