/**
 * Writes BTF: a record a type, each under an id that may be used before the record is written.
 *
 * Invariant: what {@link BtfWriter.bytes} gives, `readBtf` reads, and so do `bpftool btf dump` and `pahole`; types without a
 * name that say the same are one record.
 *
 * Source: Linux 6.1 Documentation/bpf/btf.rst.
 */
import { BTF_MAGIC, KIND } from './btfRecords.js';

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly offsetBits: number;
  /** Of a bit-field; else 0. */
  readonly widthBits: number;
}

/** INT_ENCODING_*. */
export const BTF_INT = { unsigned: 0, signed: 1, bool: 4 } as const;

const HEADER_BYTES = 24;
/** Numbers that the header of a record has room for. */
const MAX_ENTRIES = 0xffff;
/** With bit-fields an offset has 24 bits, a width 8. */
const MAX_FLAGGED_OFFSET = 0xff_ffff;

type Aggregate = 'struct' | 'union';

export class BtfWriter {
  /** By id. */
  private readonly records: number[][] = [[]];
  private readonly anonymous = new Map<string, number>();
  private readonly strings = new Map<string, number>([['', 0]]);
  private stringBytes = 1;

  /** An id for a record to come. */
  reserve(): number {
    return this.records.push([]) - 1;
  }

  isReserved(id: number): boolean {
    return this.records[id]?.length === 0;
  }

  int(name: string, sizeBytes: number, encoding: number): number {
    const bits = Math.min(sizeBytes * 8, 128);
    return this.shared([this.string(name), KIND.int << 24, sizeBytes, (encoding << 24) | bits]);
  }

  float(name: string, sizeBytes: number): number {
    return this.shared([this.string(name), KIND.float << 24, sizeBytes]);
  }

  pointer(target: number): number {
    return this.shared([0, KIND.pointer << 24, target]);
  }

  array(element: number, index: number, length: number): number {
    return this.shared([0, KIND.array << 24, 0, element, index, length]);
  }

  functionType(
    result: number,
    parameters: readonly { readonly name: string; readonly type: number }[],
    variadic: boolean,
  ): number {
    const entries = parameters.slice(0, MAX_ENTRIES - 1).map((p) => [this.string(p.name), p.type]);
    if (variadic) entries.push([0, 0]);
    return this.shared([0, info(KIND.functionProto, entries.length), result, ...entries.flat()]);
  }

  /** Members that have no place in BTF (more than 65535; a bit-field beyond 2 MiB) are left out. */
  defineAggregate(
    id: number,
    kind: Aggregate,
    name: string,
    sizeBytes: number,
    members: readonly BtfMember[],
  ): void {
    const flagged = members.some(({ widthBits }) => widthBits > 0);
    const entries = members
      .filter(({ offsetBits }) => !flagged || offsetBits <= MAX_FLAGGED_OFFSET)
      .slice(0, MAX_ENTRIES);
    const record = [this.string(name), info(KIND[kind], entries.length, flagged), sizeBytes];
    for (const { name, type, offsetBits, widthBits } of entries)
      record.push(this.string(name), type, flagged ? (widthBits << 24) | offsetBits : offsetBits);
    this.records[id] = record;
  }

  /** The name of a struct of which nothing else is known. */
  defineForward(id: number, kind: Aggregate, name: string): void {
    this.records[id] = [this.string(name), info(KIND.forward, 0, kind === 'union'), 0];
  }

  defineEnum(
    id: number,
    name: string,
    sizeBytes: number,
    enumerators: readonly { readonly name: string; readonly value: bigint }[],
  ): void {
    const entries = enumerators.slice(0, MAX_ENTRIES);
    const signed = entries.some(({ value }) => value < 0n);
    const wide = entries.some(({ value }) => BigInt.asIntN(signed ? 32 : 33, value) !== value);
    const kind = wide ? KIND.enum64 : KIND.enum;
    const record = [this.string(name), info(kind, entries.length, signed), sizeBytes];
    for (const { name, value } of entries) {
      record.push(this.string(name), Number(BigInt.asUintN(32, value)));
      if (wide) record.push(Number(BigInt.asUintN(32, value >> 32n)));
    }
    this.records[id] = record;
  }

  defineTypedef(id: number, name: string, target: number): void {
    this.records[id] = [this.string(name), KIND.typedef << 24, target];
  }

  /** Variables of one section, each with its offset from the section's start. */
  section(
    name: string,
    sizeBytes: number,
    variables: readonly {
      readonly name: string;
      readonly type: number;
      readonly offset: number;
      readonly sizeBytes: number;
    }[],
  ): void {
    const entries = variables.slice(0, MAX_ENTRIES).map((variable) => {
      const id = this.reserve();
      this.records[id] = [this.string(variable.name), KIND.variable << 24, variable.type, 1];
      return [id, variable.offset, variable.sizeBytes];
    });
    const id = this.reserve();
    const head = [this.string(name), info(KIND.section, entries.length), sizeBytes];
    this.records[id] = [...head, ...entries.flat()];
  }

  bytes(): Uint8Array {
    let nrWords = 0;
    for (const record of this.records) nrWords += record.length;
    const typeBytes = nrWords * 4;
    const out = new Uint8Array(HEADER_BYTES + typeBytes + this.stringBytes);
    const view = new DataView(out.buffer);
    view.setUint16(0, BTF_MAGIC, true);
    view.setUint8(2, 1);
    [HEADER_BYTES, 0, typeBytes, typeBytes, this.stringBytes].forEach((word, i) => {
      view.setUint32(4 + 4 * i, word, true);
    });
    let at = HEADER_BYTES;
    for (const record of this.records)
      for (const word of record) {
        view.setUint32(at, word, true);
        at += 4;
      }
    for (const [text, offset] of this.strings)
      for (let i = 0; i < text.length; i++) out[at + offset + i] = text.charCodeAt(i);
    return out;
  }

  private shared(record: number[]): number {
    const key = record.join();
    let id = this.anonymous.get(key);
    if (id === undefined) {
      id = this.records.push(record) - 1;
      this.anonymous.set(key, id);
    }
    return id;
  }

  private string(text: string): number {
    let offset = this.strings.get(text);
    if (offset === undefined) {
      offset = this.stringBytes;
      this.stringBytes += text.length + 1;
      this.strings.set(text, offset);
    }
    return offset;
  }
}

const info = (kind: number, nrEntries: number, flag = false): number =>
  ((flag ? 0x8000_0000 : 0) | (kind << 24) | nrEntries) >>> 0;
