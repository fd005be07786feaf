/**
 * Expressions: recursive descent for what is prefixed, Pratt's loop with binding powers for the rest.
 *
 * The modules of the grammar call each other as its rules do: an expression may hold a type, a type an expression. They hold
 * nothing but functions, so the order in which they are loaded does not matter.
 * Source: ISO C11 6.5; gcc's `a ?: b`, and types as arguments (`container_of(p, struct page, lru)`).
 */
import type { BinaryOperator, CompoundOperator, Expr, PrefixOperator, TypeSyntax } from '../ast.js';
import type { Parser } from '../parser.js';
import { cover, spanOf } from '../span.js';
import { keywords } from '../token.js';
import { initializerList } from './initializers.js';
import { characterLiteral, numberLiteral, stringLiteral } from './literals.js';
import { block } from './statements.js';
import { typeName } from './types.js';

const COMMA = 1;
const ASSIGNMENT = 2;
const CONDITIONAL = 3;
const PREFIX = 14;

/** Binding powers of the operators between two operands; higher binds tighter, all of these associate to the left. */
const binaryPowers: ReadonlyMap<string, number> = new Map([
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
/** Operators in one chain: a deeper tree has no honest use and would exhaust the stack of a function that walks it. */
const MAX_CHAIN = 1000;

export function expression(p: Parser): Expr {
  return operatorsAbove(p, COMMA);
}

/** An expression that a comma ends. */
export function assignmentExpression(p: Parser): Expr {
  return operatorsAbove(p, ASSIGNMENT);
}

export function conditionalExpression(p: Parser): Expr {
  return operatorsAbove(p, CONDITIONAL);
}

function operatorsAbove(p: Parser, least: number): Expr {
  if (!p.descend()) return missingExpression(p);
  const result = operatorsHere(p, least);
  p.ascend();
  return result;
}

function operatorsHere(p: Parser, least: number): Expr {
  let left = unaryExpression(p);
  for (let chain = 0; ; chain++) {
    if (chain === MAX_CHAIN) {
      p.report('too-deep', p.token, `more than ${MAX_CHAIN} operators in a row`);
      p.recover(false);
      return left;
    }
    const { text } = p.token;
    const power = binaryPowers.get(text);
    if (power !== undefined) {
      if (power < least) return left;
      left = binaryExpression(p, left, power);
    } else if (text === '?') {
      if (CONDITIONAL < least) return left;
      left = conditional(p, left);
    } else if (ASSIGNMENTS.has(text)) {
      if (ASSIGNMENT < least) return left;
      left = assignment(p, left);
    } else if (text === ',' && least === COMMA) {
      p.next();
      const right = assignmentExpression(p);
      left = { kind: 'comma', left, right, span: cover(left.span, right.span) };
    } else {
      return left;
    }
  }
}

function binaryExpression(p: Parser, left: Expr, power: number): Expr {
  const operator = p.next();
  const right = operatorsAbove(p, power + 1);
  return {
    kind: 'binary',
    operator: operator.text as BinaryOperator,
    left,
    right,
    operatorSpan: spanOf(operator.start, operator.end),
    span: cover(left.span, right.span),
  };
}

function assignment(p: Parser, target: Expr): Expr {
  const operator = p.next();
  const value = operatorsAbove(p, ASSIGNMENT);
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

function conditional(p: Parser, test: Expr): Expr {
  p.next();
  const then = p.is(':') ? undefined : expression(p);
  p.expect(':', "between the two values of '?:'");
  const otherwise = operatorsAbove(p, CONDITIONAL);
  return { kind: 'conditional', test, then, otherwise, span: cover(test.span, otherwise.span) };
}

/** What may stand to the right of a prefix operator. */
function unaryExpression(p: Parser): Expr {
  const token = p.token;
  if (token.kind === 'punctuator') {
    if (PREFIXES.has(token.text)) {
      p.next();
      const operand = operatorsAbove(p, PREFIX);
      const operator = token.text as PrefixOperator;
      return { kind: 'prefix', operator, operand, span: p.from(token) };
    }
    if (token.text === '++' || token.text === '--') {
      p.next();
      const operand = operatorsAbove(p, PREFIX);
      return {
        kind: 'increment',
        operator: token.text,
        prefix: true,
        operand,
        span: p.from(token),
      };
    }
    if (token.text === '(' && p.startsTypeName(1)) return castOrCompound(p);
    if (token.text === '&&') {
      p.report(
        'unsupported',
        token,
        'a label has no address here: write a switch instead of a computed goto',
      );
      p.next();
      p.next();
      return missingExpression(p);
    }
  } else if (token.kind === 'identifier') {
    if (token.text === 'sizeof') return sizeofExpression(p);
    if (ALIGNOFS.has(token.text)) return alignofExpression(p);
    if (token.text === '__extension__') {
      p.next();
      return operatorsAbove(p, PREFIX);
    }
  }
  return postfixExpression(p, primaryExpression(p));
}

function castOrCompound(p: Parser): Expr {
  const open = p.next();
  const type = typeName(p);
  p.expect(')', 'after the type');
  if (p.is('{')) {
    const list = initializerList(p);
    return postfixExpression(p, { kind: 'compound', type, list, span: p.from(open) });
  }
  const operand = operatorsAbove(p, PREFIX);
  return { kind: 'cast', type, operand, span: p.from(open) };
}

function sizeofExpression(p: Parser): Expr {
  const start = p.next();
  if (p.is('(') && p.startsTypeName(1)) {
    p.next();
    const type = typeName(p);
    p.expect(')', 'after the type');
    if (!p.is('{')) return { kind: 'sizeof-type', type, span: p.from(start) };
    const list = initializerList(p);
    const operand = postfixExpression(p, { kind: 'compound', type, list, span: p.from(start) });
    return { kind: 'sizeof', operand, span: p.from(start) };
  }
  const operand = operatorsAbove(p, PREFIX);
  return { kind: 'sizeof', operand, span: p.from(start) };
}

const ALIGNOFS: ReadonlySet<string> = new Set(['_Alignof', '__alignof__', '__alignof']);

function alignofExpression(p: Parser): Expr {
  const start = p.next();
  const preferred = start.text !== '_Alignof';
  if (!p.is('(') || !p.startsTypeName(1)) {
    const of = operatorsAbove(p, PREFIX);
    return { kind: 'alignof', of, preferred, span: p.from(start) };
  }
  p.next();
  const of = typeName(p);
  p.expect(')', 'after the type');
  return { kind: 'alignof', of, preferred, span: p.from(start) };
}

/** `_Generic(value, int: a, default: b)` */
function genericExpression(p: Parser): Expr {
  const start = p.next();
  p.expect('(', "after '_Generic'");
  const operand = assignmentExpression(p);
  const choices: { type: TypeSyntax | undefined; value: Expr }[] = [];
  while (p.accept(',')) {
    const type = p.accept('default') ? undefined : typeName(p);
    p.expect(':', 'after the type');
    choices.push({ type, value: assignmentExpression(p) });
  }
  p.expect(')', 'after the choices');
  return { kind: 'generic', operand, choices, span: p.from(start) };
}

function postfixExpression(p: Parser, start: Expr): Expr {
  let left = start;
  for (let chain = 0; chain < MAX_CHAIN; chain++) {
    const token = p.token;
    if (token.text === '[') {
      p.next();
      const index = expression(p);
      p.expect(']', 'after the index');
      left = { kind: 'index', object: left, index, span: p.from(left.span) };
    } else if (token.text === '(') {
      left = callExpression(p, left);
    } else if (token.text === '.' || token.text === '->') {
      left = memberExpression(p, left);
    } else if (token.text === '++' || token.text === '--') {
      p.next();
      const span = p.from(left.span);
      left = { kind: 'increment', operator: token.text, prefix: false, operand: left, span };
    } else {
      break;
    }
  }
  return left;
}

function callExpression(p: Parser, callee: Expr): Expr {
  p.next();
  const args: Expr[] = [];
  while (!p.is(')') && !p.atEnd) {
    args.push(argument(p));
    if (!p.accept(',')) break;
    if (p.is(')')) p.report('expected', p.token, "expected an argument after ','");
  }
  p.expect(')', 'after the arguments');
  return { kind: 'call', callee, args, span: p.from(callee.span) };
}

function argument(p: Parser): Expr {
  if (!p.startsTypeName(0)) return assignmentExpression(p);
  const start = p.token;
  const type = typeName(p);
  return { kind: 'type-argument', type, span: p.from(start) };
}

function memberExpression(p: Parser, object: Expr): Expr {
  const arrow = p.next().text === '->';
  const name = p.token;
  if (name.kind !== 'identifier') {
    p.report('expected', name, `expected the name of a member${p.found()}`);
    const at = spanOf(name.start, name.start);
    return { kind: 'member', object, arrow, name: '', nameSpan: at, span: object.span };
  }
  p.next();
  return {
    kind: 'member',
    object,
    arrow,
    name: name.text,
    nameSpan: spanOf(name.start, name.end),
    span: p.from(object.span),
  };
}

function primaryExpression(p: Parser): Expr {
  const token = p.token;
  switch (token.kind) {
    case 'number':
      return numberLiteral(p, p.next());
    case 'character':
      return characterLiteral(p, p.next());
    case 'string':
      return stringLiteral(p);
    case 'identifier':
      if (token.text === '_Generic') return genericExpression(p);
      if (keywords.has(token.text)) break;
      p.next();
      return { kind: 'name', name: token.text, span: spanOf(token.start, token.end) };
    case 'punctuator':
      if (token.text === '(') return parenthesisedExpression(p);
      break;
    case 'directive':
    case 'padding':
    case 'stray':
    case 'end':
      break;
  }
  p.report('expected', token, `expected an expression${p.found()}`);
  return missingExpression(p);
}

/** Parentheses leave no node: the tree says what they said. The span grows, so that an edit replaces the whole. */
function parenthesisedExpression(p: Parser): Expr {
  const open = p.next();
  if (p.is('{')) {
    const body = block(p);
    p.expect(')', "to match this '('");
    return { kind: 'statements', block: body, span: p.from(open) };
  }
  const inner = expression(p);
  p.expect(')', "to match this '('");
  return { ...inner, span: p.from(open) };
}

function missingExpression(p: Parser): Expr {
  return { kind: 'missing', span: spanOf(p.token.start, p.token.start) };
}
