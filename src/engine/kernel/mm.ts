/**
 * The context every kernel function takes first: `k`. It resolves, once for an image, where the fields of the kernel's
 * structures lie (word offsets), and turns the kernel's pointers into cells and back.
 *
 * In `src/engine/kernel` a kernel pointer is a cell (0 is NULL): `k.words[page + k.page_private]` is `page->private`.
 * Reads index `k.words` directly; writes go through `k.write`, never otherwise. `k.words` may be replaced by any call
 * that touches a new frame (following a pointer does), so it is never kept in a local across one.
 */
import {
  asCell,
  asPfn,
  asVirt,
  fromWords,
  highWord,
  lowWord,
  type Cell,
  type Pfn,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';
import type { Tape } from '../memory/tape.js';
import { findMember } from '../types/members.js';
import type { Profile } from '../types/profile.js';
import type { KernelEvent } from './events.js';
import { KernelFault } from './events.js';
import type { Memmap } from './memmap.js';

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
  };
}

/** A stretch of pseudo frames with virtual addresses of its own (scenario variables). */
export interface Window {
  readonly start: VirtAddr;
  readonly sizeBytes: number;
  readonly cell: Cell;
}

export class Mm {
  words: Int32Array = new Int32Array(0);
  /** 64-bit pointers and longs: two words. */
  readonly wide: boolean;
  /** Words in a pointer, and in a `long`. */
  readonly ptr_words: 1 | 2;
  /** slot -> the kernel virtual address of its frame (0: none, highmem). */
  private slotLow = new Int32Array(0);
  private slotHigh = new Int32Array(0);
  private readonly windows: Window[] = [];

  constructor(
    readonly profile: Profile,
    readonly memory: PhysicalMemory,
    readonly tape: Tape<KernelEvent>,
    readonly memmap: Memmap,
    readonly linear: LinearMaps,
  ) {
    this.wide = profile.pointerSize === 8;
    this.ptr_words = this.wide ? 2 : 1;
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
  }

  /** Word offset of `member` (a path as C writes it) in `struct tag`. A member that is not word-aligned is a defect. */
  offset(tag: string, member: string): number {
    const place = this.memberPlace(tag, member);
    if (place.offsetBits % 32 !== 0) throw new Error(`${tag}.${member} is not word-aligned`);
    return place.offsetBits / 32;
  }

  /** Byte offset of `member` in `struct tag`. */
  byteOffset(tag: string, member: string): number {
    return this.memberPlace(tag, member).offsetBits / 8;
  }

  /** `sizeof(struct tag)` in words. */
  sizeWords(tag: string): number {
    const type = this.profile.types.struct(tag);
    if (type === undefined) throw new Error(`profile ${this.profile.name} has no struct ${tag}`);
    return Math.ceil(type.sizeBytes / 4);
  }

  /** Whether this build's `struct tag` has the member at all. */
  hasMember(tag: string, member: string): boolean {
    const type = this.profile.types.struct(tag);
    return type !== undefined && findMember(type, member) !== undefined;
  }

  private memberPlace(tag: string, member: string): { readonly offsetBits: number } {
    const type = this.profile.types.struct(tag);
    const place = type && findMember(type, member);
    if (place === undefined)
      throw new Error(`profile ${this.profile.name} has no ${tag}.${member}`);
    return place;
  }

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
    this.tape.write(cell as Cell, value | 0);
    if (this.wide) this.tape.write((cell + 1) as Cell, highWord(value));
  }

  /** Reads an `unsigned long` (exact up to 2^53). */
  read_ulong(cell: number): number {
    const low = (this.words[cell] as number) >>> 0;
    return this.wide ? ((this.words[cell + 1] as number) >>> 0) * 0x1_0000_0000 + low : low;
  }

  /** Reads a `long` (exact within ±2^53). */
  read_long(cell: number): number {
    const low = this.words[cell] as number;
    return this.wide ? (this.words[cell + 1] as number) * 0x1_0000_0000 + (low >>> 0) : low;
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
    const low = this.words[at] as number;
    const memmap = this.memmap;
    if (this.wide) {
      const high = this.words[at + 1] as number;
      if (high === memmap.baseHigh) {
        const cell = memmap.cellOfLow(low);
        if (cell !== 0) return cell;
      }
      if (low === 0 && high === 0) return asCell(0);
      return this.followed(fromWords(low, high));
    }
    const cell = memmap.cellOfLow(low);
    if (cell !== 0) return cell;
    return low === 0 ? asCell(0) : this.followed(asVirt(low >>> 0));
  }

  /** Stores a pointer to `target` (0: NULL) at `at`. */
  write_ptr(at: number, target: number): void {
    if (target === 0) {
      this.tape.write(at as Cell, 0);
      if (this.wide) this.tape.write((at + 1) as Cell, 0);
      return;
    }
    const slot = target >>> 10;
    this.tape.write(at as Cell, ((this.slotLow[slot] as number) + ((target & 1023) << 2)) | 0);
    if (this.wide) this.tape.write((at + 1) as Cell, this.slotHigh[slot] as number);
  }

  /** Whether the pointer stored at `at` points to `target`. */
  ptr_is(at: number, target: number): boolean {
    const slot = target >>> 10;
    return (
      (this.words[at] as number) ===
        (((this.slotLow[slot] as number) + ((target & 1023) << 2)) | 0) &&
      (!this.wide || (this.words[at + 1] as number) === this.slotHigh[slot])
    );
  }

  private followed(va: VirtAddr): Cell {
    const cell = this.cell_of(va);
    if (cell === 0)
      throw new KernelFault(`unable to handle page fault for address: ${this.hex(va)}`);
    return cell;
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
    if (kernelMap && frame >= kernelMap.startFrame && frame < kernelMap.endFrame)
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
    const low = (va >>> 0).toString(16).padStart(8, '0');
    return this.wide ? (highWord(va) >>> 0).toString(16).padStart(8, '0') + low : low;
  }
}

function enlarged(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
