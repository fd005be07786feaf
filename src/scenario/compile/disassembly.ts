/**
 * The code of a program as text, one instruction a line: `LOAD_FRAME u64 [+16]`, `BUILTIN alloc_pages/2`, `JUMP 0x1f`.
 *
 * Invariant: decoding from a function's entry visits every instruction of it; operands are never taken for instructions.
 */
import { widths } from '../semantics/arithmetic.js';
import { CODE_BYTES, codeAddress } from '../semantics/window.js';
import { instruction, OPCODES, type OpcodeName } from './opcodes.js';
import type { Program } from './program.js';
import { OPERATIONS, REPRS } from './terms.js';

export interface Instruction {
  /** Index of its first word in the code. */
  readonly pc: number;
  readonly name: OpcodeName;
  readonly operands: readonly number[];
}

const NAMES = Object.keys(OPCODES) as OpcodeName[];

/** The instructions of [from, to), which begins with one. */
export function decode({ code }: Program, from = 0, to = code.length): readonly Instruction[] {
  const found: Instruction[] = [];
  for (let pc = from; pc < to;) {
    const name = NAMES[code[pc] as number] as OpcodeName;
    const next = pc + 1 + instruction(name).operands;
    found.push({ pc, name, operands: [...code.subarray(pc + 1, next)] });
    pc = next;
  }
  return found;
}

/** The code between a boundary and the next one, which is that of one statement or of one part of it. */
export function codeOfBoundary(
  { boundaries, code }: Program,
  boundary: number,
): readonly [from: number, to: number] {
  const from = boundaries[boundary]?.pc ?? code.length;
  return [from, boundaries[boundary + 1]?.pc ?? code.length];
}

/** The boundary that a function comes to first: not the first one in the code where it begins with a loop. */
export function firstBoundary(program: Program, fn: number): number | undefined {
  const entry = program.functions[fn]?.entry ?? program.code.length;
  for (let pc = entry; pc < program.code.length;) {
    const [{ name, operands }] = decode(program, pc, pc + 1) as [Instruction];
    if (name === 'BOUNDARY') return operands[0];
    if (name === 'RETURN' || name === 'END') return undefined;
    pc = name === 'JUMP' ? (operands[0] as number) : pc + 1 + operands.length;
  }
  return undefined;
}

/** The boundary whose code holds an instruction; -1 in front of the first one. */
export function boundaryOfCode({ boundaries }: Program, pc: number): number {
  return boundaries.findLastIndex((boundary) => boundary.pc <= pc);
}

/** The word of the code that an address denotes; undefined outside of it, and between two words. */
export function pcOfAddress({ window, code }: Program, address: number): number | undefined {
  const pc = (address - codeAddress(window, 0)) / CODE_BYTES;
  return Number.isInteger(pc) && pc >= 0 && pc < code.length ? pc : undefined;
}

export function instructionText(program: Program, { name, operands }: Instruction): string {
  const text = operandText(program, name, operands);
  return text === '' ? name : `${name} ${text}`;
}

function operandText(program: Program, name: OpcodeName, operands: readonly number[]): string {
  const [first = 0, second = 0, third = 0] = operands;
  const target = (pc: number): string => hex(codeAddress(program.window, pc));
  switch (name) {
    case 'BOUNDARY':
      return `line ${program.sources.position(program.boundaries[first]?.span.start ?? 0).line}`;
    case 'CONSTANT':
      return String(program.constants[first]);
    case 'FRAME':
      return `[+${first}]`;
    case 'LOAD':
    case 'STORE':
    case 'CONVERT':
      return REPRS[first] ?? '';
    case 'LOAD_FRAME':
    case 'STORE_FRAME':
      return `${REPRS[first] ?? ''} [+${second}]`;
    case 'LOAD_BITS':
    case 'STORE_BITS':
      return `${REPRS[first] ?? ''} bits ${second}..${second + third - 1}`;
    case 'OPERATE': {
      const { operator, width } = OPERATIONS[first] ?? {};
      return `${operator ?? ''} ${width ?? ''}`;
    }
    case 'NEGATE':
    case 'COMPLEMENT':
      return widths[first] ?? '';
    case 'JUMP':
    case 'JUMP_IF':
    case 'JUMP_UNLESS':
      return target(first);
    case 'SWITCH': {
      const table = program.switches[first];
      const cases = table?.cases.map(({ low, high, target: to }) =>
        low === high ? `${low}: ${target(to)}` : `${low} ... ${high}: ${target(to)}`,
      );
      return `${cases?.join(', ') ?? ''} default: ${target(table?.otherwise ?? 0)}`;
    }
    case 'CALL':
      return program.functions[first]?.name ?? '';
    case 'CALL_POINTER':
      return `/${first >> 1}`;
    case 'BUILTIN':
      return `${program.builtins[first]?.name ?? ''}/${second >> 1}`;
    case 'TASK':
      return program.tasks[first]?.name ?? '';
    case 'RETURN':
      return first === 0 ? '' : 'value';
    default:
      return operands.join(' ');
  }
}

const hex = (address: number): string =>
  `0x${BigInt.asUintN(address < 0 ? 64 : 32, BigInt(address)).toString(16)}`;
