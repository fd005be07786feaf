/**
 * mem_map: where `struct page` of a pfn lies, and back.
 *
 * FLATMEM: one array in the direct map. SPARSEMEM_VMEMMAP: one array in virtual space, backed section by section.
 * Either way the array is a run of virtual pages (*map pages*, counted from the one that holds the first struct page);
 * an extent says which frames back a stretch of them. Map pages are placed in the pool in groups that hold whole
 * structures, so a page's fields are `words[page + offset]`:
 *
 *     sizeof(struct page)   map pages a group   struct pages a group
 *             32                    1                   128
 *             64                    1                    64
 *             56                    7                   512
 *
 * Source: Linux 6.1 include/asm-generic/memory_model.h, mm/sparse-vmemmap.c.
 */
import {
  asCell,
  asPfn,
  type Cell,
  highWord,
  lowWord,
  type Pfn,
  type VirtAddr,
  WORDS_PER_FRAME,
} from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';

/** `nrFrames` map pages from `startMapPage` on lie in frames from `startFrame` on. */
export interface MemmapExtent {
  readonly startMapPage: number;
  readonly startFrame: number;
  readonly nrFrames: number;
}

export interface MemmapGeometry {
  /** Virtual address of `struct page` of pfn 0 (`mem_map`, VMEMMAP_START). */
  readonly base: VirtAddr;
  readonly sizeofPage: number;
  /** One past the highest pfn with a `struct page`. */
  readonly endPfn: number;
  /** Sorted, disjoint. */
  readonly extents: readonly MemmapExtent[];
}

export class Memmap {
  readonly page_words: number;
  /** 1 / page_words in 2^-20: exact for the few thousand words of a group, and a multiplication is a fifth of a division. */
  private readonly pagesPerWord: number;
  /** Words of the base address, for writing pointers. */
  readonly baseLow: number;
  readonly baseHigh: number;
  readonly endPfn: number;
  /** Struct pages (from the start of the first map page) to a group: 1 << groupShift. */
  private readonly groupShift: number;
  private readonly groupMask: number;
  private readonly mapPagesPerGroup: number;
  /** Struct pages' worth of bytes between the first map page's start and pfn 0. */
  private readonly bias: number;
  private readonly biasBytes: number;
  /** group -> cell of its first struct page, 0 = not touched. */
  private readonly groupCell: Int32Array;
  /** map page -> cell of its first word, 0 = not touched. */
  private readonly mapPageCell: Int32Array;
  /** slot -> pfn of the group's first struct page, and the cell where that lies. */
  private slotPfn: Int32Array;
  private slotOrigin: Int32Array;
  /** Page base of the first map page, low word: pointers are decoded relative to it. */
  private readonly mapLow: number;

  constructor(
    private readonly memory: PhysicalMemory,
    private readonly geometry: MemmapGeometry,
  ) {
    const { base, sizeofPage, endPfn } = geometry;
    this.page_words = sizeofPage / 4;
    this.pagesPerWord = Math.ceil(2 ** 20 / this.page_words);
    this.baseLow = lowWord(base);
    this.baseHigh = highWord(base);
    this.endPfn = endPfn;
    const biasBytes = ((base % 4096) + 4096) % 4096;
    this.biasBytes = biasBytes;
    // A word to V8, which takes a quotient for a fraction.
    this.bias = (biasBytes / sizeofPage) | 0;
    this.mapLow = (this.baseLow - biasBytes) | 0;
    this.mapPagesPerGroup = sizeofPage === 56 ? 7 : 1;
    this.groupShift = Math.log2((this.mapPagesPerGroup * 4096) / sizeofPage);
    this.groupMask = (1 << this.groupShift) - 1;
    this.mapPageCell = new Int32Array(Math.ceil((biasBytes + endPfn * sizeofPage) / 4096));
    this.groupCell = new Int32Array(((endPfn + this.bias) >> this.groupShift) + 1);
    this.slotPfn = new Int32Array(memory.frameOfSlot.length);
    this.slotOrigin = new Int32Array(memory.frameOfSlot.length);
    memory.addPlacement((frame) => {
      const mapPage = this.mapPageOf(frame);
      return mapPage === undefined ? undefined : this.framesOfGroup(this.groupOf(mapPage));
    });
  }

  /** The cell of `struct page` of `pfn`; 0 when there is none (a hole of SPARSEMEM, past the end). */
  pfn_to_page(pfn: Pfn): Cell {
    const index = pfn + this.bias;
    const group = index >> this.groupShift;
    let first = this.groupCell[group];
    if (!first) {
      first = this.touchGroup(group, pfn);
      if (first === 0) return asCell(0);
    }
    // The number of a wild page may be that of a real one but for its high bits.
    if (pfn !== (pfn | 0)) return asCell(0);
    return (first + (index & this.groupMask) * this.page_words) as Cell;
  }

