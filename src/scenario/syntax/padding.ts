/**
 * What stands between tokens that came out of macros, as gcc has it: it decides whether `#` puts a space there. At each use of a macro and
 * of a parameter the white space before that name counts, not the first token's own; behind it the next token's own counts again.
 *
 * Source: gcc libcpp/macro.c: padding_token(), stringify_arg().
 */
import type { Token } from './token.js';

const pad = (spaced?: boolean): Token => ({
  kind: 'padding',
  text: '',
  start: 0,
  end: 0,
  ...(spaced !== undefined && { spaced }),
});

const SPACED = pad(true);
const UNSPACED = pad(false);
/** Behind what took the place of a name. */
export const BEHIND = pad();

/** In front of what takes the place of a name. */
export const before = ({ spaced }: Token): Token => (spaced === true ? SPACED : UNSPACED);

export const isPadding = ({ kind }: Token): boolean => kind === 'padding';

/** Without what stands at its ends. */
export function trimmed(tokens: readonly Token[]): readonly Token[] {
  let [start, end] = [0, tokens.length];
  while (start < end && isPadding(tokens[start] as Token)) start++;
  while (end > start && isPadding(tokens[end - 1] as Token)) end--;
  return start === 0 && end === tokens.length ? tokens : tokens.slice(start, end);
}

/** `#x`: the spelling of an argument, white space between its tokens as one space. */
export function spelling(tokens: readonly Token[]): string {
  let text = '';
  let source: Token | undefined;
  for (const token of tokens) {
    if (isPadding(token)) {
      if (source === undefined || (source.spaced !== true && token === BEHIND))
        source = token === BEHIND ? undefined : token;
      continue;
    }
    if (text !== '' && (source ?? token).spaced === true) text += ' ';
    source = undefined;
    const quoted = token.kind === 'string' || token.kind === 'character';
    text += quoted ? token.text.replace(/["\\]/g, '\\$&') : token.text;
  }
  return text;
}
