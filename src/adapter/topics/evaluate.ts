/**
 * DAP evaluate, setExpression, completions. A watch or a hover changes nothing; what the console does is an edit.
 */
import type { Evaluated } from '../evaluation/evaluator.js';
import { procFileText } from '../evaluation/procFile.js';
import { runHelper } from '../evaluation/helpers.js';
import { addressIn } from '../evaluation/addressText.js';
import { bitDenoted } from '../evaluation/bitExpression.js';
import { translate } from '../evaluation/translation.js';
import { edited } from '../present/maskNames.js';
import { fact, formatOf, PLAIN, type Format, type Shown } from '../present/shown.js';
import { showPlace, showValue } from '../present/typedValue.js';
import { lastAllocation } from '../present/verdict.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import { errors } from '../protocol/errors.js';
import { defined, type Dap } from '../protocol/dap.js';
import type { Session } from '../session.js';
import { complete } from '../evaluation/completion.js';
import { announceEdit, assign, edit } from './editing.js';
import type { Handlers } from './table.js';
import { viewpointOf } from './viewpoint.js';

export const evaluateHandlers = (
  session: Session,
): Handlers<'evaluate' | 'setExpression' | 'completions'> => ({
  evaluate({ expression, frameId, context, format }, { afterResponse }) {
    const { target, variables } = session.current;
    if (VERDICT.test(expression)) return showVerdict(session);
    const procText = procFileText(target.image.mm, expression);
    if (procText !== undefined) return { result: procText, variablesReference: 0 };
    const at = viewpointOf(session, frameId);
    const helped = runHelper(target.context, target.evaluator, expression, at);
    if (helped !== undefined)
      return defined({ result: helped.value, ...variables.childrenOf(helped) });
    let result: Evaluated | undefined;
    if (context === 'repl') {
      const changed = edit(session, () => {
        result = target.attempts.duringEdit(() =>
          target.evaluator.evaluate(expression, at, 'allowed'),
        );
      });
      session.current.reporter.passed(target);
      if (changed) afterResponse(() => announceEdit(session, undefined));
    } else result = target.evaluator.evaluate(expression, at);
    if (result === undefined) throw errors.cannotEvaluate('The expression has no value.');
    const shown = show(session, expression, result, formatOf(format));
    const translated =
      context === 'hover' ? translationOf(session, result, shown.value) : undefined;
    return defined({
      result: translated === undefined ? shown.value : `${shown.value}  ${translated}`,
      type: shown.type,
      presentationHint: undefined,
      ...variables.childrenOf(shown),
      memoryReference: variables.memoryReference(shown),
    });
  },

  setExpression({ expression, value, frameId, format }, { afterResponse }) {
    const { target, variables } = session.current;
    const at = viewpointOf(session, frameId);
    const { evaluator } = target;
    const { pointerSize } = target.image.profile;
    const before = evaluator.evaluate(expression, at);
    const place = before.place ?? bitDenoted(evaluator, pointerSize, expression, at);
    if (place === undefined)
      throw errors.cannotAssign(`'${expression}' is a value, not an object that can be set.`);
    const { value: text } = show(session, expression, before, PLAIN);
    assign(session, place, edited(text, value), frameId);
    afterResponse(() => announceEdit(session, place));
    const shown = show(session, expression, evaluator.evaluate(expression, at), formatOf(format));
    return defined({
      value: shown.value,
      type: shown.type,
      ...variables.childrenOf(shown),
      memoryReference: variables.memoryReference(shown),
    });
  },

  completions({ text, column, line, frameId }) {
    const { target } = session.current;
    const lines = text.split('\n');
    const row = line === undefined ? 0 : session.counting.toOurLine(line) - 1;
    const before = (lines[row] ?? '').slice(0, session.counting.toOurColumn(column) - 1);
    const at = session.current.run.running ? undefined : viewpointOf(session, frameId);
    return { targets: complete(target, before, at) };
  },
});

/** Not a function of C: the record of the newest attempt to allocate. */
const VERDICT = /^\s*verdict\s*\(\s*\)\s*;?\s*$/;

function showVerdict(session: Session): Dap.EvaluateResponse['body'] {
  const { target, variables } = session.current;
  const shown = lastAllocation(target.image.mm, target.attempts);
  return { result: shown.value, ...variables.childrenOf(shown) };
}

/** The value of an expression as a tree. */
function show(session: Session, expression: string, result: Evaluated, format: Format): Shown {
  const { context } = session.current.target;
  const { place, type, value } = result;
  if (place !== undefined) return showPlace(context, expression, place, expression, format);
  if (value !== undefined) return showValue(context, expression, type, value, expression, format);
  const isVoid = stripTypedefs(type).kind === 'void';
  return fact(expression, isVoid ? '(void)' : '?');
}

/** What an address is, in which region, and where it lies physically. */
function translationOf(
  session: Session,
  { type, value }: Evaluated,
  shown: string,
): string | undefined {
  const { image, context } = session.current.target;
  const address = addressIn(image.profile, type, value);
  return address === undefined
    ? undefined
    : translate(context, address.va, shown.includes('pfn 0x'));
}
