/**
 * Values at the ends of lines, while a session stands in a scenario: what each line that has run assigned (variablesIn.ts says which).
 * Short; the variables view has them whole.
 */
import { debug, InlineValueText, languages, Range, type Disposable } from 'vscode';
import { MMSCOPE } from '../identity.js';
import { shortValue, valuesUpTo, type ValuePlace } from './variablesIn.js';

/** More than a screen has. */
const MOST = 60;

export function registerInlineValues(): Disposable {
  return languages.registerInlineValuesProvider(MMSCOPE, {
    async provideInlineValues(document, viewPort, { frameId, stoppedLocation }) {
      const session = debug.activeDebugSession;
      if (session?.type !== MMSCOPE) return [];
      const lines = document.getText().split(/\r?\n/);
      const places = valuesUpTo(lines, stoppedLocation.start.line)
        .filter(({ line }) => line >= viewPort.start.line && line <= viewPort.end.line)
        .slice(0, MOST);
      const shown = async ({ name, line, column }: ValuePlace) => {
        try {
          const args = { expression: name, frameId, context: 'watch' };
          const { result } = (await session.customRequest('evaluate', args)) as { result: string };
          const range = new Range(line, column, line, column + name.length);
          return [new InlineValueText(range, `${name} = ${shortValue(result)}`)];
        } catch {
          return []; // Out of scope here.
        }
      };
      return (await Promise.all(places.map(shown))).flat();
    },
  });
}
