/**
 * An entry of a page table as one value and as its two words. What is an entry of 4 bytes has no high word.
 *
 * The words are put together in memory, which makes one bigint; shifting and adding makes four, and a page fault reads ten entries.
 * x86 and whatever runs this are little-endian.
 */
const value = new BigUint64Array(1);
const words = new Uint32Array(value.buffer);

export function fromPteWords(low: number, high: number): bigint {
  words[0] = low;
  words[1] = high;
  return value[0]!;
}

export function lowPteWord(entry: bigint): number {
  value[0] = entry;
  return words[0]!;
}

export function highPteWord(entry: bigint): number {
  value[0] = entry;
  return words[1]!;
}

/** The number of the page that begins at an address. */
export function pageNumberIn(address: bigint): number {
  value[0] = address;
  return words[1]! * 2 ** 20 + (words[0]! >>> 12);
}
