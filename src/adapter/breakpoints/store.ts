/**
 * What breakpoints the client has set, with their ids, and what became of each. The client's lists replace one another;
 * a breakpoint that is set again unchanged keeps its id and its count of hits.
 *
 * Source: DAP setBreakpoints, setFunctionBreakpoints, setDataBreakpoints, setExceptionBreakpoints.
 */
import type { Dap } from '../protocol/dap.js';
import { defined } from '../protocol/dap.js';
import type { Place } from '../time/place.js';
import type { Armed, ArmedBreakpoint, ArmedException, ArmedHappening } from './armed.js';
import { modeIn } from './breakpointModes.js';
import type { ConditionCheck } from './conditionCheck.js';
import { watchedWords } from './dataTarget.js';
import { ACCESSES, type DataWatch } from './dataWatch.js';
import { EXCEPTION_FILTERS, INSIDE, type ExceptionFilter } from './exceptionFilters.js';
import { chosenFilters, type ChosenFilters } from './exceptionOptions.js';
import { HAPPENINGS } from './happenings/index.js';
import type { Locator } from './locator.js';
import { Trigger, type TriggerText } from './trigger.js';

/** A breakpoint the client has set, and its binding. */
interface Kept<Request> {
  readonly id: number;
  readonly request: Request;
  readonly trigger: Trigger;
  state: Omit<Dap.Breakpoint, 'id'>;
}

export interface OwnBreakpoint {
  readonly id: number;
  readonly dataId: string;
  /** Why it is not armed. */
  readonly problem?: string;
}

interface FilterRequest extends TriggerText {
  readonly filterId: string;
  /** An option has switched it off. */
  readonly off?: boolean;
}
type LineRequest = Dap.SourceBreakpoint & { readonly source: Dap.Source };

export class BreakpointStore {
  private nextId = 1;
  private readonly lines = new Map<string, Kept<LineRequest>[]>();
  private functions: Kept<Dap.FunctionBreakpoint>[] = [];
  private instructions: Kept<Dap.InstructionBreakpoint>[] = [];
  private data: Kept<Dap.DataBreakpoint>[] = [];
  /** Data breakpoints that are in no list of the client's: they are set, shown and taken away in the window Memory. */
  private own: Kept<Dap.DataBreakpoint>[] = [];
  /** Those named by themselves, then those that an option has chosen. */
  private exceptions: Kept<FilterRequest>[] = [];
  private nrNamed = 0;
  private chosen: readonly ChosenFilters[] = [];

  setLines(key: string, source: Dap.Source, requests: readonly Dap.SourceBreakpoint[]): void {
    const wanted = requests.map((request) => ({ ...request, source }));
    const kept = this.keep(this.lines.get(key) ?? [], wanted);
    if (kept.length === 0) this.lines.delete(key);
    else this.lines.set(key, kept);
  }

  setFunctions(requests: readonly Dap.FunctionBreakpoint[]): void {
    this.functions = this.keep(this.functions, requests);
  }

  setData(requests: readonly Dap.DataBreakpoint[]): void {
    this.data = this.keep(this.data, requests);
  }

  /** The same thing once. */
  addOwn(dataId: string): void {
    if (this.own.some(({ request }) => request.dataId === dataId)) return;
    this.own = this.keep(this.own, [...this.own.map(({ request }) => request), { dataId }]);
  }

  /** False: there is none with that id. */
  removeOwn(id: number): boolean {
    const { length } = this.own;
    this.own = this.own.filter((kept) => kept.id !== id);
    return this.own.length < length;
  }

  get ownData(): readonly OwnBreakpoint[] {
    return this.own.map(({ id, request: { dataId }, state: { verified, message } }) => ({
      id,
      dataId,
      ...(!verified && { problem: message ?? '' }),
    }));
  }

  setInstructions(requests: readonly Dap.InstructionBreakpoint[]): void {
    this.instructions = this.keep(this.instructions, requests);
  }

