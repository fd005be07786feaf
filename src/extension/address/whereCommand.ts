/**
 * `mmscope: Where Is This Page?`: of a variable, of what is selected, or of what is typed: the answer of the console's
 * `where(x)` as a list, from which the page can be shown in the map or watched.
 */
import {
  commands,
  l10n,
  window,
  type DebugSession,
  type Disposable,
  type QuickPickItem,
} from 'vscode';
import { focusedFrameId, messageOf, type VariableContext } from '../debug/customRequest.js';
import type { Sessions } from '../debug/sessions.js';
import { askedExpression } from './askedExpression.js';

interface Answer {
  readonly sentence: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

interface Row extends QuickPickItem {
  readonly run?: () => unknown;
}

export function registerWhereCommand(sessions: Sessions): Disposable {
  return commands.registerCommand('mmscope.whereIsThisPage', async (context: unknown) => {
    const session = sessions.current?.session;
    if (session === undefined) {
      void window.showInformationMessage(l10n.t('Start debugging a scenario or a dump first.'));
      return;
    }
    const expression =
      nameOf(context) ?? (await askedExpression('page, 0x1f40, 0xc1f40000', WHAT()));
    if (expression === undefined) return;
    try {
      await show(session, expression, await answerOf(session, expression));
    } catch (error) {
      void window.showErrorMessage(messageOf(error));
    }
  });
}

/** Of a variable in the variables view. */
const nameOf = (context: unknown): string | undefined =>
  (context as VariableContext | undefined)?.variable?.evaluateName;

const WHAT = (): string => l10n.t('A pointer to a struct page, a page frame number, or an address');

async function answerOf(session: DebugSession, expression: string): Promise<Answer> {
  const frameId = focusedFrameId();
  const args = { expression: `where(${expression})`, context: 'watch', frameId };
  const answer = (await session.customRequest('evaluate', args)) as {
    result: string;
    variablesReference: number;
  };
  const { variables } = (await session.customRequest('variables', {
    variablesReference: answer.variablesReference,
  })) as { variables: readonly { name: string; value: string }[] };
  return { sentence: answer.result, facts: variables };
}

async function show(session: DebugSession, expression: string, answer: Answer): Promise<void> {
  const { sentence, facts } = answer;
  const pfn = /^pfn (0x[0-9a-f]+)/.exec(sentence)?.[1];
  const rows: Row[] = [
    ...facts.map(({ name, value }) => ({ label: name, detail: value })),
    ...(pfn === undefined
      ? []
      : [
          {
            label: l10n.t('$(circuit-board) Reveal in the map'),
            run: () => commands.executeCommand('mmscope.revealInMap', { pfn: Number(pfn) }),
          },
        ]),
    {
      label: l10n.t('$(eye) Watch it'),
      run: () =>
        commands.executeCommand('debug.addToWatchExpressions', {
          sessionId: session.id,
          variable: {
            name: expression,
            evaluateName: `where(${expression})`,
            value: '',
            variablesReference: 0,
          },
        }),
    },
  ];
  const chosen = await window.showQuickPick(rows, { title: sentence, matchOnDetail: true });
  await chosen?.run?.();
}
