/** A preprocessor line taken apart. */
import { spanOf, type Span } from './span.js';
import type { Token } from './token.js';

export interface Directive {
  readonly word: string;
  /** What follows the word, comments as spaces. */
  readonly rest: string;
  /** Where the rest begins. */
  readonly offset: number;
  readonly span: Span;
  readonly wordSpan: Span;
}

export function directiveOf(token: Token): Directive {
  const match = /^#\s*([A-Za-z_]*)\s*/.exec(token.text);
  const word = match?.[1] ?? '';
  const from = match?.[0].length ?? 1;
  const at = token.start + token.text.indexOf(word);
  return {
    word,
    rest: withoutComments(token.text.slice(from)),
    offset: token.start + from,
    span: spanOf(token.start, token.end),
    wordSpan: spanOf(at, at + word.length),
  };
}

/** Comments as spaces; what looks like one in a string stays. */
export const withoutComments = (text: string): string =>
  text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/.*$|\/\*[^]*?\*\//g, (piece) =>
    piece.startsWith('/') ? ' '.repeat(piece.length) : piece,
  );
