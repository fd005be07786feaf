/**
 * Replays the trace of a user program, beside which what the program did between the recorder's operations is recorded as well
 * (`NAME.program.gz`), and judges it: what each operation returned, the kernel's tracepoints in their order, and dumps.
 *
 * The trace starts from a core. Pages that others than what is performed take, for objects of their caches and for the pool of huge
 * pages, are taken where the trace says so: nothing else is told.
 */
import { KernelFault } from '../../../engine/machine/events.js';
import type { KernelImage } from '../../../engine/image/kernelImage.js';
import { type TraceItem, type TraceOp } from '../../../engine/image/state/index.js';
import { Machine } from '../machine.js';
import { OPERATIONS, SILENT } from '../ops.js';
import { eventsDifference, Tracepoints } from '../tracepoints.js';
import type { Verdict } from '../judge.js';
import type { Likeness } from '../plain/likeness.js';
import { NotPerformed, Processes, type Action } from './processes.js';
import { differenceIn, type Others, OthersActs } from './others.js';
import { poolMark } from './poolMarks.js';
import { Earlier, type EarlierAct } from './earlier.js';
import { ProgramDumps } from './programDumps.js';
import { SharedCaches } from './sharedCaches.js';
import { resultOf, spansOf, type Span } from './spans.js';
import { Tally } from './tally.js';
import { readPageEvent, ToldPages } from './toldPages.js';
import { guesses, Unheard, type UnheardAct } from './unheard.js';
import { UserOperations } from './userOps.js';

/** The first driver has no events of migration (8), though a program asks for them. */
const FIRST_DRIVERS = 7;
const ALL_EVENTS = 15;
const MIGRATION = /^(?:ci|cf|mm|ms|mr) /;
const isPerformed = (name: string): boolean =>
  UserOperations.NAMES.has(name) || (OPERATIONS.has(name) && !SILENT.has(name));

/** @param plain `onTold` hears, by the number of a span, which of its events are of pages that others took, what they did before it, and which pages of theirs our caches have */
export function judgeProgram(
  image: KernelImage,
  items: Iterable<TraceItem>,
  program: readonly Action[],
  plain: Plain = {},
): Verdict {
  return new ProgramJudge(image, program, plain).judge(spansOf(items));
}

/** What is special about a trace that has no core. */
export interface Plain {
  /** Pages that are not the kernel's. */
  readonly told?: ToldPages;
  readonly likeness?: Likeness;
  /** Those that the trace begins with. */
  readonly processes?: Processes;
  readonly onTold?: (
    span: number,
    events: ReadonlySet<number>,
    before: readonly EarlierAct[],
    shared: Others['shared'],
  ) => void;
}

/** What an operation, and what the program does behind it, came to. */
interface Performed {
  /** What differs in its dumps, or in a mark that notes numbers. */
  readonly states: readonly string[];
  readonly pool: ReturnType<typeof poolMark>;
  readonly events: readonly string[];
  /** Those that the trace does not have, for none were recorded. */
  readonly silent: readonly string[];
  readonly text: string | undefined;
}

/** A span that was done, with all that is known of others. */
interface Attempt {
  readonly result: Performed;
  readonly others: Others;
  /** The first event that differs. */
  readonly differs: number | undefined;
}

const GRACE_PERIOD: Action = { pid: 0, name: 'rcu', args: [] };

export class ProgramJudge {
  private readonly tally = new Tally();
  private readonly dumps: ProgramDumps;
  /** Pages that were taken for what is not performed. */
  private readonly toldPages: ToldPages;
  private readonly shared: SharedCaches;
  private readonly processes: Processes;
  private readonly user: UserOperations;
  /** For operations that are not about the process. */
  private readonly machine: Machine;
  private readonly tracepoints: Tracepoints;
  private mask = 0;
  /** Events that the recorder knows. */
  private recorded = FIRST_DRIVERS;
  /** The next action. */
  private at = 0;
  private readonly likeness: Likeness | undefined;
  private readonly onTold: Plain['onTold'];
  /** Where nobody has written down what others did meanwhile. */
  private unheard: Unheard | undefined;
  private others: OthersActs;

  constructor(
    private readonly image: KernelImage,
    private readonly program: readonly Action[],
    { told = new ToldPages(), likeness, processes, onTold }: Plain = {},
  ) {
    this.onTold = onTold;
    this.toldPages = told;
    this.shared = new SharedCaches(image.mm, told);
    this.likeness = likeness;
    const exits = new Set(program.filter(({ name }) => name === 'exit').map(({ pid }) => pid));
    this.processes = processes ?? new Processes(image.mm, this.toldPages, exits);
    this.others = new OthersActs(image.mm, told, this.processes, this.shared, undefined);
    this.user = new UserOperations(image, () => this.processes.mm);
    this.machine = new Machine(image);
    this.dumps = new ProgramDumps(image, { user: this.user, told: this.toldPages, likeness });
    this.tracepoints = new Tracepoints(image.mm);
    const { mm: k } = image;
    if (likeness !== undefined)
      this.tracepoints.onFree = (ptr, cache) => {
        likeness.forget(ptr, k.read_int(cache + k.kmem_cache.object_size));
      };
  }

