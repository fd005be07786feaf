/**
 * Evaluating expressions at a boundary.
 *
 * Without side effects an expression only reads: it never touches the tape, wherever the cursor is. With them it runs like a
 * statement would; if it faults or would have to wait, what it did is undone.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { KernelFault } from '../../engine/machine/events.js';
import type { ScalarValue } from '../../engine/types/access.js';
import type { CType } from '../../engine/types/model.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import {
  compileExpression,
  stringsAddress,
  type CompiledExpression,
} from '../compile/expression.js';
import type { Boundary, Program } from '../compile/program.js';
import {
  naturalValue,
  sizeOfRepr,
  convert,
  type Repr,
  type Value,
} from '../semantics/arithmetic.js';
import { CTypes, isPointer } from '../semantics/cTypes.js';
import type { BitRange } from '../semantics/ir.js';
import type { Diagnostic } from '../syntax/diagnostic.js';
import type { Control, StackUse } from './control.js';
import type { Frame } from './frames.js';
import type { Machine } from './machine.js';
import type { Outcome } from './outcome.js';
import type { ScenarioMemory } from './memory.js';

/** A value with its type; of an object, also where it is. */
export interface Evaluated {
  readonly ok: true;
  readonly type: CType;
  /** Of a scalar. Pointers and 64-bit values as {@link ScalarValue} has them. */
  readonly value: ScalarValue | undefined;
  /** Of an object; a value has none. */
  readonly address: number | undefined;
  /** Bytes behind it, where no number holds the whole address (engine/types/access.ts: Place). */
  readonly rest?: number;
  /** Of a bit-field. */
  readonly bits: BitRange | undefined;
}

export interface EvaluationError {
  readonly ok: false;
  /** One sentence. */
  readonly message: string;
}

export type Evaluation = Evaluated | EvaluationError;

export interface EvaluateOptions {
  readonly sideEffects?: boolean;
  /** The kernel that its calls go to; the machine's own when absent. */
  readonly kernel?: KernelCalls;
  /** What of the task's stack is in use inside a statement, where the kernel has called a function. */
  readonly below?: StackUse | undefined;
  /** Names with values of their own, `$old` and `$new` of a data breakpoint for instance. */
  readonly values?: Readonly<Record<string, { readonly type: CType; readonly value: ScalarValue }>>;
}

const CACHE_LIMIT = 500;

/** Something that is done in pieces: between two it says whether it can be given up, and leave nothing behind. */
export type Pieces<T> = Generator<boolean, T>;

export class Evaluator {
  private readonly types: CTypes;
  private readonly cache = new Map<string, CompiledExpression>();

  constructor(
    private readonly program: Program,
    private readonly image: KernelImage,
    private readonly machine: Machine,
    private readonly memory: ScenarioMemory,
    private readonly control: Control,
  ) {
    this.types = new CTypes(program.profile.types);
  }

  evaluate(text: string, frame: Frame | undefined, options: EvaluateOptions = {}): Evaluation {
    const evaluating = this.evaluating(text, frame, options);
    for (;;) {
      const step = evaluating.next();
      if (step.done === true) return step.value;
    }
  }

  /**
   * The same in pieces: stops where `mayRest` says that others are to be let through. They must not use the machine meanwhile. What it has
   * done is undone when it is given up.
   */
  *evaluating(
    text: string,
    frame: Frame | undefined,
    options: EvaluateOptions = {},
    mayRest?: () => boolean,
  ): Pieces<Evaluation> {
    const sideEffects = options.sideEffects ?? false;
    const compiled = this.compiled(text, frame, sideEffects, options.values);
    if ('message' in compiled) return compiled;
    const run = sideEffects
      ? yield* this.runWithEffects(compiled, frame, options.below, mayRest)
      : yield* this.runPure(compiled, frame, mayRest);
    if (run.failure !== undefined) return { ok: false, message: run.failure };
    try {
      return this.withStrings(compiled, () => this.result(compiled, run.value ?? 0));
    } catch (error) {
      if (error instanceof KernelFault) return { ok: false, message: error.text };
      throw error;
    }
  }

  /** Why an expression that only reads cannot be evaluated at a boundary. */
  problemWith(
    text: string,
    boundary: Boundary | undefined,
    values: EvaluateOptions['values'],
  ): string | undefined {
    const { expression, diagnostics } = compileExpression(text, {
      program: this.program,
      boundary,
      frameAddress: 0,
      sideEffects: false,
      ...(values && { values: this.asSigned(values) }),
    });
    return expression === undefined ? firstProblem(diagnostics) : undefined;
  }

  private compiled(
    text: string,
    frame: Frame | undefined,
    sideEffects: boolean,
    values: EvaluateOptions['values'],
  ): CompiledExpression | EvaluationError {
    const cacheable = !sideEffects && values === undefined;
    const key = `${frame?.location.boundary ?? -1} ${text}`;
    const known = cacheable ? this.cache.get(key) : undefined;
    if (known !== undefined) return known;
    const { expression, diagnostics } = compileExpression(text, {
      program: this.program,
      boundary: frame?.boundary,
      frameAddress: frame?.address ?? 0,
      sideEffects,
      ...(values && { values: this.asSigned(values) }),
    });
    if (expression === undefined) return { ok: false, message: firstProblem(diagnostics) };
    if (this.cache.size >= CACHE_LIMIT) this.cache.clear();
    if (cacheable) this.cache.set(key, expression);
    return expression;
  }

