/**
 * What builtins see of a machine: pointers turned into cells and back, the log, and the ways a call can end.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { KernelFault } from '../../engine/machine/events.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Page, Zone } from '../../engine/machine/ctypes.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../engine/memory/address.js';
import type { Tape } from '../../engine/memory/tape.js';
import { formatScalar } from '../../engine/types/format.js';
import type { CType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';
import { kindOf, type AddressKind, type AddressWorld } from '../../engine/view/addressKind.js';
import { isPlain, verdictOf, type AddressUse } from '../../engine/view/addressVerdict.js';
import { addressWorldOf } from '../../engine/view/addressWorld.js';
import type {
  BuiltinCall,
  LinePart,
  PageMember,
  ProcessCalls,
  UserCopies,
} from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import type { Program } from '../compile/program.js';
import { TapeLedger } from '../ledger/ledger.js';
import { CONSOLE, type PlaceNames } from '../ledger/notGivenBack.js';
import {
  convert,
  naturalValue,
  operation,
  type Value,
  type Width,
} from '../semantics/arithmetic.js';
import { CTypes, isPointer } from '../semantics/cTypes.js';
import type { Sources } from '../syntax/sources.js';
import type { Span } from '../syntax/span.js';
import { bytesOf, decodeUtf8, latin1 } from '../syntax/utf8.js';
import type { Control } from './control.js';
import type { FailedExpect, MachineEvent, Misuse } from './events.js';
import type { ScenarioMemory } from './memory.js';
import type { HeldLocks } from './heldLocks.js';
import { MisuseWatch } from './misuse.js';
import { TaskBug, TaskSignal } from './signals.js';
import { pageAt } from './structPage.js';
import { RunningTask } from './taskContext.js';

const KERN_ERR = 3;
const KERN_WARNING = 4;
/** How much of a string is read at once: at first, and at most when it turns out to be a long one. */
const STRING_PIECE = 4096;
const LONG_STRING_PIECE = 1 << 20;

/** What the machine lends to calls. */
export interface CallSurroundings {
  readonly image: KernelImage;
  readonly memory: ScenarioMemory;
  readonly control: Control;
  readonly held: HeldLocks;
  readonly tape: Tape<MachineEvent>;
  readonly sources: Sources;
  /** Whether anything in the scenario goes on with a line of the log: only then can a line be left open. */
  readonly continuesLines: boolean;
  /** The scenario's file name and the line of an offset: `name:12`. */
  locate(offset: number): string;
  /** The address of the scenario's function that code belongs to. */
  functionAddress(pc: number): VirtAddr;
  readonly nrTasks: number;
  readonly process: ProcessCalls;
  readonly user: UserCopies;
  readonly names: PlaceNames;
  /** Of the statement that runs. */
  statementSpan(): Span | undefined;
}

export class MachineCall implements BuiltinCall {
  /** What the scenario has taken from the kernel. */
  readonly ledger: TapeLedger;
  /** On a machine that is to tell misuse. */
  readonly watch: MisuseWatch | undefined;
  /** The call is one of the scenario's text, not of an expression that is evaluated. */
  ofScenario = false;
  readonly k: Kernel;
  readonly profile: Profile;
  readonly memory: ScenarioMemory;
  readonly process: ProcessCalls;
  readonly user: UserCopies;
  /** Where the call stands; set by the machine before each call. */
  span: Span = { start: 0, end: 0 };
  /** The text that calls stand in: the scenario, or an expression. */
  sources: Sources;
  /** Places in it, by number; set by the machine before each call. */
  sites: Program['sites'] = [];
  /** Values of operands since the last boundary, by the number of their site: for the next `expect`. */
  readonly notes = new Map<number, Value>();
  /** Of this statement. */
  failedExpects: FailedExpect[] = [];
  /** Behind the instruction that calls. */
  pc = 0;
  readonly context: RunningTask;
  /** Set by a call that lets another task run. */
  private yielded = false;
  private readonly pointerWidth: Width;
  private readonly types: CTypes;
  private knownWorld: AddressWorld | undefined;

  constructor(
    private readonly surroundings: CallSurroundings,
    /** Of the statement or expression that runs; set when it begins. */
    public kernel: KernelCalls,
  ) {
    this.k = surroundings.image.mm;
    this.profile = surroundings.image.profile;
    this.memory = surroundings.memory;
    this.process = surroundings.process;
    this.user = surroundings.user;
    this.context = new RunningTask(
      ...([this.k, surroundings.control, surroundings.nrTasks, surroundings.held] as const),
    );
    this.sources = surroundings.sources;
    this.types = new CTypes(this.profile.types);
    this.pointerWidth = this.k.wide ? 'u64' : 'u32';
    const { control, names } = surroundings;
    this.ledger = new TapeLedger(this.k, () => ({
      place: this.ofScenario ? this.span.start + 1 : CONSOLE,
      task: control.currentTask,
    }));
    if (this.k.CONFIG_DEBUG_VM !== 0)
      this.watch = new MisuseWatch(this.k, this.ledger, names, (misuse, text, isCall) =>
        this.misused(misuse, text, isCall),
      );
  }

