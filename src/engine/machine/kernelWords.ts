/**
 * The words of kernel memory: integers, bytes and bit-fields, as kernel code reads them, and writes them through the tape. A read of 0
 * asks whether it went through NULL, which faults: what NULL holds is 0, so only then.
 */
import { highWord, WORDS_PER_FRAME, type Cell } from '../memory/address.js';
import type { Tape } from '../memory/tape.js';
import type { WideConstant } from './derivedConstants.js';
import { badAddress, type KernelEvent, type KernelFault } from './events.js';
import { bitFieldIn } from './facts.js';

export abstract class KernelWords {
  /** The pool. Assigned once until it grows, which V8 notices: as long as that holds, the pool is a constant to it. */
  words: Int32Array;
  /** 64-bit pointers and longs: two words. */
  abstract readonly wide: boolean;
  /** Words in a pointer, and in a `long`. Both are facts of a build (derivedConstants.ts), so that V8 drops the other case. */
  abstract readonly ptr_words: number;

  /** So many words behind a cell, which may be in another frame. */
  abstract plus(cell: number, words: number): Cell;

  constructor(readonly tape: Tape<KernelEvent>) {
    this.words = tape.memory.words;
  }

  /** Reads an `int` or another word where finding `cell` may have touched a new frame: {@link plus}. */
  read_int(cell: number): number {
    const word = this.words[cell]!;
    if (word === 0 && cell >>> 10 === 0) throw this.nullRead(cell);
    return word;
  }

  /** Writes one word. */
  write(cell: number, value: number): void {
    this.tape.writeIn(this.words, cell as Cell, value | 0);
  }

  /** Fills `n` words of one page: {@link write} of each. Linux 6.1 arch/x86/include/asm/string_64.h. */
  memset32(s: number, v: number, n: number): void {
    const { tape, words } = this;
    const end = s + n;
    // Without history nobody hears of a word.
    if (!tape.recording) tape.memory.fill(s as Cell, end, v);
    else for (let at = s; at < end; at++) tape.writeIn(words, at as Cell, v);
  }

  /** Fills a page with zeros. Linux 6.1 arch/x86/include/asm/page_64.h. */
  clear_page(page: number): void {
    const { tape, words } = this;
    if (!tape.recording) {
      this.memset32(page, 0, WORDS_PER_FRAME);
      return;
    }
    for (let at = page; at < page + WORDS_PER_FRAME; at += 8)
      if (isFilled(words, at)) for (let i = at; i < at + 8; i++) tape.writeIn(words, i as Cell, 0);
  }

  copy_page(to: number, from: number): void {
    const { tape, words } = this;
    if (!tape.recording && tape.memory.heard === undefined) {
      tape.memory.copyFrame(to as Cell, from as Cell);
      return;
    }
    for (let at = 0; at < WORDS_PER_FRAME; at += 8)
      if (isFilled(words, from + at) || isFilled(words, to + at))
        for (let i = at; i < at + 8; i++) tape.writeIn(words, (to + i) as Cell, words[from + i]!);
  }

  /** Writes a pointer-sized integer (`unsigned long`) whose value is within ±2^53. */
  write_long(cell: number, value: number): void {
    const low = value | 0;
    this.write_words(cell, low, low === value ? low >> 31 : highWord(value));
  }

  /** Writes what {@link read_ulong} gives, over the whole range: 2^64 stands for the greatest. */
  write_ulong(cell: number, value: number): void {
    if (this.wide && value >= 2 ** 64) this.write_words(cell, -1, -1);
    else this.write_words(cell, value | 0, Math.floor(value / 0x1_0000_0000) | 0);
  }

  /** Writes a long or pointer given as words; a 32-bit one has no high word. */
  write_words(cell: number, low: number, high: number): void {
    const { words, tape } = this;
    tape.writeIn(words, cell as Cell, low);
    // Hardly ever another one, so it is looked at before the tape is asked.
    const second = (cell + 1) | 0;
    if (this.wide && words[second] !== high) tape.writeIn(words, second as Cell, high);
  }

  /** Writes a constant that may need 64 bits (`LIST_POISON1`). */
  write_wide(cell: number, value: WideConstant): void {
    this.write_words(cell, value.low, value.high);
  }

  /** Reads a bit-field of the structure at `cell`. */
  read_bits(cell: number, place: number): number {
    const { word, shift, mask } = bitFieldIn(place);
    const bits = this.words[cell + word]!;
    if (bits === 0 && (cell + word) >>> 10 === 0) throw this.nullRead(cell + word);
    return (bits >>> shift) & mask;
  }