  setExceptions(args: Dap.SetExceptionBreakpointsArguments): void {
    const { filters, filterOptions = [], exceptionOptions = [] } = args;
    const named: FilterRequest[] = [...filters.map((filterId) => ({ filterId })), ...filterOptions];
    this.chosen = exceptionOptions.map(chosenFilters);
    this.nrNamed = named.length;
    const idsOf = (never: boolean): readonly string[] =>
      this.chosen
        .filter(({ breakMode }) => (breakMode === 'never') === never)
        .flatMap(({ filterIds }) => filterIds);
    const isNamed = (id: string): boolean => named.some(({ filterId }) => filterId === id);
    const more = [...new Set(idsOf(false))].filter((id) => !isNamed(id));
    const off = idsOf(true);
    this.exceptions = this.keep(
      this.exceptions,
      [...named, ...more.map((filterId): FilterRequest => ({ filterId }))].map(
        ({ filterId, condition }) => ({ filterId, condition, off: off.includes(filterId) }),
      ),
    );
  }

  /** One a filter, then one an option, in the order of the request. */
  answersOfExceptions(): Dap.Breakpoint[] {
    return [
      ...answers(this.exceptions.slice(0, this.nrNamed)),
      ...this.chosen.map(({ problem }): Dap.Breakpoint =>
        problem === undefined
          ? { verified: true }
          : { verified: false, reason: 'failed', message: problem },
      ),
    ];
  }

  answersOfLines(key: string): Dap.Breakpoint[] {
    return answers(this.lines.get(key) ?? []);
  }

  answersOfFunctions(): Dap.Breakpoint[] {
    return answers(this.functions);
  }

  answersOfInstructions(): Dap.Breakpoint[] {
    return answers(this.instructions);
  }

  answersOfData(): Dap.Breakpoint[] {
    return answers(this.data);
  }

  /** An edit has cut off what lay after a place: hits there do not count any more. */
  forgetHitsAfter(place: Place): void {
    const all = [
      ...[...this.lines.values()].flat(),
      ...this.functions,
      ...this.instructions,
      ...this.data,
      ...this.own,
    ];
    for (const { trigger } of [...all, ...this.exceptions]) trigger.forgetAfter(place);
  }

  /** Binds everything anew. Gives the breakpoints whose state has changed. */
  arm(locator: Locator): { readonly armed: Armed; readonly changed: Dap.Breakpoint[] } {
    const of = locator.conditions;
    const statements = new Map<number, ArmedBreakpoint[]>();
    const kernelStatements = new Map<number, ArmedBreakpoint[]>();
    const kernelFunctions = new Map<number, ArmedBreakpoint[]>();
    const happenings: ArmedHappening[] = [];
    const changed: Dap.Breakpoint[] = [];
    const settle = (
      kept: Kept<TriggerText>,
      state: Omit<Dap.Breakpoint, 'id'>,
      check: (condition: string | undefined) => string | undefined,
    ): boolean => {
      const problem =
        kept.trigger.problem ?? (state.verified ? check(kept.request.condition) : undefined);
      const next: Omit<Dap.Breakpoint, 'id'> =
        problem === undefined
          ? state
          : { ...state, verified: false, reason: 'failed', message: problem };
      if (JSON.stringify(next) !== JSON.stringify(kept.state) && !this.isOwn(kept.id))
        changed.push({ id: kept.id, ...next });
      kept.state = next;
      return next.verified;
    };

    for (const kept of [...this.lines.values()].flat()) {
      const { source, line, column } = kept.request;
      const found = locator.line(source, line, column);
      const { statements: own, kernelStatements: inKernel } = found;
      const check = inKernel.length > 0 ? of.inFunctionsOf(inKernel) : of.atStatements(own);
      if (!settle(kept, found.state, check)) continue;
      const armed: ArmedBreakpoint = { id: kept.id, reason: 'breakpoint', trigger: kept.trigger };
      for (const statement of found.statements) push(statements, statement, armed);
      for (const statement of found.kernelStatements) push(kernelStatements, statement, armed);
    }
    for (const kept of this.functions) {
      const found = locator.fn(kept.request.name);
      if (!settle(kept, found.state, checkOfFunction(found, of))) continue;
      const { id, trigger } = kept;
      const armed = { id, reason: 'function breakpoint', trigger } as const;
      if (found.happening !== undefined) happenings.push({ ...armed, happening: found.happening });
      for (const statement of found.statements) push(statements, statement, armed);
      for (const fn of found.kernelFunctions) push(kernelFunctions, fn, armed);
    }
    for (const kept of this.instructions) {
      const found = locator.instruction(kept.request);
      if (!settle(kept, found.state, checkOfFunction(found, of))) continue;
      const { id, trigger } = kept;
      const armed = { id, reason: 'instruction breakpoint', trigger } as const;
      for (const statement of found.statements) push(statements, statement, armed);
      for (const fn of found.kernelFunctions) push(kernelFunctions, fn, armed);
    }
    const data: DataWatch[] = [];
    for (const kept of [...this.data, ...this.own]) {
      const found = watchOf(kept, locator);
      const { watch } = found;
      const check = watch === undefined ? NO_CHECK : of.onChange(watch.target);
      if (settle(kept, found.state, check) && watch !== undefined) data.push(watch);
    }
    const exceptions: ArmedException[] = [];
    for (const [i, kept] of this.exceptions.entries()) {
      const { filterId, off } = kept.request;
      const { trigger } = kept;
      const filter = EXCEPTION_FILTERS.find(({ id }) => id === filterId);
      const check = filter === undefined ? NO_CHECK : of.ofFilter(filter, HAPPENINGS);
      // Of what an option has chosen, the client knows no breakpoint that could change.
      const isSound = i >= this.nrNamed || settle(kept, stateOf(filterId, filter), check);
      if (!isSound || filter === undefined || off === true) continue;
      exceptions.push({ filter, trigger });
      if (filterId === INSIDE)
        for (const happening of HAPPENINGS)
          happenings.push({ happening, reason: 'exception', trigger });
    }
    return {
      armed: {
        statements,
        kernelStatements,
        kernelFunctions,
        data,
        exceptions,
        happenings,
      },
      changed,
    };
  }

