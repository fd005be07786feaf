/**
 * Machine code in memory as lines of a disassembly: a dump's kernel text, where the dump holds it, or any bytes. Targets of jumps and
 * calls, and the beginnings of what has a symbol, are named as far as the build's symbols go.
 *
 * An instruction's length is known only from its beginning, so going back tries every beginning nearby and takes those from which
 * decoding comes to the address that is asked about.
 */
import { asVirt } from '../memory/address.js';
import type { Profile } from '../types/profile.js';
import { decodeInstruction, MAX_INSTRUCTION_BYTES } from '../x86/code/decode.js';

export interface CodeRow {
  readonly address: number;
  /** None: nothing can be read here. */
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The symbol that is here. */
  readonly symbol?: string;
}

export interface CodeRange {
  readonly address: number;
  /** In instructions, counted from the address. */
  readonly instructionOffset: number;
  readonly count: number;
}

type Read = (address: number, sizeBytes: number) => Uint8Array;

export function disassembled(
  profile: Profile,
  read: Read,
  { address, instructionOffset, count }: CodeRange,
): readonly CodeRow[] {
  const wanted = instructionOffset + count;
  const before =
    instructionOffset < 0 ? rowsBefore(profile, read, address, -instructionOffset) : [];
  const behind = wanted > 0 ? rowsFrom(profile, read, address, wanted) : [];
  return [...before, ...behind.slice(Math.max(0, instructionOffset))].slice(0, count);
}

function rowsFrom(
  profile: Profile,
  read: Read,
  start: number,
  count: number,
  end = Infinity,
): CodeRow[] {
  const rows: CodeRow[] = [];
  const wide = profile.pointerSize === 8;
  for (let address = start; rows.length < count && address < end;) {
    const bytes = read(address, MAX_INSTRUCTION_BYTES);
    const found = bytes.length === 0 ? undefined : decodeInstruction(bytes, address, wide);
    const sizeBytes = found?.sizeBytes ?? 1;
    const here = bytes.subarray(0, sizeBytes);
    const text = textOf(profile, found, here);
    rows.push({ address, bytes: here, text, ...symbolAt(profile, address) });
    address += sizeBytes;
  }
  return rows;
}

function textOf(
  profile: Profile,
  found: ReturnType<typeof decodeInstruction>,
  [byte = 0]: Uint8Array,
): string {
  if (found === undefined) return `.byte 0x${byte.toString(16).padStart(2, '0')}`;
  const name = found.target === undefined ? undefined : symbolText(profile, found.target);
  return name === undefined ? found.text : `${found.text} <${name}>`;
}

/** The last `count` instructions in front of an address; where too few lead to it, rows that nothing can be read of. */
function rowsBefore(profile: Profile, read: Read, address: number, count: number): CodeRow[] {
  // From far enough back, wrong beginnings fall in step with the right one within a few instructions.
  for (let start = address - (count + 8) * MAX_INSTRUCTION_BYTES; start < address; start++) {
    if (read(start, 1).length === 0) continue;
    const rows = rowsFrom(profile, read, start, Infinity, address);
    const last = rows.at(-1);
    const isInStep = last !== undefined && last.address + last.bytes.length === address;
    if (isInStep && rows.length >= count) return rows.slice(-count);
  }
  const known = Array.from({ length: count }, (_, i) => address - count + i);
  return known.map((at) => ({ address: at, bytes: new Uint8Array(0), text: '??' }));
}

const symbolText = (profile: Profile, address: number): string | undefined => {
  const found = profile.symbolAt(asVirt(address));
  if (found === undefined || found.offset >= Math.max(found.symbol.sizeBytes, 1)) return undefined;
  return found.offset === 0
    ? found.symbol.name
    : `${found.symbol.name}+0x${found.offset.toString(16)}`;
};

function symbolAt(profile: Profile, address: number): { readonly symbol?: string } {
  const found = profile.symbolAt(asVirt(address));
  return found?.offset === 0 ? { symbol: found.symbol.name } : {};
}
