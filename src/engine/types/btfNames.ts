/**
 * Where the named types and the enumerators of a BTF blob are, by name: found by hashes, so that no name becomes a string, and
 * no type an object, before somebody asks for it. A kernel has 60,000 of them.
 *
 * Where several have one name, the first is meant; enumerators of named enums go before those of unnamed ones.
 */
import { hashOf, KIND, type BtfRecords } from './btfRecords.js';

export type NamedKind = 'struct' | 'union' | 'enum' | 'typedef';

const NAMED: Readonly<Record<number, NamedKind>> = {
  [KIND.struct]: 'struct',
  [KIND.union]: 'union',
  [KIND.enum]: 'enum',
  [KIND.enum64]: 'enum',
  [KIND.typedef]: 'typedef',
};

/** Open addressing: values by hash, in the order in which they are added. */
class HashTable {
  private readonly slots: Int32Array;
  private readonly mask: number;

  constructor(capacity: number) {
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2 + 2)));
    this.mask = this.slots.length - 1;
  }

  /** @param value above 0 */
  add(hash: number, value: number): void {
    const { slots, mask } = this;
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = value;
  }

  /** The first value of a hash that is right, among those of other hashes. */
  find(hash: number, isRight: (value: number) => boolean): number | undefined {
    const { slots, mask } = this;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const value = slots[slot] ?? 0;
      if (value === 0) return undefined;
      if (isRight(value)) return value;
    }
  }
}

export class BtfNames {
  private readonly ids: HashTable;
  private readonly named: number[] = [];
  private readonly enums: number[] = [];
  private readonly unnamedEnums: number[] = [];
  /** Records of sections, which list variables. */
  readonly sections: number[] = [];
  private enumerators: HashTable | undefined;

  constructor(private readonly records: BtfRecords) {
    for (let id = 1; id < records.endId; id++) {
      const at = records.record(id, 0);
      const number = records.kind(at);
      if (number === KIND.section) this.sections.push(at);
      const kind = NAMED[number];
      if (kind === undefined) continue;
      const isNamed = records.u32(at) !== 0;
      if (isNamed) this.named.push(id);
      if (kind === 'enum') (isNamed ? this.enums : this.unnamedEnums).push(id);
    }
    this.ids = new HashTable(this.named.length);
    for (const id of this.named) this.ids.add(records.nameHash(records.record(id, 0)), id);
  }

  /** The id of a type. */
  find(kind: NamedKind, name: string): number | undefined {
    const { records } = this;
    return this.ids.find(hashOf(name), (id) => {
      const at = records.record(id, 0);
      return NAMED[records.kind(at)] === kind && records.name(at) === name;
    });
  }

  /** The id of the enum that an enumerator is of. */
  enumOf(name: string): number | undefined {
    const { records } = this;
    const value = this.enumeratorTable().find(
      hashOf(name),
      (entry) => records.name(entry) === name,
    );
    return value === undefined ? undefined : this.enumAt(value);
  }

  /** Names of one kind, in the order of their ids. */
  namesOf(kind: NamedKind): string[] {
    const { records } = this;
    const ats = this.named.map((id) => records.record(id, 0));
    const own = ats.filter((at) => NAMED[records.kind(at)] === kind);
    return [...new Set(own.map((at) => records.name(at)))];
  }

  /** Ids of all enums, those with a name first. */
  allEnums(): readonly number[] {
    return [...this.enums, ...this.unnamedEnums];
  }

  /** Holds where in the blob each enumerator stands. */
  private enumeratorTable(): HashTable {
    if (this.enumerators !== undefined) return this.enumerators;
    const { records } = this;
    const ats = this.allEnums().map((id) => records.record(id, 0));
    const table = new HashTable(ats.reduce((sum, at) => sum + records.vlen(at), 0));
    for (const at of ats) {
      const sizeBytes = records.kind(at) === KIND.enum64 ? 12 : 8;
      for (let i = 0; i < records.vlen(at); i++) {
        const entry = records.entryAt(at, sizeBytes, i);
        table.add(records.nameHash(entry), entry);
      }
    }
    return (this.enumerators = table);
  }

  /** The enum whose record holds an offset of the blob. */
  private enumAt(offset: number): number {
    let low = 1;
    let high = this.records.endId;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.records.record(middle, 0) > offset) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  }
}
