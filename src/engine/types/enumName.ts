/** Names of enum values. */
import type { Profile } from './profile.js';

/**
 * The enumerator of a value; the number where there is none. Of several it is the last one: MIGRATE_PCPTYPES is a count that
 * has the value of a type, and MIGRATE_HIGHATOMIC, the type, comes behind it.
 */
export function enumName({ types }: Profile, tag: string, value: number): string {
  const found = types.enum(tag)?.enumerators.filter((e) => e.value === value) ?? [];
  return found.at(-1)?.name ?? `${value}`;
}

/** `MIGRATE_MOVABLE` */
export const migratetypeName = (profile: Profile, migratetype: number): string =>
  enumName(profile, 'migratetype', migratetype);
