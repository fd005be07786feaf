/**
 * Initialisers: what stores fill an object, from `= value` to nested lists with designators and left-out braces.
 *
 * Source: ISO C11 6.7.9. What a list does not mention is zero.
 */
import { counted } from '../../engine/view/counted.js';
import { goneMember, insteadOfMember } from '../kernelNames/goneNames.js';
import { findMember, flattenMembers } from '../../engine/types/members.js';
import type { ArrayType, CType, StructType } from '../../engine/types/model.js';
import type { Designator, Expr, Initializer, InitializerList, StringExpr } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import { completedArray, takesString, takesWhole } from './arrayLengths.js';
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
  /** The item whose designators have been followed already; -1 if none. */
  followed: number;
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
    if (value.kind === 'string' && takesString(c, array, value))
      return fromString(c, place, array, value);
    // gcc: a compound literal may initialise an array of its type.
    if (value.kind === 'compound' && c.types.same(c.resolve(value.type), place.type))
      return initialise(c, place, value.list);
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

/** The bytes are copied from the literal; what the string does not reach is zero. */
function fromString(c: Checker, place: Place, array: ArrayType, value: StringExpr): Term[] {
  const size = c.types.size(array.element);
  const { length } = value.bytes;
  const most = array.length * size;
  if (length > most)
    c.warning(
      'bad-initializer',
      value.span,
      `the string does not fit in an array of ${counted(array.length, 'byte')}`,
    );
  const sizeBytes = Math.min(length + size, most);
  const from = constant(c.types.charPointer, c.unit.strings.intern(value.bytes, size));
  const copy: Term = { kind: 'copy', type: place.type, to: place, from, sizeBytes };
  return sizeBytes === most ? [copy] : [{ kind: 'clear', type: place.type, place }, copy];
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
  if (
    array &&
    only?.kind === 'value' &&
    only.value.kind === 'string' &&
    takesString(c, array, only.value) &&
    first?.designators.length === 0
  )
    return initialise(c, place, only);
  const stores: Term[] = [{ kind: 'clear', type: place.type, place }];
  fillAggregate(c, place, { list: list.items, at: 0, followed: -1 }, true, stores);
  return stores;
}

