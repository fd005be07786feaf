/**
 * The names on a line of C that may be variables: not members, calls, tags, keywords or constants. The debugger shows a
 * value only for those that are in scope, so a wrong guess costs nothing.
 */

export interface NamePlace {
  readonly name: string;
  readonly column: number;
}

const NAME = /(->\s*|\.\s*|\b(?:struct|union|enum|task|goto)\s+)?\b([A-Za-z_]\w*)\b(\s*\()?/g;
const NEVER =
  /^(?:[A-Z_][A-Z0-9_]*|if|else|for|while|do|switch|case|default|break|continue|return|sizeof|struct|union|enum|typedef|const|static|void|bool|char|short|int|long|signed|unsigned|task|true|false)$/;

export function variablesIn(line: string): NamePlace[] {
  const code = blanked(line);
  const places = new Map<string, NamePlace>();
  for (const match of code.matchAll(NAME)) {
    const [whole, before, name = '', call] = match;
    if (before !== undefined || call !== undefined || NEVER.test(name) || places.has(name))
      continue;
    places.set(name, { name, column: match.index + whole.indexOf(name) });
  }
  return [...places.values()];
}

/** Strings, comments and directives overwritten by spaces, so that columns stay. */
function blanked(line: string): string {
  const spaces = (text: string): string => ' '.repeat(text.length);
  return line
    .replace(/^\s*#.*$/, spaces)
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\/.*$|\/\*.*?(?:\*\/|$)/g, spaces);
}
