/**
 * What kernel code knows about its build, as plain numbers: `k.page.private` is where `private` lies in `struct page`, `k.GFP_KERNEL`
 * is what the preprocessor put there, `k.sizeof.zone` is `sizeof(struct zone)`.
 *
 * A member of four bytes or more lies so many *words* from the beginning of its structure, a smaller one (or an array of such) so
 * many *bytes*: `read8` and `read16` ask for it. A bit-field is where `read_bits` finds it.
 *
 * Invariant: resolved once a profile, frozen, never changed.
 */
import { sizeOf, stripTypedefs } from '../types/layout.js';
import { findMember } from '../types/members.js';
import type { MemberPlace } from '../types/model.js';
import type { Profile } from '../types/profile.js';
import { CONSTANTS } from './constantNames.js';
import { derivedConstants, type DerivedConstants } from './derivedConstants.js';
import { PER_CPU } from './globalNames.js';
import { namesIn, type NameOf, type Words } from './names.js';
import { STRUCTS } from './structs.js';

type StructTag = keyof typeof STRUCTS;

type Structs = {
  readonly [Tag in StructTag]: {
    readonly [Member in NameOf<Words<(typeof STRUCTS)[Tag]>>]: number;
  };
};
export type Constants = {
  readonly [Name in NameOf<Words<(typeof CONSTANTS)[keyof typeof CONSTANTS]>>]: number;
};
type Sizes = Readonly<Record<StructTag, number>>;

export interface Facts extends Structs, Constants, DerivedConstants {
  /** Per-CPU variables that the hot path asks for: bytes from a CPU's base (SMP). */
  readonly percpu: Readonly<Record<Words<typeof PER_CPU>, number>>;
  /** `sizeof(struct tag)`, in bytes. */
  readonly sizeof: Sizes;
  /** From one element of an array of structures to the next, in words. */
  readonly stride: Sizes;
}

const resolved = new WeakMap<Profile, Facts>();

/** The facts of a build; the same object each time. Throws when the profile lacks one: a defect of the profile. */
export function factsOf(profile: Profile): Facts {
  let facts = resolved.get(profile);
  if (facts === undefined) {
    const constants = resolveConstants(profile);
    facts = Object.freeze({
      ...resolveStructs(profile),
      ...constants,
      ...derivedConstants(profile, constants),
      ...resolveSizes(profile),
      percpu: resolvePerCpu(profile),
    });
    resolved.set(profile, facts);
  }
  return facts;
}

function resolveStructs(profile: Profile): Structs {
  const structs: Record<string, Readonly<Record<string, number>>> = {};
  for (const [tag, list] of Object.entries(STRUCTS)) {
    const members: Record<string, number> = {};
    for (const { path, name, optional } of namesIn(list))
      members[name] = placeOf(profile, tag, path, optional);
    structs[tag] = frozenTable(members);
  }
  return structs as Structs;
}

/**
 * A frozen object whose members V8 takes for constants. One that was filled name by name is a hash table to V8 beyond some
 * 20 names, one that was parsed beyond 128, and a look-up in it costs 5 ns; one that was copied from entries never is.
 */
const frozenTable = <Name extends string>(
  members: Readonly<Record<string, number>>,
): Readonly<Record<Name, number>> =>
  Object.freeze(Object.fromEntries(Object.entries(members)) as Record<Name, number>);

function placeOf(profile: Profile, tag: string, path: string, optional: boolean): number {
  const type = profile.types.struct(tag);
  if (type === undefined) return -1;
  const place = findMember(type, path);
  if (place === undefined) {
    if (optional || profile.partial) return -1;
    throw new Error(`profile ${profile.name} has no ${tag}.${path}`);
  }
  if (place.widthBits > 0) return bitField(place);
  const bytes = place.offsetBits / 8;
  if (elementBytes(profile, place) < 4) return bytes;
  if (bytes % 4 !== 0) throw new Error(`${tag}.${path} is not word-aligned`);
  return bytes / 4;
}

function elementBytes(profile: Profile, { type }: MemberPlace): number {
  let element = stripTypedefs(type);
  while (element.kind === 'array') element = stripTypedefs(element.element);
  return sizeOf(element, profile.pointerSize);
}

/** Word, lowest bit and width in one number, as {@link bitFieldIn} takes it apart: no bit-field crosses a word. */
function bitField({ offsetBits, widthBits }: MemberPlace): number {
  return (offsetBits >> 5) * 1024 + (offsetBits & 31) * 32 + (widthBits & 31);
}

export interface BitField {
  readonly word: number;
  readonly shift: number;
  readonly mask: number;
}

export function bitFieldIn(place: number): BitField {
  return {
    word: place >>> 10,
    shift: (place >>> 5) & 31,
    mask: (place & 31) === 0 ? -1 : (1 << (place & 31)) - 1,
  };
}

function resolveConstants(profile: Profile): Constants {
  const constants: Record<string, number> = {};
  for (const list of Object.values(CONSTANTS))
    for (const { name, optional } of namesIn(list)) {
      const value = profile.findConstant(name) ?? profile.types.enumerator(name)?.value;
      if (value === undefined && !optional && !profile.partial)
        throw new Error(`profile ${profile.name} has no constant ${name}`);
      constants[name] = value ?? -1;
    }
  return constants as Constants;
}

function resolvePerCpu(profile: Profile): Facts['percpu'] {
  const offsets: Record<string, number> = {};
  for (const { name } of namesIn(PER_CPU)) offsets[name] = profile.symbol(name)?.address ?? -1;
  return frozenTable(offsets);
}

function resolveSizes(profile: Profile): Pick<Facts, 'sizeof' | 'stride'> {
  const sizeof: Record<string, number> = {};
  const stride: Record<string, number> = {};
  for (const tag of Object.keys(STRUCTS)) {
    const bytes = profile.types.struct(tag)?.sizeBytes ?? -1;
    sizeof[tag] = bytes;
    stride[tag] = bytes < 0 ? -1 : Math.ceil(bytes / 4);
  }
  return { sizeof: frozenTable(sizeof), stride: frozenTable(stride) };
}
