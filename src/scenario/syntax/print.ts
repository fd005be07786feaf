/**
 * Trees as text, every operation in parentheses: what precedence and associativity made of an expression.
 * For tests and for messages; `typeText` also for the outline.
 */
import type { Expr, Initializer, TypeSyntax } from './ast.js';
import { decodeUtf8 } from './utf8.js';

/** `a + b * c` as `(a + (b * c))`. */
export function exprText(expr: Expr): string {
  switch (expr.kind) {
    case 'name':
      return expr.name;
    case 'integer':
      return `${expr.value}${expr.unsigned ? 'u' : ''}${'l'.repeat(expr.longs)}`;
    case 'character':
      return `'${String.fromCharCode(expr.value & 0xff)}'`;
    case 'string':
      return JSON.stringify(decodeUtf8(expr.bytes));
    case 'prefix':
      return `(${expr.operator}${exprText(expr.operand)})`;
    case 'increment':
      return expr.prefix
        ? `(${expr.operator}${exprText(expr.operand)})`
        : `(${exprText(expr.operand)}${expr.operator})`;
    case 'binary':
      return `(${exprText(expr.left)} ${expr.operator} ${exprText(expr.right)})`;
    case 'assign':
      return `(${exprText(expr.target)} ${expr.operator ?? ''}= ${exprText(expr.value)})`;
    case 'conditional': {
      const then = expr.then === undefined ? '' : ` ${exprText(expr.then)} `;
      return `(${exprText(expr.test)} ?${then}: ${exprText(expr.otherwise)})`;
    }
    case 'comma':
      return `(${exprText(expr.left)}, ${exprText(expr.right)})`;
    case 'cast':
      return `((${typeText(expr.type)})${exprText(expr.operand)})`;
    case 'compound':
      return `(${typeText(expr.type)})${initializerText(expr.list)}`;
    case 'sizeof-type':
      return `sizeof(${typeText(expr.type)})`;
    case 'sizeof':
      return `(sizeof ${exprText(expr.operand)})`;
    case 'alignof':
      return `_Alignof(${isType(expr.of) ? typeText(expr.of) : exprText(expr.of)})`;
    case 'generic': {
      const choices = expr.choices.map(
        ({ type, value }) => `${type ? typeText(type) : 'default'}: ${exprText(value)}`,
      );
      return `_Generic(${[exprText(expr.operand), ...choices].join(', ')})`;
    }
    case 'statements':
      return '({ ... })';
    case 'call':
      return `${exprText(expr.callee)}(${expr.args.map(exprText).join(', ')})`;
    case 'index':
      return `${exprText(expr.object)}[${exprText(expr.index)}]`;
    case 'member':
      return `${exprText(expr.object)}${expr.arrow ? '->' : '.'}${expr.name}`;
    case 'type-argument':
      return typeText(expr.type);
    case 'missing':
      return '<missing>';
  }
}

export function initializerText(initializer: Initializer): string {
  if (initializer.kind === 'value') return exprText(initializer.value);
  const items = initializer.items.map(({ designators, value }) => {
    const path = designators.map((d) =>
      d.kind === 'field'
        ? `.${d.name}`
        : `[${exprText(d.index)}${d.high ? ` ... ${exprText(d.high)}` : ''}]`,
    );
    return `${path.join('')}${path.length > 0 ? ' = ' : ''}${initializerText(value)}`;
  });
  return `{ ${items.join(', ')} }`;
}

/** A type as C spells it; with a declarator, the declaration of it. */
export function typeText(type: TypeSyntax, declarator = ''): string {
  switch (type.kind) {
    case 'named':
      return spaced(type.name, declarator);
    case 'struct':
    case 'union':
      return spaced(`${type.kind} ${type.tag ?? '{...}'}`, declarator);
    case 'enum':
      return spaced(`enum ${type.tag ?? '{...}'}`, declarator);
    case 'typeof':
      return spaced(
        `typeof(${isType(type.of) ? typeText(type.of) : exprText(type.of)})`,
        declarator,
      );
    case 'qualified':
      return type.target.kind === 'pointer'
        ? typeText(type.target, spaced(type.qualifiers, declarator))
        : `${type.qualifiers} ${typeText(type.target, declarator)}`;
    case 'auto':
      return spaced('__auto_type', declarator);
    case 'pointer': {
      const grouped = type.target.kind === 'array' || type.target.kind === 'function';
      return typeText(type.target, grouped ? `(*${declarator})` : `*${declarator}`);
    }
    case 'array': {
      const length = type.length === undefined ? '' : exprText(type.length);
      return typeText(type.element, `${declarator}[${length}]`);
    }
    case 'function': {
      const parameters = type.parameters.map((p) => typeText(p.type, p.name));
      if (type.variadic) parameters.push('...');
      return typeText(type.result, `${declarator}(${parameters.join(', ') || 'void'})`);
    }
  }
}

const spaced = (specifier: string, declarator: string): string =>
  declarator === '' ? specifier : `${specifier} ${declarator}`;

/** Whether the operand of `typeof` is a type. */
export const isType = (of: Expr | TypeSyntax): of is TypeSyntax =>
  of.kind === 'named' ||
  of.kind === 'struct' ||
  of.kind === 'union' ||
  of.kind === 'enum' ||
  of.kind === 'typeof' ||
  of.kind === 'auto' ||
  of.kind === 'qualified' ||
  of.kind === 'pointer' ||
  of.kind === 'array' ||
  of.kind === 'function';
