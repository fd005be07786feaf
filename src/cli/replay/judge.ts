/**
 * Replays a trace and judges it: performs each operation that the engine knows and compares what it returned, compares each
 * later dump and checksum with the image, and counts.
 *
 * What a trace records of its start is loaded (start.ts), not judged; beside a core it is judged. Between `%ran` and the next
 * `%run` the machine ran freely, so what follows starts from the next full state. Behind an operation
 * that changes state and is not performed nothing can be judged: it and all later operations are unsupported.
 */
import { KernelFault } from '../../engine/machine/events.js';
import { ImageError, type KernelImage } from '../../engine/image/kernelImage.js';
import {
  openState,
  opText,
  type RecordedState,
  StateFinder,
  type StateImage,
  type TraceDump,
  type TraceItem,
  type TraceOp,
} from '../../engine/image/state/index.js';
import { sameDeviceWalk } from './device.js';
import { Machine } from './machine.js';
import { withUserNotes } from './misuseOps.js';
import { BootedStart } from './booted.js';
import type { LoneCaches } from './lone.js';
import { NotThere } from './operation.js';
import { OPERATIONS, READ_ONLY, SILENT } from './ops.js';
import { RECORDED } from './recorded.js';
import type { Start } from './start.js';
import {
  compareMemmap,
  compareMemmapButSlabs,
  comparePages,
  compareZones,
} from './dumpDifference.js';
import { callersIn, CALLERS, eventsDifference, Tracepoints } from './tracepoints.js';
import { Untold } from './untold.js';

export interface Verdict {
  /** Operations performed, and compared in all that they returned. */
  readonly ops: number;
  /** Operations performed, and compared but for what {@link Verdict.notJudged} counts. */
  readonly partly: number;
  /** Operations whose result or events are not the kernel's. */
  readonly differ: number;
  /** Events of performed operations that were compared, in their order. */
  readonly events: number;
  /** Dumps and checksums that are not the kernel's. */
  readonly stateDiffer: number;
  /** Operations not performed, and all behind one that changed the state. */
  readonly unsupported: number;
  /** The first difference of either kind. */
  readonly first: string | undefined;
  /** What was not compared, by name: it counts as nothing. */
  readonly notJudged: ReadonlyMap<string, number>;
  /** Operations not performed, by name. */
  readonly unsupportedNames: ReadonlyMap<string, number>;
  /** What else a reader must know, a line each. */
  readonly notes: readonly string[];
}

/** In front of what an operation died of. */
const DEATH = 'BUG: ';

export class Judge {
  private ops = 0;
  private partly = 0;
  private differ = 0;
  private stateDiffer = 0;
  private unsupported = 0;
  private first: string | undefined;
  private machine: Machine | undefined;
  /** Of a machine that was rebuilt from a recorded state. */
  private untold: Untold | undefined;
  private booted: BootedStart | undefined;
  private lone: LoneCaches | undefined;
  /** Of what stands before {@link from}. */
  private before: Judge | undefined;
  private finder = new StateFinder();
  /** The line of the operation behind which nothing is judged, and its name. */
  private lost: { readonly line: number; readonly name: string } | undefined;
  /** What stands before this line was not replayed. */
  private from = 0;
  /** Lines of dumps that made the start. */
  private loaded: ReadonlySet<number> = new Set();
  /** Ours died of this operation, and the kernel said nothing more of it: it died, too, if nothing follows. */
  private died: { readonly op: TraceOp; readonly ours: string } | undefined;
  private readonly notJudged = new Map<string, number>();
  private readonly unsupportedNames = new Map<string, number>();
  private tracepoints: Tracepoints | undefined;
  /** The last `events MASK`. */
  private eventMask = 0;
  private events = 0;

  /** @param start the machine the trace starts from, if it is not the state that the trace records first */
  constructor(start?: KernelImage | Start) {
    if (start === undefined) return;
    if ('loaded' in start) {
      this.loaded = start.loaded;
      this.from = start.from;
      if (start.nrToldEntries !== undefined && start.nrToldEntries > 0)
        this.countNotJudged('entries of page tables that only walks tell', start.nrToldEntries);
      if (start.before !== undefined) this.before = new Judge(start.before);
      if (start.isBooted === true) this.booted = new BootedStart();
      this.begin(start.image);
      this.lone = start.lone;
    } else {
      this.setMachine(start);
    }
  }

  take(item: TraceItem): void {
    if (this.died !== undefined) {
      const { op, ours } = this.died;
      this.died = undefined;
      this.differs(op, ours, undefined);
    }
    if (this.machine === undefined) {
      const state = this.finder.take(item);
      if (state !== undefined) this.load(state);
    } else if (item.kind === 'dump' && this.isJudged(item) && this.lost === undefined) {
      this.takeDump(item, this.machine);
    }
    if (item.kind === 'mode' && this.machine !== undefined)
      this.machine.interruptsOn = item.text === 'runnq';
    if (item.kind === 'op') this.takeOp(item);
    if (item.kind === 'ran') this.letRun();
  }

