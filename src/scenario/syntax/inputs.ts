/**
 * Where the preprocessor's tokens come from: the files that are open, and in front of them what took the place of macros' uses.
 */
import { Diagnostics, type Diagnostic } from './diagnostic.js';
import { lex } from './lexer.js';
import type { SourceFile } from './sources.js';
import type { Span } from './span.js';
import type { Token } from './token.js';

/** An `#if` that is open. */
export interface Condition {
  readonly span: Span;
  /** One of its parts has held. */
  taken: boolean;
  hadElse: boolean;
}

/** A file that is being read. */
export interface FileInput {
  readonly source: SourceFile;
  readonly tokens: readonly Token[];
  at: number;
  readonly conditions: Condition[];
}

/** Tokens still to be read. */
interface Input {
  readonly tokens: readonly Token[];
  at: number;
}

export class Inputs {
  private stack: (Input | FileInput)[] = [];
  /** Findings of the lexer, which count only outside of what conditions leave out. */
  readonly lexed: Diagnostic[] = [];

  constructor(private readonly onClose: (file: FileInput) => void) {}

  open(source: SourceFile): void {
    const problems = new Diagnostics();
    const tokens = lex(source.text, problems, { start: source.start });
    tokens.pop();
    this.lexed.push(...problems.all());
    this.stack.push({ source, tokens, at: 0, conditions: [] });
  }

  /** Tokens that come before everything else. */
  push(tokens: readonly Token[]): void {
    if (tokens.length > 0) this.stack.push({ tokens, at: 0 });
  }

  next(): Token | undefined {
    for (;;) {
      const input = this.stack.at(-1);
      if (input === undefined) return undefined;
      const token = input.tokens[input.at++];
      if (token !== undefined) return token;
      this.stack.pop();
      if (isFile(input)) this.onClose(input);
    }
  }

  /** The text of the token that comes next, wherever it comes from. */
  peekText(): string | undefined {
    for (let i = this.stack.length - 1; i >= 0; i--) {
      const input = this.stack[i];
      let at = input?.at ?? 0;
      while (input?.tokens[at]?.kind === 'padding') at++;
      const token = input?.tokens[at];
      if (token !== undefined) return token.kind === 'string' ? '' : token.text;
    }
    return undefined;
  }

  /** The innermost file. */
  get file(): FileInput {
    const file = this.stack.findLast(isFile);
    if (file === undefined) throw new Error('no file is open');
    return file;
  }

  /** How many files are open. */
  get depth(): number {
    return this.stack.filter(isFile).length;
  }

  /** Runs `read` with these tokens alone. */
  apart<T>(tokens: readonly Token[], read: () => T): T {
    const { stack } = this;
    this.stack = [{ tokens, at: 0 }];
    const result = read();
    this.stack = stack;
    return result;
  }
}

const isFile = (input: Input | FileInput): input is FileInput => 'source' in input;
