/** Expressions of the console, of watches and of hovers over a dump: questions, commands, and C that only reads. */
import { Unanswerable } from '../../engine/inspect/ask/answer.js';
import { isDumpError, type Inspected } from '../../engine/inspect/inspected.js';
import { toBits } from '../../engine/types/access.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { Target } from '../debuggee/target.js';
import type { Evaluated, Evaluator } from '../evaluation/evaluator.js';
import type { Shown } from '../present/shown.js';
import { errors } from '../protocol/errors.js';
import type { Dap } from '../protocol/dap.js';
import { DumpConsole } from './console.js';
import { showAnswer } from './shownData.js';

/** @param show a value of C as a tree */
export function shownOfDump(
  { image, evaluator }: Target,
  k: Inspected,
  expression: string,
  context: Dap.EvaluateArguments['context'],
  show: (result: Evaluated) => Shown,
): Shown {
  const console = new DumpConsole(image, k, undefined, evaluator);
  const isHover = context === 'hover';
  const answer = isHover ? undefined : answered(() => console.answerOf(expression));
  if (answer !== undefined) return showAnswer(expression, answer);
  const result = evaluated(expression, evaluator);
  const shown = show(result);
  return isHover ? withUse(console, k, result, shown) : shown;
}

/** Functions of mmscope's kernel go by facts that a dump need not tell. */
function evaluated(expression: string, evaluator: Evaluator): Evaluated {
  try {
    return evaluator.evaluate(expression, { task: 0, frame: 0 });
  } catch (error) {
    if (isDumpError(error)) throw errors.cannotEvaluate(`not on this dump: ${error.message}`);
    throw error;
  }
}

/** What a hover adds to a pointer: where it leads. */
function withUse(
  console: DumpConsole,
  k: Inspected,
  { type, value }: Evaluated,
  shown: Shown,
): Shown {
  if (value === undefined || stripTypedefs(type).kind !== 'pointer' || Number(value) === 0)
    return shown;
  const bits = toBits(value, k.pointerSize);
  try {
    const use = console.answerOf(`where(0x${bits.toString(16)})`);
    if (use === undefined) return shown;
    const { children } = shown;
    const part = showAnswer('[address]', use);
    return {
      ...shown,
      children: { ...children, named: (format) => [...(children?.named?.(format) ?? []), part] },
    };
  } catch (error) {
    if (error instanceof Unanswerable) return shown;
    throw error;
  }
}

export function answered<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Unanswerable) throw errors.cannotEvaluate(error.message);
    throw error;
  }
}
