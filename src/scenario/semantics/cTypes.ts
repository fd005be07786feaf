/**
 * The target's types: sizes, representations, promotions and conversions between arithmetic types.
 *
 * Source: ISO C11 6.2.7, 6.3.1; System V i386 and x86-64 psABI. Enumerated types are as gcc makes them: unsigned int unless an
 * enumerator is negative.
 */
import { alignOf, sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import type {
  ArrayType,
  CType,
  FunctionType,
  IntType,
  PointerType,
  StructType,
  TypeTable,
  VoidType,
} from '../../engine/types/model.js';
import { typeName } from '../../engine/types/typeName.js';
import type { Repr, Width } from './arithmetic.js';

export { stripTypedefs };

/** The type behind typedefs when it is a struct or union. */
export function structOf(type: CType): StructType | undefined {
  const bare = stripTypedefs(type);
  return bare.kind === 'struct' || bare.kind === 'union' ? bare : undefined;
}

export function pointerOf(type: CType): PointerType | undefined {
  const bare = stripTypedefs(type);
  return bare.kind === 'pointer' ? bare : undefined;
}

export function functionOf(type: CType): FunctionType | undefined {
  const bare = stripTypedefs(type);
  return bare.kind === 'function' ? bare : undefined;
}

export function arrayOf(type: CType): ArrayType | undefined {
  const bare = stripTypedefs(type);
  return bare.kind === 'array' ? bare : undefined;
}

export const isVoid = (type: CType): boolean => stripTypedefs(type).kind === 'void';
export const isPointer = (type: CType): boolean => stripTypedefs(type).kind === 'pointer';
export const isStruct = (type: CType): boolean => structOf(type) !== undefined;

export function isInteger(type: CType): boolean {
  const { kind } = stripTypedefs(type);
  return kind === 'int' || kind === 'enum';
}

export const isScalar = (type: CType): boolean => isInteger(type) || isPointer(type);

/** Whether objects of the type can exist: its size is known. */
export function isComplete(type: CType): boolean {
  const bare = stripTypedefs(type);
  switch (bare.kind) {
    case 'void':
    case 'function':
      return false;
    case 'struct':
    case 'union':
      return bare.complete || bare.sizeBytes > 0;
    case 'array':
      return isComplete(bare.element);
    case 'enum':
      // One that the scenario has only named so far.
      return !('complete' in bare) || bare.complete === true;
    case 'int':
    case 'pointer':
      return true;
  }
}

/** Ranks of the integer types (C11 6.3.1.1). */
const RANKS: Readonly<Record<string, number>> = {
  int: 1,
  'unsigned int': 1,
  long: 2,
  'unsigned long': 2,
  'long long': 3,
  'unsigned long long': 3,
};

const precision = (type: IntType): number => type.widthBits ?? type.sizeBytes * 8;

const REPRS = {
  1: ['u8', 'i8'],
  2: ['u16', 'i16'],
  4: ['u32', 'i32'],
  8: ['u64', 'i64'],
} as const;

export class CTypes {
  readonly pointerSize: 4 | 8;
  readonly void: VoidType = { kind: 'void' };
  readonly bool: IntType;
  readonly char: IntType;
  readonly int: IntType;
  readonly unsignedInt: IntType;
  readonly long: IntType;
  readonly unsignedLong: IntType;
  readonly longLong: IntType;
  readonly unsignedLongLong: IntType;
  /** What sizeof yields, and the difference of two pointers. */
  readonly sizeType: IntType;
  readonly differenceType: IntType;
  readonly voidPointer: PointerType;
  readonly charPointer: PointerType;
  /** `va_list`: what gcc makes of it for the target. */
  readonly vaList: CType;

  constructor(readonly table: TypeTable) {
    this.pointerSize = table.pointerSize;
    this.bool = this.base('_Bool');
    this.char = this.base('char');
    this.int = this.base('int');
    this.unsignedInt = this.base('unsigned int');
    this.long = this.base('long');
    this.unsignedLong = this.base('unsigned long');
    this.longLong = this.base('long long');
    this.unsignedLongLong = this.base('unsigned long long');
    const wide = this.pointerSize === 8;
    this.sizeType = wide ? this.unsignedLong : this.unsignedInt;
    this.differenceType = wide ? this.long : this.int;
    this.voidPointer = this.pointerTo(this.void);
    this.charPointer = this.pointerTo(this.char);
    this.vaList = wide ? this.registerVaList() : this.charPointer;
  }

  /**
   * Of the argument area of a call only the part in memory is used here: every variable argument lies there.
   * Source: System V x86-64 psABI, 3.5.7.
   */
  private registerVaList(): CType {
    const fields: readonly (readonly [string, CType, number])[] = [
      ['gp_offset', this.unsignedInt, 0],
      ['fp_offset', this.unsignedInt, 4],
      ['overflow_arg_area', this.voidPointer, 8],
      ['reg_save_area', this.voidPointer, 16],
    ];
    const members = fields.map(([name, type, at]) => ({
      ...{ name, type, offsetBits: at * 8, widthBits: 0 },
    }));
    const element: StructType = {
      ...{ kind: 'struct', name: '__va_list_tag', sizeBytes: 24, complete: true, members },
    };
    return { kind: 'array', element, length: 1 };
  }

  base(name: string): IntType {
    const type = this.table.base(name);
    if (type?.kind !== 'int') throw new Error(`the type table has no ${name}`);
    return type;
  }

  pointerTo(target: CType): PointerType {
    return { kind: 'pointer', target, sizeBytes: this.pointerSize };
  }

  size(type: CType): number {
    return sizeOf(type, this.pointerSize);
  }

  align(type: CType): number {
    return alignOf(type, this.pointerSize);
  }

  name(type: CType): string {
    return typeName(type);
  }

  /** How a scalar is represented; undefined if it is not a scalar. */
  repr(type: CType): Repr | undefined {
    const bare = stripTypedefs(type);
    if (bare.kind === 'pointer') return this.pointerSize === 8 ? 'u64' : 'u32';
    if (bare.kind !== 'int' && bare.kind !== 'enum') return undefined;
    if (bare.kind === 'int' && bare.bool) return 'bool';
    return REPRS[bare.sizeBytes][bare.signed ? 1 : 0];
  }

  /** As {@link repr}, of a type known to be scalar. */
  scalarRepr(type: CType): Repr {
    const repr = this.repr(type);
    if (repr === undefined) throw new Error(`${this.name(type)} is not a scalar`);
    return repr;
  }

  /** The width in which values of a promoted integer or pointer type are computed. */
  width(type: CType): Width {
    const repr = this.repr(type);
    if (repr === 'i32' || repr === 'u32' || repr === 'i64' || repr === 'u64') return repr;
    throw new Error(`${this.name(type)} is not promoted`);
  }

  /** Integer promotion; a bit-field narrower than int becomes int whatever its sign. */
  promoted(type: CType, widthBits = 0): CType {
    const named = stripTypedefs(type);
    const bare = stripTypedefs(this.withoutEnum(named));
    if (bare.kind !== 'int') return type;
    const { sizeBytes } = named as IntType;
    if (sizeBytes < 4 || (widthBits > 0 && widthBits < 32)) return this.int;
    if (widthBits === 0 || widthBits === bare.sizeBytes * 8) return bare;
    // gcc: a wider bit-field has a type of just so many bits.
    if (widthBits === 32) return bare.signed ? this.int : this.unsignedInt;
    return { ...bare, widthBits };
  }

  /** Of an enum the integer type that its values have. */
  withoutEnum(type: CType): CType {
    const bare = stripTypedefs(type);
    if (bare.kind !== 'enum') return type;
    if (bare.sizeBytes < 4)
      return this.base(
        `${bare.signed ? '' : 'unsigned '}${bare.sizeBytes === 1 ? 'char' : 'short'}`,
      );
    if (bare.sizeBytes === 4) return bare.signed ? this.int : this.unsignedInt;
    if (this.pointerSize === 8) return bare.signed ? this.long : this.unsignedLong;
    return bare.signed ? this.longLong : this.unsignedLongLong;
  }

  /** The type in which two promoted integers meet: the usual arithmetic conversions. */
  common(left: CType, right: CType): IntType {
    const a = stripTypedefs(left) as IntType;
    const b = stripTypedefs(right) as IntType;
    const [ra, rb] = [RANKS[a.name] ?? 1, RANKS[b.name] ?? 1];
    if (a.widthBits !== undefined || b.widthBits !== undefined) {
      const [na, nb] = [precision(a), precision(b)];
      if (na !== nb) return na > nb ? a : b;
      return a.signed ? b : a;
    }
    if (a.signed === b.signed) return ra >= rb ? a : b;
    const [unsigned, signed, unsignedRank, signedRank] = a.signed ? [b, a, rb, ra] : [a, b, ra, rb];
    if (unsignedRank >= signedRank) return unsigned;
    if (signed.sizeBytes > unsigned.sizeBytes) return signed;
    return signedRank === 3 ? this.unsignedLongLong : this.unsignedLong;
  }

  /** Whether two types are the same but for typedefs, and for how much is known of a struct. */
  same(left: CType, right: CType): boolean {
    const a = stripTypedefs(left);
    const b = stripTypedefs(right);
    if (a === b) return true;
    switch (a.kind) {
      case 'void':
        return b.kind === 'void';
      case 'int':
        return b.kind === 'int' && a.name === b.name;
      case 'pointer':
        return b.kind === 'pointer' && this.same(a.target, b.target);
      case 'array':
        return (
          b.kind === 'array' &&
          (a.length === b.length || a.length === 0 || b.length === 0) &&
          this.same(a.element, b.element)
        );
      case 'struct':
      case 'union':
        return (
          (b.kind === 'struct' || b.kind === 'union') &&
          a.kind === b.kind &&
          a.name === b.name &&
          a.name !== '' &&
          !(a.complete && b.complete)
        );
      case 'enum':
        return b.kind === 'enum' && a.name === b.name && a.name !== '';
      case 'function':
        return (
          b.kind === 'function' &&
          this.same(a.result, b.result) &&
          (a.unspecified === true || b.unspecified === true || this.sameParameters(a, b))
        );
    }
  }

  private sameParameters(a: FunctionType, b: FunctionType): boolean {
    return (
      a.variadic === b.variadic &&
      a.parameters.length === b.parameters.length &&
      a.parameters.every((p, i) => this.same(p.type, b.parameters[i]?.type ?? this.void))
    );
  }
}
