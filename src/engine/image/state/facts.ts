/** Facts of a profile that placing a state needs. A missing one is a defect of the profile. */
import type { VirtAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';

export function symbolAddress(profile: Profile, name: string): VirtAddr {
  const symbol = profile.symbol(name);
  if (symbol === undefined) throw new Error(`profile ${profile.name} has no ${name}`);
  return symbol.address;
}

export const sizeofStruct = (profile: Profile, tag: string): number => {
  const type = profile.types.struct(tag);
  if (type === undefined) throw new Error(`profile ${profile.name} has no struct ${tag}`);
  return type.sizeBytes;
};

export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
