/**
 * Memory for objects that a dump tells of, but not where they are: a cache's node, its CPUs' arrays, its name. They get a
 * stretch of the address space that no kernel maps: on 64 bit behind all else, below the machine's own registers; on i386 in the hole of
 * 8 MiB between the direct map and vmalloc space, for the fixmap reaches up to the end.
 *
 * Invariant: nothing of it is freed to an allocator, and none hands it out: it has no `struct page`.
 */
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';

export class ObjectMemory {
  private next: number;
  private readonly end: number;

  /** Sets `sizeBytes` aside, in whole pages. One for a machine. */
  constructor(
    private readonly mm: Kernel,
    sizeBytes: number,
  ) {
    const nrPages = Math.ceil(sizeBytes / PAGE_SIZE);
    const wholeBytes = nrPages * PAGE_SIZE;
    const { pageOffset, directMapEndFrame } = mm.linear;
    // On 64 bit the last page has the registers; on i386 the first of the hole stays one.
    this.next = mm.wide
      ? -PAGE_SIZE - wholeBytes
      : pageOffset + (directMapEndFrame + 1) * PAGE_SIZE;
    this.end = this.next + wholeBytes;
    const cell = mm.memory.addPseudoFrames(nrPages);
    mm.addWindow({
      start: asVirt(this.next),
      sizeBytes: nrPages * PAGE_SIZE,
      cell,
      isMachines: true,
    });
  }

  take(sizeBytes: number, align: number): VirtAddr {
    const at = Math.ceil(this.next / align) * align;
    if (at + sizeBytes > this.end) throw new Error('the memory for recorded objects is too small');
    this.next = at + sizeBytes;
    return asVirt(at);
  }

  /** A string, with its NUL. */
  string(text: string): VirtAddr {
    const at = this.take(text.length + 1, 1);
    for (let i = 0; i <= text.length; i++) {
      const byte = asVirt(at + i);
      this.mm.write8(this.mm.cell_at(byte), byte & 3, i < text.length ? text.charCodeAt(i) : 0);
    }
    return at;
  }
}
