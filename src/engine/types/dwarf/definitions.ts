/**
 * Which BTF type a tag or typedef stands for. Thousands of units repeat the same definitions: each is one type. A declaration
 * (`struct foo;`) stands for the first definition of its name, whichever unit it is in.
 *
 * Two definitions of one name are the same if they have the same size and stand in the same line: drivers do have structs of
 * their own under one name.
 */
import type { BtfWriter } from '../btfWriter.js';

const NAMED_KINDS = ['struct', 'union', 'enum', 'typedef'] as const;
export type NamedKind = (typeof NAMED_KINDS)[number];

interface Definition {
  readonly id: number;
  readonly byteSize: number;
  readonly line: number;
}

export class Definitions {
  /** By name and kind: the first one. */
  private readonly first: (Definition | undefined)[] = [];
  /** Others of the same name and kind. */
  private readonly others = new Map<string, number>();
  /** Names that are declared, and not yet defined. */
  private readonly declared = new Map<number, number>();

  constructor(private readonly writer: BtfWriter) {}

  /** The type of a definition; `isNew`: it is still to be written. */
  define(
    name: number,
    kind: NamedKind,
    byteSize: number,
    line: number,
  ): { readonly id: number; readonly isNew: boolean } {
    const slot = slotOf(name, kind);
    const first = this.first[slot];
    if (first === undefined) {
      const id = this.declared.get(slot) ?? this.writer.reserve();
      this.declared.delete(slot);
      this.first[slot] = { id, byteSize, line };
      return { id, isNew: true };
    }
    if (first.byteSize === byteSize && first.line === line) return { id: first.id, isNew: false };
    const key = `${slot} ${byteSize} ${line}`;
    const other = this.others.get(key);
    if (other !== undefined) return { id: other, isNew: false };
    const id = this.writer.reserve();
    this.others.set(key, id);
    return { id, isNew: true };
  }

  /** The type that a declaration stands for. */
  declare(name: number, kind: NamedKind): number {
    const slot = slotOf(name, kind);
    const id = this.first[slot]?.id ?? this.declared.get(slot) ?? this.writer.reserve();
    if (this.first[slot] === undefined) this.declared.set(slot, id);
    return id;
  }

  /** Declarations that no unit has defined. */
  *undefinedOnes(): Generator<{
    readonly name: number;
    readonly kind: NamedKind;
    readonly id: number;
  }> {
    for (const [slot, id] of this.declared) {
      const kind = NAMED_KINDS[slot % NAMED_KINDS.length];
      if (kind !== undefined) yield { name: Math.floor(slot / NAMED_KINDS.length), kind, id };
    }
  }
}

const slotOf = (name: number, kind: NamedKind): number =>
  name * NAMED_KINDS.length + NAMED_KINDS.indexOf(kind);
