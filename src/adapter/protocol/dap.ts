/**
 * The vocabulary of the Debug Adapter Protocol, as types: which requests there are, what each takes and gives.
 *
 * Source: @vscode/debugprotocol 1.68. Types only: nothing of that package is in the bundle.
 */
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { NumberFormat } from '../../engine/types/format.js';
import type { WriteArguments, WriteBody } from '../../engine/view/history.js';
import type { Exchange, ViewRequests } from '../../engine/view/viewRequests.js';

export type { Dap };

type BodyOf<Response extends { readonly body?: unknown }> = NonNullable<Response['body']>;

/** Attributes of a launch configuration: package.json's `configurationAttributes`. */
export interface LaunchArguments extends Dap.LaunchRequestArguments {
  /** A scenario. */
  readonly program?: string;
  /** A dump of memory: the machine of the scenario, or what to look into when there is none. */
  readonly core?: string;
  /** The other parts of a split dump. */
  readonly parts?: readonly string[];
  /** Of the dumped kernel, where the dump does not tell symbols and types: its vmlinux, or System.map and raw BTF. */
  readonly vmlinux?: string;
  readonly systemMap?: string;
  readonly btf?: string;
  /** A recorded state, likewise. */
  readonly state?: string;
  /** The kernel build of a core, where the core does not say it. */
  readonly profile?: string;
  readonly stopOnEntry?: boolean;
  /** The machine stops at the scenario's end; true unless it is said, and never without debugging. */
  readonly stopAtEnd?: boolean;
  /** What kernel frames show: `c` (default), `typescript`, or the files of a Linux source tree, by its path. */
  readonly kernelSource?: string;
  /** Memory for the tape. */
  readonly historyMiB?: number;
  /** How integers are written: `auto` (default), `hex` or `decimal`. */
  readonly numberFormat?: string;
  /** Write the protocol's messages to the debug console, or to the file of that name. */
  readonly trace?: boolean | string;
}

/** Answer of `mmscope/hash`: the state at the cursor, for tests and for comparing two sessions. */
interface HashBody {
  readonly hash: string;
  readonly position: number;
}

/** Answer of `mmscope/numberFormat`: the format that holds now. */
interface NumberFormatBody {
  readonly format: NumberFormat;
}

