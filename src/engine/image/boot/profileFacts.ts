/** Facts of a build that boot cannot do without: a profile that lacks one is defective. */
import type { VirtAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';

export function symbolAddress(profile: Profile, name: string): VirtAddr {
  const found = profile.symbol(name);
  if (found === undefined) throw new Error(`profile ${profile.name} has no ${name}`);
  return found.address;
}

/** `sizeof(struct tag)` */
export function sizeofStruct(profile: Profile, tag: string): number {
  const type = profile.types.struct(tag);
  if (type === undefined) throw new Error(`profile ${profile.name} has no struct ${tag}`);
  return type.sizeBytes;
}
