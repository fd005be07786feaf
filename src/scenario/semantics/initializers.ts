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
import { CallChecker } from './calls.js';
import { errorTerm } from './conversions.js';
import { arrayOf, isInteger, isScalar, stripTypedefs, structOf } from './cTypes.js';
import { addressOf, constant, pointedPlace } from './fold.js';
import type { Place, Term } from './ir.js';
import { isError } from './typeResolver.js';

/** The items of a list and how many of them are used up. */
interface Items {
  readonly list: InitializerList['items'];
  at: number;
}

export abstract class InitializerChecker extends CallChecker {
  /** The stores that give the object its first value. */
  initialise(place: Place, initializer: Initializer): Term[] {
    if (isError(place.type)) {
      if (initializer.kind === 'value') this.term(initializer.value);
      return [];
    }
    if (initializer.kind === 'value') return this.fromValue(place, initializer.value);
    return this.fromList(place, initializer);
  }

  private fromValue(place: Place, value: Expr): Term[] {
    const array = arrayOf(place.type);
    if (array !== undefined) {
      if (value.kind === 'string' && this.isCharArray(array))
        return this.fromString(place, array, value.bytes, value.span);
      const name = this.types.name(place.type);
      this.error('bad-initializer', value.span, `'${name}' needs a list in braces`);
      return [];
    }
    const term = this.convertTo(this.term(value), place.type, value.span, 'initializer');
    return isError(term.type) ? [] : [this.assigned(place, term)];
  }

  private isCharArray(array: ArrayType): boolean {
    return isInteger(array.element) && this.types.size(array.element) === 1;
  }

  private fromString(place: Place, array: ArrayType, bytes: readonly number[], span: Span): Term[] {
    if (bytes.length > array.length)
      this.warning('bad-initializer', span, `the string is longer than its ${array.length} bytes`);
    const stores: Term[] = [{ kind: 'clear', type: place.type, place }];
    bytes.slice(0, array.length).forEach((byte, i) => {
      const element = this.elementOf(place, array, i);
      const repr = this.types.scalarRepr(array.element);
      const value = repr === 'i8' ? (byte << 24) >> 24 : byte;
      stores.push(this.assigned(element, constant(array.element, value)));
    });
    return stores;
  }

  private fromList(place: Place, list: InitializerList): Term[] {
    const [first] = list.items;
    if (isScalar(place.type)) {
      if (first === undefined) return [this.assigned(place, constant(place.type, 0))];
      if (list.items.length > 1)
        this.warning('bad-initializer', list.span, 'more than one initialiser for one value');
      return this.initialise(place, first.value);
    }
    const array = arrayOf(place.type);
    const only = first?.value;
    if (array && this.isCharArray(array) && only?.kind === 'value' && only.value.kind === 'string')
      return this.initialise(place, only);
    const stores: Term[] = [{ kind: 'clear', type: place.type, place }];
    this.fill(place, { list: list.items, at: 0 }, true, stores);
    return stores;
  }

  /** Fills an aggregate from items; without braces of its own it takes no more than it holds. */
  private fill(place: Place, items: Items, braced: boolean, stores: Term[]): void {
    let index = 0;
    while (items.at < items.list.length) {
      const item = items.list[items.at];
      if (item === undefined) return;
      let target: Place | undefined;
      if (item.designators.length > 0) {
        if (!braced) return;
        const found = this.designated(place, item.designators);
        index = found === undefined ? index + 1 : found.index + 1;
        target = found?.place;
        if (target === undefined) {
          items.at++;
          continue;
        }
      } else {
        target = this.subobject(place, index++);
        if (target === undefined) {
          if (!braced) return;
          this.warning(
            'bad-initializer',
            item.value.span,
            'more initialisers than the object holds',
          );
          return;
        }
      }
      this.fillOne(target, items, stores);
    }
  }

