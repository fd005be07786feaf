/** Hovers in a debug session evaluate the whole C designator under the pointer. */
import { EvaluatableExpression, languages, Range, type Disposable } from 'vscode';
import { addressAt } from '../address/addressAt.js';
import { MMSCOPE } from '../identity.js';
import { expressionAt } from './expressionAt.js';

export function registerExpressions(): Disposable {
  return languages.registerEvaluatableExpressionProvider(MMSCOPE, {
    provideEvaluatableExpression(document, position) {
      const { text } = document.lineAt(position.line);
      // Numbers and conversions have a hover of their own, which says more than their value.
      if (addressAt(text, position.character) !== undefined) return undefined;
      const found = expressionAt(text, position.character);
      if (found === undefined) return undefined;
      const range = new Range(position.line, found.start, position.line, found.end);
      return new EvaluatableExpression(range, found.text);
    },
  });
}
