/**
 * Reads a raw BTF blob: all types of a kernel, as its build recorded them.
 *
 *     header | type records, ids from 1 up | strings
 *     record = name:u32  info:u32 (kind_flag:1 .. kind:5 .. vlen:16)  size or type:u32  [more, by kind]
 *
 * One pass finds where each record starts; a record is worked out when somebody asks for it. Qualifiers and type tags say
 * nothing about layout and are passed over, functions and tags of declarations are not types.
 *
 * Invariant: a blob is either read as it was written or refused with a {@link BtfError} that names the offset. What C types
 * cannot be said in our model (`double`, `__int128`) stands as an incomplete struct of the right size.
 *
 * Source: Linux 6.1 Documentation/bpf/btf.rst.
 */
import { canonicalBaseName, VOID } from './baseTypes.js';
import type { CType, EnumType, IntType, Member, StructType } from './model.js';
import { LazyStruct, LazyTypedef, NamedTypes } from './typeTable.js';

/** The blob is not BTF, or contradicts itself. */
export class BtfError extends Error {
  override readonly name = 'BtfError';

  constructor(
    what: string,
    /** Of the byte in the blob at which reading stopped. */
    readonly offset: number,
  ) {
    super(`BTF: ${what} (offset 0x${offset.toString(16)})`);
  }
}

/** A variable that BTF describes (per-CPU variables, in a kernel). */
export interface BtfVariable {
  readonly name: string;
  /** Of the section it lies in: `.data..percpu`. */
  readonly section: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly type: CType;
}

/** The named types, and what else the blob tells. */
export class BtfTypes extends NamedTypes {
  constructor(
    pointerSize: 4 | 8,
    /** In the order of sections and offsets. */
    readonly variables: readonly BtfVariable[],
  ) {
    super(pointerSize);
  }
}

const MAGIC = 0xeb9f;
const INT_SIGNED = 1;
const INT_BOOL = 4;

/** Numbers of BTF_KIND_*. */
const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  function: 12,
  functionProto: 13,
  variable: 14,
  section: 15,
  float: 16,
  declarationTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

/** Bytes after the three words every record has: a fixed part and one for each of `vlen` entries. Indexed by kind. */
const RECORD_TAIL: readonly (readonly [fixed: number, each: number] | undefined)[] = [
  undefined,
  [4, 0],
  [0, 0],
  [12, 0],
  [0, 12],
  [0, 12],
  [0, 8],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 8],
  [4, 0],
  [0, 12],
  [0, 0],
  [4, 0],
  [0, 0],
  [0, 12],
];

/** Reads a blob. @throws BtfError */
export function readBtf(bytes: Uint8Array): BtfTypes {
  return new BtfReader(bytes).read();
}

