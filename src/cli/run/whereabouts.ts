/**
 * Where a task stands, for people who have no debugger open: the calls that led to a fault, and the place of a run that does not
 * come to an end.
 */
import { counted } from '../../engine/view/counted.js';
import type { ScenarioVm } from '../../scenario/index.js';
import { placeText } from './diagnostics.js';
import type { Output } from './report.js';

/** The functions that are active in a task, innermost first, as report.ts tells them of a death. */
function callChain(vm: ScenarioVm, file: string, task: number): string[] {
  const { sources } = vm.program;
  const frames = vm.frames(task);
  if (frames.length <= 1) return [];
  return frames.map(({ function: callee, boundary }) => {
    const name = callee.kind === 'function' ? `${callee.name}()` : callee.name;
    return `  in ${name} at ${placeText(file, sources, boundary.span)}`;
  });
}

/** How many statements pass between two looks at the clock. */
const STATEMENTS_PER_LOOK = 4096;
const FIRST_NOTICE_MS = 3000;

/** Says where a run is that goes on for seconds; each time after twice as long. */
export class EndlessRun {
  private readonly start: number;
  private nrStatements = 0;
  private nextNoticeMs = FIRST_NOTICE_MS;

  constructor(
    private readonly vm: ScenarioVm,
    private readonly file: string,
    private readonly output: Output,
    /** Milliseconds of some clock. */
    private readonly now: () => number = () => performance.now(),
  ) {
    this.start = now();
  }

  /** A statement has run. */
  passed(): void {
    if (++this.nrStatements % STATEMENTS_PER_LOOK !== 0) return;
    const elapsedMs = this.now() - this.start;
    if (elapsedMs < this.nextNoticeMs) return;
    this.nextNoticeMs *= 2;
    const { vm, file } = this;
    const [frame] = vm.frames(vm.currentTask);
    if (frame === undefined) return;
    const place = placeText(file, vm.program.sources, frame.boundary.span);
    const seconds = Math.round(elapsedMs / 1000);
    const count = this.nrStatements.toLocaleString('en');
    const task = vm.tasks()[vm.currentTask]?.name ?? '?';
    this.output.err(
      `${place}: note: still running after ${seconds} s and ${counted(count, 'statement')}; task ${task} is here`,
    );
    for (const line of callChain(vm, file, vm.currentTask)) this.output.err(line);
  }
}
