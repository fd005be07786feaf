/**
 * The container of BTF: header, type records by id, strings.
 *
 *     header | type records, ids from 1 up | strings
 *     record = name:u32  info:u32 (kind_flag:1 .. kind:5 .. vlen:16)  size or type:u32  [more, by kind]
 *
 * Invariant: after construction every record lies whole inside the blob; a reference that leads nowhere is refused with a
 * {@link BtfError} that says where it stands.
 *
 * Source: Linux 6.1 Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */

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

/** Numbers of BTF_KIND_*. */
export const KIND = {
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

/** Kinds that only decorate the type they refer to. */
export const TRANSPARENT: ReadonlySet<number> = new Set([
  KIND.const,
  KIND.volatile,
  KIND.restrict,
  KIND.typeTag,
]);

/** Types inside one another by value; a kernel's reach about 10. */
export const MAX_NESTING = 256;

export const BTF_MAGIC = 0xeb9f;
const HEADER_SIZE = 24;
/** Name, info, size or type. */
const RECORD_HEAD = 12;

/** Bytes after the head: a fixed part, and one for each of `vlen` entries. */
const RECORD_TAIL: ReadonlyMap<number, readonly [fixed: number, each: number]> = new Map([
  [KIND.int, [4, 0]],
  [KIND.pointer, [0, 0]],
  [KIND.array, [12, 0]],
  [KIND.struct, [0, 12]],
  [KIND.union, [0, 12]],
  [KIND.enum, [0, 8]],
  [KIND.forward, [0, 0]],
  [KIND.typedef, [0, 0]],
  [KIND.volatile, [0, 0]],
  [KIND.const, [0, 0]],
  [KIND.restrict, [0, 0]],
  [KIND.function, [0, 0]],
  [KIND.functionProto, [0, 8]],
  [KIND.variable, [4, 0]],
  [KIND.section, [0, 12]],
  [KIND.float, [0, 0]],
  [KIND.declarationTag, [4, 0]],
  [KIND.typeTag, [0, 0]],
  [KIND.enum64, [0, 12]],
]);

/** The same by kind; -1 where there is no such kind. */
const FIXED_TAIL = Int32Array.from({ length: 32 }, (_, kind) => RECORD_TAIL.get(kind)?.[0] ?? -1);
const EACH_TAIL = Int32Array.from({ length: 32 }, (_, kind) => RECORD_TAIL.get(kind)?.[1] ?? 0);

const HASH_STEP = 0x0100_0193;

/** Of a name in one byte a character. */
export function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++)
    hash = (Math.imul(hash, HASH_STEP) + text.charCodeAt(i)) | 0;
  return hash;
}

export class BtfRecords {
  private readonly view: DataView;
  private readonly stringsStart: number;
  private readonly stringsEnd: number;
  /** Where the record of each id starts; id 0 is void and has none. */
  private readonly starts: Uint32Array;
  /** One more than the highest id. */
  readonly endId: number;

  /** @throws BtfError */
  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER_SIZE) throw new BtfError('shorter than its header', bytes.length);
    if (this.view.getUint16(0, true) !== BTF_MAGIC) throw new BtfError('no magic number', 0);
    if (bytes[2] !== 1) throw new BtfError(`version ${bytes[2] ?? 0} is not 1`, 2);
    const headerSize = this.u32(4);
    const typesStart = headerSize + this.u32(8);
    const typesEnd = typesStart + this.u32(12);
    this.stringsStart = headerSize + this.u32(16);
    this.stringsEnd = this.stringsStart + this.u32(20);
    if (headerSize < HEADER_SIZE) throw new BtfError(`header of ${headerSize} bytes`, 4);
    if (typesEnd > bytes.length) throw new BtfError('types outside of the blob', 8);
    if (this.stringsEnd > bytes.length) throw new BtfError('strings outside of the blob', 16);
    if (bytes[this.stringsStart] !== 0 || bytes[this.stringsEnd - 1] !== 0) {
      throw new BtfError('strings do not start and end with a null byte', this.stringsStart);
    }
    this.starts = new Uint32Array(Math.floor(Math.max(0, typesEnd - typesStart) / RECORD_HEAD) + 1);
    this.endId = this.findRecords(typesStart, typesEnd);
  }

  /** The record of an id. @param from where the reference to it stands, for the error */
  record(id: number, from: number): number {
    const at = id < this.endId ? this.starts[id] : undefined;
    if (at === undefined || id === 0) throw new BtfError(`no type ${id}`, from);
    return at;
  }

  kind(at: number): number {
    return (this.u32(at + 4) >>> 24) & 31;
  }

  kindFlag(at: number): boolean {
    return this.u32(at + 4) >>> 31 === 1;
  }

  vlen(at: number): number {
    return this.u32(at + 4) & 0xffff;
  }

  /** The string whose offset stands at `at`: a record's or an entry's name. */
  name(at: number): string {
    const start = this.stringsStart + this.u32(at);
    if (start >= this.stringsEnd) throw new BtfError('name outside of the strings', at);
    let text = '';
    for (let end = start; ; end++) {
      const byte = this.bytes[end] ?? 0;
      if (byte === 0) return text;
      text += String.fromCharCode(byte);
    }
  }

  /** The hash of a name, as {@link hashOf} has it of the string; 0 of none. @param at as of {@link name} */
  nameHash(at: number): number {
    const { bytes } = this;
    const start = this.stringsStart + this.u32(at);
    if (start >= this.stringsEnd) throw new BtfError('name outside of the strings', at);
    let hash = 0;
    for (let i = start; bytes[i] !== 0; i++)
      hash = (Math.imul(hash, HASH_STEP) + (bytes[i] ?? 0)) | 0;
    return hash;
  }

  /** Where the `vlen` entries of a record start. */
  entries(at: number, sizeBytes: number): number[] {
    return Array.from({ length: this.vlen(at) }, (_, i) => at + RECORD_HEAD + sizeBytes * i);
  }

  entryAt(at: number, sizeBytes: number, index: number): number {
    return at + RECORD_HEAD + sizeBytes * index;
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  i32(at: number): number {
    return this.view.getInt32(at, true);
  }

  u64(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }

  private findRecords(start: number, end: number): number {
    let id = 1;
    for (let at = start; at < end;) {
      if (at + RECORD_HEAD > end) throw new BtfError('type record cut off', at);
      const info = this.u32(at + 4);
      const kind = (info >>> 24) & 31;
      const fixed = FIXED_TAIL[kind] ?? -1;
      if (fixed < 0) throw new BtfError(`unknown kind ${kind}`, at + 4);
      const size = RECORD_HEAD + fixed + (EACH_TAIL[kind] ?? 0) * (info & 0xffff);
      if (at + size > end) throw new BtfError('type record cut off', at);
      this.starts[id++] = at;
      at += size;
    }
    return id;
  }
}
