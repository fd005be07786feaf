/**
 * Which pages the scenario has taken from the kernel, and which it gave back: for the first page of each block four words, on the
 * tape, so that a step back takes them back.
 *
 *     word 0    where it was allocated        word 2    where it was freed; 0: it is the scenario's still
 *          1    its order, by which task           3    by which task
 *
 * Places count from 1; 0 in word 0: the scenario never had a block that begins there. A block of which a part is freed becomes
 * several, as a free block does when a part of it is taken. Frames of words are added where a page needs one, so the table
 * costs what was allocated.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { asCell, WORDS_PER_FRAME, type Cell } from '../../engine/memory/address.js';

const WORDS = 4;
const PER_FRAME = WORDS_PER_FRAME / WORDS;

/** A place in the scenario's text, counted from 1, and the task that was there. */
export interface Mark {
  readonly place: number;
  readonly task: number;
}

export interface PageBlock {
  readonly pfn: number;
  readonly order: number;
  readonly allocated: Mark;
  readonly freed: Mark | undefined;
}

export class PageTable {
  /** By pfn / PER_FRAME. Frames never move, and are zeros where the tape has undone what was written. */
  private readonly frames = new Map<number, Cell>();

  constructor(private readonly k: Kernel) {}

  /** `nrPages` pages from `pfn` on: as blocks whose order fits their place, for a range need not be one. */
  take(pfn: number, nrPages: number, by: Mark): void {
    for (let at = pfn; at < pfn + nrPages;) {
      const order = this.orderThatFits(at, pfn + nrPages - at);
      this.forgetInside(at, order);
      this.write(at, order, by, undefined);
      at += 1 << order;
    }
  }

  /** The pages of a block are free; those that were not the scenario's are passed over. */
  giveBack(pfn: number, order: number, by: Mark): void {
    const whole = this.holding(pfn);
    if (whole !== undefined && whole.freed === undefined && whole.order > order)
      this.split(whole, pfn, order);
    for (let at = pfn; at < pfn + (1 << order);) {
      const block = this.at(at);
      if (block !== undefined && block.freed === undefined)
        this.write(at, block.order, block.allocated, by);
      at += 1 << (block?.order ?? 0);
    }
  }

  /** The block that a page is part of: the smallest one that the table knows. */
  holding(pfn: number): PageBlock | undefined {
    for (let order = 0; order < this.k.MAX_ORDER; order++) {
      const block = this.at(pfn - (pfn % (1 << order)));
      if (block !== undefined && block.pfn + (1 << block.order) > pfn) return block;
    }
    return undefined;
  }

  /** Every block that the scenario still has. */
  *held(): Generator<PageBlock> {
    for (const frame of this.frames.keys())
      for (let i = 0; i < PER_FRAME; i++) {
        const block = this.at(frame * PER_FRAME + i);
        if (block !== undefined && block.freed === undefined) yield block;
      }
  }

  private at(pfn: number): PageBlock | undefined {
    const frame = this.frames.get(Math.floor(pfn / PER_FRAME));
    if (frame === undefined) return undefined;
    const { words } = this.k;
    const cell = frame + (pfn % PER_FRAME) * WORDS;
    const place = words[cell] ?? 0;
    if (place === 0) return undefined;
    const info = words[cell + 1] ?? 0;
    const freedAt = words[cell + 2] ?? 0;
    return {
      pfn,
      order: info & 0xff,
      allocated: { place, task: info >> 8 },
      freed: freedAt === 0 ? undefined : { place: freedAt, task: words[cell + 3] ?? 0 },
    };
  }

  private write(pfn: number, order: number, allocated: Mark, freed: Mark | undefined): void {
    const index = Math.floor(pfn / PER_FRAME);
    let frame = this.frames.get(index);
    if (frame === undefined) {
      frame = this.k.memory.addPseudoFrames(1);
      this.frames.set(index, frame);
    }
    const { tape } = this.k;
    const cell = frame + (pfn % PER_FRAME) * WORDS;
    tape.write(asCell(cell), allocated.place);
    tape.write(asCell(cell + 1), order | (allocated.task << 8));
    tape.write(asCell(cell + 2), freed?.place ?? 0);
    tape.write(asCell(cell + 3), freed?.task ?? 0);
  }

  private forget(pfn: number): void {
    const frame = this.frames.get(Math.floor(pfn / PER_FRAME));
    if (frame !== undefined) this.k.tape.write(asCell(frame + (pfn % PER_FRAME) * WORDS), 0);
  }

  /** What was known of smaller blocks, and of larger ones around, is over. */
  private forgetInside(pfn: number, order: number): void {
    const whole = this.holding(pfn);
    if (whole !== undefined && whole.order > order) {
      this.split(whole, pfn, order);
      return;
    }
    for (let at = pfn + 1; at < pfn + (1 << order); at++)
      if (this.at(at) !== undefined) this.forget(at);
  }

  /** Until the block of `order` at `pfn` stands alone. */
  private split(whole: PageBlock, pfn: number, order: number): void {
    const { allocated, freed } = whole;
    let head = whole.pfn;
    for (let size = whole.order; size > order;) {
      size--;
      const upper = head + (1 << size);
      this.write(head, size, allocated, freed);
      this.write(upper, size, allocated, freed);
      if (pfn >= upper) head = upper;
    }
  }

  private orderThatFits(pfn: number, nrPages: number): number {
    let order = this.k.MAX_ORDER - 1;
    while (order > 0 && (pfn % (1 << order) !== 0 || 1 << order > nrPages)) order--;
    return order;
  }
}
