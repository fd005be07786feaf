/**
 * What the checker makes of an expression: a tree in which every C rule has been applied and nothing is implicit any more.
 * Conversions, loads, scaled pointer arithmetic and member offsets are nodes or numbers; names are gone.
 *
 * A *term* has a value. The value of a term of struct or union type is the address of an object that holds it.
 * A *place* is an lvalue: where an object lies.
 */
import type { CType } from '../../engine/types/model.js';
import type { Assembler } from '../compile/assembler.js';
import type { Span } from '../syntax/span.js';
import type { Operator, Repr, Value, Width } from './arithmetic.js';

export interface Place {
  readonly type: CType;
  readonly base: PlaceBase;
  readonly offsetBytes: number;
  /** Of a bit-field: from the least significant bit at the place, and its width. */
  readonly bits: BitRange | undefined;
}

export type UnitBytes = 1 | 2 | 4 | 8;

export interface BitRange {
  readonly offset: number;
  readonly width: number;
  /** What is read and written to reach it. */
  readonly unitBytes: UnitBytes;
}

type PlaceBase =
  /** In the running function's frame: `offsetBytes` counts from its start. */
  | { readonly kind: 'frame' }
  /** `offsetBytes` is the address. */
  | { readonly kind: 'fixed' }
  | { readonly kind: 'pointer'; readonly pointer: Term };

export type Term =
  | ConstantTerm
  | { readonly kind: 'load'; readonly type: CType; readonly place: Place }
  | { readonly kind: 'address'; readonly type: CType; readonly place: Place }
  | ArithmeticTerm
  | {
      readonly kind: 'negate' | 'complement';
      readonly type: CType;
      readonly width: Width;
      readonly operand: Term;
    }
  | NotTerm
  | {
      readonly kind: 'convert';
      readonly type: CType;
      readonly to: Repr;
      readonly operand: Term;
    }
  | {
      readonly kind: 'logical';
      readonly type: CType;
      readonly operator: '&&' | '||';
      readonly left: Term;
      readonly right: Term;
      /** Operands on both sides are noted: see noted.ts. */
      readonly notes?: true;
    }
  | {
      readonly kind: 'choose';
      readonly type: CType;
      readonly test: Term;
      /** Absent: the value of the test itself. */
      readonly then: Term | undefined;
      readonly otherwise: Term;
    }
  | {
      readonly kind: 'sequence';
      readonly type: CType;
      readonly first: readonly Term[];
      readonly last: Term;
    }
  /** The value of the object after the store. */
  | { readonly kind: 'store'; readonly type: CType; readonly place: Place; readonly value: Term }
  | ModifyTerm
  /** Copies an object; the value is the address of the copy. */
  | {
      readonly kind: 'copy';
      readonly type: CType;
      readonly to: Place;
      readonly from: Term;
      readonly sizeBytes: number;
    }
  /** Sets an object's bytes to zero, before an initialiser list fills some of them. */
  | { readonly kind: 'clear'; readonly type: CType; readonly place: Place }
  | CallTerm
  | BuiltinTerm
  /** Statements that are compiled already; the last of them leaves the value. */
  | { readonly kind: 'statements'; readonly type: CType; readonly code: Assembler }
  /** Throws the value away. */
  | { readonly kind: 'discard'; readonly type: CType; readonly operand: Term };

export interface ConstantTerm {
  readonly kind: 'constant';
  readonly type: CType;
  readonly value: Value;
}

/** An operand as it was written, with the type that it had there. */
export interface Operand {
  readonly span: Span;
  readonly type: CType;
}

export interface NotTerm {
  readonly kind: 'not';
  readonly type: CType;
  readonly operand: Term;
  readonly written?: Operand;
  /** Its value is noted: see noted.ts. */
  readonly note?: Operand;
}

export interface ArithmeticTerm {
  readonly kind: 'arithmetic';
  readonly type: CType;
  readonly operator: Operator;
  readonly width: Width;
  readonly left: Term;
  readonly right: Term;
  readonly written?: { readonly left: Operand; readonly right: Operand };
  /** Whose values are noted: see noted.ts. */
  readonly notes?: { readonly left: Operand | undefined; readonly right: Operand | undefined };
}

/** `place op= value`, `place++`: the place is worked out once. */
export interface ModifyTerm {
  readonly kind: 'modify';
  readonly type: CType;
  readonly place: Place;
  readonly operator: Operator;
  /** The object's value is converted to this, and so is `value` already. */
  readonly width: Width;
  readonly value: Term;
  /** Which value the expression has: the object's old or its new one. */
  readonly result: 'old' | 'new';
}

/** A call of a function of the scenario. */
export interface CallTerm {
  readonly kind: 'call';
  readonly type: CType;
  /** Index of the function, or a term whose value is its address. */
  readonly callee: number | Term;
  readonly args: readonly Term[];
  /** Where a struct result is put: the callee gets its address before the arguments. */
  readonly resultPlace: Place | undefined;
}

export interface BuiltinTerm {
  readonly kind: 'builtin';
  readonly type: CType;
  readonly name: string;
  readonly args: readonly Term[];
  /** Where a struct result is put: the builtin gets its address before the arguments. */
  readonly resultPlace: Place | undefined;
  readonly span: Span;
}
