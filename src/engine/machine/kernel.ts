/**
 * The context every kernel function takes first: `k`. Three things in one:
 *
 *     memory    `k.words`, `k.read_*`, `k.write_*`: kernel memory, through the tape   (kernelMemory.ts)
 *     machine   `k.machine`, `k.cpu`: CPUs, registers                                 (machine.ts)
 *     build     `k.page.private`, `k.GFP_KERNEL`, `k.globals.vm_zone_stat`            (facts.ts, globals.ts)
 *
 * The facts of a build lie on the prototype, frozen, one prototype a build: V8 then takes them for the constants they are.
 */
import {
  asCell,
  asPfn,
  asVirt,
  PAGE_SIZE,
  type Cell,
  type Pfn,
  type VirtAddr,
  WORDS_PER_FRAME,
} from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';
import type { Tape } from '../memory/tape.js';
import type { Profile } from '../types/profile.js';
import { compoundTests, type CompoundTests } from './compoundTests.js';
import type { Zone } from './ctypes.js';
import { badAddress, KernelFault, type KernelEvent } from './events.js';
import { FlaggedTails } from './flaggedTails.js';
import { factsOf, type Facts } from './facts.js';
import { lazyGlobals, type Globals } from './globals.js';
import { KernelMemory } from './kernelMemory.js';
import type { LinearMaps } from './linearMaps.js';
import { Machine } from './machine.js';
import type { Memmap } from './memmap.js';
import { PteWords } from './pteWords.js';
import type { LockMode, Sleep, Sleeper, SleepKind } from './sleeper.js';
import type { Tracer } from './tracer.js';

/** More than any list that is whole has entries. */
const MOST_ROUNDS = 1 << 23;
/** The task that kernels here have. */
const currentComm = 'init';

abstract class KernelContext extends KernelMemory {
  readonly machine = new Machine(this);
  /** Where {@link cpu} is kept. */
  private readonly cpuRegister = this.machine.register('cpu');
  /** Where the flags of the running task are kept: each allocation looks at them. */
  readonly currentFlagsRegister = this.machine.register('current_flags');
  readonly globals: Globals = lazyGlobals((name) => this.findSymbol(name));
  /** What {@link symbol} found: cells never move. */
  private readonly symbols = new Map<string, Cell>();
  /** `contig_page_data.node_zones[]`. Valid after `bindZones`. */
  zones: readonly Zone[] = [];
  /** What tells heads and tails apart in this build. */
  readonly encoding: CompoundTests;
  abstract readonly stride: Facts['stride'];
  abstract readonly smp: boolean;
  /** Who hears the tracepoints. Not state of the machine. */
  tracer: Tracer | undefined;
  /**
   * Who runs functions whose addresses are not the kernel's, a scenario's for instance: constructors, callbacks. Undefined for
   * an address without such a function. Not state of the machine.
   *
   * An object of `room` bytes may lie on the caller's stack while it runs: `args` is then asked with its cell, and fills it.
   */
  callOut:
    | ((
        func: VirtAddr,
        args: readonly number[] | ((object: Cell) => readonly number[]),
        room?: number,
      ) => number | undefined)
    | undefined;
  /** Who runs, in an image that has no place for it. Not state of the machine. */
  runningTask: (() => Cell) | undefined;
  /** Who knows what sleeping is: undefined where nothing runs but the kernel. Not state of the machine. */
  sleeper: Sleeper | undefined;
  private sleep: Sleep | undefined;
  /** Words in an entry of a page table, on any level. */
  private readonly pteWords: number;
  /** SPARSEMEM: cell of the word with the bits of eight pageblocks, 0 = not looked up. See pageblock.ts. */
  readonly pageblockWords: Int32Array;

  constructor(
    readonly profile: Profile,
    memory: PhysicalMemory,
    tape: Tape<KernelEvent>,
    memmap: Memmap,
    linear: LinearMaps,
  ) {
    super(memory, tape, memmap, linear);
    const facts = factsOf(profile);
    this.pteWords = facts.pte_words;
    this.encoding = compoundTests(profile, facts);
    this.pageblockWords = new Int32Array((memmap.endPfn >> (facts.pageblock_order + 3)) + 1);
  }

  /** smp_processor_id() */
  get cpu(): number {
    return this.smp ? this.words[this.cpuRegister]! : 0;
  }

