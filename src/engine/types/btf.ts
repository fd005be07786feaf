/**
 * Reads a raw BTF blob: all types of a kernel, as its build recorded them. A record is worked out when somebody asks for it.
 *
 * Qualifiers and type tags say nothing about layout and are passed over; functions and tags of declarations are not types.
 * What C types cannot be said in our model (`double`, `__int128`) stands as an incomplete struct of the right size.
 *
 * Invariant: a blob is read as it was written, or refused with a {@link BtfError}; no type leads in a circle that does not
 * pass a pointer. Since reading is lazy, the error may come when a type is looked into.
 *
 * Source: Linux 6.1 Documentation/bpf/btf.rst.
 */
import { canonicalBaseName, VOID } from './baseTypes.js';
import { BtfCircles } from './btfCircles.js';
import { BtfError, BtfRecords, KIND, MAX_NESTING, TRANSPARENT } from './btfRecords.js';
import { sizeOf } from './layout.js';
import type { CType, EnumType, Member, StructType, TypedefType, TypeTable } from './model.js';
import { BtfNames, type NamedKind } from './btfNames.js';
import { BaseTypes, LazyStruct, LazyTypedef } from './typeTable.js';

export { BtfError } from './btfRecords.js';

/** A variable that BTF describes (per-CPU variables, in a kernel). */
export interface BtfVariable {
  readonly name: string;
  /** Of the section it lies in: `.data..percpu`. */
  readonly section: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly type: CType;
}

/** The named types, each made when it is asked for, and what else the blob tells. */
export class BtfTypes extends BaseTypes implements TypeTable {
  private known: readonly BtfVariable[] | undefined;

  constructor(
    pointerSize: 4 | 8,
    private readonly named: BtfNames,
    private readonly typeOf: (id: number) => CType,
    private readonly readVariables: () => readonly BtfVariable[],
  ) {
    super(pointerSize);
  }

  /** In the order of sections and offsets. */
  get variables(): readonly BtfVariable[] {
    return (this.known ??= this.readVariables());
  }

  struct(tag: string): StructType | undefined {
    const type = this.find('struct', tag);
    return type?.kind === 'struct' ? type : undefined;
  }

  union(tag: string): StructType | undefined {
    const type = this.find('union', tag);
    return type?.kind === 'union' ? type : undefined;
  }

  enum(tag: string): EnumType | undefined {
    const type = this.find('enum', tag);
    return type?.kind === 'enum' ? type : undefined;
  }

  typedef(name: string): TypedefType | undefined {
    const type = this.find('typedef', name);
    return type?.kind === 'typedef' ? type : undefined;
  }

  enumerator(name: string): { readonly type: EnumType; readonly value: number } | undefined {
    const id = this.named.enumOf(name);
    const type = id === undefined ? undefined : this.typeOf(id);
    if (type?.kind !== 'enum') return undefined;
    const value = type.enumerators.find((each) => each.name === name)?.value;
    return value === undefined ? undefined : { type, value };
  }

  names() {
    const enums = this.named.allEnums().map((id) => this.typeOf(id));
    const enumerators = enums.flatMap((type) => (type.kind === 'enum' ? type.enumerators : []));
    return {
      structs: this.named.namesOf('struct'),
      unions: this.named.namesOf('union'),
      enums: this.named.namesOf('enum'),
      typedefs: this.named.namesOf('typedef'),
      enumerators: [...new Set(enumerators.map(({ name }) => name))],
    };
  }

  private find(kind: NamedKind, name: string): CType | undefined {
    const id = name === '' ? undefined : this.named.find(kind, name);
    return id === undefined ? undefined : this.typeOf(id);
  }
}

const INT_SIGNED = 1;
const INT_BOOL = 4;

/** Reads a blob. @throws BtfError */
export function readBtf(bytes: Uint8Array): BtfTypes {
  return new BtfReader(new BtfRecords(bytes)).read();
}

