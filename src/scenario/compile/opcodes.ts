/**
 * The instructions of the scenario machine: a stack machine over {@link Value}s, its code an array of 32-bit words.
 *
 * Each row: name, operands that follow in the code, values taken off the stack, values put on it. -1: see the instruction.
 * The assembler counts depths with the table.
 */

interface Instruction {
  readonly operands: number;
  readonly pops: number;
  readonly pushes: number;
}

const row = (operands: number, pops: number, pushes: number): Instruction => ({
  operands,
  pops,
  pushes,
});

const table = {
  /** boundary: where the debugger may stop. */
  BOUNDARY: row(1, 0, 0),
  /** value */
  INT: row(1, 0, 1),
  /** pool index */
  CONSTANT: row(1, 0, 1),
  /** offset: address of an object in the frame */
  FRAME: row(1, 0, 1),
  /** bytes: moves the address on top */
  MOVE: row(1, 1, 1),
  /** repr: address -> value */
  LOAD: row(1, 1, 1),
  /** repr: address, value -> value */
  STORE: row(1, 2, 1),
  /** repr, offset */
  LOAD_FRAME: row(2, 0, 1),
  /** repr, offset: value -> value */
  STORE_FRAME: row(2, 1, 1),
  /** repr of the unit that holds it, with the field's sign, bit offset, bit width: address -> value */
  LOAD_BITS: row(3, 1, 1),
  /** as LOAD_BITS: address, value -> value as read back */
  STORE_BITS: row(3, 2, 1),
  /** operator index: a, b -> result; traps where there is none */
  OPERATE: row(1, 2, 1),
  /** repr */
  CONVERT: row(1, 1, 1),
  /** width index */
  NEGATE: row(1, 1, 1),
  /** width index */
  COMPLEMENT: row(1, 1, 1),
  NOT: row(0, 1, 1),
  DUPLICATE: row(0, 1, 2),
  /** a, b -> b, a, b */
  TUCK: row(0, 2, 3),
  DROP: row(0, 1, 0),
  /** target */
  JUMP: row(1, 0, 0),
  /** target */
  JUMP_IF: row(1, 1, 0),
  /** target */
  JUMP_UNLESS: row(1, 1, 0),
  /** table: value -> */
  SWITCH: row(1, 1, 0),
  /** bytes: to, from -> to */
  COPY: row(1, 2, 1),
  /** bytes: address -> */
  CLEAR: row(1, 1, 0),
  /** function, values below the arguments, shadow word where they wait: arguments -> result */
  CALL: row(3, -1, -1),
  /** 2 * arguments + whether a result is wanted, then as CALL: arguments, address of the function -> result */
  CALL_POINTER: row(3, -1, -1),
  /** values, shadow word where they wait: all values on the stack -> */
  KEEP: row(2, -1, -1),
  /** values, shadow word, whether a result is on top: result -> values, result */
  RESTORE: row(3, -1, -1),
  /** whether a result is on top */
  RETURN: row(1, -1, 0),
  /** builtin, 2 * arguments + whether it has a result, call site: arguments -> result */
  BUILTIN: row(3, -1, -1),
  /** operand, values above it: notes a value for what an expect() says */
  NOTE: row(2, 0, 0),
  /** operands from, to: what was noted of these does not matter any more */
  FORGET_NOTES: row(2, 0, 0),
  /** task: it may run from now on */
  TASK: row(1, 0, 0),
  /** shadow word where the CPU before is kept: number of a CPU -> */
  ENTER_CPU: row(1, 1, 0),
  /** shadow word; -1: nothing is left */
  LEAVE_CPU: row(1, 0, 0),
  /** The task, or the expression, is done. */
  END: row(0, 0, 0),
} as const satisfies Readonly<Record<string, Instruction>>;

export type OpcodeName = keyof typeof table;

const names = Object.keys(table) as OpcodeName[];

/** Opcode numbers by name. */
export const OPCODES = Object.fromEntries(names.map((name, i) => [name, i])) as Readonly<
  Record<OpcodeName, number>
>;

export const instruction = (name: OpcodeName): Instruction => table[name];
