/**
 * kallsyms as it lies in a kernel's memory: the names of all its symbols, packed with a table of 256 tokens, beside their
 * addresses.
 *
 *     names    { length: 1 byte, or 2 from 128 on (6.1: 73bbb94466fd), so many token numbers } ...   the first character is the kind
 *     offsets  s32 each: >= 0 an absolute value (per-CPU), < 0 relative_base - 1 - offset; or all relative_base + u32
 *     or       addresses, an unsigned long each, where the kernel has no relative base
 *
 * VMCOREINFO names the tables since 6.0 (5fd8fea935a1). What a kernel moved by KASLR has is what it runs with.
 *
 * Source: Linux 6.1 kernel/kallsyms.c, scripts/kallsyms.c, kernel/kallsyms_selftest.c.
 */
import { asVirt, fromWords, type VirtAddr } from '../../memory/address.js';
import { counted } from '../../view/counted.js';
import { ImageError } from '../kernelImage.js';
import type { KernelSpace } from './kernelSpace.js';

export interface KallsymsPlaces {
  readonly names: VirtAddr;
  readonly numSyms: VirtAddr;
  readonly tokenTable: VirtAddr;
  readonly tokenIndex: VirtAddr;
  readonly offsets: VirtAddr | undefined;
  readonly relativeBase: VirtAddr | undefined;
  readonly addresses: VirtAddr | undefined;
}

/** Symbols in the order in which they are written down. */
export interface SymbolList {
  readonly length: number;
  readonly at: (index: number) => Kallsym;
  readonly addressAt: (index: number) => VirtAddr;
  /** Of those that have a name, the first first. */
  readonly indicesOf: (name: string) => readonly number[];
}

/** A symbol of `nm`: its letter, its name. A per-CPU one's address is an offset on x86_64. */
export interface Kallsym {
  readonly kind: string;
  readonly name: string;
  readonly address: VirtAddr;
  /** Where it is known: of a list that lacks what lies behind. */
  readonly sizeBytes?: number;
}

/** More than any kernel has. */
const MAX_SYMBOLS = 1 << 22;
const MAX_TOKEN_TABLE = 1 << 16;
/** Of the names, read at once. */
const CHUNK_BYTES = 1 << 18;

/** @throws ImageError, NotInDump */
export function readKallsyms(space: KernelSpace, places: KallsymsPlaces): PackedSymbols {
  const count = space.u32(places.numSyms);
  if (count === 0 || count > MAX_SYMBOLS)
    throw new ImageError(`kallsyms in the dump is damaged: it claims ${counted(count, 'symbol')}.`);
  const addressOf = addresses(space, places, count);
  return new PackedSymbols(namesOf(space, places, count), count, addressOf);
}

/** The packed names, and where that of each symbol begins. */
interface PackedNames {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly tokens: readonly string[];
}

function namesOf(space: KernelSpace, places: KallsymsPlaces, count: number): PackedNames {
  const tokens = readTokens(space, places);
  const starts = new Uint32Array(count);
  let bytes = space.bytesUpTo(places.names, 0, CHUNK_BYTES);
  let at = 0;
  for (let i = 0; i < count; i++) {
    starts[i] = at;
    for (;;) {
      const end = endOfName(bytes, at);
      if (end <= bytes.length) {
        at = end;
        break;
      }
      const more = space.bytesUpTo(places.names, bytes.length, Math.max(CHUNK_BYTES, bytes.length));
      if (more.length === 0)
        throw new ImageError(
          `kallsyms in the dump is damaged: symbol ${i} of ${count} is cut off.`,
        );
      const longer = new Uint8Array(bytes.length + more.length);
      longer.set(bytes);
      longer.set(more, bytes.length);
      bytes = longer;
    }
  }
  return { bytes, starts, tokens };
}

/** Beyond the bytes when they end before it. */
function endOfName(bytes: Uint8Array, at: number): number {
  const length = bytes[at];
  if (length === undefined) return Infinity;
  if (length < 0x80) return at + 1 + length;
  const high = bytes[at + 1];
  return high === undefined ? Infinity : at + 2 + ((length & 0x7f) | (high << 7));
}

const HASH_STEP = 0x0100_0193;

/**
 * Symbols that stay packed. A name is found by its hash, which is made of those of its tokens: no name becomes a string that
 * nobody asks for, because a kernel has 100,000 of them.
 */
export class PackedSymbols implements SymbolList {
  /** Indices by hash, plus one; 0 is free. Of equal names the first stands first. */
  private readonly table: Int32Array;

  constructor(
    private readonly names: PackedNames,
    readonly length: number,
    readonly addressAt: (index: number) => VirtAddr,
  ) {
    this.table = new Int32Array(2 ** Math.ceil(Math.log2(length * 2 + 1)));
    this.fill();
  }

