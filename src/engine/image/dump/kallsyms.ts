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

/** A symbol of `nm`: its letter, its name. A per-CPU one's address is an offset on x86_64. */
export interface Kallsym {
  readonly kind: string;
  readonly name: string;
  readonly address: VirtAddr;
}

/** More than any kernel has. */
const MAX_SYMBOLS = 1 << 22;
const MAX_TOKEN_TABLE = 1 << 16;
/** KSYM_NAME_LEN, packed: no name takes more. */
const MAX_NAME_BYTES = 1024;
/** Of the names, read at once. */
const CHUNK_BYTES = 1 << 16;

/** @throws ImageError, NotInDump */
export function readKallsyms(space: KernelSpace, places: KallsymsPlaces): Kallsym[] {
  const count = space.u32(places.numSyms);
  if (count === 0 || count > MAX_SYMBOLS)
    throw new ImageError(`kallsyms in the dump is damaged: it claims ${count} symbols.`);
  const tokens = readTokens(space, places);
  const addressOf = addresses(space, places, count);
  const symbols: Kallsym[] = [];
  let names: Uint8Array = new Uint8Array(0);
  let start = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + MAX_NAME_BYTES > names.length) {
      start += at;
      names = space.bytesUpTo(places.names, start, CHUNK_BYTES);
      at = 0;
    }
    let length = names[at++];
    if (length !== undefined && length >= 0x80)
      length = (length & 0x7f) | ((names[at++] ?? 0) << 7);
    if (length === undefined || at + length > names.length)
      throw new ImageError(`kallsyms in the dump is damaged: symbol ${i} of ${count} is cut off.`);
    let name = '';
    for (const end = at + length; at < end; at++) name += tokens[names[at] as number] as string;
    symbols.push({ kind: name.charAt(0), name: name.slice(1), address: addressOf(i) });
  }
  return symbols;
}

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
