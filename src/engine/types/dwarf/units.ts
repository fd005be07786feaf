/**
 * The units of .debug_info, and of DWARF 4's .debug_types behind it as if both were one section.
 *
 *     unit_length:4 (or ffffffff, length:8)  version:2
 *       2 to 4   debug_abbrev_offset  address_size:1                       [.debug_types: signature:8 type_offset]
 *       5        unit_type:1 address_size:1 debug_abbrev_offset            [type units: signature:8 type_offset]
 *     entries
 *
 * Invariant: one unit is in memory at a time, and a few that others refer to.
 *
 * Source: DWARF 5, section 7.5.1; DWARF 4, section 7.5.1.
 */
import { readAbbreviations, type AbbreviationTable } from './abbreviations.js';
import { UNIT } from './constants.js';
import { Cursor, type Sizes } from './cursor.js';
import { DwarfError, type DwarfSections } from './sections.js';

export interface UnitHeader extends Sizes {
  /** `[start, end)`, of both sections taken as one. */
  readonly start: number;
  readonly end: number;
  readonly kind: number;
  readonly abbrevOffset: number;
  /** The first entry, from `start` on. */
  readonly rootAt: number;
  /** Of a type unit: its signature, and the entry of its type, from `start` on. */
  readonly type: { readonly signature: bigint; readonly at: number } | undefined;
}

/** A unit whose bytes are in memory; places in it count from its start. */
export interface UnitBytes {
  readonly header: UnitHeader;
  readonly cursor: Cursor;
  readonly abbreviations: AbbreviationTable;
}

const HEADER_BYTES = 40;
/** Units that are kept for references from others (dwz makes such). */
const KEPT_UNITS = 8;

export class Units {
  private readonly infoBytes: number;
  private readonly endOffset: number;
  private headers: UnitHeader[] | undefined;
  private signatures: Map<bigint, number> | undefined;
  private readonly kept = new Map<number, UnitBytes>();

  constructor(private readonly sections: DwarfSections) {
    this.infoBytes = sections.info.size;
    this.endOffset = this.infoBytes + (sections.types?.size ?? 0);
  }

  /** Each unit in turn. @throws DwarfError */
  *all(): Generator<UnitBytes> {
    for (const header of this.eachHeader()) yield this.load(header);
  }

  /** The unit that holds the entry at `offset`. @throws DwarfError */
  holding(offset: number): UnitBytes {
    const headers = (this.headers ??= [...this.eachHeader()]);
    let [low, high] = [0, headers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((headers[middle]?.start ?? Infinity) <= offset) low = middle + 1;
      else high = middle;
    }
    const header = headers[low - 1];
    if (header === undefined || offset >= header.end)
      throw new DwarfError('a reference leads out of the units', offset);
    let unit = this.kept.get(header.start);
    if (unit === undefined) {
      const oldest = this.kept.keys().next().value;
      if (this.kept.size >= KEPT_UNITS && oldest !== undefined) this.kept.delete(oldest);
      unit = this.load(header);
      this.kept.set(header.start, unit);
    }
    return unit;
  }

  /** The entry of the type with a signature; undefined where no unit has it. @throws DwarfError */
  ofSignature(signature: bigint): number | undefined {
    if (this.signatures === undefined) {
      this.signatures = new Map();
      this.headers ??= [...this.eachHeader()];
      for (const { start, type } of this.headers)
        if (type !== undefined) this.signatures.set(type.signature, start + type.at);
    }
    return this.signatures.get(signature);
  }

  private *eachHeader(): Generator<UnitHeader> {
    for (let at = 0; at < this.endOffset;) {
      const header = this.header(at);
      yield header;
      at = header.end;
    }
  }

  private load(header: UnitHeader): UnitBytes {
    return {
      header,
      cursor: new Cursor(this.read(header.start, header.end - header.start), header.start),
      abbreviations: readAbbreviations(this.sections.abbrev, header.abbrevOffset, header),
    };
  }

  private read(at: number, length: number): Uint8Array {
    const { info, types } = this.sections;
    if (at < this.infoBytes) return info.read(at, length);
    return types?.read(at - this.infoBytes, length) ?? new Uint8Array(0);
  }

  private header(start: number): UnitHeader {
    const cursor = new Cursor(this.read(start, HEADER_BYTES), start);
    let length = cursor.u32();
    const offsetSize = length === 0xffff_ffff ? 8 : 4;
    if (offsetSize === 8) length = cursor.u64();
    const end = start + cursor.at + length;
    const sectionEnd = start < this.infoBytes ? this.infoBytes : this.endOffset;
    if (end > sectionEnd) throw cursor.error('a unit reaches out of its section');
    const version = cursor.u16();
    if (version < 2 || version > 5) throw cursor.error(`version ${version} is not one of 2 to 5`);
    const inTypes = start >= this.infoBytes;
    let kind: number = inTypes ? UNIT.type : UNIT.compile;
    let addressSize: number;
    let abbrevOffset: number;
    if (version >= 5) {
      kind = cursor.u8();
      addressSize = cursor.u8();
      abbrevOffset = cursor.unsigned(offsetSize);
    } else {
      abbrevOffset = cursor.unsigned(offsetSize);
      addressSize = cursor.u8();
    }
    if (addressSize !== 4 && addressSize !== 8)
      throw cursor.error(`addresses of ${addressSize} bytes`);
    let type: UnitHeader['type'];
    if (kind === UNIT.type || kind === UNIT.splitType) {
      const signature = cursor.u64Bits();
      type = { signature, at: cursor.unsigned(offsetSize) };
    } else if (kind === UNIT.skeleton || kind === UNIT.splitCompile) cursor.take(8);
    return {
      start,
      end,
      version,
      offsetSize,
      addressSize,
      kind,
      abbrevOffset,
      rootAt: cursor.at,
      type,
    };
  }
}