  /** Fills one subobject with the next item, or, braces left out, with the next items. */
  private fillOne(target: Place, items: Items, stores: Term[]): void {
    const value = items.list[items.at]?.value;
    if (value === undefined) return;
    if (value.kind === 'list' || this.takesWhole(target.type, value.value)) {
      items.at++;
      // Lists clear their object; what holds this one is clear already.
      const parts = this.initialise(target, value);
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
    this.fill(target, first === undefined ? items : rest, false, stores);
    items.at = Math.max(rest.at, before + 1);
  }

  /** Whether the value initialises the object as a whole. */
  private takesWhole(type: CType, value: Expr): boolean {
    if (isScalar(type)) return true;
    const array = arrayOf(type);
    if (array !== undefined) return value.kind === 'string' && this.isCharArray(array);
    if (structOf(type) === undefined) return true;
    const struct = structOf(this.typeOf(value));
    return struct !== undefined && this.types.same(struct, type);
  }

  private elementOf(place: Place, array: ArrayType, index: number): Place {
    const stride = this.types.size(array.element);
    return { ...place, type: array.element, offsetBytes: place.offsetBytes + index * stride };
  }

  private subobject(place: Place, index: number): Place | undefined {
    const array = arrayOf(place.type);
    if (array !== undefined)
      return index < array.length ? this.elementOf(place, array, index) : undefined;
    const struct = structOf(place.type);
    if (struct === undefined) return undefined;
    const member = struct.members[index];
    if (member === undefined || (struct.kind === 'union' && index > 0)) return undefined;
    return this.inside(place, member);
  }

  private designated(
    outer: Place,
    designators: readonly Designator[],
  ): { readonly place: Place; readonly index: number } | undefined {
    let place = outer;
    let firstIndex: number | undefined;
    for (const designator of designators) {
      const step =
        designator.kind === 'field'
          ? this.designatedField(place, designator.name, designator.span)
          : this.designatedElement(place, designator.index, designator.span);
      if (step === undefined) return undefined;
      firstIndex ??= step.index;
      ({ place } = step);
    }
    return { place, index: firstIndex ?? 0 };
  }

  private designatedField(place: Place, name: string, span: Span) {
    const struct = structOf(place.type);
    const member = struct && findMember(struct, name);
    if (struct === undefined || member === undefined) {
      const names = struct ? flattenMembers(struct).map((m) => m.name) : [];
      const hint = suggestion(name, names, span);
      const type = this.types.name(place.type);
      this.error('unknown-member', span, `'${type}' has no member '${name}'${hint.text}`);
      return undefined;
    }
    const index = struct.members.findIndex((m) => m.name === name || holds(m.type, name, m.name));
    return { place: this.inside(place, member), index };
  }

  private designatedElement(place: Place, indexExpr: Expr, span: Span) {
    const array = arrayOf(place.type);
    const index = Number(this.constantOf(indexExpr, 'the index of a designator') ?? -1);
    if (array !== undefined && index >= 0 && index < array.length)
      return { place: this.elementOf(place, array, index), index };
    const name = this.types.name(place.type);
    this.error('bad-initializer', span, `'${name}' has no such element`);
    return undefined;
  }

  /** The type of `int a[] = ...`, whose length the initialiser says. */
  completedArray(type: CType, initializer: Initializer | undefined): CType {
    const bare = stripTypedefs(type);
    if (bare.kind !== 'array') return type;
    if (initializer?.kind === 'value')
      return initializer.value.kind === 'string'
        ? { ...bare, length: initializer.value.bytes.length + 1 }
        : type;
    if (initializer === undefined) return type;
    const [first] = initializer.items;
    if (
      first?.value.kind === 'value' &&
      first.value.value.kind === 'string' &&
      this.isCharArray(bare)
    )
      return { ...bare, length: first.value.value.bytes.length + 1 };
    return { ...bare, length: this.countElements(bare.element, initializer) };
  }

  private countElements(element: CType, list: InitializerList): number {
    const parts = this.nrScalars(element);
    let index = 0;
    let most = 0;
    let taken = 0;
    for (const { designators, value } of list.items) {
      const [designator] = designators;
      if (designator?.kind === 'element') {
        index = Number(this.constantOf(designator.index, 'the index of a designator') ?? 0);
        taken = 0;
      }
      const whole = value.kind === 'list' || this.takesWhole(element, value.value);
      most = Math.max(most, index + 1);
      taken = whole ? parts : taken + 1;
      if (taken >= parts) {
        index++;
        taken = 0;
      }
    }
    return most;
  }

  private nrScalars(type: CType): number {
    const array = arrayOf(type);
    if (array !== undefined) return array.length * this.nrScalars(array.element);
    const struct = structOf(type);
    if (struct === undefined) return 1;
    const members = struct.kind === 'union' ? struct.members.slice(0, 1) : struct.members;
    return members.reduce((sum, member) => sum + this.nrScalars(member.type), 0);
  }

  // --- compound literals -----------------------------------------------------------------------------------------------

  protected override compoundPlace(expr: Expr & { kind: 'compound' }): Place {
    const type = this.completedArray(this.resolve(expr.type), expr.list);
    if (!this.checkComplete(type, expr.span, 'a compound literal')) return this.nowhere();
    if (!this.unit.effects) {
      this.error('side-effect', expr.span, 'a compound literal is a new object: not possible here');
      return this.nowhere();
    }
    const place = this.temporary(type);
    const first = this.initialise(place, expr.list);
    const pointer = this.types.pointerTo(type);
    const last = addressOf(pointer, place);
    return pointedPlace(type, { kind: 'sequence', type: pointer, first, last });
  }

  private nowhere(): Place {
    return pointedPlace(errorTerm.type, errorTerm);
  }
}

/** Whether an anonymous member's struct has the member. */
const holds = (type: CType, name: string, memberName: string): boolean => {
  const struct: StructType | undefined = memberName === '' ? structOf(type) : undefined;
  return struct !== undefined && findMember(struct, name) !== undefined;
};
