/** Addresses in values: what a pointer points to, and a number that may well be an address. */
import type { VirtAddr } from '../../engine/memory/address.js';
import { placeAt, toAddress, type Place, type ScalarValue } from '../../engine/types/access.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';

interface AddressIn {
  readonly va: VirtAddr;
  /** What is there, where the type says it. */
  readonly pointee: Place | undefined;
}

/** The address that a scalar is; undefined for other values, NULL, and types narrower than a pointer. */
export function addressIn(
  { pointerSize }: Profile,
  type: CType,
  value: ScalarValue | undefined,
): AddressIn | undefined {
  if (value === undefined) return undefined;
  const bare = stripTypedefs(type);
  if (bare.kind !== 'pointer' && bare.kind !== 'int') return undefined;
  if (sizeOf(bare, pointerSize) < pointerSize) return undefined;
  const va = toAddress(value, pointerSize);
  if (va === undefined || va === 0) return undefined;
  const isObject = bare.kind === 'pointer' && sizeOf(bare.target, pointerSize) > 0;
  return { va, pointee: isObject ? placeAt(va, bare.target) : undefined };
}
