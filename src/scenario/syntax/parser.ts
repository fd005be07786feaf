/**
 * What every function of the grammar takes first: the place in the tokens, the names that are types, and what to do when the
 * tokens are not what was hoped for.
 *
 * C cannot be parsed without knowing which names are types. The profile's typedefs are known from outside; the scenario's own,
 * and variables that hide a typedef, are noted here as their declarations are read, scope by scope.
 *
 * Invariant: parsing never throws and always ends. A missing token is reported once, where it should have stood, and
 * parsing goes on as if it had been there; `recover` skips to where a statement can begin again.
 */
import type { DiagnosticCode, Diagnostics, Fix } from './diagnostic.js';
import type { Sources } from './sources.js';
import { spanOf, type Span } from './span.js';
import { keywords, qualifiers, typeKeywords, type Token } from './token.js';

export type IsTypeName = (name: string) => boolean;

/** Blocks, parentheses and declarators inside each other. */
const MAX_DEPTH = 200;

export class Parser {
  at = 0;
  private depth = 0;
  /** Where the last finding was: the next one must be further on, or it only repeats the first. */
  private lastReportAt = -1;
  private readonly endToken: Token;
  /** Innermost last; true: a type, false: something else that hides an outer type of that name. */
  private readonly scopes: Map<string, boolean>[] = [new Map<string, boolean>()];

  constructor(
    private readonly sources: Sources,
    readonly tokens: readonly Token[],
    readonly diagnostics: Diagnostics,
    private readonly isKnownType: IsTypeName,
  ) {
    this.endToken = tokens[tokens.length - 1] ?? { kind: 'end', text: '', start: 0, end: 0 };
  }

  get token(): Token {
    return this.tokens[this.at] ?? this.endToken;
  }

  get previous(): Token {
    return this.tokens[this.at - 1] ?? this.token;
  }

  ahead(count: number): Token {
    return this.tokens[this.at + count] ?? this.endToken;
  }

  is(text: string): boolean {
    return this.token.text === text;
  }

  get atEnd(): boolean {
    return this.token.kind === 'end';
  }

  next(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.at++;
    return token;
  }

  accept(text: string): boolean {
    if (this.token.text !== text) return false;
    this.at++;
    return true;
  }

  /** Whether the token stands on a later line than the one before it. */
  get atLineBreak(): boolean {
    return this.sources.textAt(spanOf(this.previous.end, this.token.start)).includes('\n');
  }

  /** A name, not a keyword. */
  get atName(): boolean {
    return this.token.kind === 'identifier' && !keywords.has(this.token.text);
  }

  /** The span from `start` to the token before the cursor. */
  from(start: Token | Span): Span {
    const last = this.previous;
    return spanOf(Math.min(start.start, last.start), Math.max(start.end, last.end));
  }

  /** Takes `text`, or says that it is missing after what came before (`context`: "after the condition"). */
  expect(text: string, context: string): boolean {
    if (this.accept(text)) return true;
    const end = this.previous.end;
    const insertion: Fix = { title: `Insert '${text}'`, span: spanOf(end, end), replacement: text };
    const place = this.at === 0 ? this.token : spanOf(Math.max(this.previous.start, end - 1), end);
    this.report('expected', place, `expected '${text}' ${context}${this.found()}`, insertion);
    return false;
  }

  found(): string {
    const token = this.token;
    if (token.kind === 'end') return ', not the end of the text';
    return token.text.length > 24 ? '' : `, not '${token.text}'`;
  }

  /** Reports an error, unless one has been reported at this very token. */
  report(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    if (this.lastReportAt === this.at) return;
    this.lastReportAt = this.at;
    this.diagnostics.error(code, spanOf(span.start, span.end), message, fix);
  }

  /** Goes one level deeper, to be left with `ascend`. False beyond sense: reported, and skipped to the end of the text. */
  descend(): boolean {
    if (this.depth < MAX_DEPTH) {
      this.depth++;
      return true;
    }
    this.report('too-deep', this.token, `nested more than ${MAX_DEPTH} levels deep`);
    this.at = this.tokens.length - 1;
    this.lastReportAt = this.at;
    return false;
  }

  ascend(): void {
    this.depth--;
  }

  /** Skips to `;` (taken unless told), or to before a `}` or a word that begins a statement. Brackets are skipped as a whole. */
  recover(takeSemicolon = true): void {
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
  closing(open: number): number {
    let depth = 0;
    for (let i = open; i < this.tokens.length; i++) {
      const text = this.tokens[i]?.text;
      if (text === '(' || text === '[' || text === '{') depth++;
      else if ((text === ')' || text === ']' || text === '}') && --depth === 0) return i;
    }
    return this.tokens.length - 1;
  }

  // --- names that are types ---------------------------------------------------------------------------------------------

  inScope<T>(parse: () => T): T {
    this.scopes.push(new Map());
    const result = parse();
    this.scopes.pop();
    return result;
  }

  note(name: string, isType: boolean): void {
    this.scopes[this.scopes.length - 1]?.set(name, isType);
  }

  /** Whether the scenario has declared the name as something other than a type. */
  isDeclaredValue(name: string): boolean {
    return this.scopes.some((scope) => scope.get(name) === false);
  }

  private isType(name: string): boolean {
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const known = this.scopes[i]?.get(name);
      if (known !== undefined) return known;
    }
    return this.isKnownType(name);
  }

  /** Whether a type name begins at the token `offset` ahead. */
  startsTypeName(offset: number): boolean {
    const token = this.ahead(offset);
    if (token.kind !== 'identifier') return false;
    if (typeKeywords.has(token.text) || qualifiers.has(token.text)) return true;
    return !keywords.has(token.text) && this.isType(token.text);
  }
}

/** Words that can only begin a statement. */
const STARTS: ReadonlySet<string> = new Set([
  ...['if', 'else', 'for', 'while', 'do', 'switch', 'case', 'default', 'break', 'continue'],
  ...['return', 'goto', 'typedef', 'static'],
]);