  /** Values as the machine keeps them. */
  private asSigned(values: NonNullable<EvaluateOptions['values']>) {
    return Object.fromEntries(
      Object.entries(values).map(([name, { type, value }]) => {
        const exact = typeof value === 'bigint' ? BigInt.asIntN(64, value) : value;
        return [name, { type, value: convert(exact, this.types.repr(type) ?? 'i64') }];
      }),
    );
  }

  private withStrings<T>({ strings }: CompiledExpression, action: () => T): T {
    const start = stringsAddress(this.program);
    this.memory.overlay = strings.length > 0 ? { start, bytes: strings } : undefined;
    try {
      return action();
    } finally {
      this.memory.overlay = undefined;
    }
  }

  /** Runs code that only reads, in the frame itself. */
  private runPure(
    compiled: CompiledExpression,
    frame: Frame | undefined,
    mayRest: (() => boolean) | undefined,
  ): Pieces<Run> {
    const { machine } = this;
    const use = frame?.use ?? { bytes: 0, shadow: 0 };
    const start = (): Outcome =>
      machine.runInFrame(frame?.task ?? 0, use, compiled, compiled.entry);
    return this.run(
      compiled,
      start,
      () => machine.looking(() => machine.resume()),
      mayRest,
      () => true,
    );
  }

  /** Runs code that may change things, in a frame below all others; undoes it if it fails or is given up. */
  private *runWithEffects(
    compiled: CompiledExpression,
    frame: Frame | undefined,
    below: StackUse | undefined,
    mayRest: (() => boolean) | undefined,
  ): Pieces<Run> {
    const { machine } = this;
    const { tape } = this.image;
    const task = frame?.task ?? this.control.currentTask;
    const before = tape.cursor;
    tape.hold();
    const start = (): Outcome => machine.runBelow(task, compiled, compiled.entry, below);
    let isDone = false;
    try {
      const run = yield* this.run(
        compiled,
        start,
        () => machine.resume(),
        mayRest,
        // What history no longer holds cannot be undone.
        () => tape.start <= before,
      );
      isDone = run.failure === undefined;
      return run;
    } finally {
      if (!isDone) tape.seek(before);
    }
  }

  private *run(
    compiled: CompiledExpression,
    start: () => Outcome,
    resume: () => Outcome,
    mayRest: (() => boolean) | undefined,
    canGiveUp: () => boolean,
  ): Pieces<Run> {
    const { machine } = this;
    const slice = (run: () => Outcome): Outcome => {
      machine.mayRest = mayRest;
      try {
        return this.withStrings(compiled, run);
      } finally {
        machine.mayRest = undefined;
      }
    };
    let outcome = slice(start);
    while (outcome.kind === 'unfinished') {
      yield canGiveUp();
      outcome = slice(resume);
    }
    switch (outcome.kind) {
      case 'end':
        return { value: machine.values.at(-1), failure: undefined };
      case 'bug':
        return { value: undefined, failure: outcome.text.replace(/^BUG: /, '') };
      case 'blocked':
        return {
          value: undefined,
          failure: `the expression would have to wait for a ${outcome.reason.kind}`,
        };
      case 'boundary':
        throw new Error('an expression has no boundaries');
    }
  }

  private result(compiled: CompiledExpression, value: Value): Evaluation {
    const { type, bits, result } = compiled;
    const none = { ok: true as const, type, value: undefined, address: undefined, bits };
    if (result === 'void') return none;
    if (result === 'value') return { ...none, value: this.scalar(type, value) };
    // What lies in a string literal of the expression itself is gone with it, and so has no address.
    const place = this.placeOf(value);
    if (this.types.repr(type) === undefined) {
      if (place !== undefined) return { ...none, ...place };
      return { ok: false, message: 'string literals cannot be inspected here' };
    }
    return { ...none, value: this.scalar(type, this.load(type, value, bits)), ...place };
  }

  private placeOf(value: Value): Pick<Evaluated, 'address' | 'rest'> | undefined {
    if (typeof value === 'number')
      return this.memory.inOverlay(value) ? undefined : { address: value };
    const signed = BigInt.asIntN(64, value);
    return { address: Number(signed & ~7n), rest: Number(signed & 7n) };
  }

  private load(type: CType, address: Value, bits: BitRange | undefined): Value {
    const repr = this.types.scalarRepr(type);
    if (bits === undefined) return convert(this.memory.load(address, sizeOfRepr[repr]), repr);
    const { unitBytes, offset, width } = bits;
    return this.memory.loadBits(address, unitBytes, { offset, width, signed: isSigned(repr) });
  }

  /** A value as the typed access of the engine has it. */
  private scalar(type: CType, value: Value): ScalarValue {
    const repr = this.types.repr(type);
    if (isPointer(type)) return typeof value === 'bigint' ? BigInt.asUintN(64, value) : value;
    return repr === undefined ? value : naturalValue(value, repr);
  }
}

interface Run {
  readonly value: Value | undefined;
  readonly failure: string | undefined;
}

const firstProblem = (diagnostics: readonly Diagnostic[]): string =>
  diagnostics.find(({ severity }) => severity === 'error')?.message ?? 'this is not an expression';

const isSigned = (repr: Repr): boolean => repr.startsWith('i');
