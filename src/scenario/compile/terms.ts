/**
 * Terms to code. Each term leaves its value on the stack, unless it is void or only its effect is wanted.
 *
 * A value that lies below a call's arguments is kept with the frame while the call runs: statements inside the called function
 * are boundaries, and at a boundary nothing may be outside of the tape.
 */
import { findBuiltin } from '../builtins/table.js';
import type { Builtin } from '../builtins/builtin.js';
import {
  operators,
  widths,
  type Operator,
  type Repr,
  type Value,
  type Width,
} from '../semantics/arithmetic.js';
import { isVoid, type CTypes } from '../semantics/cTypes.js';
import type {
  BitRange,
  BuiltinTerm,
  CallTerm,
  ModifyTerm,
  Operand,
  Place,
  Term,
} from '../semantics/ir.js';
import type { Allocator } from '../semantics/unit.js';
import type { Assembler, Pool } from './assembler.js';
import type { CallSite } from './program.js';
import { SPILL_WORDS } from './program.js';

/** Representations and operators by the numbers that code has for them. */
export const REPRS: readonly Repr[] = 'bool i8 u8 i16 u16 i32 u32 i64 u64'.split(' ') as Repr[];
export const OPERATIONS: readonly { readonly operator: Operator; readonly width: Width }[] =
  widths.flatMap((width) => operators.map((operator) => ({ operator, width })));

const reprNumbers = new Map(REPRS.map((repr, i) => [repr, i]));
const operationNumbers = new Map(
  OPERATIONS.map(({ operator, width }, i) => [`${operator} ${width}`, i]),
);
const reprNumber = (repr: Repr): number => reprNumbers.get(repr) ?? 0;
const operationNumber = (operator: Operator, width: Width): number =>
  operationNumbers.get(`${operator} ${width}`) ?? 0;

/** The unit of a bit-field is as wide as it needs to be, and signed as the field is. */
function bitOperands({ unitBytes, offset, width }: BitRange, repr: number): number[] {
  const sign = REPRS[repr]?.startsWith('i') === true ? 'i' : 'u';
  return [reprNumber(`${sign}${unitBytes * 8}` as Repr), offset, width];
}

/** What the whole program numbers together. */
export interface Pools {
  readonly constants: Pool<Value>;
  readonly builtins: Pool<Builtin>;
  readonly sites: Pool<CallSite>;
}

export class TermCompiler {
  /** Where values wait while calls run: as many as ever were needed at once. */
  private spillAt = -1;
  private spillCount = 0;

  constructor(
    private readonly asm: Assembler,
    private readonly types: CTypes,
    private readonly pools: Pools,
    /** The words that the machine keeps for a frame of this function. */
    readonly shadow: Allocator,
  ) {}

  /** A compiler of terms into other code of the same function. */
  into(asm: Assembler): TermCompiler {
    return new TermCompiler(asm, this.types, this.pools, this.shadow);
  }

  /** Leaves the value, if the term has one, on the stack. */
  value(term: Term): void {
    const { asm } = this;
    switch (term.kind) {
      case 'constant':
        this.constant(term.value);
        break;
      case 'load':
        this.load(term.place);
        break;
      case 'address':
        this.address(term.place);
        break;
      case 'arithmetic':
        this.value(term.left);
        this.value(term.right);
        this.note(term.notes?.left, 1);
        this.note(term.notes?.right, 0);
        asm.emit('OPERATE', operationNumber(term.operator, term.width));
        break;
      case 'negate':
        this.value(term.operand);
        asm.emit('NEGATE', widths.indexOf(term.width));
        break;
      case 'complement':
        this.value(term.operand);
        asm.emit('COMPLEMENT', widths.indexOf(term.width));
        break;
      case 'not':
        this.value(term.operand);
        this.note(term.note, 0);
        asm.emit('NOT');
        break;
      case 'convert':
        this.value(term.operand);
        asm.emit('CONVERT', reprNumber(term.to));
        break;
      case 'logical':
        this.logical(term);
        break;
      case 'choose':
        this.choose(term.test, term.then, term.otherwise, isVoid(term.type));
        break;
      case 'sequence':
        for (const first of term.first) this.effect(first);
        this.value(term.last);
        break;
      case 'store':
        this.store(term.place, () => this.value(term.value));
        break;
      case 'modify':
        this.modify(term);
        break;
      case 'copy':
        this.address(term.to);
        this.value(term.from);
        asm.emit('COPY', term.sizeBytes);
        break;
      case 'clear':
        this.address(term.place);
        asm.emit('CLEAR', this.types.size(term.type));
        break;
      case 'call':
        this.call(term);
        break;
      case 'builtin':
        this.builtin(term);
        break;
      case 'discard':
        this.effect(term.operand);
        break;
      case 'statements':
        this.statements(term.code, isVoid(term.type));
        break;
    }
  }

