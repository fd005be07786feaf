/**
 * What happened when, as the strip under the views shows it: events, expectations, free pages and the CPU in use, each with its
 * position on the tape. It is extended as far as the tape has come whenever somebody asks, so each entry is looked at once.
 *
 * Invariant: what it holds is of the tape as it is; what a cut takes away, it forgets.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { FrameStates } from '../../engine/view/frameStates.js';
import { TapeEvents, type CountedCells } from '../../engine/view/tapeEvents.js';
import { codeOfMark, NO_EVENT } from '../../engine/view/timelineCodes.js';
import type { MachineEvent } from '../../scenario/index.js';
import { Series } from './series.js';

/** Entries that are looked at before others may be let through: some milliseconds. */
const AT_ONCE = 1 << 16;

export class Chronicle {
  /** Event's code at a position. */
  readonly events = new Series();
  /** 1: held, 0: failed. */
  readonly expects = new Series();
  readonly cpus = new Series();
  /** The one in use before the first change on record; of no meaning without one. */
  firstCpu = 0;
  /** Free pages, a series a populated zone. */
  readonly free: Series[] = [];
  private readonly reader: TapeEvents | undefined;
  private seenTo: number;
  private cuts: number;

  constructor(
    image: KernelImage,
    private readonly tape: Tape<MachineEvent>,
    /** Undefined for a dump that is only looked into: nothing happens in it. */
    states: FrameStates | undefined,
    cells: CountedCells,
  ) {
    this.reader = states && new TapeEvents(image, states, cells);
    this.seenTo = tape.start;
    this.cuts = tape.cuts;
  }

  /** The tape is about to be cut here. */
  cutAt(position: number): void {
    this.forgetFrom(position);
    this.cuts = this.tape.cuts + 1;
  }

  /** Looks at what was not looked at yet. `settled`: a position that no cut since the last look was left of. */
  extendTo(end: number, settled: number): void {
    const { tape, reader } = this;
    if (reader === undefined) return;
    // A statement that sleeps undoes itself: nobody tells of that.
    if (tape.cuts !== this.cuts) this.forgetFrom(settled);
    this.cuts = tape.cuts;
    for (let from = Math.max(this.seenTo, tape.start); from < end; from = this.seenTo) {
      this.look(reader, from, Math.min(from + AT_ONCE, end));
      tape.midway?.();
    }
  }

  private look(reader: TapeEvents, from: number, end: number): void {
    const { tape } = this;
    const marks = tape.marksBetween(from, end);
    let nextMark = 0;
    const marksUpTo = (position: number): void => {
      for (; nextMark < marks.length; nextMark++) {
        const mark = marks[nextMark];
        if (mark === undefined || mark.position > position) return;
        const code = codeOfMark(mark.event.kind);
        if (code !== NO_EVENT) this.events.push(mark.position, code);
      }
    };
    reader.scan(from, end, {
      event: (position, kind) => {
        marksUpTo(position);
        this.events.push(position, kind);
      },
      free: (position, zone, pages) => (this.free[zone] ??= new Series()).push(position, pages),
      expect: (position, held) => this.expects.push(position, held ? 1 : 0),
      cpu: (position, cpu, before) => {
        if (this.cpus.length === 0) this.firstCpu = before;
        this.cpus.push(position, cpu);
      },
    });
    marksUpTo(end);
    this.seenTo = end;
  }

  private forgetFrom(position: number): void {
    if (position >= this.seenTo) return;
    this.seenTo = position;
    for (const series of [this.events, this.expects, this.cpus, ...this.free])
      series.cutFrom(position);
  }
}
