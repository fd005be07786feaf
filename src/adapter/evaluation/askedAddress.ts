/** From what somebody points at to the address that is meant: an expression's value, its type, and the words around it. */
import { toAddress, toBits, type ScalarValue } from '../../engine/types/access.js';
import { poisonOf } from '../../engine/types/poison.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import { isAddressUse } from '../../engine/view/addressVerdict.js';
import type { AskedAddress } from '../../engine/view/addressReport.js';
import type { AddressArguments } from '../../engine/view/address.js';
import type { Meant } from '../../engine/view/addressKind.js';
import type { Profile } from '../../engine/types/profile.js';
import { errors } from '../protocol/errors.js';
import type { Evaluator, Viewpoint } from './evaluator.js';

/** Types that say what their numbers are. */
const TYPES: Readonly<Record<string, Meant>> = {
  phys_addr_t: 'physical',
  resource_size_t: 'physical',
  dma_addr_t: 'bus',
};

/** Bare hexadecimal, as the kernel's messages have pointers. */
const BARE_HEX = /^(?:[0-9a-f]{8}|[0-9a-f]{16})$/i;

/** @throws AdapterError when the expression has no value that is an address */
export function askedAddress(
  profile: Profile,
  evaluator: Evaluator,
  args: Pick<AddressArguments, 'expression' | 'meant' | 'use'>,
  at: Viewpoint,
): AskedAddress {
  const { expression, use } = args;
  const text = BARE_HEX.test(expression) ? `0x${expression}` : expression;
  const { type, value, place } = evaluator.evaluate(text, at);
  const object = value === undefined ? place?.address : value;
  if (object === undefined) throw errors.cannotEvaluate(`'${expression}' is not an address.`);
  const address = toAddress(object, wide(type, profile.pointerSize) ? 8 : profile.pointerSize);
  if (address === undefined) throw errors.cannotEvaluate(noAddress(profile, object));
  return {
    value: address,
    meant: args.meant ?? meantBy(type, expression),
    isPointer: stripTypedefs(type).kind === 'pointer',
    use: use !== undefined && isAddressUse(use) ? use : undefined,
  };
}

function noAddress(profile: Profile, value: ScalarValue): string {
  const bits = toBits(value, 8);
  const hex = `0x${bits.toString(16)}`;
  if (profile.pointerSize === 4) return `${hex} is not an address: this machine's have 32 bits.`;
  const poison = poisonOf(profile, bits);
  return poison === undefined
    ? `${hex} is not a canonical address: its bits 63 to 47 are not all the same.`
    : `${hex} is ${poison.name}, not an address: ${poison.meaning}.`;
}

/** A physical address of PAE has more bits than a pointer. */
const wide = (type: CType, pointerSize: 4 | 8): boolean => {
  const bare = stripTypedefs(type);
  return pointerSize === 4 && bare.kind === 'int' && bare.sizeBytes === 8;
};

/** What a number is meant as, by its type and by what its expression calls it. */
export function meantBy(type: CType, expression: string): Meant {
  for (let at = type; at.kind === 'typedef'; at = at.target) {
    const meant = TYPES[at.name];
    if (meant !== undefined) return meant;
  }
  if (stripTypedefs(type).kind !== 'int') return 'virtual';
  // The kernel calls its frame numbers, and its physical addresses, so.
  const text = expression.trim();
  if (/(?:^|_|>|\.)pfn\b(?:\(.*\))?$/i.test(text)) return 'pfn';
  const isPhysical =
    /(?:^|_|>|\.)(?:phys|paddr)(?:_addr)?$|^(?:__pa(?:_symbol)?|(?:virt|page)_to_phys|PFN_PHYS)\(.*\)$/;
  return isPhysical.test(text) ? 'physical' : 'virtual';
}
