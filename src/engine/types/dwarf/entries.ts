/**
 * The entries of one unit: what each says that matters to a type.
 *
 * Source: DWARF 5, sections 2, 5 and 7.5.
 */
import type { Abbreviation } from './abbreviations.js';
import { AttributeForms, type EntryContext } from './attributeForms.js';
import { AT, FORM } from './constants.js';
import type { Cursor } from './cursor.js';
import type { UnitBytes, UnitHeader } from './units.js';

/** What an entry says; -1 and 0 where it does not. */
export interface Entry {
  readonly offset: number;
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Behind its attributes: where its children begin, or the next entry. From the unit's start on. */
  next: number;
  /** The next entry behind its children, from the unit's start on; -1 where it does not say. */
  sibling: number;
  /** 0: none. */
  name: number;
  /** -1: void. */
  type: number;
  /** The entry that this one completes, or that completes it; -1: none. */
  definition: number;
  isDeclaration: boolean;
  isExternal: boolean;
  line: number;
  encoding: number;
  byteSize: number;
  bitSize: number;
  /** From the most significant bit of its storage, and before it where negative; not since DWARF 5. */
  bitOffset: number | undefined;
  /** From the start of the struct. */
  dataBitOffset: number | undefined;
  /** Bytes. */
  memberLocation: number;
  /** Elements of an array; -1 where it is open. */
  count: number;
  value: bigint;
  /** Of a variable that has a fixed one; signed, as addresses are everywhere. */
  address: number | undefined;
  language: number;
  /** The unit's types are in another file. */
  isSkeleton: boolean;
}

export class UnitEntries {
  readonly header: UnitHeader;
  readonly root: Entry;
  private readonly cursor: Cursor;
  private readonly forms: AttributeForms;

  /** @throws DwarfError */
  constructor(
    private readonly unit: UnitBytes,
    context: EntryContext,
  ) {
    const { header, cursor } = unit;
    this.header = header;
    this.cursor = cursor;
    this.forms = new AttributeForms(cursor, header, context);
    const root = this.begin(header.rootAt);
    if (root === undefined) throw cursor.error('a unit without an entry');
    this.forms.readBases(root);
    this.root = this.at(header.rootAt);
  }

  has(offset: number): boolean {
    return offset >= this.header.start && offset < this.header.end;
  }

  /** The abbreviation of the entry at a place; the cursor is behind its code. Undefined: the end of a list of children. */
  begin(at: number): Abbreviation | undefined {
    this.cursor.at = at;
    const code = this.cursor.uleb();
    if (code === 0) return undefined;
    const found = this.unit.abbreviations.get(code);
    if (found === undefined) throw this.cursor.error(`no abbreviation ${code}`);
    return found;
  }

  /** The entry at a place. @throws DwarfError */
  at(at: number): Entry {
    const abbreviation = this.begin(at);
    if (abbreviation === undefined) throw this.cursor.error('a reference leads to no entry');
    return this.read(at, abbreviation);
  }

  /** The children of an entry, in order. */
  *children(entry: Entry): Generator<Entry> {
    if (!entry.hasChildren) return;
    for (let at = entry.next; ;) {
      const abbreviation = this.begin(at);
      if (abbreviation === undefined) return;
      const child = this.read(at, abbreviation);
      yield child;
      at = this.after(child);
    }
  }

  /** Where the entry behind `entry` and its children begins. */
  after(entry: Entry): number {
    if (!entry.hasChildren) return entry.next;
    if (entry.sibling > entry.next) return entry.sibling;
    return this.skipChildren(entry.next);
  }

  /** Behind an entry whose code has just been read, and its children. */
  skip(abbreviation: Abbreviation): number {
    const sibling = this.skipAttributes(abbreviation);
    const { at } = this.cursor;
    if (!abbreviation.hasChildren) return at;
    return sibling > at ? sibling : this.skipChildren(at);
  }

