/**
 * How much of an initialiser one object takes, and so how long an array is whose length is not written.
 *
 * Source: ISO C11 6.7.9, paragraphs 14 and 22.
 */
import type { ArrayType, CType } from '../../engine/types/model.js';
import type { Expr, Initializer, InitializerList, StringExpr } from '../syntax/ast.js';
import { unitBytes } from '../syntax/literals.js';
import { arrayOf, isInteger, isScalar, stripTypedefs, structOf } from './cTypes.js';
import type { Checker } from './checker.js';
import { constantOf } from './constants.js';

/** The type of `int a[] = ...`, whose length the initialiser says. */
export function completedArray(
  c: Checker,
  type: CType,
  initializer: Initializer | undefined,
): CType {
  const bare = stripTypedefs(type);
  if (bare.kind !== 'array') return type;
  if (initializer?.kind === 'value')
    return initializer.value.kind === 'string'
      ? { ...bare, length: stringLength(initializer.value) }
      : initializer.value.kind === 'compound'
        ? completedArray(c, c.resolve(initializer.value.type), initializer.value.list)
        : type;
  if (initializer === undefined) return type;
  const [first] = initializer.items;
  const value = first?.value.kind === 'value' ? first.value.value : undefined;
  if (value?.kind === 'string' && takesString(c, bare, value))
    return { ...bare, length: stringLength(value) };
  return { ...bare, length: countElements(c, bare.element, initializer) };
}

/**
 * A struct that ends with an array of no length, with that as long as its list in the initialiser says: what the object takes. Any
 * other type is itself. gcc takes such a list of objects that are there from the beginning on.
 */
export function completedStruct(
  c: Checker,
  type: CType,
  initializer: Initializer | undefined,
): CType {
  const struct = structOf(type);
  const last = struct?.kind === 'struct' ? struct.members.at(-1) : undefined;
  if (struct === undefined || last === undefined || arrayOf(last.type)?.length !== 0) return type;
  if (initializer?.kind !== 'list') return type;
  const { items } = initializer;
  const item = items.findLast(({ designators: [first, ...more] }, i) =>
    first === undefined
      ? i === struct.members.length - 1 && i === items.length - 1
      : first.kind === 'field' && first.name === last.name && more.length === 0,
  );
  if (item === undefined) return type;
  const whole = completedArray(c, last.type, item.value);
  const end = last.offsetBits / 8 + c.types.size(whole);
  return {
    ...struct,
    sizeBytes: Math.max(struct.sizeBytes, end),
    members: [...struct.members.slice(0, -1), { ...last, type: whole }],
  };
}

function countElements(c: Checker, element: CType, list: InitializerList): number {
  const parts = nrScalars(c, element);
  let index = 0;
  let most = 0;
  let taken = 0;
  for (const { designators, value } of list.items) {
    const [designator] = designators;
    if (designator?.kind === 'element') {
      const last = designator.high ?? designator.index;
      index = Number(constantOf(c, last, 'the index of a designator') ?? 0);
      taken = 0;
    }
    const whole = value.kind === 'list' || takesWhole(c, element, value.value);
    most = Math.max(most, index + 1);
    taken = whole ? parts : taken + 1;
    if (taken >= parts) {
      index++;
      taken = 0;
    }
  }
  return most;
}

function nrScalars(c: Checker, type: CType): number {
  const array = arrayOf(type);
  if (array !== undefined) return array.length * nrScalars(c, array.element);
  const struct = structOf(type);
  if (struct === undefined) return 1;
  const members = struct.kind === 'union' ? struct.members.slice(0, 1) : struct.members;
  return members.reduce((sum, member) => sum + nrScalars(c, member.type), 0);
}

/** Whether the value initialises the object as a whole. */
export function takesWhole(c: Checker, type: CType, value: Expr): boolean {
  if (isScalar(type)) return true;
  const array = arrayOf(type);
  if (array !== undefined) return value.kind === 'string' && takesString(c, array, value);
  if (structOf(type) === undefined) return true;
  const struct = structOf(c.typeOf(value));
  return struct !== undefined && c.types.same(struct, type);
}

/** Whether a string literal can fill the array: its elements are what the literal's characters are. */
export function takesString(c: Checker, array: ArrayType, value: StringExpr): boolean {
  return isInteger(array.element) && c.types.size(array.element) === unitBytes(value.prefix);
}

const stringLength = ({ bytes, prefix }: StringExpr): number =>
  bytes.length / unitBytes(prefix) + 1;
