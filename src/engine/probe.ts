/**
 * What the instrumented compile of `src/engine/kernel` reports to, and the recordings made of it.
 *
 * The instrumented kernel (see scripts/instrument.mjs) calls `enterFunction` at each function's start, `atStatement` before
 * each statement, `leaveFunction` at its end. Each `atStatement` is a *microstep*. A statement of the scenario is stepped
 * into by running it once under `recordMicrosteps` (where was each microstep on the tape?) and, for the locals at one of
 * them, once more under `captureLocals`. Runs are deterministic, so microstep n is the same one in each.
 *
 * This module holds the engine's only variable that outlives a call: who listens. It is not state of the machine.
 */
import type { Tape } from './memory/tape.js';

/** A function of the instrumented kernel. */
export interface ProbedFunction {
  readonly name: string;
  /** File name inside `src/engine/kernel/`. */
  readonly file: string;
  readonly startLine: number;
  readonly endLine: number;
  /** C types of parameters and locals by name, as far as the engine's types say them. */
  readonly locals: Readonly<Record<string, string>>;
}

/** The tables that the instrumenter writes beside the code. */
export interface ProbeTables {
  readonly functions: readonly ProbedFunction[];
  /** statement id -> function id. */
  readonly statementFunction: readonly number[];
  /** statement id -> line in its file, from 1. */
  readonly statementLine: readonly number[];
  /** File name -> the text that the lines count in. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Values of locals by name at the moment of the call. */
export type LocalsThunk = () => Readonly<Record<string, unknown>>;

interface Listener {
  enter(functionId: number): void;
  at(statementId: number, locals: LocalsThunk): void;
  leave(): void;
}

let listener: Listener | undefined;

export function enterFunction(functionId: number): void {
  listener?.enter(functionId);
}

export function atStatement(statementId: number, locals: LocalsThunk): void {
  listener?.at(statementId, locals);
}

export function leaveFunction(): void {
  listener?.leave();
}

/** The microsteps of one run, as parallel arrays. */
export interface Recording {
  readonly length: number;
  /** Tape position before the microstep's statement runs. */
  position(index: number): number;
  statementId(index: number): number;
  /** 1 for a function called by the scenario, 2 for one called by that, ... */
  depth(index: number): number;
  /** Whether the microstep is the first of its function's activation. */
  isEntry(index: number): boolean;
  /** The run had more microsteps than `limit`: the rest was not recorded. */
  readonly truncated: boolean;
}

class GrowingRecording implements Recording, Listener {
  length = 0;
  truncated = false;
  private positions = new Float64Array(1024);
  private statements = new Int32Array(1024);
  /** depth * 2 + entry. */
  private depths = new Int32Array(1024);
  private currentDepth = 0;
  private entered = false;

  constructor(
    private readonly tape: Tape,
    private readonly limit: number,
  ) {}

  enter(): void {
    this.currentDepth++;
    this.entered = true;
  }

  at(statementId: number): void {
    const index = this.length;
    if (index === this.limit) {
      this.truncated = true;
      return;
    }
    if (index === this.positions.length) this.grow();
    this.positions[index] = this.tape.cursor;
    this.statements[index] = statementId;
    this.depths[index] = this.currentDepth * 2 + (this.entered ? 1 : 0);
    this.entered = false;
    this.length = index + 1;
  }

  leave(): void {
    this.currentDepth--;
    this.entered = false;
  }

  position(index: number): number {
    return this.positions[index] ?? 0;
  }

  statementId(index: number): number {
    return this.statements[index] ?? 0;
  }

  depth(index: number): number {
    return (this.depths[index] ?? 0) >> 1;
  }

  isEntry(index: number): boolean {
    return ((this.depths[index] ?? 0) & 1) === 1;
  }

  private grow(): void {
    const capacity = this.positions.length * 2;
    const positions = new Float64Array(capacity);
    positions.set(this.positions);
    this.positions = positions;
    const statements = new Int32Array(capacity);
    statements.set(this.statements);
    this.statements = statements;
    const depths = new Int32Array(capacity);
    depths.set(this.depths);
    this.depths = depths;
  }
}

/** Runs `run` (which must use the instrumented kernel) and records its microsteps, at most `limit` of them. */
export function recordMicrosteps<T>(
  tape: Tape,
  run: () => T,
  limit = 4_000_000,
): { readonly result: T; readonly recording: Recording } {
  const recording = new GrowingRecording(tape, limit);
  return { result: listening(recording, run), recording };
}

/** One active kernel function at a microstep, innermost first in a capture. */
export interface ProbedFrame {
  readonly functionId: number;
  readonly statementId: number;
  readonly locals: Readonly<Record<string, unknown>>;
}

/** Ends a captured run early; never seen outside of this module. */
class Captured extends Error {}

class Capture implements Listener {
  frames: ProbedFrame[] | undefined;
  private readonly stack: { functionId: number; statementId: number; locals: LocalsThunk }[] = [];
  private count = 0;

  constructor(private readonly index: number) {}

  enter(functionId: number): void {
    this.stack.push({ functionId, statementId: -1, locals: () => ({}) });
  }

  at(statementId: number, locals: LocalsThunk): void {
    const top = this.stack[this.stack.length - 1];
    if (top === undefined) return;
    top.statementId = statementId;
    top.locals = locals;
    if (this.count++ !== this.index) return;
    this.frames = this.stack
      .map((frame) => ({
        functionId: frame.functionId,
        statementId: frame.statementId,
        locals: frame.locals(),
      }))
      .reverse();
    throw new Captured();
  }

  leave(): void {
    this.stack.pop();
  }
}

/**
 * Runs `run` from the same state as the recording and stops it at microstep `index`: the active kernel functions there,
 * innermost first, with their locals. Memory is then at that microstep. Undefined if the run has no such microstep.
 */
export function captureLocals(
  index: number,
  run: () => unknown,
): readonly ProbedFrame[] | undefined {
  const capture = new Capture(index);
  try {
    listening(capture, run);
  } catch (error) {
    if (!(error instanceof Captured)) throw error;
  }
  return capture.frames;
}

function listening<T>(next: Listener, run: () => T): T {
  const before = listener;
  listener = next;
  try {
    return run();
  } finally {
    listener = before;
  }
}
