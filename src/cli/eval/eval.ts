/**
 * `mmscope eval DUMP 'EXPR'...`: questions (`where(x)`, `walk(x)`, `page(x)`), commands (`ps`, `rd ...`) and expressions of C,
 * each against the machine of a dump or a recorded state. One result a line; with --json an object, a number or a text.
 *
 * Exit code 1 when one of them has no answer.
 */
import { DumpConsole } from '../../adapter/dump/console.js';
import { Unanswerable } from '../../engine/inspect/ask/answer.js';
import { inspectedOf } from '../../engine/image/dump/inspectedOf.js';
import { ofDump } from '../dumpFile.js';
import type { Given } from '../options.js';

interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

export interface EvalOptions {
  readonly json: boolean;
  readonly pid: number | undefined;
  readonly given: Given;
}

export const evaluateAll = (
  path: string,
  expressions: readonly string[],
  { json, pid, given }: EvalOptions,
  { out, err }: Output,
): Promise<number> =>
  ofDump(path, given, (image) => {
    const console = new DumpConsole(image, inspectedOf(image), pid);
    let code = 0;
    for (const expression of expressions) {
      try {
        const { text, data } = console.answer(expression);
        out(json ? JSON.stringify(data) : text);
      } catch (error) {
        if (!(error instanceof Unanswerable)) throw error;
        code = 1;
        if (json) out(JSON.stringify({ error: error.message }));
        else err(`mmscope: ${expression}: ${error.message}`);
      }
    }
    return code;
  });
