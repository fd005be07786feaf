/**
 * The call stack of a task between two statements: where each function is, and where its variables lie.
 */
import type { CType } from '../../engine/types/model.js';
import type { Boundary, CompiledFunction, Program } from '../compile/program.js';
import type { Variable } from '../semantics/scope.js';
import type { Position, Span } from '../syntax/span.js';
import type { Control, StackUse } from './control.js';
import { behindTheKernel, END_OF_THREAD, type TaskStack } from './taskStack.js';

/** Where a task, or a frame of it, stands. Lines and columns count from 1. */
export interface Location extends Position {
  /** The included file that it is in; undefined: the scenario itself. */
  readonly path: string | undefined;
  readonly span: Span;
  /** Index among the boundaries of the program. */
  readonly boundary: number;
  /** `main`, the task's name, or the function's. */
  readonly function: string;
}

export interface Frame {
  readonly task: number;
  /** 0: the innermost. */
  readonly depth: number;
  readonly function: CompiledFunction;
  /** The statement about to run, or, in an outer frame, the one whose call has not returned. */
  readonly boundary: Boundary;
  readonly location: Location;
  /** Virtual address of the frame. */
  readonly address: number;
  readonly use: StackUse;
}

/** A variable in view. */
export interface Local {
  readonly name: string;
  readonly type: CType;
  readonly address: number;
  readonly kind: 'local' | 'parameter' | 'global';
  /** Where its name is declared in the text. */
  readonly offset: number;
}

export class Frames {
  private readonly locations: (Location | undefined)[] = [];

  constructor(
    private readonly program: Program,
    private readonly control: Control,
    /** One of its own: walking it disturbs nobody. */
    private readonly stack: TaskStack,
  ) {}

  /** Innermost first; empty when the task has ended or was never started. */
  of(task: number): Frame[] {
    const status = this.control.status(task);
    if (!this.control.isCreated(task) || status === 'ended') return [];
    const frames: Frame[] = [];
    this.stack.placeAt(task, this.control.stack(task));
    let index = this.boundaryOf(task);
    while (index >= 0) {
      const boundary = this.program.boundaries[index] as Boundary;
      const { address, use } = this.stack;
      const callee = this.program.functions[boundary.function] as CompiledFunction;
      const location = this.locationOf(index);
      const depth = frames.length;
      frames.push({ task, depth, function: callee, boundary, location, address, use });
      if (callee.kind !== 'function') break;
      // What is returned to may be the next statement: the call is what stands before.
      const returnPc = this.stack.pop();
      if (returnPc === END_OF_THREAD) break;
      index = boundaryBefore(this.program, behindTheKernel(returnPc) - 1);
    }
    return frames;
  }

  /** The frame of a function that the kernel has called, inside a statement of a task. */
  inside(task: number, index: number, use: StackUse): Frame {
    const boundary = this.program.boundaries[index] as Boundary;
    this.stack.placeAt(task, use);
    return {
      task,
      depth: 0,
      function: this.program.functions[boundary.function] as CompiledFunction,
      boundary,
      location: this.locationOf(index),
      address: this.stack.address,
      use,
    };
  }

  depth(task: number): number {
    return this.of(task).length;
  }

  location(task: number): Location | undefined {
    if (this.control.status(task) === 'ended') return undefined;
    const index = this.boundaryOf(task);
    return index < 0 ? undefined : this.locationOf(index);
  }

  /** Of a boundary; made once, asked at every step. */
  locationOf(index: number): Location {
    return (this.locations[index] ??= this.makeLocation(index));
  }

  private makeLocation(index: number): Location {
    const boundary = this.program.boundaries[index] as Boundary;
    const { span } = boundary;
    const { file, line, column } = this.program.sources.position(span.start);
    const name = this.program.functions[boundary.function]?.name ?? '';
    return { line, column, path: file.path, span, boundary: index, function: name };
  }

  /** Locals and parameters in view, innermost block first; a name that hides another comes before it. */
  locals(frame: Frame): Local[] {
    const locals: Local[] = [];
    for (let at = frame.boundary.visible; at !== undefined; at = at.outer)
      locals.push(localAt(at.variable, frame.address));
    return locals;
  }

  /** The variables of the top level. */
  globals(): Local[] {
    return this.program.globals.map((variable) => ({ ...localAt(variable, 0), kind: 'global' }));
  }

  /** The boundary where a task stands: at its pc, or, when it has not started yet, its first. -1: it has none. */
  private boundaryOf(task: number): number {
    const pc = this.control.pc(task);
    const index = boundaryBefore(this.program, pc);
    if (index >= 0 && this.program.boundaries[index]?.pc === pc) return index;
    // A child stands in the statement whose fork() has made it.
    if (this.control.resumes(task) !== undefined) return index;
    // A task died inside of a statement.
    if (this.control.status(task) === 'failed') return index;
    const next = this.program.boundaries[index + 1];
    const first =
      this.control.threadFunction(task) ?? this.program.tasks[this.control.origin(task)]?.function;
    return next?.function === first ? index + 1 : -1;
  }
}

function localAt(variable: Variable, frameAddress: number): Local {
  const { name, type, storage, location, parameter, span } = variable;
  const address = storage === 'frame' ? frameAddress + location : location;
  return { name, type, address, kind: parameter ? 'parameter' : 'local', offset: span.start };
}

/** Index of the last boundary at or before a pc: the statement that the code there belongs to. */
export function boundaryBefore({ boundaries }: Program, pc: number): number {
  let low = -1;
  let high = boundaries.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((boundaries[middle]?.pc ?? 0) <= pc) low = middle;
    else high = middle - 1;
  }
  return low;
}
