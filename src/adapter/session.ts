/**
 * One debug session: what its topics share. It knows the client, the breakpoints and the target, and tells the client when
 * the target stops; every answer to a request is some topic's.
 *
 *     new -- initialize --> initialized -- launch --> loading --> ready -- configurationDone --> live --> over
 *
 * Invariant: a target is there, whole, or none is. Another one takes its place when it has been loaded, and not before.
 */
import { GivenUp } from '../engine/memory/runEnds.js';
import type { KernelLanguage } from '../engine/probe.js';
import type { NumberFormat } from '../engine/types/format.js';
import { NOTHING_ARMED, type Armed } from './breakpoints/armed.js';
import { ConditionCheck } from './breakpoints/conditionCheck.js';
import type { DataTarget } from './breakpoints/dataTarget.js';
import { BreakpointStore } from './breakpoints/store.js';
import { Locator } from './breakpoints/locator.js';
import { Frames } from './debuggee/frames.js';
import { LinuxSource } from './debuggee/linuxSource.js';
import { openDebuggee, type OpenedDebuggee } from './debuggee/open.js';
import { Target } from './debuggee/target.js';
import { Ending } from './ending.js';
import { isFailedAllocation } from './evaluation/eventNames.js';
import type { Host } from './host.js';
import type { Live } from './live.js';
import { numberFormatOf } from './present/numberFormat.js';
import { VariableStore } from './present/variableStore.js';
import { Progress } from './progress.js';
import type { ClientTraits } from './protocol/capabilities.js';
import type { Connection, RequestContext } from './protocol/connection.js';
import { Counting } from './protocol/counting.js';
import { defined, type Dap, type LaunchArguments } from './protocol/dap.js';
import { errors } from './protocol/errors.js';
import { Reporter } from './reporter.js';
import { ReverseProgress } from './reverseProgress.js';
import { describe, whyNot } from './stopText.js';
import { ThreadEvents } from './threadEvents.js';
import type { GotoTarget } from './topics/gotoTargets.js';
import { Offered } from './topics/offered.js';
import type { StepInTarget } from './topics/stepInTargets.js';
import { RunControl, type Stopped } from './time/runControl.js';

export class Session {
  readonly breakpoints = new BreakpointStore();
  readonly counting = new Counting();
  readonly progress: Progress;
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
  readonly stepInTargets = new Offered<StepInTarget>();
  readonly gotoTargets = new Offered<GotoTarget>();
  /** Resolves when a launch or restart under way has been answered. */
  loading: Promise<void> = Promise.resolve();
  /** Resolves when the machine is free again: an answer that is worked out in pieces needs it. */
  occupied: Promise<void> | undefined;
  /** Requests for which something is being loaded. */
  private readonly loaders = new Set<RequestContext>();
  private configured = false;
  private started = false;
  private ended = false;

  constructor(
    readonly host: Host,
    readonly connection: Connection,
    /** Ends the conversation, when the client has disconnected and was answered. */
    readonly hangUp: () => void,
  ) {
    this.progress = new Progress(connection, () => this.traits?.supportsProgressReporting === true);
  }

  dispose(): void {
    this.ended = true;
    this.unload();
  }

  /** The target of a request that the dispatcher has let through. */
  get current(): Live {
    if (this.live === undefined) throw errors.notLaunched('this');
    return this.live;
  }

  /** Something is being debugged, or about to be. */
  get isLaunched(): boolean {
    const isLoading = [...this.loaders].some(({ cancelled }) => !cancelled());
    return isLoading || this.launchArguments !== undefined;
  }

  // --- life ----------------------------------------------------------------------------------------------------------

  /**
   * Loads what the launch arguments name, and puts it in the place of what is there. When that fails, what is there stays.
   *
   * @throws AdapterError why it cannot be loaded; `cancelled` when the client has lost interest meanwhile
   */
  async load(args: LaunchArguments, context: RequestContext): Promise<void> {
    this.openLog(args.trace);
    this.numberFormat ??= numberFormatOf(args.numberFormat);
    const reporter = new Reporter(
      this.connection,
      this.counting,
      () => this.traits?.supportsANSIStyling ?? false,
    );
    const opened = await this.open(args, reporter, context);
    if (this.ended || context.cancelled()) {
      opened.close();
      throw errors.cancelled();
    }
    this.unload();
    this.launchArguments = args;
    this.showKernelAs(args.kernelSource);
    this.live = this.liveOf(opened, reporter, args);
    this.started = false;
    this.arm();
  }

  private async open(
    args: LaunchArguments,
    reporter: Reporter,
    context: RequestContext,
  ): Promise<OpenedDebuggee> {
    const { seq, cancelled } = context;
    const what = args.program ?? args.core ?? args.state ?? '';
    this.loaders.add(context);
    const shown = this.progress.start('Opening the machine', {
      message: what.split(/[\\/]/).at(-1),
      requestId: seq,
      cancel: () => void this.connection.cancel(seq),
    });
    try {
      // Booting lets nothing through: what is shown has to be out before.
      if (this.progress.isShown()) await this.host.yieldToMessages();
      for (;;) {
        const opened = await this.unlessGivenUp(args, reporter);
        if (opened !== undefined) return opened;
        await this.host.yieldToMessages();
        if (this.ended || cancelled()) throw errors.cancelled();
      }
    } finally {
      this.loaders.delete(context);
      shown.end();
    }
  }

