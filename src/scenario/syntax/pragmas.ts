/**
 * `#pragma` lines: the scenario language's own, those that mean something to a preprocessor, and what to say of the others.
 */
import type { Diagnostic } from './diagnostic.js';
import { spanOf, type Span } from './span.js';
import { nearest } from './suggest.js';

/** A `#pragma mmscope` line: the text after those words, and where it is. */
export interface PragmaText {
  readonly text: string;
  readonly span: Span;
}

type Pragma =
  | { readonly kind: 'mmscope'; readonly text: PragmaText }
  | { readonly kind: 'push' | 'pop'; readonly name: string }
  | { readonly kind: 'once' }
  | { readonly kind: 'finding'; readonly finding: Diagnostic };

/** Pragmas that change nothing here: warnings of compilers, regions of editors. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['GCC', 'gcc', 'clang', 'STDC', 'message', 'region', 'endregion', 'mark', 'ident', 'omp'],
]);

/** @param rest what follows the word `pragma`; @param offset where that begins */
export function readPragma(rest: string, offset: number, span: Span): Pragma {
  const word = /^\w*/.exec(rest)?.[0] ?? '';
  if (word === 'mmscope') {
    const text = rest.slice(word.length);
    const from = text.length - text.trimStart().length;
    const trimmed = text.trim();
    const start = offset + word.length + from;
    return {
      kind: 'mmscope',
      text: { text: trimmed, span: spanOf(start, start + trimmed.length) },
    };
  }
  const named = /^(push|pop)_macro\s*\(\s*"([^"]*)"\s*\)/.exec(rest);
  if (named !== null) return { kind: named[1] === 'push' ? 'push' : 'pop', name: named[2] ?? '' };
  if (word === 'once') return { kind: 'once' };
  return { kind: 'finding', finding: findingAbout(word, offset, span) };
}

function findingAbout(word: string, offset: number, span: Span): Diagnostic {
  const wordSpan = spanOf(offset, offset + word.length);
  if (nearest(word, ['mmscope']) !== undefined)
    return {
      severity: 'warning',
      code: 'bad-pragma',
      span: wordSpan,
      message: `#pragma ${word} is passed over: write '#pragma mmscope' to choose the machine`,
      fix: { title: "Change to 'mmscope'", span: wordSpan, replacement: 'mmscope' },
    };
  if (word === 'pack')
    return {
      severity: 'error',
      code: 'unsupported',
      span,
      message: '#pragma pack is not supported: write __packed after the struct',
    };
  return {
    severity: HARMLESS.has(word) ? 'hint' : 'warning',
    code: 'bad-pragma',
    span,
    message: `#pragma ${word} is passed over: it means nothing in a scenario`,
  };
}
