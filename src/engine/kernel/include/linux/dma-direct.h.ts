/**
 * Addresses as devices see them: a host bridge may add an offset. Every device here reaches 4 GiB.
 *
 * Source: Linux 6.1 include/linux/dma-direct.h: phys_to_dma(), dma_to_phys(); include/linux/dma-direction.h; include/linux/dma-mapping.h.
 */
import type { Kernel } from '../../../machine/kernel.js';
import { asPhys, type PhysAddr } from '../../../memory/address.js';

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
