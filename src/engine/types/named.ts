/**
 * Facts of a profile by names that are computed or looked up once: places of members, sizes, constants. Kernel code names what it
 * uses in machine/structs.ts and machine/constantNames.ts instead.
 */
import { findMember } from './members.js';
import type { Profile } from './profile.js';

/** A preprocessor constant or an enumerator; undefined where the build lacks it. */
export function findConstant(profile: Profile, name: string): number | undefined {
  return profile.findConstant(name) ?? profile.types.enumerator(name)?.value;
}

/** As {@link findConstant}; throws when the profile lacks it, which is a defect of the profile. */
export function constantNamed(profile: Profile, name: string): number {
  const value = findConstant(profile, name);
  if (value === undefined) throw new Error(`profile ${profile.name} has no constant ${name}`);
  return value;
}

/** `offsetof(struct tag, member)`: bytes; undefined where the build lacks the member. */
export function findByteOffset(profile: Profile, tag: string, member: string): number | undefined {
  const type = profile.types.struct(tag);
  const place = type && findMember(type, member);
  return place === undefined ? undefined : place.offsetBits / 8;
}

/** As {@link findByteOffset}; throws when the profile lacks it. */
export function byteOffset(profile: Profile, tag: string, member: string): number {
  const offset = findByteOffset(profile, tag, member);
  if (offset === undefined) throw new Error(`profile ${profile.name} has no ${tag}.${member}`);
  return offset;
}

/** `sizeof(struct tag)`. */
export function sizeOfStruct(profile: Profile, tag: string): number {
  const type = profile.types.struct(tag);
  if (type === undefined) throw new Error(`profile ${profile.name} has no struct ${tag}`);
  return type.sizeBytes;
}