/** Every request that is answered with more than "unknown request". */
export interface Requests extends ViewRequests {
  cancel: Exchange<Dap.CancelArguments, undefined>;
  initialize: Exchange<Dap.InitializeRequestArguments, Dap.Capabilities>;
  configurationDone: Exchange<undefined, undefined>;
  launch: Exchange<LaunchArguments, undefined>;
  restart: Exchange<Dap.RestartArguments | undefined, undefined>;
  disconnect: Exchange<Dap.DisconnectArguments | undefined, undefined>;
  terminate: Exchange<Dap.TerminateArguments | undefined, undefined>;
  breakpointLocations: Exchange<
    Dap.BreakpointLocationsArguments,
    BodyOf<Dap.BreakpointLocationsResponse>
  >;
  setBreakpoints: Exchange<Dap.SetBreakpointsArguments, BodyOf<Dap.SetBreakpointsResponse>>;
  setFunctionBreakpoints: Exchange<
    Dap.SetFunctionBreakpointsArguments,
    BodyOf<Dap.SetFunctionBreakpointsResponse>
  >;
  setExceptionBreakpoints: Exchange<
    Dap.SetExceptionBreakpointsArguments,
    BodyOf<Dap.SetExceptionBreakpointsResponse>
  >;
  dataBreakpointInfo: Exchange<
    Dap.DataBreakpointInfoArguments,
    BodyOf<Dap.DataBreakpointInfoResponse>
  >;
  setDataBreakpoints: Exchange<
    Dap.SetDataBreakpointsArguments,
    BodyOf<Dap.SetDataBreakpointsResponse>
  >;
  stepInTargets: Exchange<Dap.StepInTargetsArguments, BodyOf<Dap.StepInTargetsResponse>>;
  gotoTargets: Exchange<Dap.GotoTargetsArguments, BodyOf<Dap.GotoTargetsResponse>>;
  goto: Exchange<Dap.GotoArguments, undefined>;
  restartFrame: Exchange<Dap.RestartFrameArguments, undefined>;
  continue: Exchange<Dap.ContinueArguments, BodyOf<Dap.ContinueResponse>>;
  next: Exchange<Dap.NextArguments, undefined>;
  stepIn: Exchange<Dap.StepInArguments, undefined>;
  stepOut: Exchange<Dap.StepOutArguments, undefined>;
  stepBack: Exchange<Dap.StepBackArguments, undefined>;
  reverseContinue: Exchange<Dap.ReverseContinueArguments, undefined>;
  pause: Exchange<Dap.PauseArguments, undefined>;
  terminateThreads: Exchange<Dap.TerminateThreadsArguments, undefined>;
  threads: Exchange<undefined, BodyOf<Dap.ThreadsResponse>>;
  stackTrace: Exchange<Dap.StackTraceArguments, BodyOf<Dap.StackTraceResponse>>;
  scopes: Exchange<Dap.ScopesArguments, BodyOf<Dap.ScopesResponse>>;
  variables: Exchange<Dap.VariablesArguments, BodyOf<Dap.VariablesResponse>>;
  setVariable: Exchange<Dap.SetVariableArguments, BodyOf<Dap.SetVariableResponse>>;
  source: Exchange<Dap.SourceArguments, BodyOf<Dap.SourceResponse>>;
  modules: Exchange<Dap.ModulesArguments, BodyOf<Dap.ModulesResponse>>;
  disassemble: Exchange<Dap.DisassembleArguments, BodyOf<Dap.DisassembleResponse>>;
  setInstructionBreakpoints: Exchange<
    Dap.SetInstructionBreakpointsArguments,
    BodyOf<Dap.SetInstructionBreakpointsResponse>
  >;
  loadedSources: Exchange<Dap.LoadedSourcesArguments, BodyOf<Dap.LoadedSourcesResponse>>;
  evaluate: Exchange<Dap.EvaluateArguments, BodyOf<Dap.EvaluateResponse>>;
  setExpression: Exchange<Dap.SetExpressionArguments, BodyOf<Dap.SetExpressionResponse>>;
  completions: Exchange<Dap.CompletionsArguments, BodyOf<Dap.CompletionsResponse>>;
  exceptionInfo: Exchange<Dap.ExceptionInfoArguments, BodyOf<Dap.ExceptionInfoResponse>>;
  readMemory: Exchange<Dap.ReadMemoryArguments, BodyOf<Dap.ReadMemoryResponse>>;
  writeMemory: Exchange<Dap.WriteMemoryArguments, BodyOf<Dap.WriteMemoryResponse>>;
  'mmscope/hash': Exchange<undefined, HashBody>;
  'mmscope/export': Exchange<{ readonly path: string }, { readonly sizeBytes: number }>;
  'mmscope/lastWrite': Exchange<WriteArguments, WriteBody>;
  'mmscope/nextWrite': Exchange<WriteArguments, WriteBody>;
  'mmscope/numberFormat': Exchange<{ readonly format?: string } | undefined, NumberFormatBody>;
  locations: Exchange<Dap.LocationsArguments, BodyOf<Dap.LocationsResponse>>;
}

export type Command = keyof Requests;

/** Events that the adapter sends, with their bodies. */
export interface Events {
  initialized: undefined;
  stopped: Dap.StoppedEvent['body'];
  continued: Dap.ContinuedEvent['body'];
  exited: Dap.ExitedEvent['body'];
  terminated: NonNullable<Dap.TerminatedEvent['body']> | undefined;
  process: Dap.ProcessEvent['body'];
  thread: Dap.ThreadEvent['body'];
  output: Dap.OutputEvent['body'];
  breakpoint: Dap.BreakpointEvent['body'];
  invalidated: Dap.InvalidatedEvent['body'];
  memory: Dap.MemoryEvent['body'];
  progressStart: Dap.ProgressStartEvent['body'];
  progressUpdate: Dap.ProgressUpdateEvent['body'];
  progressEnd: Dap.ProgressEndEvent['body'];
}

/** An object without the members that are undefined: absent and undefined are not the same in JSON schemas. */
export type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

export function defined<T extends object>(value: T): Defined<T> {
  const made: Record<string, unknown> = {};
  // A loop rather than entries: every variable of every stop goes through here.
  for (const key of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) made[key] = member;
  }
  return made as Defined<T>;
}