  /** The pfn of a `struct page`, given a cell anywhere inside it; -1 for a cell that is not in the map. */
  page_to_pfn(page: Cell): Pfn {
    const slot = page >>> 10;
    const origin = this.slotOrigin[slot];
    // No group lies in slot 0.
    if (!origin) return asPfn(-1);
    return (this.slotPfn[slot]! + (Math.imul(page - origin, this.pagesPerWord) >> 20)) as Pfn;
  }

  /** The arithmetic of page_to_pfn() for any address: floor((page - mem_map) / sizeof(struct page)). */
  pfnOfVa(va: VirtAddr): number {
    return Math.floor((va - this.geometry.base) / this.geometry.sizeofPage);
  }

  /** The cell of the word at `low` (of a virtual address inside the map); 0 when it is not backed. */
  cellOfLow(low: number): Cell {
    const offset = low - this.mapLow;
    const mapPage = offset >>> 12;
    if (mapPage >= this.mapPageCell.length) return asCell(0);
    let cell = this.mapPageCell[mapPage] as number;
    if (cell === 0) {
      this.touchGroup(this.groupOf(mapPage), -1);
      cell = this.mapPageCell[mapPage] as number;
      if (cell === 0) return asCell(0);
    }
    return (cell + ((offset & 4095) >>> 2)) as Cell;
  }

  /** Whether a virtual address lies in the map. */
  contains(va: VirtAddr): boolean {
    const start = this.geometry.base;
    return va >= start && va < start + this.endPfn * this.geometry.sizeofPage;
  }

  /** The virtual address of a frame that backs the map; undefined for other frames. */
  vaOfFrame(frame: number): VirtAddr | undefined {
    const mapPage = this.mapPageOf(frame);
    if (mapPage === undefined) return undefined;
    return (this.geometry.base - this.biasBytes + mapPage * 4096) as VirtAddr;
  }

  /** The frame that backs a virtual address of the map. */
  frameOfVa(va: VirtAddr): number | undefined {
    const offset = va - this.geometry.base + this.biasBytes;
    return offset < 0 ? undefined : this.frameOfMapPage(Math.floor(offset / 4096));
  }

  /** Whether `pfn` has a struct page. */
  pfn_valid(pfn: Pfn): boolean {
    return pfn >= 0 && pfn < this.endPfn && this.pfn_to_page(pfn) !== 0;
  }

  private groupOf(mapPage: number): number {
    return Math.floor(mapPage / this.mapPagesPerGroup);
  }

  private framesOfGroup(group: number): readonly number[] {
    const frames: number[] = [];
    for (let i = 0; i < this.mapPagesPerGroup; i++) {
      const frame = this.frameOfMapPage(group * this.mapPagesPerGroup + i);
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  /** The cell of a group's first struct page; 0 when there is no such group. `pfn` < 0: any page of it. */
  private touchGroup(group: number, pfn: number): number {
    if (group < 0 || group >= this.groupCell.length) return 0;
    if (pfn >= this.endPfn) return 0;
    // The last group of a 56-byte map may be backed in part: it is usable as far as it goes.
    const firstMapPage = group * this.mapPagesPerGroup;
    const firstFrame = this.frameOfMapPage(firstMapPage);
    if (firstFrame === undefined) return 0;
    const frames = this.framesOfGroup(group);
    const slot = this.memory.slot(firstFrame);
    if (this.slotPfn.length < this.memory.frameOfSlot.length) {
      this.slotPfn = enlarged(this.slotPfn, this.memory.frameOfSlot.length);
      this.slotOrigin = enlarged(this.slotOrigin, this.memory.frameOfSlot.length);
    }
    const first = slot * WORDS_PER_FRAME;
    for (let i = 0; i < frames.length; i++) {
      this.slotPfn[slot + i] = (group << this.groupShift) - this.bias;
      this.slotOrigin[slot + i] = first;
      this.mapPageCell[firstMapPage + i] = first + i * WORDS_PER_FRAME;
    }
    this.groupCell[group] = first;
    return first;
  }

  private mapPageOf(frame: number): number | undefined {
    for (const extent of this.geometry.extents) {
      const within = frame - extent.startFrame;
      if (within >= 0 && within < extent.nrFrames) return extent.startMapPage + within;
    }
    return undefined;
  }

  private frameOfMapPage(mapPage: number): number | undefined {
    const extents = this.geometry.extents;
    let low = 0;
    let high = extents.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const extent = extents[middle] as MemmapExtent;
      if (mapPage < extent.startMapPage) high = middle - 1;
      else if (mapPage >= extent.startMapPage + extent.nrFrames) low = middle + 1;
      else return extent.startFrame + mapPage - extent.startMapPage;
    }
    return undefined;
  }
}

function enlarged(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