  /** The client knows nothing of it. */
  private isOwn(id: number): boolean {
    return this.own.some((kept) => kept.id === id);
  }

  private keep<Request extends TriggerText>(
    before: readonly Kept<Request>[],
    wanted: readonly Request[],
  ): Kept<Request>[] {
    const left = [...before];
    return wanted.map((request) => {
      const text = JSON.stringify(request);
      const index = left.findIndex((kept) => JSON.stringify(kept.request) === text);
      const [same] = index < 0 ? [] : left.splice(index, 1);
      return (
        same ?? {
          id: this.nextId++,
          request,
          trigger: new Trigger(request),
          state: PENDING,
        }
      );
    });
  }
}

const PENDING: Omit<Dap.Breakpoint, 'id'> = {
  verified: false,
  reason: 'pending',
  message: 'The scenario has not been loaded yet.',
};

const NO_CHECK = (): undefined => undefined;

/** Names of the scenario's function where it has one of that name, else of the kernel's or of what happens inside it. */
function checkOfFunction(
  found: Pick<ReturnType<Locator['fn']>, 'statements' | 'kernelFunctions' | 'happening'>,
  of: ConditionCheck,
) {
  const { statements, kernelFunctions, happening } = found;
  if (happening !== undefined) return of.onHappening(happening);
  return kernelFunctions.length > 0 ? of.inFunctions(kernelFunctions) : of.atStatements(statements);
}

function stateOf(
  filterId: string,
  filter: ExceptionFilter | undefined,
): Omit<Dap.Breakpoint, 'id'> {
  if (filter !== undefined) return { verified: true };
  const message = `There is no exception filter '${filterId}'.`;
  return { verified: false, reason: 'failed', message };
}

const answers = (kept: readonly Kept<unknown>[]): Dap.Breakpoint[] =>
  kept.map(({ id, state }) => ({ id, ...state }));

function push(map: Map<number, ArmedBreakpoint[]>, key: number, breakpoint: ArmedBreakpoint): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [breakpoint]);
  else list.push(breakpoint);
}

function watchOf(
  { id, request, trigger }: Kept<Dap.DataBreakpoint>,
  locator: Locator,
): { readonly state: Omit<Dap.Breakpoint, 'id'>; readonly watch?: DataWatch } {
  const failed = (message: string) =>
    ({ state: { verified: false, reason: 'failed', message } }) as const;
  const { machine } = locator;
  const { accessType: access = 'write' } = request;
  if (!ACCESSES.includes(access))
    return failed(`'${access}' is not an access: write ${ACCESSES.join(', ')}.`);
  if (machine === undefined) return { state: PENDING };
  const { bare, mode } = modeIn(request.dataId);
  const target = locator.dataTarget(bare);
  const words = target && watchedWords(machine.image, target.place);
  if (target === undefined || words === undefined)
    return failed(`'${request.dataId}' does not name memory of this machine.`);
  return {
    state: defined({ verified: true, message: target.label }),
    watch: { id, target, words, trigger, access, before: mode === 'before' },
  };
}
