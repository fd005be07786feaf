/**
 * What a kernel build says to the preprocessor: its CONFIG_ options, what its compiler defines for the target, its version. In
 * the condition of an `#if`, every constant of the build has its value too.
 */
import type { Profile } from '../engine/types/profile.js';
import type { BuildFacts } from './syntax/preprocess.js';

const known = new WeakMap<Profile, BuildFacts>();

export function buildFacts(profile: Profile): BuildFacts {
  let facts = known.get(profile);
  if (facts === undefined) known.set(profile, (facts = factsOf(profile)));
  return facts;
}

function factsOf(profile: Profile): BuildFacts {
  const target = targetFacts(profile);
  return (name, inCondition) => {
    if (name.startsWith('CONFIG_')) return configured(profile, name);
    const fact = target.get(name);
    if (fact !== undefined || !inCondition) return fact;
    const value = profile.findConstant(name);
    return value === undefined ? undefined : String(value);
  };
}

/** As include/generated/autoconf.h has an option: 1 for `y`; `m` defines the name with _MODULE behind it. */
function configured(profile: Profile, name: string): string | undefined {
  const value = profile.config(name);
  if (value === 'y') return '1';
  if (value !== undefined && value !== 'm') return value;
  if (!name.endsWith('_MODULE')) return undefined;
  return profile.config(name.slice(0, -'_MODULE'.length)) === 'm' ? '1' : undefined;
}

function targetFacts({ pointerSize, release }: Profile): ReadonlyMap<string, string> {
  const wide = pointerSize === 8;
  const [major = 0, minor = 0, patch = 0] = release.split('.').map(Number);
  const names = wide ? ['__x86_64__', '__x86_64', '__LP64__'] : ['__i386__', '__i386', '__ILP32__'];
  const version = (major << 16) + (minor << 8) + Math.min(patch, 255);
  return new Map([
    ...names.map((name) => [name, '1'] as const),
    ['__SIZEOF_POINTER__', String(pointerSize)],
    ['__SIZEOF_LONG__', String(pointerSize)],
    ['__SIZEOF_SIZE_T__', String(pointerSize)],
    ['__LONG_MAX__', wide ? '0x7fffffffffffffffL' : '0x7fffffffL'],
    ['BITS_PER_LONG', String(pointerSize * 8)],
    ['__BITS_PER_LONG', String(pointerSize * 8)],
    ['LINUX_VERSION_CODE', String(version)],
    ['UTS_RELEASE', `"${release}"`],
    // Where lowmem ends decides where vmalloc space begins: an expression on 32 bit, as in pgtable_32_areas.h.
    ...(wide ? [] : [['VMALLOC_START', '((unsigned long)high_memory + VMALLOC_OFFSET)'] as const]),
  ]);
}
