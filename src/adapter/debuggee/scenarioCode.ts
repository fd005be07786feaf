/**
 * The scenario's compiled code as a debugger shows it: instructions with addresses that nothing else has. The machine stops between
 * statements only, for that is where all of its state is on the tape; so an instruction belongs to a statement.
 */
import {
  boundaryOfCode,
  codeAddress,
  decode,
  instructionText,
  pcOfAddress,
  type Program,
} from '../../scenario/index.js';

export interface CodeLine {
  readonly address: number;
  readonly words: readonly number[];
  readonly text: string;
  /** Number of the statement that it belongs to; -1 in front of a function's first one. */
  readonly statement: number;
  /** The function that begins here. */
  readonly begins: string | undefined;
}

export interface ScenarioCode {
  /** The instruction that a statement begins with. */
  addressOf(statement: number): number;
  /** Every instruction, by address. */
  lines(): readonly CodeLine[];
  /** The statement that the instruction at an address belongs to; undefined where there is no instruction. */
  statementAt(address: number): number | undefined;
}

export function scenarioCode(program: Program): ScenarioCode {
  let known: readonly CodeLine[] | undefined;
  const lines = (): readonly CodeLine[] =>
    (known ??= decode(program).map((instruction) => ({
      address: codeAddress(program.window, instruction.pc),
      words: [
        ...program.code.subarray(instruction.pc, instruction.pc + 1 + instruction.operands.length),
      ],
      text: instructionText(program, instruction),
      statement: boundaryOfCode(program, instruction.pc),
      begins: program.functions.find(({ entry }) => entry === instruction.pc)?.name,
    })));
  return {
    addressOf: (statement) => codeAddress(program.window, program.boundaries[statement]?.pc ?? 0),
    lines,
    statementAt(address) {
      if (pcOfAddress(program, address) === undefined) return undefined;
      const statement = lines().find((line) => line.address === address)?.statement;
      // A function's jump to its first statement stands in front of that.
      return statement === -1 ? 0 : statement;
    },
  };
}
