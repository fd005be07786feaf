/**
 * memoryReferences: addresses as text, the same all session long. A kernel virtual address, or `phys:0x...` for physical
 * memory that no linear mapping has.
 */
import { readVirtual, writeBytes } from '../../engine/image/assemble.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import {
  asPhys,
  asVirt,
  formatAddress,
  parseAddress,
  type VirtAddr,
} from '../../engine/memory/address.js';

export interface MemoryPlace {
  /** The address as text, offset included. */
  readonly address: string;
  /** As many bytes as there are, up to `count`. */
  read(count: number): Uint8Array;
  /** Writes through the tape; all bytes must be readable. */
  write(bytes: Uint8Array): void;
}

export function locateMemory(
  image: KernelImage,
  reference: string,
  offset: number,
): MemoryPlace | undefined {
  const physical = /^phys:(0x[0-9a-f]+)$/i.exec(reference.trim())?.[1];
  if (physical !== undefined) {
    const phys = Number(physical) + offset;
    return phys < 0 || !Number.isSafeInteger(phys) ? undefined : physicalPlace(image, phys);
  }
  const base = parseAddress(reference.trim(), image.profile.pointerSize);
  if (base === undefined) return undefined;
  const va = asVirt(base + offset);
  return {
    address: formatAddress(va, image.profile.pointerSize),
    read: (count) => (count <= 0 ? NOTHING : (readVirtual(image, va, count) ?? NOTHING)),
    write: (bytes) => void writeBytes(image, va, bytes),
  };
}

/** An address that a client gives as text: `0x...`, or decimal. */
export const parseReference = (image: KernelImage, text: string): VirtAddr | undefined =>
  parseAddress(text.trim(), image.profile.pointerSize);

const NOTHING = new Uint8Array(0);

function physicalPlace({ memory, tape }: KernelImage, phys: number): MemoryPlace {
  return {
    address: `0x${phys.toString(16)}`,
    read: (count) => memory.readBytes(asPhys(phys), Math.max(0, count)),
    write: (bytes) => {
      bytes.forEach((byte, i) => {
        const at = phys + i;
        const shift = (at & 3) * 8;
        tape.writeBits(memory.cell(asPhys(at - (at & 3))), 0xff << shift, byte << shift);
      });
    },
  };
}
