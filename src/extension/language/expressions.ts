/** Hovers in a debug session evaluate the whole C designator under the pointer. */
import { EvaluatableExpression, languages, Range, type Disposable } from 'vscode';
import { MMSCOPE } from '../identity.js';
import { expressionAt } from './expressionAt.js';

export function registerExpressions(): Disposable {
  return languages.registerEvaluatableExpressionProvider(MMSCOPE, {
    provideEvaluatableExpression(document, position) {
      const found = expressionAt(document.lineAt(position.line).text, position.character);
      if (found === undefined) return undefined;
      const range = new Range(position.line, found.start, position.line, found.end);
      return new EvaluatableExpression(range, found.text);
    },
  });
}
