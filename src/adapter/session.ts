/**
 * One debug session: what its topics share. It knows the client, the breakpoints and the target, and tells the client when
 * the target stops; every answer to a request is some topic's.
 *
 *     new -- initialize --> initialized -- launch --> loading --> ready -- configurationDone --> live --> over
 */
import type { KernelLanguage } from '../engine/probe.js';
import type { NumberFormat } from '../engine/types/format.js';
import { NOTHING_ARMED, type Armed } from './breakpoints/armed.js';
import type { DataTarget } from './breakpoints/dataTarget.js';
import { BreakpointStore } from './breakpoints/store.js';
import { Locator } from './breakpoints/locator.js';
import { Frames } from './debuggee/frames.js';
import type { LinuxSource } from './debuggee/linuxSource.js';
import { openDebuggee } from './debuggee/open.js';
import { Target } from './debuggee/target.js';
import type { Host } from './host.js';
import { numberFormatOf } from './present/numberFormat.js';
import { VariableStore } from './present/variableStore.js';
import type { ClientTraits } from './protocol/capabilities.js';
import type { Connection } from './protocol/connection.js';
import { Counting } from './protocol/counting.js';
import { defined, type Dap, type LaunchArguments } from './protocol/dap.js';
import { errors } from './protocol/errors.js';
import { Reporter } from './reporter.js';
import { RunControl, type Stopped } from './time/runControl.js';

/** What is debugged, with everything that dies with it. */
export interface Live {
  readonly target: Target;
  readonly run: RunControl;
  readonly reporter: Reporter;
  readonly frames: Frames;
  readonly variables: VariableStore;
  /** The stop the client was last told of. */
  stop: Stopped | undefined;
  /** The client knows that the scenario cannot go on. */
  deadlockTold: boolean;
}

export class Session {
  readonly breakpoints = new BreakpointStore();
  readonly counting = new Counting();
  traits: ClientTraits | undefined;
  launchArguments: LaunchArguments | undefined;
  /** Which of the kernel's texts is shown; functions that `linuxSource` has are shown there. */
  kernelLanguage: KernelLanguage = 'c';
  linuxSource: LinuxSource | undefined;
  /** How integers are written; undefined until the client or the launch says it. */
  numberFormat: NumberFormat | undefined;
  live: Live | undefined;
  /** Data ids that were given out, with the type and the name that the text alone does not say. */
  readonly dataTargets = new Map<string, DataTarget>();
  /** Resolves when a launch under way has loaded its target, or failed. */
  loading: Promise<void> = Promise.resolve();
  private configured = false;
  private started = false;
  private ended = false;

  constructor(
    readonly host: Host,
    readonly connection: Connection,
    /** Ends the conversation, when the client has disconnected and was answered. */
    readonly hangUp: () => void,
  ) {}

  dispose(): void {
    this.ended = true;
    this.unload();
  }

  /** The target of a request that the dispatcher has let through. */
  get current(): Live {
    if (this.live === undefined) throw errors.notLaunched('this');
    return this.live;
  }

  // --- life ----------------------------------------------------------------------------------------------------------

  /** Loads what the launch arguments name. */
  async load(args: LaunchArguments): Promise<void> {
    this.openLog(args.trace);
    this.numberFormat ??= numberFormatOf(args.numberFormat);
    const reporter = new Reporter(this.connection, this.counting);
    const { debuggee, close } = await openDebuggee(args, this.host, reporter);
    if (this.ended) {
      close();
      return;
    }
    const target = new Target(
      debuggee,
      close,
      () => this.armed,
      (position) => reporter.cutAt(position),
    );
    const run = new RunControl(target.timeline, target.stops, this.host, {
      stopped: (stop) => this.stopped(stop),
      ended: () => this.scenarioEnded(),
      logged: (hit) => reporter.line('console', hit.text, this.hereSource()),
      progressed: () => reporter.passed(target),
      atStart: () => reporter.line('console', 'This is the beginning of the recorded history.'),
      failed: (error) => this.runFailed(error),
    });
    this.live = {
      target,
      run,
      reporter,
      frames: new Frames(target),
      variables: new VariableStore(target.image.profile.pointerSize, this.traits),
      stop: undefined,
      deadlockTold: false,
    };
    this.started = false;
    this.arm();
  }

  private openLog(trace: LaunchArguments['trace']): void {
    if (typeof trace === 'string' && trace !== '')
      this.connection.log.open((line) => this.host.appendFile?.(trace, line));
    else if (trace === true)
      this.connection.log.open((output) =>
        this.connection.event('output', { category: 'console', output }),
      );
  }

  /** Ends the target; the session can load another one. */
  unload(): void {
    this.live?.run.dispose();
    this.live?.target.close();
    this.live = undefined;
  }

  configurationDone(): void {
    this.configured = true;
    this.startWhenReady();
  }

