/**
 * The context every kernel function takes first: `k`. It holds the image's memory and tape, the places of the kernel's
 * fields (layout.ts) and its constants (constants.ts), and turns the kernel's pointers into cells and back.
 *
 * In `src/engine/kernel` a kernel pointer is a cell (0 is NULL): `k.words[page + k.page_private]` is `page->private`.
 * Reads index `k.words` directly; writes go through `k.write`, never otherwise. `k.words` may be replaced by any call
 * that touches a new frame (following a pointer does), so it is never kept in a local across one.
 */
import { PcpHits } from '../fast/pcpHit.js';
import type { IoTlbMem } from '../kernel/kernel/dma/swiotlb.js';
import {
  asCell,
  asPfn,
  asVirt,
  type Cell,
  fromWords,
  highWord,
  lowWord,
  PAGE_SIZE,
  type Pfn,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';
import type { Tape } from '../memory/tape.js';
import type { Profile } from '../types/profile.js';
import { Processor, PROCESSOR_FRAMES } from '../x86/processor.js';
import type { CpuFeatures } from '../x86/registers.js';
import type { Pgdat, Zone } from './ctypes.js';
import { type KernelEvent, KernelFault } from './events.js';
import { KernfsLayout } from './kernfs_layout.js';
import { Layout } from './layout.js';
import type { Memmap } from './memmap.js';
import { PercpuLayout } from './percpu_layout.js';
import { SlabLayout } from './slab_layout.js';
import { SlubLayout } from './slub_layout.js';
import { VmapLayout } from './vmap_layout.js';

/** How linear kernel addresses map: what the image knows and the hot path needs. */
export interface LinearMaps {
  /** Virtual address of physical 0 in the direct map (PAGE_OFFSET). */
  readonly pageOffset: VirtAddr;
  /** First frame without a linear address (max_low_pfn on i386; the end of RAM on x86_64). */
  readonly directMapEndFrame: number;
  /** The kernel image's own mapping (x86_64: __START_KERNEL_map - phys_base); absent on i386. */
  readonly kernelMap?: {
    readonly start: VirtAddr;
    readonly startFrame: number;
    readonly endFrame: number;
    /** Frames of it that boot gave back (initmem, gaps): their pages go by the direct map, like any other. */
    readonly freed?: readonly { readonly startFrame: number; readonly endFrame: number }[];
  };
}

/** A stretch of pseudo frames with virtual addresses of its own (scenario variables). */
export interface Window {
  readonly start: VirtAddr;
  readonly sizeBytes: number;
  readonly cell: Cell;
}

/** Entries of the translation cache: kernel data, page sets and the stack pages in use fit many times over. */
const NR_TRANSLATIONS = 1024;
/** Words set aside for what is neither memory nor a scenario's: see `register`. */
const REGISTERS = [
  'cpu',
  'current_flags',
  'bad_page_nr_shown',
  'scratch_list',
  // Lists that are local variables of kernel functions.
  'freelist',
  'tmp_list',
  'slabs_list',
  'slabs_list_off_slab',
  'local_purge_list',
] as const;
const WORDS_PER_REGISTER = 4;
/** Where in their frame arrays of lists begin. */
const LOCAL_LISTS = 512;

export class Mm extends Layout {
  words: Int32Array = new Int32Array(0);
  /** slot -> the kernel virtual address of its frame (0: none, highmem). */
  private slotLow = new Int32Array(0);
  private slotHigh = new Int32Array(0);
  /** virtual page -> cell of its first word, direct mapped by page number. 1 is no page's address: an empty entry. */
  private readonly cachedLow = new Int32Array(NR_TRANSLATIONS).fill(1);
  private readonly cachedHigh = new Int32Array(NR_TRANSLATIONS);
  private readonly cachedCell = new Int32Array(NR_TRANSLATIONS);
  private readonly windows: Window[] = [];
  private readonly registers: Cell;
  private readonly processors: Processor[] = [];
  /** What a host bridge adds to a physical address to make it a bus address. Set before anything runs. */
  busOffset = 0;
  /** The bounce buffer, on machines that have one. */
  io_tlb: IoTlbMem | undefined;

  // Globals, valid after `resolveGlobals`.
  /** `contig_page_data`: the only node. */
  node: Pgdat = asCell(0);
  /** `contig_page_data.node_zones[]`. */
  zones: readonly Zone[] = [];
  vm_zone_stat: Cell = asCell(0);
  gfp_allowed_mask: Cell = asCell(0);
  page_group_by_mobility_disabled: Cell = asCell(0);
  watermark_boost_factor: Cell = asCell(0);
  /** Not SMP: `vm_event_states` itself. */
  vm_event_states_up: Cell = asCell(0);
  /** SMP: the offset of `vm_event_states` in a CPU's area, and `__per_cpu_offset[]`. */
  vm_event_states_offset = 0;
  per_cpu_offset: Cell = asCell(0);
  /** The short way to single pages: see entrance.ts. */
  pcpHits!: PcpHits;
  private percpuLayout: PercpuLayout | undefined;
  private vmapLayout: VmapLayout | undefined;
  private slabLayout: SlabLayout | undefined;
  private slubLayout: SlubLayout | undefined;
  private kernfsLayout: KernfsLayout | undefined;
  /** SPARSEMEM: cell of the word with the bits of eight pageblocks, 0 = not looked up. See pageblock.ts. */
  readonly pageblockWords: Int32Array;

  constructor(
    profile: Profile,
    readonly memory: PhysicalMemory,
    readonly tape: Tape<KernelEvent>,
    readonly memmap: Memmap,
    readonly linear: LinearMaps,
  ) {
    super(profile);
    memory.onGrow((words) => {
      this.words = words;
      this.slotLow = enlarged(this.slotLow, memory.frameOfSlot.length);
      this.slotHigh = enlarged(this.slotHigh, memory.frameOfSlot.length);
    });
    memory.onPlaced((slot, frame) => {
      const va = this.vaOfFrame(frame);
      this.slotLow[slot] = lowWord(va);
      this.slotHigh[slot] = this.wide ? highWord(va) : 0;
    });
    this.registers = memory.addPseudoFrames(1);
    // The last page of the address space, where no kernel maps anything: a list head there has an address of its own.
    const lastPage = asVirt((this.wide ? 0 : 0x1_0000_0000) - PAGE_SIZE);
    this.addWindow({ start: lastPage, sizeBytes: PAGE_SIZE, cell: this.registers });
    this.pageblockWords = new Int32Array((memmap.endPfn >> (this.pageblock_order + 3)) + 1);
  }

  /**
   * Looks up the globals of page allocation. Called when the image's memory rules and placements are declared, before any
   * kernel function runs.
   */
  resolveGlobals(): void {
    this.node = this.symbol('contig_page_data');
    const zones: Zone[] = [];
    for (let i = 0; i < this.MAX_NR_ZONES; i++)
      zones.push(asCell(this.node + this.pgdat_node_zones + i * this.zone_words));
    this.zones = zones;
    this.vm_zone_stat = this.symbol('vm_zone_stat');
    this.gfp_allowed_mask = this.symbol('gfp_allowed_mask');
    this.page_group_by_mobility_disabled = this.symbol('page_group_by_mobility_disabled');
    this.watermark_boost_factor = this.symbol('watermark_boost_factor');
    if (this.smp) {
      this.per_cpu_offset = this.symbol('__per_cpu_offset');
      this.vm_event_states_offset = this.profile.symbol('vm_event_states')?.address ?? 0;
    } else {
      this.vm_event_states_up = this.symbol('vm_event_states');
    }
    this.pcpHits = new PcpHits(this);
  }

  /** Fields and globals of the per-CPU allocator. */
  get percpu(): PercpuLayout {
    return (this.percpuLayout ??= new PercpuLayout(this));
  }

  /** Fields and globals of vmalloc space. */
  get vmap(): VmapLayout {
    return (this.vmapLayout ??= new VmapLayout(this));
  }

  /** Fields and globals of the slab allocators. */
  get slab(): SlabLayout {
    return (this.slabLayout ??= new SlabLayout(this));
  }

  /** Fields and globals that only SLUB has. */
  get slub(): SlubLayout {
    return (this.slubLayout ??= new SlubLayout(this));
  }

  /** Fields of what sysfs is made of. */
  get kernfs(): KernfsLayout {
    return (this.kernfsLayout ??= new KernfsLayout(this));
  }

  /** A register of the machine: state that is not memory, but on the tape like it. The CPU that runs, for one. */
  register(name: (typeof REGISTERS)[number]): Cell {
    return asCell(this.registers + REGISTERS.indexOf(name) * WORDS_PER_REGISTER);
  }

  /** Room in the registers' frame for an array of list heads that is a kernel function's local variable. */
  get local_lists(): Cell {
    return asCell(this.registers + LOCAL_LISTS);
  }

  /** smp_processor_id() */
  get cpu(): number {
    return this.words[this.registers]!;
  }

  /** Gives the machine its CPUs. Once. */
  addProcessors(nrCpus: number, features: CpuFeatures): void {
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      const first = this.memory.addPseudoFrames(PROCESSOR_FRAMES);
      this.processors.push(new Processor(this.tape, first, this.wide, features));
    }
  }

  /** A CPU's registers and TLB. */
  processor(cpu: number): Processor {
    const processor = this.processors[cpu];
    if (processor === undefined) throw new Error(`there is no CPU ${cpu}`);
    return processor;
  }

  // --- globals -------------------------------------------------------------------------------------------------------

  /** Cell of a global, undefined when this build has none. Per-CPU globals need {@link perCpu}. */
  findSymbol(name: string): Cell | undefined {
    const symbol = this.profile.symbol(name);
    return symbol === undefined ? undefined : this.cell_of(symbol.address);
  }

  /** Cell of a global that this build must have. */
  symbol(name: string): Cell {
    const cell = this.findSymbol(name);
    if (cell === undefined || cell === 0)
      throw new Error(`profile ${this.profile.name}: no memory behind symbol ${name}`);
    return cell;
  }

  // --- writing -------------------------------------------------------------------------------------------------------

  /** Writes one word. */
  write(cell: number, value: number): void {
    this.tape.write(cell as Cell, value | 0);
  }

  /** Writes a pointer-sized integer (`unsigned long`) whose value is within ±2^53. */
  write_long(cell: number, value: number): void {
    const low = value | 0;
    this.tape.write(cell as Cell, low);
    if (this.ptr_words === 2) this.write_high(cell, low === value ? low >> 31 : highWord(value));
  }

  /** Writes a long or pointer given as words; a 32-bit one has no high word. */
  write_words(cell: number, low: number, high: number): void {
    this.tape.write(cell as Cell, low);
    if (this.ptr_words === 2) this.write_high(cell, high);
  }

  /** The high word of a long or pointer: hardly ever another one, so it is looked at before the tape is asked. */
  private write_high(cell: number, high: number): void {
    if (this.words[cell + 1] !== high) this.tape.write((cell + 1) as Cell, high);
  }

  /** Reads an `unsigned long` (exact up to 2^53). */
  read_ulong(cell: number): number {
    const low = this.words[cell]! >>> 0;
    const high = this.ptr_words === 2 ? this.words[cell + 1]! : 0;
    return high === 0 ? low : (high >>> 0) * 0x1_0000_0000 + low;
  }

  /** Reads a `long` (exact within ±2^53). */
  read_long(cell: number): number {
    const low = this.words[cell]!;
    if (this.ptr_words !== 2) return low;
    const high = this.words[cell + 1]!;
    return high === low >> 31 ? low : high * 0x1_0000_0000 + (low >>> 0);
  }

  /** Adds a small signed number to a `long` or `unsigned long`. */
  add_long(cell: number, delta: number): void {
    const low = this.words[cell]!;
    const sum = (low + delta) | 0;
    this.tape.write(cell as Cell, sum);
    // The addition crossed zero as an unsigned one: a carry or a borrow.
    if (this.ptr_words === 2 && (delta >= 0 ? sum >>> 0 < low >>> 0 : sum >>> 0 > low >>> 0))
      this.write_high(cell, (this.words[cell + 1]! + (delta >= 0 ? 1 : -1)) | 0);
  }

  /** Reads the byte at `byteOffset` from `cell`. */
  read8(cell: number, byteOffset: number): number {
    return ((this.words[cell + (byteOffset >> 2)] as number) >>> ((byteOffset & 3) * 8)) & 0xff;
  }

  write8(cell: number, byteOffset: number, value: number): void {
    const shift = (byteOffset & 3) * 8;
    this.tape.writeBits((cell + (byteOffset >> 2)) as Cell, 0xff << shift, value << shift);
  }

  read16(cell: number, byteOffset: number): number {
    return ((this.words[cell + (byteOffset >> 2)] as number) >>> ((byteOffset & 2) * 8)) & 0xffff;
  }

  write16(cell: number, byteOffset: number, value: number): void {
    const shift = (byteOffset & 2) * 8;
    this.tape.writeBits((cell + (byteOffset >> 2)) as Cell, 0xffff << shift, value << shift);
  }

  // --- pointers ------------------------------------------------------------------------------------------------------

  /** Follows the pointer stored at `at`. NULL is 0; an address that maps to nothing faults. */
  read_ptr(at: number): Cell {
    const low = this.words[at]!;
    const high = this.ptr_words === 2 ? this.words[at + 1]! : 0;
    const memmap = this.memmap;
    if (this.ptr_words !== 2 || high === memmap.baseHigh) {
      const cell = memmap.cellOfLow(low);
      if (cell !== 0) return cell;
    }
    if (low === 0 && high === 0) return 0 as Cell;
    return this.translate(low, high);
  }

  /** The pointer stored at `at`, plus `bytes`. */
  read_ptr_plus(at: number, bytes: number): Cell {
    const low = this.words[at]!;
    const sum = (low + bytes) | 0;
    if (this.ptr_words !== 2) return this.translate(sum, 0);
    const carry = sum >>> 0 < low >>> 0 ? 1 : 0;
    return this.translate(sum, (this.words[at + 1]! + carry) | 0);
  }

  /** per_cpu_ptr(): on SMP the pointer stored at `at` is an offset from the CPU's base, else an address. */
  per_cpu_ptr(at: number, cpu: number): Cell {
    if (!this.smp) return this.read_ptr(at);
    const base = this.per_cpu_offset + cpu * this.ptr_words;
    const sum = (this.words[at]! + this.words[base]!) | 0;
    if (!this.wide) return this.translate(sum, 0);
    const carry = sum >>> 0 < this.words[at]! >>> 0 ? 1 : 0;
    return this.translate(sum, (this.words[at + 1]! + this.words[base + 1]! + carry) | 0);
  }

  /** per_cpu(vm_event_states, cpu) */
  vm_event_states(cpu: number): Cell {
    if (!this.smp) return this.vm_event_states_up;
    return this.read_ptr_plus(
      this.per_cpu_offset + cpu * this.ptr_words,
      this.vm_event_states_offset,
    );
  }

  /** Copies the pointer stored at `from` to `to`. */
  copy_ptr(to: number, from: number): void {
    this.tape.write(to as Cell, this.words[from]!);
    if (this.ptr_words === 2) this.write_high(to, this.words[from + 1]!);
  }

  /** The cell of the word at an address of the linear maps; faults when nothing is there. */
  cell_at(va: VirtAddr): Cell {
    return this.translate(lowWord(va), this.wide ? highWord(va) : 0);
  }

  /** `words` words behind `cell`, wherever that lies: pointer arithmetic in what may straddle frames. */
  plus(cell: number, words: number): Cell {
    const sum = cell + words;
    if (sum >>> 10 === cell >>> 10) return sum as Cell;
    return this.cell_at(asVirt(this.va_of(cell as Cell) + words * 4));
  }

  /** The address stored at `at`; 0 is NULL. Only canonical ones are exact. */
  read_va(at: number): VirtAddr {
    const low = this.words[at]!;
    return this.wide ? fromWords(low, this.words[at + 1]!) : asVirt(low >>> 0);
  }

  write_va(at: number, va: VirtAddr): void {
    this.write_words(at, lowWord(va), highWord(va));
  }

  /** The cell at a kernel virtual address given as words; faults when nothing is there. */
  private translate(low: number, high: number): Cell {
    const index = (low >>> 12) & (NR_TRANSLATIONS - 1);
    if (this.cachedLow[index] !== (low & ~4095) || this.cachedHigh[index] !== high)
      this.fillTranslation(index, low, high);
    return (this.cachedCell[index]! + ((low & 4095) >>> 2)) as Cell;
  }

  /** Cells never move, so an entry never goes stale. */
  private fillTranslation(index: number, low: number, high: number): void {
    const page = this.wide ? fromWords(low & ~4095, high) : asVirt((low & ~4095) >>> 0);
    const cell = this.cell_of(page);
    if (cell === 0) {
      // From the words: no number holds a poisoned pointer (0xdead000000000122).
      const address = (this.wide ? hex8(high) : '') + hex8(low);
      throw new KernelFault(`unable to handle page fault for address: ${address}`);
    }
    this.cachedLow[index] = low & ~4095;
    this.cachedHigh[index] = high;
    this.cachedCell[index] = cell;
  }

  /** Stores a pointer to `target` (0: NULL, as is the address of slot 0) at `at`. */
  write_ptr(at: number, target: number): void {
    const slot = target >>> 10;
    this.tape.write(at as Cell, (this.slotLow[slot]! + ((target & 1023) << 2)) | 0);
    if (this.ptr_words === 2) this.write_high(at, this.slotHigh[slot]!);
  }

  /** Stores a pointer to `target` with bits in its low end, as `compound_head` has. */
  write_ptr_tagged(at: number, target: number, tag: number): void {
    const slot = target >>> 10;
    this.tape.write(at as Cell, (this.slotLow[slot]! + ((target & 1023) << 2) + tag) | 0);
    if (this.wide) this.tape.write((at + 1) as Cell, this.slotHigh[slot]!);
  }

  /** Whether the pointer stored at `at` points to `target`. */
  ptr_is(at: number, target: number): boolean {
    const slot = target >>> 10;
    return (
      this.words[at] === ((this.slotLow[slot]! + ((target & 1023) << 2)) | 0) &&
      (this.ptr_words !== 2 || this.words[at + 1] === this.slotHigh[slot])
    );
  }

  /** The cell of the word at a kernel virtual address (linear maps, mem_map, scenario variables); 0 when there is none. */
  cell_of(va: VirtAddr): Cell {
    const phys = this.phys_of(va);
    if (phys !== undefined) return this.memory.cell(phys);
    for (const window of this.windows) {
      const offset = va - window.start;
      if (offset >= 0 && offset < window.sizeBytes) return asCell(window.cell + (offset >>> 2));
    }
    return asCell(0);
  }

  /** Physical address behind a kernel virtual address of the linear maps or of mem_map. */
  phys_of(va: VirtAddr): PhysAddr | undefined {
    const { pageOffset, directMapEndFrame, kernelMap } = this.linear;
    if (kernelMap !== undefined) {
      const inKernel = va - kernelMap.start;
      if (inKernel >= 0 && inKernel < (kernelMap.endFrame - kernelMap.startFrame) * 4096)
        return (kernelMap.startFrame * 4096 + inKernel) as PhysAddr;
    }
    const linear = va - pageOffset;
    if (linear >= 0 && linear < directMapEndFrame * 4096) return linear as PhysAddr;
    if (this.memmap.contains(va)) {
      const frame = this.memmap.frameOfVa(va);
      if (frame !== undefined) return (frame * 4096 + ((va >>> 0) & 4095)) as PhysAddr;
    }
    return undefined;
  }

  /** The kernel virtual address of a cell; 0 for a frame that has none (highmem). */
  va_of(cell: Cell): VirtAddr {
    const slot = cell >>> 10;
    const low = this.slotLow[slot] as number;
    const offset = (cell & 1023) << 2;
    const high = this.slotHigh[slot] as number;
    if (low === 0 && high === 0) return asVirt(0);
    return this.wide ? asVirt(fromWords(low, high) + offset) : asVirt((low >>> 0) + offset);
  }

  /** The low word of the address of a cell; a cell in highmem has none that means anything. */
  va_low(cell: number): number {
    return (this.slotLow[cell >>> 10]! + ((cell & 1023) << 2)) | 0;
  }

  /** The high word; 0 on 32 bit. */
  va_high(cell: number): number {
    return this.slotHigh[cell >>> 10]!;
  }

  /** Gives pseudo frames virtual addresses, so that pointers to scenario variables work. */
  addWindow(window: Window): void {
    this.windows.push(window);
    const first = window.cell >>> 10;
    for (let i = 0; i * 4096 < window.sizeBytes; i++) {
      this.slotLow[first + i] = lowWord(window.start + i * 4096);
      this.slotHigh[first + i] = this.wide ? highWord(window.start + i * 4096) : 0;
    }
  }

  /** The kernel virtual address of a frame: kernel image, mem_map, else direct map; 0 for highmem. */
  private vaOfFrame(frame: number): VirtAddr {
    const { pageOffset, directMapEndFrame, kernelMap } = this.linear;
    if (
      kernelMap &&
      frame >= kernelMap.startFrame &&
      frame < kernelMap.endFrame &&
      !kernelMap.freed?.some((range) => frame >= range.startFrame && frame < range.endFrame)
    )
      return asVirt(kernelMap.start + (frame - kernelMap.startFrame) * 4096);
    // On FLATMEM mem_map lies in the direct map and both answers are the same.
    const inMap = this.memmap.vaOfFrame(frame);
    if (inMap !== undefined) return inMap;
    return asVirt(frame < directMapEndFrame ? pageOffset + frame * 4096 : 0);
  }

  // --- pages ---------------------------------------------------------------------------------------------------------

  /** Linux 6.1 include/asm-generic/memory_model.h. 0 for a pfn without struct page. */
  pfn_to_page(pfn: number): Cell {
    return this.memmap.pfn_to_page(asPfn(pfn));
  }

  page_to_pfn(page: number): Pfn {
    return this.memmap.page_to_pfn(page as Cell);
  }

  /** Reports what happened, at this position of the tape. */
  emit(event: KernelEvent): void {
    this.tape.mark(event);
  }

  hex(va: VirtAddr): string {
    return (this.wide ? hex8(highWord(va)) : '') + hex8(va);
  }
}

const hex8 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

function enlarged(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