  /** `word` with the bits of a bit-field replaced: what of a word with several is written at once. */
  with_bits(word: number, place: number, value: number): number {
    const { shift, mask } = bitFieldIn(place);
    return (word & ~(mask << shift)) | ((value & mask) << shift);
  }

  /** Reads an `unsigned long` (exact up to 2^53). */
  read_ulong(cell: number): number {
    const low = this.words[cell]! >>> 0;
    const high = this.wide ? this.words[cell + 1]! : 0;
    if (high !== 0) return (high >>> 0) * 0x1_0000_0000 + low;
    if (low === 0 && cell >>> 10 === 0) throw this.nullRead(cell);
    return low;
  }

  /** Reads a `long` (exact within ±2^53). */
  read_long(cell: number): number {
    const low = this.words[cell]!;
    if (low === 0 && cell >>> 10 === 0) throw this.nullRead(cell);
    if (!this.wide) return low;
    const high = this.words[cell + 1]!;
    return high === low >> 31 ? low : high * 0x1_0000_0000 + (low >>> 0);
  }

  /** Adds a small signed number to a `long` or `unsigned long`. */
  add_long(cell: number, delta: number): void {
    const { words } = this;
    const low = words[cell]!;
    if (low === 0 && cell >>> 10 === 0) throw this.nullRead(cell);
    const sum = (low + delta) | 0;
    this.tape.writeIn(words, cell as Cell, sum);
    // The addition crossed zero as an unsigned one: a carry or a borrow.
    if (this.wide && (delta >= 0 ? sum >>> 0 < low >>> 0 : sum >>> 0 > low >>> 0))
      this.write(cell + 1, words[cell + 1]! + (delta >= 0 ? 1 : -1));
  }

  /** Reads the byte at `byteOffset` from `cell`. */
  read8(cell: number, byteOffset: number): number {
    const at = cell + (byteOffset >> 2);
    const word = this.words[at]!;
    if (word === 0 && at >>> 10 === 0) throw this.nullRead(at);
    return (word >>> ((byteOffset & 3) * 8)) & 0xff;
  }

  /** Reads an `s8`. */
  read_s8(cell: number, byteOffset: number): number {
    const at = cell + (byteOffset >> 2);
    const word = this.words[at]!;
    if (word === 0 && at >>> 10 === 0) throw this.nullRead(at);
    return (word << (24 - (byteOffset & 3) * 8)) >> 24;
  }

  write8(cell: number, byteOffset: number, value: number): void {
    const shift = (byteOffset & 3) * 8;
    this.tape.writeBits((cell + (byteOffset >> 2)) as Cell, 0xff << shift, value << shift);
  }

  /** Reads a `bool` of a structure that may straddle frames. */
  read_bool(cell: number, byteOffset: number): boolean {
    return this.read8(this.plus(cell, byteOffset >> 2), byteOffset & 3) !== 0;
  }

  write_bool(cell: number, byteOffset: number, value: boolean): void {
    this.write8(this.plus(cell, byteOffset >> 2), byteOffset & 3, value ? 1 : 0);
  }

  read16(cell: number, byteOffset: number): number {
    const at = cell + (byteOffset >> 2);
    const word = this.words[at]!;
    if (word === 0 && at >>> 10 === 0) throw this.nullRead(at);
    return (word >>> ((byteOffset & 2) * 8)) & 0xffff;
  }

  write16(cell: number, byteOffset: number, value: number): void {
    const shift = (byteOffset & 2) * 8;
    this.tape.writeBits((cell + (byteOffset >> 2)) as Cell, 0xffff << shift, value << shift);
  }

  /**
   * The fault of a read through NULL: of a cell in the first frame. What NULL holds is 0, so only a read of 0 asks for it, and where
   * the read is: thrown there, as what V8 inlines then needs no way back from here.
   */
  protected nullRead(cell: number): KernelFault {
    return badAddress(this.wide, cell * 4, 0, 'read');
  }
}

/** Whether any of eight words is not 0: most pages hold little, and to look at eight at once takes half the time. */
const isFilled = (words: Int32Array, at: number): boolean =>
  (words[at]! |
    words[at + 1]! |
    words[at + 2]! |
    words[at + 3]! |
    words[at + 4]! |
    words[at + 5]! |
    words[at + 6]! |
    words[at + 7]!) !==
  0;