  private isJudged({ line }: TraceDump): boolean {
    return line >= this.from && !this.loaded.has(line);
  }

  private countUnsupported(name: string): void {
    this.unsupported++;
    this.unsupportedNames.set(name, (this.unsupportedNames.get(name) ?? 0) + 1);
  }

  private countNotJudged(name: string, nr = 1): void {
    this.notJudged.set(name, (this.notJudged.get(name) ?? 0) + nr);
  }

  verdict(): Verdict {
    this.endMachine();
    const { ops, partly, differ, stateDiffer, unsupported, first } = this;
    const { notJudged, unsupportedNames, events } = this;
    const notes = [...this.notes()];
    return {
      ...{ ops, partly, differ, stateDiffer, unsupported, first },
      ...{ events, notJudged, unsupportedNames, notes },
    };
  }

  private *notes(): Generator<string> {
    const counts = (names: ReadonlyMap<string, number>): string =>
      [...names].map(([name, count]) => `${name} ${count}`).join(', ');
    if (this.unsupportedNames.size > 0) yield `unsupported: ${counts(this.unsupportedNames)}`;
    if (this.events > 0) yield `events compared: ${this.events}`;
    if (this.died !== undefined)
      yield `died, as the kernel did: ${opText(this.died.op)}, ${this.died.ours}`;
    if (this.partly > 0) yield `operations of whose result a part was not judged: ${this.partly}`;
    if (this.notJudged.size > 0) yield `not judged: ${counts(this.notJudged)}`;
  }

  private load(state: RecordedState): void {
    this.begin(openState(state));
  }

  private begin(image: StateImage): void {
    this.untold = new Untold(image);
    this.setMachine(image);
  }

  private setMachine(image: KernelImage): void {
    this.machine = new Machine(image);
    this.tracepoints = new Tracepoints(image.mm);
    this.tracepoints.listen(this.eventMask);
  }

  private endMachine(): void {
    for (const [name, nr] of this.untold?.counts ?? []) this.countNotJudged(name, nr);
    for (const [name, nr] of this.booted?.counts ?? []) this.countNotJudged(name, nr);
    for (const [name, nr] of this.lone?.counts ?? []) this.countNotJudged(name, nr);
    if (this.before !== undefined) this.add(this.before.verdict());
    this.tracepoints?.listen(0);
    this.machine = undefined;
    this.untold = undefined;
    this.booted = undefined;
    this.lone = undefined;
    this.before = undefined;
  }

  /** What was judged on another machine. */
  private add({ ops, partly, differ, first, notJudged }: Verdict): void {
    this.ops += ops;
    this.partly += partly;
    this.differ += differ;
    this.first ??= first;
    for (const [name, nr] of notJudged) this.countNotJudged(name, nr);
  }

  /** From here on the machine runs freely: what follows has another start. */
  private letRun(): void {
    this.endMachine();
    this.lost = undefined;
    this.finder = new StateFinder();
  }

  private takeOp(op: TraceOp): void {
    if (op.name === 'events') this.listen(Number(op.args[0]));
    if (SILENT.has(op.name) || this.booted?.passesOver(op.name) === true) return;
    const operation = OPERATIONS.get(op.name);
    if (op.line < this.from) {
      if (this.before === undefined) this.countUnsupported(op.name);
      else this.before.takeOp(op);
      return;
    }
    if (operation === undefined || this.machine === undefined || this.lost !== undefined) {
      this.countUnsupported(op.name);
      if (operation === undefined && !READ_ONLY.has(op.name)) this.lost ??= op;
      return;
    }
    let ours: string | undefined;
    this.lone?.before(op, this.machine);
    try {
      ours = this.perform(() => operation(this.machine as Machine, op.args));
    } catch (error) {
      if (!(error instanceof NotThere)) throw error;
      this.countUnsupported(op.name);
      if (!READ_ONLY.has(op.name)) this.lost ??= op;
      return;
    }
    if (this.compareEvents(op)) return;
    const kernel = wholeResult(op);
    if (ours !== kernel && ours !== undefined && kernel !== undefined) {
      if (ours === this.judgeable(op, ours, kernel)) {
        this.partly++;
        return;
      }
    }
    this.ops++;
    if (ours === kernel) return;
    if (kernel === undefined && ours?.startsWith(DEATH) === true) this.died = { op, ours };
    else this.differs(op, ours, kernel);
  }

  private differs(op: TraceOp, ours: string | undefined, kernel: string | undefined): void {
    if (op.name === 'ck') this.stateDiffer++;
    else this.differ++;
    this.remember(
      op.line,
      `${opText(op)}: ours ${ours ?? 'nothing'}, kernel ${kernel ?? 'nothing'}`,
    );
  }

  private listen(mask: number): void {
    this.eventMask = mask;
    this.tracepoints?.listen(mask);
  }

