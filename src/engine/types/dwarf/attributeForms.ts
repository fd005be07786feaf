/**
 * The forms in which attributes are written: numbers, names, references, places.
 *
 * Invariant: a reference is an offset in the sections (see units.ts) whichever form it has; a number is as it was written.
 *
 * Source: DWARF 5, section 7.5.5 and 7.5.6.
 */
import type { Abbreviation } from './abbreviations.js';
import { AT, FORM, OP } from './constants.js';
import type { Cursor } from './cursor.js';
import type { Names } from './names.js';
import { PagedSection, type DwarfSections } from './sections.js';
import type { UnitHeader, Units } from './units.js';

/** What all units share. */
export interface EntryContext {
  readonly units: Units;
  readonly names: Names;
  readonly strOffsets: PagedSection | undefined;
  readonly addr: PagedSection | undefined;
}

export const entryContext = (
  sections: DwarfSections,
  units: Units,
  names: Names,
): EntryContext => ({
  units,
  names,
  strOffsets: sections.strOffsets && new PagedSection(sections.strOffsets),
  addr: sections.addr && new PagedSection(sections.addr),
});

/** Reads what stands at a unit's cursor. */
export class AttributeForms {
  private strOffsetsBase: number;
  private addrBase = 8;

  constructor(
    private readonly cursor: Cursor,
    private readonly header: UnitHeader,
    private readonly context: EntryContext,
  ) {
    // Behind the header of the table, where the unit does not say it.
    this.strOffsetsBase = header.offsetSize === 8 ? 16 : 8;
  }

  /** The unit's tables of names and addresses, which its own entry names: before anything else of it is read. */
  readBases({ attributes, forms }: Abbreviation): void {
    attributes.forEach((attribute, i) => {
      const form = forms[i] ?? 0;
      if (attribute === AT.strOffsetsBase) this.strOffsetsBase = this.number(form, 0n);
      else if (attribute === AT.addrBase) this.addrBase = this.number(form, 0n);
      else this.skip(form);
    });
  }

  skip(form: number): void {
    this.cursor.skip(form, this.header);
  }

  /** A number; undefined where the form is an expression or a reference. */
  constant(form: number, constant: bigint): bigint | undefined {
    if (isConstant(form)) return this.bits(form, constant);
    this.skip(form);
    return undefined;
  }

  /** Beyond 2^53 the nearest number. */
  number(form: number, constant: bigint): number {
    const { cursor } = this;
    switch (form) {
      case FORM.data1:
      case FORM.flag:
        return cursor.u8();
      case FORM.data2:
        return cursor.u16();
      case FORM.data4:
        return cursor.u32();
      case FORM.udata:
        return cursor.uleb();
      default:
        return Number(this.bits(form, constant));
    }
  }

  bits(form: number, constant: bigint): bigint {
    const { cursor } = this;
    switch (form) {
      case FORM.flagPresent:
        return 1n;
      case FORM.implicitConst:
        return constant;
      case FORM.data1:
      case FORM.flag:
        return BigInt(cursor.u8());
      case FORM.data2:
        return BigInt(cursor.u16());
      case FORM.data4:
        return BigInt(cursor.u32());
      case FORM.data8:
        return cursor.u64Bits();
      case FORM.udata:
        return cursor.ulebBits();
      case FORM.sdata:
        return cursor.slebBits();
      case FORM.secOffset:
        return BigInt(cursor.unsigned(this.header.offsetSize));
      default:
        throw cursor.error(`form 0x${form.toString(16)} is not a number`);
    }
  }

  name(form: number): number {
    const { cursor } = this;
    const { names } = this.context;
    const { offsetSize } = this.header;
    switch (form) {
      case FORM.strp:
        return names.inStr(cursor.unsigned(offsetSize));
      case FORM.lineStrp:
        return names.inLineStr(cursor.unsigned(offsetSize));
      case FORM.string: {
        const start = cursor.skipText();
        return names.ofText(String.fromCharCode(...cursor.bytes.subarray(start, cursor.at - 1)));
      }
      case FORM.strx:
        return this.indexedName(cursor.uleb());
      case FORM.strx1:
      case FORM.strx2:
      case FORM.strx3:
      case FORM.strx4:
        return this.indexedName(cursor.unsigned(form - FORM.strx1 + 1));
      case FORM.gnuStrpAlt:
      case FORM.strpSup:
        throw cursor.error('a name is in a supplementary file (dwz -m)');
      default:
        throw cursor.error(`form 0x${form.toString(16)} is not a name`);
    }
  }

  private indexedName(index: number): number {
    const { offsetSize } = this.header;
    const { strOffsets, names } = this.context;
    if (strOffsets === undefined) throw this.cursor.error('no section .debug_str_offsets');
    return names.inStr(strOffsets.number(this.strOffsetsBase + index * offsetSize, offsetSize));
  }

  reference(form: number): number {
    const { cursor, header } = this;
    switch (form) {
      case FORM.ref1:
        return header.start + cursor.u8();
      case FORM.ref2:
        return header.start + cursor.u16();
      case FORM.ref4:
        return header.start + cursor.u32();
      case FORM.ref8:
        return header.start + cursor.u64();
      case FORM.refUdata:
        return header.start + cursor.uleb();
      case FORM.refAddr:
        return cursor.unsigned(header.version === 2 ? header.addressSize : header.offsetSize);
      case FORM.refSig8: {
        const found = this.context.units.ofSignature(cursor.u64Bits());
        if (found === undefined) throw cursor.error('no type unit has the signature');
        return found;
      }
      default:
        throw cursor.error(`form 0x${form.toString(16)} is not a reference`);
    }
  }

  /** Bytes from the start of the struct: a number, or until DWARF 3 an expression. */
  memberLocation(form: number, constant: bigint): number {
    if (isConstant(form) || form === FORM.secOffset) return this.number(form, constant);
    const { cursor } = this;
    const end = cursor.blockLength(form) + cursor.at;
    const isOffset = cursor.u8() === OP.plusUconst;
    const offset = isOffset ? cursor.uleb() : 0;
    if (!isOffset || cursor.at !== end) throw cursor.error('the place of a member is computed');
    return offset;
  }

  /** Of a variable; undefined where it is not fixed. */
  address(form: number): number | undefined {
    if (!isBlock(form)) {
      this.skip(form);
      return undefined;
    }
    const { cursor, header } = this;
    const length = cursor.blockLength(form);
    const end = cursor.at + length;
    let address: number | undefined;
    const op = length > 0 ? cursor.u8() : 0;
    if (op === OP.addr && length === 1 + header.addressSize)
      address = header.addressSize === 4 ? cursor.u32() : signed64(cursor.u64Bits());
    else if (op === OP.addrx && this.context.addr !== undefined) {
      const index = cursor.uleb();
      const at = this.addrBase + index * header.addressSize;
      if (cursor.at === end) address = this.context.addr.address(at, header.addressSize);
    }
    cursor.at = end;
    return address;
  }
}

const signed64 = (bits: bigint): number => Number(BigInt.asIntN(64, bits));

const isBlock = (form: number): boolean =>
  form === FORM.exprloc ||
  form === FORM.block ||
  form === FORM.block1 ||
  form === FORM.block2 ||
  form === FORM.block4;

const isConstant = (form: number): boolean =>
  form === FORM.implicitConst ||
  form === FORM.data1 ||
  form === FORM.data2 ||
  form === FORM.data4 ||
  form === FORM.data8 ||
  form === FORM.sdata ||
  form === FORM.udata;
