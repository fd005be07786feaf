/**
 * Any typed object or value of C as a tree: members of structs (those of anonymous ones lifted, as C names them), elements
 * of arrays, what a pointer points to. Types that the machine knows better present themselves (page.ts, listHead.ts, ...):
 * `special` asks them first.
 */
import type { VirtAddr } from '../../engine/memory/address.js';
import {
  elementPlace,
  memberPlaceOf,
  placeBits,
  placeOfBits,
  readScalar,
  toBits,
  type Place,
  type ScalarValue,
  type TypedMemory,
} from '../../engine/types/access.js';
import { formatPlace, formatPointer, formatScalar } from '../../engine/types/format.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import { flattenMembers } from '../../engine/types/members.js';
import type { CType } from '../../engine/types/model.js';
import { looksLikeAddress, roleOfType } from '../../engine/types/numberRole.js';
import type { Profile } from '../../engine/types/profile.js';
import { typeName } from '../../engine/types/typeName.js';
import { kernelFunctionsNamed } from '../debuggee/kernelSources.js';
import type { NumberOrigins } from '../evaluation/numberOrigins.js';
import { maskNames } from './maskNames.js';
import type { Container, Format, Shown } from './shown.js';

/** Presents objects of one struct better than their members do. */
export type Special = (
  place: Place,
  expression: string,
) =>
  | {
      readonly value: string;
      readonly children: Container;
      readonly menu?: Shown['menu'];
    }
  | undefined;

/** Presents single objects better than their type does (`page->flags`), wherever they are met. */
export type SpecialPlace = (
  place: Place,
  expression: string,
  format: Format,
) => Partial<Shown> | undefined;

export interface ValueContext {
  readonly profile: Profile;
  readonly memory: TypedMemory;
  readonly origins: NumberOrigins;
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
      return { ...common, value: formatPlace(profile, memory, place), ...memoryAt(place) };
    const parts = scalarParts(context, name, place.type, value, expression, format, place);
    return { ...common, ...parts, ...specialPlaceOf(context, place, expression, format) };
  }
  const special = specialOf(context, place, expression);
  const children = special?.children ?? membersOf(context, place, expression);
  return {
    ...common,
    value: special?.value ?? summaryOf(context, place, expression ?? name, format),
    ...memoryAt(place),
    ...(special?.menu !== undefined && { menu: special.menu }),
    ...declarationOf(type),
    ...(children !== undefined && { children }),
  };
}

/** Where its bytes are shown: references to memory are numbers, which do not hold every address of five levels. */
const memoryAt = ({ address, rest }: Place): Pick<Shown, 'memory'> =>
  rest === undefined ? { memory: address } : {};

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
): Omit<Shown, 'name'> {
  const { profile, memory } = context;
  const bare = stripTypedefs(type);
  if (bare.kind !== 'pointer') {
    const text = numberText(context, expression ?? name, type, value, format, place);
    return {
      value: text,
      ...(place !== undefined && memoryAt(place)),
      ...(looksLikeAddress(profile, type, value) && { menu: 'mmscopeAddress' as const }),
    };
  }
  const pointee = placeOfBits(value, bare.target, profile.pointerSize);
  const text =
    place === undefined
      ? formatPointer(profile, value)
      : formatPlace(profile, memory, place, { numbers: format.numbers });
  if (Number(value) === 0) return { value: 'NULL' };
  if (pointee === undefined) return { value: text };
  const inner = expression === undefined ? undefined : `(*${expression})`;
  const special = specialOf(context, pointee, inner);
  const children = special?.children ?? pointeeChildren(context, pointee, inner);
  return {
    value: special === undefined ? text : `${text} ${special.value}`,
    ...memoryAt(pointee),
    menu: special?.menu ?? 'mmscopeAddress',
    ...valueDeclarationOf(context, bare.target, pointee.address),
    ...(children !== undefined && { children }),
  };
}

const summaryOf = (
  { profile, memory, origins }: ValueContext,
  place: Place,
  expression: string,
  { numbers }: Format,
): string => {
  // Elements of an array are what the array is called: zone_pfn[2].
  const { name } = origins.of(expression);
  return formatPlace(profile, memory, place, { maxDepth: 2, maxLength: 120, name, numbers });
};

/** An integer as its type, what it came from and its value have it read, with the names of a mask's bits. */
function numberText(
  { profile, origins }: ValueContext,
  expression: string,
  type: CType,
  value: ScalarValue,
  { numbers, names }: Format,
  place: Place | undefined,
): string {
  const bare = stripTypedefs(type);
  if (bare.kind !== 'int' || bare.bool) return formatScalar(profile, type, value);
  if (numbers === 'auto' && (bare.name === 'char' || place?.widthBits === 1))
    return formatScalar(profile, type, value, { numbers: 'decimal' });
  const { name, isMember, role } = origins.of(expression);
  const named = names ? maskNames(profile, name, isMember, type, value) : undefined;
  const isHex =
    numbers === 'hex' ||
    (numbers === 'auto' &&
      (named !== undefined ||
        (roleOfType(type) ?? role) !== undefined ||
        looksLikeAddress(profile, type, value)));
  const number = isHex ? `0x${toBits(value, bare.sizeBytes).toString(16)}` : `${value}`;
  return named === undefined ? number : `${number} (${named})`;
}

/** Where what a pointer leads to is defined. */
function valueDeclarationOf(
  { profile }: ValueContext,
  target: CType,
  address: VirtAddr,
): Pick<Shown, 'valueDeclaration'> {
  const bare = stripTypedefs(target);
  if (bare.kind === 'function') {
    const found = profile.symbolAt(address);
    const [functionId] = found?.offset === 0 ? kernelFunctionsNamed(found.symbol.name) : [];
    return functionId === undefined ? {} : { valueDeclaration: { kind: 'function', functionId } };
  }
  return declarationOf(bare);
}

const declarationOf = (type: CType): Pick<Shown, 'valueDeclaration'> =>
  (type.kind === 'struct' || type.kind === 'union') && type.complete && type.name !== ''
    ? { valueDeclaration: { kind: 'struct', type } }
    : {};

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
  format: Format,
): Partial<Shown> | undefined {
  if (place.widthBits === 1) return undefined;
  for (const special of specialPlaces) {
    const found = special(place, expression ?? dereferenced(place, profile.pointerSize), format);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An expression for an object of which only type and address are known. */
const dereferenced = (place: Place, pointerSize: 4 | 8): string =>
  `(*(${typeName({ kind: 'pointer', target: place.type })})0x${placeBits(place, pointerSize).toString(16)})`;

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
          const inner = memberPlaceOf(place, member);
          return showMember(context, type, member.name, inner, expression, format);
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

/** A member, declared where its struct is. @param expression of the whole object */
export function showMember(
  context: ValueContext,
  struct: CType,
  name: string,
  place: Place,
  expression: string | undefined,
  format: Format,
): Shown {
  const inner = expression === undefined ? undefined : memberOf(expression, name);
  const type = stripTypedefs(struct);
  return {
    ...showPlace(context, name, place, inner, format),
    ...((type.kind === 'struct' || type.kind === 'union') && {
      declaration: { kind: 'struct' as const, type, member: name },
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
