/**
 * Members, elements and what pointers point to: expressions that lead from one object to another.
 *
 * Source: ISO C11 6.5.2, 6.5.3.2.
 */
import { goneMember, insteadOfMember } from '../kernelNames/goneNames.js';
import { findMember, flattenMembers } from '../../engine/types/members.js';
import type { CType, StructType } from '../../engine/types/model.js';
import type { Expr, IndexExpr, MemberExpr, PrefixExpr } from '../syntax/ast.js';
import { spanOf, type Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import { arrayOf, isInteger, isPointer, isVoid, pointerOf, structOf } from './cTypes.js';
import type { Checker } from './checker.js';
import { errorType, isError } from './errors.js';
import { constantValue, fixedPlace, pointedPlace } from './fold.js';
import type { Place, Term } from './ir.js';
import { memberOfOthers } from './otherBuilds.js';
import { memberInside } from './places.js';
import { pointerOffset } from './pointers.js';

export function pointeePlace(c: Checker, expr: PrefixExpr): Place | undefined {
  const pointer = c.term(expr.operand);
  return dereferenced(c, pointer, expr.span, "'*'");
}

function dereferenced(c: Checker, pointer: Term, span: Span, what: string): Place | undefined {
  if (isError(pointer.type)) return fixedPlace(errorType, 0);
  const target = pointerOf(pointer.type)?.target;
  if (target === undefined) {
    const name = c.types.name(pointer.type);
    c.error('type-mismatch', span, `${what} needs a pointer, not '${name}'`);
    return fixedPlace(errorType, 0);
  }
  if (isVoid(target)) {
    c.error(
      'type-mismatch',
      span,
      `${what} cannot be applied to a 'void *': cast it to the type it points to`,
    );
    return fixedPlace(errorType, 0);
  }
  return pointedPlace(target, pointer);
}

export function elementPlace(c: Checker, expr: IndexExpr): Place | undefined {
  const object = c.term(expr.object);
  const index = c.term(expr.index);
  if (isError(object.type) || isError(index.type)) return fixedPlace(errorType, 0);
  checkBounds(c, expr, index);
  const swapped = isInteger(object.type) && isPointer(index.type);
  const [pointer, count] = swapped ? [index, object] : [object, index];
  if (!isPointer(pointer.type) || !isInteger(count.type)) {
    const [a, b] = [c.types.name(object.type), c.types.name(index.type)];
    c.error('type-mismatch', expr.span, `'[]' cannot be applied to '${a}' and '${b}'`);
    return fixedPlace(errorType, 0);
  }
  const element = pointerOffset(c, pointer, count, '+', expr.span);
  if (isError(element.type)) return fixedPlace(errorType, 0);
  return dereferenced(c, element, expr.span, "'[]'");
}

/** A constant index past the end of an array. Arrays of length 0 and 1 end structs of flexible size. */
function checkBounds(c: Checker, expr: IndexExpr, index: Term): void {
  const value = constantValue(index);
  if (value === undefined || !isInteger(index.type)) return;
  const array = quietPlace(c, expr.object);
  const length = array && arrayOf(array.type)?.length;
  if (length === undefined || length <= 1 || (value >= 0 && value < length)) return;
  c.warning(
    'overflow',
    expr.index.span,
    `index ${value} is outside '${c.types.name(array?.type ?? c.types.void)}'`,
  );
}

/** The place of a plain name or member, without looking further. */
function quietPlace(c: Checker, expr: Expr): Place | undefined {
  return expr.kind === 'name' || expr.kind === 'member' ? c.place(expr) : undefined;
}

export function memberPlace(c: Checker, expr: MemberExpr): Place | undefined {
  const outer = expr.arrow ? arrowPlace(c, expr) : dotPlace(c, expr);
  if (outer === undefined || isError(outer.type) || expr.name === '')
    return fixedPlace(errorType, 0);
  const struct = structOf(outer.type);
  if (struct === undefined) return fixedPlace(errorType, 0);
  const member = findMember(struct, expr.name);
  if (member !== undefined) return memberInside(outer, member);
  reportUnknownMember(c, struct, expr.name, expr.nameSpan);
  return fixedPlace(errorType, 0);
}

function arrowPlace(c: Checker, expr: MemberExpr): Place | undefined {
  const pointer = c.term(expr.object);
  if (isError(pointer.type)) return undefined;
  if (structOf(pointer.type) !== undefined) {
    reportWrongOperator(c, expr, pointer.type, '.');
    return undefined;
  }
  const place = dereferenced(c, pointer, expr.span, "'->'");
  return place && needStruct(c, place, expr);
}

function dotPlace(c: Checker, expr: MemberExpr): Place | undefined {
  const place = c.place(expr.object) ?? valuePlace(c.term(expr.object));
  if (isError(place.type)) return undefined;
  const target = pointerOf(place.type)?.target;
  if (target !== undefined && structOf(target) !== undefined) {
    reportWrongOperator(c, expr, place.type, '->');
    return undefined;
  }
  return needStruct(c, place, expr);
}

/** The object that a struct value lies in. */
function valuePlace(term: Term): Place {
  return structOf(term.type) === undefined
    ? fixedPlace(term.type, 0)
    : pointedPlace(term.type, term);
}

function needStruct(c: Checker, place: Place, expr: MemberExpr): Place | undefined {
  const struct = structOf(place.type);
  const name = c.types.name(place.type);
  if (struct === undefined) {
    c.error('unknown-member', expr.nameSpan, `'${name}' has no members`);
    return undefined;
  }
  if (!struct.complete && !isError(struct)) {
    const message = `the members of '${name}' are not known here`;
    c.error('incomplete-type', expr.nameSpan, message);
    return undefined;
  }
  return place;
}

function reportWrongOperator(c: Checker, expr: MemberExpr, type: CType, right: '.' | '->'): void {
  const span = spanOf(expr.object.span.end, expr.nameSpan.start);
  const is = right === '.' ? 'a struct' : 'a pointer';
  c.error(
    'type-mismatch',
    expr.span,
    `'${c.types.name(type)}' is ${is}: use '${right}' for its members`,
    { title: `Change to '${right}'`, span, replacement: right },
  );
}

function reportUnknownMember(c: Checker, struct: StructType, name: string, span: Span): void {
  const now = insteadOfMember(struct.name, name);
  if (now !== undefined) {
    c.error('unknown-member', span, goneMember(c.types.name(struct), name, now));
    return;
  }
  const others = memberOfOthers(c.unit.profile, struct, name);
  if (others !== undefined) {
    c.error('unknown-member', span, `'${c.types.name(struct)}' ${others}`);
    return;
  }
  const names = flattenMembers(struct).map((member) => member.name);
  const hint = suggestion(name, names, span);
  const message = `'${c.types.name(struct)}' has no member '${name}'${hint.text}`;
  c.error('unknown-member', span, message, hint.fix);
}
