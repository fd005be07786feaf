/** Whether a term does anything besides having a value: `a == b;` as a statement was hardly meant. */
import { findBuiltin } from '../builtins/table.js';
import type { Term } from '../semantics/ir.js';

/** A cast to void counts as one: it says that nothing more is meant. */
export function hasEffect(term: Term): boolean {
  switch (term.kind) {
    case 'store':
    case 'modify':
    case 'copy':
    case 'clear':
    case 'call':
    case 'discard':
    case 'statements':
      return true;
    case 'builtin': {
      const builtin = findBuiltin(term.name);
      return (
        builtin === undefined ||
        builtin.changes ||
        term.resultPlace !== undefined ||
        term.type.kind === 'void'
      );
    }
    case 'constant':
      return false;
    case 'load':
    case 'address':
      return term.place.base.kind === 'pointer' && hasEffect(term.place.base.pointer);
    case 'arithmetic':
      return hasEffect(term.left) || hasEffect(term.right);
    case 'logical':
      return hasEffect(term.left) || hasEffect(term.right);
    case 'negate':
    case 'complement':
    case 'not':
    case 'convert':
      return hasEffect(term.operand);
    case 'choose': {
      const branches = [term.then, term.otherwise].filter((branch) => branch !== undefined);
      return hasEffect(term.test) || branches.some(hasEffect);
    }
    case 'sequence':
      return hasEffect(term.last);
  }
}
