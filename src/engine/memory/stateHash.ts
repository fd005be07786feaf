/**
 * The state hash: the sum over all words of key(address) * value, twice 32 bits, relative to the image as opened. Linear in
 * the values, so it can be carried along changes (key * (after - before)) as well as made from contents, with the same
 * result.
 */
import { WORDS_PER_FRAME } from './address.js';
import type { PhysicalMemory } from './physical.js';

interface HashWords {
  readonly low: number;
  readonly high: number;
}

/** cell, before, after: an entry of the tape. */
const STRIDE = 3;

export class StateHash {
  /** The position of the tape that the hash is of. */
  position = 0;
  private low = 0;
  private high = 0;
  /** The contents' hash of the image as opened, over the slots that there were when it was noted. */
  private opened: (HashWords & { readonly nrSlots: number }) | undefined;

  constructor(private readonly memory: PhysicalMemory) {}

  /** 16 hex digits. */
  text(): string {
    return hex8(this.high) + hex8(this.low);
  }

  /** Takes in a run of entries: done (1) or undone (-1). */
  add(entries: Int32Array, sign: 1 | -1): void {
    const { frameOfSlot } = this.memory;
    let low = 0;
    let high = 0;
    for (let i = 0; i < entries.length; i += STRIDE) {
      const cell = entries[i] as number;
      const key = wordKey(frameOfSlot[cell >>> 10] as number, cell & (WORDS_PER_FRAME - 1));
      const change = ((entries[i + 2] as number) - (entries[i + 1] as number)) | 0;
      low = (low + Math.imul(key | 1, change)) | 0;
      high = (high + Math.imul((key >>> 16) | (key << 16) | 1, change)) | 0;
    }
    this.low = (this.low + sign * low) | 0;
    this.high = (this.high + sign * high) | 0;
  }

  get canRemake(): boolean {
    return this.opened !== undefined;
  }

  /** To be called while the hash is of what memory holds: the last moment, before history is forgotten. */
  noteOpened(): void {
    const nrSlots = this.memory.nrTouchedFrames + 1;
    const { low, high } = this.contents();
    this.opened = { low: (low - this.low) | 0, high: (high - this.high) | 0, nrSlots };
  }

  /** The hash from what memory holds, and held when it was opened: work in proportion to the frames touched. */
  remake(position: number): void {
    const { memory, opened } = this;
    if (opened === undefined) throw new Error('history was forgotten without notice');
    let { low, high } = this.contents();
    low = (low - opened.low) | 0;
    high = (high - opened.high) | 0;
    for (let slot = opened.nrSlots; slot <= memory.nrTouchedFrames; slot++) {
      const frame = memory.frameOfSlot[slot] as number;
      const fresh = frameHash(memory.firstContents(frame), 0, frame);
      low = (low - fresh.low) | 0;
      high = (high - fresh.high) | 0;
    }
    this.low = low;
    this.high = high;
    this.position = position;
  }

  private contents(): HashWords {
    const { memory } = this;
    let low = 0;
    let high = 0;
    for (let slot = 1; slot <= memory.nrTouchedFrames; slot++) {
      const frame = memory.frameOfSlot[slot] as number;
      const sum = frameHash(memory.words, slot * WORDS_PER_FRAME, frame);
      low = (low + sum.low) | 0;
      high = (high + sum.high) | 0;
    }
    return { low, high };
  }
}

/** The factor of a word: made odd where it is used, so that no change of one word goes unseen. */
function wordKey(frame: number, offset: number): number {
  let key = Math.imul(frame, 0x9e3779b1) ^ Math.imul(offset + 1, 0x85ebca77);
  key = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d);
  return key ^ (key >>> 13);
}

/** What the contents of one frame add: its words lie from `cell` on. */
function frameHash(words: Int32Array, cell: number, frame: number): HashWords {
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

const hex8 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
