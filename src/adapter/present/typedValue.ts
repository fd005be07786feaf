/**
 * Any typed object or value of C as a tree: members of structs (those of anonymous ones lifted, as C names them), elements
 * of arrays, what a pointer points to. Types that the machine knows better present themselves (page.ts, listHead.ts, ...):
 * `special` asks them first.
 */
import { formatAddress } from '../../engine/memory/address.js';
import {
  elementPlace,
  memberPlaceOf,
  placeAt,
  readScalar,
  toAddress,
  toBits,
  type Place,
  type ScalarValue,
  type TypedMemory,
} from '../../engine/types/access.js';
import { formatPlace, formatScalar } from '../../engine/types/format.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import { flattenMembers } from '../../engine/types/members.js';
import type { CType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';
import { typeName } from '../../engine/types/typeName.js';
import { maskText } from './maskNames.js';
import type { Container, Format, Shown } from './shown.js';

/** Presents objects of one struct better than their members do. */
export type Special = (
  place: Place,
  expression: string,
) => { readonly value: string; readonly children: Container } | undefined;

/** Presents single objects better than their type does (`page->flags`), wherever they are met. */
export type SpecialPlace = (place: Place, expression: string) => Partial<Shown> | undefined;

export interface ValueContext {
  readonly profile: Profile;
  readonly memory: TypedMemory;
  /** By struct tag. */
  readonly specials: ReadonlyMap<string, Special>;
  readonly specialPlaces: readonly SpecialPlace[];
}

/** A place with a name: a variable, a member, an element. */
export function showPlace(
  context: ValueContext,
  name: string,
  place: Place,
  expression: string | undefined,
  format: Format,
): Shown {
  const { profile, memory } = context;
  const type = stripTypedefs(place.type);
  const common = {
    name,
    type: typeName(place.type),
    place,
    ...(expression !== undefined && { evaluateName: expression }),
  };
  if (type.kind === 'int' || type.kind === 'enum' || type.kind === 'pointer') {
    const value = readScalar(memory, place);
    if (value === undefined)
      return { ...common, value: formatPlace(profile, memory, place), memory: place.address };
    const parts = scalarParts(context, name, place.type, value, expression, format, place);
    return { ...common, ...parts, ...specialPlaceOf(context, place, expression) };
  }
  const special = specialOf(context, place, expression);
  const children = special?.children ?? membersOf(context, place, expression);
  return {
    ...common,
    value: special?.value ?? formatPlace(profile, memory, place, { maxDepth: 2, maxLength: 120 }),
    memory: place.address,
    ...(children !== undefined && { children }),
  };
}

/** A scalar that is in no memory: the result of an expression, a kernel function's local. */
export function showValue(
  context: ValueContext,
  name: string,
  type: CType,
  value: ScalarValue,
  expression: string | undefined,
  format: Format,
): Shown {
  return {
    name,
    type: typeName(type),
    ...(expression !== undefined && { evaluateName: expression }),
    ...scalarParts(context, name, type, value, expression, format, undefined),
  };
}

/** Value, memory and children of a scalar. A struct pointer opens to the members of what it points to, as in gdb's trees. */
function scalarParts(
  context: ValueContext,
  name: string,
  type: CType,
  value: ScalarValue,
  expression: string | undefined,
  format: Format,
  place: Place | undefined,
): Pick<Shown, 'value' | 'memory' | 'children'> {
  const { profile, memory } = context;
  const bare = stripTypedefs(type);
  if (bare.kind !== 'pointer') {
    const plain =
      format.hex && bare.kind === 'int' && !bare.bool
        ? `0x${toBits(value, sizeOf(bare, profile.pointerSize)).toString(16)}`
        : (maskText(profile, name, type, value) ?? formatScalar(profile, type, value));
    return { value: plain, ...(place !== undefined && { memory: place.address }) };
  }
  const address = toAddress(value, profile.pointerSize);
  const text =
    place === undefined ? formatScalar(profile, type, value) : formatPlace(profile, memory, place);
  if (address === undefined || address === 0) return { value: address === 0 ? 'NULL' : text };
  const pointee = placeAt(address, bare.target);
  const inner = expression === undefined ? undefined : `(*${expression})`;
  const special = specialOf(context, pointee, inner);
  const children = special?.children ?? pointeeChildren(context, pointee, inner);
  return {
    value: special === undefined ? text : `${text} ${special.value}`,
    memory: address,
    ...(children !== undefined && { children }),
  };
}

function specialOf(
  { specials, profile }: ValueContext,
  place: Place,
  expression: string | undefined,
): ReturnType<Special> {
  const type = stripTypedefs(place.type);
  if (type.kind !== 'struct') return undefined;
  return specials.get(type.name)?.(place, expression ?? dereferenced(place, profile.pointerSize));
}

function specialPlaceOf(
  { specialPlaces, profile }: ValueContext,
  place: Place,
  expression: string | undefined,
): Partial<Shown> | undefined {
  for (const special of specialPlaces) {
    const found = special(place, expression ?? dereferenced(place, profile.pointerSize));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An expression for an object of which only type and address are known. */
const dereferenced = (place: Place, pointerSize: 4 | 8): string =>
  `(*(${typeName({ kind: 'pointer', target: place.type })})${formatAddress(place.address, pointerSize)})`;

/** Members or elements of a compound object; undefined when it has none. */
export function membersOf(
  context: ValueContext,
  place: Place,
  expression: string | undefined,
): Container | undefined {
  const type = stripTypedefs(place.type);
  const { pointerSize } = context.memory;
  if (type.kind === 'struct' || type.kind === 'union') {
    if (!type.complete || type.members.length === 0) return undefined;
    const members = flattenMembers(type);
    return {
      named: (format) =>
        members.map((member) => {
          const inner = expression === undefined ? undefined : memberOf(expression, member.name);
          return showPlace(context, member.name, memberPlaceOf(place, member), inner, format);
        }),
    };
  }
  if (type.kind !== 'array' || type.length === 0) return undefined;
  return {
    nrIndexed: type.length,
    indexed: (start, count, format) =>
      Array.from({ length: count }, (_, i) => {
        const element = elementPlace(place, start + i, pointerSize) as Place;
        const inner = expression === undefined ? undefined : `${expression}[${start + i}]`;
        return showPlace(context, `[${start + i}]`, element, inner, format);
      }),
  };
}

/** A member of the object that an expression denotes; `(*p).flags` is written `p->flags`. */
export const memberOf = (expression: string, name: string): string => {
  const pointer = /^\(\*([A-Za-z_]\w*)\)$/.exec(expression)?.[1];
  return pointer === undefined ? `${expression}.${name}` : `${pointer}->${name}`;
};

function pointeeChildren(
  context: ValueContext,
  pointee: Place,
  expression: string | undefined,
): Container | undefined {
  const { memory } = context;
  const type = stripTypedefs(pointee.type);
  if (type.kind === 'void' || type.kind === 'function') return undefined;
  if (memory.readBytes(pointee.address, 1).length === 0) return undefined;
  const members = membersOf(context, pointee, expression);
  if (members !== undefined && type.kind !== 'array') return members;
  // A pointer to a scalar or to an array: the object itself is the one child.
  return {
    named: (format) => [showPlace(context, `*`, pointee, expression, format)],
  };
}
