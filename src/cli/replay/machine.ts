/**
 * The machine that a trace is replayed on: an image, and the recorder's table of live objects.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import type { KmemCache, Page } from '../../engine/machine/ctypes.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';

/** An object in the recorder's table. */
export type Slot = BlockSlot | ExactSlot | RangeSlot | AreaSlot | ObjectSlot;

/** A block of pages; `order` is what `f` frees it with. */
interface BlockSlot {
  readonly kind: 'block';
  readonly page: Page;
  readonly order: number;
}

/** Pages of alloc_pages_exact(). */
interface ExactSlot {
  readonly kind: 'exact';
  readonly page: Page;
  readonly address: VirtAddr;
  readonly sizeBytes: number;
}

/** Pages of alloc_contig_range() or cma_alloc(). */
interface RangeSlot {
  readonly kind: 'contig' | 'cma';
  readonly page: Page;
  readonly nrPages: number;
}

/** An area of vmalloc space; of ioremap() with the offset in its first page. */
interface AreaSlot {
  readonly kind: 'area';
  readonly address: VirtAddr;
}

/** A mapping of one page that is given back before those that were there when it was made. */
export interface NestedMapping {
  readonly address: VirtAddr;
  readonly unmap: () => void;
}

/** An object of a slab cache, or what kmalloc() gave. */
interface ObjectSlot {
  readonly kind: 'object';
  readonly address: VirtAddr;
  /** NULL: kmalloc's. */
  readonly cache: KmemCache;
}

export class Machine {
  readonly mm: Kernel;
  /** The innermost last. */
  readonly nested: NestedMapping[] = [];
  /** Ticks came while it was recorded. */
  interruptsOn = false;
  /** Caches that were destroyed: what time is measured by (grace.ts). */
  nrDestroyed = 0;
  private slots = new Map<number, Slot>();
  /** By slot, the address of the last object that was put there: it stays when the object goes. */
  private addresses = new Map<number, VirtAddr>();

  constructor(readonly image: KernelImage) {
    this.mm = image.mm;
  }

  /** What is not memory: to be put back when the memory is taken back. */
  save(): () => void {
    const { nrDestroyed } = this;
    const [slots, addresses, nested] = [
      new Map(this.slots),
      new Map(this.addresses),
      this.nested.length,
    ];
    return () => {
      this.nrDestroyed = nrDestroyed;
      this.slots = new Map(slots);
      this.addresses = new Map(addresses);
      this.nested.length = nested;
    };
  }

  slot(index: number): Slot | undefined {
    return this.slots.get(index);
  }

  put(index: number, slot: Slot): void {
    this.slots.set(index, slot);
    if ('address' in slot) this.addresses.set(index, slot.address);
  }

  /** The address of the object that is or was in a slot; 0 where none was. */
  lastAddress(index: number): VirtAddr {
    return this.addresses.get(index) ?? asVirt(0);
  }

  /** Empties a slot; what was in it. */
  take(index: number): Slot | undefined {
    const slot = this.slots.get(index);
    this.slots.delete(index);
    return slot;
  }
}

/** Page `at` of the block in a slot; undefined where the slot has none. */
export function pageIn(machine: Machine, slot: number, at: number): Page | undefined {
  const object = machine.slot(slot);
  if (object?.kind !== 'block' && object?.kind !== 'exact') return undefined;
  return machine.mm.pfn_to_page(machine.mm.page_to_pfn(object.page) + at);
}