  /** Running begins when the target is loaded and the client configured, whichever comes last. */
  startWhenReady(): void {
    const { live } = this;
    if (live === undefined || !this.configured || this.started) return;
    this.started = true;
    const inspects = live.target.scenario === undefined;
    const args = this.launchArguments;
    if (inspects || (args?.stopOnEntry === true && args.noDebug !== true))
      this.stopped({ reason: 'entry', hits: [] });
    else this.runFromEntry(live);
  }

  /** A breakpoint on the first statement stops before anything runs. */
  private runFromEntry(live: Live): void {
    const hits = live.target.stops.at(live.target.timeline.place.boundary);
    const stops = hits.filter((hit) => hit.kind === 'stop');
    const [first] = stops;
    if (first === undefined) live.run.continue();
    else this.stopped({ reason: first.reason, hits: stops });
  }

  private stopped(stop: Stopped): void {
    const { live } = this;
    if (live === undefined) return;
    live.stop = stop;
    live.deadlockTold = false;
    live.reporter.passed(live.target);
    const ids = stop.hits.map(({ breakpointId }) => breakpointId).filter((id) => id !== undefined);
    this.connection.event(
      'stopped',
      defined({
        reason: stop.reason,
        description: describe(stop),
        text: stop.text,
        threadId: live.target.threadOf(live.target.currentTask()),
        allThreadsStopped: true,
        hitBreakpointIds: ids.length === 0 ? undefined : ids,
      }),
    );
  }

  /**
   * The machine is about to move: everything the client has been told about its state is void. A machine without a scenario
   * moves over the edits that were made to it.
   */
  moves(direction: 'forward' | 'backward' = 'forward'): Live {
    const live = this.current;
    const { scenario, timeline } = live.target;
    if (scenario === undefined && !timeline.hasEdits(direction)) throw errors.notRunnable();
    live.frames.clear();
    live.variables.clear();
    live.stop = undefined;
    return live;
  }

  /** Reports the end. A deadlock stops first, so that its tasks can be looked at. */
  private scenarioEnded(): void {
    const { live } = this;
    if (live === undefined) return;
    const { scenario } = live.target;
    if (scenario === undefined) {
      this.stopped({ reason: 'step', hits: [] });
      return;
    }
    live.reporter.passed(live.target);
    const deadlock = scenario.deadlock();
    if (deadlock !== undefined && !live.deadlockTold && this.launchArguments?.noDebug !== true) {
      this.stopped({ reason: 'exception', text: `deadlock: ${deadlock}`, hits: [] });
      live.deadlockTold = true;
      return;
    }
    if (deadlock !== undefined) live.reporter.line('stderr', `deadlock: ${deadlock}`);
    this.connection.event('exited', { exitCode: scenario.exitCode() });
    this.connection.event('terminated');
  }

  private runFailed(error: unknown): void {
    const { message } = errors.defect(error);
    this.connection.event('output', { category: 'important', output: `${message}\n` });
    this.stopped({ reason: 'pause', text: message, hits: [] });
  }

  // --- breakpoints ---------------------------------------------------------------------------------------------------

  private armed: Armed = NOTHING_ARMED;

  /** Binds the breakpoints anew, and tells the client of those that changed by it (not those it is being answered). */
  arm(except: ReadonlySet<number> = new Set()): void {
    const target = this.live?.target;
    // Until something is loaded, nothing can be said about a breakpoint.
    if (target === undefined) return;
    const program = target.scenario?.program;
    const locator = new Locator(
      program,
      (source) =>
        source.path === undefined
          ? undefined
          : program?.files.find(({ path }) => path === this.host.resolvePath(source.path ?? '')),
      target.context,
      this.dataTargets,
      this.kernelLanguage,
    );
    const { armed, changed } = this.breakpoints.arm(locator);
    this.armed = this.launchArguments?.noDebug === true ? NOTHING_ARMED : armed;
    target.stops.forget();
    for (const breakpoint of changed)
      if (!except.has(breakpoint.id ?? -1))
        this.connection.event('breakpoint', {
          reason: 'changed',
          breakpoint: this.counting.toTheirs(breakpoint),
        });
  }

  private hereSource(): Partial<Dap.OutputEvent['body']> {
    const { live } = this;
    const program = live?.target.scenario?.program;
    const statement = live?.target.timeline.boundaries.statement(
      live.target.timeline.place.boundary,
    );
    if (program === undefined || statement === undefined || statement < 0) return {};
    const { line } = program.range(statement);
    const { name, path } = program.file(statement);
    return {
      source: { name, path },
      line: this.counting.toTheirLine(line),
    };
  }
}

const DESCRIPTIONS: Readonly<Record<Stopped['reason'], string>> = {
  step: 'Paused on step',
  entry: 'Paused on entry',
  pause: 'Paused',
  goto: 'Paused on goto',
  restart: 'Paused on restart',
  breakpoint: 'Paused on breakpoint',
  'function breakpoint': 'Paused on function breakpoint',
  'data breakpoint': 'Paused on data breakpoint',
  exception: 'Paused on exception',
};

function describe({ reason, text }: Stopped): string {
  const plain = DESCRIPTIONS[reason];
  return text === undefined || reason === 'pause' ? plain : `${plain}: ${text}`;
}
