/**
 * Expressions: recursive descent for what is prefixed, Pratt's loop with binding powers for the rest.
 *
 * Source: ISO C11 6.5; gcc's `a ?: b`, and types as arguments (`container_of(p, struct page, lru)`).
 */
import type {
  BinaryOperator,
  CompoundOperator,
  Expr,
  InitializerList,
  PrefixOperator,
  TypeSyntax,
} from './ast.js';
import { Cursor } from './cursor.js';
import { readInteger, readQuoted } from './literals.js';
import { cover, spanOf } from './span.js';
import { keywords, type Token } from './token.js';

const COMMA = 1;
const ASSIGNMENT = 2;
const CONDITIONAL = 3;
const PREFIX = 14;

/** Binding powers of the operators between two operands; higher binds tighter, all of these associate to the left. */
export const binaryPowers: ReadonlyMap<string, number> = new Map([
  ['||', 4],
  ['&&', 5],
  ['|', 6],
  ['^', 7],
  ['&', 8],
  ['==', 9],
  ['!=', 9],
  ['<', 10],
  ['<=', 10],
  ['>', 10],
  ['>=', 10],
  ['<<', 11],
  ['>>', 11],
  ['+', 12],
  ['-', 12],
  ['*', 13],
  ['/', 13],
  ['%', 13],
]);

const ASSIGNMENTS: ReadonlySet<string> = new Set([
  '=',
  '*=',
  '/=',
  '%=',
  '+=',
  '-=',
  '<<=',
  '>>=',
  '&=',
  '^=',
  '|=',
]);
const PREFIXES: ReadonlySet<string> = new Set(['+', '-', '!', '~', '*', '&']);
/** Operators in one chain: trees deeper than this have no honest use and would exhaust the stack of who walks them. */
const MAX_CHAIN = 1000;

export abstract class ExpressionParser extends Cursor {
  /** Whether a type name begins at the token `offset` ahead. */
  protected abstract startsTypeName(offset: number): boolean;
  protected abstract typeName(): TypeSyntax;
  protected abstract initializerList(): InitializerList;

  protected expression(): Expr {
    return this.operators(COMMA);
  }

  /** An expression that a comma ends. */
  protected assignmentExpression(): Expr {
    return this.operators(ASSIGNMENT);
  }

  protected conditionalExpression(): Expr {
    return this.operators(CONDITIONAL);
  }

  private operators(least: number): Expr {
    if (!this.descend()) return this.missing();
    const result = this.operatorsHere(least);
    this.ascend();
    return result;
  }

  private operatorsHere(least: number): Expr {
    let left = this.unary();
    for (let chain = 0; ; chain++) {
      if (chain === MAX_CHAIN) {
        this.report('too-deep', this.token, `more than ${MAX_CHAIN} operators in a row`);
        this.recover(false);
        return left;
      }
      const { text } = this.token;
      const power = binaryPowers.get(text);
      if (power !== undefined) {
        if (power < least) return left;
        left = this.binary(left, power);
      } else if (text === '?') {
        if (CONDITIONAL < least) return left;
        left = this.conditional(left);
      } else if (ASSIGNMENTS.has(text)) {
        if (ASSIGNMENT < least) return left;
        left = this.assignment(left);
      } else if (text === ',' && least === COMMA) {
        this.next();
        const right = this.assignmentExpression();
        left = { kind: 'comma', left, right, span: cover(left.span, right.span) };
      } else {
        return left;
      }
    }
  }

  private binary(left: Expr, power: number): Expr {
    const operator = this.next();
    const right = this.operators(power + 1);
    return {
      kind: 'binary',
      operator: operator.text as BinaryOperator,
      left,
      right,
      operatorSpan: spanOf(operator.start, operator.end),
      span: cover(left.span, right.span),
    };
  }

  private assignment(target: Expr): Expr {
    const operator = this.next();
    const value = this.operators(ASSIGNMENT);
    const compound = operator.text.slice(0, -1);
    return {
      kind: 'assign',
      operator: compound === '' ? undefined : (compound as CompoundOperator),
      target,
      value,
      operatorSpan: spanOf(operator.start, operator.end),
      span: cover(target.span, value.span),
    };
  }

  private conditional(test: Expr): Expr {
    this.next();
    const then = this.is(':') ? undefined : this.expression();
    this.expect(':', "between the two values of '?'");
    const otherwise = this.operators(CONDITIONAL);
    return { kind: 'conditional', test, then, otherwise, span: cover(test.span, otherwise.span) };
  }

  /** What may stand to the right of a prefix operator. */
  private unary(): Expr {
    const token = this.token;
    if (token.kind === 'punctuator') {
      if (PREFIXES.has(token.text)) {
        this.next();
        const operand = this.operators(PREFIX);
        const operator = token.text as PrefixOperator;
        return { kind: 'prefix', operator, operand, span: this.from(token) };
      }
      if (token.text === '++' || token.text === '--') {
        this.next();
        const operand = this.operators(PREFIX);
        return {
          kind: 'increment',
          operator: token.text,
          prefix: true,
          operand,
          span: this.from(token),
        };
      }
      if (token.text === '(' && this.startsTypeName(1)) return this.castOrCompound();
    } else if (token.text === 'sizeof') {
      return this.sizeof();
    }
    return this.postfix(this.primary());
  }

