/** Values of variables shown at the end of the lines above the one that a session is stopped at. */
import { InlineValueVariableLookup, languages, Range, type Disposable } from 'vscode';
import { MMSCOPE } from '../identity.js';
import { variablesIn } from './variablesIn.js';

export function registerInlineValues(): Disposable {
  return languages.registerInlineValuesProvider(MMSCOPE, {
    provideInlineValues(document, viewPort, context) {
      const last = Math.min(viewPort.end.line, context.stoppedLocation.end.line);
      const values: InlineValueVariableLookup[] = [];
      for (let line = viewPort.start.line; line <= last; line++)
        for (const { name, column } of variablesIn(document.lineAt(line).text))
          values.push(
            new InlineValueVariableLookup(
              new Range(line, column, line, column + name.length),
              name,
            ),
          );
      return values;
    },
  });
}
