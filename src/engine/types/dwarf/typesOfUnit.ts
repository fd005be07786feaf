/**
 * Turns entries into BTF records: what a unit defines that no unit before it has, and what that refers to.
 *
 * Qualifiers say nothing about layout and are passed over. What C lacks stands as void.
 *
 * Source: DWARF 5, chapter 5; System V ABI for bit-fields (little endian).
 */
import { BTF_INT, type BtfMember, type BtfWriter } from '../btfWriter.js';
import { ENCODING, TAG } from './constants.js';
import type { Definitions, NamedKind } from './definitions.js';
import type { EntryContext } from './attributeForms.js';
import { UnitEntries, type Entry } from './entries.js';
import { DwarfError } from './sections.js';

/** Types inside one another without a name in between; a kernel's reach about 10. */
const MAX_NESTING = 256;
const VOID = 0;

interface Waiting {
  readonly id: number;
  readonly kind: NamedKind;
  readonly entry: Entry;
  readonly unit: UnitEntries;
}

export class TypesOfUnits {
  /** By the entry's offset; of the present unit and those it refers to. */
  private readonly known = new Map<number, number>();
  private readonly waiting: Waiting[] = [];
  private readonly index: number;
  private current: UnitEntries | undefined;
  private nesting = 0;

  constructor(
    private readonly writer: BtfWriter,
    private readonly definitions: Definitions,
    private readonly context: EntryContext,
    private readonly pointerSize: 4 | 8,
  ) {
    this.index = writer.int('long unsigned int', pointerSize, BTF_INT.unsigned);
  }

  /** References are looked up in `unit` first. */
  enter(unit: UnitEntries): void {
    this.current = unit;
    this.known.clear();
  }

  /** Writes a definition, if no unit before has it, and what it refers to. */
  add(entry: Entry): void {
    if (this.current === undefined) return;
    this.ofNamed(entry, this.current);
    this.writeWaiting();
  }

  /** A type of the present unit, and its size in bytes. @param offset of its entry; -1 is void */
  ofVariable(offset: number): { readonly id: number; readonly sizeBytes: number } {
    const id = this.at(offset);
    this.writeWaiting();
    return { id, sizeBytes: this.byteSizeAt(offset) };
  }

  /** Writes what has been named and never defined. */
  finish(): void {
    for (const { name, kind, id } of this.definitions.undefinedOnes()) {
      const text = this.context.names.text(name);
      if (kind === 'struct' || kind === 'union') this.writer.defineForward(id, kind, text);
      else if (kind === 'enum') this.writer.defineEnum(id, text, 4, []);
      else this.writer.defineTypedef(id, text, VOID);
    }
  }

  /** Bytes of a type; 0 where the unit does not tell. */
  private byteSizeAt(offset: number): number {
    let at = offset;
    let nrElements = 1;
    for (let steps = 0; at >= 0 && steps < MAX_NESTING; steps++) {
      const unit = this.unitOf(at);
      const entry = unit.at(at - unit.header.start);
      if (entry.byteSize >= 0) return entry.byteSize * nrElements;
      if (entry.tag === TAG.pointerType) return this.pointerSize * nrElements;
      if (entry.tag === TAG.arrayType)
        for (const length of arrayLengths(entry, unit)) nrElements *= length;
      at = entry.type;
    }
    return 0;
  }

  private unitOf(offset: number): UnitEntries {
    if (this.current?.has(offset)) return this.current;
    return new UnitEntries(this.context.units.holding(offset), this.context);
  }

  /** The type whose entry is at `offset`; -1 is void. */
  private at(offset: number): number {
    if (offset < 0) return VOID;
    let id = this.known.get(offset);
    if (id !== undefined) return id;
    if (this.nesting === MAX_NESTING) throw new DwarfError('types nested too deeply', offset);
    const unit = this.unitOf(offset);
    this.nesting++;
    id = this.make(unit.at(offset - unit.header.start), unit);
    this.nesting--;
    this.known.set(offset, id);
    return id;
  }

  private make(entry: Entry, unit: UnitEntries): number {
    switch (entry.tag) {
      case TAG.baseType:
        return this.base(entry);
      case TAG.pointerType:
      case TAG.referenceType:
      case TAG.rvalueReferenceType:
        return this.writer.pointer(this.at(entry.type));
      case TAG.arrayType:
        return this.array(entry, unit);
      case TAG.subroutineType:
        return this.functionType(entry, unit);
      case TAG.constType:
      case TAG.volatileType:
      case TAG.restrictType:
      case TAG.atomicType:
      case TAG.packedType:
        return this.at(entry.type);
      default:
        return this.ofNamed(entry, unit);
    }
  }

