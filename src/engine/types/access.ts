/**
 * Typed reading of memory, and the bytes a typed write would store. Little-endian, two's complement; 64-bit values exact.
 *
 * A *place* is an address with a type, or some bits of it. Reading never changes anything; writing is somebody else's door:
 * here a value only becomes bytes.
 *
 * Source: System V i386 and x86-64 psABI (representation, bit-fields from the least significant bit up).
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import { sizeOf, stripTypedefs } from './layout.js';
import { findMember } from './members.js';
import type { CType, MemberPlace } from './model.js';

/** Memory as typed reading needs it. */
export interface TypedMemory {
  readonly pointerSize: 4 | 8;
  /** The bytes from `va` on; fewer than asked, or none, where memory ends. */
  readBytes(va: VirtAddr, sizeBytes: number): Uint8Array;
}

/**
 * An integer, a pointer or an enum: a number where it is exact, else a bigint. A pointer is a {@link VirtAddr} (signed on
 * 64 bit) where that is exact, which it is for all canonical addresses, else the unsigned bits (`LIST_POISON1`).
 */
export type ScalarValue = number | bigint;

/** Where a typed value lies. */
export interface Place {
  readonly type: CType;
  readonly address: VirtAddr;
  /** Bytes behind it, below 8: of an address with more than 48 bits, of which a number holds multiples of 8 (address.ts). */
  readonly rest?: number;
  /** Of a bit-field: from the least significant bit of the byte at `address`, 0-7; else 0. */
  readonly bitOffset: number;
  /** Width of a bit-field, else 0. */
  readonly widthBits: number;
}

/** A whole object at an address. */
export const placeAt = (address: VirtAddr, type: CType): Place => ({
  type,
  address,
  bitOffset: 0,
  widthBits: 0,
});

/** `bytes` behind a place, exactly. */
function behind({ address, rest = 0 }: Place, bytes: number): Pick<Place, 'address' | 'rest'> {
  const total = rest + bytes;
  const sum = address + total;
  if (Number.isSafeInteger(sum)) return { address: asVirt(sum) };
  const low = total & 7;
  return { address: asVirt(address + (total - low)), rest: low };
}

/** `place.path`, where path may be any designator: `free_area[3].free_list[1].next`. */
export function memberPlace(place: Place, path: string): Place | undefined {
  const member = findMember(place.type, path);
  return member && memberPlaceOf(place, member);
}

/** The place of a member that is already found. */
export const memberPlaceOf = (place: Place, member: MemberPlace): Place => ({
  type: member.type,
  ...behind(place, Math.floor(member.offsetBits / 8)),
  bitOffset: member.widthBits === 0 ? 0 : member.offsetBits % 8,
  widthBits: member.widthBits,
});

/** `place[index]` of an array, also past its declared end (flexible arrays); undefined if it is not an array. */
export function elementPlace(place: Place, index: number, pointerSize: 4 | 8): Place | undefined {
  const type = stripTypedefs(place.type);
  if (type.kind !== 'array') return undefined;
  const stride = sizeOf(type.element, pointerSize);
  return { ...placeAt(place.address, type.element), ...behind(place, index * stride) };
}

/** `*place` of a pointer; undefined if it cannot be read, is NULL, or holds no canonical address. */
export function pointeePlace(place: Place, memory: TypedMemory): Place | undefined {
  const type = stripTypedefs(place.type);
  if (type.kind !== 'pointer') return undefined;
  const value = readScalar(memory, place);
  return value === undefined || Number(value) === 0
    ? undefined
    : placeOfBits(value, type.target, memory.pointerSize);
}

/** An object at the address that a pointer holds; undefined where no memory can be at it (`LIST_POISON1`). */
export function placeOfBits(
  value: ScalarValue,
  type: CType,
  pointerSize: 4 | 8,
): Place | undefined {
  const address = toAddress(value, pointerSize);
  if (address !== undefined) return placeAt(address, type);
  const signed = BigInt.asIntN(64, BigInt(value));
  if (signed < -MAX_57 || signed >= MAX_57) return undefined;
  return { ...placeAt(asVirt(Number(signed & ~7n)), type), rest: Number(signed & 7n) };
}

/** What five levels of page tables can map, to either side. */
const MAX_57 = 1n << 56n;

/** The bytes at a place. */
export const bytesAt = (
  memory: TypedMemory,
  { address, rest = 0 }: Place,
  sizeBytes: number,
): Uint8Array => memory.readBytes(address, rest + sizeBytes).subarray(rest);

