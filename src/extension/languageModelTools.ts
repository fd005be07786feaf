/**
 * Tools for language models: run a scenario, and evaluate where the session stands. Neither changes a session: a scenario runs on a
 * machine of its own, and an evaluation is a watch's.
 */
import {
  Disposable,
  LanguageModelTextPart,
  LanguageModelToolResult,
  lm,
  type LanguageModelTool,
} from 'vscode';
import { counted } from '../engine/view/counted.js';
import { focusedFrameId } from './debug/customRequest.js';
import type { Sessions } from './debug/sessions.js';

/** An answer longer than this is cut, and says so. */
const MOST_CHARACTERS = 20_000;

export function registerLanguageModelTools(sessions: Sessions): Disposable {
  const run: LanguageModelTool<{ scenario: string }> = {
    async invoke({ input }, token) {
      const { runScenario } = await import('./runScenario.js');
      const stop = new AbortController();
      token.onCancellationRequested(() => stop.abort());
      return said(await runScenario(input.scenario, stop.signal));
    },
  };
  const evaluate: LanguageModelTool<{ expression: string }> = {
    async invoke({ input }) {
      const state = sessions.current;
      if (state?.stopped !== true)
        throw new Error('No mmscope session is stopped: start debugging a scenario first.');
      const { result } = (await state.session.customRequest('evaluate', {
        expression: input.expression,
        frameId: focusedFrameId(),
        context: 'watch',
      })) as { readonly result: string };
      return said(result);
    },
  };
  return Disposable.from(
    lm.registerTool('mmscope_run', run),
    lm.registerTool('mmscope_evaluate', evaluate),
  );
}

function said(text: string): LanguageModelToolResult {
  const cut = text.length > MOST_CHARACTERS;
  const shown = cut
    ? `${text.slice(0, MOST_CHARACTERS)}\n(cut: ${counted(text.length, 'character')})`
    : text;
  return new LanguageModelToolResult([new LanguageModelTextPart(shown)]);
}
