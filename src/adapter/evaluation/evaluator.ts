/** Expressions of C, evaluated where the machine stands: what breakpoints, hovers, watches and the console share. */
import type { Place, ScalarValue } from '../../engine/types/access.js';
import type { Pieces, StackUse } from '../../scenario/index.js';
import type { CType } from '../../engine/types/model.js';

/** A typed value: in memory where it is an object, by itself where it is a scalar. */
export interface Evaluated {
  readonly type: CType;
  /** Where the object lies. */
  readonly place?: Place;
  /** Of a scalar. */
  readonly value?: ScalarValue;
}

/** A name that only the debugger knows: a kernel function's local, `old` and `new` of a data breakpoint. */
export interface ExtraName {
  readonly name: string;
  readonly type: CType;
  readonly value: ScalarValue;
  /** A variable of the scenario that has the name is meant instead. */
  readonly weak?: true;
}

/** The frame of a function that the kernel has called back: where it stands, and what of the task's stack is in use there. */
export interface InsideFrame {
  readonly statement: number;
  readonly use: StackUse;
}

/** Where an expression is looked at from. */
export interface Viewpoint {
  readonly task: number;
  /** Of the task's active functions: 0 is the innermost. */
  readonly frame: number;
  readonly extra?: readonly ExtraName[];
  /** In place of a frame between two statements. */
  readonly inside?: InsideFrame;
  /** What of the task's stack is in use by the innermost function that the kernel has called back. */
  readonly below?: StackUse;
}

/** Places where an expression may come to be evaluated. */
export interface Whereabouts {
  /** Statements that are about to run; undefined: any. */
  readonly statements?: readonly number[] | undefined;
  /** Names that are known there; their values do not matter. */
  readonly extra: readonly ExtraName[];
}

export interface Evaluator {
  /**
   * The value of an expression, which changes nothing unless `effects` allow it.
   * @throws AdapterError `cannotEvaluate` with the sentence that says why
   */
  evaluate(expression: string, at: Viewpoint, effects?: 'allowed'): Evaluated;
  /** As {@link evaluate}, in pieces, between which others are let through that do not use the machine. */
  evaluating(
    expression: string,
    at: Viewpoint,
    effects: 'allowed' | undefined,
    mayRest: () => boolean,
  ): Pieces<Evaluated>;
  /** Why an expression cannot be evaluated, without evaluating it; undefined when it can be. */
  problemWith(expression: string, where: Whereabouts): string | undefined;
  /** Names that mean something anywhere, those of the scenario apart; `prefix` narrows them. */
  names(prefix: string): Iterable<KnownName>;
}

export interface KnownName {
  readonly name: string;
  readonly kind: 'function' | 'variable' | 'enum' | 'keyword';
  readonly detail?: string;
}

/** Whether C takes the value for true. */
export const isTrue = ({ value, place }: Evaluated): boolean =>
  value === undefined ? place !== undefined : value !== 0 && value !== 0n;
