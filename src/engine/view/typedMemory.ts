/** The memory of an image as typed reading wants it. */
import { readVirtual } from '../image/assemble.js';
import type { KernelImage } from '../image/kernelImage.js';
import type { TypedMemory } from '../types/access.js';

const NOTHING = new Uint8Array(0);

export const typedMemory = (image: KernelImage): TypedMemory => ({
  pointerSize: image.profile.pointerSize,
  readBytes: (va, sizeBytes) => readVirtual(image, va, sizeBytes) ?? NOTHING,
});
