/**
 * The console of a machine that is looked into: questions, commands under the names of crash and drgn, and expressions of C.
 * What the command line evaluates, and what the debug console does with a dump.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import {
  taskByPid,
  Unanswerable,
  type Answer,
  type Asked,
  type Json,
} from '../../engine/inspect/ask/answer.js';
import { runCommand } from '../../engine/inspect/ask/commands/commands.js';
import { objectData } from '../../engine/inspect/ask/object.js';
import { QUESTIONS } from '../../engine/inspect/ask/questions.js';
import { isDumpError, type Inspected } from '../../engine/inspect/inspected.js';
import { dumpedProcLines, dumpedProcNames } from '../../engine/inspect/proc/files.js';
import { placeBits, toBits } from '../../engine/types/access.js';
import { formatPlace, formatScalar } from '../../engine/types/format.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import { typedMemory } from '../../engine/view/typedMemory.js';
import type { Evaluated, Evaluator, Viewpoint } from '../evaluation/evaluator.js';
import { procFileNamed } from '../evaluation/procFile.js';
import { inspection } from '../debuggee/inspection.js';
import { AdapterError } from '../protocol/errors.js';
import { verdictAnswer } from './verdict.js';

const AT: Viewpoint = { task: 0, frame: 0 };
const CALL = /^\s*([a-z]+)\s*\(([\s\S]*)\)\s*;?\s*$/;
const NUMBER = /^\s*(0x[0-9a-f]+|[0-9]+)\s*$/i;

export class DumpConsole {
  private lazyEvaluator: Evaluator | undefined;
  private readonly asked: Asked;

  constructor(
    private readonly image: KernelImage,
    private readonly k: Inspected,
    pid: number | undefined,
    evaluator?: Evaluator,
  ) {
    this.lazyEvaluator = evaluator;
    this.asked = {
      k,
      task: pid === undefined ? undefined : taskByPid(k, pid),
      value: (expression) => this.number(expression),
    };
  }

  /** @throws Unanswerable */
  answer(expression: string): Answer {
    return this.answerOf(expression) ?? this.valueOf(expression);
  }

  /** A question or a command; undefined when it is neither. @throws Unanswerable */
  answerOf(expression: string): Answer | undefined {
    try {
      const [, name = '', argument = ''] = CALL.exec(expression) ?? [];
      const question = Object.hasOwn(QUESTIONS, name) ? QUESTIONS[name] : undefined;
      if (question !== undefined && isBalanced(argument))
        return question.answer(this.asked, this.number(argument));
      const verdict = verdictAnswer(this.k, expression);
      if (verdict !== undefined) return verdict;
      return this.procFile(expression) ?? runCommand(this.asked, expression);
    } catch (error) {
      if (isDumpError(error)) throw new Unanswerable(`${sentence(error.message)}.`);
      throw error;
    }
  }

  private procFile(expression: string): Answer | undefined {
    const name = procFileNamed(expression);
    if (name === undefined) return undefined;
    const lines = dumpedProcLines(this.k, name, this.asked.task?.pid);
    if (lines === undefined)
      throw new Unanswerable(
        `There is no file '${name}': write ${dumpedProcNames.join(', ')}, or PID/maps and its like.`,
      );
    return { text: lines.join('\n'), data: [...lines] };
  }

  private get evaluator(): Evaluator {
    return (this.lazyEvaluator ??= inspection(this.image).evaluator);
  }

  /** The bits of an argument. */
  private number(text: string): bigint {
    const literal = NUMBER.exec(text)?.[1];
    if (literal !== undefined) return BigInt(literal);
    const { value, place } = this.evaluated(text);
    const { pointerSize } = this.k;
    if (value !== undefined) return toBits(value, pointerSize);
    if (place !== undefined) return placeBits(place, pointerSize);
    throw new Unanswerable(`'${text.trim()}' is not an address.`);
  }

  private evaluated(expression: string): Evaluated {
    try {
      return this.evaluator.evaluate(expression, AT);
    } catch (error) {
      if (error instanceof AdapterError) throw new Unanswerable(error.message);
      throw error;
    }
  }

  private valueOf(expression: string): Answer {
    const { profile } = this.image;
    const { type, value, place } = this.evaluated(expression);
    if (value !== undefined) {
      const bare = stripTypedefs(type);
      const data: Json =
        bare.kind === 'pointer' || typeof value === 'bigint'
          ? `0x${toBits(value, 8 === this.k.pointerSize ? 8 : 4).toString(16)}`
          : value;
      return { text: formatScalar(profile, type, value), data };
    }
    if (place === undefined) return { text: '(void)', data: null };
    const text = formatPlace(profile, typedMemory(this.image), place, { maxDepth: 8 });
    return { text, data: objectData(this.k, type, place.address, place.rest) };
  }
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `where(a) + (b)` is not a call of where. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth++;
    else if (character === ')' && --depth < 0) return false;
  }
  return depth === 0;
}
