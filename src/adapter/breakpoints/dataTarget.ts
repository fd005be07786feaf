/**
 * What a data breakpoint watches, and its name: a text that denotes the same thing in every run of the same machine.
 *
 *     page:0x1a2b/flags/PG_locked      one flag of one page
 *     page:0x1a2b/_refcount            a member of its struct page
 *     mem:0xffffffff81aef0c0+4         bytes by address
 *     mem:0xffffffff81aef0c0:3+2       bits 3 and 4 of the byte there
 */
import { cellAt } from '../../engine/image/assemble.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import {
  asCell,
  asVirt,
  formatAddress,
  parseAddress,
  type VirtAddr,
} from '../../engine/memory/address.js';
import type { WatchedWord } from '../../engine/memory/writeSearch.js';
import { memberPlaceOf, placeAt, type Place } from '../../engine/types/access.js';
import { pageFlagBits } from '../../engine/types/flagText.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import { findMember, flattenMembers } from '../../engine/types/members.js';
import type { CType } from '../../engine/types/model.js';
import { counted } from '../../engine/view/counted.js';
import type { MachineContext } from '../present/context.js';
import { bitPlace } from '../evaluation/bitExpression.js';

export interface DataTarget {
  readonly dataId: string;
  /** `PG_locked of page 0x1a2b` */
  readonly label: string;
  readonly place: Place;
}

const MAX_BYTES = 4096;

/** The target that a place is. `name` is what people call it where no better name is known. */
export function targetOf(context: MachineContext, place: Place, name: string): DataTarget {
  const { peek, profile } = context;
  const pfn = peek.pfnOf(place.address);
  const member = pfn === undefined ? undefined : memberAt(context, place, peek.addressOf(pfn));
  if (pfn !== undefined && member !== undefined) {
    const hex = `0x${pfn.toString(16)}`;
    const last = member.split('/').at(-1) ?? member;
    return { dataId: `page:${hex}/${member}`, label: `${last} of page ${hex}`, place };
  }
  const address = formatAddress(place.address, profile.pointerSize);
  const size = sizeOf(place.type, profile.pointerSize);
  const dataId =
    place.widthBits === 0
      ? `mem:${address}+${size}`
      : `mem:${address}:${place.bitOffset}+${place.widthBits}`;
  return { dataId, label: name, place };
}

/** Bytes at an address, without a type that says more. */
export function bytesTarget(context: MachineContext, address: VirtAddr, bytes: number): DataTarget {
  const { profile } = context;
  const text = formatAddress(address, profile.pointerSize);
  return {
    dataId: `mem:${text}+${bytes}`,
    label: `${counted(bytes, 'byte')} at ${text}`,
    place: placeAt(address, bytesType(context, bytes)),
  };
}

/** The target that a data id denotes; undefined when it denotes nothing in this machine. */
export function parseDataId(context: MachineContext, dataId: string): DataTarget | undefined {
  const ofPage = /^page:0x([0-9a-f]+)\/(\w+(?:[.[\]\w]*)?)(?:\/(PG_\w+))?$/.exec(dataId);
  if (ofPage !== null) return pageTarget(context, Number(`0x${ofPage[1]}`), ofPage[2], ofPage[3]);
  const bytes = /^mem:(0x[0-9a-f]+)(?::([0-7]))?\+(\d{1,4})$/.exec(dataId);
  if (bytes?.[1] === undefined || bytes[3] === undefined) return undefined;
  const address = parseAddress(bytes[1], context.profile.pointerSize);
  const count = Number(bytes[3]);
  if (address === undefined || count < 1 || count > MAX_BYTES) return undefined;
  if (bytes[2] === undefined) return bytesTarget(context, address, count);
  const type = bytesType(context, 4);
  const place = { type, address, bitOffset: Number(bytes[2]), widthBits: count };
  return { dataId, label: `bits at ${bytes[1]}`, place };
}

/** The number in a struct that holds nothing else, as atomic_t does; any other place as it is. */
export function numberIn(place: Place): Place {
  const type = stripTypedefs(place.type);
  const [only, ...others] = type.kind === 'struct' ? flattenMembers(type) : [];
  return only === undefined || others.length > 0 ? place : memberPlaceOf(place, only);
}

/** The words that hold a place's bits: of what only page tables lead to, where they lead now. Undefined when a part is not in memory. */
export function watchedWords(image: KernelImage, place: Place): readonly WatchedWord[] | undefined {
  const { pointerSize } = image.profile;
  const bits = place.widthBits === 0 ? sizeOf(place.type, pointerSize) * 8 : place.widthBits;
  const words = new Map<number, number>();
  for (let bit = 0; bit < bits; bit++) {
    const at = place.bitOffset + bit;
    const address = place.address + (at >> 3);
    const cell = cellAt(image, asVirt(address - (address & 3)));
    if (cell === 0) return undefined;
    const inWord = (address & 3) * 8 + (at & 7);
    words.set(cell, (words.get(cell) ?? 0) | (1 << inWord));
  }
  return [...words].map(([cell, mask]) => ({ cell: asCell(cell), mask }));
}

function pageTarget(
  context: MachineContext,
  pfn: number,
  path: string | undefined,
  flag: string | undefined,
): DataTarget | undefined {
  const type = context.profile.types.struct('page');
  if (type === undefined || path === undefined || !context.peek.exists(pfn)) return undefined;
  const page = placeAt(context.peek.addressOf(pfn), type);
  const member = findMember(type, path);
  if (member === undefined) return undefined;
  const place = memberPlaceOf(page, member);
  if (flag === undefined) return targetOf(context, place, path);
  const bit = pageFlagBits(context.profile).find(({ name }) => `PG_${name}` === flag)?.bit;
  return bit === undefined ? undefined : targetOf(context, bitPlace(place, bit), flag);
}

/** The member of struct page that a place is: `flags/PG_locked`, `_refcount`. */
function memberAt(context: MachineContext, place: Place, page: VirtAddr): string | undefined {
  const { profile } = context;
  const struct = profile.types.struct('page');
  if (struct === undefined) return undefined;
  const offsetBits = (place.address - page) * 8 + place.bitOffset;
  const flags = findMember(struct, 'flags');
  if (flags !== undefined && place.widthBits === 1) {
    const bit = offsetBits - flags.offsetBits;
    const name = pageFlagBits(profile).find((flag) => flag.bit === bit)?.name;
    if (name !== undefined) return `flags/PG_${name}`;
  }
  const size = sizeOf(place.type, profile.pointerSize);
  return flattenMembers(struct).find(
    (member) =>
      member.offsetBits === offsetBits &&
      member.widthBits === place.widthBits &&
      sameType(member.type, place.type) &&
      sizeOf(member.type, profile.pointerSize) === size,
  )?.name;
}

const sameType = (a: CType, b: CType): boolean =>
  a === b ||
  (a.kind === b.kind && 'name' in a && 'name' in b && a.name === b.name) ||
  (a.kind === 'pointer' && b.kind === 'pointer');

/** The unsigned integer of that size where C has one, else an array of bytes. */
function bytesType({ profile }: MachineContext, bytes: number): CType {
  const byte = profile.types.base('unsigned char');
  const names: Readonly<Record<number, string>> = {
    1: 'unsigned char',
    2: 'unsigned short',
    4: 'unsigned int',
    8: 'unsigned long long',
  };
  const name = names[bytes];
  const type = name === undefined ? undefined : profile.types.base(name);
  if (type?.kind === 'int') return type;
  return { kind: 'array', element: byte ?? { kind: 'void' }, length: bytes };
}
