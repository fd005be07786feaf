/**
 * Where breakpoints bind: a line of the scenario or of the engine's kernel moves to the next statement there is; a name
 * to a function of either, or to what happens inside the allocator. Lines and columns count from 1 here, whatever the client does.
 */
import type { KernelLanguage } from '../../engine/probe.js';
import { tables } from '../../engine/entry/instrumented.js';
import { asVirt, formatAddress, parseAddress } from '../../engine/memory/address.js';
import { nearest } from '../../scenario/syntax/suggest.js';
import type { MachineContext } from '../present/context.js';
import { defined, type Dap } from '../protocol/dap.js';
import {
  kernelFileOf,
  kernelFunctionsNamed,
  kernelLines,
  kernelPlace,
  kernelSource,
} from '../debuggee/kernelSources.js';
import type { ScenarioFile, ScenarioProgram } from '../debuggee/scenario.js';
import type { ConditionCheck } from './conditionCheck.js';
import { parseDataId, type DataTarget } from './dataTarget.js';
import type { Happening } from './happenings/happening.js';
import { happeningOf, HAPPENINGS } from './happenings/index.js';

interface LineBinding {
  readonly state: Omit<Dap.Breakpoint, 'id'>;
  readonly statements: readonly number[];
  readonly kernelStatements: readonly number[];
}

interface InstructionBinding {
  readonly state: Omit<Dap.Breakpoint, 'id'>;
  readonly statements: readonly number[];
  readonly kernelFunctions: readonly number[];
}

interface FunctionBinding {
  readonly state: Omit<Dap.Breakpoint, 'id'>;
  readonly statements: readonly number[];
  readonly kernelFunctions: readonly number[];
  readonly happening?: Happening;
}

const unbound = (message: string): Omit<Dap.Breakpoint, 'id'> => ({
  verified: false,
  reason: 'failed',
  message,
});

const NOTHING_RUNS = 'This session does not run a scenario.';

const NO_INSTRUCTION: InstructionBinding = {
  state: unbound(
    'No instruction of the scenario is there, and no other ones run here: functions of the kernel are run line by line. Write the address of a function with a symbol, or set a function breakpoint.',
  ),
  statements: [],
  kernelFunctions: [],
};

export class Locator {
  constructor(
    /** The scenario being debugged; undefined when there is none (yet). */
    readonly program: ScenarioProgram | undefined,
    /** The file of that scenario that a source of the client is. */
    private readonly fileOf: (source: Dap.Source) => ScenarioFile | undefined,
    readonly machine: MachineContext | undefined,
    private readonly knownTargets: ReadonlyMap<string, DataTarget>,
    /** Which of the kernel's texts the client is shown. */
    private readonly language: KernelLanguage,
    readonly conditions: ConditionCheck,
  ) {}

  /** What a data id denotes; undefined when it denotes nothing in this machine. */
  dataTarget(dataId: string): DataTarget | undefined {
    const known = this.knownTargets.get(dataId);
    if (known !== undefined || this.machine === undefined) return known;
    return parseDataId(this.machine, dataId);
  }

  /** Another kernel's dump: mmscope's kernel does not run there, not even from the console. */
  private get isForeign(): boolean {
    return this.machine?.image.dumped !== undefined;
  }

  line(source: Dap.Source, line: number, column: number | undefined): LineBinding {
    const file = this.isForeign ? undefined : kernelFileOf(source);
    if (file !== undefined) return this.kernelLine(file, line);
    const own = this.fileOf(source);
    if (this.program === undefined || own === undefined)
      return {
        state: unbound(
          this.program === undefined
            ? NOTHING_RUNS
            : `This file is not the scenario being debugged (${this.program.name}).`,
        ),
        statements: [],
        kernelStatements: [],
      };
    const statements = statementsAt(this.program, own, line, column);
    const [first] = statements;
    if (first === undefined)
      return {
        state: unbound('There is no statement at or after this line.'),
        statements: [],
        kernelStatements: [],
      };
    const range = this.program.range(first);
    const moved =
      range.line === line ? undefined : `Moved to the next statement, line ${range.line}.`;
    return {
      state: defined({ verified: true, source, ...range, message: moved }),
      statements,
      kernelStatements: [],
    };
  }

  fn(name: string): FunctionBinding {
    if (this.isForeign)
      return { state: unbound(NOTHING_RUNS), statements: [], kernelFunctions: [] };
    const bare = name.trim().replace(/\(.*\)$/, '');
    const statements = this.program?.entriesOf(bare) ?? [];
    const kernelFunctions = kernelFunctionsNamed(bare);
    const [kernel] = kernelFunctions;
    const [own] = statements;
    if (own !== undefined && this.program !== undefined)
      return {
        state: { verified: true, ...this.program.range(own) },
        statements,
        kernelFunctions,
      };
    const place = kernel === undefined ? undefined : kernelPlace(kernel, this.language);
    if (place !== undefined)
      return {
        state: { verified: true, source: kernelSource(place.file), line: place.startLine },
        statements,
        kernelFunctions,
      };
    const happening = happeningOf(bare);
    const state =
      happening === undefined
        ? unbound(this.unknownFunction(bare))
        : { verified: true, message: messageOf(happening) };
    return { state, statements: [], kernelFunctions: [], ...(happening && { happening }) };
  }

