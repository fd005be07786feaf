/**
 * A question in the debug console about a place, where(x) or walk(x), is followed by a link that shows the place in the window Memory.
 * VS Code makes links of web addresses there, and of nothing else.
 */
import { debug, l10n, type Disposable } from 'vscode';
import { MMSCOPE } from '../identity.js';
import { placeAnswered, type ConsoleMessage } from './placeAnswered.js';
import { webLink } from './memoryLink.js';

export function registerConsoleLinks(): Disposable {
  return debug.registerDebugAdapterTrackerFactory(MMSCOPE, {
    createDebugAdapterTracker() {
      /** Expressions of the console, by the number of their request. */
      const asked = new Map<number, string>();
      return {
        onWillReceiveMessage({ type, command, seq, arguments: args }: ConsoleMessage) {
          if (type === 'request' && command === 'evaluate' && args?.context === 'repl')
            asked.set(seq ?? 0, args.expression ?? '');
        },
        onDidSendMessage(message: ConsoleMessage) {
          const seq = message.request_seq ?? -1;
          const expression = asked.get(seq);
          if (expression === undefined) return;
          asked.delete(seq);
          const place = placeAnswered(expression, message);
          if (place === undefined) return;
          const line = l10n.t('In the window Memory: {0}', webLink(place));
          // The answer is sent when this returns: the link stands below it.
          setTimeout(() => debug.activeDebugConsole.appendLine(line));
        },
      };
    },
  });
}
