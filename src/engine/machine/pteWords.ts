/**
 * An entry of a page table as its two words, and the operators that C has for a pteval_t. What is an entry of 4 bytes has no high
 * word.
 *
 * A page fault reads ten entries and a pin five a page: no bigint is made of any of them. Flags of the low word are numbers, and are
 * tested there. An entry is never changed. The printer of C knows the operators by name (scripts/kernel/cCalls.mjs).
 */
export class PteWords {
  /** Both signed, as words of memory are. */
  constructor(
    readonly low: number,
    readonly high: number,
  ) {}
}

/** `((u64)high << 32) | low` */
export const pteFromWords = (low: number, high: number): PteWords => new PteWords(low, high);

/** An entry that has bits in its low word only. */
export const pteOf = (low: number): PteWords => new PteWords(low, 0);

/** `(u64)pfn << PAGE_SHIFT`: the number of a page where an entry has it. */
export const pteAt = (pfn: number): PteWords => new PteWords(pfn << 12, Math.floor(pfn / 2 ** 20));

/** `0`: an entry that holds nothing. */
export const NO_PTE = pteOf(0);

/** `a | b` */
export const pteOr = (a: PteWords, b: PteWords): PteWords =>
  new PteWords(a.low | b.low, a.high | b.high);

/** `a & b` */
export const pteAnd = (a: PteWords, b: PteWords): PteWords =>
  new PteWords(a.low & b.low, a.high & b.high);

/** `a & ~b` */
export const pteAndNot = (a: PteWords, b: PteWords): PteWords =>
  new PteWords(a.low & ~b.low, a.high & ~b.high);

/** `a | b` of flags. */
export const pteSet = (a: PteWords, b: number): PteWords => new PteWords(a.low | b, a.high);

/** `a & ~b` of flags. */
export const pteClear = (a: PteWords, b: number): PteWords => new PteWords(a.low & ~b, a.high);

/** `a ^ b`, of which `b` is 0 or ~0. */
export const pteXor = (a: PteWords, b: number): PteWords =>
  b === 0 ? a : new PteWords(a.low ^ b, a.high ^ b);

/** `a == b` */
export const pteEqual = (a: PteWords, b: PteWords): boolean => a.low === b.low && a.high === b.high;

/** `a == 0` */
export const pteIsZero = (a: PteWords): boolean => (a.low | a.high) === 0;

/** A value of 64 bits as words. */
export const toPteWords = (value: bigint): PteWords =>
  new PteWords(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));

/** What an entry is outside the kernel: its 64 bits, without a sign. */
export const fromPteWords = ({ low, high }: PteWords): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