  get source(): string {
    return this.textOf(this.span);
  }

  private textOf(span: Span): string {
    return this.sources.textAt(span);
  }

  /** A builtin's name as the scenario has it: `__free_page` of `__free_pages`. */
  writtenName(name: string): string {
    return this.ofScenario ? this.surroundings.names.functionAt(this.span.start) : name;
  }

  get location(): string {
    return this.surroundings.locate(this.span.start);
  }

  get caller(): VirtAddr {
    return this.surroundings.functionAddress(this.pc);
  }

  mightSleep(): void {
    const lines = this.context.sleepComplaint(this.location);
    if (lines.length > 0) this.watch?.sleeping(this.ofScenario ? this.source : 'a call');
    for (const text of lines) this.printk(KERN_ERR, text);
    if (lines[0] !== undefined) this.k.emit({ kind: 'warn', text: lines[0] });
  }

  scheduling(): void {
    const text = this.context.scheduleComplaint();
    if (text === undefined) return;
    this.printk(KERN_ERR, text);
    this.k.emit({ kind: 'warn', text });
  }

  // --- pointers ------------------------------------------------------------------------------------------------------------

  page(pointer: Value, member: PageMember = 'flags'): Page {
    // Anything that is not mapped faults here, as the kernel's first look at the page would.
    this.memory.touch(this.offset(pointer, this.k.page[member] * 4));
    const va = asVirt(Number(pointer));
    const page = pageAt(this.k, va);
    if (page === 0) throw new KernelFault(`${this.k.hex(va)} is not a struct page`);
    return page;
  }

  pageOrNull(pointer: Value): Page {
    return pointer === 0 ? asCell(0) : this.page(pointer);
  }

  zone(pointer: Value): Zone {
    const cell = this.cell(pointer);
    if (this.k.zones.includes(cell)) return cell;
    throw new KernelFault(`${this.k.hex(asVirt(Number(pointer)))} is not a struct zone`);
  }

  zoneOrNull(pointer: Value): Zone {
    return pointer === 0 ? asCell(0) : this.zone(pointer);
  }

  cell(pointer: Value): Cell {
    this.memory.touch(pointer);
    const cell = this.k.cell_of(asVirt(Number(pointer)));
    if (cell === 0)
      this.bug(
        `BUG: ${this.source}: mmscope's kernel functions work on objects in the direct map, the kernel image and the scenario only`,
      );
    return cell;
  }

  linear(pointer: Value): VirtAddr {
    this.memory.touch(pointer);
    const va = asVirt(Number(pointer));
    // mem_map has physical addresses too, but __pa() does not give them.
    if (this.k.phys_of(va) === undefined || (this.k.wide && this.k.memmap.contains(va)))
      throw this.memory.fault(va, 'read');
    return va;
  }

  blockOrder(page: Page, order: Value): number {
    const { memmap } = this.k;
    const MAX_ORDER = this.k.MAX_ORDER;
    // A kernel does not look: it would write past zone->free_area[], or past mem_map.
    if (order >= MAX_ORDER)
      return this.bug(`BUG: order ${order} is not below MAX_ORDER (${MAX_ORDER})`);
    const number = Number(order);
    if (this.k.page_to_pfn(page) + (1 << number) > memmap.endPfn)
      this.bug(`BUG: a block of order ${number} at this page would end past the last page`);
    return number;
  }

  pointer(cell: number): Value {
    return cell === 0 ? 0 : this.k.va_of(asCell(cell));
  }

  offset(pointer: Value, bytes: Value): Value {
    return operation('+', this.pointerWidth)(pointer, bytes) ?? 0;
  }

  unsignedLong(value: number): Value {
    return convert(value, this.k.wide ? 'u64' : 'u32');
  }

  string(pointer: Value): string {
    return latin1(this.bytes(pointer));
  }