  /** Cell of a global that is not listed in globalNames.ts; undefined when this build has none. */
  findSymbol(name: string): Cell | undefined {
    const symbol = this.profile.symbol(name);
    return symbol === undefined ? undefined : this.cell_of(symbol.address);
  }

  /** Cell of a global that this build must have. */
  symbol(name: string): Cell {
    const known = this.symbols.get(name);
    if (known !== undefined) return known;
    const cell = this.findSymbol(name);
    if (cell === undefined || cell === 0)
      throw new Error(`profile ${this.profile.name}: no memory behind symbol ${name}`);
    this.symbols.set(name, cell);
    return cell;
  }

  protected override throughTables(page: VirtAddr): Cell {
    // User space is not the kernel's to follow pointers into.
    if (this.profile.pointerSize === 8 ? page >= 0 : page < this.linear.pageOffset)
      return asCell(0);
    const processor = this.machine.processor(this.cpu);
    const phys = processor.hasTables ? processor.walk(page).page?.phys : undefined;
    return phys === undefined ? asCell(0) : this.memory.cell(phys);
  }

  /** The value of an entry of a page table, on any level: `*pte`. */
  read_pte(pte: number): PteWords {
    if (pte === 0) this.deref(pte, 0);
    return new PteWords(this.words[pte]!, this.pteWords === 1 ? 0 : this.words[pte + 1]!);
  }

  /** `*pte = entry`: the half that makes it present comes last. */
  write_pte(pte: number, entry: PteWords): void {
    if (this.pteWords === 2) this.write(pte + 1, entry.high);
    this.write(pte, entry.low);
  }

  /**
   * Where a page lies in the linear map: a table that an entry leads to. One that leads past memory faults.
   * Linux 6.1 arch/x86/include/asm/page.h.
   */
  pfn_to_kaddr(pfn: number): Cell {
    const slot = pfn < this.linear.directMapEndFrame ? this.memory.slotOfFrame[pfn] : 0;
    if (slot) return asCell(slot * WORDS_PER_FRAME);
    return this.cell_at(asVirt(this.linear.pageOffset + pfn * PAGE_SIZE));
  }

  /** Linux 6.1 include/asm-generic/memory_model.h. 0 for a pfn without struct page. */
  pfn_to_page(pfn: number): Cell {
    return this.memmap.pfn_to_page(asPfn(pfn));
  }

  /** A pointer that is no page's gives a number all the same, as an `unsigned long` has it. */
  page_to_pfn(page: number): Pfn {
    const pfn = this.memmap.page_to_pfn(page as Cell);
    return pfn === -1 ? this.wildPfn(page) : pfn;
  }

  private wildPfn(page: number): Pfn {
    const pfn = this.memmap.pfnOfVa(this.va_of(page as Cell));
    return asPfn(this.wide ? pfn : pfn >>> 0);
  }

  /** `page + n` of one block. Neighbours in mem_map are so in one slot of the pool, and need not be beyond it. */
  nth_page(page: number, n: number): Cell {
    const nth = page + n * this.stride.page;
    if ((nth ^ page) >>> 10 === 0) return nth as Cell;
    const pfn = this.page_to_pfn(page) + n;
    const found = this.pfn_to_page(pfn);
    // Beyond mem_map: whoever asks for it is about to look at it.
    if (found === 0) throw this.wildPage(pfn, 0);
    return found;
  }

  /** A page that virt_to_page() gave and that is about to be read at `member`: where none is, its arithmetic leads to a wild one. */
  deref_page(page: number, kaddr: VirtAddr, member: number): Cell {
    if (page !== 0) return page as Cell;
    const { kernelMap, pageOffset } = this.linear;
    const phys =
      kernelMap !== undefined && kaddr < 0 && kaddr >= kernelMap.start
        ? kaddr - kernelMap.start + kernelMap.startFrame * PAGE_SIZE
        : kaddr - pageOffset;
    throw this.wildPage(Math.floor((this.wide ? phys : phys >>> 0) / PAGE_SIZE), member);
  }

  /** The fault of an access to the struct page of a frame that has none. */
  private wildPage(pfn: number, member: number): KernelFault {
    const { baseLow, baseHigh } = this.memmap;
    const base = (BigInt(baseHigh) << 32n) | BigInt(baseLow >>> 0);
    const va = base + BigInt(pfn) * BigInt(this.stride.page * 4) + BigInt(member * 4);
    return badAddress(
      this.wide,
      Number(BigInt.asIntN(32, va)),
      Number(BigInt.asIntN(32, va >> 32n)),
      'read',
    );
  }