  /** Whether the events of an operation differ; then its result is not looked at. */
  private compareEvents(op: TraceOp): boolean {
    const ours = this.tracepoints?.take() ?? [];
    this.events += op.events.length;
    const nrCallers = callersIn(op.events);
    if (nrCallers > 0) this.countNotJudged(CALLERS, nrCallers);
    const judged = this.lone?.judgedEvents(ours, op.events) ?? ([ours, op.events] as const);
    const difference = eventsDifference(...judged);
    if (difference === undefined) return false;
    this.ops++;
    this.differ++;
    this.remember(op.line, `${opText(op)}: ${difference}`);
    return true;
  }

  /** What an operation returned, or what became of it. */
  private perform(operation: () => string | undefined): string | undefined {
    try {
      return operation();
    } catch (error) {
      if (error instanceof KernelFault) return `${DEATH}${error.text}`;
      if (error instanceof ImageError) return error.message;
      throw error;
    }
  }

  /** The kernel's result with ours in place of what cannot be judged. */
  private judgeable(op: TraceOp, ours: string, kernel: string): string {
    const { untold, machine, booted, lone } = this;
    const { name } = op;
    if (lone !== undefined) kernel = lone.result(op, ours, kernel);
    if (booted !== undefined) return booted.judgeable(name, ours, kernel);
    if (name === 'pgw') return untold?.page(ours, kernel) ?? kernel;
    if (machine !== undefined && (name === 'bytes' || name === 'poke')) {
      const noted = withUserNotes(machine, ours, kernel);
      if (noted !== kernel) this.countNotJudged("addresses, stacks and times of objects' users");
      return untold?.[name](ours, noted) ?? noted;
    }
    if (machine !== undefined && sameDeviceWalk(machine.image, ours, kernel)) {
      this.countNotJudged("frame of the recorder's device");
      return ours;
    }
    return untold?.walk(ours, kernel) ?? kernel;
  }

  private takeDump(dump: TraceDump, { image }: Machine): void {
    if (this.booted?.passesOverDump(dump.name) === true) return;
    try {
      const difference = this.compareDump(dump, image);
      if (difference === undefined) return;
      this.stateDiffer++;
      this.remember(dump.line, difference);
    } catch (error) {
      // A program's lists, for example, on a machine that has booted without it.
      if (!(error instanceof ImageError || error instanceof KernelFault)) throw error;
      this.stateDiffer++;
      this.remember(dump.line, error.message);
    }
  }

  /** The first difference, by name. */
  private compareDump(dump: TraceDump, image: KernelImage): string | undefined {
    switch (dump.name) {
      case 'zones':
      case 'zones-brief':
        return compareZones(dump, image);
      case 'memmap':
        return this.lone === undefined
          ? compareMemmap(dump, image)
          : compareMemmapButSlabs(dump, image, this.lone, this.lone.lent);
      case 'pages':
        return comparePages(
          dump,
          image,
          (ours, kernel) => this.untold?.page(ours, kernel) ?? kernel,
        );
      default:
        return this.comparePrinted(dump, image);
    }
  }

  private comparePrinted(dump: TraceDump, image: KernelImage): string | undefined {
    const recorded = RECORDED.get(dump.name);
    const ours = recorded?.print?.(image, dump);
    if (ours === undefined) {
      this.countNotJudged(`%${dump.name}`);
      return undefined;
    }
    const head = recorded?.head?.(image, dump) ?? dump.args.join(' ');
    if (head !== dump.args.join(' '))
      return `%${dump.name}: ours '${head}', kernel '${dump.args.join(' ')}'`;
    const at = Math.max(ours.length, dump.lines.length);
    for (let i = 0; i < at; i++) {
      const [own, kernel] = [ours[i], dump.lines[i]];
      if (own !== kernel && own !== this.judgeablePart(dump, own, kernel))
        return `%${dump.name}: ours '${own ?? 'ends'}', kernel '${kernel ?? 'ends'}'`;
    }
    return undefined;
  }

  /** The kernel's line without what a machine that was rebuilt from dumps cannot know. */
  private judgeablePart(
    dump: TraceDump,
    ours: string | undefined,
    kernel: string | undefined,
  ): string | undefined {
    const judgeable = RECORDED.get(dump.name)?.judgeable;
    if (ours === undefined || kernel === undefined) return kernel;
    if (this.booted !== undefined) return this.booted.judgeable(dump.name, ours, kernel);
    const told = this.lone?.line(dump.name, ours, kernel) ?? kernel;
    if (this.untold === undefined || judgeable === undefined) return told;
    return judgeable(this.untold, ours, told);
  }

  private remember(line: number, difference: string): void {
    this.first ??= `line ${line}: ${difference}`;
  }
}

/** The recorded result, with its further lines. */
function wholeResult({ result, details }: TraceOp): string | undefined {
  if (result === undefined && details.length === 0) return undefined;
  return [...(result === undefined ? [] : [result]), ...details].join('\n');
}
