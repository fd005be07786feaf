/**
 * The page frame that "Reveal in Memory Map" is about: of a variable (a struct page, a pointer to one, an address, a pfn),
 * or of an expression that is asked for. The console's `where(x)` decides, as it takes all of these.
 */
import { l10n, window, type DebugSession } from 'vscode';
import { askedExpression } from '../address/askedExpression.js';
import { focusedFrameId, messageOf, type VariableContext } from '../debug/customRequest.js';

/** Undefined when there is none; the user has been told why. */
export async function frameMeant(
  session: DebugSession | undefined,
  context: unknown,
): Promise<number | undefined> {
  const given = (context as { readonly pfn?: number } | undefined)?.pfn;
  if (given !== undefined) return given;
  if (session === undefined) {
    void window.showInformationMessage(l10n.t('Start debugging a scenario or a dump first.'));
    return undefined;
  }
  const variable = (context as VariableContext | undefined)?.variable;
  const expressions = wordings(
    variable?.evaluateName ?? variable?.memoryReference ?? (await askedExpression('page, 0x1f40')),
  );
  let reason = '';
  for (const expression of expressions) {
    try {
      const { result } = (await session.customRequest('evaluate', {
        expression,
        frameId: focusedFrameId(),
        context: 'watch',
      })) as { readonly result: string };
      const pfn = /\bpfn (0x[0-9a-f]+)/.exec(result)?.[1];
      if (pfn !== undefined) return Number(pfn);
      reason = result;
    } catch (error) {
      reason ||= messageOf(error); // A struct itself: its address is tried next.
    }
  }
  if (reason !== '') void window.showInformationMessage(reason);
  return undefined;
}

const wordings = (expression: string | undefined): readonly string[] =>
  expression === undefined ? [] : [`where(${expression})`, `where(&(${expression}))`];
