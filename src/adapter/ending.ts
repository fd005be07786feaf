/**
 * How a scenario ends. Its end is a place: the machine stops there, so that one can look and step back, and goes on from there only to
 * be over. A deadlock is such an end that says more. What the scenario has come to is told once, until an edit makes it another.
 */
import type { Target } from './debuggee/target.js';
import type { LaunchArguments } from './protocol/dap.js';
import type { Reporter } from './reporter.js';
import type { Stopped } from './time/runControl.js';

export class Ending {
  /** Nothing follows: the client has been told. */
  isOver = false;
  /** The client has been stopped at the end, and not been elsewhere since. */
  isTold = false;
  /** How often the tape had been cut when the summary was told. */
  private summaryAtCuts: number | undefined;

  constructor(
    private readonly target: Target,
    private readonly reporter: Reporter,
    private readonly args: LaunchArguments,
  ) {}

  /** The scenario is at its end: where it stops, or undefined when it is over now. */
  reached(): Stopped | undefined {
    const { target, args } = this;
    const deadlock = target.scenario?.deadlock();
    this.tellSummary(deadlock);
    const debugs = args.noDebug !== true;
    const stops = debugs && (deadlock !== undefined || args.stopAtEnd !== false);
    if (this.isTold || !stops) {
      this.isOver = true;
      if (deadlock !== undefined) this.reporter.line('stderr', `deadlock: ${deadlock}`);
      return undefined;
    }
    if (deadlock === undefined) return { reason: 'end', hits: [] };
    const text = `deadlock: ${deadlock}`;
    const raised = { filterId: 'deadlock', typeName: 'deadlock', sentence: text };
    return { reason: 'exception', text, hits: [], raised };
  }

  private tellSummary(deadlock: string | undefined): void {
    const { target, reporter } = this;
    const { cuts } = target.tape;
    if (this.summaryAtCuts === cuts) return;
    this.summaryAtCuts = cuts;
    const summary = target.scenario?.summary() ?? '';
    const end = deadlock === undefined ? 'End of the scenario' : 'No task can run';
    reporter.line('console', summary === '' ? `${end}.` : `${end}: ${summary}.`);
  }
}
