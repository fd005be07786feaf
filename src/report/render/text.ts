/** Findings as text for a terminal: the answer first, then what it rests on. */
import type { Finding, Item } from '../finding.js';

const WIDTH = 100;

export function textLines(findings: readonly Finding[]): string[] {
  const many = findings.length > 1;
  return findings.flatMap((finding, at) => [
    ...(at > 0 ? [''] : []),
    ...wrapped(`${many ? `${at + 1}. ` : ''}${finding.headline}`, '', many ? '   ' : ''),
    `   (${placeText(finding)})`,
    ...finding.sections.flatMap(({ title, items }) => ['', title, ...items.flatMap(itemLines)]),
    ...(finding.assumed.length > 0
      ? ['', 'Assumed', ...finding.assumed.flatMap((item) => itemLines(item))]
      : []),
  ]);
}

export function placeText({ place }: Finding): string {
  const { input, firstLine, lastLine } = place;
  return firstLine === lastLine
    ? `${input}, line ${firstLine}`
    : `${input}, lines ${firstLine} to ${lastLine}`;
}

function itemLines(item: Item): string[] {
  if (typeof item === 'string') return wrapped(item, '  - ', '    ');
  return ['', ...columns(item).map((line) => `    ${line}`), ''];
}

/** The first column to the left, the others to the right, except for words. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  const isText = widths.map((_, at) =>
    rows.slice(1).some((row) => /[a-z]{3}/i.test(row[at] ?? '')),
  );
  return rows.map((row) =>
    row
      .map((cell, at) =>
        at === 0 || isText[at] === true
          ? cell.padEnd(widths[at] ?? 0)
          : cell.padStart(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function wrapped(text: string, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest + word;
      continue;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  lines.push(line);
  return lines;
}
