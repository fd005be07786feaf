/** Calls of the few forms that take types or members, or values of any type: offsetof, min, max (forms.ts). */
import { findMember } from '../../engine/types/members.js';
import type { CallExpr, Expr } from '../syntax/ast.js';
import { isPointer } from './cTypes.js';
import type { Checker } from './checker.js';
import { constantOf } from './constants.js';
import { errorTerm, isError } from './errors.js';
import { arithmetic, constant, retyped } from './fold.js';
import type { Term } from './ir.js';
import { moreForms } from './compilerForms.js';
import { combined } from './operators.js';

export function formTerm(c: Checker, expr: CallExpr, name: string): Term {
  const more = moreForms[name];
  if (more !== undefined) return more(c, expr);
  const [first, second] = expr.args;
  if (first === undefined || second === undefined || expr.args.length > 2) {
    c.error('bad-call', expr.span, `'${name}' takes 2 arguments, not ${expr.args.length}`);
    return errorTerm;
  }
  return name === 'offsetof'
    ? offsetofTerm(c, first, second)
    : minMaxTerm(c, expr, name === 'min' ? 'min' : 'max', first, second);
}

function offsetofTerm(c: Checker, typeArg: Expr, designator: Expr): Term {
  if (typeArg.kind !== 'type-argument') {
    c.error('bad-call', typeArg.span, "the first argument of 'offsetof' must be a type");
    return errorTerm;
  }
  const type = c.resolve(typeArg.type);
  const path = designatorPath(c, designator);
  if (isError(type) || path === undefined) return errorTerm;
  const member = findMember(type, path);
  if (member === undefined || member.widthBits !== 0) {
    const problem = member === undefined ? 'has no member' : 'has no offset for its bit-field';
    c.error('unknown-member', designator.span, `'${c.types.name(type)}' ${problem} '${path}'`);
    return errorTerm;
  }
  return constant(c.types.sizeType, member.offsetBits / 8);
}

/** `a.b[2].c` as text; undefined, with a finding, for anything else. */
function designatorPath(c: Checker, expr: Expr): string | undefined {
  if (expr.kind === 'name') return expr.name;
  const outer = expr.kind === 'member' || expr.kind === 'index' ? expr.object : undefined;
  const path = outer && designatorPath(c, outer);
  if (path === undefined) {
    if (outer === undefined)
      c.error('bad-call', expr.span, "the second argument of 'offsetof' must be a member");
    return undefined;
  }
  if (expr.kind === 'member') return `${path}.${expr.name}`;
  if (expr.kind !== 'index') return undefined;
  const index = constantOf(c, expr.index, 'the index of a member');
  return index === undefined ? undefined : `${path}[${index}]`;
}

function minMaxTerm(c: Checker, expr: CallExpr, operator: 'min' | 'max', a: Expr, b: Expr): Term {
  const left = c.term(a);
  const right = c.term(b);
  if (isPointer(left.type) && isPointer(right.type)) {
    const { voidPointer } = c.types;
    const width = c.types.width(voidPointer);
    return arithmetic(left.type, operator, width, left, retyped(c.types, right, left.type));
  }
  return combined(c, operator, left, right, expr.span);
}
