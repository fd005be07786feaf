/**
 * Declarations of the build's structs and unions as sources by reference: `struct page (pahole)`. The reference says which type
 * it is, and is the same in every session of a build.
 */
import { structText, type StructText } from '../../engine/types/pahole.js';
import type { StructType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';
import type { Dap } from '../protocol/dap.js';

/** Kernel files have the small numbers. */
const FIRST_REFERENCE = 1_000_000;
const FOLDER = 'mmscope-types/';

interface Types {
  /** `struct page`, `union slab`, in the order of their references. */
  readonly names: readonly string[];
  readonly texts: Map<string, StructText>;
}

const ofProfile = new WeakMap<Profile, Types>();

function typesOf(profile: Profile): Types {
  const known = ofProfile.get(profile);
  if (known !== undefined) return known;
  const { structs, unions } = profile.types.names();
  const names = [...structs.map((tag) => `struct ${tag}`), ...unions.map((tag) => `union ${tag}`)];
  const made = { names: names.sort(), texts: new Map<string, StructText>() };
  ofProfile.set(profile, made);
  return made;
}

const typeNamed = (profile: Profile, name: string): StructType | undefined => {
  const [kind, tag = ''] = name.split(' ');
  return kind === 'union' ? profile.types.union(tag) : profile.types.struct(tag);
};

function textOf(profile: Profile, name: string): StructText | undefined {
  const { texts } = typesOf(profile);
  const known = texts.get(name);
  const type = known === undefined ? typeNamed(profile, name) : undefined;
  if (type === undefined) return known;
  const text = structText(type, profile.pointerSize);
  texts.set(name, text);
  return text;
}

/** Where a type, or a member of it, is declared; undefined for a type that the build does not have. */
export function typeLocation(
  profile: Profile,
  type: StructType,
  member: string | undefined,
): { readonly source: Dap.Source; readonly line: number } | undefined {
  const name = `${type.kind} ${type.name}`;
  const index = typesOf(profile).names.indexOf(name);
  if (index < 0) return undefined;
  const source: Dap.Source = {
    name: `${name} (pahole)`,
    path: `${FOLDER}${name.replace(' ', '-')}.h`,
    sourceReference: FIRST_REFERENCE + index,
    origin: `types of ${profile.name}, Linux ${profile.release}`,
    presentationHint: 'deemphasize',
  };
  const line = member === undefined ? 1 : (textOf(profile, name)?.lineOf.get(member) ?? 1);
  return { source, line };
}

/** The text of such a source; undefined for other sources. */
export function typeSourceText(
  profile: Profile,
  { path, sourceReference = 0 }: Dap.Source,
): string | undefined {
  const named =
    path === undefined ? undefined : /(?:^|\/)mmscope-types\/(\w+)-(\w+)\.h$/.exec(path);
  const name = named
    ? `${named[1] ?? ''} ${named[2] ?? ''}`
    : typesOf(profile).names[sourceReference - FIRST_REFERENCE];
  return name === undefined ? undefined : textOf(profile, name)?.text;
}
