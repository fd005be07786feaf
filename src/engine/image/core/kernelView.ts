/**
 * A first look at the kernel inside a core, before there is an image: a profile's symbols and structures, read through the
 * kernel's own mapping alone.
 */
import { asVirt, fromWords, type VirtAddr } from '../../memory/address.js';
import { findMember } from '../../types/members.js';
import type { Profile } from '../../types/profile.js';
import type { FileMemory } from './fileMemory.js';
import { asciiz, viewOf } from './randomAccess.js';

export class KernelView {
  readonly pageOffset: VirtAddr;
  private readonly startKernelMap: VirtAddr;

  /** @param physBase how far the kernel lies from where it was linked to lie */
  constructor(
    readonly profile: Profile,
    readonly memory: FileMemory,
    readonly physBase: number,
  ) {
    this.startKernelMap = asVirt(profile.constant('__START_KERNEL_map'));
    this.pageOffset = asVirt(
      profile.arch === 'x86_64' && profile.symbol('page_offset_base') !== undefined
        ? this.pointerAt(this.address('page_offset_base'))
        : profile.constant('PAGE_OFFSET'),
    );
  }

  /** The kernel's mapping of itself on x86_64 begins above the direct map; on i386 they are one. */
  phys(va: VirtAddr): number {
    return va >= this.startKernelMap
      ? va - this.startKernelMap + this.physBase
      : va - this.pageOffset;
  }

  has(name: string): boolean {
    return this.profile.symbol(name) !== undefined;
  }

  /** Of a global that this build must have. */
  address(name: string): VirtAddr {
    const symbol = this.profile.symbol(name);
    if (symbol === undefined) throw new Error(`profile ${this.profile.name} has no ${name}`);
    return symbol.address;
  }

  /** Byte offset of a member in a structure. */
  offset(tag: string, member: string): number {
    const type = this.profile.types.struct(tag);
    const place = type && findMember(type, member);
    if (place === undefined)
      throw new Error(`profile ${this.profile.name} has no ${tag}.${member}`);
    return place.offsetBits / 8;
  }

  sizeof(tag: string): number {
    const type = this.profile.types.struct(tag);
    if (type === undefined) throw new Error(`profile ${this.profile.name} has no struct ${tag}`);
    return type.sizeBytes;
  }

  uintAt(va: number): number {
    return this.memory.word32(this.phys(asVirt(va)));
  }

  /** An `unsigned long` below 2^53. */
  ulongAt(va: number): number {
    const phys = this.phys(asVirt(va));
    return this.profile.pointerSize === 4
      ? this.memory.word32(phys)
      : this.memory.word32(phys) + this.memory.word32(phys + 4) * 0x1_0000_0000;
  }

  pointerAt(va: number): VirtAddr {
    const bytes = viewOf(this.memory.read(this.phys(asVirt(va)), this.profile.pointerSize));
    return this.profile.pointerSize === 4
      ? asVirt(bytes.getUint32(0, true))
      : fromWords(bytes.getInt32(0, true), bytes.getInt32(4, true));
  }

  textAt(va: number, maxBytes: number): string {
    return asciiz(this.memory.read(this.phys(asVirt(va)), maxBytes));
  }

  /** The value of a global `unsigned long`. */
  ulong(name: string): number {
    return this.ulongAt(this.address(name));
  }

  pointer(name: string): VirtAddr {
    return this.pointerAt(this.address(name));
  }
}
