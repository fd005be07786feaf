/**
 * Conditions: which parts of a text are read, and which are left out.
 *
 * Invariant: what is left out leaves no token and no finding.
 * Source: ISO C11 6.10.1.
 */
import { readCondition } from './condition.js';
import type { Diagnostics } from './diagnostic.js';
import { directiveOf, type Directive } from './directive.js';
import type { Expander } from './expander.js';
import type { Condition, FileInput, Inputs } from './inputs.js';
import { lex } from './lexer.js';
import { spanOf, type Span } from './span.js';
import type { SpecialMacros } from './specialMacros.js';
import type { Token } from './token.js';

/** Directives that stand between the parts of a condition. */
const PARTS: ReadonlySet<string> = new Set(['elif', 'elifdef', 'elifndef', 'else', 'endif']);
const OPENS: ReadonlySet<string> = new Set(['if', 'ifdef', 'ifndef']);

export class Conditionals {
  private readonly leftOut: Span[] = [];

  constructor(
    private readonly inputs: Inputs,
    private readonly expander: Expander,
    private readonly special: SpecialMacros,
    private readonly diagnostics: Diagnostics,
  ) {}

  /** Whether a place was left out. */
  isLeftOut({ start, end }: Span): boolean {
    return this.leftOut.some((span) => start >= span.start && end <= span.end);
  }

  private error(span: Span, message: string): void {
    this.diagnostics.error('bad-directive', span, message);
  }

  /** A file ends: what is open in it stays so. */
  close({ conditions }: FileInput): void {
    for (const { span } of conditions) this.error(span, 'this condition has no #endif');
  }

  end({ span }: Directive): void {
    if (this.inputs.file.conditions.pop() === undefined) this.error(span, '#endif without #if');
  }

  /** `#if`, `#ifdef`, `#ifndef` */
  begin(directive: Directive): void {
    const taken = this.holds(directive);
    this.inputs.file.conditions.push({ span: directive.span, taken, hadElse: false });
    if (!taken) this.skip(directive.span.end);
  }

  /** The part that was read ends: no other one of the same condition is. */
  endPart({ word, span }: Directive): void {
    const condition = this.inputs.file.conditions.at(-1);
    if (condition === undefined) {
      this.error(span, `#${word} without #if`);
      return;
    }
    if (condition.hadElse) this.error(span, `#${word} after #else`);
    if (word === 'else') condition.hadElse = true;
    this.skip(span.end);
  }

  /** Leaves out what follows, up to the part that holds or the end of the condition. */
  private skip(from: number): void {
    const input = this.inputs.file;
    const { conditions, source } = input;
    const condition = conditions.at(-1) as Condition;
    let depth = 0;
    for (; input.at < input.tokens.length; input.at++) {
      const token = input.tokens[input.at] as Token;
      if (token.kind !== 'directive') continue;
      const directive = directiveOf(token);
      if (OPENS.has(directive.word)) depth++;
      if (!PARTS.has(directive.word)) continue;
      if (depth > 0) {
        if (directive.word === 'endif') depth--;
        continue;
      }
      if (this.endsSkipping(directive, condition)) {
        input.at++;
        this.leftOut.push(spanOf(from, token.start));
        return;
      }
    }
    this.leftOut.push(spanOf(from, source.start + source.text.length));
  }

  private endsSkipping(directive: Directive, condition: Condition): boolean {
    if (directive.word === 'endif') {
      this.inputs.file.conditions.pop();
      return true;
    }
    if (condition.hadElse) this.error(directive.span, `#${directive.word} after #else`);
    if (directive.word === 'else') condition.hadElse = true;
    if (condition.taken) return false;
    const holds = directive.word === 'else' || this.holds(directive);
    condition.taken = holds;
    return holds;
  }

  private holds({ word, rest, offset, span }: Directive): boolean {
    if (word.endsWith('def')) {
      const name = /^[A-Za-z_$][\w$]*/.exec(rest)?.[0];
      if (name === undefined) {
        this.error(span, `#${word} needs the name of a macro`);
        return false;
      }
      return this.special.isDefined(name) !== word.endsWith('ndef');
    }
    const tokens = lex(rest, this.diagnostics, { start: offset, piece: true });
    tokens.pop();
    const defined = this.withoutDefined(tokens);
    const result = readCondition(this.expander.expandList(defined, true), span);
    if (typeof result === 'boolean') return result;
    this.error(spanOf(result.span.start, result.span.end), result.message);
    return false;
  }

  /** `defined NAME` and `defined(NAME)` as 0 or 1. */
  private withoutDefined(tokens: readonly Token[]): Token[] {
    const result: Token[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i] as Token;
      const parenthesised = tokens[i + 1]?.text === '(';
      const name = tokens[i + (parenthesised ? 2 : 1)];
      if (token.text !== 'defined' || name?.kind !== 'identifier') result.push(token);
      else {
        result.push({
          ...token,
          kind: 'number',
          text: this.special.isDefined(name.text) ? '1' : '0',
        });
        i += parenthesised ? 3 : 1;
      }
    }
    return result;
  }
}
