/**
 * Constants: the types of integer literals, and expressions that must be constant.
 *
 * Source: ISO C11 6.4.4.1, 6.6.
 */
import type { CType } from '../../engine/types/model.js';
import type { Expr } from '../syntax/ast.js';
import type { Value } from './arithmetic.js';
import { isInteger } from './cTypes.js';
import type { Checker } from './checker.js';
import { errorTerm, isError } from './errors.js';
import { constant, constantValue, retyped } from './fold.js';
import type { Term } from './ir.js';

/** The type of a literal: the first that holds it (C11 6.4.4.1). */
export function integerTerm(c: Checker, expr: Expr & { kind: 'integer' }): Term {
  const { types } = c;
  const signed = [types.int, types.long, types.longLong];
  const unsigned = [types.unsignedInt, types.unsignedLong, types.unsignedLongLong];
  for (let rank = expr.longs; rank < 3; rank++) {
    for (const type of [expr.unsigned ? undefined : signed[rank], unsigned[rank]]) {
      if (type === undefined || (!type.signed && expr.decimal && !expr.unsigned)) continue;
      const bits = BigInt(type.sizeBytes * 8 - (type.signed ? 1 : 0));
      if (expr.value < 1n << bits) {
        const wide: Value = expr.value <= 2n ** 53n - 1n ? Number(expr.value) : expr.value;
        return literalOfType(c, type, wide);
      }
    }
  }
  c.error('bad-number', expr.span, `${expr.value} is too large for any integer type`);
  return errorTerm;
}

function literalOfType(c: Checker, type: CType, value: Value): Term {
  const wrapped = typeof value === 'bigint' ? BigInt.asIntN(64, value) : value;
  const number = Number(wrapped);
  const exact = Number.isSafeInteger(number) ? number : wrapped;
  return retyped(c.types, constant(c.types.longLong, exact), type);
}

/** The value of an integer constant expression; undefined, with a finding, if it is not one. */
export function constantOf(c: Checker, expr: Expr, what: string): number | bigint | undefined {
  const term = c.term(expr);
  if (isError(term.type)) return undefined;
  const value = isInteger(term.type) ? constantValue(term) : undefined;
  if (value === undefined)
    c.error('not-constant', expr.span, `${what} must be an integer constant`);
  return value;
}
