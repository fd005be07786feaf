/**
 * One entry of a page table as an object of C: `((pte_t *)0xc1419008)->pte`, with what it says as its value and its bits,
 * each an object of its own, as children. The same wherever it is met: in the tree of page tables, on a walk, as a member
 * of a pte_t that a pointer leads to.
 *
 * Source: SDM vol. 3A 4.3 to 4.5, by way of src/engine/x86/formats.ts; Linux 6.1 arch/x86/include/asm/pgtable_types.h.
 */
import {
  asVirt,
  formatAddress,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../engine/memory/address.js';
import { placeAt, readScalar, toBits, type Place } from '../../engine/types/access.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import { findMember } from '../../engine/types/members.js';
import { typeName } from '../../engine/types/typeName.js';
import { sizeText } from '../../engine/view/whereIs.js';
import {
  decode,
  entryHex,
  FLAGS,
  flagText,
  type Entry,
  type Level,
} from '../../engine/x86/formats.js';
import { inspected } from '../../engine/x86/tableMemory.js';
import { bitExpression, bitPlace } from '../evaluation/bitExpression.js';
import type { MachineContext } from './context.js';
import { fact, group, type Shown } from './shown.js';
import type { SpecialPlace } from './typedValue.js';

/** Where an entry lies, and an expression that denotes it. */
export interface EntryObject {
  readonly place: Place;
  readonly expression: string;
}

/** Where the direct map has it; undefined of what it does not have: a table in highmem (CONFIG_HIGHPTE). */
function linearAddress(context: MachineContext, phys: PhysAddr): VirtAddr | undefined {
  const { dumped } = context.image;
  if (dumped === undefined) return context.surveyor.world.space.virtOf(phys);
  const { dump, space } = dumped;
  const page = asVirt(dump.pageOffset + phys - (phys % PAGE_SIZE));
  const isThere = space.physOf(page) === phys - (phys % PAGE_SIZE);
  return isThere ? asVirt(dump.pageOffset + phys) : undefined;
}

/** Undefined where this build has no such type, or the table no address. */
export function entryObject(
  context: MachineContext,
  level: Level,
  entryPhys: PhysAddr,
): EntryObject | undefined {
  const { profile } = context;
  const va = linearAddress(context, entryPhys);
  const x = level.name.toLowerCase();
  const type = profile.types.typedef(`${x}_t`)?.target;
  const member =
    type?.kind === 'struct' || type?.kind === 'union' ? findMember(type, x)?.type : undefined;
  if (va === undefined || member === undefined) return undefined;
  if (sizeOf(member, profile.pointerSize) !== level.entryBytes) return undefined;
  const address = formatAddress(va, profile.pointerSize);
  return { place: placeAt(va, member), expression: `((${x}_t *)${address})->${x}` };
}

export function readEntry(
  { image }: MachineContext,
  level: Level,
  entryPhys: PhysAddr,
): Entry | undefined {
  const words = inspected(image.memory).readWords(entryPhys, level.entryBytes / 4);
  return words && decode(level, words[0] ?? 0, words[1] ?? 0);
}

/** `0x1801063 P RW A D → page 0x1801000, 4 KiB` */
export function entryText(level: Level, entry: Entry): string {
  const value = `0x${entryHex(entry)}`;
  if (!entry.present) return `${value} ${flagText(entry)}${keptFrame(level, entry)}`;
  const to = entry.leaf
    ? `page 0x${entry.phys.toString(16)}, ${sizeText(2 ** level.shift)}`
    : `table 0x${entry.phys.toString(16)}`;
  return `${value} ${flagText(entry)} → ${to}`;
}

/**
 * The page that an entry names which is not present: Linux inverts it there, so that no speculative load finds it. An entry of
 * two levels is told from one of swap space by nothing.
 */
function keptFrame(level: Level, { low, high }: Entry): string {
  if ((low === 0 && high === 0) || level.entryBytes === 4) return '';
  const { phys } = decode(level, ~low, ~high);
  return `, names page 0x${phys.toString(16)} (inverted)`;
}

/** What an entry is as a variable, its children apart. */
export function placed(object: EntryObject | undefined): Partial<Shown> {
  if (object === undefined) return { readOnly: true };
  const { place, expression } = object;
  return { type: typeName(place.type), place, memory: place.address, evaluateName: expression };
}

/** The bits that the format names, as objects, and what they mean. */
export function bitsOf(
  level: Level,
  entry: Entry,
  object: EntryObject | undefined,
  label: string,
): readonly Shown[] {
  const upper = level.mapsPage !== 'always';
  const flags = FLAGS.filter(
    ({ bit, where }) =>
      bit < level.entryBytes * 8 && (where === 'all' || (where === 'upper levels') === upper),
  );
  const bits = flags.map(({ name, bit }) => {
    const word = bit < 32 ? entry.low : entry.high;
    return {
      name,
      value: `${(word >>> (bit & 31)) & 1}`,
      kind: 'property' as const,
      ...(object === undefined
        ? { readOnly: true }
        : {
            type: typeName(stripTypedefs(object.place.type)),
            place: bitPlace(object.place, bit),
            evaluateName: bitExpression(object.expression, bit),
            watchName: `${name} of ${label}`,
          }),
    };
  });
  const meanings = flags.map(({ name, meaning }) => fact(name, meaning));
  return [...bits, group('bits', 'what they mean', { named: () => meanings })];
}

/** `->pte` of a pte_t: a mask of the same type is not an entry. */
const MEMBER = /(?:\.|->)(?<x>pte|pmd|pud|p4d|pgd)$/;

/** The value of a pte_t, pmd_t, ... wherever a member is named that holds one. */
export function entrySpecial(context: MachineContext): SpecialPlace {
  return (place, expression) => {
    const x = MEMBER.exec(expression)?.groups?.['x'];
    const isEntry = x !== undefined && 'name' in place.type && place.type.name === `${x}val_t`;
    if (!isEntry || place.widthBits !== 0) return undefined;
    const level = levelNamed(context, x.toUpperCase());
    const value = level && readScalar(context.memory, place);
    if (level === undefined || value === undefined) return undefined;
    const bits = toBits(value, level.entryBytes);
    const entry = decode(level, Number(bits & 0xffffffffn) | 0, Number(bits >> 32n) | 0);
    return {
      value: entryText(level, entry),
      children: { named: () => bitsOf(level, entry, { place, expression }, expression) },
    };
  };
}

/** As the kernel's own tables have it; undefined where the machine has none, or folds the level. */
const levelNamed = ({ surveyor }: MachineContext, name: string): Level | undefined =>
  surveyor.spaces.kernel?.paging.levels.find((level) => level.name === name);