  at(index: number): Kallsym {
    const text = this.textOf(index);
    return { kind: text.charAt(0), name: text.slice(1), address: this.addressAt(index) };
  }

  indicesOf(name: string): number[] {
    const found: number[] = [];
    const mask = this.table.length - 1;
    for (let slot = mixed(hashOf(name)) & mask; ; slot = (slot + 1) & mask) {
      const index = (this.table[slot] ?? 0) - 1;
      if (index < 0) return found;
      if (this.textOf(index).slice(1) === name) found.push(index);
    }
  }

  private textOf(index: number): string {
    const { bytes, starts, tokens } = this.names;
    const start = starts[index] ?? 0;
    const end = endOfName(bytes, start);
    let text = '';
    for (let at = start + ((bytes[start] ?? 0) < 0x80 ? 1 : 2); at < end; at++)
      text += tokens[bytes[at] as number] as string;
    return text;
  }

  /** The hash of `ab` is that of `a`, moved by the length of `b`, and that of `b`. The first character, the kind, is left out. */
  private fill(): void {
    const { bytes, starts, tokens } = this.names;
    const hashes = Int32Array.from(tokens, hashOf);
    const moves = Int32Array.from(tokens, ({ length }) => moveBy(length));
    const lengths = Uint32Array.from(tokens, ({ length }) => length);
    const kindMoves: number[] = [];
    const mask = this.table.length - 1;
    for (let i = 0; i < this.length; i++) {
      const start = starts[i] as number;
      const isShort = (bytes[start] as number) < 0x80;
      let at = start + (isShort ? 1 : 2);
      const end = endOfName(bytes, start);
      const kind = (tokens[bytes[at] ?? 0] ?? '').charCodeAt(0) || 0;
      let hash = 0;
      let length = 0;
      for (; at < end; at++) {
        const token = bytes[at] as number;
        hash = (Math.imul(hash, moves[token] as number) + (hashes[token] as number)) | 0;
        length += lengths[token] as number;
      }
      if (length === 0) continue;
      const move = (kindMoves[length - 1] ??= moveBy(length - 1));
      hash = (hash - Math.imul(kind, move)) | 0;
      let slot = mixed(hash) & mask;
      while (this.table[slot] !== 0) slot = (slot + 1) & mask;
      this.table[slot] = i + 1;
    }
  }
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++)
    hash = (Math.imul(hash, HASH_STEP) + text.charCodeAt(i)) | 0;
  return hash;
}

function moveBy(length: number): number {
  let move = 1;
  for (let i = 0; i < length; i++) move = Math.imul(move, HASH_STEP);
  return move;
}

/** The low bits alone would depend on the last characters most. */
const mixed = (hash: number): number => hash ^ (hash >>> 15);

function readTokens(space: KernelSpace, places: KallsymsPlaces): string[] {
  const table = space.bytesUpTo(places.tokenTable, 0, MAX_TOKEN_TABLE);
  return Array.from({ length: 256 }, (_, token) => {
    const start = space.u16(places.tokenIndex, token * 2);
    const end = table.indexOf(0, start);
    return String.fromCharCode(...table.subarray(start, end < 0 ? start : end));
  });
}

function addresses(
  space: KernelSpace,
  { offsets, relativeBase, addresses: absolute }: KallsymsPlaces,
  count: number,
): (index: number) => VirtAddr {
  if (offsets === undefined || relativeBase === undefined) {
    if (absolute === undefined)
      throw new ImageError('The dump does not say where kallsyms has its addresses.');
    const view = viewAt(space, absolute, count * space.pointerSize);
    return space.wide
      ? (i) => fromWords(view.getInt32(i * 8, true), view.getInt32(i * 8 + 4, true))
      : (i) => asVirt(view.getUint32(i * 4, true));
  }
  const base = space.pointer(relativeBase);
  const view = viewAt(space, offsets, count * 4);
  let nrNegative = 0;
  for (let i = 0; i < count; i++) if (view.getInt32(i * 4, true) < 0) nrNegative++;
  // CONFIG_KALLSYMS_ABSOLUTE_PERCPU, until 6.15: all but the per-CPU symbols are negative.
  if (nrNegative > count / 2)
    return (i) => {
      const offset = view.getInt32(i * 4, true);
      return asVirt(offset >= 0 ? offset : base - 1 - offset);
    };
  return (i) => asVirt(base + view.getUint32(i * 4, true));
}

function viewAt(space: KernelSpace, va: VirtAddr, length: number): DataView {
  const bytes = space.bytes(va, 0, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