  /** Behind the list of children that begins at a place. */
  skipChildren(first: number): number {
    const { cursor } = this;
    let at = first;
    for (let depth = 1; depth > 0;) {
      const abbreviation = this.begin(at);
      if (abbreviation === undefined) {
        depth--;
        at = cursor.at;
        continue;
      }
      const sibling = this.skipAttributes(abbreviation);
      if (sibling > cursor.at) at = sibling;
      else {
        if (abbreviation.hasChildren) depth++;
        at = cursor.at;
      }
    }
    return at;
  }

  /** The cursor is then behind the attributes. @returns where the sibling begins, if its place is fixed; else 0 */
  private skipAttributes({ fixedBytes, siblingAt, forms }: Abbreviation): number {
    const { cursor } = this;
    let sibling = 0;
    if (siblingAt >= 0) {
      const start = cursor.at;
      cursor.at += siblingAt;
      sibling = cursor.u32();
      cursor.at = start;
    }
    if (fixedBytes >= 0) cursor.take(fixedBytes);
    else for (const form of forms) cursor.skip(form, this.header);
    return sibling;
  }

  /** The entry whose code has just been read. */
  read(at: number, abbreviation: Abbreviation): Entry {
    const { cursor } = this;
    const { attributes, forms, constants } = abbreviation;
    const entry: Entry = {
      offset: this.header.start + at,
      tag: abbreviation.tag,
      hasChildren: abbreviation.hasChildren,
      next: 0,
      sibling: -1,
      name: 0,
      type: -1,
      definition: -1,
      isDeclaration: false,
      isExternal: false,
      line: 0,
      encoding: 0,
      byteSize: -1,
      bitSize: 0,
      bitOffset: undefined,
      dataBitOffset: undefined,
      memberLocation: 0,
      count: -1,
      value: 0n,
      address: undefined,
      language: 0,
      isSkeleton: false,
    };
    for (let i = 0; i < attributes.length; i++) {
      let form = forms[i] ?? 0;
      while (form === FORM.indirect) form = cursor.uleb();
      this.attribute(entry, attributes[i] ?? 0, form, constants[i] ?? 0n);
    }
    entry.next = cursor.at;
    return entry;
  }

  private attribute(entry: Entry, attribute: number, form: number, constant: bigint): void {
    const { forms } = this;
    switch (attribute) {
      case AT.name:
        entry.name = forms.name(form);
        break;
      case AT.type:
        entry.type = forms.reference(form);
        break;
      case AT.sibling:
        entry.sibling = forms.reference(form) - this.header.start;
        break;
      case AT.specification:
      case AT.signature:
        entry.definition = forms.reference(form);
        break;
      case AT.declaration:
        entry.isDeclaration = forms.number(form, constant) !== 0;
        break;
      case AT.external:
        entry.isExternal = forms.number(form, constant) !== 0;
        break;
      case AT.declLine:
        entry.line = forms.number(form, constant);
        break;
      case AT.encoding:
        entry.encoding = forms.number(form, constant);
        break;
      case AT.byteSize:
        entry.byteSize = forms.number(form, constant);
        break;
      case AT.bitSize:
        entry.bitSize = forms.number(form, constant);
        break;
      case AT.bitOffset:
        // Negative ones are written by clang as 64 bits without a sign.
        entry.bitOffset = Number(BigInt.asIntN(64, forms.bits(form, constant)));
        break;
      case AT.dataBitOffset:
        entry.dataBitOffset = forms.number(form, constant);
        break;
      case AT.dataMemberLocation:
        entry.memberLocation = forms.memberLocation(form, constant);
        break;
      case AT.count:
      case AT.upperBound: {
        // Else it is known at run time only.
        const bound = forms.constant(form, constant);
        if (bound !== undefined) entry.count = Number(bound) + (attribute === AT.count ? 0 : 1);
        break;
      }
      case AT.constValue:
        entry.value = forms.constant(form, constant) ?? 0n;
        break;
      case AT.location:
        entry.address = forms.address(form);
        break;
      case AT.language:
        entry.language = forms.number(form, constant);
        break;
      case AT.dwoName:
      case AT.gnuDwoName:
        entry.isSkeleton = true;
        forms.skip(form);
        break;
      default:
        forms.skip(form);
    }
  }
}
