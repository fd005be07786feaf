/**
 * DAP disassemble and setInstructionBreakpoints: the scenario's code, and machine code in any memory that can be read, as a dump's
 * kernel text. Only the scenario's instructions run here, so only they can have breakpoints.
 */
import { formatAddress } from '../../engine/memory/address.js';
import { disassembled } from '../../engine/view/machineCode.js';
import type { CodeLine } from '../debuggee/scenarioCode.js';
import { locateMemory, parseReference } from '../debuggee/memoryReference.js';
import { errors } from '../protocol/errors.js';
import { defined, type Dap } from '../protocol/dap.js';
import type { Session } from '../session.js';
import { settled } from './breakpoints.js';
import type { Handlers } from './table.js';

const MOST_INSTRUCTIONS = 10_000;

export const disassemblyHandlers = (
  session: Session,
): Handlers<'disassemble' | 'setInstructionBreakpoints'> => ({
  disassemble(args) {
    const { image, scenario } = session.current.target;
    const { memoryReference, offset = 0, instructionOffset = 0, instructionCount: count } = args;
    if (count > MOST_INSTRUCTIONS)
      throw errors.badArguments(`'instructionCount' must be at most ${MOST_INSTRUCTIONS}.`);
    const start = parseReference(image, memoryReference);
    if (start === undefined) throw errors.badAddress(memoryReference);
    const address = start + offset;
    const code = scenario?.program.code;
    if (code?.statementAt(address) !== undefined)
      return { instructions: ofScenario(session, code.lines(), address, instructionOffset, count) };
    return { instructions: ofMemory(session, address, instructionOffset, count) };
  },

  async setInstructionBreakpoints({ breakpoints }) {
    await session.loading;
    session.breakpoints.setInstructions(breakpoints);
    return { breakpoints: settled(session, () => session.breakpoints.answersOfInstructions()) };
  },
});

function ofScenario(
  session: Session,
  lines: readonly CodeLine[],
  address: number,
  instructionOffset: number,
  count: number,
): Dap.DisassembledInstruction[] {
  const { image } = session.current.target;
  const { pointerSize } = image.profile;
  const first = lines.findIndex((line) => line.address >= address) + instructionOffset;
  const [start, end] = [lines[0]?.address ?? 0, lines.at(-1)?.address ?? 0];
  return Array.from({ length: count }, (_, i) => {
    const line = lines[first + i];
    if (line !== undefined) return scenarioInstruction(session, line);
    // There is nothing before the first and behind the last one: addresses go on all the same.
    const beyond =
      first + i < 0 ? start + (first + i) * 4 : end + (first + i - lines.length + 1) * 4;
    return invalid(formatAddress(beyond, pointerSize));
  });
}

const invalid = (address: string): Dap.DisassembledInstruction => ({
  address,
  instruction: '??',
  presentationHint: 'invalid',
});

function scenarioInstruction(session: Session, line: CodeLine): Dap.DisassembledInstruction {
  const { image, scenario } = session.current.target;
  const program = scenario?.program;
  const range = line.statement < 0 ? undefined : program?.range(line.statement);
  const { counting } = session;
  return defined({
    address: formatAddress(line.address, image.profile.pointerSize),
    instructionBytes: line.words.map((word) => (word >>> 0).toString(16)).join(' '),
    instruction: line.text,
    symbol: line.begins,
    ...(range !== undefined &&
      program !== undefined && {
        location: {
          name: program.file(line.statement).name,
          path: program.file(line.statement).path,
        },
        line: counting.toTheirLine(range.line),
        column: counting.toTheirColumn(range.column),
        endLine: counting.toTheirLine(range.endLine),
        endColumn: counting.toTheirColumn(range.endColumn),
      }),
  });
}

function ofMemory(
  session: Session,
  address: number,
  instructionOffset: number,
  count: number,
): Dap.DisassembledInstruction[] {
  const { image } = session.current.target;
  const { pointerSize } = image.profile;
  const read = (at: number, sizeBytes: number): Uint8Array =>
    locateMemory(image, formatAddress(at, pointerSize), 0)?.read(sizeBytes) ?? new Uint8Array(0);
  return disassembled(image.profile, read, { address, instructionOffset, count }).map((one) =>
    one.bytes.length === 0
      ? invalid(formatAddress(one.address, pointerSize))
      : defined({
          address: formatAddress(one.address, pointerSize),
          instructionBytes: [...one.bytes]
            .map((byte) => byte.toString(16).padStart(2, '0'))
            .join(' '),
          instruction: one.text,
          symbol: one.symbol,
        }),
  );
}
