/**
 * Statements: a scenario is a sequence of statements, declarations, functions and tasks, in the order in which they run.
 *
 * `task` and `cpu` are not keywords: `task NAME {` and `cpu (...) {` are statements, anything else uses them as names.
 * Source: ISO C11 6.8.
 */
import type { Block, Expr, Script, Statement, TypeSyntax } from '../ast.js';
import type { Parser } from '../parser.js';
import { spanOf } from '../span.js';
import type { Token } from '../token.js';
import { attributes } from './attributes.js';
import { declaration, startsDeclaration, staticAssert } from './declarations.js';
import { conditionalExpression, expression } from './expressions.js';
import { typeName } from './types.js';

/** The whole text as a scenario. */
export function script(p: Parser): Script {
  const statements: Statement[] = [];
  while (!p.atEnd) {
    if (p.is('}')) {
      p.report('expected', p.token, "this '}' has no matching '{'");
      p.next();
      continue;
    }
    statements.push(progressingStatement(p));
  }
  return { statements };
}

/** The whole text as one expression. */
export function wholeExpression(p: Parser): Expr {
  const value = expression(p);
  if (!p.atEnd) p.report('expected', p.token, `expected the end of the expression${p.found()}`);
  return value;
}

/** The whole text as one type name. */
export function wholeTypeName(p: Parser): TypeSyntax {
  const type = typeName(p);
  if (!p.atEnd) p.report('expected', p.token, `expected the end of the type${p.found()}`);
  return type;
}

/** A statement; takes at least one token. */
function progressingStatement(p: Parser): Statement {
  const before = p.at;
  const result = statement(p);
  if (p.at === before) p.next();
  return result;
}

function statement(p: Parser): Statement {
  if (!p.descend()) return { kind: 'empty', span: p.token };
  const result = statementHere(p);
  p.ascend();
  return result;
}

function statementHere(p: Parser): Statement {
  const start = p.token;
  switch (start.kind === 'string' || start.kind === 'character' ? '' : start.text) {
    case '{':
      return block(p);
    case ';':
      p.next();
      return { kind: 'empty', span: p.from(start) };
    case 'if':
      return ifStatement(p);
    case 'while':
      return whileStatement(p);
    case 'do':
      return doStatement(p);
    case 'for':
      return forStatement(p);
    case 'switch':
      return switchStatement(p);
    case 'case':
      return caseLabel(p);
    case 'default':
      p.next();
      p.expect(':', "after 'default'");
      return { kind: 'default', span: p.from(start) };
    case 'break':
    case 'continue':
      return jumpStatement(p, start.text as 'break' | 'continue');
    case 'return': {
      p.next();
      const value = p.is(';') ? undefined : expression(p);
      semicolon(p, 'after the value returned');
      return { kind: 'return', value, span: p.from(start) };
    }
    case 'goto':
      return gotoStatement(p);
    case '_Static_assert':
      return staticAssert(p);
    case 'asm':
    case '__asm__':
      return asmStatement(p);
    case '__attribute__':
      // `__attribute__((fallthrough));`
      if (p.tokens[p.closing(p.at + 1) + 1]?.text === ';') {
        p.at = p.closing(p.at + 1) + 2;
        return { kind: 'empty', span: p.from(start) };
      }
      break;
    case 'else':
      p.report('expected', start, "this 'else' has no 'if'");
      p.next();
      return statement(p);
    case 'task':
      if (p.ahead(1).kind === 'identifier' && p.ahead(2).text === '{') return taskStatement(p);
      break;
    case 'cpu':
      if (p.ahead(1).text === '(' && p.tokens[p.closing(p.at + 1) + 1]?.text === '{')
        return cpuStatement(p);
      break;
  }
  if (p.atName && p.ahead(1).text === ':') {
    p.at += 2;
    attributes(p);
    const { text: name } = start;
    return { kind: 'label', name, span: spanOf(start.start, start.end) };
  }
  if (startsDeclaration(p)) return declaration(p);
  return expressionStatement(p);
}

/** What a condition or a loop governs: one statement, with the labels before it. */
function governed(p: Parser): Statement {
  const first = statement(p);
  if (!isLabel(first)) return first;
  const statements = [first];
  while (isLabel(statements.at(-1)) && !p.is('}') && !p.atEnd)
    statements.push(progressingStatement(p));
  return { kind: 'block', statements, span: p.from(first.span) };
}

const isLabel = (statement: Statement | undefined): boolean =>
  statement?.kind === 'label' || statement?.kind === 'case' || statement?.kind === 'default';

function gotoStatement(p: Parser): Statement {
  const start = p.next();
  const name = p.token;
  if (p.is('*'))
    p.report('unsupported', name, 'goto needs a label: write a switch instead of a computed goto');
  else if (!p.atName) p.report('expected', name, `expected a label after 'goto'${p.found()}`);
  if (!p.atName) {
    p.recover();
    return { kind: 'empty', span: p.from(start) };
  }
  p.next();
  semicolon(p, 'after the label');
  const nameSpan = spanOf(name.start, name.end);
  return { kind: 'goto', name: name.text, nameSpan, span: p.from(start) };
}

/** An empty `asm` is a barrier for the compiler, of which there is none here. */
function asmStatement(p: Parser): Statement {
  const start = p.next();
  while (p.is('volatile') || p.is('__volatile__') || p.is('goto') || p.is('inline')) p.next();
  const open = p.at;
  const isEmpty = p.ahead(1).text === '""';
  if (!isEmpty) p.report('unsupported', start, 'assembler code cannot run in a scenario');
  if (p.is('(')) p.at = p.closing(open) + 1;
  semicolon(p, "after 'asm'");
  return { kind: 'empty', span: p.from(start) };
}

