/** Builds BTF blobs, record by record, from the format's description (Linux Documentation/bpf/btf.rst). */

interface Entry {
  readonly name: string;
  readonly words: readonly number[];
}

export class BtfBuilder {
  private readonly strings = ['\0'];
  private stringsSize = 1;
  private readonly words: number[] = [];
  private nextId = 1;

  int(name: string, size: number, encoding = 0, bits = size * 8, bitOffset = 0): number {
    return this.add(name, 1, 0, false, size, [(encoding << 24) | (bitOffset << 16) | bits]);
  }

  pointer(target: number): number {
    return this.add('', 2, 0, false, target, []);
  }

  array(element: number, index: number, length: number): number {
    return this.add('', 3, 0, false, 0, [element, index, length]);
  }

  /** `members` as [name, type, offset in bits, width in bits]; with kind_flag the width goes into the offset. */
  aggregate(
    kind: 'struct' | 'union',
    name: string,
    size: number,
    members: readonly (readonly [string, number, number, number?])[],
    kindFlag = false,
  ): number {
    const entries = members.map(([member, type, offset, width = 0]) => ({
      name: member,
      words: [type, kindFlag ? (width << 24) | offset : offset],
    }));
    return this.add(name, kind === 'struct' ? 4 : 5, entries.length, kindFlag, size, [], entries);
  }

  enum(
    name: string,
    size: number,
    signed: boolean,
    values: Readonly<Record<string, number>>,
  ): number {
    const entries = Object.entries(values).map(([key, value]) => ({ name: key, words: [value] }));
    return this.add(name, 6, entries.length, signed, size, [], entries);
  }

  enum64(name: string, signed: boolean, values: Readonly<Record<string, bigint>>): number {
    const entries = Object.entries(values).map(([key, value]) => ({
      name: key,
      words: [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))],
    }));
    return this.add(name, 19, entries.length, signed, 8, [], entries);
  }

  forward(kind: 'struct' | 'union', name: string): number {
    return this.add(name, 7, 0, kind === 'union', 0, []);
  }

  typedef(name: string, target: number): number {
    return this.add(name, 8, 0, false, target, []);
  }

  qualifier(kind: 'volatile' | 'const' | 'restrict' | 'typeTag', target: number): number {
    const number = { volatile: 9, const: 10, restrict: 11, typeTag: 18 }[kind];
    return this.add(kind === 'typeTag' ? 'user' : '', number, 0, false, target, []);
  }

  function(name: string, proto: number): number {
    return this.add(name, 12, 1, false, proto, []);
  }

  functionProto(result: number, parameters: readonly (readonly [string, number])[]): number {
    const entries = parameters.map(([name, type]) => ({ name, words: [type] }));
    return this.add('', 13, entries.length, false, result, [], entries);
  }

  variable(name: string, type: number): number {
    return this.add(name, 14, 0, false, type, [1]);
  }

  section(name: string, variables: readonly (readonly [number, number, number])[]): number {
    const id = this.add(name, 15, variables.length, false, 0, []);
    this.words.push(...variables.flat());
    return id;
  }

  float(name: string, size: number): number {
    return this.add(name, 16, 0, false, size, []);
  }

  declarationTag(name: string, target: number): number {
    return this.add(name, 17, 0, false, target, [-1]);
  }

  blob(): Uint8Array {
    const typesSize = this.words.length * 4;
    const bytes = new Uint8Array(24 + typesSize + this.stringsSize);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    [24, 0, typesSize, typesSize, this.stringsSize].forEach((word, i) =>
      view.setUint32(4 + 4 * i, word, true),
    );
    this.words.forEach((word, i) => view.setInt32(24 + 4 * i, word | 0, true));
    bytes.set(Buffer.from(this.strings.join(''), 'latin1'), 24 + typesSize);
    return bytes;
  }

  private add(
    name: string,
    kind: number,
    vlen: number,
    kindFlag: boolean,
    sizeOrType: number,
    tail: readonly number[],
    entries: readonly Entry[] = [],
  ): number {
    const info = ((kindFlag ? 1 : 0) << 31) | (kind << 24) | vlen;
    this.words.push(this.string(name), info, sizeOrType, ...tail);
    for (const entry of entries) this.words.push(this.string(entry.name), ...entry.words);
    return this.nextId++;
  }

  private string(text: string): number {
    if (text === '') return 0;
    const offset = this.stringsSize;
    this.strings.push(`${text}\0`);
    this.stringsSize += text.length + 1;
    return offset;
  }
}