  /**
   * An instruction of the scenario: the machine stops at the beginning of its statement. Or a function of the kernel, by its symbol's
   * address: it has no instructions here, but it is entered.
   */
  instruction({ instructionReference, offset = 0 }: Dap.InstructionBreakpoint): InstructionBinding {
    const { program, machine } = this;
    const pointerSize = machine?.profile.pointerSize ?? 8;
    const base = parseAddress(instructionReference.trim(), pointerSize);
    const statement = base === undefined ? undefined : program?.code.statementAt(base + offset);
    if (program === undefined || base === undefined || statement === undefined)
      return base === undefined ? NO_INSTRUCTION : this.kernelEntry(base + offset);
    const address = program.code.addressOf(statement);
    const moved =
      address === base + offset
        ? undefined
        : 'Moved to the beginning of its statement: a scenario stops between statements.';
    return {
      state: defined({
        verified: true,
        instructionReference: formatAddress(address, pointerSize),
        source: sourceOf(program.file(statement)),
        ...program.range(statement),
        message: moved,
      }),
      statements: [statement],
      kernelFunctions: [],
    };
  }

  private kernelEntry(address: number): InstructionBinding {
    const { machine } = this;
    const found = this.isForeign ? undefined : machine?.profile.symbolAt(asVirt(address));
    if (machine === undefined || found?.offset !== 0) return NO_INSTRUCTION;
    const { name } = found.symbol;
    const kernelFunctions = kernelFunctionsNamed(name);
    const [first] = kernelFunctions;
    const place = first === undefined ? undefined : kernelPlace(first, this.language);
    if (place === undefined) return NO_INSTRUCTION;
    return {
      state: {
        verified: true,
        instructionReference: formatAddress(address, machine.profile.pointerSize),
        source: kernelSource(place.file),
        line: place.startLine,
        message: `The entry of ${name}(): mmscope runs functions of the kernel line by line.`,
      },
      statements: [],
      kernelFunctions,
    };
  }

  private kernelLine(file: string, wanted: number): LineBinding {
    const lines = kernelLines(file);
    const line = [...lines.keys()].find((one) => one >= wanted);
    if (line === undefined)
      return {
        state: unbound('There is no statement of a kernel function at or after this line.'),
        statements: [],
        kernelStatements: [],
      };
    const moved = line === wanted ? undefined : `Moved to the next statement, line ${line}.`;
    return {
      state: defined({ verified: true, source: kernelSource(file), line, message: moved }),
      statements: [],
      kernelStatements: lines.get(line) ?? [],
    };
  }

  private unknownFunction(name: string): string {
    const names = [
      ...(this.program?.functionNames ?? []),
      ...tables.functions.map((fn) => fn.name),
      ...HAPPENINGS.map(({ id }) => id),
    ];
    const near = nearest(name, names);
    const hint = near === undefined ? '' : ` Did you mean '${near}'?`;
    return `Neither the scenario nor mmscope's kernel has a function '${name}'.${hint}`;
  }
}

const sourceOf = ({ name, path }: ScenarioFile): Dap.Source => ({ name, path });

const messageOf = ({ description, knows, example }: Happening): string =>
  `${description} A condition may use ${knows.split(' ').join(', ')}: ${example}`;

/** The statements a line breakpoint stops at: the first one of the first line at or after the one asked for that has any. */
function statementsAt(
  program: ScenarioProgram,
  file: ScenarioFile,
  line: number,
  column: number | undefined,
): readonly number[] {
  const ranges = Array.from({ length: program.nrStatements }, (_, statement) => ({
    statement,
    range: program.range(statement),
  })).filter(({ statement }) => program.file(statement) === file);
  const lines = ranges.map(({ range }) => range.line).filter((one) => one >= line);
  if (lines.length === 0) return [];
  const bound = Math.min(...lines);
  const onLine = ranges
    .filter(({ range }) => range.line === bound)
    .sort((a, b) => a.range.column - b.range.column);
  const wanted =
    column === undefined || bound !== line
      ? onLine[0]
      : (onLine.find(({ range }) => range.endColumn > column || range.endLine > bound) ??
        onLine.at(-1));
  return wanted === undefined
    ? []
    : onLine
        .filter(({ range }) => range.column === wanted.range.column)
        .map(({ statement }) => statement);
}