  judge(spans: readonly Span[]): Verdict {
    if (spans.some(({ events }) => events.some((event) => MIGRATION.test(event))))
      this.recorded = ALL_EVENTS;
    if (this.likeness !== undefined) {
      const { toldPages, processes, shared } = this;
      this.unheard = new Unheard(this.image.mm, toldPages, processes, spans);
      this.others = new OthersActs(this.image.mm, toldPages, processes, shared, this.unheard);
    }
    const { tally } = this;
    const earlier = new Earlier({
      run: (nr, acts) => {
        const span = spans[nr];
        if (span === undefined) return;
        for (const act of acts) this.performUnheard(act);
        if (nr === 0) this.begin();
        const others = this.take(span);
        if (others !== undefined) this.onTold?.(nr, others.told, acts, others.shared);
      },
      differences: () => tally.differ + tally.stateDiffer + (tally.lost === undefined ? 0 : 1),
      save: () => this.save(),
    });
    spans.forEach((_, nr) => {
      earlier.take(nr);
    });
    this.tracepoints.listen(0);
    tally.unseen += this.dumps.unseen + earlier.nrFound;
    return tally.verdict(this.dumps.notJudged);
  }

  private performUnheard(act: EarlierAct): void {
    if (act === 'still') this.processes.isStill = true;
    else if (act === 'rcu') this.processes.perform(GRACE_PERIOD);
    else this.toldPages.take(this.image.mm, act.gfp, act.order);
  }

  /** What the program did before its first operation. */
  private begin(): void {
    try {
      for (let action = this.program[this.at]; action !== undefined && action.name !== 'op';) {
        this.processes.perform(action);
        action = this.program[++this.at];
      }
    } catch (error) {
      if (!(error instanceof NotPerformed)) throw error;
      this.tally.lost = error.message;
    }
  }

  /** What leads back to this moment. */
  private save(): () => void {
    const { at, mask } = this;
    const { tape } = this.image;
    const { cursor } = tape;
    const parts = [this.processes, this.user, this.machine, this.toldPages, this.dumps, this.tally];
    const restore = parts.map((each) => each.save());
    if (this.likeness !== undefined) restore.push(this.likeness.save());
    return () => {
      this.tracepoints.listen(0);
      tape.seek(cursor);
      tape.cut();
      this.at = at;
      this.mask = mask;
      for (const each of restore) each();
    };
  }

  /** What others did in it; undefined: it was not performed. */
  private take(span: Span): Others | undefined {
    if (this.tally.lost !== undefined) {
      this.countUnsupported(span);
      return undefined;
    }
    const goBack = this.save();
    const attempt = (before: readonly UnheardAct[], pages: Iterable<number> = []): Attempt => {
      const others: Others = {
        told: new Set(),
        before: [...before],
        wanted: new Set(pages),
        shared: new Map(),
      };
      for (;;) {
        const result = this.perform(span, others);
        // The span is done again, with what others did.
        if (!this.others.hasFound(span, result, others))
          return { result, others, differs: differenceIn(span, result) };
        goBack();
      }
    };
    let best = attempt([]);
    let last = best;
    for (const guess of this.unheard === undefined ? [] : guesses()) {
      if (best.differs === undefined) break;
      goBack();
      last = attempt([...best.others.before, ...guess], best.others.wanted);
      if (last.differs === undefined || last.differs > best.differs) best = last;
    }
    if (last !== best) {
      goBack();
      best = attempt(best.others.before, best.others.wanted);
    }
    this.tally.told += best.others.told.size;
    this.tally.unseen += best.others.before.length + best.others.wanted.size;
    this.compare(span, best.result);
    return best.others;
  }

  /** Every stack that waited for it goes: the events of these. */
  private endGracePeriod(): string[] {
    const { tracepoints } = this;
    const { waiting } = this.processes;
    const { onEvent } = tracepoints;
    tracepoints.onEvent = undefined;
    tracepoints.listen(this.heard);
    this.processes.perform(GRACE_PERIOD);
    tracepoints.onEvent = onEvent;
    return tracepoints.take().filter((event) => waiting.includes(readPageEvent(event).pfn));
  }

