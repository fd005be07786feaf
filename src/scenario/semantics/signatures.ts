/**
 * The C types of builtins, worked out from their prototypes once for each profile.
 */
import type { FunctionType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';
import { parseDeclaration } from '../../engine/types/declaration.js';
import type { Builtin } from '../builtins/builtin.js';
import type { Unit } from './unit.js';

const known = new WeakMap<Profile, Map<string, FunctionType>>();

export function builtinType(unit: Pick<Unit, 'profile'>, builtin: Builtin): FunctionType {
  let byName = known.get(unit.profile);
  if (byName === undefined) known.set(unit.profile, (byName = new Map<string, FunctionType>()));
  let type = byName.get(builtin.name);
  if (type === undefined) byName.set(builtin.name, (type = read(unit.profile, builtin)));
  return type;
}

function read(profile: Profile, builtin: Builtin): FunctionType {
  // No profile has va_list; as a parameter it is a pointer on every target.
  const signature = builtin.signature.replace('va_list args', 'void *args');
  const declaration = parseDeclaration(signature, profile.types);
  if (declaration?.type.kind !== 'function' || declaration.name !== builtin.name)
    throw new Error(`profile ${profile.name} cannot read: ${builtin.signature}`);
  return declaration.type;
}
