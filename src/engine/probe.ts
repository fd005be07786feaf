/**
 * What the instrumented compile of `src/engine/kernel` reports to.
 *
 * The instrumented kernel (see scripts/instrument.mjs) calls `enterFunction` at each function's start, `atStatement` before
 * each statement, `leaveFunction` at its end. Runs are deterministic, so the n-th call is the same one in each: who wants to
 * step into a statement of the scenario replays it and listens (src/adapter/time/statementTrace.ts).
 *
 * This module holds the engine's only variable that outlives a call: who listens. It is not state of the machine.
 */
/** Ids from here on are of functions, and of statements, that the kernel calls and does not have: a scenario's. */
export const FOREIGN = 1 << 24;

/** How kernel sources are shown: printed as C, or as they are. */
export type KernelLanguage = 'c' | 'typescript';

export interface FunctionPlace {
  /** `mm/page_alloc.c`, or the file inside `src/engine/kernel/`. */
  readonly file: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** A function of the instrumented kernel. */
export interface ProbedFunction extends Readonly<Record<KernelLanguage, FunctionPlace>> {
  readonly name: string;
  /** C types of parameters and locals by name, as far as the engine's types say them. */
  readonly locals: Readonly<Record<string, string>>;
  /** Those that can be set, in the order of their numbers. */
  readonly settable: readonly string[];
}

/** The tables that the instrumenter writes beside the code. */
export interface ProbeTables {
  readonly functions: readonly ProbedFunction[];
  /** C types of the members of structures that are objects of the engine, in no memory: `struct vm_fault *`. */
  readonly structures: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** statement id -> function id. */
  readonly statementFunction: readonly number[];
  /** statement id -> line in its file, from 1. */
  readonly statementLine: Readonly<Record<KernelLanguage, readonly number[]>>;
  /** File name -> the text that the lines count in. */
  readonly sources: Readonly<Record<KernelLanguage, Readonly<Record<string, string>>>>;
}

/** Values of locals by name, at the moment of the call. */
export type LocalsThunk = () => Readonly<Record<string, unknown>>;

/** Gives a local of an active function another value, by its number among the settable ones; others are passed over. */
export type LocalSetter = (number: number, value: unknown) => void;

export interface ProbeListener {
  /** `set` may be called until the function is left. */
  enter(functionId: number, set: LocalSetter): void;
  /** `locals` may be asked until the function is left, and then tells the values of that time. */
  at(statementId: number, locals: LocalsThunk): void;
  leave(): void;
}

let listener: ProbeListener | undefined;

export function enterFunction(functionId: number, set: LocalSetter): void {
  listener?.enter(functionId, set);
}

export function atStatement(statementId: number, locals: LocalsThunk): void {
  listener?.at(statementId, locals);
}

export function leaveFunction(): void {
  listener?.leave();
}

/** Runs `run` with `next` hearing what the instrumented kernel does. */
export function listenTo<T>(next: ProbeListener, run: () => T): T {
  const before = listener;
  listener = next;
  try {
    return run();
  } finally {
    listener = before;
  }
}
