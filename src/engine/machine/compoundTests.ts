/**
 * What tells heads and tails of compound pages apart (types/compoundEncoding.ts), as tests of a word: a head has exactly `head_bits`
 * of `head_mask` in its flags, a tail `tail_bits` of `tail_mask` in the word at `tail_word`, and leads to its head by the pointer at
 * `first_page_word`.
 */
import type { Profile } from '../types/profile.js';
import type { Facts } from './facts.js';

export interface CompoundTests {
  /** Before Linux 4.4: tails are flagged, and point to their head by `first_page`. */
  readonly first_page: boolean;
  readonly head_bits: number;
  readonly head_mask: number;
  readonly tail_word: number;
  readonly tail_bits: number;
  readonly tail_mask: number;
  readonly first_page_word: number;
}

export function compoundTests(profile: Profile, k: Facts): CompoundTests {
  const flag = (name: string): number | undefined => {
    const bit = profile.findConstant(name) ?? profile.types.enumerator(name)?.value;
    return bit === undefined ? undefined : 1 << bit;
  };
  const [compound, tail] = [flag('PG_compound'), flag('PG_tail')];
  const reclaim = 1 << k.PG_reclaim;
  const head_bits = flag('PG_head') ?? compound;
  if (head_bits === undefined) throw new Error(`profile ${profile.name} has no flag of a head`);
  const first_page = compound !== undefined || tail !== undefined;
  const tail_bits = tail ?? (compound === undefined ? 1 : head_bits | reclaim);
  return {
    first_page,
    head_bits,
    head_mask: compound === undefined ? head_bits : head_bits | reclaim,
    tail_word: first_page ? k.page.flags : k.page.compound_head,
    tail_bits,
    tail_mask: tail_bits,
    first_page_word: first_page ? k.page.private : k.page.compound_head,
  };
}
