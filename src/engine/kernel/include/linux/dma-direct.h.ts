/**
 * Addresses as devices see them: a host bridge may add an offset, and a device may reach a part of them only.
 *
 * Differs: no device (NULL, which is an oops in Linux) stands for one that reaches 4 GiB.
 * Source: Linux 6.1 include/linux/dma-direct.h: phys_to_dma(), dma_to_phys(), dma_capable(); include/linux/dma-direction.h;
 * include/linux/dma-mapping.h: dma_get_mask().
 */
import { NULL, type Pointer, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asPhys, type Cell, type PhysAddr } from '../../../memory/address.js';

export type Device = Pointer<'struct device'>;

/** enum dma_data_direction */
export const DMA_BIDIRECTIONAL = 0;
export const DMA_TO_DEVICE = 1;
export const DMA_FROM_DEVICE = 2;

/** What a device gets when there is no address for it. */
export const DMA_MAPPING_ERROR = -1;

/** DMA_BIT_MASK(32): the highest address that a device reaches. */
export const DMA_BIT_MASK_32 = 2 ** 32 - 1;

export function phys_to_dma(k: Kernel, paddr: PhysAddr): number {
  return paddr + k.machine.busOffset;
}

export function dma_to_phys(k: Kernel, dma_addr: number): PhysAddr {
  return asPhys(dma_addr - k.machine.busOffset);
}

/** A u64: exact as far as addresses go. */
export const readMask = (k: Kernel, at: Cell): number =>
  (k.read_int(k.plus(at, 1)) >>> 0) * 2 ** 32 + (k.read_int(at) >>> 0);

export const writeMask = (k: Kernel, at: Cell, mask: bigint): void => {
  k.write(at, Number(BigInt.asIntN(32, mask)));
  k.write(k.plus(at, 1), Number(BigInt.asIntN(32, mask >> 32n)));
};

/** min_not_zero(mask, dev->bus_dma_limit) */
const limitedMask = (k: Kernel, dev: Device, mask: number): number => {
  const bus_dma_limit = readMask(k, k.plus(dev, k.device.bus_dma_limit));
  return bus_dma_limit === 0 || mask === 0 ? mask + bus_dma_limit : Math.min(mask, bus_dma_limit);
};

/** Where a device says how far it reaches; NULL: it says nothing. */
export const dmaMaskAt = (k: Kernel, dev: Device): Cell =>
  k.read_ptr(k.plus(dev, k.device.dma_mask));

/** The highest address that a device reaches, of memory that is given to it. */
export function dma_get_mask(k: Kernel, dev: Device): number {
  if (dev === NULL || dmaMaskAt(k, dev) === NULL) return DMA_BIT_MASK_32;
  const mask = readMask(k, dmaMaskAt(k, dev));
  return mask === 0 ? DMA_BIT_MASK_32 : mask;
}

/** The same of memory that is allocated for it. */
export const coherentLimit = (k: Kernel, dev: Device): number =>
  dev === NULL
    ? DMA_BIT_MASK_32
    : limitedMask(k, dev, readMask(k, k.plus(dev, k.device.coherent_dma_mask)));

/** Whether a device reaches all of a piece of memory. */
export function dma_capable(k: Kernel, dev: Device, addr: number, size: ULong): boolean {
  if (addr === DMA_MAPPING_ERROR) return false;
  const mask = dev === NULL ? DMA_BIT_MASK_32 : limitedMask(k, dev, readMask(k, dmaMaskAt(k, dev)));
  return addr + size - 1 <= mask;
}
