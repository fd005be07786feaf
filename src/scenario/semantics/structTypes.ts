/**
 * Structs, unions and enums: those that the script defines are laid out and numbered here, those of the kernel are found.
 *
 * Source: ISO C11 6.7.2.
 */
import type { CType, EnumType, Member, StructType } from '../../engine/types/model.js';
import type { EnumSyntax, Expr, StructSyntax, TypeSyntax } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import { isComplete, isInteger } from './cTypes.js';
import type { Checker } from './checker.js';
import { constantOf } from './constants.js';
import { errorType, isError } from './errors.js';
import { layOutStruct, type MemberToPlace } from './structLayout.js';

/** A struct of the script while it is being declared: its members may point to it. */
class DeclaredStruct implements StructType {
  sizeBytes = 0;
  complete = false;
  members: readonly Member[] = [];
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
    const type = memberType(c, member.type, member.span);
    const widthBits =
      member.width === undefined ? undefined : bitWidth(c, type, member.width, member.name);
    if (member.name !== '' && seen.has(member.name))
      c.error('redefined', member.span, `the member '${member.name}' is declared twice`);
    seen.add(member.name);
    toPlace.push({ name: member.name, type, widthBits });
  }
  const laidOut = layOutStruct(c.types, kind, struct.name, toPlace);
  struct.members = laidOut.members;
  struct.sizeBytes = laidOut.sizeBytes;
  struct.complete = true;
  struct.open = false;
  return struct;
}

function memberType(c: Checker, syntax: TypeSyntax, span: Span): CType {
  const type = c.resolve(syntax);
  if (isComplete(type) || isError(type)) return type;
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

/** A tag that is only named: the script's, else the kernel's, else a new incomplete type. */
function namedStruct(c: Checker, kind: 'struct' | 'union', tag: string, span: Span): CType {
  const known = c.scope.lookupTag(tag);
  if (known?.kind === kind) return known;
  const { table } = c.types;
  const kernels = kind === 'struct' ? table.struct(tag) : table.union(tag);
  if (kernels !== undefined && known === undefined) return kernels;
  const names = table.names();
  const hint = suggestion(tag, [...names.structs, ...names.unions, ...c.scope.allTags()], span);
  const fix = hint.fix && {
    ...hint.fix,
    title: `Change to '${kind} ${hint.fix.replacement}'`,
    replacement: `${kind} ${hint.fix.replacement}`,
  };
  const message = `neither the script nor the kernel has '${kind} ${tag}'${hint.text}`;
  c.warning('unknown-type', span, message, fix);
  const struct = new DeclaredStruct(kind, tag);
  c.scope.declareTag(tag, struct);
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

export function enumType(c: Checker, syntax: EnumSyntax): CType {
  const { tag, enumerators } = syntax;
  if (enumerators === undefined) {
    const known = c.scope.lookupTag(tag ?? '');
    if (known?.kind === 'enum') return known;
    const kernels = c.types.table.enum(tag ?? '');
    if (kernels !== undefined) return kernels;
    const hint = suggestion(tag ?? '', c.types.table.names().enums, syntax.span);
    const message = `neither the script nor the kernel has 'enum ${tag ?? ''}'${hint.text}`;
    c.error('unknown-type', syntax.span, message);
    return errorType;
  }
  const list: { name: string; value: number }[] = [];
  let next = 0;
  for (const { name, value: written, span } of enumerators) {
    const value = written && constantOf(c, written, 'the value of an enumerator');
    const number = value === undefined ? next : Number(value);
    list.push({ name, value: number });
    next = number + 1;
    if (c.scope.own(name) !== undefined) c.error('redefined', span, `'${name}' is defined twice`);
    c.scope.declare(name, { kind: 'enumerator', type: c.types.int, value: number, span });
  }
  const signed = list.some(({ value }) => value < 0);
  const name = tag ?? c.anonymousName();
  const type: EnumType = { kind: 'enum', name, sizeBytes: 4, signed, enumerators: list };
  if (tag !== undefined) {
    if (c.scope.ownTag(tag) !== undefined)
      c.error('redefined', syntax.span, `'enum ${tag}' is defined twice`);
    c.scope.declareTag(tag, type);
  }
  return type;
}
