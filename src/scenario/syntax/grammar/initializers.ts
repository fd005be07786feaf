/**
 * Initialisers: values and lists in braces, with designators.
 *
 * Source: ISO C11 6.7.9.
 */
import type { Designator, Initializer, InitializerList } from '../ast.js';
import type { Parser } from '../parser.js';
import { assignmentExpression, conditionalExpression } from './expressions.js';

export function initialValue(p: Parser): Initializer {
  if (p.is('{')) return initializerList(p);
  const value = assignmentExpression(p);
  return { kind: 'value', value, span: value.span };
}

export function initializerList(p: Parser): InitializerList {
  if (!p.descend()) return { kind: 'list', items: [], span: p.token };
  const result = initializerListHere(p);
  p.ascend();
  return result;
}

function initializerListHere(p: Parser): InitializerList {
  const open = p.next();
  const items: InitializerList['items'][number][] = [];
  while (!p.is('}') && !p.atEnd) {
    const before = p.at;
    const designators = designatorList(p);
    items.push({ designators, value: initialValue(p) });
    if (!p.accept(',') && !p.is('}')) {
      p.expect('}', 'after the initializers');
      if (p.at === before) p.recover();
      return { kind: 'list', items, span: p.from(open) };
    }
  }
  p.expect('}', 'after the initializers');
  return { kind: 'list', items, span: p.from(open) };
}

function designatorList(p: Parser): Designator[] {
  const designators: Designator[] = [];
  for (;;) {
    const start = p.token;
    if (p.is('.') && p.ahead(1).kind === 'identifier') {
      p.next();
      designators.push({ kind: 'field', name: p.next().text, span: p.from(start) });
    } else if (designators.length === 0 && p.atName && p.ahead(1).text === ':') {
      // gcc's old `name: value`.
      const name = p.next().text;
      p.next();
      return [{ kind: 'field', name, span: p.from(start) }];
    } else if (p.accept('[')) {
      const index = conditionalExpression(p);
      const high = p.accept('...') ? conditionalExpression(p) : undefined;
      p.expect(']', 'after the index');
      designators.push({ kind: 'element', index, high, span: p.from(start) });
      // gcc's old `[index] value`.
      if (designators.length === 1 && !p.is('=') && !p.is('.') && !p.is('[')) return designators;
    } else break;
  }
  if (designators.length > 0) p.expect('=', 'after the designator');
  return designators;
}
