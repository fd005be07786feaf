/**
 * Initialisers: what stores fill an object, from `= value` to nested lists with designators and left-out braces.
 *
 * Source: ISO C11 6.7.9. What a list does not mention is zero.
 */
import { findMember, flattenMembers } from '../../engine/types/members.js';
import type { ArrayType, CType, StructType } from '../../engine/types/model.js';
import type { Designator, Expr, Initializer, InitializerList } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import { completedArray, isCharArray, takesWhole } from './arrayLengths.js';
import { assigned } from './assignments.js';
import { arrayOf, isScalar, structOf } from './cTypes.js';
import type { Checker } from './checker.js';
import { constantOf } from './constants.js';
import { convertTo } from './conversions.js';
import { isError } from './errors.js';
import { addressOf, constant, pointedPlace } from './fold.js';
import type { Place, Term } from './ir.js';
import { checkComplete, elementOf, memberInside, nowhere, temporaryPlace } from './places.js';

/** The items of a list and how many of them are used up. */
interface Items {
  readonly list: InitializerList['items'];
  at: number;
}

/** The stores that give the object its first value. */
export function initialise(c: Checker, place: Place, initializer: Initializer): Term[] {
  if (isError(place.type)) {
    if (initializer.kind === 'value') c.term(initializer.value);
    return [];
  }
  if (initializer.kind === 'value') return fromValue(c, place, initializer.value);
  return fromList(c, place, initializer);
}

function fromValue(c: Checker, place: Place, value: Expr): Term[] {
  const array = arrayOf(place.type);
  if (array !== undefined) {
    if (value.kind === 'string' && isCharArray(c, array))
      return fromString(c, place, array, value.bytes, value.span);
    const name = c.types.name(place.type);
    c.error(
      'bad-initializer',
      value.span,
      `an object of type '${name}' must be initialized with a list in braces`,
    );
    return [];
  }
  const term = convertTo(c, c.term(value), place.type, value.span, 'initializer');
  return isError(term.type) ? [] : [assigned(c, place, term)];
}

function fromString(
  c: Checker,
  place: Place,
  array: ArrayType,
  bytes: readonly number[],
  span: Span,
): Term[] {
  if (bytes.length > array.length)
    c.warning(
      'bad-initializer',
      span,
      `the string does not fit in an array of ${array.length} bytes`,
    );
  const stores: Term[] = [{ kind: 'clear', type: place.type, place }];
  bytes.slice(0, array.length).forEach((byte, i) => {
    const element = elementOf(c, place, array, i);
    const repr = c.types.scalarRepr(array.element);
    const value = repr === 'i8' ? (byte << 24) >> 24 : byte;
    stores.push(assigned(c, element, constant(array.element, value)));
  });
  return stores;
}

function fromList(c: Checker, place: Place, list: InitializerList): Term[] {
  const [first] = list.items;
  if (isScalar(place.type)) {
    if (first === undefined) return [assigned(c, place, constant(place.type, 0))];
    if (list.items.length > 1)
      c.warning('bad-initializer', list.span, 'this value has more than one initializer');
    return initialise(c, place, first.value);
  }
  const array = arrayOf(place.type);
  const only = first?.value;
  if (array && isCharArray(c, array) && only?.kind === 'value' && only.value.kind === 'string')
    return initialise(c, place, only);
  const stores: Term[] = [{ kind: 'clear', type: place.type, place }];
  fillAggregate(c, place, { list: list.items, at: 0 }, true, stores);
  return stores;
}

/** Fills an aggregate from items; without braces of its own it takes no more than it holds. */
function fillAggregate(
  c: Checker,
  place: Place,
  items: Items,
  braced: boolean,
  stores: Term[],
): void {
  let index = 0;
  while (items.at < items.list.length) {
    const item = items.list[items.at];
    if (item === undefined) return;
    let target: Place | undefined;
    if (item.designators.length > 0) {
      if (!braced) return;
      const found = designatedPlace(c, place, item.designators);
      index = found === undefined ? index + 1 : found.index + 1;
      target = found?.place;
      if (target === undefined) {
        items.at++;
        continue;
      }
    } else {
      target = subobject(c, place, index++);
      if (target === undefined) {
        if (!braced) return;
        c.warning(
          'bad-initializer',
          item.value.span,
          'there are more initializers than the object has elements',
        );
        return;
      }
    }
    fillOne(c, target, items, stores);
  }
}