class BtfReader {
  private readonly made: (CType | undefined)[] = [VOID];
  /** Types being made: to meet one again is a circle. */
  private readonly open = new Set<number>();
  private readonly circles: BtfCircles;
  private readonly pointerSize: 4 | 8;

  constructor(private readonly records: BtfRecords) {
    this.circles = new BtfCircles(records);
    this.pointerSize = this.sizeOfLong();
  }

  read(): BtfTypes {
    const named = new BtfNames(this.records);
    return new BtfTypes(
      this.pointerSize,
      named,
      (id) => this.type(id, 0),
      () => this.variables(named.sections),
    );
  }

  private variables(sections: readonly number[]): BtfVariable[] {
    const variables: BtfVariable[] = [];
    for (const at of sections) this.addVariables(at, variables);
    return variables;
  }

  /** BTF does not say how wide a pointer is: as wide as `long`. */
  private sizeOfLong(): 4 | 8 {
    const { records } = this;
    for (let id = 1; id < records.endId; id++) {
      const at = records.record(id, 0);
      if (records.kind(at) !== KIND.int || baseName(records.name(at)) !== 'unsigned long') continue;
      const size = records.u32(at + 8);
      if (size === 4 || size === 8) return size;
      throw new BtfError(`unsigned long of ${size} bytes`, at + 8);
    }
    throw new BtfError('no unsigned long, so no size of a pointer', 0);
  }

  private addVariables(at: number, variables: BtfVariable[]): void {
    const { records } = this;
    for (const entry of records.entries(at, 12)) {
      const record = records.record(records.u32(entry), entry);
      if (records.kind(record) !== KIND.variable) {
        throw new BtfError('section entry is not a variable', entry);
      }
      variables.push({
        name: records.name(record),
        section: records.name(at),
        offset: records.u32(entry + 4),
        sizeBytes: records.u32(entry + 8),
        type: this.typeAt(record + 8),
      });
    }
  }

  /** The type whose id stands at `at`. */
  private typeAt(at: number): CType {
    return this.type(this.records.u32(at), at);
  }

  private type(id: number, from: number): CType {
    const known = this.made[id];
    if (known !== undefined) return known;
    const at = this.records.record(id, from);
    if (this.open.has(id)) throw new BtfError(`type ${id} contains itself`, at);
    if (this.open.size === MAX_NESTING) throw new BtfError('types nested too deeply', at);
    this.open.add(id);
    try {
      return (this.made[id] = this.make(id, at));
    } finally {
      this.open.delete(id);
    }
  }

  private make(id: number, at: number): CType {
    const { records } = this;
    const kind = records.kind(at);
    if (TRANSPARENT.has(kind)) return this.typeAt(at + 8);
    switch (kind) {
      case KIND.int:
        return this.int(at);
      case KIND.float:
        return opaque('struct', records.name(at), records.u32(at + 8));
      case KIND.pointer:
        return this.pointer(at);
      case KIND.array:
        return { kind: 'array', element: this.typeAt(at + 12), length: records.u32(at + 20) };
      case KIND.struct:
      case KIND.union:
        return new LazyStruct(
          kind === KIND.struct ? 'struct' : 'union',
          records.name(at),
          records.u32(at + 8),
          true,
          () => this.finiteMembers(id, at),
        );
      case KIND.forward:
        return opaque(records.kindFlag(at) ? 'union' : 'struct', records.name(at), 0);
      case KIND.enum:
      case KIND.enum64:
        return this.enumeration(at);
      case KIND.typedef:
        this.circles.refuseTypedef(id, at);
        return new LazyTypedef(records.name(at), () => this.typeAt(at + 8));
      case KIND.functionProto:
        return this.functionType(at);
      default:
        throw new BtfError(`type ${id} of kind ${kind} is not a type`, at);
    }
  }

