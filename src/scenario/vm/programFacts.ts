/** What a running scenario asks of its program: facts that do not change. */
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { needsProcess } from '../builtins/needs.js';
import type { Program } from '../compile/program.js';
import type { PlaceNames } from '../ledger/notGivenBack.js';
import { FUNCTION_STRIDE } from '../semantics/window.js';
import { boundaryBefore } from './frames.js';
import type { KernelTasks } from './kernelTasks.js';

/** Whether a program calls anything that a process does to its memory: then it is one from its beginning. */
export const usesMemory = ({ builtins }: Program): boolean =>
  builtins.some(({ needs }) => needs === needsProcess);

const SETS_HANDLERS: ReadonlySet<string> = new Set(['signal', 'sigaction']);

/** Whether a program may have handlers of signals. */
export const handlesSignals = ({ builtins }: Pick<Program, 'builtins'>): boolean =>
  builtins.some(({ name }) => SETS_HANDLERS.has(name));

/** Whether it is a program, whose main() is called. */
export const callsMain = ({ builtins }: Program): boolean =>
  builtins.some(({ name }) => name === '__returned');

/** Whether it calls anything that a machine may lack: caches, areas, page tables. */
export const needsMore = ({ builtins }: Program): boolean =>
  builtins.some(({ needs }) => needs !== undefined);

/** pr_cont(), what a program prints, or KERN_CONT in a string: `\x01c`. */
export const continuesLines = ({ builtins, strings }: Program): boolean =>
  builtins.some(({ printsParts }) => printsParts === true) ||
  strings.some((byte, i) => byte === 1 && strings[i + 1] === 'c'.charCodeAt(0));

export const baseName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

/** Where the function lies that the code before `pc` is of: an expression's code is of nobody, which is said as the scenario. */
export function functionAddress(program: Program, pc: number): VirtAddr {
  const boundary = program.boundaries[boundaryBefore(program, pc)];
  const index = boundary?.function ?? program.tasks[0]?.function ?? 0;
  return asVirt(program.window.functions + index * FUNCTION_STRIDE);
}

/** Places of the text, and who was there, for sentences. */
export function placeNames({ sources }: Program, tasks: KernelTasks): PlaceNames {
  const wordAt = (start: number): string => sources.textAt({ start, end: start + 64 });
  return {
    line: (offset) => sources.position(offset).line,
    functionAt: (offset) => /^\w+/.exec(wordAt(offset))?.[0] ?? '?',
    task: (task) => tasks.name(task),
  };
}
