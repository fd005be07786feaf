/** Writes types in the form that `typeText.ts` describes and reads; used when profiles are made. */
import type { CType, EnumType, Member, StructType, TypedefType } from './model.js';
import { typeName } from './typeName.js';

/** The definition of a struct or union. @param keep which members to write; the others show as `...` */
export function writeStruct(type: StructType, keep?: (name: string) => boolean): string[] {
  const size = type.complete || type.sizeBytes > 0 ? ` ${type.sizeBytes}` : '';
  const head = `${type.kind} ${type.name}${size}`;
  return type.complete ? [`${head} {`, ...writeMembers(type, ' ', keep), '}'] : [head];
}

/** Size alone. */
export function writeOpaque(type: StructType): string {
  return `${type.kind} ${type.name}${type.sizeBytes > 0 ? ` ${type.sizeBytes}` : ''}`;
}

export function writeEnum(type: EnumType): string[] {
  return [`${enumHead(type)} {`, ...writeEnumerators(type, ' '), '}'];
}

export function writeTypedef(type: TypedefType): string[] {
  const body = writeBody(type.target, '');
  const head = `typedef ${type.name}`;
  if (body === undefined) return [`${head} ${typeName(type.target)}`];
  const declarator = declaratorOf(type.target, '');
  return [`${head} ${body.head} {`, ...body.lines, `}${declarator && ` ${declarator}`}`];
}

const enumHead = (type: EnumType): string =>
  `enum${type.name && ` ${type.name}`} ${type.sizeBytes} ${type.signed ? 'signed' : 'unsigned'}`;

const writeEnumerators = (type: EnumType, indent: string): string[] =>
  type.enumerators.map(({ name, value }) => `${indent}${name} ${value}`);

function writeMembers(
  type: StructType,
  indent: string,
  keep?: (name: string) => boolean,
): string[] {
  const kept = keep ? type.members.filter((member) => keep(member.name)) : type.members;
  const lines = kept.flatMap((member) => writeMember(member, indent));
  return kept.length < type.members.length ? [...lines, `${indent}...`] : lines;
}

function writeMember(member: Member, indent: string): string[] {
  const byte = Math.floor(member.offsetBits / 8);
  const bits = member.widthBits === 0 ? '' : `.${member.offsetBits % 8}:${member.widthBits}`;
  const head = `${indent}${byte}${bits}`;
  const body = writeBody(member.type, indent);
  if (body === undefined) return [`${head} ${typeName(member.type, member.name)}`];
  const declarator = declaratorOf(member.type, member.name);
  return [`${head} ${body.head} {`, ...body.lines, `${indent}}${declarator && ` ${declarator}`}`];
}

/** Head and lines of the untagged struct, union or enum a type is made from; undefined if it is made from none. */
function writeBody(type: CType, indent: string): { head: string; lines: string[] } | undefined {
  const base = innermost(type);
  if (base.kind === 'enum' && base.name === '') {
    return { head: enumHead(base), lines: writeEnumerators(base, `${indent} `) };
  }
  if ((base.kind !== 'struct' && base.kind !== 'union') || base.name !== '') return undefined;
  return { head: `${base.kind} ${base.sizeBytes}`, lines: writeMembers(base, `${indent} `) };
}

function innermost(type: CType): CType {
  if (type.kind === 'pointer') return innermost(type.target);
  if (type.kind === 'array') return innermost(type.element);
  return type.kind === 'function' ? innermost(type.result) : type;
}

/** `*name[3]` without the specifier to its left. */
const declaratorOf = (type: CType, name: string): string =>
  typeName(type, name).replace(/^\w+ \{\.\.\.\} ?/, '');
