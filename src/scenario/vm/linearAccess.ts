/**
 * The short way to linear memory (direct map, kernel image, mem_map): an access need not be walked through the page tables
 * as long as the walk would come to the same word, be allowed, and leave the tables as they are.
 *
 * That is looked up once for a page and holds until somebody writes in one of the tables on its way, in the CPU's registers
 * or in its TLB: `PhysicalMemory.generations` tells. So a page that a scenario unmaps, write-protects, maps elsewhere or
 * clears the A bit of is accessed by the tables from then on, like any other.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Cell, VirtAddr } from '../../engine/memory/address.js';
import { PAGE_SIZE } from '../../engine/memory/address.js';
import type { Level } from '../../engine/x86/formats.js';
import { PROCESSOR_FRAMES, type Processor } from '../../engine/x86/processor.js';

/** Pages remembered, by the low bits of their number. */
const NR_PAGES = 1024;
const PAGE_MASK = NR_PAGES - 1;
/** Tables on the longest way. */
const NR_LEVELS = 5;

/** PAE's four top entries are read when cr3 is loaded: no access sets A in them. */
const isLoadedWithCr3 = (level: Level): boolean => level.hasNoRights === true;

const READ = 1;
const WRITE = 2;

export class LinearAccess {
  private readonly processor: Processor;
  private readonly pages = new Float64Array(NR_PAGES).fill(NaN);
  private readonly allowed = new Uint8Array(NR_PAGES);
  private readonly stamps = new Int32Array(NR_PAGES);
  /** For each page the frames of the tables on its way; 0 where the way is shorter: no table lies there. */
  private readonly frames = new Int32Array(NR_PAGES * NR_LEVELS);

  constructor(
    private readonly image: KernelImage,
    cpu: number,
  ) {
    this.processor = image.mm.machine.processor(cpu);
    image.tape.countWrites();
  }

  /** @param cell where the linear maps have `va` */
  allows(va: VirtAddr, cell: Cell, kind: 'read' | 'write'): boolean {
    const page = Math.floor(va / PAGE_SIZE);
    const at = page & PAGE_MASK;
    if (this.pages[at] !== page || this.stamps[at] !== this.stampOf(at)) this.look(va, cell, at);
    return ((this.allowed[at] ?? 0) & (kind === 'read' ? READ : WRITE)) !== 0;
  }

  private look(va: VirtAddr, cell: Cell, at: number): void {
    const { processor } = this;
    const { memory } = this.image;
    this.pages[at] = Math.floor(va / PAGE_SIZE);
    this.frames.fill(0, at * NR_LEVELS, (at + 1) * NR_LEVELS);
    this.allowed[at] = 0;
    const frame = memory.frameOfSlot[cell >>> 10] ?? 0;
    // A scenario's own objects lie in no memory, and on no table's way.
    if (!processor.hasTables || frame >= memory.nrFrames) {
      this.allowed[at] = READ | WRITE;
    } else if (processor.tlb.lookup(processor.paging, va) === undefined) {
      // What is remembered must not decide what is heard.
      const { steps, page, exception } = memory.unheard(() =>
        processor.walk(va, { kind: 'read', user: false }),
      );
      steps.forEach(({ tablePhys }, i) => {
        this.frames[at * NR_LEVELS + i] = Math.floor(tablePhys / PAGE_SIZE);
      });
      const isPlain =
        page !== undefined &&
        exception === undefined &&
        Math.floor(page.phys / PAGE_SIZE) === frame &&
        steps.every(({ entry, level }) => entry.flags.A || isLoadedWithCr3(level));
      if (isPlain) this.allowed[at] = READ | (page.dirty && page.rights.write ? WRITE : 0);
    }
    this.stamps[at] = this.stampOf(at);
  }

  /** Changes with every write that the answer for a page may depend on. */
  private stampOf(at: number): number {
    const { generations, slotOfFrame } = this.image.memory;
    const { firstSlot } = this.processor;
    let stamp = 0;
    for (let i = 0; i < PROCESSOR_FRAMES; i++) stamp += generations[firstSlot + i] ?? 0;
    for (let i = at * NR_LEVELS; i < (at + 1) * NR_LEVELS; i++)
      stamp += generations[slotOfFrame[this.frames[i] ?? 0] ?? 0] ?? 0;
    return stamp | 0;
  }
}
