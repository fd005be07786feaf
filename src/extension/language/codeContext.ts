/**
 * What stands left of the cursor in a scenario, as far as a line's own text tells: a pragma, a member access, a name, a call's
 * argument. Pure, and content with text that does not parse: it is being typed.
 */

export type CodeContext =
  /** After `#pragma mmscope machine`: keys, or the values of one. */
  | { readonly kind: 'pragma'; readonly words: readonly string[]; readonly prefix: string }
  /** After `page->` or `zone->free_area[2].`. */
  | { readonly kind: 'member'; readonly object: string; readonly prefix: string }
  | { readonly kind: 'name'; readonly prefix: string }
  /** In a comment or a string. */
  | { readonly kind: 'prose' };

const OBJECT = /((?:[A-Za-z_]\w*)(?:(?:->|\.)[A-Za-z_]\w*|\[[^\][]*\])*)\s*(?:->|\.)\s*(\w*)$/;

/** @param line the text of the line up to the cursor */
export function contextAt(line: string): CodeContext {
  const pragma = /^\s*#\s*pragma\s+mmscope\s+(.*)$/.exec(line)?.[1];
  if (pragma !== undefined) {
    const words = pragma.split(/\s+/);
    return { kind: 'pragma', words: words.slice(0, -1), prefix: words.at(-1) ?? '' };
  }
  const code = line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\*.*?\*\//g, '""');
  if (/\/\/|\/\*|["'][^"']*$|^\s*\*\s/.test(code.replaceAll('""', ''))) return { kind: 'prose' };
  const [, object, member = ''] = OBJECT.exec(code) ?? [];
  if (object !== undefined) return { kind: 'member', object, prefix: member };
  return { kind: 'name', prefix: /[A-Za-z_]\w*$/.exec(code)?.[0] ?? '' };
}

export interface OpenCall {
  readonly name: string;
  /** From 0. */
  readonly argument: number;
}

/** The innermost call whose parenthesis is open at the end of a text. */
export function openCall(before: string): OpenCall | undefined {
  const code = before.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*/g, ' ');
  let depth = 0;
  let argument = 0;
  for (let at = code.length - 1; at >= 0; at--) {
    const character = code[at] ?? '';
    if (character === ';' || character === '{' || character === '}') return undefined;
    if (')]'.includes(character)) depth++;
    else if ('(['.includes(character) && depth > 0) depth--;
    else if (character === ',' && depth === 0) argument++;
    else if (character === '(') {
      const name = /([A-Za-z_]\w*)\s*$/.exec(code.slice(0, at))?.[1];
      return name === undefined ? undefined : { name, argument };
    }
  }
  return undefined;
}

/** Where each parameter stands in a prototype or a macro's head, as offsets into it. */
export function parametersOf(signature: string): readonly (readonly [number, number])[] {
  const open = signature.indexOf('(');
  const close = signature.lastIndexOf(')');
  if (open < 0 || close < open || /^\s*(void)?\s*$/.test(signature.slice(open + 1, close)))
    return [];
  const places: [number, number][] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open + 1; at <= close; at++) {
    const character = signature[at] ?? '';
    if ('(['.includes(character)) depth++;
    if ((character === ',' && depth === 0) || at === close) {
      places.push([start + (/^\s*/.exec(signature.slice(start, at))?.[0].length ?? 0), at]);
      start = at + 1;
    } else if (')]'.includes(character)) depth--;
  }
  return places;
}
