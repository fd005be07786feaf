/** A program that was recorded beside a trace, as a list of actions. `PID NAME ARG...`, one a line; `PID op`: the trace's next line. */
import type { Action } from './processes.js';

export function readProgram(lines: Iterable<string>): Action[] {
  const actions: Action[] = [];
  for (const line of lines) {
    const [pid = '', name = '', ...args] = line.split(' ');
    actions.push({ pid: Number(pid), name, args });
  }
  return actions;
}