export function block(p: Parser): Block {
  const open = p.token;
  p.expect('{', 'before the body');
  const ownLabels: string[] = [];
  const statements = p.inScope(() => {
    const list: Statement[] = [];
    while (p.accept('__label__')) {
      do if (p.atName) ownLabels.push(p.next().text);
      while (p.accept(','));
      semicolon(p, 'after the labels');
    }
    while (!p.is('}') && !p.atEnd) list.push(progressingStatement(p));
    return list;
  });
  if (p.atEnd) p.report('expected', open, "this '{' is never closed");
  else p.next();
  const own = ownLabels.length > 0 ? { ownLabels } : undefined;
  return { kind: 'block', statements, ...own, span: p.from(open) };
}

function expressionStatement(p: Parser): Statement {
  const start = p.token;
  const value = expression(p);
  if (value.kind === 'call' && value.callee.kind === 'name' && p.is('{')) {
    // C89's implicit int.
    const { name, span } = value.callee;
    p.report('expected', span, `a function needs the type of its result: write int ${name}(...)`, {
      ...{ title: "Insert 'int'", span: spanOf(span.start, span.start), replacement: 'int ' },
    });
    p.at = p.closing(p.at) + 1;
    return { kind: 'empty', span: p.from(start) };
  }
  if (!isInitcall(value) || p.is(';'))
    semicolon(p, value.kind === 'missing' ? '' : 'after the expression');
  return { kind: 'expression', value, span: p.from(start) };
}

/** `module_init(f)`: in the kernel's headers it has a semicolon of its own. */
const isInitcall = (value: Expr): boolean =>
  value.kind === 'call' &&
  value.callee.kind === 'name' &&
  /^(module_(init|exit)|\w+_initcall(_sync)?)$/.test(value.callee.name);

/** Takes `;`. What follows on the same line in its place is skipped: it belongs to the same mistake. */
export function semicolon(p: Parser, context: string): void {
  if (p.accept(';')) return;
  p.expect(';', context);
  if (!p.atLineBreak && !p.is('}')) p.recover();
}

function parenthesisedCondition(p: Parser, word: string): Expr {
  p.expect('(', `after '${word}'`);
  const test = expression(p);
  p.expect(')', 'after the condition');
  return test;
}

/** A chain of `else if` is read turn by turn: it may be longer than anything else may be deep. */
function ifStatement(p: Parser): Statement {
  const arms: { readonly start: Token; readonly test: Expr; readonly then: Statement }[] = [];
  let otherwise: Statement | undefined;
  for (;;) {
    const start = p.next();
    const test = parenthesisedCondition(p, 'if');
    arms.push({ start, test, then: governed(p) });
    if (!p.accept('else')) break;
    if (p.is('if')) continue;
    otherwise = governed(p);
    break;
  }
  return arms.reduceRight<Statement | undefined>(
    (rest, { start, test, then }) => ({
      kind: 'if',
      test,
      then,
      otherwise: rest,
      span: p.from(start),
    }),
    otherwise,
  ) as Statement;
}

function whileStatement(p: Parser): Statement {
  const start = p.next();
  const test = parenthesisedCondition(p, 'while');
  return { kind: 'while', test, body: governed(p), span: p.from(start) };
}

function doStatement(p: Parser): Statement {
  const start = p.next();
  const body = governed(p);
  p.expect('while', "after the body of 'do'");
  const test = parenthesisedCondition(p, 'while');
  semicolon(p, "after 'do ... while (...)'");
  return { kind: 'do', body, test, span: p.from(start) };
}

function forStatement(p: Parser): Statement {
  const start = p.next();
  return p.inScope(() => {
    p.expect('(', "after 'for'");
    const init = forStart(p);
    const test = p.is(';') ? undefined : expression(p);
    p.expect(';', "after the condition of 'for'");
    const step = p.is(')') ? undefined : expression(p);
    if (!p.expect(')', "after the step of 'for'")) {
      while (!p.is(')') && !p.is('{') && !p.is('}') && !p.atEnd) p.next();
      p.accept(')');
    }
    const body = governed(p);
    return { kind: 'for', init, test, step, body, span: p.from(start) };
  });
}

function forStart(p: Parser): Statement | undefined {
  if (p.accept(';')) return undefined;
  if (startsDeclaration(p)) return declaration(p);
  const value = expression(p);
  p.expect(';', "after the start of 'for'");
  return { kind: 'expression', value, span: value.span };
}

function switchStatement(p: Parser): Statement {
  const start = p.next();
  const value = parenthesisedCondition(p, 'switch');
  return { kind: 'switch', value, body: governed(p), span: p.from(start) };
}

function caseLabel(p: Parser): Statement {
  const start = p.next();
  const value = conditionalExpression(p);
  const high = p.accept('...') ? conditionalExpression(p) : undefined;
  p.expect(':', 'after the value of the case');
  return { kind: 'case', value, high, span: p.from(start) };
}

function jumpStatement(p: Parser, kind: 'break' | 'continue'): Statement {
  const start = p.next();
  semicolon(p, `after '${kind}'`);
  return { kind, span: p.from(start) };
}

function taskStatement(p: Parser): Statement {
  const start = p.next();
  const name = p.next();
  const body = block(p);
  const nameSpan = spanOf(name.start, name.end);
  return { kind: 'task', name: name.text, nameSpan, body, span: p.from(start) };
}

function cpuStatement(p: Parser): Statement {
  const start = p.next();
  const cpu = parenthesisedCondition(p, 'cpu');
  return { kind: 'cpu', cpu, body: block(p), span: p.from(start) };
}