  /**
   * Statements inside of an expression. Where they may stop or call, what is on the stack waits in words of their own: calls
   * in them use the others.
   */
  private statements(code: Assembler, asVoid: boolean): void {
    const { asm } = this;
    const below = asm.depth;
    if (below === 0 || !code.needsEmptyStack) {
      asm.splice(code);
      return;
    }
    const spill = this.shadow.allocate(below * SPILL_WORDS, 1);
    const pushes = asVoid ? 0 : 1;
    asm.emitCounted('KEEP', [below, spill], below, 0);
    asm.splice(code);
    asm.emitCounted('RESTORE', [below, spill, pushes], pushes, below + pushes);
  }

  /** Runs the term and leaves nothing. */
  effect(term: Term): void {
    if (term.kind === 'sequence') {
      for (const part of [...term.first, term.last]) this.effect(part);
      return;
    }
    const before = this.asm.depth;
    this.value(term);
    if (this.asm.depth > before) this.asm.emit('DROP');
  }

  constant(value: Value): void {
    if (typeof value === 'number' && Object.is(value | 0, value)) this.asm.emit('INT', value);
    else this.asm.emit('CONSTANT', this.pools.constants.number(value));
  }

  address(place: Place): void {
    const { base, offsetBytes } = place;
    if (base.kind === 'frame') this.asm.emit('FRAME', offsetBytes);
    else if (base.kind === 'fixed') this.constant(offsetBytes);
    else {
      this.value(base.pointer);
      if (offsetBytes !== 0) this.asm.emit('MOVE', offsetBytes);
    }
  }

  private load(place: Place): void {
    const repr = reprNumber(this.types.scalarRepr(place.type));
    if (place.bits !== undefined) {
      this.address(place);
      this.asm.emit('LOAD_BITS', ...bitOperands(place.bits, repr));
    } else if (place.base.kind === 'frame') this.asm.emit('LOAD_FRAME', repr, place.offsetBytes);
    else {
      this.address(place);
      this.asm.emit('LOAD', repr);
    }
  }

  private store(place: Place, value: () => void): void {
    const repr = reprNumber(this.types.scalarRepr(place.type));
    const inFrame = place.base.kind === 'frame' && place.bits === undefined;
    if (!inFrame) this.address(place);
    value();
    this.storeOp(place, repr);
  }

  private storeOp(place: Place, repr: number): void {
    if (place.bits !== undefined) this.asm.emit('STORE_BITS', ...bitOperands(place.bits, repr));
    else if (place.base.kind === 'frame') this.asm.emit('STORE_FRAME', repr, place.offsetBytes);
    else this.asm.emit('STORE', repr);
  }

  /** The address is worked out once and kept on the stack while the value is. */
  private modify(term: ModifyTerm): void {
    const { asm } = this;
    const { place, operator, width, value, result } = term;
    const repr = this.types.scalarRepr(place.type);
    const inFrame = place.base.kind === 'frame' && place.bits === undefined;
    if (!inFrame) {
      this.address(place);
      asm.emit('DUPLICATE');
      if (place.bits !== undefined)
        asm.emit('LOAD_BITS', ...bitOperands(place.bits, reprNumber(repr)));
      else asm.emit('LOAD', reprNumber(repr));
      if (result === 'old') asm.emit('TUCK');
    } else {
      this.load(place);
      if (result === 'old') asm.emit('DUPLICATE');
    }
    if (repr !== width) asm.emit('CONVERT', reprNumber(width));
    this.value(value);
    asm.emit('OPERATE', operationNumber(operator, width));
    if (repr !== width) asm.emit('CONVERT', reprNumber(repr));
    this.storeOp(place, reprNumber(repr));
    if (result === 'old') asm.emit('DROP');
  }

