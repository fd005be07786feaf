/**
 * A compiled script: code, and everything the machine and the debugger need to know about it. Nothing in it changes.
 */
import type { CType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';
import type { Builtin } from '../builtins/builtin.js';
import type { Repr, Value, Width } from '../semantics/arithmetic.js';
import type { Scope, ScriptFunction, Variable, VisibleVariable } from '../semantics/scope.js';
import type { WindowLayout } from '../semantics/window.js';
import type { MacroTable } from '../syntax/preprocess.js';
import type { Sources } from '../syntax/sources.js';
import type { Span } from '../syntax/span.js';

/** A place between statements: the machine's whole state is on the tape there. */
export interface Boundary {
  readonly pc: number;
  /** The statement that is about to run. */
  readonly span: Span;
  /** Index among the functions of the program. */
  readonly function: number;
  /** Variables of the function in view, innermost first. */
  readonly visible: VisibleVariable | undefined;
  readonly scope: Scope;
  /** It calls main(), or a function of the module, as nobody has written it. */
  readonly isMade?: true;
}

export interface ParameterSlot {
  readonly offset: number;
  /** How a scalar is stored; undefined for a struct, of which the caller gives the address. */
  readonly repr: Repr | undefined;
  readonly sizeBytes: number;
}

/** A function of the scenario, the body of a task, or the scenario itself. */
export interface CompiledFunction {
  readonly name: string;
  readonly kind: 'main' | 'task' | 'function';
  readonly entry: number;
  readonly frameBytes: number;
  /** Words that the machine keeps for itself while the function runs. */
  readonly shadowWords: number;
  readonly parameters: readonly ParameterSlot[];
  /** Where the frame keeps the address for a struct result. */
  readonly resultSlot: number | undefined;
  /** Name and definition, for breakpoints on functions. */
  readonly span: Span;
}

export interface CompiledTask {
  readonly name: string;
  /** Index of its body among the functions. Task 0 is the scenario itself. */
  readonly function: number;
}

export interface SwitchTable {
  /** What the values are compared in. */
  readonly width: Width;
  readonly cases: readonly { readonly low: Value; readonly high: Value; readonly target: number }[];
  readonly otherwise: number;
}

/** A call of a builtin, or an operand whose value is noted, as it stands in the text. */
export interface CallSite {
  readonly span: Span;
  /** Of an operand. */
  readonly type?: CType;
}

export interface Program {
  /** The scenario and the files that it includes; spans lead into them. */
  readonly sources: Sources;
  readonly profile: Profile;
  readonly window: WindowLayout;
  readonly code: Int32Array;
  readonly constants: readonly Value[];
  readonly switches: readonly SwitchTable[];
  readonly builtins: readonly Builtin[];
  readonly sites: readonly CallSite[];
  /** Sorted by pc; its index is the boundary's number. */
  readonly boundaries: readonly Boundary[];
  /** The scenario's functions come first: their index is that of {@link ScriptFunction}. */
  readonly functions: readonly CompiledFunction[];
  readonly tasks: readonly CompiledTask[];
  readonly strings: Uint8Array;
  /** Bytes of top-level and static variables. */
  readonly dataBytes: number;
  /** CPUs that have their own of some of these; 1 where none does. */
  readonly nrDataCopies: number;
  readonly globals: readonly Variable[];
  readonly globalScope: Scope;
  readonly declaredFunctions: readonly ScriptFunction[];
  readonly macros: MacroTable;
}

/**
 * What stands first among the words that the machine keeps for a frame, out of the scenario's reach: return pc, bytes of stack
 * and words of shadow that the caller has in use. Values that wait for a call, and CPUs to go back to, follow.
 */
export const SHADOW_HEADER_WORDS = 3;
/** Words that a value needs while it waits for a call to return. */
export const SPILL_WORDS = 2;