  /** The operation, and what the program does behind it up to the next one. */
  private perform(span: Span, { told, before, wanted, shared }: Others): Performed {
    const events: string[] = [];
    const silent: string[] = [];
    const offers = new Map(shared);
    // What is heard behind a dump was done behind it.
    let end = span.dumps.length > 0 ? (span.op?.events.length ?? 0) : Infinity;
    this.shared.clear();
    const k = this.image.mm;
    const { op } = span;
    if (op?.name === 'events') this.mask = Number(op.args[0]) & this.recorded;
    // Recorded beside a program, pages are told of even where the program has no events recorded.
    if (this.mask === 0 && span.events.length > 0) this.mask = 1;
    const hear = (): void => {
      for (const event of this.tracepoints.take())
        if (!this.shared.isTaken(event)) (this.mask === 0 ? silent : events).push(event);
      if (this.mask === 0 && wanted.size > 0) {
        this.tracepoints.listen(0);
        this.unheard?.takeWanted(span, wanted);
        this.tracepoints.listen(this.heard);
      }
      while (told.has(events.length) && events.length < end) {
        const next = span.events[events.length] ?? '';
        // What is told is not heard twice.
        this.tracepoints.listen(0);
        // It goes, and with it the table, when the next task runs.
        const isKept = this.others.wasNotScanned(next);
        if (isKept) this.processes.letScannedGo();
        if (!isKept && this.others.endsGracePeriod(next)) {
          events.push(...this.endGracePeriod());
          continue;
        }
        const performed = isKept ? undefined : this.toldPages.perform(k, next);
        this.tracepoints.listen(this.heard);
        if (performed === undefined) break;
        events.push(performed);
      }
      const [gfp, ...rest] = offers.get(events.length) ?? [];
      if (gfp === undefined) return;
      offers.set(events.length, rest);
      this.shared.give(gfp);
    };
    this.tracepoints.listen(0);
    for (const act of before) this.unheard?.perform(act);
    if (this.mask !== 0) this.unheard?.takeForEach(span, wanted);
    this.tracepoints.listen(this.heard);
    this.tracepoints.onEvent = hear;
    let text: string | undefined;
    let pool: ReturnType<typeof poolMark>;
    let states: readonly string[] = [];
    try {
      hear();
      const first = this.program[this.at];
      if (first?.name !== 'op') throw new NotPerformed('the program has another operation here');
      this.processes.switchTo(first.pid);
      if (op !== undefined && isPerformed(op.name)) text = this.operate(op);
      if (op === undefined) pool = poolMark(k, span.text);
      hear();
      states = this.quietly(() => this.dumps.differences(span, this.unheard));
      end = Infinity;
      hear();
      for (this.at++; this.at < this.program.length; this.at++) {
        const action = this.program[this.at];
        if (action === undefined || action.name === 'op') break;
        this.processes.perform(action);
        hear();
      }
    } catch (error) {
      if (error instanceof NotPerformed) this.tally.lost = error.message;
      else if (error instanceof KernelFault) this.tally.lost = error.text;
      else throw error;
    }
    return { states, pool, events, silent, text };
  }

  private operate({ name, args }: TraceOp): string | undefined {
    if (UserOperations.NAMES.has(name)) return this.user.perform(name, args);
    return OPERATIONS.get(name)?.(this.machine, args);
  }

  private compare(span: Span, { states, pool, events, text }: Performed): void {
    const { op } = span;
    if (pool !== undefined) this.tally.ops++;
    if (pool?.difference !== undefined) {
      this.tally.differ++;
      this.remember(span, pool.difference);
    }
    for (const difference of states) {
      this.tally.stateDiffer++;
      this.remember(span, difference);
    }
    const kernel = op === undefined ? undefined : resultOf(op);
    if (this.tally.lost !== undefined && op !== undefined && text === undefined) {
      this.countUnsupported(span);
      return;
    }
    if (op !== undefined && isPerformed(op.name)) {
      this.tally.ops++;
      if (this.likened(text ?? '', kernel ?? '') !== (kernel ?? '')) {
        this.tally.differ++;
        this.remember(span, `ours ${text ?? 'nothing'}, kernel ${kernel ?? 'nothing'}`);
        return;
      }
    }
    if (this.tally.lost !== undefined) return;
    const difference = eventsDifference(events, span.events);
    this.tally.events += span.events.length;
    if (difference === undefined) return;
    this.tally.differ++;
    this.remember(span, difference);
  }

  private likened(ours: string, kernel: string): string {
    return this.likeness === undefined ? ours : this.likeness.renamed(ours, kernel);
  }

  /** Where the trace has no events, ours are heard all the same: they tell which pages were taken. */
  private get heard(): number {
    return this.mask === 0 && this.unheard !== undefined ? 1 : this.mask;
  }

  /** Without the tracepoints being heard. */
  private quietly<Result>(act: () => Result): Result {
    this.tracepoints.listen(0);
    const result = act();
    this.tracepoints.listen(this.heard);
    return result;
  }

  private countUnsupported({ op }: Span): void {
    if (op !== undefined) this.tally.countUnsupported(op.name);
  }

  private remember({ line, text }: Span, difference: string): void {
    this.tally.first ??= `line ${line}: ${text}: ${difference}`;
  }
}
