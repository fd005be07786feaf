/** A run in reverse that takes longer than a moment, shown with how far it has come. Cancelling it is a pause. */
import type { Progress, ShownProgress } from './progress.js';
import type { RunControl } from './time/runControl.js';

/** A run that is shorter is over before it could be read. */
const MOMENT_MS = 300;
const UPDATE_MS = 200;

export class ReverseProgress {
  private began: number | undefined;
  private updated = 0;
  private shown: ShownProgress | undefined;

  constructor(
    private readonly progress: Progress,
    private readonly run: RunControl,
    private readonly now: () => number,
  ) {}

  /** The run has let messages through and goes on. */
  rested(): void {
    const { backward, timeline } = this.run;
    if (backward === undefined) return;
    const now = this.now();
    this.began ??= now;
    if (now - this.began < MOMENT_MS || now - this.updated < UPDATE_MS) return;
    this.updated = now;
    this.shown ??= this.progress.start('Running in reverse', { cancel: () => this.run.pause() });
    const { from, to } = backward;
    this.shown.update((from - timeline.place.position) / Math.max(1, from - to));
  }

  /** The machine stands still. */
  ended(): void {
    this.shown?.end();
    this.shown = undefined;
    this.began = undefined;
  }
}
