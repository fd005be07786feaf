/**
 * The state hash: the sum over all words of key(address) * value, twice 32 bits. Linear in the values, so it can be carried
 * along changes (key * (after - before)) as well as made from contents, with the same result.
 */
import { WORDS_PER_FRAME } from './address.js';

export interface HashWords {
  readonly low: number;
  readonly high: number;
}

/** The factor of a word: made odd where it is used, so that no change of one word goes unseen. */
export function wordKey(frame: number, offset: number): number {
  let key = Math.imul(frame, 0x9e3779b1) ^ Math.imul(offset + 1, 0x85ebca77);
  key = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d);
  return key ^ (key >>> 13);
}

/** What the contents of one frame add: its words lie from `cell` on. */
export function frameHash(words: Int32Array, cell: number, frame: number): HashWords {
  let low = 0;
  let high = 0;
  for (let offset = 0; offset < WORDS_PER_FRAME; offset++) {
    const value = words[cell + offset] as number;
    if (value === 0) continue;
    const key = wordKey(frame, offset);
    low = (low + Math.imul(key | 1, value)) | 0;
    high = (high + Math.imul((key >>> 16) | (key << 16) | 1, value)) | 0;
  }
  return { low, high };
}