/** Fills an aggregate from items, from its subobject `start` on; without braces of its own it takes no more than it holds. */
function fillAggregate(
  c: Checker,
  place: Place,
  items: Items,
  braced: boolean,
  stores: Term[],
  start = 0,
): void {
  let index = start;
  while (items.at < items.list.length) {
    const item = items.list[items.at];
    if (item === undefined) return;
    let target: Place | undefined;
    if (item.designators.length > 0 && items.followed !== items.at) {
      if (!braced) return;
      const found = designatedPlaces(c, place, item.designators);
      if (found === undefined) {
        index++;
        items.at++;
        continue;
      }
      index = (found.trail[0]?.index ?? 0) + 1;
      fillEach(c, found.places, items, stores);
      // What follows without a designator goes on behind the object that was named, however deep that lies.
      for (const { outer, index: at } of found.trail.slice(1).reverse())
        fillAggregate(c, outer, items, false, stores, at + 1);
      continue;
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
    const isNamed = (items.list[items.at]?.designators.length ?? 0) > 0;
    items.at++;
    // Lists clear their object. What holds this one is clear already, unless a designator leads to it for a second time.
    const parts = initialise(c, target, value);
    parts.forEach((part, i) => {
      if (i > 0 || part.kind !== 'clear' || isNamed) stores.push(part);
    });
    return;
  }
  // Its designators, if it has any, led here: the object takes the items from this one on.
  const before = items.at;
  items.followed = before;
  fillAggregate(c, target, items, false, stores);
  items.at = Math.max(items.at, before + 1);
}

/** Places that designators name: with gcc's `[low ... high]` among them, several. The trail is the last one's. */
function designatedPlaces(
  c: Checker,
  outer: Place,
  designators: readonly Designator[],
): { readonly places: readonly Place[]; readonly trail: Designated['trail'] } | undefined {
  const at = designators.findIndex((one) => one.kind === 'element' && one.high !== undefined);
  const range = designators[at];
  const before = designatedPlace(c, outer, at < 0 ? designators : designators.slice(0, at));
  if (before === undefined) return undefined;
  if (range?.kind !== 'element' || range.high === undefined)
    return { places: [before.place], trail: before.trail };
  const array = arrayOf(before.place.type);
  const low = designatedElement(c, before.place, range.index, range.span);
  const high = designatedElement(c, before.place, range.high, range.span);
  if (array === undefined || low === undefined || high === undefined) return undefined;
  if (high.index < low.index)
    c.error('bad-initializer', range.span, 'this range of elements is empty');
  const places: Place[] = [];
  let inner: Designated['trail'] = [];
  for (let i = low.index; i <= high.index; i++) {
    const found = designatedPlaces(
      c,
      elementOf(c, before.place, array, i),
      designators.slice(at + 1),
    );
    if (found === undefined) return undefined;
    places.push(...found.places);
    inner = found.trail;
  }
  return {
    places,
    trail: [...before.trail, { outer: before.place, index: high.index }, ...inner],
  };
}

/** Fills every place from the same item, whose value is worked out once. */
function fillEach(c: Checker, places: readonly Place[], items: Items, stores: Term[]): void {
  const at = items.at;
  const [first] = places;
  const value = items.list[at]?.value;
  if (first === undefined || value === undefined) {
    items.at++;
    return;
  }
  const own: Term[] = [];
  fillOne(c, first, items, own);
  for (const store of own) stores.push(store);
  const isPlain = own.every(isConstantStore);
  for (const place of places.slice(1)) {
    if (isPlain) {
      items.at = at;
      items.followed = -1;
      fillOne(c, place, items, stores);
    } else {
      const sizeBytes = c.types.size(place.type);
      const from = addressOf(c.types.voidPointer, first);
      stores.push({ kind: 'copy', type: place.type, to: place, from, sizeBytes });
    }
  }
}

/** Whether a store puts a constant into its place. */
export const isConstantStore = (store: Term): boolean =>
  store.kind === 'clear' ||
  (store.kind === 'store' && store.value.kind === 'constant') ||
  (store.kind === 'copy' && store.from.kind === 'constant');

function subobject(c: Checker, place: Place, index: number): Place | undefined {
  const array = arrayOf(place.type);
  if (array !== undefined)
    return index < array.length ? elementOf(c, place, array, index) : undefined;
  const struct = structOf(place.type);
  if (struct === undefined) return undefined;
  const member = struct.members[index];
  if (member === undefined || (struct.kind === 'union' && index > 0)) return undefined;
  return memberInside(place, member);
}

interface Designated {
  readonly place: Place;
  /** For each designator the object that it is about, and which of its subobjects it names. */
  readonly trail: readonly { readonly outer: Place; readonly index: number }[];
}

function designatedPlace(
  c: Checker,
  outer: Place,
  designators: readonly Designator[],
): Designated | undefined {
  let place = outer;
  const trail: { outer: Place; index: number }[] = [];
  for (const designator of designators) {
    const step =
      designator.kind === 'field'
        ? designatedField(c, place, designator.name, designator.span)
        : designatedElement(c, place, designator.index, designator.span);
    if (step === undefined) return undefined;
    trail.push({ outer: place, index: step.index });
    ({ place } = step);
  }
  return { place, trail };
}

function designatedField(c: Checker, place: Place, name: string, span: Span) {
  const struct = structOf(place.type);
  const member = struct && findMember(struct, name);
  if (struct === undefined || member === undefined) {
    const now = struct && insteadOfMember(struct.name, name);
    if (now !== undefined) {
      c.error('unknown-member', span, goneMember(c.types.name(place.type), name, now));
      return undefined;
    }
    const names = struct ? flattenMembers(struct).map((m) => m.name) : [];
    const hint = suggestion(name, names, span);
    const type = c.types.name(place.type);
    c.error('unknown-member', span, `'${type}' has no member '${name}'${hint.text}`);
    return undefined;
  }
  const index = struct.members.findIndex((m) => m.name === name || holds(m.type, name, m.name));
  return { place: memberInside(place, member), index };
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
