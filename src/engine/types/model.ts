/**
 * C types as a kernel's BTF describes them: sizes in bytes, member offsets in bits, enumerators.
 *
 * Source: Linux Documentation/bpf/btf.rst for what can be said; System V i386 and x86-64 psABI for sizes.
 */

export type CType =
  VoidType | IntType | PointerType | ArrayType | StructType | EnumType | TypedefType | FunctionType;

export interface VoidType {
  readonly kind: 'void';
}

export interface IntType {
  readonly kind: 'int';
  /** As C spells it: `unsigned long`. */
  readonly name: string;
  readonly sizeBytes: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  readonly bool: boolean;
  /** Of the values of a bit-field that is wider than int: as many bits count, and no more. */
  readonly widthBits?: number;
}

export interface PointerType {
  readonly kind: 'pointer';
  readonly target: CType;
  /** Of the pointer itself; always there in types that a {@link TypeTable} hands out. */
  readonly sizeBytes?: 4 | 8;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: CType;
  readonly length: number;
}

/** A struct or a union. */
export interface StructType {
  readonly kind: 'struct' | 'union';
  /** The tag; '' when anonymous. */
  readonly name: string;
  readonly sizeBytes: number;
  /** False: only declared; no members. `sizeBytes` is the real size where the build's types tell it, else 0. */
  readonly complete: boolean;
  readonly members: readonly Member[];
  /** Its alignment where attributes make it another than its members'. */
  readonly alignBytes?: number | undefined;
}

export interface Member {
  /** '' for an anonymous struct or union. */
  readonly name: string;
  readonly type: CType;
  readonly offsetBits: number;
  /** Width of a bit-field, 0 for an ordinary member. */
  readonly widthBits: number;
}

export interface EnumType {
  readonly kind: 'enum';
  /** The tag; '' when anonymous. */
  readonly name: string;
  readonly sizeBytes: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  readonly enumerators: readonly { readonly name: string; readonly value: number }[];
}

export interface TypedefType {
  readonly kind: 'typedef';
  readonly name: string;
  readonly target: CType;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly result: CType;
  readonly parameters: readonly { readonly name: string; readonly type: CType }[];
  readonly variadic: boolean;
  /** `int f()`: nothing is said about its parameters. */
  readonly unspecified?: boolean;
}

/** A member found through any depth of anonymous members and `a.b[2].c` designators. */
export interface MemberPlace {
  readonly type: CType;
  /** From the start of the outer type. */
  readonly offsetBits: number;
  readonly widthBits: number;
}

/** The named types of one kernel build. */
export interface TypeTable {
  readonly pointerSize: 4 | 8;
  /** By tag; undefined if the profile does not carry it. */
  struct(tag: string): StructType | undefined;
  union(tag: string): StructType | undefined;
  enum(tag: string): EnumType | undefined;
  typedef(name: string): TypedefType | undefined;
  /** Any enumerator by name, with the enum it belongs to. */
  enumerator(name: string): { readonly type: EnumType; readonly value: number } | undefined;
  /** The C base type by its usual spelling or an equivalent one (`unsigned`, `long unsigned int`). */
  base(name: string): IntType | VoidType | undefined;
  /** Every tag, typedef and enumerator name, for completion. */
  names(): {
    structs: string[];
    unions: string[];
    enums: string[];
    typedefs: string[];
    enumerators: string[];
  };
}