  /** Undefined when the client wants something to end, which may be this: it is asked before a machine is booted anew. */
  private async unlessGivenUp(
    args: LaunchArguments,
    reporter: Reporter,
  ): Promise<OpenedDebuggee | undefined> {
    const heed = (): void => {
      if (this.host.waits?.() === 'urgent') throw new GivenUp();
    };
    try {
      return await openDebuggee(args, this.host, reporter, heed);
    } catch (error) {
      if (error instanceof GivenUp) return undefined;
      throw error;
    }
  }

  /** The client has lost interest in a launch or restart under way. */
  cancelLoading(): void {
    for (const { seq } of this.loaders) this.connection.cancel(seq);
  }

  private liveOf(
    { debuggee, close }: OpenedDebuggee,
    reporter: Reporter,
    args: LaunchArguments,
  ): Live {
    const target = new Target(
      debuggee,
      close,
      () => this.armed,
      (position) => reporter.cutAt(position),
    );
    const { scenario, timeline, stops } = target;
    const threads = new ThreadEvents(this.connection);
    const run = new RunControl(
      timeline,
      stops,
      this.host,
      {
        stopped: (stop) => this.stopped(stop),
        ended: () => this.scenarioEnded(),
        logged: (hit) => reporter.line('console', hit.text, this.hereSource()),
        progressed: () => {
          reporter.passed(target);
          threads.passed(target);
        },
        atStart: () => this.atStart(),
        rested: () => this.rested(),
        switched: () => this.forgetFuture(),
        whyNot: (task) => whyNot(scenario, task),
        failed: (error) => this.runFailed(error),
      },
      (statement) => scenario?.program.range(statement).line ?? 0,
    );
    return {
      target,
      run,
      reporter,
      frames: new Frames(target),
      variables: new VariableStore(target.image.profile.pointerSize, this.traits),
      threads,
      ending: new Ending(target, reporter, args),
      reverse: new ReverseProgress(this.progress, run, () => this.host.now()),
      stop: undefined,
    };
  }

  private showKernelAs(kernelSource: LaunchArguments['kernelSource'] = ''): void {
    const isTree = !['', 'c', 'typescript'].includes(kernelSource);
    this.kernelLanguage = kernelSource === 'typescript' ? 'typescript' : 'c';
    this.linuxSource = isTree
      ? new LinuxSource(this.host, this.host.resolvePath(kernelSource))
      : undefined;
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
    const { live } = this;
    this.live = undefined;
    live?.run.dispose();
    live?.reverse.ended();
    live?.target.close();
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
    this.tellProcess(live);
    live.threads.tell(live.target);
    const { scenario } = live.target;
    const args = this.launchArguments;
    const stops = args?.stopOnEntry === true && args.noDebug !== true;
    if (scenario !== undefined && !stops) live.run.begin();
    else if (live.target.isAtMadeCall()) live.run.enter(live.target.currentTask());
    else this.stopped({ reason: 'entry', hits: [] });
  }

  private tellProcess({ target: { scenario, image } }: Live): void {
    this.connection.event('process', {
      name: scenario?.program.path ?? image.origin,
      isLocalProcess: true,
      startMethod: 'launch',
      pointerSize: image.profile.pointerSize * 8,
    });
  }

  /** Tells the client that the machine stands still, and why. */
  stopped(stop: Stopped): void {
    const { live } = this;
    if (live === undefined) return;
    live.stop = stop;
    live.ending.isTold = false;
    live.reverse.ended();
    live.reporter.passed(live.target);
    this.tellWhyNoPages(live, stop);
    live.threads.tell(live.target);
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

  /** An allocation that may fail in silence (`__GFP_NOWARN`) says nothing in the kernel's log. */
  private tellWhyNoPages(live: Live, { hits }: Stopped): void {
    for (const { raised } of hits)
      if (raised !== undefined && isFailedAllocation(raised.typeName))
        live.reporter.line('stderr', raised.sentence, this.hereSource());
  }

  /**
   * The machine is about to move: everything the client has been told about its state is void. A machine without a scenario
   * moves over the edits that were made to it.
   */
  moves(direction: 'forward' | 'backward' = 'forward'): Live {
    const live = this.current;
    const { scenario, timeline, image } = live.target;
    if (scenario === undefined && !timeline.hasEdits(direction))
      throw errors.notRunnable(image.dumped === undefined);
    live.frames.clear();
    live.variables.clear();
    live.stop = undefined;
    return live;
  }

  /** An edit has cut the tape at the cursor: what was known of what lay to the right is void. */
  forgetFuture(): void {
    const { target, run } = this.current;
    const { place } = target.timeline;
    run.forgetAfter(place);
    this.breakpoints.forgetHitsAfter(place);
    target.forgetCaptured();
  }

  private rested(): void {
    const { live } = this;
    live?.threads.tell(live.target);
    live?.reverse.rested();
  }

  private atStart(): void {
    const { live } = this;
    if (live === undefined) return;
    const dropped = live.target.timeline.firstPlace.boundary > 0;
    const text = dropped
      ? 'History begins here: the older part was dropped when history was full (historyMiB says how much is kept).'
      : 'This is the beginning of the recorded history.';
    live.reporter.line('console', text);
    this.stopped({ reason: 'entry', hits: [], ...(dropped && { text }) });
  }

  /** The end is a place where the machine stops; gone on from there, it is over. */
  scenarioEnded(): void {
    const { live } = this;
    if (live === undefined) return;
    const { scenario } = live.target;
    if (scenario === undefined) {
      this.stopped({ reason: 'step', hits: [] });
      return;
    }
    live.reporter.passed(live.target);
    const stop = live.ending.reached();
    if (stop !== undefined) {
      this.stopped(stop);
      live.ending.isTold = true;
      return;
    }
    live.threads.allGone();
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
      new ConditionCheck(target.evaluator, target.context),
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