  /** A value on the stack is noted where nothing can come between it and the call that wants it. */
  private note(operand: Operand | undefined, above: number): void {
    if (operand === undefined) return;
    this.asm.emit('NOTE', this.pools.sites.add(operand), above);
  }

  private logical({ operator, left, right, notes }: Extract<Term, { kind: 'logical' }>): void {
    const { asm } = this;
    const { sites } = this.pools;
    const short = asm.label();
    const done = asm.label();
    const jump = operator === '&&' ? 'JUMP_UNLESS' : 'JUMP_IF';
    const firstNote = sites.nextNumber;
    this.value(left);
    asm.jump(jump, short);
    // What holds is not the reason why the whole does not.
    if (notes === true && operator === '&&') asm.emit('FORGET_NOTES', firstNote, sites.nextNumber);
    this.value(right);
    asm.jump(jump, short);
    asm.emit('INT', operator === '&&' ? 1 : 0);
    asm.jump('JUMP', done);
    asm.place(short);
    asm.depth--;
    asm.emit('INT', operator === '&&' ? 0 : 1);
    asm.place(done);
  }

  private choose(test: Term, then: Term | undefined, otherwise: Term, asVoid: boolean): void {
    const { asm } = this;
    const no = asm.label();
    const done = asm.label();
    const branch = (term: Term) => (asVoid ? this.effect(term) : this.value(term));
    this.value(test);
    if (then === undefined) {
      asm.emit('DUPLICATE');
      asm.jump('JUMP_IF', done);
      asm.emit('DROP');
      branch(otherwise);
      asm.place(done);
      return;
    }
    asm.jump('JUMP_UNLESS', no);
    const before = asm.depth;
    branch(then);
    asm.jump('JUMP', done);
    asm.place(no);
    asm.depth = before;
    branch(otherwise);
    asm.place(done);
  }

  private call(term: CallTerm): void {
    const { asm } = this;
    const below = asm.depth;
    const spill = this.spillRoom(below);
    if (term.resultPlace !== undefined) this.address(term.resultPlace);
    for (const arg of term.args) this.value(arg);
    const count = term.args.length + (term.resultPlace === undefined ? 0 : 1);
    const pushes = isVoid(term.type) ? 0 : 1;
    if (typeof term.callee === 'number') {
      asm.emitCounted('CALL', [term.callee, below, spill], count, pushes);
    } else {
      this.value(term.callee);
      asm.emitCounted('CALL_POINTER', [count * 2 + pushes, below, spill], count + 1, pushes);
    }
  }

  /** Where `count` values can wait. Calls inside arguments have values of their own below: the room is for the deepest. */
  private spillRoom(count: number): number {
    if (count <= this.spillCount) return Math.max(this.spillAt, 0);
    this.spillAt = this.shadow.allocate(count * SPILL_WORDS, 1);
    this.spillCount = count;
    return this.spillAt;
  }

  private builtin(term: BuiltinTerm): void {
    const builtin = findBuiltin(term.name);
    if (builtin === undefined) throw new Error(`no builtin ${term.name}`);
    if (term.resultPlace !== undefined) this.address(term.resultPlace);
    for (const arg of term.args) this.value(arg);
    const site = this.pools.sites.add({ span: term.span });
    const number = this.pools.builtins.number(builtin);
    const count = term.args.length + (term.resultPlace === undefined ? 0 : 1);
    const pushes = isVoid(term.type) ? 0 : 1;
    this.asm.emitCounted('BUILTIN', [number, count * 2 + pushes, site], count, pushes);
  }
}