/** Fills one subobject with the next item, or, braces left out, with the next items. */
function fillOne(c: Checker, target: Place, items: Items, stores: Term[]): void {
  const value = items.list[items.at]?.value;
  if (value === undefined) return;
  if (value.kind === 'list' || takesWhole(c, target.type, value.value)) {
    items.at++;
    // Lists clear their object; what holds this one is clear already.
    const parts = initialise(c, target, value);
    stores.push(...(parts[0]?.kind === 'clear' ? parts.slice(1) : parts));
    return;
  }
  const before = items.at;
  const first = items.list[before];
  // The designators of the first item have been followed already.
  const rest: Items = {
    list: [
      ...items.list.slice(0, before),
      { designators: [], value },
      ...items.list.slice(before + 1),
    ],
    at: before,
  };
  fillAggregate(c, target, first === undefined ? items : rest, false, stores);
  items.at = Math.max(rest.at, before + 1);
}

function subobject(c: Checker, place: Place, index: number): Place | undefined {
  const array = arrayOf(place.type);
  if (array !== undefined)
    return index < array.length ? elementOf(c, place, array, index) : undefined;
  const struct = structOf(place.type);
  if (struct === undefined) return undefined;
  const member = struct.members[index];
  if (member === undefined || (struct.kind === 'union' && index > 0)) return undefined;
  return memberInside(c, place, member);
}

function designatedPlace(
  c: Checker,
  outer: Place,
  designators: readonly Designator[],
): { readonly place: Place; readonly index: number } | undefined {
  let place = outer;
  let firstIndex: number | undefined;
  for (const designator of designators) {
    const step =
      designator.kind === 'field'
        ? designatedField(c, place, designator.name, designator.span)
        : designatedElement(c, place, designator.index, designator.span);
    if (step === undefined) return undefined;
    firstIndex ??= step.index;
    ({ place } = step);
  }
  return { place, index: firstIndex ?? 0 };
}

function designatedField(c: Checker, place: Place, name: string, span: Span) {
  const struct = structOf(place.type);
  const member = struct && findMember(struct, name);
  if (struct === undefined || member === undefined) {
    const names = struct ? flattenMembers(struct).map((m) => m.name) : [];
    const hint = suggestion(name, names, span);
    const type = c.types.name(place.type);
    c.error('unknown-member', span, `'${type}' has no member '${name}'${hint.text}`);
    return undefined;
  }
  const index = struct.members.findIndex((m) => m.name === name || holds(m.type, name, m.name));
  return { place: memberInside(c, place, member), index };
}

function designatedElement(c: Checker, place: Place, indexExpr: Expr, span: Span) {
  const array = arrayOf(place.type);
  const index = constantOf(c, indexExpr, 'the index of a designator');
  if (index === undefined) return undefined;
  if (array !== undefined && index >= 0 && index < array.length)
    return { place: elementOf(c, place, array, Number(index)), index: Number(index) };
  const name = c.types.name(place.type);
  const problem = array === undefined ? 'has no elements' : `has no element ${index}`;
  c.error('bad-initializer', span, `'${name}' ${problem}`);
  return undefined;
}

export function compoundLiteralPlace(c: Checker, expr: Expr & { kind: 'compound' }): Place {
  const type = completedArray(c, c.resolve(expr.type), expr.list);
  if (!checkComplete(c, type, expr.span, 'a compound literal')) return nowhere();
  if (!c.unit.effects) {
    c.error(
      'side-effect',
      expr.span,
      'a compound literal cannot be used here: it makes a new object',
    );
    return nowhere();
  }
  const place = temporaryPlace(c, type);
  const first = initialise(c, place, expr.list);
  const pointer = c.types.pointerTo(type);
  const last = addressOf(pointer, place);
  return pointedPlace(type, { kind: 'sequence', type: pointer, first, last });
}

/** Whether an anonymous member's struct has the member. */
const holds = (type: CType, name: string, memberName: string): boolean => {
  const struct: StructType | undefined = memberName === '' ? structOf(type) : undefined;
  return struct !== undefined && findMember(struct, name) !== undefined;
};
