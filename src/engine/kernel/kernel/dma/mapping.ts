/**
 * Giving memory to a device: its bus address, or that of a copy that the device can reach.
 *
 * Left out: the device (all are alike), attributes, IOMMUs (dma_map_direct), devices that are not coherent.
 *
 * Source: Linux 6.1 include/linux/dma-mapping.h: dma_map_single(), dma_unmap_single(); kernel/dma/mapping.c; kernel/dma/direct.h:
 * dma_direct_map_page() to dma_direct_sync_single_for_cpu(), whose names are inlines that call kernel/dma/swiotlb.c.
 */
import type { Int, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { PhysAddr } from '../../../memory/address.js';
import { DMA_BIT_MASK_32, dma_to_phys, phys_to_dma } from '../../include/linux/dma-direct.h.js';
import {
  is_swiotlb_buffer,
  swiotlb_map,
  swiotlb_sync_single_for_cpu,
  swiotlb_sync_single_for_device,
  swiotlb_tbl_unmap_single,
} from './swiotlb.js';

function dma_direct_map_page(k: Kernel, phys: PhysAddr, size: ULong, dir: Int): number {
  const dma_addr = phys_to_dma(k, phys);
  // dma_capable()
  if (dma_addr + size - 1 > DMA_BIT_MASK_32) return swiotlb_map(k, phys, size, dir);
  return dma_addr;
}

function dma_direct_unmap_page(k: Kernel, addr: number, size: ULong, dir: Int): void {
  const phys: PhysAddr = dma_to_phys(k, addr);
  if (is_swiotlb_buffer(k, phys)) swiotlb_tbl_unmap_single(k, phys, size, dir);
}

function dma_direct_sync_single_for_device(k: Kernel, addr: number, size: ULong, dir: Int): void {
  const paddr: PhysAddr = dma_to_phys(k, addr);
  if (is_swiotlb_buffer(k, paddr)) swiotlb_sync_single_for_device(k, paddr, size, dir);
}

function dma_direct_sync_single_for_cpu(k: Kernel, addr: number, size: ULong, dir: Int): void {
  const paddr: PhysAddr = dma_to_phys(k, addr);
  if (is_swiotlb_buffer(k, paddr)) swiotlb_sync_single_for_cpu(k, paddr, size, dir);
}

/** Before the device reads what the processor wrote after the mapping. */
export function dma_sync_single_for_device(k: Kernel, addr: number, size: ULong, dir: Int): void {
  dma_direct_sync_single_for_device(k, addr, size, dir);
}

/** Before the processor reads what the device wrote, and the mapping stays. */
export function dma_sync_single_for_cpu(k: Kernel, addr: number, size: ULong, dir: Int): void {
  dma_direct_sync_single_for_cpu(k, addr, size, dir);
}

/** The bus address for a device to use; DMA_MAPPING_ERROR when it can have none. */
export const dma_map_single = (k: Kernel, phys: PhysAddr, size: ULong, dir: Int): number =>
  dma_direct_map_page(k, phys, size, dir);

export const dma_unmap_single = (k: Kernel, addr: number, size: ULong, dir: Int): void =>
  dma_direct_unmap_page(k, addr, size, dir);