class BtfReader {
  private readonly view: DataView;
  private readonly strings: { readonly start: number; readonly end: number };
  private readonly typesEnd: number;
  /** Offset of the record of each type id; ids start at 1 (0 is void). */
  private readonly records: number[] = [0];
  private readonly made: (CType | undefined)[] = [VOID];
  private readonly pointerSize: 4 | 8;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 24) throw new BtfError('shorter than its header', 0);
    if (this.view.getUint16(0, true) !== MAGIC) throw new BtfError('no magic number', 0);
    if (this.bytes[2] !== 1) throw new BtfError(`version ${this.bytes[2] ?? 0} is not 1`, 2);
    const headerSize = this.u32(4);
    const typesStart = headerSize + this.u32(8);
    this.typesEnd = typesStart + this.u32(12);
    const stringsStart = headerSize + this.u32(16);
    this.strings = { start: stringsStart, end: stringsStart + this.u32(20) };
    if (headerSize < 24 || this.typesEnd > bytes.length) {
      throw new BtfError('type section outside of the blob', 8);
    }
    if (this.strings.end > bytes.length || this.u32(20) === 0) {
      throw new BtfError('string section outside of the blob', 16);
    }
    if (bytes[stringsStart] !== 0 || bytes[this.strings.end - 1] !== 0) {
      throw new BtfError('string section does not start and end with a null byte', stringsStart);
    }
    this.findRecords(typesStart);
    this.pointerSize = this.sizeOfLong();
  }

  read(): BtfTypes {
    const variables: BtfVariable[] = [];
    const types = new BtfTypes(this.pointerSize, variables);
    for (let id = 1; id < this.records.length; id++) {
      const at = this.record(id);
      const kind = this.kind(at);
      if (kind === KIND.section) this.addVariables(at, variables);
      else if (kind === KIND.struct || kind === KIND.union || kind === KIND.typedef) {
        this.addNamed(types, id);
      } else if (kind === KIND.enum || kind === KIND.enum64) {
        const type = this.type(id, at) as EnumType;
        if (type.name === '') types.anonymousEnums.push(type);
        else if (!types.enums.has(type.name)) types.enums.set(type.name, type);
      }
    }
    return types;
  }

  private findRecords(start: number): void {
    let at = start;
    while (at < this.typesEnd) {
      if (at + 12 > this.typesEnd) throw new BtfError('type record cut off', at);
      const tail = RECORD_TAIL[this.kind(at)];
      if (tail === undefined) throw new BtfError(`unknown kind ${this.kind(at)}`, at + 4);
      const size = 12 + tail[0] + tail[1] * this.vlen(at);
      if (at + size > this.typesEnd) throw new BtfError('type record cut off', at);
      this.records.push(at);
      at += size;
    }
  }

  /** BTF does not say it: `long` is as wide as a pointer. */
  private sizeOfLong(): 4 | 8 {
    for (let id = 1; id < this.records.length; id++) {
      const at = this.record(id);
      if (
        this.kind(at) !== KIND.int ||
        canonicalBaseName(this.name(at).split(' ')) !== 'unsigned long'
      )
        continue;
      const size = this.u32(at + 8);
      if (size === 4 || size === 8) return size;
      throw new BtfError(`unsigned long of ${size} bytes`, at + 8);
    }
    throw new BtfError('no unsigned long, so no size of a pointer', this.typesEnd);
  }

  private addNamed(types: BtfTypes, id: number): void {
    const type = this.type(id, 0);
    if (type.kind === 'typedef') {
      if (!types.typedefs.has(type.name)) types.typedefs.set(type.name, type);
    } else if ((type.kind === 'struct' || type.kind === 'union') && type.name !== '') {
      const map = type.kind === 'struct' ? types.structs : types.unions;
      if (!map.has(type.name)) map.set(type.name, type);
    }
  }

  private addVariables(at: number, variables: BtfVariable[]): void {
    const section = this.name(at);
    for (let i = 0; i < this.vlen(at); i++) {
      const entry = at + 12 + 12 * i;
      const record = this.record(this.u32(entry), entry);
      if (this.kind(record) !== KIND.variable)
        throw new BtfError('section entry is no variable', entry);
      variables.push({
        name: this.name(record),
        section,
        offset: this.u32(entry + 4),
        sizeBytes: this.u32(entry + 8),
        type: this.type(this.u32(record + 8), record + 8),
      });
    }
  }

  /** The type of an id. @param from where the reference to it was read, for the error */
  private type(id: number, from: number): CType {
    const done = this.made[id];
    if (done !== undefined) return done;
    const at = this.record(id, from);
    const type = this.make(id, at);
    this.made[id] = type;
    return type;
  }

  private make(id: number, at: number): CType {
    switch (this.kind(at)) {
      case KIND.int:
        return this.int(at);
      case KIND.float:
        return opaque(this.name(at), this.u32(at + 8));
      case KIND.pointer:
        return this.pointer(at);
      case KIND.array:
        return {
          kind: 'array',
          element: this.type(this.u32(at + 12), at + 12),
          length: this.u32(at + 20),
        };
      case KIND.struct:
      case KIND.union: {
        const kind = this.kind(at) === KIND.struct ? 'struct' : 'union';
        return new LazyStruct(kind, this.name(at), this.u32(at + 8), true, () => this.members(at));
      }
      case KIND.forward: {
        const kind = this.kindFlag(at) ? 'union' : 'struct';
        return { kind, name: this.name(at), sizeBytes: 0, complete: false, members: [] };
      }
      case KIND.enum:
      case KIND.enum64:
        return this.enumeration(at);
      case KIND.typedef:
        return new LazyTypedef(this.name(at), () => this.type(this.u32(at + 8), at + 8));
      case KIND.const:
      case KIND.volatile:
      case KIND.restrict:
      case KIND.typeTag:
        return this.unqualified(id, at);
      case KIND.functionProto:
        return this.functionType(at);
      default:
        throw new BtfError(`type ${id} of kind ${this.kind(at)} is used as a type`, at);
    }
  }

  private int(at: number): CType {
    const name = this.name(at);
    const encoding = (this.u32(at + 12) >>> 24) & 15;
    const sizeBytes = this.u32(at + 8);
    if (sizeBytes !== 1 && sizeBytes !== 2 && sizeBytes !== 4 && sizeBytes !== 8) {
      return opaque(name, sizeBytes);
    }
    return {
      kind: 'int',
      name: canonicalBaseName(name.split(' ')) ?? name,
      sizeBytes,
      signed: (encoding & INT_SIGNED) !== 0,
      bool: (encoding & INT_BOOL) !== 0,
    } satisfies IntType;
  }

  /** Pointers close the circles among types, so their target waits until it is asked for. */
  private pointer(at: number): CType {
    let target: CType | undefined;
    const load = () => this.type(this.u32(at + 8), at + 8);
    return {
      kind: 'pointer',
      sizeBytes: this.pointerSize,
      get target() {
        return (target ??= load());
      },
    };
  }

  /** What a chain of qualifiers leads to; a chain that bites its tail is refused. */
  private unqualified(id: number, at: number): CType {
    let steps = 0;
    let target = this.u32(at + 8);
    for (;;) {
      const record = target === 0 ? 0 : this.record(target, at + 8);
      const kind = target === 0 ? 0 : this.kind(record);
      const qualifier =
        kind === KIND.const ||
        kind === KIND.volatile ||
        kind === KIND.restrict ||
        kind === KIND.typeTag;
      if (!qualifier) return this.type(target, at + 8);
      if (++steps > this.records.length) throw new BtfError(`type ${id} qualifies itself`, at);
      target = this.u32(record + 8);
    }
  }

  private members(at: number): Member[] {
    const flag = this.kindFlag(at);
    const members: Member[] = [];
    for (let i = 0; i < this.vlen(at); i++) {
      const entry = at + 12 + 12 * i;
      const typeId = this.u32(entry + 4);
      const offset = this.u32(entry + 8);
      const type = this.type(typeId, entry + 4);
      members.push({
        name: this.string(this.u32(entry), entry),
        type,
        ...(flag
          ? { offsetBits: offset & 0xffffff, widthBits: offset >>> 24 }
          : this.oldBitField(typeId, offset, type)),
      });
    }
    return members;
  }

  /** Before kind_flag a bit-field was an int type narrower than its bytes, with an offset of its own. */
  private oldBitField(typeId: number, offset: number, type: CType) {
    if (type.kind !== 'int') return { offsetBits: offset, widthBits: 0 };
    const at = this.record(typeId);
    if (this.kind(at) !== KIND.int) return { offsetBits: offset, widthBits: 0 };
    const word = this.u32(at + 12);
    const bits = word & 0xff;
    return {
      offsetBits: offset + ((word >>> 16) & 0xff),
      widthBits: bits === type.sizeBytes * 8 ? 0 : bits,
    };
  }

  private enumeration(at: number): EnumType {
    const wide = this.kind(at) === KIND.enum64;
    const signed = this.kindFlag(at);
    const sizeBytes = this.u32(at + 8);
    if (sizeBytes !== 1 && sizeBytes !== 2 && sizeBytes !== 4 && sizeBytes !== 8) {
      throw new BtfError(`enum of ${sizeBytes} bytes`, at + 8);
    }
    const enumerators: { name: string; value: number }[] = [];
    for (let i = 0; i < this.vlen(at); i++) {
      const entry = at + 12 + (wide ? 12 : 8) * i;
      const name = this.string(this.u32(entry), entry);
      if (!wide) {
        const value = this.view.getInt32(entry + 4, true);
        enumerators.push({ name, value: signed ? value : value >>> 0 });
        continue;
      }
      const bits = this.view.getBigUint64(entry + 4, true);
      const value = Number(signed ? BigInt.asIntN(64, bits) : bits);
      // A value no number holds exactly is left out rather than changed.
      if (Number.isSafeInteger(value)) enumerators.push({ name, value });
    }
    return { kind: 'enum', name: this.name(at), sizeBytes, signed, enumerators };
  }

  private functionType(at: number): CType {
    const parameters: { name: string; type: CType }[] = [];
    let variadic = false;
    for (let i = 0; i < this.vlen(at); i++) {
      const entry = at + 12 + 8 * i;
      const typeId = this.u32(entry + 4);
      if (typeId === 0 && i === this.vlen(at) - 1) variadic = true;
      else {
        parameters.push({
          name: this.string(this.u32(entry), entry),
          type: this.type(typeId, entry + 4),
        });
      }
    }
    return { kind: 'function', result: this.type(this.u32(at + 8), at + 8), parameters, variadic };
  }

  private record(id: number, from = 0): number {
    const at = this.records[id];
    if (at === undefined || id === 0) throw new BtfError(`no type ${id}`, from);
    return at;
  }

  private name(at: number): string {
    return this.string(this.u32(at), at);
  }

  private string(offset: number, from: number): string {
    const start = this.strings.start + offset;
    if (start >= this.strings.end) throw new BtfError(`no string at ${offset}`, from);
    let end = start;
    let text = '';
    for (let byte = this.bytes[end]; byte !== undefined && byte !== 0; byte = this.bytes[++end]) {
      text += String.fromCharCode(byte);
    }
    return text;
  }

  private kind(at: number): number {
    return (this.u32(at + 4) >>> 24) & 31;
  }

  private kindFlag(at: number): boolean {
    return this.u32(at + 4) >>> 31 === 1;
  }

  private vlen(at: number): number {
    return this.u32(at + 4) & 0xffff;
  }

  private u32(at: number): number {
    return this.view.getUint32(at, true);
  }
}

const opaque = (name: string, sizeBytes: number): StructType => ({
  kind: 'struct',
  name,
  sizeBytes,
  complete: false,
  members: [],
});
