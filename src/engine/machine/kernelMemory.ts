/**
 * Kernel memory as kernel code sees it: words (kernelWords.ts), and pointers.
 *
 * In `src/engine/kernel` a kernel pointer is a cell (0 is NULL): `k.words[page + k.page.private]` is `page->private`. Reads index
 * `k.words` directly; writes go through `k.write` and its family, never otherwise. Memory holds real kernel virtual addresses: each
 * pointer read or written is turned from the one into the other.
 *
 * `k.words` may be replaced by any call that touches a new frame (following a pointer does), so it is never kept in a local across
 * one.
 */
import {
  asCell,
  asPfn,
  asVirt,
  fromWords,
  highWord,
  lowWord,
  type Cell,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';
import type { Tape } from '../memory/tape.js';
import { badAddress, type AccessKind, type KernelEvent } from './events.js';
import { KernelWords } from './kernelWords.js';
import type { LinearMaps } from './linearMaps.js';
import type { Memmap } from './memmap.js';
import { Windows, type Window } from './windows.js';

/** Entries of the translation cache: kernel data, page sets and the stack pages in use fit many times over. */
const NR_TRANSLATIONS = 1024;

export abstract class KernelMemory extends KernelWords {
  /** slot -> the kernel virtual address of its frame, two words (0: none, highmem). */
  private slotVa: Int32Array;
  /**
   * virtual page -> its cell, direct mapped by page number: the page's address as two words, the cell of its first word, and the
   * cell of its struct page (0: nobody has asked for that one). 1 is no page's address: an empty entry.
   */
  private readonly translations = new Int32Array(NR_TRANSLATIONS * 4).fill(1);
  /** The pages of {@link translations} as numbers: for an address that is a number, one comparison instead of two words. */
  private readonly translatedPages = new Float64Array(NR_TRANSLATIONS).fill(1);
  /** `linear`, as the hot path wants it. */
  private readonly directMapStart: number;
  private readonly directMapBytes: number;
  private readonly windows = new Windows();
  /** slot -> the page by which it was last reached, if not by a linear map. Only a hint: see mappedVa(). */
  private readonly mappedPages = new Map<number, VirtAddr>();
  constructor(
    readonly memory: PhysicalMemory,
    tape: Tape<KernelEvent>,
    readonly memmap: Memmap,
    readonly linear: LinearMaps,
  ) {
    super(tape);
    this.directMapStart = linear.pageOffset;
    this.directMapBytes = linear.directMapEndFrame * 4096;
    tape.nullWritten = (cell) => {
      throw badAddress(this.wide, cell * 4, 0, 'write');
    };
    this.slotVa = new Int32Array(memory.frameOfSlot.length * 2);
    memory.onGrow((words) => {
      this.words = words;
      this.slotVa = enlarged(this.slotVa, memory.frameOfSlot.length * 2);
    });
    memory.onPlaced((slot, frame) => {
      this.setSlotVa(slot, this.vaOfFrame(frame));
    });
  }

  /**
   * Follows the pointer stored at `at`. NULL is 0, for the caller to compare with; an address that maps to nothing faults. What
   * is accessed without a look, {@link read_ptr_to_read} and {@link read_ptr_to_write} follow.
   */
  read_ptr(at: number): Cell {
    const { words, translations } = this;
    const low = words[at]!;
    const high = this.wide ? words[(at + 1) | 0]! : 0;
    const entry = (low >>> 10) & 0xffc;
    if (translations[entry] === (low & ~4095) && translations[entry + 1] === high)
      return (translations[entry + 2]! + ((low & 4095) >>> 2)) as Cell;
    return (this.pointerAnew(at, low, high) | 0) as Cell;
  }

  /** A pointer whose page is not among the translations: NULL, for one. */
  private pointerAnew(at: number, low: number, high: number): Cell {
    if (low === 0 && high === 0) {
      if (at >>> 10 === 0) throw this.nullRead(at);
      return asCell(0);
    }
    return this.translateAnew(low, high, 'read');
  }

  /**
   * Follows the pointer stored at `at` for a read of what lies `member` words behind it, which is the access that faults when
   * nothing is there: NULL, poison or anything else that memory happens to hold.
   */
  read_ptr_to_read(at: number, member: number): Cell {
    const { words, translations } = this;
    const low = words[at]!;
    const high = this.wide ? words[(at + 1) | 0]! : 0;
    const entry = (low >>> 10) & 0xffc;
    if (
      // What lies in another page than the structure's first word is looked up there.
      ((low & 4095) + member * 4) >>> 12 === 0 &&
      translations[entry] === (low & ~4095) &&
      translations[entry + 1] === high
    )
      return (translations[entry + 2]! + ((low & 4095) >>> 2)) as Cell;
    return (this.follow(at, member, 'read') | 0) as Cell;
  }

  /** As {@link read_ptr_to_read}, for a write. */
  read_ptr_to_write(at: number, member: number): Cell {
    return this.follow(at, member, 'write');
  }

  /** A structure that is about to be read at `member`, in words: NULL faults. */
  deref(structure: number, member: number): Cell {
    if (structure === 0) throw badAddress(this.wide, member * 4, 0, 'read');
    return structure as Cell;
  }

  private follow(at: number, member: number, kind: AccessKind): Cell {
    const pointer = this.words[at]!;
    const low = (pointer + member * 4) | 0;
    let high = 0;
    if (this.wide) {
      high = this.words[at + 1]!;
      if (member >= 0 && low >>> 0 < pointer >>> 0) high = (high + 1) | 0;
      if (member < 0 && low >>> 0 > pointer >>> 0) high = (high - 1) | 0;
    }
    if (pointer === 0 && at >>> 10 === 0) throw this.nullRead(at);
    const { translations } = this;
    const entry = (low >>> 10) & 0xffc;
    if (translations[entry] === (low & ~4095) && translations[entry + 1] === high)
      return (translations[entry + 2]! + ((low & 4095) >>> 2) - member) as Cell;
    return (this.translateAnew(low, high, kind) - member) as Cell;
  }

  /** The pointer stored at `at`, plus `bytes`. */
  read_ptr_plus(at: number, bytes: number): Cell {
    const low = this.words[at]!;
    if (low === 0 && at >>> 10 === 0) throw this.nullRead(at);
    const sum = (low + bytes) | 0;
    if (!this.wide) return this.translate(sum, 0);
    const carry = sum >>> 0 < low >>> 0 ? 1 : 0;
    return this.translate(sum, (this.words[(at + 1) | 0]! + carry) | 0);
  }

  /** The pointer stored at `at`, plus the `long` stored at `distance`. */
  read_ptr_sum(at: number, distance: number): Cell {
    const low = this.words[at]!;
    if (low === 0 && at >>> 10 === 0) throw this.nullRead(at);
    const sum = (low + this.words[distance]!) | 0;
    if (!this.wide) return this.translate(sum, 0);
    const carry = sum >>> 0 < low >>> 0 ? 1 : 0;
    const high = (this.words[(at + 1) | 0]! + this.words[(distance + 1) | 0]!) | 0;
    return this.translate(sum, (high + carry) | 0);
  }

  /** Copies the pointer stored at `from` to `to`. */
  copy_ptr(to: number, from: number): void {
    const { words } = this;
    const low = words[from]!;
    if (low === 0 && from >>> 10 === 0) throw this.nullRead(from);
    this.write_words(to, low, this.wide ? words[(from + 1) | 0]! : 0);
  }

  /** The cell of the word at an address of the linear maps, or of a mapping; faults when nothing is there. */
  cell_at(va: VirtAddr): Cell {
    const low = lowWord(va);
    const offset = low & 4095;
    const number = (low >>> 12) & 1023;
    if (this.translatedPages[number] === va - offset)
      return (this.translations[number * 4 + 2]! + (offset >>> 2)) as Cell;
    return this.cellAnew(va);
  }

  /** Apart, so that {@link cell_at} stays small enough for V8 to inline it everywhere. */
  private cellAnew(va: VirtAddr): Cell {
    return (this.translateAnew(lowWord(va), this.wide ? highWord(va) : 0, 'read') | 0) as Cell;
  }

  /** `words` words behind `cell`, wherever that lies: pointer arithmetic in what may straddle frames. */
  plus(cell: number, words: number): Cell {
    const sum = (cell + words) | 0;
    if (sum >>> 10 === cell >>> 10) return sum as Cell;
    return (this.plusBeyond(cell as Cell, words) | 0) as Cell;
  }

  /** {@link plus} that leads to another page. */
  private plusBeyond(cell: Cell, words: number): Cell {
    const va = this.mappedVa(cell) ?? this.va_of(cell);
    return this.cell_at(asVirt(va + words * 4));
  }

  /** The mapped address by which a cell was last reached, if it is still mapped there. */
  private mappedVa(cell: Cell): VirtAddr | undefined {
    const page = this.mappedPages.get(cell >>> 10);
    if (page === undefined || this.throughTables(page) !== asCell(cell & ~1023)) return undefined;
    return asVirt(page + (cell & 1023) * 4);
  }

  /** The cell that the page tables have for a page of the kernel's half; 0: none, or no memory. */
  protected abstract throughTables(page: VirtAddr): Cell;

  /** The address stored at `at`; 0 is NULL. Only canonical ones are exact. */
  read_va(at: number): VirtAddr {
    const low = this.words[at]!;
    if (low === 0 && at >>> 10 === 0) throw this.nullRead(at);
    return this.wide ? fromWords(low, this.words[(at + 1) | 0]!) : asVirt(low >>> 0);
  }

  write_va(at: number, va: VirtAddr): void {
    this.write_words(at, lowWord(va), highWord(va));
  }

  /** The cell at a kernel virtual address given as words; faults when nothing is there. */
  private translate(low: number, high: number): Cell {
    // 4 words for each of NR_TRANSLATIONS; literals, because a bundled constant is a variable to V8.
    const { translations } = this;
    const entry = (low >>> 10) & 0xffc;
    if (translations[entry] === (low & ~4095) && translations[entry + 1] === high)
      return (translations[entry + 2]! + ((low & 4095) >>> 2)) as Cell;
    return (this.translateAnew(low, high, 'read') | 0) as Cell;
  }

  /** Looks a page up. Cells never move, so a translation of linear memory or of mem_map never goes stale, and is kept. */
  private translateAnew(low: number, high: number, kind: AccessKind): Cell {
    const offset = (low & 4095) >>> 2;
    const page = this.wide ? fromWords(low & ~4095, high) : asVirt((low & ~4095) >>> 0);
    let cell = this.cell_of(page);
    if (cell === 0) {
      cell = this.throughTables(page);
      // From the words: no number holds a poisoned pointer (0xdead000000000122).
      if (cell === 0) throw badAddress(this.wide, low, high, kind);
      // Mappings come and go: looked up each time.
      this.mappedPages.set(cell >>> 10, page);
      return (cell + offset) as Cell;
    }
    const entry = (low >>> 10) & 0xffc;
    const { translations } = this;
    translations[entry] = low & ~4095;
    translations[entry + 1] = high;
    translations[entry + 2] = cell;
    translations[entry + 3] = 0;
    this.translatedPages[entry >> 2] = page;
    return (cell + offset) as Cell;
  }

  /** Stores a pointer to `target` (0: NULL, as is the address of slot 0) at `at`. */
  write_ptr(at: number, target: number): void {
    const { slotVa } = this;
    const entry = (target >>> 10) * 2;
    const low = (slotVa[entry]! + ((target & 1023) << 2)) | 0;
    this.write_words(at, low, slotVa[entry + 1]!);
  }

  /** Stores a pointer to `target` with bits in its low end, as `compound_head` has. */
  write_ptr_tagged(at: number, target: number, tag: number): void {
    const { slotVa } = this;
    const entry = (target >>> 10) * 2;
    const low = (slotVa[entry]! + ((target & 1023) << 2) + tag) | 0;
    this.write_words(at, low, slotVa[entry + 1]!);
  }

  /** Whether the pointer stored at `at` points to `target`. */
  ptr_is(at: number, target: number): boolean {
    const { words, slotVa } = this;
    const entry = (target >>> 10) * 2;
    return (
      words[at] === ((slotVa[entry]! + ((target & 1023) << 2)) | 0) &&
      (!this.wide || words[(at + 1) | 0] === slotVa[entry + 1])
    );
  }

  /** The cell of the word at a kernel virtual address (linear maps, mem_map, scenario variables); 0 when there is none. */
  cell_of(va: VirtAddr): Cell {
    const phys = this.phys_of(va);
    if (phys !== undefined) return this.memory.cell(phys);
    return this.windows.cellOf(va);
  }

  /** Whether an address is that of something which is not memory of the machine: a scenario's own objects. */
  isOwnObject(va: VirtAddr): boolean {
    return this.windows.cellOf(va) !== 0;
  }

  /** Whether an address stands in for one that nobody knows: memory of the machine that a recording tells of. */
  isUnplaced(va: VirtAddr): boolean {
    return this.windows.at(va)?.isMachines === true;
  }

  /** Physical address behind a kernel virtual address of the linear maps or of mem_map. */
  phys_of(va: VirtAddr): PhysAddr | undefined {
    // Most addresses are of the direct map.
    const linear = va - this.directMapStart;
    if (linear >= 0 && linear < this.directMapBytes) return linear as PhysAddr;
    const { kernelMap } = this.linear;
    if (kernelMap !== undefined) {
      const inKernel = va - kernelMap.start;
      if (inKernel >= 0 && inKernel < (kernelMap.endFrame - kernelMap.startFrame) * 4096)
        return (kernelMap.startFrame * 4096 + inKernel) as PhysAddr;
    }
    if (this.memmap.contains(va)) {
      const frame = this.memmap.frameOfVa(va);
      if (frame !== undefined) return (frame * 4096 + ((va >>> 0) & 4095)) as PhysAddr;
    }
    return undefined;
  }

  /** The frame behind such an address, -1 for none. */
  pfn_of(va: VirtAddr): number {
    const phys = this.phys_of(va);
    return phys === undefined ? -1 : Math.floor(phys / 4096);
  }

  /** The struct page behind an address of the linear maps or of mem_map; NULL where there is none. */
  virt_to_page(va: VirtAddr): Cell {
    const low = lowWord(va);
    const number = (low >>> 12) & 1023;
    if (this.translatedPages[number] === va - (low & 4095)) {
      const page = this.translations[number * 4 + 3]!;
      if (page !== 0) return page as Cell;
    }
    return this.pageAnew(va);
  }

  /** Apart, as {@link cellAnew}. */
  private pageAnew(va: VirtAddr): Cell {
    // As words: V8 would make an object of the number for each call that might get it, even where none is made.
    return (this.pageBehind(lowWord(va), this.wide ? highWord(va) : 0) | 0) as Cell;
  }

  private pageBehind(low: number, high: number): Cell {
    const va = this.wide ? fromWords(low, high) : asVirt(low >>> 0);
    const pfn = this.pfn_of(va);
    if (pfn < 0) return asCell(0);
    const page = this.memmap.pfn_to_page(asPfn(pfn));
    const { translations } = this;
    const entry = (low >>> 10) & 0xffc;
    if (translations[entry] === (low & ~4095) && translations[entry + 1] === high)
      translations[entry + 3] = page;
    return page;
  }

  /** The kernel virtual address of a cell; 0 for a frame that has none (highmem). */
  va_of(cell: Cell): VirtAddr {
    const slot = cell >>> 10;
    const low = this.slotVa[slot * 2]!;
    const offset = (cell & 1023) << 2;
    const high = this.slotVa[slot * 2 + 1]!;
    if (low === 0 && high === 0) return asVirt(0);
    return this.wide ? asVirt(fromWords(low, high) + offset) : asVirt((low >>> 0) + offset);
  }

  /** The low word of the address of a cell; a cell in highmem has none that means anything. */
  va_low(cell: number): number {
    return (this.slotVa[(cell >>> 10) * 2]! + ((cell & 1023) << 2)) | 0;
  }

  /** The high word; 0 on 32 bit. */
  va_high(cell: number): number {
    return this.slotVa[(cell >>> 10) * 2 + 1]!;
  }

  /** Gives pseudo frames virtual addresses, so that pointers to scenario variables work. */
  addWindow(window: Window): void {
    this.windows.add(window);
    const first = window.cell >>> 10;
    for (let i = 0; i * 4096 < window.sizeBytes; i++) {
      this.setSlotVa(first + i, asVirt(window.start + i * 4096));
    }
  }

  private setSlotVa(slot: number, va: VirtAddr): void {
    this.slotVa[slot * 2] = lowWord(va);
    this.slotVa[slot * 2 + 1] = this.wide ? highWord(va) : 0;
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

  /** An address as `%px` prints it. */
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
