/**
 * Which variables a line of C gives a value, and on which lines above a stop those values are still of the line's own last visit.
 *
 * A line counts when it has run for certain: its blocks are open at the stop, in the same function or task, and no `if` without
 * braces stands before it. A variable is shown where it was assigned last; if a line that may not have run assigns it after that,
 * nowhere. Pure.
 */

export interface NamePlace {
  readonly name: string;
  readonly column: number;
}

const ASSIGNED =
  /(->\s*|\.\s*)?\b([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)?(?:=(?!=)|(?:[-+*/%&|^]|<<|>>)=|\+\+|--)/g;
const CHANGED =
  /(?:\+\+|--)\s*([A-Za-z_]\w*)\b(?!\s*(?:->|\.|\[))|[(,]\s*&\s*([A-Za-z_]\w*)\s*[,)]/g;

/** Variables that a line assigns, in order; not members, and not what a call may do through a pointer that it has already. */
export function assignedIn(line: string): NamePlace[] {
  const code = blanked(line);
  const places = new Map<string, NamePlace>();
  const add = (name: string, column: number): void => {
    if (name !== '' && !places.has(name)) places.set(name, { name, column });
  };
  for (const match of code.matchAll(ASSIGNED)) {
    const [whole, accessor, name = ''] = match;
    if (accessor === undefined) add(name, match.index + whole.indexOf(name));
  }
  for (const match of code.matchAll(CHANGED)) {
    const name = match[1] ?? match[2] ?? '';
    add(name, match.index + match[0].lastIndexOf(name));
  }
  return [...places.values()].sort((a, b) => a.column - b.column);
}

export interface ValuePlace extends NamePlace {
  /** From 0. */
  readonly line: number;
}

/** The first line of a function or a task; of the kernel's functions, the brace under it. */
const BODY =
  /^\{|^(?!\s*(?:if|else|for|while|do|switch|cpu)\b)[A-Za-z_][\w\s*]*(?:\([^;]*\))?\s*\{/;

/** @param stop the line that is about to run, from 0 */
export function valuesUpTo(lines: readonly string[], stop: number): readonly ValuePlace[] {
  const code = lines.slice(0, stop + 1).map(blanked);
  const open = openBlocks(code);
  const here = open[stop] ?? [];
  const bodyOf = (blocks: readonly number[]): number | undefined =>
    blocks.find((line) => BODY.test(code[line] ?? ''));
  const shown = new Map<string, ValuePlace | undefined>();
  code.slice(0, stop).forEach((text, line) => {
    const blocks = open[line] ?? [];
    const isHead = bodyOf(here) === line;
    // Lines of another function or task are of another time.
    if (bodyOf(blocks) !== bodyOf(here) && !isHead) return;
    const isOver = /^\s*for\b/.test(text) && !here.includes(line);
    const hasRun = !isOver && blocks.every((block, depth) => here[depth] === block);
    for (const { name, column } of assignedIn(text))
      shown.set(name, hasRun && !isControlled(code, line) ? { name, column, line } : undefined);
  });
  return [...shown.values()].filter((place) => place !== undefined);
}

/** For each line, the lines on which the blocks begin that are open at its start. */
function openBlocks(code: readonly string[]): readonly (readonly number[])[] {
  let open: readonly number[] = [];
  return code.map((text, line) => {
    const before = open;
    for (const character of text) {
      if (character === '{') open = [...open, line];
      if (character === '}') open = open.slice(0, -1);
    }
    return before;
  });
}

/** Whether a line is the one statement of an `if`, `else` or loop before it. */
function isControlled(code: readonly string[], line: number): boolean {
  const before = code.slice(0, line).findLast((text) => text.trim() !== '') ?? '';
  return /^\s*(?:\}\s*)?(?:if|else|for|while)\b/.test(before) && !/[;{}]\s*$/.test(before);
}

/** Strings, comments and directives overwritten by spaces, so that columns stay. */
function blanked(line: string): string {
  const spaces = (text: string): string => ' '.repeat(text.length);
  return line
    .replace(/^\s*#.*$/, spaces)
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\/.*$|\/\*.*?(?:\*\/|$)/g, spaces);
}

const LONGEST = 36;

/** A value for the end of a line: its beginning, cut between words. */
export function shortValue(value: string): string {
  if (value.length <= LONGEST) return value;
  const cut = value.slice(0, LONGEST);
  const end = cut.lastIndexOf(' ');
  return `${cut.slice(0, end > LONGEST / 2 ? end : LONGEST).replace(/[,;:]$/, '')}…`;
}
