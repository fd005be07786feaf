/**
 * Which C expression a hover means: the whole designator up to the word under the pointer, with the subscripts that
 * follow it. In `zone->free_area[3].nr_free`, hovering `free_area` or `[3]` means `zone->free_area[3]`.
 *
 * A call is never part of it: evaluating a hover must not run the kernel.
 */

export interface ExpressionSpan {
  /** UTF-16 columns in the line, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const WORD = /[A-Za-z_]\w*|0[xX][0-9a-fA-F]+|\d+/g;
const KEYWORDS = new Set(
  (
    'if else for while do switch case default break continue return goto sizeof typeof struct union enum typedef ' +
    'const volatile static extern void bool char short int long signed unsigned task'
  ).split(' '),
);

export function expressionAt(line: string, column: number): ExpressionSpan | undefined {
  if (inCommentOrString(line, column)) return undefined;
  const word = wordAt(line, column);
  if (word === undefined || KEYWORDS.has(word.text)) return undefined;
  if (/^\d/.test(word.text)) return word;
  const end = afterSubscripts(line, word.end);
  if (line.slice(end).trimStart().startsWith('(')) return undefined;
  const start = startOfDesignator(line, word.start);
  return start === undefined ? undefined : { start, end, text: line.slice(start, end) };
}

/** The word under the column; on a subscript's brackets or its plain number, the word that is subscripted. */
function wordAt(line: string, column: number): ExpressionSpan | undefined {
  const words = [...line.matchAll(WORD)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: match[0],
  }));
  const under = words.find(({ start, end }) => column >= start && column < end);
  if (under !== undefined && !/^\d{1,2}$/.test(under.text)) return under;
  return words
    .filter(({ text }) => !/^\d/.test(text))
    .findLast(({ end }) => column >= end && column < afterSubscripts(line, end));
}

/** Where the subscripts that start at `at` end; `at` itself when there are none. */
function afterSubscripts(line: string, at: number): number {
  let end = at;
  while (line[end] === '[') {
    const close = matching(line, end, 1);
    if (close === undefined) return end;
    end = close + 1;
  }
  return end;
}

/** Goes left over `->`, `.`, subscripts and parentheses; undefined when a call stands there. */
function startOfDesignator(line: string, at: number): number | undefined {
  let start = at;
  for (;;) {
    const accessor = /(->|\.)\s*$/.exec(line.slice(0, start));
    if (accessor === null) return start;
    const operand = startOfOperand(line, accessor.index);
    if (operand === undefined) return undefined;
    start = operand;
  }
}

function startOfOperand(line: string, end: number): number | undefined {
  let at = end - 1;
  while (line[at] === ' ') at--;
  while (line[at] === ']') {
    const open = matching(line, at, -1);
    if (open === undefined) return undefined;
    at = open - 1;
  }
  if (line[at] === ')') {
    const open = matching(line, at, -1);
    const isCall = open === undefined || /\w\s*$/.test(line.slice(0, open));
    return isCall ? undefined : open;
  }
  const name = /[A-Za-z_]\w*$/.exec(line.slice(0, at + 1));
  return name?.index;
}

/** The bracket that pairs with the one at `at`. */
function matching(line: string, at: number, step: 1 | -1): number | undefined {
  const opens = step === 1 ? '([' : ')]';
  const closes = step === 1 ? ')]' : '([';
  let depth = 0;
  for (let i = at; i >= 0 && i < line.length; i += step) {
    const character = line[i] ?? '';
    if (opens.includes(character)) depth++;
    else if (closes.includes(character) && --depth === 0) return i;
  }
  return undefined;
}

function inCommentOrString(line: string, column: number): boolean {
  const before = line.slice(0, column);
  const withoutStrings = before.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
  return (
    /\/\/|\/\*(?!.*\*\/)|^\s*\*\s/.test(withoutStrings) ||
    /["'][^"']*$/.test(withoutStrings.replaceAll('""', ''))
  );
}
