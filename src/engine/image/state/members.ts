/**
 * Structure members by name, read and written at a cell: for the many fields that are touched once, when a state is
 * rebuilt or read back. (The kernel's own hot fields are word offsets in `kernel/layout.ts`.)
 */
import type { Kernel } from '../../machine/kernel.js';
import { sizeOf, stripTypedefs } from '../../types/layout.js';
import { findMember } from '../../types/members.js';

interface Field {
  readonly byteOffset: number;
  readonly sizeBytes: number;
  readonly signed: boolean;
}

/** `field of a dump -> member of a structure, as C designates it` */
export type MemberTable<Names extends string> = Readonly<Record<Names, string>>;

export class Members {
  private readonly fields = new Map<string, Field>();

  constructor(private readonly mm: Kernel) {}

  /** The integer or pointer `((struct tag *)cell)->member`. Exact up to 2^53. */
  get(cell: number, tag: string, member: string): number {
    return this.read(cell, this.field(tag, member));
  }

  set(cell: number, tag: string, member: string, value: number): void {
    this.write(cell, this.field(tag, member), value);
  }

  /** Whether this build has the member. */
  has(tag: string, member: string): boolean {
    const type = this.mm.profile.types.struct(tag);
    return type !== undefined && findMember(type, member) !== undefined;
  }

  getAll<Names extends string>(
    cell: number,
    tag: string,
    table: MemberTable<Names>,
  ): Record<Names, number> {
    const entries = Object.entries<string>(table);
    return Object.fromEntries(
      entries.map(([name, member]) => [name, this.get(cell, tag, member)]),
    ) as Record<Names, number>;
  }

  setAll<Names extends string>(
    cell: number,
    tag: string,
    table: MemberTable<Names>,
    values: Readonly<Record<NoInfer<Names>, number>>,
  ): void {
    for (const name of Object.keys(table) as Names[])
      this.set(cell, tag, table[name], values[name]);
  }

  /** A global integer or pointer; undefined when this build has none of the name. */
  global(name: string): number | undefined {
    const place = this.globalPlace(name);
    return place && this.read(place.cell, place.field);
  }

  /** Sets a global, where the build has it. */
  setGlobal(name: string, value: number): void {
    const place = this.globalPlace(name);
    if (place !== undefined) this.write(place.cell, place.field, value);
  }

  private globalPlace(name: string): { cell: number; field: Field } | undefined {
    const symbol = this.mm.profile.symbol(name);
    const cell = this.mm.findSymbol(name);
    if (symbol === undefined || cell === undefined || cell === 0) return undefined;
    const byteOffset = symbol.address & 3;
    return { cell, field: { byteOffset, sizeBytes: symbol.sizeBytes, signed: true } };
  }

  private field(tag: string, member: string): Field {
    const key = `${tag}.${member}`;
    const known = this.fields.get(key);
    if (known !== undefined) return known;
    const struct = this.mm.profile.types.struct(tag);
    const place = struct && findMember(struct, member);
    if (place === undefined) throw new Error(`profile ${this.mm.profile.name} has no ${key}`);
    const type = stripTypedefs(place.type);
    const field: Field = {
      byteOffset: place.offsetBits / 8,
      sizeBytes: sizeOf(type, this.mm.profile.pointerSize),
      signed: type.kind === 'int' && type.signed,
    };
    this.fields.set(key, field);
    return field;
  }

  private read(cell: number, { byteOffset, sizeBytes, signed }: Field): number {
    const at = cell + (byteOffset >> 2);
    const low = this.mm.words[at] ?? 0;
    if (sizeBytes === 8) {
      const high = this.mm.words[at + 1] ?? 0;
      // Pointers and counters alike: an address is its signed value, and no counter comes near 2^63.
      return high * 0x1_0000_0000 + (low >>> 0);
    }
    const shift = 32 - sizeBytes * 8;
    const bits = (low >>> ((byteOffset & 3) * 8)) << shift;
    return signed ? bits >> shift : bits >>> shift;
  }

  private write(cell: number, { byteOffset, sizeBytes }: Field, value: number): void {
    const { mm } = this;
    switch (sizeBytes) {
      case 1:
        mm.write8(cell, byteOffset, value);
        return;
      case 2:
        mm.write16(cell, byteOffset, value);
        return;
      case 4:
        mm.write(cell + (byteOffset >> 2), value);
        return;
      default:
        mm.write(cell + (byteOffset >> 2), value);
        mm.write(cell + (byteOffset >> 2) + 1, Math.floor(value / 0x1_0000_0000));
    }
  }
}
