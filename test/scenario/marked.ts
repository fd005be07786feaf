/** Diagnostics as text, each as `line:column code: message [fix]`, with the source it points at. */
import type { Diagnostic } from '../../src/scenario/syntax/diagnostic.js';
import { LineMap } from '../../src/scenario/syntax/span.js';

export function diagnosticLines(text: string, diagnostics: readonly Diagnostic[]): string[] {
  const lines = new LineMap(text);
  return diagnostics.map(({ severity, code, message, span, fix }) => {
    const { line, column } = lines.position(span.start);
    const source = text.slice(span.start, span.end).replace(/\n/g, '⏎');
    const kind = severity === 'error' ? '' : `${severity} `;
    const mend = fix === undefined ? '' : ` [${fix.title}]`;
    return `${line}:${column} \`${source}\` ${kind}${code}: ${message}${mend}`;
  });
}
