/**
 * The profiles that ship with mmscope. Their text is part of the bundle; a profile is made from it when it is first asked for,
 * and then shared (nothing in it changes).
 */
import { withCompoundEncoding, type CompoundEncoding } from './compoundEncoding.js';
import type { Profile, ProfileName } from './profile.js';
import { readProfile, type ProfileData } from './profileData.js';
import i386Highmem4gSlub from './profiles/i386-highmem4g-slub.json' with { type: 'json' };
import i386PaeSlab from './profiles/i386-pae-slab.json' with { type: 'json' };
import x8664Slab from './profiles/x86_64-slab.json' with { type: 'json' };
import x8664SlubSmp from './profiles/x86_64-slub-smp.json' with { type: 'json' };
import x8664Slub from './profiles/x86_64-slub.json' with { type: 'json' };

const DATA: Readonly<Record<ProfileName, ProfileData>> = {
  'i386-highmem4g-slub': i386Highmem4gSlub,
  'i386-pae-slab': i386PaeSlab,
  'x86_64-slub': x8664Slub,
  'x86_64-slab': x8664Slab,
  'x86_64-slub-smp': x8664SlubSmp,
};

const loaded = new Map<string, Profile>();

/** The names of all bundled profiles. */
export const PROFILE_NAMES = Object.keys(DATA) as readonly ProfileName[];

/** Whether a bundled profile is of this release, or of it with a local version behind. */
export const isBundledRelease = (release: string): boolean =>
  Object.values(DATA).some(
    (data) => release === data.release || release.startsWith(`${data.release}-`),
  );

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(DATA, name);
}

export const loadProfile = (name: ProfileName): Profile => profileWith(name, {});

/** How a build may differ from its own. */
export interface ProfileVariant {
  readonly compound?: CompoundEncoding;
  /** As if configured with CONFIG_DEBUG_VM: what it checks is in the code, no structure changes. */
  readonly debugVm?: boolean;
}

export function profileWith(
  name: ProfileName,
  { compound = 'compound-head', debugVm = false }: ProfileVariant,
): Profile {
  const key = `${name} ${compound} ${debugVm}`;
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const data = withCompoundEncoding(DATA[name], compound);
  const profile = readProfile(debugVm ? withDebugVm(data) : data);
  loaded.set(key, profile);
  return profile;
}

/**
 * A build whose symbols lie elsewhere: the same kernel with other code linked in. Types and constants stay.
 * @param addresses hexadecimal, by name; a symbol that is not among them stays
 */
export function profileWithSymbols(
  name: ProfileName,
  addresses: ReadonlyMap<string, string>,
): Profile {
  const data = DATA[name];
  const symbols = data.symbols.map((line) => {
    const [symbol = '', address = '', ...rest] = line.split(' ');
    return [symbol, addresses.get(symbol) ?? address, ...rest].join(' ');
  });
  return readProfile({ ...data, symbols });
}

const withDebugVm = (data: ProfileData): ProfileData => ({
  ...data,
  constants: data.constants.map((line) =>
    line === 'CONFIG_DEBUG_VM 0' ? 'CONFIG_DEBUG_VM 1' : line,
  ),
});
