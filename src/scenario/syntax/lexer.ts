/**
 * Text to tokens. Every character of the text belongs to a token, to white space, or to a diagnostic.
 *
 * A backslash at the end of a line joins lines before anything else, as C demands: texts that have one are spliced first and
 * offsets are led back to the source afterwards; other texts (nearly all) pay nothing for it.
 * Source: ISO C11 5.1.1.2 and 6.4.
 */
import type { Diagnostics } from './diagnostic.js';
import { spanOf } from './span.js';
import { DIGRAPHS, punctuatorsByFirst, type Token, type TokenKind } from './token.js';

export interface LexOptions {
  /** The offset of the text's first character. */
  readonly start?: number;
  /** A piece of a line: a `#` in it begins no directive. */
  readonly piece?: boolean;
}

/** All tokens of `text`, the last of kind `end`. */
export function lex(text: string, diagnostics: Diagnostics, options: LexOptions = {}): Token[] {
  const { start: base = 0, piece = false } = options;
  const splices = findSplices(text);
  if (splices.length === 0)
    return new Lexer(text, diagnostics, (offset) => base + offset, piece).run();
  let spliced = '';
  let from = 0;
  const joins: { readonly at: number; readonly removed: number }[] = [];
  let removed = 0;
  for (const { start, end } of splices) {
    spliced += text.slice(from, start);
    removed += end - start;
    joins.push({ at: spliced.length, removed });
    from = end;
  }
  spliced += text.slice(from);
  const toSource = (offset: number): number => {
    let low = 0;
    let high = joins.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((joins[middle]?.at ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return base + offset + (joins[low - 1]?.removed ?? 0);
  };
  return new Lexer(spliced, diagnostics, toSource, piece).run();
}

function findSplices(text: string): { start: number; end: number }[] {
  if (!text.includes('\\')) return [];
  return [...text.matchAll(/\\\r?\n/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const HASH = 35;
const BACKSLASH = 92;

class Lexer {
  private at = 0;
  private readonly tokens: Token[] = [];
  private atLineStart: boolean;
  private spaced = false;

  constructor(
    private readonly text: string,
    private readonly diagnostics: Diagnostics,
    private readonly toSource: (offset: number) => number,
    private readonly piece: boolean,
  ) {
    this.atLineStart = !piece;
  }

  run(): Token[] {
    for (;;) {
      const before = this.at;
      if (!this.skipSpace()) break;
      this.spaced = this.at > before;
      this.scan();
    }
    this.push('end', this.text.length, this.text.length);
    return this.tokens;
  }

  private scan(): void {
    const code = this.text.charCodeAt(this.at);
    if (isLetter(code)) this.scanIdentifier();
    else if (isDigit(code)) this.scanNumber();
    else if (code === HASH && this.atLineStart) this.scanDirective();
    else if (code === 34 || code === 39) this.scanQuoted(code);
    else this.scanPunctuator();
    this.atLineStart = false;
  }

  private scanIdentifier(): void {
    const start = this.at;
    while (isLetter(this.text.charCodeAt(this.at)) || isDigit(this.text.charCodeAt(this.at)))
      this.at++;
    const after = this.text.charCodeAt(this.at);
    // `L'a'`, `u8"text"`: the prefix is part of the literal.
    if ((after === 34 || after === 39) && /^(?:L|u|U|u8)$/.test(this.text.slice(start, this.at)))
      this.scanQuoted(after, start);
    else this.push('identifier', start, this.at);
  }

  /** A preprocessing number: what is wrong with it is said where its value is needed. */
  private scanNumber(): void {
    const start = this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      const afterExponent =
        (code === 43 || code === 45) && /^[0-9.]+[eE]$/.test(this.text.slice(start, this.at));
      if (!isLetter(code) && !isDigit(code) && code !== 46 && !afterExponent) break;
      this.at++;
    }
    this.push('number', start, this.at);
  }

  private scanQuoted(quote: number, start = this.at): void {
    this.at++;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (Number.isNaN(code) || code === NEWLINE) {
        const what = quote === 34 ? 'string' : 'character';
        const mark = quote === 34 ? '"' : "'";
        const end = this.toSource(this.at);
        this.diagnostics.error(
          'unterminated',
          spanOf(this.toSource(start), end),
          `this ${what} has no closing ${mark} on its line`,
          { title: `Insert ${mark}`, span: spanOf(end, end), replacement: mark },
        );
        break;
      }
      this.at++;
      if (code === quote) break;
      if (code === BACKSLASH && this.text.charCodeAt(this.at) !== NEWLINE) this.at++;
    }
    this.push(quote === 34 ? 'string' : 'character', start, Math.min(this.at, this.text.length));
  }

  private scanPunctuator(): void {
    const first = this.text[this.at] ?? '';
    const digraph = '<:%'.includes(first)
      ? DIGRAPHS[this.text.slice(this.at, this.at + 2)]
      : undefined;
    if (digraph !== undefined) {
      this.at += 2;
      this.punctuator(digraph, this.at - 2);
      return;
    }
    for (const candidate of punctuatorsByFirst.get(first) ?? []) {
      if (!this.text.startsWith(candidate, this.at)) continue;
      const start = this.at;
      this.at += candidate.length;
      this.punctuator(candidate, start);
      return;
    }
    const character = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    this.at += character.length;
    this.push('stray', this.at - character.length, this.at);
  }

  private punctuator(text: string, start: number): void {
    this.tokens.push({
      kind: 'punctuator',
      text,
      start: this.toSource(start),
      end: this.toSource(this.at - 1) + 1,
      spaced: this.spaced,
    });
  }

  /** From `#` to the end of the line, or of the line where a block comment that begins in it ends. */
  private scanDirective(): void {
    const start = this.at;
    const line = /(?:\/\*[^]*?\*\/|[^\n])*/y;
    line.lastIndex = start;
    this.at = start + (line.exec(this.text)?.[0].length ?? 1);
    this.push('directive', start, this.at);
  }

  /** Skips white space and comments; false at the end of the text. */
  private skipSpace(): boolean {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (Number.isNaN(code)) return false;
      if (code === NEWLINE) this.atLineStart = !this.piece;
      else if (code === 47 && this.text.charCodeAt(this.at + 1) === 47) {
        const end = this.text.indexOf('\n', this.at);
        this.at = end < 0 ? this.text.length : end;
        continue;
      } else if (code === 47 && this.text.charCodeAt(this.at + 1) === 42) {
        this.skipBlockComment();
        continue;
      } else if (code !== SPACE && (code < TAB || code > 13) && code !== 0xa0 && code !== 0xfeff) {
        return true;
      }
      this.at++;
    }
  }

  private skipBlockComment(): void {
    const end = this.text.indexOf('*/', this.at + 2);
    if (end < 0) {
      const start = this.toSource(this.at);
      this.diagnostics.error(
        'unterminated',
        spanOf(start, start + 2),
        'this comment has no closing */',
      );
    }
    this.at = end < 0 ? this.text.length : end + 2;
  }

  private push(kind: TokenKind, start: number, end: number): void {
    this.tokens.push({
      kind,
      text: this.text.slice(start, end),
      start: this.toSource(start),
      end: end > start ? this.toSource(end - 1) + 1 : this.toSource(end),
      spaced: this.spaced,
    });
  }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36;
