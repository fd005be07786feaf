/**
 * The parser's place in the tokens, and what it does when they are not what it hoped for.
 *
 * Invariant: parsing never throws and always ends. A missing token is reported once, where it should have stood, and
 * parsing goes on as if it had been there; `recover` skips to where a statement can begin again.
 */
import type { DiagnosticCode, Diagnostics, Fix } from './diagnostic.js';
import { spanOf, type Span } from './span.js';
import { keywords, type Token } from './token.js';

/** Blocks, parentheses and declarators inside each other. */
const MAX_DEPTH = 200;

export class Cursor {
  protected at = 0;
  private depth = 0;
  /** Where the last finding was: the next one must be further on, or it only repeats the first. */
  private lastReportAt = -1;
  private readonly endToken: Token;

  constructor(
    private readonly text: string,
    protected readonly tokens: readonly Token[],
    protected readonly diagnostics: Diagnostics,
  ) {
    this.endToken = tokens[tokens.length - 1] ?? { kind: 'end', text: '', start: 0, end: 0 };
  }

  protected get token(): Token {
    return this.tokens[this.at] ?? this.endToken;
  }

  protected get previous(): Token {
    return this.tokens[this.at - 1] ?? this.token;
  }

  protected ahead(count: number): Token {
    return this.tokens[this.at + count] ?? this.endToken;
  }

  protected is(text: string): boolean {
    return this.token.text === text;
  }

  protected get atEnd(): boolean {
    return this.token.kind === 'end';
  }

  protected next(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.at++;
    return token;
  }

  protected accept(text: string): boolean {
    if (this.token.text !== text) return false;
    this.at++;
    return true;
  }

  /** Whether the token stands on a later line than the one before it. */
  protected get atLineBreak(): boolean {
    return this.text.slice(this.previous.end, this.token.start).includes('\n');
  }

  /** A name that is no keyword. */
  protected get atName(): boolean {
    return this.token.kind === 'identifier' && !keywords.has(this.token.text);
  }

  /** The span from `start` to the token before the cursor. */
  protected from(start: Token | Span): Span {
    const last = this.previous;
    return spanOf(Math.min(start.start, last.start), Math.max(start.end, last.end));
  }

  /** Takes `text`, or says that it is missing after what came before (`context`: "after the condition"). */
  protected expect(text: string, context: string): boolean {
    if (this.accept(text)) return true;
    const end = this.previous.end;
    const insertion: Fix = { title: `Insert '${text}'`, span: spanOf(end, end), replacement: text };
    const place = this.at === 0 ? this.token : spanOf(Math.max(this.previous.start, end - 1), end);
    this.report('expected', place, `expected '${text}' ${context}${this.found()}`, insertion);
    return false;
  }

  protected found(): string {
    const token = this.token;
    if (token.kind === 'end') return ', not the end of the text';
    return token.text.length > 24 ? '' : `, not '${token.text}'`;
  }

  /** Reports an error, unless one has been reported at this very token. */
  protected report(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    if (this.lastReportAt === this.at) return;
    this.lastReportAt = this.at;
    this.diagnostics.error(code, spanOf(span.start, span.end), message, fix);
  }

  /** Goes one level deeper, to be left with `ascend`. False beyond sense: reported, and skipped to the end of the text. */
  protected descend(): boolean {
    if (this.depth < MAX_DEPTH) {
      this.depth++;
      return true;
    }
    this.report('too-deep', this.token, `nested more than ${MAX_DEPTH} levels deep`);
    this.at = this.tokens.length - 1;
    this.lastReportAt = this.at;
    return false;
  }

  protected ascend(): void {
    this.depth--;
  }

  /** Skips to `;` (taken unless told), or to before a `}` or a word that begins a statement. Brackets are skipped as a whole. */
  protected recover(takeSemicolon = true): void {
    let depth = 0;
    while (!this.atEnd) {
      const text = this.token.text;
      if (depth === 0 && (text === ';' || text === '}' || STARTS.has(text))) break;
      if (text === '(' || text === '[' || text === '{') depth++;
      else if ((text === ')' || text === ']' || text === '}') && depth > 0) depth--;
      this.at++;
      if (depth === 0 && text === '}') return;
    }
    if (takeSemicolon) this.accept(';');
  }

  /** Index of the bracket that closes the one at `open`; of the end if none does. */
  protected closing(open: number): number {
    let depth = 0;
    for (let i = open; i < this.tokens.length; i++) {
      const text = this.tokens[i]?.text;
      if (text === '(' || text === '[' || text === '{') depth++;
      else if ((text === ')' || text === ']' || text === '}') && --depth === 0) return i;
    }
    return this.tokens.length - 1;
  }
}

/** Words that can only begin a statement. */
const STARTS: ReadonlySet<string> = new Set([
  ...['if', 'else', 'for', 'while', 'do', 'switch', 'case', 'default', 'break', 'continue'],
  ...['return', 'goto', 'typedef', 'static'],
]);
