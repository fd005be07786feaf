/**
 * What an `expect(...)` that does not hold says besides its text: the values of its operands. They are noted while the condition is
 * worked out, once, as it always is; this says which ones: both sides of a comparison, what `!` denies, those in either side of
 * `&&` and `||`. A constant says itself.
 */
import type { Expr } from '../syntax/ast.js';
import type { ArithmeticTerm, NotTerm, Operand, Term } from './ir.js';

export const operandOf = (expr: Expr, { type }: Term): Operand => ({ span: expr.span, type });

/** The condition with the notes that are to be made. */
export function noted(term: Term): Term {
  switch (term.kind) {
    case 'convert':
      return { ...term, operand: noted(term.operand) };
    case 'logical':
      return { ...term, left: noted(term.left), right: noted(term.right), notes: true };
    case 'not':
      return notedNot(term);
    case 'arithmetic':
      return notedArithmetic(term);
    default:
      return term;
  }
}

function notedNot(term: NotTerm): Term {
  const operand = noted(term.operand);
  const says = operand !== term.operand || term.written === undefined;
  return says ? { ...term, operand } : { ...term, note: term.written };
}

function notedArithmetic(term: ArithmeticTerm): Term {
  const { left, right, written } = term;
  if (written === undefined) return term;
  return {
    ...term,
    notes: {
      left: left.kind === 'constant' ? undefined : written.left,
      right: right.kind === 'constant' ? undefined : written.right,
    },
  };
}
