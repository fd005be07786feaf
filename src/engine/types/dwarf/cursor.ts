/**
 * A place in bytes that moves as they are read: little-endian numbers, LEB128, and the forms of attributes.
 *
 * Invariant: reading past the end throws a {@link DwarfError}; nothing reads as zero that is not there.
 *
 * Source: DWARF 5, section 7.5.6 (forms), 7.6 (LEB128).
 */
import { FORM } from './constants.js';
import { DwarfError } from './sections.js';

export interface Sizes {
  readonly version: number;
  /** Of a reference to a section: 8 in 64-bit DWARF. */
  readonly offsetSize: 4 | 8;
  readonly addressSize: 4 | 8;
}

export class Cursor {
  at = 0;
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    /** Where in its section `bytes` begin, for errors. */
    readonly base: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u8(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw this.error('cut off');
    this.at++;
    return byte;
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** Beyond 2^53 the nearest number. */
  u64(): number {
    const at = this.take(8);
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32;
  }

  u64Bits(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }

  /** A number of `sizeBytes` bytes, at most 8. */
  unsigned(sizeBytes: number): number {
    const start = this.take(sizeBytes);
    let value = 0;
    for (let i = sizeBytes - 1; i >= 0; i--) value = value * 256 + (this.bytes[start + i] ?? 0);
    return value;
  }

  uleb(): number {
    let byte = this.u8();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 128; ; scale *= 128) {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 63) throw this.error('a number of more than 64 bits');
    }
  }

  ulebBits(): bigint {
    return this.lebBits().value;
  }

  slebBits(): bigint {
    const { value, nrBits } = this.lebBits();
    return BigInt.asIntN(nrBits, value);
  }

  /** Text up to its NUL: where it begins; the cursor is behind it. */
  skipText(): number {
    const start = this.at;
    const end = this.bytes.indexOf(0, start);
    if (end < 0) throw this.error('a name without its end');
    this.at = end + 1;
    return start;
  }

  take(sizeBytes: number): number {
    const { at } = this;
    if (at + sizeBytes > this.bytes.length) throw this.error('cut off');
    this.at = at + sizeBytes;
    return at;
  }

  /** How many bytes the block has whose length stands here; the cursor is at the first. */
  blockLength(form: number): number {
    switch (form) {
      case FORM.block1:
        return this.u8();
      case FORM.block2:
        return this.u16();
      case FORM.block4:
        return this.u32();
      default:
        return this.uleb();
    }
  }

  skip(form: number, sizes: Sizes): void {
    const fixed = fixedBytes(form, sizes);
    if (fixed !== undefined) {
      this.take(fixed);
      return;
    }
    switch (form) {
      case FORM.string:
        this.skipText();
        break;
      case FORM.block1:
      case FORM.block2:
      case FORM.block4:
      case FORM.block:
      case FORM.exprloc:
        this.take(this.blockLength(form));
        break;
      case FORM.indirect:
        this.skip(this.uleb(), sizes);
        break;
      case FORM.sdata:
      case FORM.udata:
      case FORM.refUdata:
      case FORM.strx:
      case FORM.addrx:
      case FORM.loclistx:
      case FORM.rnglistx:
        while (this.u8() >= 0x80);
        break;
      default:
        throw this.error(`unknown form 0x${form.toString(16)}`);
    }
  }

  error(what: string): DwarfError {
    return new DwarfError(what, this.base + this.at);
  }

  private lebBits(): { readonly value: bigint; readonly nrBits: number } {
    let value = 0n;
    let nrBits = 0;
    for (;;) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << BigInt(nrBits);
      nrBits += 7;
      if (byte < 0x80) return { value, nrBits };
      if (nrBits > 70) throw this.error('a number of more than 64 bits');
    }
  }
}

/** Bytes of a form that always has as many; undefined for those that do not, and for unknown ones. */
export function fixedBytes(form: number, sizes: Sizes): number | undefined {
  switch (form) {
    case FORM.flagPresent:
    case FORM.implicitConst:
      return 0;
    case FORM.data1:
    case FORM.ref1:
    case FORM.flag:
    case FORM.strx1:
    case FORM.addrx1:
      return 1;
    case FORM.data2:
    case FORM.ref2:
    case FORM.strx2:
    case FORM.addrx2:
      return 2;
    case FORM.strx3:
    case FORM.addrx3:
      return 3;
    case FORM.data4:
    case FORM.ref4:
    case FORM.refSup4:
    case FORM.strx4:
    case FORM.addrx4:
      return 4;
    case FORM.data8:
    case FORM.ref8:
    case FORM.refSig8:
    case FORM.refSup8:
      return 8;
    case FORM.data16:
      return 16;
    case FORM.addr:
      return sizes.addressSize;
    case FORM.refAddr:
      return sizes.version === 2 ? sizes.addressSize : sizes.offsetSize;
    case FORM.strp:
    case FORM.lineStrp:
    case FORM.secOffset:
    case FORM.strpSup:
    case FORM.gnuRefAlt:
    case FORM.gnuStrpAlt:
      return sizes.offsetSize;
    default:
      return undefined;
  }
}
