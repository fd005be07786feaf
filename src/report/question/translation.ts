/**
 * A virtual address and the physical one that a program made of it by subtraction, found by their difference: it is where the direct map
 * begins, a multiple of 1 GiB.
 *
 * Source: Linux arch/x86/mm/kaslr.c: kernel_randomize_memory(): bases are multiples of PUD_SIZE.
 */
export interface TranslationPair {
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly base: bigint;
}

const LOWEST_BASE = 0xffff880000000000n;
const HIGHEST_BASE = 0xffffc88000000000n;

export function translationPair(text: string): TranslationPair | undefined {
  const numbers = [...text.matchAll(/\b(?:0x)?([0-9a-f]{7,16})\b/gi)]
    .slice(0, 400)
    .map((match) => BigInt(`0x${match[1] ?? '0'}`));
  const virtuals = [...new Set(numbers.filter((value) => value >> 47n === 0x1ffffn))];
  const physicals = [
    ...new Set(numbers.filter((value) => value < 1n << 52n && value >= 1n << 24n)),
  ];
  for (const virtual of virtuals)
    for (const physical of physicals) {
      const base = virtual - physical;
      if ((base & 0x3fffffffn) === 0n && base >= LOWEST_BASE && base < HIGHEST_BASE)
        return { virtual, physical, base };
    }
  return undefined;
}
