/**
 * What a motion through time works with, forward (forward.ts) and backward (backward.ts): where it is, what could stop it, and
 * how it ends. RunControl is the only one.
 */
import type { Hit, StopFinder, StopReason } from './stops.js';
import type { Timeline } from './timeline.js';

export type StopHit = Extract<Hit, { kind: 'stop' }>;
export type LogHit = Extract<Hit, { kind: 'log' }>;

export interface Motion {
  readonly timeline: Timeline;
  readonly stops: StopFinder;
  /** The motion ends at the timeline's place. */
  stop(reason: StopReason, hits: readonly StopHit[], text?: string): void;
  /** The scenario has come to its end, or stood there. */
  end(): void;
  /** The motion ends at the timeline's place, for the only task that may run cannot. */
  cannotRun(task: number): void;
  /** The beginning of what is recorded is reached. */
  atStart(): void;
  /** A log point is passed. */
  logged(hit: LogHit): void;
  /** The cursor has come further, over what was printed. */
  progressed(): void;
  /** Whether it is time to let messages through. */
  mayRest(): boolean;
  /**
   * Lets messages through now and then; true when the motion is over.
   * @param giveUp what has to be done before it ends; false: it cannot end here
   */
  interrupted(giveUp?: () => boolean): Promise<boolean>;
  /** The debugger makes a task the one that runs next. False if it cannot run. */
  switchTo(task: number): boolean;
}

/** Prints log points, in the order in which they are passed; gives what stops. */
export function passLogs(motion: Motion, hits: readonly Hit[]): StopHit[] {
  for (const hit of hits) if (hit.kind === 'log') motion.logged(hit);
  return hits.filter((hit): hit is StopHit => hit.kind === 'stop');
}
