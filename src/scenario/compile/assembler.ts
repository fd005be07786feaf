/**
 * Writes the code of one function: instructions, labels, and how many values are on the stack at each point. The linker
 * puts functions one after the other and moves their targets.
 */
import type { Value, Width } from '../semantics/arithmetic.js';
import { instruction, OPCODES, type OpcodeName } from './opcodes.js';
import type { Boundary, SwitchTable } from './program.js';

/** A place in the code that may not be known yet. */
export class Label {
  /** Word index in the function; -1: not placed. */
  at = -1;
}

/** An operand that is known when the whole function is compiled. */
export interface Later {
  value: number;
}

export interface PendingSwitch {
  readonly width: Width;
  readonly cases: readonly { readonly low: Value; readonly high: Value; readonly label: Label }[];
  readonly otherwise: Label;
}

/** Things numbered across functions; those of a program that is already there come first. */
export class Pool<T> {
  private readonly added: T[] = [];
  private readonly numbers = new Map<unknown, number>();

  constructor(private readonly base: readonly T[] = []) {}

  get items(): readonly T[] {
    return this.base.length === 0 ? this.added : [...this.base, ...this.added];
  }

  /** The number that the next new item gets. */
  get nextNumber(): number {
    return this.base.length + this.added.length;
  }

  /** The number of the item; a new one for a new item. */
  number(item: T): number {
    const known = this.numbers.get(item);
    if (known !== undefined) return known;
    const number = this.add(item);
    this.numbers.set(item, number);
    return number;
  }

  /** A number of its own for the item. */
  add(item: T): number {
    return this.base.length + this.added.push(item) - 1;
  }
}

export class Assembler {
  private readonly code: number[] = [];
  /** Labels that lie in this code, and where it jumps to any. */
  private readonly placed: Label[] = [];
  private readonly jumps: { readonly word: number; readonly label: Label }[] = [];
  private readonly later: { readonly word: number; readonly operand: Later }[] = [];
  private readonly boundaryPlaces: { readonly word: number; readonly boundary: PendingBoundary }[] =
    [];
  private readonly switches: { readonly word: number; readonly table: PendingSwitch }[] = [];
  /** Values on the stack here. */
  depth = 0;
  /** Whether the machine may stop or call in this code: no value of whoever comes before may wait on its stack. */
  needsEmptyStack = false;

  emit(name: OpcodeName, ...operands: number[]): void {
    const { operands: expected, pops, pushes } = instruction(name);
    if (operands.length !== expected) throw new Error(`${name} takes ${expected} operands`);
    this.code.push(OPCODES[name], ...operands);
    if (name === 'BOUNDARY') this.needsEmptyStack = true;
    if (pops >= 0 && pushes >= 0) this.depth += pushes - pops;
  }

  /** Emits an instruction whose effect on the stack depends on its operands. */
  emitCounted(name: OpcodeName, operands: readonly number[], pops: number, pushes: number): void {
    this.code.push(OPCODES[name], ...operands);
    if (name !== 'BUILTIN') this.needsEmptyStack = true;
    this.depth += pushes - pops;
  }

  emitLater(name: OpcodeName, operand: Later): void {
    this.emit(name, operand.value);
    this.later.push({ word: this.code.length - 1, operand });
  }

  label(): Label {
    return new Label();
  }

  jump(name: 'JUMP' | 'JUMP_IF' | 'JUMP_UNLESS', label: Label): void {
    this.emit(name, 0);
    this.jumps.push({ word: this.code.length - 1, label });
  }

  switchOn(table: PendingSwitch): void {
    this.emit('SWITCH', 0);
    this.switches.push({ word: this.code.length - 1, table });
  }

  place(label: Label): void {
    label.at = this.code.length;
    this.placed.push(label);
  }

  /** Appends what was assembled apart. It can be done once: labels move with their code. */
  splice(other: Assembler): void {
    const base = this.code.length;
    append(this.code, other.code);
    for (const label of other.placed) {
      label.at += base;
      this.placed.push(label);
    }
    for (const { word, label } of other.jumps) this.jumps.push({ word: base + word, label });
    for (const { word, operand } of other.later) this.later.push({ word: base + word, operand });
    for (const { word, boundary } of other.boundaryPlaces)
      this.boundaryPlaces.push({ word: base + word, boundary });
    for (const { word, table } of other.switches) this.switches.push({ word: base + word, table });
    this.depth += other.depth;
    this.needsEmptyStack ||= other.needsEmptyStack;
  }

  boundary(boundary: PendingBoundary): void {
    this.boundaryPlaces.push({ word: this.code.length, boundary });
    this.emit('BOUNDARY', 0);
  }

  /** Appends this function's code to a program's. */
  link(into: Linked): number {
    const base = into.code.length;
    for (const { word, label } of this.jumps) this.code[word] = base + label.at;
    for (const { word, operand } of this.later) this.code[word] = operand.value;
    for (const { word, boundary } of this.boundaryPlaces) {
      this.code[word + 1] = into.boundaries.length;
      into.boundaries.push({ ...boundary, pc: base + word });
    }
    for (const { word, table } of this.switches) {
      this.code[word] = into.switches.length;
      into.switches.push({
        width: table.width,
        cases: table.cases.map(({ low, high, label }) => ({ low, high, target: base + label.at })),
        otherwise: base + table.otherwise.at,
      });
    }
    append(into.code, this.code);
    return base;
  }
}

/** Code may be longer than a call has arguments. */
function append(to: number[], from: readonly number[]): void {
  for (const word of from) to.push(word);
}

export type PendingBoundary = Omit<Boundary, 'pc'>;

/** What functions are linked into. */
export interface Linked {
  readonly code: number[];
  readonly boundaries: Boundary[];
  readonly switches: SwitchTable[];
}
