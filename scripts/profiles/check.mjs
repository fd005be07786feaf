/** A name in the selection that no build knows is a slip of the pen (or of a newer kernel). */
import { ENUMS, LABELS, PARTS, SYMBOLS, TYPEDEFS, TYPES, UNTAGGED_ENUMS } from './selection.mjs';

/** @param profiles read back from what was made */
export function namesInNoBuild(profiles) {
  const missing = (names, has) =>
    names.filter((name) => !profiles.some((profile) => has(profile, name)));
  const complete = ({ types }, tag) => types.struct(tag)?.complete ?? types.union(tag)?.complete;
  return [
    ...missing(TYPES, complete),
    ...missing(ENUMS, (profile, tag) => profile.types.enum(tag)),
    ...missing(UNTAGGED_ENUMS, (profile, name) => profile.types.enumerator(name)),
    ...missing(TYPEDEFS, (profile, name) => profile.types.typedef(name)),
    ...missing([...SYMBOLS, ...LABELS], (profile, name) => profile.symbol(name)),
    ...Object.entries(PARTS).flatMap(([tag, members]) =>
      missing(members, (profile, name) =>
        profile.types.struct(tag)?.members.some((member) => member.name === name),
      ),
    ),
  ];
}
