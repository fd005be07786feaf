/**
 * Bob Jenkins' hash of an array of words.
 *
 * Source: Linux 6.1 include/linux/jhash.h: __jhash_mix(), __jhash_final(), jhash2(); include/linux/bitops.h: rol32().
 */
import type { Int, UInt } from '../../../machine/ctypes.js';

const JHASH_INITVAL = 0xdeadbeef;

const rol32 = (word: Int, shift: Int): Int => (word << shift) | (word >>> (32 - shift));

/** Rotations of the six steps that mix, and of the seven that end it. */
const MIX = [4, 6, 8, 16, 19, 4] as const;
const FINAL = [14, 11, 25, 16, 4, 14, 24] as const;

/** The state goes round: what was a is c in the next step. */
function __jhash_mix(state: Int[]): void {
  MIX.forEach((shift, step) => {
    const [a, b, c] = [step % 3, (step + 1) % 3, (step + 2) % 3] as const;
    state[a] = (state[a]! - state[c]!) | 0;
    state[a] = state[a]! ^ rol32(state[c]!, shift);
    state[c] = (state[c]! + state[b]!) | 0;
  });
}

function __jhash_final(state: Int[]): void {
  FINAL.forEach((shift, step) => {
    const [to, from] = [(step + 2) % 3, (step + 1) % 3] as const;
    state[to] = ((state[to]! ^ state[from]!) - rol32(state[from]!, shift)) | 0;
  });
}

/** The hash of words of 32 bits. */
export const jhash2 = (key: readonly Int[], initval: UInt): UInt => {
  const start: Int = (JHASH_INITVAL + (key.length << 2) + initval) | 0;
  const state: Int[] = [start, start, start];
  let at = 0;
  for (; key.length - at > 3; at += 3) {
    for (let i = 0; i < 3; i++) state[i] = (state[i]! + key[at + i]!) | 0;
    __jhash_mix(state);
  }
  if (at < key.length) {
    for (let i = 0; at + i < key.length; i++) state[i] = (state[i]! + key[at + i]!) | 0;
    __jhash_final(state);
  }
  return state[2]! >>> 0;
};
