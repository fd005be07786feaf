/**
 * What a compiler makes of some calls itself: the arguments of a variadic function, and gcc's functions about constants and
 * types. The preludes of kernels and C libraries have their macros over these.
 *
 * Source: ISO C11 7.16; gcc's manual, 6.59 (other built-in functions).
 */
import { counted } from '../../engine/view/counted.js';
import type { CallExpr, Expr } from '../syntax/ast.js';
import { assigned } from './assignments.js';
import { arrayOf, isComplete, isScalar, isVoid, pointerOf } from './cTypes.js';
import type { Checker } from './checker.js';
import { constantOf } from './constants.js';
import { convertTo, loadTerm } from './conversions.js';
import { errorTerm, isError } from './errors.js';
import { addressOf, constant, constantValue, framePlace, pointedPlace } from './fold.js';
import type { Place, Term } from './ir.js';

type FormRule = (c: Checker, expr: CallExpr) => Term;

export const moreForms: Readonly<Record<string, FormRule>> = {
  __builtin_va_start: vaStart,
  __builtin_va_arg: vaArg,
  __builtin_va_end: vaEnd,
  __builtin_va_copy: vaCopy,
  __builtin_expect: (c, expr) => {
    const [value] = takes(c, expr, '__builtin_expect', 2) ?? [];
    return value === undefined
      ? errorTerm
      : convertTo(c, c.term(value), c.types.long, value.span, 'assignment');
  },
  __builtin_constant_p: (c, expr) => {
    const [value] = takes(c, expr, '__builtin_constant_p', 1) ?? [];
    if (value === undefined) return errorTerm;
    return constant(c.types.int, constantValue(c.term(value)) === undefined ? 0 : 1);
  },
  __builtin_types_compatible_p: (c, expr) => {
    const [a, b] = takes(c, expr, '__builtin_types_compatible_p', 2) ?? [];
    if (a?.kind !== 'type-argument' || b?.kind !== 'type-argument') return needsTypes(c, expr);
    const same = c.types.same(c.resolve(a.type), c.resolve(b.type));
    return constant(c.types.int, same ? 1 : 0);
  },
  __builtin_choose_expr: (c, expr) => {
    const [test, then, otherwise] = takes(c, expr, '__builtin_choose_expr', 3) ?? [];
    if (test === undefined || then === undefined || otherwise === undefined) return errorTerm;
    const value = constantOf(c, test, 'the first argument of __builtin_choose_expr');
    if (value === undefined) return errorTerm;
    return c.term(value === 0 || value === 0n ? otherwise : then);
  },
};

/** The arguments, if there are so many. */
function takes(
  c: Checker,
  expr: CallExpr,
  name: string,
  count: number,
): readonly Expr[] | undefined {
  if (expr.args.length === count) return expr.args;
  const what = counted(count, 'argument');
  c.error('bad-call', expr.span, `'${name}' takes ${what}, not ${expr.args.length}`);
  return undefined;
}

function needsTypes(c: Checker, expr: CallExpr): Term {
  c.error('bad-call', expr.span, 'the arguments of __builtin_types_compatible_p must be types');
  return errorTerm;
}

// --- variable arguments ----------------------------------------------------------------------------------------------------

/** Of the x86-64 va_list, the member that tells where the next argument lies. */
const OVERFLOW_AREA_BYTES = 8;

/** The pointer in a va_list that the next argument lies at. */
function nextArgument(c: Checker, list: Expr): Place | undefined {
  const { voidPointer, vaList } = c.types;
  const place = c.place(list);
  const type = place?.type ?? c.term(list).type;
  if (isError(type)) return undefined;
  if (arrayOf(vaList) === undefined) {
    if (place !== undefined && c.types.same(type, vaList)) return { ...place, type: voidPointer };
  } else {
    // An array: as a parameter it is a pointer to its first element.
    const element = arrayOf(vaList)?.element ?? c.types.void;
    const pointer = place === undefined ? c.term(list) : loadTerm(c, place, list.span);
    const target = pointerOf(pointer.type)?.target;
    if (target !== undefined && c.types.same(target, element))
      return pointedPlace(voidPointer, pointer, OVERFLOW_AREA_BYTES);
  }
  c.error('type-mismatch', list.span, `a va_list is needed here, not '${c.types.name(type)}'`);
  return undefined;
}

function vaStart(c: Checker, expr: CallExpr): Term {
  const [list] = takes(c, expr, 'va_start', 2) ?? [];
  const to = list && nextArgument(c, list);
  if (to === undefined) return errorTerm;
  if (c.argumentArea === undefined) {
    c.error('bad-call', expr.span, "'va_start' can only be used in a function with '...'");
    return errorTerm;
  }
  const { voidPointer } = c.types;
  const area: Term = {
    kind: 'load',
    type: voidPointer,
    place: framePlace(voidPointer, c.argumentArea),
  };
  return { kind: 'discard', type: c.types.void, operand: assigned(c, to, area) };
}

const SLOT_BYTES = 8;

/** Takes the next argument: its place is where the list pointed, and the list points behind it. */
function vaArg(c: Checker, expr: CallExpr): Term {
  const [list, written] = takes(c, expr, 'va_arg', 2) ?? [];
  if (list === undefined || written === undefined) return errorTerm;
  if (written.kind !== 'type-argument') {
    c.error('bad-call', written.span, "the second argument of 'va_arg' must be a type");
    return errorTerm;
  }
  const type = c.resolve(written.type);
  const next = nextArgument(c, list);
  if (next === undefined || isError(type)) return errorTerm;
  if (isVoid(type) || !isComplete(type)) {
    c.error(
      'incomplete-type',
      written.span,
      `there is no argument of type '${c.types.name(type)}'`,
    );
    return errorTerm;
  }
  if (isScalar(type) && c.types.size(type) < 4)
    c.warning(
      'conversion',
      written.span,
      `an argument of type '${c.types.name(type)}' is passed as an 'int': write va_arg(..., int)`,
    );
  const { sizeType, voidPointer } = c.types;
  const bytes = Math.ceil(c.types.size(type) / SLOT_BYTES) * SLOT_BYTES;
  const moved: Term = {
    ...{ kind: 'modify', type: voidPointer, place: next, operator: '+' },
    ...{ width: c.types.width(voidPointer), value: constant(sizeType, bytes), result: 'old' },
  };
  return loadTerm(c, pointedPlace(type, moved), expr.span);
}

function vaEnd(c: Checker, expr: CallExpr): Term {
  const [list] = takes(c, expr, 'va_end', 1) ?? [];
  const place = list && nextArgument(c, list);
  if (place === undefined) return errorTerm;
  const address = addressOf(c.types.voidPointer, place);
  return { kind: 'discard', type: c.types.void, operand: address };
}

function vaCopy(c: Checker, expr: CallExpr): Term {
  const [to, from] = takes(c, expr, 'va_copy', 2) ?? [];
  const target = to && nextArgument(c, to);
  const source = from && nextArgument(c, from);
  if (target === undefined || source === undefined) return errorTerm;
  const value = loadTerm(c, source, expr.span);
  return { kind: 'discard', type: c.types.void, operand: assigned(c, target, value) };
}
