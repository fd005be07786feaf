/**
 * DAP evaluate, setExpression, completions. A watch or a hover changes nothing; what the console does is an edit.
 *
 * An expression's value and type are the same in every context, and those of the variable that it names. A hover adds what it
 * knows of an address as a child.
 */
import type { Evaluated, Viewpoint } from '../evaluation/evaluator.js';
import { procFileText } from '../evaluation/procFile.js';
import { runHelper } from '../evaluation/helpers.js';
import { bitDenoted, isBit } from '../evaluation/bitExpression.js';
import { shownOfDump } from '../dump/evaluate.js';
import { inPieces } from '../inPieces.js';
import { addressPart } from '../present/addressPart.js';
import { showDeclaration } from '../present/declarations.js';
import { editedText, isUnchanged } from '../present/editedText.js';
import { fact, formatOf, type Format, type Shown } from '../present/shown.js';
import { showPlace, showValue } from '../present/typedValue.js';
import { lastAllocation } from '../present/verdict.js';
import type { Inspected } from '../../engine/inspect/inspected.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import { AdapterError, errors } from '../protocol/errors.js';
import { defined, type Dap } from '../protocol/dap.js';
import type { Session } from '../session.js';
import { complete } from '../evaluation/completion.js';
import { isAllocator, type Pieces } from '../../scenario/index.js';
import type { RequestContext } from '../protocol/connection.js';
import { announceEdit, assign } from './editing.js';
import { assignLocal, kernelLocalNamed } from './kernelLocals.js';
import type { Handlers } from './table.js';
import { viewpointOf } from './viewpoint.js';

export const evaluateHandlers = (
  session: Session,
): Handlers<'evaluate' | 'setExpression' | 'completions'> => ({
  evaluate(args, request) {
    const { target, variables } = session.current;
    const { expression, frameId, context, format } = args;
    const { dumped } = target.image;
    if (dumped !== undefined) return askDump(session, dumped, expression, context, format);
    if (VERDICT.test(expression)) return showVerdict(session);
    const procText = procFileText(target.image.mm, expression);
    if (procText !== undefined) return { result: procText, variablesReference: 0 };
    const at = viewpointOf(session, frameId);
    const helped = runHelper(target.context, target.evaluator, expression, at);
    if (helped !== undefined)
      return defined({ result: helped.value, ...variables.valueOf(helped) });
    const declared = context === 'hover' ? undefined : showDeclaration(target.context, expression);
    if (declared !== undefined && !hasValue(session, expression, at))
      return defined({ result: declared.value, ...variables.valueOf(declared) });
    // What is shown is read in the same breath: whoever is let through behind it may move the machine.
    return inPieces(
      session,
      function* (mayRest) {
        const result =
          context === 'repl'
            ? yield* call(session, expression, at, request, mayRest)
            : yield* target.evaluator.evaluating(expression, at, undefined, mayRest);
        const plain = show(session, expression, result, formatOf(format, session.numberFormat));
        const shown = context === 'hover' ? withAddress(session, expression, result, plain) : plain;
        return defined({ result: shown.value, ...variables.valueOf(shown) });
      },
      request,
    );
  },

  setExpression({ expression, value, frameId, format }, { afterResponse }) {
    const { target, variables } = session.current;
    const at = viewpointOf(session, frameId);
    const { evaluator } = target;
    const { pointerSize } = target.image.profile;
    const before = evaluator.evaluate(expression, at);
    const place = before.place ?? bitDenoted(evaluator, pointerSize, expression, at);
    const local = place === undefined ? kernelLocalNamed(session, expression, frameId) : undefined;
    if (place === undefined && local === undefined)
      throw errors.cannotAssign(`'${expression}' is a value, not an object that can be set.`);
    const form = formatOf(format, session.numberFormat);
    const old = show(session, expression, before, form);
    if (isUnchanged(old.value, value))
      return defined({ value: old.value, ...variables.valueOf(old) });
    const text = editedText(target.context.profile, old.value, value);
    if (local !== undefined) assignLocal(session, expression.trim(), local, text);
    else if (place !== undefined) assign(session, place, text, frameId);
    afterResponse(() => announceEdit(session, place));
    const now = evaluator.evaluate(expression, viewpointOf(session, frameId));
    const shown = show(session, expression, now, form);
    return defined({ value: shown.value, ...variables.valueOf(shown) });
  },

  completions({ text, column, line, frameId }) {
    const { target } = session.current;
    const lines = text.split('\n');
    const row = line === undefined ? 0 : session.counting.toOurLine(line) - 1;
    const before = (lines[row] ?? '').slice(0, session.counting.toOurColumn(column) - 1);
    const at = session.current.run.running ? undefined : viewpointOf(session, frameId);
    // Where the word that is completed begins, counted as the client counts columns.
    const end = lines.slice(0, row).join('\n').length + (row > 0 ? 1 : 0) + before.length;
    const start = (length = 0): number => session.counting.toTheirColumn(end - length + 1);
    return {
      targets: complete(target, before, at).map((item) => ({ ...item, start: start(item.length) })),
    };
  },
});

