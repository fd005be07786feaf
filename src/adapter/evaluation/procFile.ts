/**
 * `proc("buddyinfo")` where it is asked for rather than run: the text is the answer. A scenario's call prints to the log,
 * which is a mark on the tape; in the console that would cut off what lies to the right, though nothing changes.
 */
import { proc_lines } from '../../engine/entry/functions.js';
import type { Kernel } from '../../engine/machine/kernel.js';

const CALL = /^\s*proc\s*\(\s*"([\w/]*)"\s*\)\s*;?\s*$/;

/** The text of the file that the expression asks for, as memory is now; undefined if it asks for none that there is. */
export function procFileText(mm: Kernel, expression: string): string | undefined {
  const name = procFileNamed(expression);
  return name === undefined ? undefined : proc_lines(mm, name)?.join('\n');
}

/** The file that an expression asks for. */
export const procFileNamed = (expression: string): string | undefined => CALL.exec(expression)?.[1];
