/**
 * Attributes: of all that gcc has, a scenario needs those that change the layout of objects. The others are passed over, as a
 * compiler may do.
 *
 * Source: gcc's manual, 6.39; ISO C11 6.7.5 (_Alignas).
 */
import type { Expr, LayoutAttributes, TypeSyntax } from '../ast.js';
import type { Parser } from '../parser.js';
import { assignmentExpression } from './expressions.js';
import { typeName } from './types.js';

export const NO_LAYOUT: LayoutAttributes = { packed: false, aligned: [] };

const ATTRIBUTES: ReadonlySet<string> = new Set(['__attribute__', '__attribute', '_Alignas']);

export const atAttribute = (p: Parser): boolean => ATTRIBUTES.has(p.token.text);

/** Takes all attributes that stand here, and an assembler name; what they and `before` say about layout. */
export function attributes(p: Parser, before: LayoutAttributes = NO_LAYOUT): LayoutAttributes {
  let layout = before;
  for (;;) {
    if (p.is('_Alignas')) layout = alignas(p, layout);
    else if (p.is('__attribute__') || p.is('__attribute')) layout = attribute(p, layout);
    else if ((p.is('asm') || p.is('__asm__')) && p.ahead(1).text === '(') {
      p.next();
      p.at = p.closing(p.at) + 1;
    } else return layout;
  }
}

function alignas(p: Parser, layout: LayoutAttributes): LayoutAttributes {
  p.next();
  p.expect('(', "after '_Alignas'");
  const of: Expr | TypeSyntax = p.startsTypeName(0) ? typeName(p) : assignmentExpression(p);
  p.expect(')', 'after the alignment');
  return { ...layout, aligned: [...layout.aligned, of] };
}

/** `__attribute__((packed, aligned(8)))` */
function attribute(p: Parser, before: LayoutAttributes): LayoutAttributes {
  p.next();
  if (!p.is('(')) return before;
  const end = p.closing(p.at) + 1;
  let layout = before;
  p.next();
  p.accept('(');
  while (p.at < end - 1 && !p.atEnd) {
    const word = p.next().text.replace(/^__(.*)__$/, '$1');
    if (word === 'packed') layout = { ...layout, packed: true };
    else if (word === 'aligned') {
      const of = p.accept('(') ? assignmentExpression(p) : 'most';
      layout = { ...layout, aligned: [...layout.aligned, of] };
      if (of !== 'most') p.expect(')', 'after the alignment');
    } else if (p.is('(')) p.at = p.closing(p.at) + 1;
  }
  p.at = end;
  return layout;
}
