/**
 * What a scenario declares, read from its text line by line, whether it parses or not: names with their types as C spells them, and
 * the outline. Pure.
 */

export interface Declared {
  readonly name: string;
  /** `struct page *`. */
  readonly type: string;
  /** From 0. */
  readonly line: number;
}

const TYPE =
  '(?:(?:const|static|volatile|unsigned|signed)\\s+)*(?:(?:struct|union|enum)\\s+\\w+|(?:unsigned|signed|long|short|int|char|bool|void|size_t|[a-z_]\\w*_t|u8|u16|u32|u64)(?:\\s+(?:long|int|short|char))*)';
const DECLARATION = new RegExp(
  `(?:^|[({;,])\\s*(${TYPE})\\s*((?:\\*\\s*)*)([A-Za-z_]\\w*)\\s*(\\[[^\\]]*\\])?\\s*(?=[=;,)])`,
  'g',
);
const MORE = /,\s*((?:\*\s*)*)([A-Za-z_]\w*)\s*(?=[=;,])/g;

/** Every declaration up to a line, the nearest last. */
export function declarationsIn(text: string, lastLine = Infinity): readonly Declared[] {
  const found: Declared[] = [];
  codeLines(text).forEach((code, line) => {
    if (line > lastLine) return;
    for (const match of code.matchAll(DECLARATION)) {
      const [whole, type = '', stars = '', name = '', array] = match;
      const base = type.replace(/\b(?:static|volatile|const)\s+/g, '').replaceAll(/\s+/g, ' ');
      const suffix = array === undefined ? '' : '*';
      found.push({ name, type: `${base} ${stars.replaceAll(' ', '')}${suffix}`.trim(), line });
      const rest = code.slice(match.index + whole.length);
      if (!/^\s*[=,]/.test(rest) || /^[({]/.test(whole)) continue;
      for (const [, moreStars = '', more = ''] of upToEnd(rest).matchAll(MORE))
        found.push({ name: more, type: `${base} ${moreStars}`.trim(), line });
    }
  });
  return found;
}

/** The part of a declaration's line that is at its own level: not what stands in parentheses. */
function upToEnd(rest: string): string {
  const flat = rest.replace(/\([^()]*\)|\{[^{}]*\}/g, '');
  const end = flat.indexOf(';');
  return end < 0 ? flat : flat.slice(0, end + 1);
}

export interface OutlineItem {
  readonly kind: 'function' | 'task' | 'struct' | 'variable' | 'machine';
  readonly name: string;
  readonly detail: string;
  readonly line: number;
  /** Inclusive. */
  readonly endLine: number;
}

const HEADS = [
  { kind: 'machine', pattern: /^#\s*pragma\s+mmscope\s+(\w+)\s*(.*)$/ },
  { kind: 'task', pattern: /^task\s+(\w+)\s*()\{/ },
  { kind: 'struct', pattern: /^(?:struct|union|enum)\s+(\w+)\s*()\{/ },
  { kind: 'function', pattern: /^[A-Za-z_][\w\s*]*?\b(\w+)\s*(\([^;]*\))\s*\{/ },
] as const;
const NOT_FUNCTIONS = /^(?:if|for|while|switch|do|else|return|cpu)$/;

/** The machine, functions, tasks, structs and variables of the file's own level, in order. */
export function outlineOf(text: string): readonly OutlineItem[] {
  const lines = codeLines(text);
  const depths = depthsOf(lines);
  const items: OutlineItem[] = [];
  const top = declarationsIn(text).filter(({ line }) => depths[line] === 0);
  lines.forEach((code, line) => {
    if (depths[line] !== 0 || /^\s*for\b/.test(code)) return;
    for (const { kind, pattern } of HEADS) {
      const [, name, detail = ''] = pattern.exec(code) ?? [];
      if (name === undefined || NOT_FUNCTIONS.test(name)) continue;
      const more = depths.slice(line + 1).findIndex((depth) => depth === 0);
      const endLine = code.includes('{') && !/\}\s*;?\s*$/.test(code) ? line + more : line;
      items.push({ kind, name, detail, line, endLine: Math.max(line, endLine) });
      return;
    }
    for (const { name, type } of top.filter((each) => each.line === line))
      items.push({ kind: 'variable', name, detail: type, line, endLine: line });
  });
  return items;
}

/** Braces that are open at the start of each line. */
function depthsOf(lines: readonly string[]): readonly number[] {
  let depth = 0;
  return lines.map((code) => {
    const before = depth;
    for (const character of code) depth += character === '{' ? 1 : character === '}' ? -1 : 0;
    return before;
  });
}

/** Comments, strings and macros' definitions overwritten by spaces, so that places stay. */
function codeLines(text: string): readonly string[] {
  const spaces = (match: string): string => match.replace(/[^\n]/g, ' ');
  return text
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/g, spaces)
    .replace(/^[ \t]*#\s*define(?:[^\n]*\\\n)*[^\n]*/gm, spaces)
    .split('\n');
}
