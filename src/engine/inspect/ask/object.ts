/**
 * A typed object in a dump as data: numbers where they are exact, addresses and wide words as hexadecimal text, arrays of
 * characters as text, structs with the members of anonymous ones lifted.
 */
import type { VirtAddr } from '../../memory/address.js';
import { sizeOf, stripTypedefs } from '../../types/layout.js';
import { flattenMembers } from '../../types/members.js';
import type { CType, EnumType, Member } from '../../types/model.js';
import { isDumpError, type Inspected } from '../inspected.js';
import { hexOf, type Json } from './answer.js';

const MAX_DEPTH = 8;
const MAX_ELEMENTS = 4096;

/** What cannot be read is null. */
export function objectData(k: Inspected, type: CType, at: VirtAddr, offset = 0, depth = 0): Json {
  try {
    return read(k, type, at, offset, depth);
  } catch (error) {
    if (!isDumpError(error)) throw error;
    return null;
  }
}

function read(k: Inspected, type: CType, at: VirtAddr, offset: number, depth: number): Json {
  const bare = stripTypedefs(type);
  switch (bare.kind) {
    case 'void':
    case 'function':
      return null;
    case 'pointer':
      return hexOf(k.space.ulongBits(at, offset));
    case 'int':
    case 'enum':
      return scalar(bare, bytesAt(k, at, offset, bare.sizeBytes));
    case 'array': {
      const element = stripTypedefs(bare.element);
      const stride = sizeOf(element, k.pointerSize);
      if (element.kind === 'int' && element.name === 'char')
        return k.space.text(at, offset, bare.length);
      const length = Math.min(bare.length, MAX_ELEMENTS);
      return Array.from({ length }, (_, i) =>
        objectData(k, element, at, offset + i * stride, depth + 1),
      );
    }
    case 'struct':
    case 'union': {
      if (depth >= MAX_DEPTH) return '...';
      const members: Record<string, Json> = {};
      for (const member of flattenMembers(bare))
        if (member.name !== '') members[member.name] = memberData(k, member, at, offset, depth);
      return members;
    }
  }
}

function memberData(
  k: Inspected,
  member: Member,
  at: VirtAddr,
  offset: number,
  depth: number,
): Json {
  const { type, offsetBits, widthBits } = member;
  const byte = offset + Math.floor(offsetBits / 8);
  if (widthBits === 0) return objectData(k, type, at, byte, depth + 1);
  try {
    return k.numberAt(at, { ...member, offsetBits }, offset);
  } catch (error) {
    if (!isDumpError(error)) throw error;
    return null;
  }
}

function bytesAt(k: Inspected, at: VirtAddr, offset: number, sizeBytes: number): bigint {
  let value = 0n;
  const bytes = k.space.bytes(at, offset, sizeBytes);
  for (let i = sizeBytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

function scalar(
  type:
    | EnumType
    | {
        readonly kind: 'int';
        readonly sizeBytes: number;
        readonly signed: boolean;
        readonly bool: boolean;
      },
  bits: bigint,
): Json {
  const value = type.signed ? BigInt.asIntN(type.sizeBytes * 8, bits) : bits;
  if (type.kind === 'enum') {
    const named = type.enumerators.find((each) => BigInt(each.value) === value);
    if (named !== undefined) return named.name;
  } else if (type.bool) return bits !== 0n;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : hexOf(bits);
}

/** Data as lines for people, nested by two spaces. */
export function dataLines(data: Json, indent = ''): string[] {
  if (!isObject(data)) return [`${indent}${scalarText(data)}`];
  const entries = Array.isArray(data)
    ? data.map((value: Json, i) => [`[${i}]`, value] as const)
    : Object.entries(data);
  return entries.flatMap(([name, value]) =>
    isObject(value)
      ? [`${indent}${name}:`, ...dataLines(value, `${indent}  `)]
      : [`${indent}${name}: ${scalarText(value)}`],
  );
}

export const isObject = (data: Json): data is readonly Json[] | { readonly [key: string]: Json } =>
  typeof data === 'object' && data !== null;

export const scalarText = (data: Json): string =>
  data === null ? 'not in the dump' : typeof data === 'string' ? data : JSON.stringify(data);
