/**
 * `mmscope: Show Last Write`: who wrote a variable last, and the way back to that moment. Of a variable of the variables view, or
 * of an expression that is asked for.
 */
import { commands, l10n, window, type DebugSession, type Disposable } from 'vscode';
import { focusedFrameId, messageOf, type VariableContext } from './customRequest.js';
import { askedExpression } from '../address/askedExpression.js';
import type { Sessions } from './sessions.js';

const LAST_WRITE_REQUEST = 'mmscope/lastWrite';
const GO_TO_TIME_REQUEST = 'mmscope/goToTime';

/** What the adapter answers; `time` and `text` are there when it found a write. */
interface LastWrite {
  readonly found: boolean;
  /** A sentence for people: who wrote what, where. */
  readonly text?: string;
  /** For `mmscope/goToTime`. */
  readonly time?: unknown;
}

export function registerLastWrite(sessions: Sessions): Disposable {
  return commands.registerCommand('mmscope.showLastWrite', async (context?: VariableContext) => {
    const session = sessions.current?.session;
    if (session === undefined) {
      void window.showInformationMessage(l10n.t('Start debugging a scenario first.'));
      return;
    }
    const asked = await whatIsMeant(context);
    if (asked === undefined) return;
    try {
      await tell(
        session,
        asked.name,
        (await session.customRequest(LAST_WRITE_REQUEST, asked.args)) as LastWrite,
      );
    } catch (error) {
      void window.showErrorMessage(messageOf(error));
    }
  });
}

async function whatIsMeant(
  context: VariableContext | undefined,
): Promise<{ readonly name: string; readonly args: object } | undefined> {
  const name = context?.variable?.name;
  const variablesReference = context?.container?.variablesReference;
  if (name !== undefined && variablesReference !== undefined)
    return { name, args: { variablesReference, name } };
  const expression = context?.variable?.evaluateName ?? (await askedExpression('page->_refcount'));
  if (expression === undefined) return undefined;
  return { name: expression, args: { expression, frameId: focusedFrameId() } };
}

async function tell(session: DebugSession, name: string, write: LastWrite): Promise<void> {
  if (!write.found) {
    void window.showInformationMessage(
      write.text ?? l10n.t('Nothing has written {0} since the machine started.', name),
    );
    return;
  }
  const goThere = l10n.t('Go There');
  const actions = write.time === undefined ? [] : [goThere];
  const chosen = await window.showInformationMessage(write.text ?? name, ...actions);
  if (chosen === goThere) await session.customRequest(GO_TO_TIME_REQUEST, { time: write.time });
}