  private int(at: number): CType {
    const { records } = this;
    const name = records.name(at);
    const encoding = (records.u32(at + 12) >>> 24) & 15;
    const sizeBytes = records.u32(at + 8);
    if (!isScalarSize(sizeBytes)) return opaque('struct', name, sizeBytes);
    return {
      kind: 'int',
      name: baseName(name),
      sizeBytes,
      signed: (encoding & INT_SIGNED) !== 0,
      bool: (encoding & INT_BOOL) !== 0,
    };
  }

  /** Pointers close the circles among types, so their target waits until it is asked for. */
  private pointer(at: number): CType {
    let target: CType | undefined;
    const load = () => this.typeAt(at + 8);
    return {
      kind: 'pointer',
      sizeBytes: this.pointerSize,
      get target() {
        return (target ??= load());
      },
    };
  }

  /** The members, once it is sure that the struct does not contain itself. */
  private finiteMembers(id: number, at: number): Member[] {
    const members = this.members(at);
    this.circles.refuseStruct(id, at);
    return members;
  }

  private members(at: number): Member[] {
    const { records } = this;
    const sizeBits = records.u32(at + 8) * 8;
    return records.entries(at, 12).map((entry) => {
      const word = records.u32(entry + 8);
      const type = this.typeAt(entry + 4);
      const place = records.kindFlag(at)
        ? { offsetBits: word & 0xffffff, widthBits: word >>> 24 }
        : this.placeWithoutFlag(entry, word, type);
      const width = place.widthBits || sizeOf(type, this.pointerSize) * 8;
      if (place.offsetBits + width > sizeBits) {
        throw new BtfError('member does not fit into its struct', entry);
      }
      return { name: records.name(entry), type, ...place };
    });
  }

  /** Without kind_flag a bit-field is an int type narrower than its bytes, with an offset of its own. */
  private placeWithoutFlag(entry: number, offsetBits: number, type: CType) {
    const { records } = this;
    const at = type.kind === 'int' ? records.record(records.u32(entry + 4), entry) : 0;
    if (at === 0 || type.kind !== 'int' || records.kind(at) !== KIND.int) {
      return { offsetBits, widthBits: 0 };
    }
    const word = records.u32(at + 12);
    const bits = word & 0xff;
    const widthBits = bits === type.sizeBytes * 8 ? 0 : bits;
    return { offsetBits: offsetBits + ((word >>> 16) & 0xff), widthBits };
  }

  private enumeration(at: number): EnumType {
    const { records } = this;
    const wide = records.kind(at) === KIND.enum64;
    const signed = records.kindFlag(at);
    const sizeBytes = records.u32(at + 8);
    if (!isScalarSize(sizeBytes)) throw new BtfError(`enum of ${sizeBytes} bytes`, at + 8);
    const enumerators = records.entries(at, wide ? 12 : 8).flatMap((entry) => {
      const value = wide
        ? Number(BigInt[signed ? 'asIntN' : 'asUintN'](64, records.u64(entry + 4)))
        : records[signed ? 'i32' : 'u32'](entry + 4);
      // A value no number holds exactly is left out rather than changed.
      return Number.isSafeInteger(value) ? [{ name: records.name(entry), value }] : [];
    });
    return { kind: 'enum', name: records.name(at), sizeBytes, signed, enumerators };
  }

  private functionType(at: number): CType {
    const { records } = this;
    const entries = records.entries(at, 8);
    const last = entries.at(-1);
    const variadic = last !== undefined && records.u32(last + 4) === 0;
    const parameters = (variadic ? entries.slice(0, -1) : entries).map((entry) => ({
      name: records.name(entry),
      type: this.typeAt(entry + 4),
    }));
    return { kind: 'function', result: this.typeAt(at + 8), parameters, variadic };
  }
}

const baseName = (name: string): string => canonicalBaseName(name.split(' ')) ?? name;

const isScalarSize = (size: number): size is 1 | 2 | 4 | 8 =>
  size === 1 || size === 2 || size === 4 || size === 8;

const opaque = (kind: 'struct' | 'union', name: string, sizeBytes: number): StructType => ({
  kind,
  name,
  sizeBytes,
  complete: false,
  members: [],
});
