/**
 * What this kernel lacks and others of the bundled ones have: names, types and members come and go with the configuration. Asked only
 * for what an error is about, since the other builds' profiles are read for it.
 */
import {
  isProfileName,
  loadProfile,
  PROFILE_NAMES,
  profileWith,
} from '../../engine/types/bundled.js';
import { COMPOUND_ENCODINGS } from '../../engine/types/compoundEncoding.js';
import { flattenMembers } from '../../engine/types/members.js';
import type { StructType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';

/** `x86_64-slab and i386-pae-slab have it`; undefined if no build has. A dump's kernel is not one of them. */
function whoHas({ name: own }: Profile, has: (profile: Profile) => boolean): string | undefined {
  if (!isProfileName(own)) return undefined;
  const builds = PROFILE_NAMES.filter((name) => name !== own && has(loadProfile(name)));
  if (builds.length > 0) return `${listed(builds)} ${builds.length === 1 ? 'has' : 'have'} it`;
  const older = COMPOUND_ENCODINGS.filter((compound) => has(profileWith(own, { compound })));
  const machines = older.map((compound) => `compound=${compound}`);
  return machines.length === 0 ? undefined : `a machine with ${machines.join(' or ')} has it`;
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

const inThisKernel = ({ name }: Profile): string => `in this kernel, ${name}`;

const hasName = (profile: Profile, name: string): boolean =>
  profile.types.enumerator(name) !== undefined ||
  profile.symbol(name) !== undefined ||
  profile.findConstant(name) !== undefined;

/** What to say of a constant, an enumerator or a variable of other builds. */
export function nameOfOthers(own: Profile, name: string): string | undefined {
  const others = whoHas(own, (profile) => hasName(profile, name));
  return others && `'${name}' is not ${inThisKernel(own)}: ${others}`;
}

/** What to say of a type of other builds. */
export function typeOfOthers(
  own: Profile,
  kind: 'struct' | 'union',
  tag: string,
): string | undefined {
  const others = whoHas(own, ({ types }) => types[kind](tag) !== undefined);
  return others && `'${kind} ${tag}' is not ${inThisKernel(own)}: ${others}`;
}

/** What to say of a member that a structure of the kernel has in other builds. */
export function memberOfOthers(own: Profile, struct: StructType, member: string) {
  const kernels = ({ types }: Profile): StructType | undefined =>
    types.struct(struct.name) ?? types.union(struct.name);
  if (kernels(own) !== struct) return undefined;
  const others = whoHas(own, (profile) => {
    const other = kernels(profile);
    return other !== undefined && flattenMembers(other).some(({ name }) => name === member);
  });
  return others && `has no member '${member}' ${inThisKernel(own)}: ${others}`;
}
