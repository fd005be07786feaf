/** The strip's axis: moments, which are numbers of statements, and the times of the tape that they stand for. */
import type { Timeline } from './timeline.js';

export class Axis {
  /** Moments that are on record. */
  readonly first: number;
  readonly last: number;

  constructor(private readonly timeline: Timeline) {
    const { boundaries, firstPlace } = timeline;
    this.first = firstPlace.boundary;
    const { last } = boundaries;
    const isBegun = timeline.endOf(last) > boundaries.position(last);
    this.last = isBegun ? last + 1 : last;
  }

  timeAt(moment: number): number {
    const { timeline } = this;
    const boundary = Math.max(this.first, Math.min(Math.floor(moment), timeline.boundaries.last));
    const start = timeline.boundaries.position(boundary);
    const part = Math.max(0, Math.min(1, moment - boundary));
    return Math.round(start + part * (timeline.endOf(boundary) - start));
  }

  momentAt(time: number): number {
    const { timeline } = this;
    const boundary = timeline.boundaries.lastUpTo(time);
    const start = timeline.boundaries.position(boundary);
    const width = timeline.endOf(boundary) - start;
    return boundary + (width <= 0 ? 0 : Math.max(0, Math.min(1, (time - start) / width)));
  }

  /** The statement that a moment lies in. */
  boundaryAt(moment: number): number {
    return Math.max(this.first, Math.min(Math.floor(moment), this.timeline.boundaries.last));
  }
}