  bytes(pointer: Value, most = Infinity): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let done = 0, size = STRING_PIECE; done < most;) {
      const at = this.offset(pointer, done);
      const wanted = Math.min(size, most - done);
      const piece = this.memory.readBytes(at, wanted);
      const end = piece.indexOf(0);
      pieces.push(end < 0 ? piece : piece.subarray(0, end));
      if (end >= 0) break;
      if (piece.length < wanted) this.memory.load(this.offset(at, piece.length), 1);
      done += piece.length;
      size = Math.min(size * 2, LONG_STRING_PIECE);
      this.surroundings.tape.midway?.();
    }
    const [only] = pieces;
    return pieces.length === 1 && only !== undefined ? only : joined(pieces);
  }

  *variableArguments(list: Value): Iterable<Value> {
    const pointerSize = this.k.wide ? 8 : 4;
    // On x86-64 a va_list is an array of a struct; the area of arguments in memory is its third member.
    let at = this.k.wide ? this.memory.load(this.offset(list, 8), pointerSize) : list;
    for (;;) {
      yield this.memory.load(at, 8);
      at = this.offset(at, 8);
    }
  }

  // --- kinds of address ----------------------------------------------------------------------------------------------------

  addressKind(address: Value): AddressKind {
    return kindOf(this.world, Number(address), 'virtual');
  }

  judge(use: AddressUse, value: Value): void {
    const number = Number(value);
    if (isPlain(this.world, use, number)) return;
    const { right, sentence } = verdictOf(this.world, use, number);
    if (!right) this.misuse(use, asVirt(number), sentence);
  }

  outOfDomain(use: string, value: Value, text: string): void {
    this.misuse(use, asVirt(Number(value)), text);
  }

  /** An expression that is only looked at hangs nothing on the tape. */
  private misuse(name: string, va: VirtAddr, text: string): void {
    if (this.memory.onlyLooks) return;
    this.k.emit({ kind: 'address-misuse', function: name, va, text });
  }

  private get world(): AddressWorld {
    return (this.knownWorld ??= addressWorldOf(this.surroundings.image, (_space, va) => {
      const processor = this.k.machine.processor(this.k.cpu);
      if (!processor.hasTables) return undefined;
      return this.surroundings.image.memory.unheard(() => processor.walk(va));
    }));
  }

  // --- what happens ----------------------------------------------------------------------------------------------------------

  printk(level: number, text: string, line: LinePart = {}): void {
    const decoded = decodeUtf8(bytesOf(text));
    const { continues, open } = line;
    this.k.emit({
      ...{ kind: 'printk', level, text: decoded },
      ...(continues && { continues }),
      ...(open && this.surroundings.continuesLines && { open }),
    });
  }

  warn(text: string): void {
    this.k.emit({ kind: 'printk', level: KERN_WARNING, text });
    this.k.emit({ kind: 'warn', text });
  }

  bug(text: string): never {
    throw new TaskBug(text);
  }

  abort(reason: string): never {
    const [va, errorCode] = [asVirt(0), 0];
    throw new TaskSignal({ signal: 'SIGABRT', code: 'SI_TKILL', va, errorCode, reason });
  }

  /** Misuse of a function, told where it is called; or an access, which is somewhere in the statement. */
  misused(misuse: Misuse, text: string, isCall: boolean): void {
    const { surroundings } = this;
    const { tape, control } = surroundings;
    const span = isCall && this.ofScenario ? this.span : surroundings.statementSpan();
    tape.mark({ kind: 'api-misuse', misuse, text, span, task: control.currentTask });
  }

  expectation(holds: boolean): void {
    if (holds) this.surroundings.control.countHeldExpect();
    else this.reportFailed(this.source, this.operandTexts().join(', '));
    this.notes.clear();
  }

  expectFailed(source: string): void {
    this.reportFailed(source, '');
  }

  private reportFailed(source: string, operands: string): void {
    const { control, tape } = this.surroundings;
    control.countFailedExpect();
    const { span } = this;
    const task = control.currentTask;
    const event: FailedExpect = { kind: 'expect-failed', source, operands, span, task };
    this.failedExpects.push(event);
    tape.mark(event);
  }

  /** `page_count(p) is 2`, in the order of the text. */
  private operandTexts(): readonly string[] {
    const sites = [...this.notes].sort(([a], [b]) => a - b);
    const texts = sites.flatMap(([number, value]) => {
      const { span, type } = this.sites[number] ?? {};
      if (span === undefined || type === undefined) return [];
      return [`${this.textOf(span)} is ${this.valueText(type, value)}`];
    });
    return [...new Set(texts)];
  }

  /** A value that was converted for a comparison, as its own type prints. */
  private valueText(type: CType, value: Value): string {
    if (isPointer(type) && value === 0) return 'NULL';
    const repr = this.types.scalarRepr(type);
    const own = convert(value, repr);
    const isWide = isPointer(type) && typeof own === 'bigint';
    const scalar = isWide ? BigInt.asUintN(64, own) : naturalValue(own, repr);
    return formatScalar(this.profile, type, scalar);
  }

  yieldCpu(): void {
    this.yielded = true;
  }

  /** Whether the statement asked for another task; forgets it. */
  takeYield(): boolean {
    const { yielded } = this;
    this.yielded = false;
    return yielded;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
