/**
 * Findings as compilers print them, so that editors and people find the place:
 *
 *     first-steps.mms:7:22: error: unknown name 'alloc_pag', did you mean 'alloc_page'?
 *         7 | struct page *page = alloc_pag(GFP_KERNEL);
 *           |                     ^~~~~~~~~
 */
import { LineMap, type Diagnostic, type Span } from '../../scenario/index.js';

const SEVERITIES = { error: 'error', warning: 'warning', hint: 'note' } as const;
const NUMBER_WIDTH = 5;

export function diagnosticLines(
  name: string,
  text: string,
  findings: readonly Diagnostic[],
): string[] {
  const lines = new LineMap(text);
  return findings.flatMap(({ severity, message, span }) => [
    `${placeText(name, lines, span)}: ${SEVERITIES[severity]}: ${message}`,
    ...excerpt(text, lines, span),
  ]);
}

/** `name:line:column`, both from 1. */
export function placeText(name: string, lines: LineMap, span: Span): string {
  const { line, column } = lines.position(span.start);
  return `${name}:${line}:${column}`;
}

/** The line, and the place underlined as far as it goes in that line. */
function excerpt(text: string, lines: LineMap, span: Span): string[] {
  const { line, column } = lines.position(span.start);
  const start = span.start - column + 1;
  const source = /[^\r\n]*/.exec(text.slice(start))?.[0] ?? '';
  const length = Math.max(1, Math.min(span.end, start + source.length) - span.start);
  // Tabs stay tabs, so that the mark stands where the eye expects it.
  const margin = source.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [
    `${line.toString().padStart(NUMBER_WIDTH)} | ${source}`,
    `${' '.repeat(NUMBER_WIDTH)} | ${margin}^${'~'.repeat(length - 1)}`,
  ];
}
