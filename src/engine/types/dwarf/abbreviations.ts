/**
 * Abbreviations: which attributes the entries of a unit have, and in which form.
 *
 *     code:uleb tag:uleb children:u8  { attribute:uleb form:uleb [value:sleb, of implicit_const] } ... 0 0     ... 0
 *
 * Source: DWARF 5, section 7.5.3.
 */
import { AT, FORM } from './constants.js';
import { Cursor, fixedBytes, type Sizes } from './cursor.js';
import { DwarfError, type SectionBytes } from './sections.js';

export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly number[];
  readonly forms: readonly number[];
  /** Of attributes in the form implicit_const; 0n elsewhere. */
  readonly constants: readonly bigint[];
  /** All attributes together; -1 where entries differ. */
  readonly fixedBytes: number;
  /** Where DW_AT_sibling in the form ref4 stands behind the code; -1 where there is none, or no such place. */
  readonly siblingAt: number;
}

export type AbbreviationTable = ReadonlyMap<number, Abbreviation>;

const FIRST_PIECE_BYTES = 1 << 12;
/** No compiler writes a table of this size. */
const MAX_TABLE_BYTES = 1 << 24;

/** The table at `offset`. @throws DwarfError */
export function readAbbreviations(
  section: SectionBytes,
  offset: number,
  sizes: Sizes,
): AbbreviationTable {
  // A table does not say how long it is.
  for (let length = FIRST_PIECE_BYTES; ; length *= 4) {
    const bytes = section.read(offset, length);
    try {
      return parse(new Cursor(bytes, offset), sizes);
    } catch (error) {
      const isWhole = bytes.length < length || length > MAX_TABLE_BYTES;
      if (!(error instanceof DwarfError) || isWhole) throw error;
    }
  }
}

function parse(cursor: Cursor, sizes: Sizes): AbbreviationTable {
  const table = new Map<number, Abbreviation>();
  for (;;) {
    const code = cursor.uleb();
    if (code === 0) return table;
    table.set(code, parseOne(cursor, sizes));
  }
}

function parseOne(cursor: Cursor, sizes: Sizes): Abbreviation {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const attributes: number[] = [];
  const forms: number[] = [];
  const constants: bigint[] = [];
  let length = 0;
  let siblingAt = -1;
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    const constant = form === FORM.implicitConst ? cursor.slebBits() : 0n;
    if (attribute === 0 && form === 0) break;
    attributes.push(attribute);
    forms.push(form);
    constants.push(constant);
    if (attribute === AT.sibling && form === FORM.ref4) siblingAt = length;
    const bytes = length < 0 ? undefined : fixedBytes(form, sizes);
    length = bytes === undefined ? -1 : length + bytes;
  }
  return { tag, hasChildren, attributes, forms, constants, fixedBytes: length, siblingAt };
}
