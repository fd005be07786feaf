/** A scenario that runs, as the debugger looks at it: a reading of the scenario room's machine. */
import { asVirt } from '../../engine/memory/address.js';
import { placeAt } from '../../engine/types/access.js';
import {
  codeOfBoundary,
  decode,
  endSummary,
  notGivenBackTexts,
  firstBoundary,
  handsOut,
  type Local,
  type Program,
  type ScenarioVm,
  type StackUse,
} from '../../scenario/index.js';
import { scenarioCode } from './scenarioCode.js';
import type {
  ScenarioFile,
  ScenarioFrame,
  ScenarioProgram,
  ScenarioTask,
  ScenarioVariable,
  ScenarioView,
  TextRange,
} from './scenario.js';

export class RunningScenario implements ScenarioView {
  readonly program: ScenarioProgram;

  constructor(
    private readonly vm: ScenarioVm,
    path: string,
    name: string,
  ) {
    this.program = programView(vm.program, path, name);
  }

  tasks(): readonly ScenarioTask[] {
    return this.vm
      .tasks()
      .filter(({ status }) => status !== 'new')
      .map(({ id, name, pid, status }) => ({
        id,
        name,
        pid: this.vm.isProcess ? pid : undefined,
        state:
          status === 'waiting'
            ? (this.vm.waitOf(id)?.what ?? 'can run again')
            : status === 'ready'
              ? ''
              : status,
        over: status === 'ended' || status === 'failed',
      }));
  }

  liveTasks(): readonly number[] {
    return this.vm
      .tasks()
      .filter(({ status }) => status === 'ready' || status === 'waiting')
      .map(({ id }) => id);
  }

  frames(task: number): readonly ScenarioFrame[] {
    const frames = this.vm.frames(task).map((frame) => ({
      name: frame.function.name,
      isScript: frame.function.kind === 'main',
      file: this.program.file(frame.location.boundary),
      range: this.program.range(frame.location.boundary),
      statement: frame.location.boundary,
    }));
    return frames.length > 0 ? frames : [this.endOf(task)];
  }

  /** A task that has ended stands behind its last line. */
  private endOf(task: number): ScenarioFrame {
    const { program } = this.vm;
    const index = this.vm.tasks()[task]?.function ?? -1;
    const fn = program.functions[index];
    const isScript = fn?.kind === 'main';
    const last = program.boundaries.findLastIndex((boundary) => boundary.function === index);
    const { line, column } = program.sources.position(program.sources.main.text.trimEnd().length);
    const atEnd: TextRange = { line, column, endLine: line, endColumn: column };
    return {
      name: fn?.name ?? '?',
      isScript,
      file: isScript ? this.program.main : this.program.file(last),
      range: isScript ? atEnd : this.program.range(last),
      statement: last,
    };
  }

  locals(task: number, frame: number): readonly ScenarioVariable[] {
    const at = this.vm.frames(task)[frame];
    return at === undefined ? [] : this.inView(at);
  }

  calledFrame(statement: number): ScenarioFrame {
    return {
      name: this.program.functionAt(statement).name,
      isScript: false,
      file: this.program.file(statement),
      range: this.program.range(statement),
      statement,
    };
  }

  calledLocals(task: number, statement: number, use: StackUse): readonly ScenarioVariable[] {
    return this.inView(this.vm.frameInside(task, statement, use));
  }

  private inView(frame: ReturnType<ScenarioVm['frameInside']>): readonly ScenarioVariable[] {
    const seen = new Set<string>();
    // A name that hides another one comes first, and is the one that expressions mean.
    return this.vm
      .locals(frame)
      .map(variable)
      .filter(({ name }) => {
        const hidden = seen.has(name);
        seen.add(name);
        return !hidden;
      });
  }

  globals(): readonly ScenarioVariable[] {
    return this.vm.globals().map(variable);
  }

  setNextStatement(task: number, statement: number): void {
    this.vm.setNextBoundary(task, statement);
  }

  exitCode(): number {
    const { vm } = this;
    const wrong = vm.tasks().some(({ status }) => status === 'failed');
    return vm.failedExpects > 0 || wrong || vm.waits().length > 0 ? 1 : 0;
  }

