/**
 * Values that the kernel leaves where nobody should look any more, by name: a pointer that holds one, or an access a few bytes
 * behind one, says what was done with the memory.
 *
 * Source: Linux 6.1 include/linux/poison.h, include/linux/slab.h (ZERO_SIZE_PTR).
 */
import type { Profile } from './profile.js';

export interface Poison {
  /** `LIST_POISON1`; behind it, `LIST_POISON1 + 0x8`. */
  readonly name: string;
  /** What leaves it there. */
  readonly meaning: string;
}

const LISTS = [
  { name: 'LIST_POISON1', meaning: 'list_del() leaves it in next' },
  { name: 'LIST_POISON2', meaning: 'list_del() leaves it in prev' },
  { name: 'TAIL_MAPPING', meaning: 'the mapping of tails of compound pages' },
] as const;

/** Memory is filled with these bytes. */
const BYTES: Readonly<Record<number, Poison>> = {
  0x5a: { name: 'POISON_INUSE', meaning: 'SLUB fills a new object with it' },
  0x6b: { name: 'POISON_FREE', meaning: 'a freed object is filled with it' },
  0xa5: { name: 'POISON_END', meaning: 'the last byte of a freed object' },
  0xaa: { name: 'PAGE_POISON', meaning: 'a freed page is filled with it' },
  0xbb: { name: 'SLUB_RED_INACTIVE', meaning: 'the red zone of a free object' },
  0xcc: {
    name: 'SLUB_RED_ACTIVE',
    meaning:
      'the red zone of an object in use; also memory of the kernel that was freed after boot',
  },
};

/** Members of the structures that a poisoned pointer is taken for lie no further behind it. */
const REACH = 0x100n;

/** @param value the bits of a pointer; where they are no poison, undefined */
export function poisonOf(profile: Profile, value: bigint): Poison | undefined {
  const bits = BigInt(profile.pointerSize * 8);
  const low = value & 0xffn;
  const filled = BYTES[Number(low)];
  if (filled !== undefined && value === (((1n << bits) - 1n) / 0xffn) * low) return filled;
  // On 32 bit they are small numbers, which may be anything.
  if (profile.pointerSize === 4) return undefined;
  for (const { name, meaning } of LISTS.toReversed()) {
    const behind = value - profile.wideConstant(name);
    if (behind < 0n || behind >= REACH) continue;
    return { name: behind === 0n ? name : `${name} + 0x${behind.toString(16)}`, meaning };
  }
  return undefined;
}
