/**
 * Members of kernel structures by name, for views: offsets are looked up in the profile once, and reading touches nothing.
 *
 * Every answer may be undefined: a dump may lack the memory, a build the member. Views say what they find.
 */
import { readVirtual } from '../image/assemble.js';
import type { KernelImage } from '../image/kernelImage.js';
import { asVirt, fromWords, type VirtAddr } from '../memory/address.js';
import { findMember } from '../types/members.js';

export class StructReader {
  private readonly offsets = new Map<string, number | undefined>();

  constructor(readonly image: KernelImage) {}

  /** Byte offset of a member; undefined where this build has none. */
  offset(tag: string, member: string): number | undefined {
    const key = `${tag}.${member}`;
    if (this.offsets.has(key)) return this.offsets.get(key);
    const type = this.image.profile.types.struct(tag);
    const bits = type === undefined ? undefined : findMember(type, member)?.offsetBits;
    const bytes = bits === undefined ? undefined : bits / 8;
    this.offsets.set(key, bytes);
    return bytes;
  }

  sizeof(tag: string): number | undefined {
    return this.image.profile.types.struct(tag)?.sizeBytes;
  }

  /** The address of a global. */
  symbol(name: string): VirtAddr | undefined {
    return this.image.profile.symbol(name)?.address;
  }

  pointerAt(va: VirtAddr | number): VirtAddr | undefined {
    const { pointerSize } = this.image.profile;
    const words = this.wordsAt(va, pointerSize);
    if (words === undefined) return undefined;
    const low = words.getInt32(0, true);
    return pointerSize === 4 ? asVirt(low >>> 0) : fromWords(low, words.getInt32(4, true));
  }

  /** An `unsigned int` or the low half of a long. */
  uintAt(va: VirtAddr | number): number | undefined {
    return this.wordsAt(va, 4)?.getUint32(0, true);
  }

  /** A pointer or `unsigned long` that is an address. */
  pointer(tag: string, member: string, struct: VirtAddr): VirtAddr | undefined {
    const offset = this.offset(tag, member);
    return offset === undefined ? undefined : this.pointerAt(struct + offset);
  }

  uint(tag: string, member: string, struct: VirtAddr): number | undefined {
    const offset = this.offset(tag, member);
    return offset === undefined ? undefined : this.uintAt(struct + offset);
  }

  /** A NUL-terminated string. */
  textAt(va: VirtAddr | number, maxBytes: number): string | undefined {
    const bytes = va === 0 ? undefined : readVirtual(this.image, asVirt(va), maxBytes);
    if (bytes === undefined) return undefined;
    const end = bytes.indexOf(0);
    const text = String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
    return /^[ -~]*$/.test(text) ? text : undefined;
  }

  private wordsAt(va: number, sizeBytes: number): DataView | undefined {
    const bytes = readVirtual(this.image, asVirt(va), sizeBytes);
    if (bytes === undefined || bytes.length < sizeBytes) return undefined;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}
