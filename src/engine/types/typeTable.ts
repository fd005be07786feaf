/**
 * The named types of one build, each worked out when it is first looked into.
 *
 * Invariant: there is one object for each tag and typedef, whoever asks, so types may be compared by identity; and making a
 * table costs one small object a name, however large the types are.
 */
import { baseTypes, canonicalBaseName, VOID } from './baseTypes.js';
import type {
  CType,
  EnumType,
  IntType,
  Member,
  StructType,
  TypedefType,
  TypeTable,
  VoidType,
} from './model.js';

/** A struct or union whose members are produced at the first use. */
export class LazyStruct implements StructType {
  private loaded: readonly Member[] | undefined;

  constructor(
    readonly kind: 'struct' | 'union',
    readonly name: string,
    readonly sizeBytes: number,
    readonly complete: boolean,
    private readonly load: () => readonly Member[],
  ) {}

  get members(): readonly Member[] {
    return (this.loaded ??= this.load());
  }
}

/** A typedef whose target is produced at the first use. */
export class LazyTypedef implements TypedefType {
  readonly kind = 'typedef';
  private loaded: CType | undefined;

  constructor(
    readonly name: string,
    private readonly load: () => CType,
  ) {}

  get target(): CType {
    return (this.loaded ??= this.load());
  }
}

/** The base types of a machine, by any of their spellings. */
export class BaseTypes {
  private readonly bases: ReadonlyMap<string, IntType>;

  constructor(readonly pointerSize: 4 | 8) {
    this.bases = baseTypes(pointerSize);
  }

  base(name: string): IntType | VoidType | undefined {
    const known = this.bases.get(name);
    if (known !== undefined) return known;
    const canonical = canonicalBaseName(name.trim().split(/\s+/));
    return canonical === 'void' ? VOID : this.bases.get(canonical ?? '');
  }
}

/** What a reader of types fills, and then hands out as a {@link TypeTable}. */
export class NamedTypes extends BaseTypes implements TypeTable {
  readonly structs = new Map<string, StructType>();
  readonly unions = new Map<string, StructType>();
  readonly enums = new Map<string, EnumType>();
  readonly anonymousEnums: EnumType[] = [];
  readonly typedefs = new Map<string, TypedefType>();
  private enumerators: Map<string, { readonly type: EnumType; readonly value: number }> | undefined;

  struct(tag: string): StructType | undefined {
    return this.structs.get(tag);
  }

  union(tag: string): StructType | undefined {
    return this.unions.get(tag);
  }

  enum(tag: string): EnumType | undefined {
    return this.enums.get(tag);
  }

  typedef(name: string): TypedefType | undefined {
    return this.typedefs.get(name);
  }

  enumerator(name: string): { readonly type: EnumType; readonly value: number } | undefined {
    return this.enumeratorMap().get(name);
  }

  names(): {
    structs: string[];
    unions: string[];
    enums: string[];
    typedefs: string[];
    enumerators: string[];
  } {
    return {
      structs: [...this.structs.keys()],
      unions: [...this.unions.keys()],
      enums: [...this.enums.keys()],
      typedefs: [...this.typedefs.keys()],
      enumerators: [...this.enumeratorMap().keys()],
    };
  }

  private enumeratorMap() {
    if (this.enumerators !== undefined) return this.enumerators;
    const map = new Map<string, { readonly type: EnumType; readonly value: number }>();
    for (const type of [...this.enums.values(), ...this.anonymousEnums]) {
      for (const { name, value } of type.enumerators) {
        if (!map.has(name)) map.set(name, { type, value });
      }
    }
    return (this.enumerators = map);
  }
}
