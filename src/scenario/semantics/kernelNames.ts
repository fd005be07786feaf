/**
 * The kernel's own names as a scenario sees them: enumerators and preprocessor constants with the types C gives them.
 *
 * A profile records constants as plain values. Their types are not in it: they follow from the few rules below, and otherwise
 * from the value as for a literal.
 */
import { parseCType } from '../../engine/types/declaration.js';
import type { CType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';
import { allBuiltins } from '../builtins/table.js';
import { preludeMacros } from '../prelude.js';
import { wrap64, type Value } from './arithmetic.js';
import type { CTypes } from './cTypes.js';
import { formNames } from './forms.js';

const CONSTANT_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^_*GFP_/, 'gfp_t'],
  [/^SLAB_/, 'slab_flags_t'],
  [/^(LIST_POISON[12]|TAIL_MAPPING)$/, 'void *'],
  [/^(VM_|PTE_|PAGE_FLAGS_CHECK)/, 'unsigned long'],
];

/** An enumerator or constant of the kernel. */
export function knownConstant(
  profile: Profile,
  types: CTypes,
  name: string,
): { readonly type: CType; readonly value: Value } | undefined {
  const enumerator = profile.types.enumerator(name);
  if (enumerator !== undefined) return { type: types.int, value: enumerator.value };
  const value = profile.findConstant(name) ?? wideConstant(profile, name);
  if (value === undefined) return undefined;
  const rule = CONSTANT_TYPES.find(([pattern]) => pattern.test(name));
  const ruled = rule && parseCType(rule[1], profile.types);
  if (ruled !== undefined) return { type: ruled, value };
  const fitsInt = value >= -0x8000_0000 && value < 0x8000_0000;
  return { type: fitsInt ? types.int : types.unsignedLong, value };
}

/** A constant that no number holds; undefined if the profile has none of the name. */
function wideConstant(profile: Profile, name: string): Value | undefined {
  if (!profile.constantNames().includes(name)) return undefined;
  return wrap64(profile.wideConstant(name));
}

/** Every name that means something without being declared, for suggestions and completion. */
export function* knownNames(profile: Profile): IterableIterator<string> {
  for (const { name } of allBuiltins) yield name;
  yield* formNames;
  yield* preludeMacros().keys();
  yield* profile.types.names().enumerators;
  yield* profile.symbolNames();
  yield* profile.constantNames();
}
