/**
 * Names, members, elements and what pointers point to: expressions that designate objects.
 *
 * A name means, in this order: what the script declared, a builtin, an enumerator, a variable or a constant of the kernel.
 * Source: ISO C11 6.5.1, 6.5.2, 6.5.3.2.
 */
import { findMember, flattenMembers } from '../../engine/types/members.js';
import type { CType, MemberPlace, StructType } from '../../engine/types/model.js';
import type { Expr, IndexExpr, MemberExpr, NameExpr, PrefixExpr } from '../syntax/ast.js';
import { spanOf, type Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import type { Value } from './arithmetic.js';
import { errorTerm } from './conversions.js';
import {
  arrayOf,
  isComplete,
  isInteger,
  isPointer,
  isVoid,
  pointerOf,
  structOf,
} from './cTypes.js';
import { constant, constantValue, fixedPlace, framePlace, pointedPlace, retyped } from './fold.js';
import type { Place, Term } from './ir.js';
import { knownConstant, knownNames } from './kernelNames.js';
import { AssignmentChecker } from './assignments.js';
import type { Meaning } from './scope.js';
import { isError } from './typeResolver.js';
import { errorType } from './unit.js';
import { FUNCTION_STRIDE } from './window.js';

export abstract class AccessChecker extends AssignmentChecker {
  /** Declares the function of that name if the text defines it further on. */
  protected abstract declareLater(name: string): Meaning | undefined;
  protected abstract isBuiltin(name: string): boolean;

  protected meaning(name: string): Meaning | undefined {
    return this.scope.lookup(name) ?? this.declareLater(name);
  }

  // --- places --------------------------------------------------------------------------------------------------------

  override place(expr: Expr): Place | undefined {
    switch (expr.kind) {
      case 'name':
        return this.namePlace(expr);
      case 'prefix':
        return expr.operator === '*' ? this.pointeePlace(expr) : undefined;
      case 'index':
        return this.elementPlace(expr);
      case 'member':
        return this.memberPlace(expr);
      case 'string': {
        const length = expr.bytes.length + 1;
        const type: CType = { kind: 'array', element: this.types.char, length };
        return fixedPlace(type, this.unit.strings.intern(expr.bytes));
      }
      case 'compound':
        return this.compoundPlace(expr);
      default:
        return undefined;
    }
  }

  protected abstract compoundPlace(expr: Expr & { kind: 'compound' }): Place;

  private namePlace(expr: NameExpr): Place | undefined {
    const meaning = this.meaning(expr.name);
    if (meaning?.kind === 'variable')
      return meaning.storage === 'frame'
        ? framePlace(meaning.type, meaning.location)
        : fixedPlace(meaning.type, meaning.location);
    if (meaning !== undefined || this.isBuiltin(expr.name)) return undefined;
    if (this.types.table.enumerator(expr.name) !== undefined) return undefined;
    const symbol = this.unit.profile.symbol(expr.name);
    if (symbol === undefined) return undefined;
    if (symbol.perCpu && this.unit.profile.smp)
      this.warning(
        'conversion',
        expr.span,
        `'${expr.name}' is per CPU: write per_cpu(${expr.name}, cpu)`,
      );
    const label: CType = { kind: 'array', element: this.types.char, length: 0 };
    return fixedPlace(symbol.type ?? label, symbol.address);
  }

  private pointeePlace(expr: PrefixExpr): Place | undefined {
    const pointer = this.term(expr.operand);
    return this.dereference(pointer, expr.span, "'*'");
  }

  private dereference(pointer: Term, span: Span, what: string): Place | undefined {
    if (isError(pointer.type)) return fixedPlace(errorType, 0);
    const target = pointerOf(pointer.type)?.target;
    if (target === undefined) {
      const name = this.types.name(pointer.type);
      this.error('type-mismatch', span, `${what} needs a pointer, not '${name}'`);
      return fixedPlace(errorType, 0);
    }
    if (isVoid(target)) {
      this.error('type-mismatch', span, `${what} on a 'void *': cast it to what it points to`);
      return fixedPlace(errorType, 0);
    }
    return pointedPlace(target, pointer);
  }

  private elementPlace(expr: IndexExpr): Place | undefined {
    const object = this.term(expr.object);
    const index = this.term(expr.index);
    if (isError(object.type) || isError(index.type)) return fixedPlace(errorType, 0);
    this.checkBounds(expr, index);
    const swapped = isInteger(object.type) && isPointer(index.type);
    const [pointer, count] = swapped ? [index, object] : [object, index];
    if (!isPointer(pointer.type) || !isInteger(count.type)) {
      const [a, b] = [this.types.name(object.type), this.types.name(index.type)];
      this.error('type-mismatch', expr.span, `'[]' cannot take '${a}' and '${b}'`);
      return fixedPlace(errorType, 0);
    }
    const element = this.offset(pointer, count, '+', expr.span);
    if (isError(element.type)) return fixedPlace(errorType, 0);
    return this.dereference(element, expr.span, "'[]'");
  }

  /** A constant index past the end of an array. Arrays of length 0 and 1 end structs of flexible size. */
  private checkBounds(expr: IndexExpr, index: Term): void {
    const value = constantValue(index);
    if (value === undefined || !isInteger(index.type)) return;
    const array = this.quietPlace(expr.object);
    const length = array && arrayOf(array.type)?.length;
    if (length === undefined || length <= 1 || (value >= 0 && value < length)) return;
    this.warning(
      'overflow',
      expr.index.span,
      `index ${value} is outside of '${this.types.name(array?.type ?? this.types.void)}'`,
    );
  }

  /** The place of a plain name or member, without looking further. */
  private quietPlace(expr: Expr): Place | undefined {
    return expr.kind === 'name' || expr.kind === 'member' ? this.place(expr) : undefined;
  }

  private memberPlace(expr: MemberExpr): Place | undefined {
    const outer = expr.arrow ? this.arrowPlace(expr) : this.dotPlace(expr);
    if (outer === undefined || isError(outer.type) || expr.name === '')
      return fixedPlace(errorType, 0);
    const struct = structOf(outer.type);
    if (struct === undefined) return fixedPlace(errorType, 0);
    const member = findMember(struct, expr.name);
    if (member !== undefined) return this.inside(outer, member);
    this.unknownMember(struct, expr.name, expr.nameSpan);
    return fixedPlace(errorType, 0);
  }

  private arrowPlace(expr: MemberExpr): Place | undefined {
    const pointer = this.term(expr.object);
    if (isError(pointer.type)) return undefined;
    if (structOf(pointer.type) !== undefined) {
      this.wrongOperator(expr, pointer.type, '.');
      return undefined;
    }
    const place = this.dereference(pointer, expr.span, "'->'");
    return place && this.needStruct(place, expr);
  }

  private dotPlace(expr: MemberExpr): Place | undefined {
    const place = this.place(expr.object) ?? this.valuePlace(this.term(expr.object));
    if (isError(place.type)) return undefined;
    const target = pointerOf(place.type)?.target;
    if (target !== undefined && structOf(target) !== undefined) {
      this.wrongOperator(expr, place.type, '->');
      return undefined;
    }
    return this.needStruct(place, expr);
  }

  /** The object that a struct value lies in. */
  private valuePlace(term: Term): Place {
    return structOf(term.type) === undefined
      ? fixedPlace(term.type, 0)
      : pointedPlace(term.type, term);
  }

  private needStruct(place: Place, expr: MemberExpr): Place | undefined {
    const struct = structOf(place.type);
    const name = this.types.name(place.type);
    if (struct === undefined) {
      this.error('unknown-member', expr.nameSpan, `'${name}' has no members`);
      return undefined;
    }
    if (!struct.complete && !isError(struct)) {
      const message = `the members of '${name}' are not known here`;
      this.error('incomplete-type', expr.nameSpan, message);
      return undefined;
    }
    return place;
  }

  private wrongOperator(expr: MemberExpr, type: CType, right: '.' | '->'): void {
    const span = spanOf(expr.object.span.end, expr.nameSpan.start);
    const is = right === '.' ? 'a struct' : 'a pointer';
    this.error(
      'type-mismatch',
      expr.span,
      `'${this.types.name(type)}' is ${is}: its members are reached with '${right}'`,
      { title: `Change to '${right}'`, span, replacement: right },
    );
  }

  private unknownMember(struct: StructType, name: string, span: Span): void {
    const names = flattenMembers(struct).map((member) => member.name);
    const hint = suggestion(name, names, span);
    const message = `'${this.types.name(struct)}' has no member '${name}'${hint.text}`;
    this.error('unknown-member', span, message, hint.fix);
  }

  /** A member's place inside a struct's. */
  protected inside(outer: Place, member: MemberPlace): Place {
    const { type, offsetBits, widthBits } = member;
    if (widthBits === 0)
      return { ...outer, type, offsetBytes: outer.offsetBytes + offsetBits / 8, bits: undefined };
    // A bit-field is reached through the unit of its type that holds it.
    const unitBits = this.types.size(type) * 8;
    const start = Math.floor(offsetBits / unitBits) * unitBits;
    return {
      ...outer,
      type,
      offsetBytes: outer.offsetBytes + start / 8,
      bits: { offset: offsetBits - start, width: widthBits },
    };
  }

  // --- values of names -----------------------------------------------------------------------------------------------

  protected name(expr: NameExpr): Term {
    const place = this.namePlace(expr);
    if (place !== undefined) return this.load(place, expr.span);
    const meaning = this.meaning(expr.name);
    if (meaning?.kind === 'enumerator') return constant(meaning.type, meaning.value);
    if (meaning?.kind === 'function') {
      const address = this.unit.window.functions + meaning.index * FUNCTION_STRIDE;
      return constant(this.types.pointerTo(meaning.type), address);
    }
    if (meaning?.kind === 'typedef') {
      this.error('expected', expr.span, `'${expr.name}' is a type: a value is expected here`);
      return errorTerm;
    }
    if (this.isBuiltin(expr.name)) {
      const message = `'${expr.name}' can only be called: write ${expr.name}(...)`;
      this.error('unsupported', expr.span, message);
      return errorTerm;
    }
    const known = knownConstant(this.unit.profile, this.types, expr.name);
    return known === undefined ? this.unknownName(expr) : constant(known.type, known.value);
  }

  protected override isFunctionName(expr: Expr): boolean {
    return expr.kind === 'name' && this.meaning(expr.name)?.kind === 'function';
  }

  private unknownName(expr: NameExpr): Term {
    const names = [...this.scope.allNames(), ...knownNames(this.unit.profile)];
    const hint = suggestion(expr.name, names, expr.span);
    const message = `neither the script nor the kernel has '${expr.name}'${hint.text}`;
    this.error('unknown-name', expr.span, message, hint.fix);
    return errorTerm;
  }

  // --- literals ------------------------------------------------------------------------------------------------------

  /** The type of a literal: the first that holds it (C11 6.4.4.1). */
  protected integerLiteral(expr: Expr & { kind: 'integer' }): Term {
    const { types } = this;
    const signed = [types.int, types.long, types.longLong];
    const unsigned = [types.unsignedInt, types.unsignedLong, types.unsignedLongLong];
    for (let rank = expr.longs; rank < 3; rank++) {
      for (const type of [expr.unsigned ? undefined : signed[rank], unsigned[rank]]) {
        if (type === undefined || (!type.signed && expr.decimal && !expr.unsigned)) continue;
        const bits = BigInt(type.sizeBytes * 8 - (type.signed ? 1 : 0));
        if (expr.value < 1n << bits) {
          const wide: Value = expr.value <= 2n ** 53n - 1n ? Number(expr.value) : expr.value;
          return this.literalOf(type, wide);
        }
      }
    }
    this.error('bad-number', expr.span, `${expr.value} is too large for any integer type`);
    return errorTerm;
  }

  private literalOf(type: CType, value: Value): Term {
    const wrapped = typeof value === 'bigint' ? BigInt.asIntN(64, value) : value;
    const number = Number(wrapped);
    const exact = Number.isSafeInteger(number) ? number : wrapped;
    return retyped(this.types, constant(this.types.longLong, exact), type);
  }

  protected checkComplete(type: CType, span: Span, what: string): boolean {
    if (isComplete(type) || isError(type)) return true;
    const name = this.types.name(type);
    this.error('incomplete-type', span, `${what}: the size of '${name}' is not known`);
    return false;
  }
}