  get expectCells(): { readonly held: number; readonly failed: number } {
    return this.vm.expectCells;
  }

  summary(): string {
    return endSummary(this.vm.expects, notGivenBackTexts(this.vm.holdings.notGivenBack()));
  }

  deadlock(): string | undefined {
    const texts = this.vm.deadlockTexts();
    return texts.length === 0 || nextTask(this.vm) !== undefined ? undefined : texts.join('; ');
  }
}

/** The task whose statement runs next; undefined when none can run. */
export function nextTask(vm: ScenarioVm): number | undefined {
  const { currentTask: current } = vm;
  const nrTasks = vm.tasks().length;
  for (let i = 0; i < nrTasks; i++) {
    const task = (current + i) % nrTasks;
    if (vm.canRun(task)) return task;
  }
  return undefined;
}

const variable = ({ name, type, address, kind, offset }: Local): ScenarioVariable => ({
  name,
  place: placeAt(asVirt(address), type),
  parameter: kind === 'parameter',
  offset,
});

const MAIN = { name: 'main', kind: 'main' } as const;

function programView(program: Program, path: string, name: string): ScenarioProgram {
  const { boundaries, functions, sources } = program;
  const files: readonly ScenarioFile[] = sources.files.map((file) => ({
    path: file.path ?? path,
    name: file.path === undefined ? name : (file.path.split(/[\\/]/).at(-1) ?? file.path),
    text: file.text,
  }));
  const fileAt = (offset: number): ScenarioFile =>
    files[sources.files.indexOf(sources.fileAt(offset))] as ScenarioFile;
  const ranges: readonly TextRange[] = boundaries.map(({ span }) => {
    const start = sources.position(span.start);
    // What goes on in another file ends, for its reader, where it begins.
    const end = sources.fileAt(span.end) === start.file ? sources.position(span.end) : start;
    return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
  });
  const filesOf = boundaries.map(({ span }) => fileAt(span.start));
  let known: ReadonlyMap<number, string> | undefined;
  const allocating = (): ReadonlyMap<number, string> =>
    (known ??= new Map(allocatingStatements(program)));
  return {
    path,
    name,
    files,
    main: files[0] as ScenarioFile,
    nrStatements: boundaries.length,
    position: (offset) => {
      const { line, column } = sources.position(offset);
      return { line, column, file: fileAt(offset) };
    },
    range: (statement) => ranges[statement] ?? { line: 1, column: 1, endLine: 1, endColumn: 1 },
    file: (statement) => filesOf[statement] ?? (files[0] as ScenarioFile),
    entriesOf: (wanted) =>
      functions.flatMap((fn, index) => {
        if (fn.name !== wanted || fn.kind === 'main') return [];
        const first = firstBoundary(program, index);
        return first === undefined ? [] : [first];
      }),
    code: scenarioCode(program),
    isFirst: (statement) =>
      firstBoundary(program, boundaries[statement]?.function ?? -1) === statement,
    callsOf: (statement) =>
      decode(program, ...codeOfBoundary(program, statement)).flatMap(({ name: op, operands }) =>
        op === 'CALL' ? [functions[operands[0] ?? -1]?.name ?? '?'] : [],
      ),
    isMade: (statement) => program.boundaries[statement]?.isMade === true,
    allocates: (statement) => allocating().get(statement),
    functionAt: (statement) => functions[boundaries[statement]?.function ?? 0] ?? MAIN,
    functionNames: functions.filter(({ kind }) => kind !== 'main').map((fn) => fn.name),
  };
}

/** Those statements, each with the last such call. */
const allocatingStatements = (program: Program): readonly (readonly [number, string])[] =>
  program.boundaries.flatMap((_, statement) => {
    const called = decode(program, ...codeOfBoundary(program, statement)).flatMap(
      ({ name, operands: [index = -1] }) => {
        const builtin = name === 'BUILTIN' ? program.builtins[index] : undefined;
        return builtin !== undefined && handsOut(builtin) ? [builtin.name] : [];
      },
    );
    const last = called.at(-1);
    return last === undefined ? [] : [[statement, last] as const];
  });
