/**
 * The scenario as the debugger looks at it: its text and statements, its tasks and their frames, and how it ends. A dump
 * that is only looked into has no scenario (inspection.ts).
 */
import type { ScenarioCode } from './scenarioCode.js';
import type { StackUse } from '../../scenario/index.js';
import type { Place } from '../../engine/types/access.js';

/** Lines and columns count from 1; the end is exclusive. */
export interface TextRange {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** The scenario's own text, or a file that it includes. */
export interface ScenarioFile {
  readonly path: string;
  readonly name: string;
  readonly text: string;
}

export interface ScenarioProgram {
  readonly path: string;
  readonly name: string;
  /** The scenario itself comes first. */
  readonly files: readonly ScenarioFile[];
  readonly main: ScenarioFile;
  /** File, line and column of an offset. */
  position(offset: number): {
    readonly file: ScenarioFile;
    readonly line: number;
    readonly column: number;
  };
  /** Where a statement stands in its file. */
  range(statement: number): TextRange;
  file(statement: number): ScenarioFile;
  /** Statements that a breakpoint can stand at, by number. */
  readonly nrStatements: number;
  /** The first statements of the functions and tasks of that name. */
  entriesOf(name: string): readonly number[];
  readonly functionNames: readonly string[];
  readonly code: ScenarioCode;
  /** Whether a statement is the first one of its function. */
  isFirst(statement: number): boolean;
  /** Whether nobody has written it: it calls main(), or a function of the module. */
  isMade(statement: number): boolean;
  /** The scenario's functions that a statement calls by name, in the order of its code. */
  callsOf(statement: number): readonly string[];
  /** What a statement calls of the kernel that allocates objects or areas: the last one's name. */
  allocates(statement: number): string | undefined;
  /** The function that a statement stands in; `main` for those outside of functions and tasks. */
  functionAt(statement: number): {
    readonly name: string;
    readonly kind: 'main' | 'task' | 'function';
  };
}

export interface ScenarioTask {
  readonly id: number;
  readonly name: string;
  /** Where the scenario is a process, or several. */
  readonly pid: number | undefined;
  /** `waits for page lock 0xffffea0000040000`; '' when it can run. */
  readonly state: string;
  readonly over: boolean;
}

export interface ScenarioFrame {
  readonly name: string;
  /** The scenario's own statements, outside of functions and tasks. */
  readonly isScript: boolean;
  readonly file: ScenarioFile;
  readonly range: TextRange;
  /** Number of the statement that it is in. */
  readonly statement: number;
}

export interface ScenarioVariable {
  readonly name: string;
  readonly place: Place;
  readonly parameter: boolean;
  /** Where its name is declared in the text. */
  readonly offset: number;
}

export interface ScenarioView {
  readonly program: ScenarioProgram;
  tasks(): readonly ScenarioTask[];
  /** Numbers of those that have begun and are not over. */
  liveTasks(): readonly number[];
  /** Innermost first. Of a task that has ended: where its text does. */
  frames(task: number): readonly ScenarioFrame[];
  /** The variables in view in a frame, innermost block first. */
  locals(task: number, frame: number): readonly ScenarioVariable[];
  /** A function that the kernel has called, inside a statement: where it stands, and its variables in view. */
  calledFrame(statement: number): ScenarioFrame;
  calledLocals(task: number, statement: number, use: StackUse): readonly ScenarioVariable[];
  /** Variables of the scenario outside of functions. */
  globals(): readonly ScenarioVariable[];
  /** Makes a task go on at another statement of the function that it is in. An edit. */
  setNextStatement(task: number, statement: number): void;
  /** What it has come to: 0 when every expectation held and no task died or waits for ever. */
  exitCode(): number;
  /** Cells of the tape that count what `expect` came to: those that held, those that failed. */
  readonly expectCells: { readonly held: number; readonly failed: number };
  /** What it has come to, in words: expectations, and what was not given back. */
  summary(): string;
  /** Which task waits for which, when none can go on although not everything is done. */
  deadlock(): string | undefined;
}
