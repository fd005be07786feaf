/**
 * Findings as compilers print them, so that editors and people find the place:
 *
 *     first-steps.mms:7:22: error: unknown name 'alloc_pag', did you mean 'alloc_page'?
 *         7 | struct page *page = alloc_pag(GFP_KERNEL);
 *           |                     ^~~~~~~~~
 */
import { counted } from '../../engine/view/counted.js';
import type { Diagnostic, Sources, Span } from '../../scenario/index.js';

const SEVERITIES = { error: 'error', warning: 'warning', hint: 'note' } as const;
const NUMBER_WIDTH = 5;
/** Who has so many errors mends the first ones and asks again. */
const MAX_ERRORS = 50;

export function diagnosticLines(
  name: string,
  sources: Sources,
  findings: readonly Diagnostic[],
): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const tooMany = new Set(errors.slice(MAX_ERRORS));
  const lines = findings
    .filter((finding) => !tooMany.has(finding) && !isSaidAgain(finding, findings))
    .flatMap(({ severity, message, span }) => [
      `${placeText(name, sources, span)}: ${SEVERITIES[severity]}: ${message}`,
      ...excerpt(sources, span),
    ]);
  if (tooMany.size > 0) lines.push(`${name}: ${counted(tooMany.size, 'more error')}`);
  return lines;
}

/** A module includes ten headers: that none of them is needed is said of the first. */
const isSaidAgain = (finding: Diagnostic, findings: readonly Diagnostic[]): boolean =>
  finding.severity === 'hint' &&
  findings.find(({ message }) => message === finding.message) !== finding;

/** `name:line:column`, both from 1; the name is that of the included file where it lies in one. */
export function placeText(name: string, sources: Sources, span: Span): string {
  const { line, column, file } = sources.position(span.start);
  return `${file.path ?? name}:${line}:${column}`;
}

/** The line, and the place underlined as far as it goes in that line. */
function excerpt(sources: Sources, span: Span): string[] {
  const { line, column, file } = sources.position(span.start);
  const source = file.lines.lineText(line);
  const startOfLine = span.start - column + 1;
  const length = Math.max(1, Math.min(span.end, startOfLine + source.length) - span.start);
  // Tabs stay tabs, so that the mark stands where the eye expects it.
  const margin = source.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [
    `${line.toString().padStart(NUMBER_WIDTH)} | ${source}`,
    `${' '.repeat(NUMBER_WIDTH)} | ${margin}^${'~'.repeat(length - 1)}`,
  ];
}
