/**
 * The breakpoints of a session bound to what it debugs: by statement, by kernel function, by watched word. Made anew
 * whenever the client sets breakpoints.
 */
import type { ExceptionFilter } from './exceptionFilters.js';
import type { DataWatch } from './dataWatch.js';
import type { Happening } from './happenings/happening.js';
import type { Trigger } from './trigger.js';

/** A breakpoint as a stop reports it. */
export interface ArmedBreakpoint {
  readonly id: number;
  readonly reason: 'breakpoint' | 'function breakpoint' | 'instruction breakpoint';
  readonly trigger: Trigger;
}

export interface ArmedException {
  readonly filter: ExceptionFilter;
  readonly trigger: Trigger;
}

/** Something that may happen inside the allocator: with all others as the exception filter, or as a function breakpoint of its name. */
export interface ArmedHappening {
  readonly happening: Happening;
  readonly reason: 'exception' | 'function breakpoint';
  /** Of a function breakpoint. */
  readonly id?: number;
  readonly trigger: Trigger;
}

export interface Armed {
  /** Line breakpoints and breakpoints on the scenario's functions: by statement of the scenario. */
  readonly statements: ReadonlyMap<number, readonly ArmedBreakpoint[]>;
  /** Line breakpoints in the engine's kernel sources: by statement id of the instrumented kernel. */
  readonly kernelStatements: ReadonlyMap<number, readonly ArmedBreakpoint[]>;
  /** By function id of the instrumented kernel. */
  readonly kernelFunctions: ReadonlyMap<number, readonly ArmedBreakpoint[]>;
  readonly data: readonly DataWatch[];
  readonly exceptions: readonly ArmedException[];
  readonly happenings: readonly ArmedHappening[];
}

export const NOTHING_ARMED: Armed = {
  statements: new Map(),
  kernelStatements: new Map(),
  kernelFunctions: new Map(),
  data: [],
  exceptions: [],
  happenings: [],
};

/** Whether statements must be walked with the instrumented kernel to find where these stop. */
export const needsWalk = ({ kernelStatements, kernelFunctions }: Armed): boolean =>
  kernelStatements.size > 0 || kernelFunctions.size > 0;

export const isAnythingArmed = (armed: Armed): boolean =>
  needsWalk(armed) ||
  armed.statements.size > 0 ||
  armed.data.length > 0 ||
  armed.exceptions.length > 0 ||
  armed.happenings.length > 0;

/** Whether a breakpoint prints instead of stopping. */
export const hasLogPoints = ({
  statements,
  kernelStatements,
  kernelFunctions,
  data,
}: Armed): boolean =>
  [statements, kernelStatements, kernelFunctions].some((map) =>
    [...map.values()].some((breakpoints) => breakpoints.some(({ trigger }) => trigger.prints)),
  ) || data.some(({ trigger }) => trigger.prints);