/** What of the kernel that allocates a line of the console calls, where that is plain: `p = kmalloc(...)`. */
function allocatorCalled(expression: string): string | undefined {
  const name = /^(?:[\w\s*]*=)?\s*(\w+)\s*\(/.exec(expression.trim())?.[1];
  return name !== undefined && isAllocator(name) ? name : undefined;
}

/** What the console does is an edit. */
function* call(
  session: Session,
  expression: string,
  at: Viewpoint,
  { afterResponse }: RequestContext,
  mayRest: () => boolean,
): Pieces<Evaluated> {
  const { target, reporter } = session.current;
  const { timeline, attempts, evaluator } = target;
  const calling = evaluator.evaluating(expression, at, 'allowed', mayRest);
  const { changed, value } = yield* timeline.editing(
    attempts.duringEdit(calling, allocatorCalled(expression)),
  );
  if (changed) {
    session.forgetFuture();
    afterResponse(() => announceEdit(session, undefined));
  }
  reporter.passed(target);
  return value;
}

/** A dump of any kernel: nothing of it can run, so that every context only reads. */
function askDump(
  session: Session,
  dumped: Inspected,
  expression: string,
  context: Dap.EvaluateArguments['context'],
  format: Dap.ValueFormat | undefined,
): Dap.EvaluateResponse['body'] {
  const { target, variables } = session.current;
  const shown = shownOfDump(target, dumped, expression, context, (result) =>
    show(session, expression, result, formatOf(format, session.numberFormat)),
  );
  return defined({ result: shown.value, ...variables.valueOf(shown) });
}

/** A variable goes before a function of its name. */
function hasValue({ current }: Session, expression: string, at: Viewpoint): boolean {
  try {
    current.target.evaluator.evaluate(expression, at);
    return true;
  } catch (error) {
    if (error instanceof AdapterError) return false;
    throw error;
  }
}

/** Not a function of C: the record of the newest attempt to allocate. */
const VERDICT = /^\s*verdict\s*\(\s*\)\s*;?\s*$/;

function showVerdict(session: Session): Dap.EvaluateResponse['body'] {
  const { target, variables } = session.current;
  const shown = lastAllocation(target.image.mm, target.attempts);
  return defined({ result: shown.value, ...variables.valueOf(shown) });
}

/** The value of an expression as a tree. */
function show(session: Session, expression: string, result: Evaluated, format: Format): Shown {
  const { context } = session.current.target;
  const { place, type, value } = result;
  if (place !== undefined) return showPlace(context, expression, place, expression, format);
  // A single bit is 0 or 1 in every format, as it is among the variables.
  const form = isBit(expression) ? { ...format, numbers: 'decimal' as const } : format;
  if (value !== undefined) return showValue(context, expression, type, value, expression, form);
  const isVoid = stripTypedefs(type).kind === 'void';
  return fact(expression, isVoid ? '(void)' : '?');
}

/** What a hover adds to a value that is an address. */
function withAddress(
  session: Session,
  expression: string,
  { type, value }: Evaluated,
  shown: Shown,
): Shown {
  if (value === undefined) return shown;
  const { context } = session.current.target;
  const part = addressPart(context, expression, type, value, shown.value);
  if (part === undefined) return shown;
  const { children } = shown;
  return {
    ...shown,
    children: { ...children, named: (format) => [...(children?.named?.(format) ?? []), part] },
  };
}