  private castOrCompound(): Expr {
    const open = this.next();
    const type = this.typeName();
    this.expect(')', 'after the type');
    if (this.is('{')) {
      const list = this.initializerList();
      return this.postfix({ kind: 'compound', type, list, span: this.from(open) });
    }
    const operand = this.operators(PREFIX);
    return { kind: 'cast', type, operand, span: this.from(open) };
  }

  private sizeof(): Expr {
    const start = this.next();
    if (this.is('(') && this.startsTypeName(1)) {
      this.next();
      const type = this.typeName();
      this.expect(')', 'after the type');
      return { kind: 'sizeof-type', type, span: this.from(start) };
    }
    const operand = this.operators(PREFIX);
    return { kind: 'sizeof', operand, span: this.from(start) };
  }

  private postfix(start: Expr): Expr {
    let left = start;
    for (let chain = 0; chain < MAX_CHAIN; chain++) {
      const token = this.token;
      if (token.text === '[') {
        this.next();
        const index = this.expression();
        this.expect(']', 'after the index');
        left = { kind: 'index', object: left, index, span: this.from(left.span) };
      } else if (token.text === '(') {
        left = this.call(left);
      } else if (token.text === '.' || token.text === '->') {
        left = this.member(left);
      } else if (token.text === '++' || token.text === '--') {
        this.next();
        const span = this.from(left.span);
        left = { kind: 'increment', operator: token.text, prefix: false, operand: left, span };
      } else {
        break;
      }
    }
    return left;
  }

  private call(callee: Expr): Expr {
    this.next();
    const args: Expr[] = [];
    while (!this.is(')') && !this.atEnd) {
      args.push(this.argument());
      if (!this.accept(',')) break;
      if (this.is(')')) this.report('expected', this.token, "expected an argument after ','");
    }
    this.expect(')', 'after the arguments');
    return { kind: 'call', callee, args, span: this.from(callee.span) };
  }

  private argument(): Expr {
    if (!this.startsTypeName(0)) return this.assignmentExpression();
    const start = this.token;
    const type = this.typeName();
    return { kind: 'type-argument', type, span: this.from(start) };
  }

  private member(object: Expr): Expr {
    const arrow = this.next().text === '->';
    const name = this.token;
    if (name.kind !== 'identifier') {
      this.report('expected', name, `expected the name of a member${this.found()}`);
      const at = spanOf(name.start, name.start);
      return { kind: 'member', object, arrow, name: '', nameSpan: at, span: object.span };
    }
    this.next();
    return {
      kind: 'member',
      object,
      arrow,
      name: name.text,
      nameSpan: spanOf(name.start, name.end),
      span: this.from(object.span),
    };
  }

  private primary(): Expr {
    const token = this.token;
    switch (token.kind) {
      case 'number':
        return this.number(this.next());
      case 'character':
        return this.character(this.next());
      case 'string':
        return this.string();
      case 'identifier':
        if (keywords.has(token.text)) break;
        this.next();
        return { kind: 'name', name: token.text, span: spanOf(token.start, token.end) };
      case 'punctuator':
        if (token.text === '(') return this.parenthesised();
        break;
      case 'directive':
      case 'end':
        break;
    }
    this.report('expected', token, `expected an expression${this.found()}`);
    return this.missing();
  }

  /** Parentheses leave no node: the tree says what they said. The span grows, so that an edit replaces the whole. */
  private parenthesised(): Expr {
    const open = this.next();
    if (this.is('{')) {
      this.report('unsupported', open, "gcc's statement expressions ({ ... }) are not supported");
      this.at = this.closing(this.at) + 1;
      this.accept(')');
      return this.missing();
    }
    const inner = this.expression();
    this.expect(')', "to match this '('");
    return { ...inner, span: this.from(open) };
  }

  private number(token: Token): Expr {
    const span = spanOf(token.start, token.end);
    const literal = readInteger(token.text);
    if (!('problem' in literal)) return { kind: 'integer', ...literal, span };
    this.diagnostics.error('bad-number', span, literal.problem);
    return { kind: 'missing', span };
  }

  private character(token: Token): Expr {
    const bytes = this.quotedBytes(token);
    const span = spanOf(token.start, token.end);
    if (bytes.length !== 1 && token.text.length > 1) {
      const problem =
        bytes.length === 0 ? 'an empty character' : 'more than one byte in a character';
      this.diagnostics.error('bad-character', span, problem);
    }
    // A plain char is signed on x86.
    return { kind: 'character', value: ((bytes[0] ?? 0) << 24) >> 24, span };
  }

  /** Neighbouring strings are one. */
  private string(): Expr {
    const first = this.token;
    const bytes: number[] = [];
    while (this.token.kind === 'string') bytes.push(...this.quotedBytes(this.next()));
    return { kind: 'string', bytes, span: this.from(first) };
  }

  private quotedBytes(token: Token): readonly number[] {
    const { bytes, problems } = readQuoted(token.text);
    for (const { start, end, message } of problems)
      this.diagnostics.error('bad-escape', spanOf(token.start + start, token.start + end), message);
    return bytes;
  }

  protected missing(): Expr {
    return { kind: 'missing', span: spanOf(this.token.start, this.token.start) };
  }
}