/** The address of a place to the last bit, as the machine's unsigned number. */
export const placeBits = ({ address, rest = 0 }: Place, pointerSize: 4 | 8): bigint =>
  BigInt.asUintN(pointerSize * 8, BigInt(address) + BigInt(rest));

/** The value at a place; undefined when memory ends before it does, or it is not a scalar. */
export function readScalar(memory: TypedMemory, place: Place): ScalarValue | undefined {
  const sizeBytes = bytesOf(place, memory.pointerSize);
  const bytes = bytesAt(memory, place, sizeBytes);
  return bytes.length < sizeBytes ? undefined : decodeScalar(bytes, place, memory.pointerSize);
}

/** The value that the bytes at a place hold; undefined if its type is not a scalar. */
export function decodeScalar(
  bytes: Uint8Array,
  place: Pick<Place, 'type' | 'bitOffset' | 'widthBits'>,
  pointerSize: 4 | 8,
): ScalarValue | undefined {
  const type = stripTypedefs(place.type);
  if (type.kind !== 'int' && type.kind !== 'enum' && type.kind !== 'pointer') return undefined;
  const width = place.widthBits || sizeOf(type, pointerSize) * 8;
  const bits = BigInt.asUintN(width, littleEndian(bytes) >> BigInt(place.bitOffset));
  if (type.kind !== 'pointer') return exact(type.signed ? BigInt.asIntN(width, bits) : bits);
  return toAddress(bits, pointerSize) ?? bits;
}

/** The bytes that store `value` (its low bits, as C converts) in an object of a scalar type; undefined for other types. */
export function encodeScalar(
  value: ScalarValue,
  type: CType,
  pointerSize: 4 | 8,
): Uint8Array | undefined {
  const bare = stripTypedefs(type);
  if (bare.kind !== 'int' && bare.kind !== 'enum' && bare.kind !== 'pointer') return undefined;
  const stored = bare.kind === 'int' && bare.bool ? Number(BigInt(value) !== 0n) : value;
  return toBytes(BigInt(stored), sizeOf(bare, pointerSize));
}

/**
 * What has to be stored at `place.address` so that the place holds `value`: for a bit-field the bits around it stay as they
 * are in memory. Undefined when those cannot be read, or the type is not a scalar.
 */
export function encodePlace(
  memory: TypedMemory,
  place: Place,
  value: ScalarValue,
): Uint8Array | undefined {
  if (place.widthBits === 0) return encodeScalar(value, place.type, memory.pointerSize);
  const sizeBytes = bytesOf(place, memory.pointerSize);
  const bytes = bytesAt(memory, place, sizeBytes);
  if (bytes.length < sizeBytes) return undefined;
  return insertBitField(bytes, place.bitOffset, place.widthBits, value);
}

/** `bytes` with the bits of one field replaced. */
export function insertBitField(
  bytes: Uint8Array,
  bitOffset: number,
  widthBits: number,
  value: ScalarValue,
): Uint8Array {
  const shift = BigInt(bitOffset);
  const mask = ((1n << BigInt(widthBits)) - 1n) << shift;
  const kept = littleEndian(bytes) & ~mask;
  return toBytes(kept | ((BigInt(value) << shift) & mask), bytes.length);
}

/** The value as an address; undefined if no {@link VirtAddr} can say it. */
export function toAddress(value: ScalarValue, pointerSize: 4 | 8): VirtAddr | undefined {
  const bits = BigInt(value);
  const address = Number(pointerSize === 4 ? BigInt.asUintN(32, bits) : BigInt.asIntN(64, bits));
  return Number.isSafeInteger(address) ? asVirt(address) : undefined;
}

/** The value's bits as an unsigned integer of so many bytes. */
export const toBits = (value: ScalarValue, sizeBytes: number): bigint =>
  BigInt.asUintN(sizeBytes * 8, BigInt(value));

const exact = (value: bigint): ScalarValue => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/** Bytes that a read of the place must fetch. */
function bytesOf(place: Place, pointerSize: 4 | 8): number {
  if (place.widthBits === 0) return sizeOf(place.type, pointerSize);
  return Math.ceil((place.bitOffset + place.widthBits) / 8);
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

function toBytes(value: bigint, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let rest = value;
  for (let i = 0; i < sizeBytes; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