  /** A struct, union, enum or typedef, with a name or without. */
  private ofNamed(entry: Entry, unit: UnitEntries): number {
    const kind = namedKind(entry.tag);
    if (kind === undefined) return VOID;
    if (entry.definition >= 0) return this.at(entry.definition);
    if (entry.isDeclaration)
      return entry.name === 0 ? VOID : this.definitions.declare(entry.name, kind);
    const { id, isNew } =
      entry.name === 0
        ? { id: this.writer.reserve(), isNew: true }
        : this.definitions.define(entry.name, kind, entry.byteSize, entry.line);
    if (isNew) this.waiting.push({ id, kind, entry, unit });
    this.known.set(entry.offset, id);
    return id;
  }

  private writeWaiting(): void {
    for (let next = this.waiting.pop(); next !== undefined; next = this.waiting.pop()) {
      const { id, kind, entry, unit } = next;
      const name = this.context.names.text(entry.name);
      if (kind === 'typedef') this.writer.defineTypedef(id, name, this.at(entry.type));
      else if (kind === 'enum') this.writer.defineEnum(id, name, ...this.enumeration(entry, unit));
      else {
        const members = this.members(entry, unit);
        this.writer.defineAggregate(id, kind, name, Math.max(0, entry.byteSize), members);
      }
    }
  }

  private enumeration(entry: Entry, unit: UnitEntries) {
    const { names } = this.context;
    const enumerators = [...unit.children(entry)]
      .filter(({ tag }) => tag === TAG.enumerator)
      .map(({ name, value }) => ({ name: names.text(name), value }));
    const byteSize = entry.byteSize > 0 ? entry.byteSize : this.byteSizeAt(entry.type);
    return [byteSize || 4, enumerators] as const;
  }

  private members(entry: Entry, unit: UnitEntries): BtfMember[] {
    const members: BtfMember[] = [];
    for (const child of unit.children(entry)) {
      if (child.tag !== TAG.member || child.isExternal) continue;
      members.push({
        name: this.context.names.text(child.name),
        type: this.at(child.type),
        offsetBits: this.offsetBits(child),
        widthBits: child.bitSize,
      });
    }
    return members;
  }

  /**
   *     data_bit_offset   from the struct's start
   *     bit_offset        from the most significant bit of storage that begins at data_member_location (GCC until DWARF 4)
   */
  private offsetBits(member: Entry): number {
    const { dataBitOffset, bitOffset, bitSize, memberLocation } = member;
    if (dataBitOffset !== undefined) return memberLocation * 8 + dataBitOffset;
    if (bitOffset === undefined) return memberLocation * 8;
    const storage = member.byteSize > 0 ? member.byteSize : this.byteSizeAt(member.type);
    return (memberLocation + storage) * 8 - bitOffset - bitSize;
  }

  private base(entry: Entry): number {
    const name = this.context.names.text(entry.name);
    const byteSize = Math.max(0, entry.byteSize);
    switch (entry.encoding) {
      case ENCODING.float:
      case ENCODING.complexFloat:
        return this.writer.float(name, byteSize);
      case ENCODING.boolean:
        return this.writer.int(name, byteSize, BTF_INT.bool);
      case ENCODING.signed:
      case ENCODING.signedChar:
        return this.writer.int(name, byteSize, BTF_INT.signed);
      default:
        return this.writer.int(name, byteSize, BTF_INT.unsigned);
    }
  }

  private array(entry: Entry, unit: UnitEntries): number {
    return arrayLengths(entry, unit).reduceRight(
      (element, length) => this.writer.array(element, this.index, length),
      this.at(entry.type),
    );
  }

  private functionType(entry: Entry, unit: UnitEntries): number {
    const children = [...unit.children(entry)];
    const parameters = children
      .filter(({ tag }) => tag === TAG.formalParameter)
      .map(({ name, type }) => ({ name: this.context.names.text(name), type: this.at(type) }));
    const variadic = children.some(({ tag }) => tag === TAG.unspecifiedParameters);
    return this.writer.functionType(this.at(entry.type), parameters, variadic);
  }
}

/** From the outermost dimension on; an open one has none. */
const arrayLengths = (entry: Entry, unit: UnitEntries): number[] =>
  [...unit.children(entry)]
    .filter(({ tag }) => tag === TAG.subrangeType)
    .map(({ count }) => Math.min(Math.max(0, count), 0xffff_ffff));

export function namedKind(tag: number): NamedKind | undefined {
  switch (tag) {
    case TAG.structureType:
    case TAG.classType:
      return 'struct';
    case TAG.unionType:
      return 'union';
    case TAG.enumerationType:
      return 'enum';
    case TAG.typedef:
      return 'typedef';
    default:
      return undefined;
  }
}
