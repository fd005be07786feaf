/**
 * Structs, unions and enums: those that the scenario defines are laid out and numbered here, those of the kernel are found.
 *
 * Source: ISO C11 6.7.2.
 */
import type { CType, EnumType, Member, StructType } from '../../engine/types/model.js';
import type {
  EnumSyntax,
  Expr,
  LayoutAttributes,
  StructSyntax,
  TypeSyntax,
} from '../syntax/ast.js';
import { isType } from '../syntax/print.js';
import type { Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import { naturalValue, wrap64 } from './arithmetic.js';
import { isComplete, isInteger, stripTypedefs } from './cTypes.js';
import type { Checker } from './checker.js';
import { constantOf } from './constants.js';
import { errorType, isError } from './errors.js';
import { typeOfOthers } from './otherBuilds.js';
import { layOutStruct, type MemberToPlace } from './structLayout.js';

/** A struct of the scenario while it is being declared: its members may point to it. */
class DeclaredStruct implements StructType {
  sizeBytes = 0;
  complete = false;
  members: readonly Member[] = [];
  alignBytes: number | undefined = undefined;
  /** Between its braces: it cannot be defined again in there. */
  open = false;

  constructor(
    readonly kind: 'struct' | 'union',
    readonly name: string,
  ) {}
}

export function structType(c: Checker, syntax: StructSyntax): CType {
  const { kind, tag, members } = syntax;
  if (members === undefined) return namedStruct(c, kind, tag ?? '', syntax.span);
  const struct = declaredStruct(c, kind, tag, syntax.span);
  struct.open = true;
  const toPlace: MemberToPlace[] = [];
  const seen = new Set<string>();
  for (const member of members) {
    const isLast = member === members.at(-1);
    const type = memberType(c, member.type, member.span, isLast);
    const widthBits =
      member.width === undefined ? undefined : bitWidth(c, type, member.width, member.name);
    if (member.name !== '' && seen.has(member.name))
      c.error('redefined', member.span, `the member '${member.name}' is declared twice`);
    seen.add(member.name);
    const { packed } = member.layout;
    const alignBytes = askedAlignment(c, member.layout);
    toPlace.push({ name: member.name, type, widthBits, packed, alignBytes });
  }
  const { packed } = syntax.layout;
  const least = askedAlignment(c, syntax.layout);
  const laidOut = layOutStruct(c.types, kind, struct.name, toPlace, packed, least);
  struct.members = laidOut.members;
  struct.alignBytes = laidOut.alignBytes;
  struct.sizeBytes = laidOut.sizeBytes;
  struct.complete = true;
  struct.open = false;
  return struct;
}

/** What `%pV` prints: no profile carries it. Source: include/linux/printk.h. */
function vaFormat(c: Checker): CType {
  const { charPointer, vaList } = c.types;
  const members: MemberToPlace[] = [
    { name: 'fmt', type: charPointer },
    { name: 'va', type: c.types.pointerTo(vaList) },
  ].map((member) => ({ ...member, widthBits: undefined, packed: false, alignBytes: 1 }));
  const type = layOutStruct(c.types, 'struct', 'va_format', members);
  c.globalScope.declareTag('va_format', type);
  return type;
}

/** What `aligned` and `_Alignas` ask for; 1 if nothing does. */
export function askedAlignment(c: Checker, { aligned }: LayoutAttributes): number {
  let most = 1;
  for (const of of aligned) {
    let bytes = MOST_ALIGNED;
    if (of !== 'most') {
      if (isType(of)) bytes = c.types.align(c.resolve(of));
      else {
        const value = Number(constantOf(c, of, 'an alignment') ?? 1);
        if (value >= 0 && value <= 4096 && Number.isInteger(Math.log2(value || 1))) bytes = value;
        else c.error('bad-initializer', of.span, 'an alignment must be a power of 2, up to 4096');
      }
    }
    most = Math.max(most, bytes);
  }
  return most;
}

/** What `aligned` means without a number: the largest alignment that the target has any use for. */
const MOST_ALIGNED = 16;

function memberType(c: Checker, syntax: TypeSyntax, span: Span, isLast: boolean): CType {
  const type = c.resolve(syntax);
  if (isComplete(type) || isError(type)) return type;
  if (isLast && stripTypedefs(type).kind === 'array') return type;
  const name = c.types.name(type);
  c.error('incomplete-type', span, `a member cannot have type '${name}': its size is not known`);
  return errorType;
}

function bitWidth(c: Checker, type: CType, width: Expr, name: string): number {
  const value = Number(constantOf(c, width, 'the width of a bit-field') ?? 1);
  if (!isInteger(type)) {
    c.error('type-mismatch', width.span, 'only integers can be bit-fields');
    return 1;
  }
  const most = c.types.size(type) * 8;
  if (value >= (name === '' ? 0 : 1) && value <= most) return value;
  const range = `from 1 to ${most}`;
  c.error('bad-initializer', width.span, `the width of this bit-field must be ${range}`);
  return 1;
}

/** `struct x;` by itself: the tag is this scope's from here on, whatever an outer one has of that name. */
export function declareTag(c: Checker, { kind, tag }: StructSyntax | EnumSyntax): void {
  if (tag === undefined || c.scope.ownTag(tag) !== undefined) return;
  if (kind !== 'enum') {
    c.scope.declareTag(tag, new DeclaredStruct(kind, tag));
    return;
  }
  if (c.types.table.enum(tag) === undefined) c.scope.declareTag(tag, new DeclaredEnum(tag));
}

/** A tag that is only named: the scenario's, else the kernel's, else a new incomplete type. */
function namedStruct(c: Checker, kind: 'struct' | 'union', tag: string, span: Span): CType {
  const known = c.scope.lookupTag(tag);
  if (known?.kind === kind) return known;
  const { table } = c.types;
  const kernels = kind === 'struct' ? table.struct(tag) : table.union(tag);
  if (kernels?.complete === true && known === undefined) return kernels;
  if (kind === 'struct' && tag === 'va_format' && known === undefined) return vaFormat(c);
  if (kernels !== undefined && known === undefined) return kernels;
  const struct = new DeclaredStruct(kind, tag);
  c.scope.declareTag(tag, struct);
  // It may be declared before it is defined, or never: that is C.
  if (c.unit.laterTags.has(`${kind} ${tag}`)) return struct;
  const others = typeOfOthers(c.unit.profile, kind, tag);
  if (others !== undefined) {
    c.warning('unknown-type', span, others);
    return struct;
  }
  const names = table.names();
  const hint = suggestion(tag, [...names.structs, ...names.unions, ...c.scope.allTags()], span);
  const fix = hint.fix && {
    ...hint.fix,
    title: `Change to '${kind} ${hint.fix.replacement}'`,
    replacement: `${kind} ${hint.fix.replacement}`,
  };
  const message = `neither the scenario nor the kernel has '${kind} ${tag}'${hint.text}`;
  c.warning('unknown-type', span, message, fix);
  return struct;
}

function declaredStruct(
  c: Checker,
  kind: 'struct' | 'union',
  tag: string | undefined,
  span: Span,
): DeclaredStruct {
  if (tag === undefined) return new DeclaredStruct(kind, '');
  const own = c.scope.ownTag(tag);
  if (own instanceof DeclaredStruct && own.kind === kind && !own.complete && !own.open) return own;
  if (own !== undefined) c.error('redefined', span, `'${kind} ${tag}' is defined twice`);
  const struct = new DeclaredStruct(kind, tag);
  c.scope.declareTag(tag, struct);
  return struct;
}

/** An enum of the scenario while only its tag is known: gcc takes it for unsigned int. */
class DeclaredEnum implements EnumType {
  readonly kind = 'enum';
  sizeBytes: EnumType['sizeBytes'] = 4;
  signed = false;
  complete = false;
  enumerators: EnumType['enumerators'] = [];

  constructor(readonly name: string) {}
}

export function enumType(c: Checker, syntax: EnumSyntax): CType {
  const { tag, enumerators } = syntax;
  if (enumerators === undefined) return namedEnum(c, tag ?? '', syntax.span);
  const list: { name: string; value: number | bigint; span: Span }[] = [];
  let next: number | bigint = 0;
  let type: CType = c.types.int;
  for (const { name, value: written, span } of enumerators) {
    const value: number | bigint | undefined = written && enumeratorValue(c, written);
    const number: number | bigint = value ?? next;
    if (written !== undefined && value !== undefined) type = c.types.promoted(c.typeOf(written));
    list.push({ name, value: number, span });
    next = typeof number === 'bigint' ? number + 1n : number + 1;
    if (c.scope.own(name) !== undefined) c.error('redefined', span, `'${name}' is defined twice`);
    // Those after it in the list may name it, as an int where it fits one, else with the type of what it is set to.
    declareEnumerator(c, name, number, type, span);
  }
  const whole = declaredEnum(c, tag, syntax.span);
  const signed = list.some(({ value }) => value < 0);
  const bytes = [1, 2, 4, 8] as const;
  const holds = (size: number): boolean =>
    list.every(({ value }) => fits(BigInt(value), size * 8, signed));
  whole.sizeBytes = bytes.find((size) => (size >= 4 || syntax.packed) && holds(size)) ?? 8;
  whole.signed = signed;
  whole.complete = true;
  whole.enumerators = list.map(({ name, value }) => ({ name, value: Number(value) }));
  for (const { name, value, span } of list) declareEnumerator(c, name, value, whole, span);
  return whole;
}

const fits = (value: bigint, bits: number, signed: boolean): boolean =>
  (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) === value;

/** As C would print it: an unsigned 64-bit value is a positive number. */
function enumeratorValue(c: Checker, expr: Expr): number | bigint | undefined {
  const value = constantOf(c, expr, 'the value of an enumerator');
  if (value === undefined) return undefined;
  return naturalValue(value, c.types.repr(c.typeOf(expr)) ?? 'i32');
}

/** gcc: an enumerator is an int if it fits one, else it has the type of its enum. */
function declareEnumerator(
  c: Checker,
  name: string,
  value: number | bigint,
  wide: CType,
  span: Span,
): void {
  const type = fits(BigInt(value), 32, true) ? c.types.int : wide;
  c.scope.declare(name, { kind: 'enumerator', type, value: wrap64(BigInt(value)), span });
}

function declaredEnum(c: Checker, tag: string | undefined, span: Span): DeclaredEnum {
  if (tag === undefined) return new DeclaredEnum(c.anonymousName());
  const own = c.scope.ownTag(tag);
  if (own instanceof DeclaredEnum && !own.complete) return own;
  if (own !== undefined) c.error('redefined', span, `'enum ${tag}' is defined twice`);
  const type = new DeclaredEnum(tag);
  c.scope.declareTag(tag, type);
  return type;
}

function namedEnum(c: Checker, tag: string, span: Span): CType {
  const known = c.scope.lookupTag(tag);
  if (known?.kind === 'enum') return known;
  const kernels = c.types.table.enum(tag);
  if (kernels !== undefined) return kernels;
  const type = new DeclaredEnum(tag);
  c.scope.declareTag(tag, type);
  if (c.unit.laterTags.has(`enum ${tag}`)) return type;
  const hint = suggestion(tag, c.types.table.names().enums, span);
  const message = `neither the scenario nor the kernel has 'enum ${tag}'${hint.text}`;
  c.warning('unknown-type', span, message);
  return type;
}