  /**
   * A loop that damaged lists keep going for ever ends as the watchdog of a kernel would have it. Loops that only damage makes endless
   * count their rounds here; in C nothing of it is shown.
   * Source: Linux 6.1 kernel/watchdog.c: watchdog_timer_fn().
   */
  watchdog(rounds: number): void {
    if (rounds > MOST_ROUNDS)
      throw new KernelFault(
        `watchdog: BUG: soft lockup - CPU#${this.cpu} stuck for 26s! [${currentComm}:1]`,
      );
  }

  /** Where a structure lies that is a kernel function's local variable, and that others see while its task sleeps. */
  get localStack(): Cell {
    return this.sleeper?.stack ?? this.machine.localLists;
  }

  /** Whether the running task has waited for this before, in the call that is made again now. True once. */
  resumes(kind: SleepKind, object: number): boolean {
    return this.sleeper?.resumes(kind, object as Cell) ?? false;
  }

  /** What is left of a wait that {@link resumes} told of: jiffies, below 1 when it is over. */
  sleepLeft(timeout: number): number {
    const until = this.sleeper?.until;
    return until === undefined ? timeout : (until - this.words[this.globals.jiffies]!) | 0;
  }

  /** A lock that the running task has from now on. */
  took(lock: number, mode: LockMode): void {
    this.sleeper?.took(lock as Cell, mode);
  }

  released(lock: number, mode: LockMode): void {
    this.sleeper?.released(lock as Cell, mode);
  }

  /** Whether the running task had the lock when it slept, in the call that is made again now. True once. */
  has(lock: number, mode: LockMode): boolean {
    return this.sleeper?.has(lock as Cell, mode) ?? false;
  }

  /** What was done just now is seen by others while the running task sleeps further on in its call. */
  shows(action: () => void): void {
    this.sleeper?.shows(action);
  }

  /** Says what the running task waits for, before it gives the CPU away. */
  sleepsOn(sleep: Sleep): void {
    this.sleep = sleep;
  }

  /** The running task does not go on before it is woken. Where there is no other one, nobody wakes it. */
  deschedule(): never {
    const { sleep, sleeper } = this;
    if (sleep !== undefined && sleeper !== undefined) return sleeper.sleep(sleep);
    throw new KernelFault(`task ${currentComm}:1 blocked for more than 120 seconds.`);
  }

  /** Reports what happened, at this position of the tape. */
  emit(event: KernelEvent): void {
    this.tape.mark(event);
  }
}

/** What is done in another way in a build that was given an encoding of compound pages from before Linux 4.4. */
interface Encoding {
  readonly flaggedTails: FlaggedTails | undefined;
}

export type Kernel = KernelContext & Facts & Encoding;

type KernelClass = new (...args: ConstructorParameters<typeof KernelContext>) => Kernel;

const classes = new WeakMap<Profile, KernelClass>();

function encodingOf(profile: Profile): Encoding {
  const tests = compoundTests(profile, factsOf(profile));
  return { flaggedTails: tests.first_page ? new FlaggedTails(tests) : undefined };
}

/** A kernel of a build, in an image's memory. Its zones are bound once the image's memory rules are declared. */
export function createKernel(...args: ConstructorParameters<typeof KernelContext>): Kernel {
  const [profile] = args;
  let OfBuild = classes.get(profile);
  if (OfBuild === undefined) {
    // What is abstract are facts: the prototype has them.
    abstract class Built extends KernelContext {}
    OfBuild = Built as unknown as KernelClass;
    Object.assign(OfBuild.prototype, factsOf(profile), encodingOf(profile));
    classes.set(profile, OfBuild);
  }
  return new OfBuild(...args);
}

/**
 * Looks up the node's zones. Called when the image's memory rules and placements are declared, before any kernel function runs.
 */
export function bindZones(k: Kernel): void {
  const zones: Zone[] = [];
  for (let i = 0; i < k.MAX_NR_ZONES; i++)
    zones.push(asCell(k.globals.contig_page_data + k.pglist_data.node_zones + i * k.stride.zone));
  k.zones = zones;
}
