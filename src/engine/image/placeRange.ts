/**
 * Structures that straddle frames lie in one piece in the pool: their frames are placed side by side, so that
 * `cell + offset` is right from the first word to the last.
 *
 * Invariant: a range is declared before one of its frames is touched. Ranges that share a frame become one run.
 */
import { PAGE_SIZE } from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';

/** Sorted, disjoint runs of frames; end exclusive. */
interface Run {
  readonly startFrame: number;
  readonly endFrame: number;
}

class Runs {
  private runs: readonly Run[] = [];

  constructor(private readonly memory: PhysicalMemory) {
    memory.addPlacement((frame) => {
      const run = this.runOf(frame);
      return run && framesOf(run);
    });
  }

  add(added: Run): void {
    const apart = this.runs.filter(
      (run) => run.endFrame <= added.startFrame || run.startFrame >= added.endFrame,
    );
    const merged = this.runs.filter((run) => !apart.includes(run));
    const whole = {
      startFrame: Math.min(added.startFrame, ...merged.map((run) => run.startFrame)),
      endFrame: Math.max(added.endFrame, ...merged.map((run) => run.endFrame)),
    };
    if (this.liesInOnePiece(whole)) return;
    for (const frame of framesOf(whole))
      if ((this.memory.slotOfFrame[frame] ?? 0) !== 0)
        throw new Error(`frame ${frame.toString(16)} was touched before its place was declared`);
    this.runs = [...apart, whole].sort((a, b) => a.startFrame - b.startFrame);
  }

  private runOf(frame: number): Run | undefined {
    let low = 0;
    let high = this.runs.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const run = this.runs[middle] as Run;
      if (frame < run.startFrame) high = middle - 1;
      else if (frame >= run.endFrame) low = middle + 1;
      else return run;
    }
    return undefined;
  }

  /** Whether the run has its slots already, in order. */
  private liesInOnePiece(run: Run): boolean {
    const first = this.memory.slotOfFrame[run.startFrame] ?? 0;
    return (
      first !== 0 &&
      framesOf(run).every((frame, i) => (this.memory.slotOfFrame[frame] ?? 0) === first + i)
    );
  }
}

const framesOf = (run: Run): number[] =>
  Array.from({ length: run.endFrame - run.startFrame }, (_, i) => run.startFrame + i);

const runsOf = new WeakMap<PhysicalMemory, Runs>();

/** Keeps the bytes `[startPhys, startPhys + sizeBytes)` in one piece in the pool. */
export function placeRange(memory: PhysicalMemory, startPhys: number, sizeBytes: number): void {
  const startFrame = Math.floor(startPhys / PAGE_SIZE);
  const endFrame = Math.ceil((startPhys + sizeBytes) / PAGE_SIZE);
  if (endFrame - startFrame < 2) return;
  let runs = runsOf.get(memory);
  if (runs === undefined) runsOf.set(memory, (runs = new Runs(memory)));
  runs.add({ startFrame, endFrame });
}
