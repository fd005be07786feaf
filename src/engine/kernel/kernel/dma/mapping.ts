/**
 * Giving memory to a device: its bus address, or that of a copy that the device can reach.
 *
 * Left out: attributes, IOMMUs (dma_map_direct), devices that are not coherent.
 *
 * Source: Linux 6.1 include/linux/dma-mapping.h: dma_map_single(), dma_unmap_single(), dma_map_sgtable(); kernel/dma/mapping.c;
 * kernel/dma/direct.c: dma_direct_map_sg(), dma_direct_unmap_sg(); kernel/dma/direct.h:
 * dma_direct_map_page() to dma_direct_sync_single_for_cpu(), whose names are inlines that call kernel/dma/swiotlb.c.
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asPhys, type Cell, PAGE_SIZE, type PhysAddr } from '../../../memory/address.js';
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import {
  type Device,
  dma_capable,
  DMA_MAPPING_ERROR,
  dma_to_phys,
  dmaMaskAt,
  phys_to_dma,
} from '../../include/linux/dma-direct.h.js';
import { EIO } from '../../include/linux/errno.h.js';
import {
  type Scatterlist,
  sg_page,
  sgLength,
  sgOffset,
  type SgTable,
} from '../../include/linux/scatterlist.h.js';
import { sg_next } from '../../lib/scatterlist.js';
import {
  is_swiotlb_buffer,
  swiotlb_map,
  swiotlb_sync_single_for_cpu,
  swiotlb_sync_single_for_device,
  swiotlb_tbl_unmap_single,
} from './swiotlb.js';

function dma_direct_map_page(
  k: Kernel,
  dev: Device,
  phys: PhysAddr,
  size: ULong,
  dir: Int,
): number {
  const dma_addr = phys_to_dma(k, phys);
  if (!dma_capable(k, dev, dma_addr, size)) return swiotlb_map(k, dev, phys, size, dir);
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
export function dma_map_page_attrs(
  k: Kernel,
  dev: Device,
  phys: PhysAddr,
  size: ULong,
  dir: Int,
): number {
  const hasMask = dev === NULL || dmaMaskAt(k, dev) !== NULL;
  if (WARN_ON_ONCE(k, !hasMask, 'kernel/dma/mapping.c: !dev->dma_mask')) return DMA_MAPPING_ERROR;
  return dma_direct_map_page(k, dev, phys, size, dir);
}

export const dma_unmap_single = (k: Kernel, addr: number, size: ULong, dir: Int): void =>
  dma_direct_unmap_page(k, addr, size, dir);

// --- lists ---------------------------------------------------------------------------------------------------------------

/** sg->dma_address */
const dmaAddressAt = (k: Kernel, sg: Scatterlist): Cell => k.plus(sg, k.scatterlist.dma_address);

const writeDmaAddress = (k: Kernel, sg: Scatterlist, dma_addr: number): void => {
  k.write(dmaAddressAt(k, sg), dma_addr | 0);
  if (k.pte_words === 2) k.write(k.plus(dmaAddressAt(k, sg), 1), Math.floor(dma_addr / 2 ** 32));
};

const readDmaAddress = (k: Kernel, sg: Scatterlist): number => {
  const high = k.pte_words === 2 ? k.read_int(k.plus(dmaAddressAt(k, sg), 1)) * 2 ** 32 : 0;
  return high + (k.read_int(dmaAddressAt(k, sg)) >>> 0);
};

const dmaLengthAt = (k: Kernel, sg: Scatterlist): Cell => k.plus(sg, k.scatterlist.dma_length);

const physOf = (k: Kernel, sg: Scatterlist): PhysAddr =>
  asPhys(k.page_to_pfn(sg_page(k, sg)) * PAGE_SIZE + sgOffset(k, sg));

function dma_direct_unmap_sg(k: Kernel, sgl: Scatterlist, nents: Int, dir: Int): void {
  let sg: Scatterlist = sgl;
  for (let i: Int = 0; i < nents; i++, sg = sg_next(k, sg))
    dma_direct_unmap_page(k, readDmaAddress(k, sg), k.read_int(dmaLengthAt(k, sg)), dir);
}

/** Each piece by itself: nothing joins them here. How many there are, or -EIO. */
function dma_direct_map_sg(k: Kernel, dev: Device, sgl: Scatterlist, nents: Int, dir: Int): Int {
  let sg: Scatterlist = sgl;
  for (let i: Int = 0; i < nents; i++, sg = sg_next(k, sg)) {
    const dma_addr = dma_direct_map_page(k, dev, physOf(k, sg), sgLength(k, sg), dir);
    writeDmaAddress(k, sg, dma_addr);
    if (dma_addr === DMA_MAPPING_ERROR) {
      // out_unmap:
      dma_direct_unmap_sg(k, sgl, i, dir);
      return -EIO;
    }
    k.write(dmaLengthAt(k, sg), sgLength(k, sg));
  }
  return nents;
}

/** How many pieces the device gets; 0: it cannot have all of them. */
export function dma_map_sg_attrs(
  k: Kernel,
  dev: Device,
  sg: Scatterlist,
  nents: Int,
  dir: Int,
): Int {
  const hasMask = dev === NULL || dmaMaskAt(k, dev) !== NULL;
  if (WARN_ON_ONCE(k, !hasMask, 'kernel/dma/mapping.c: !dev->dma_mask')) return 0;
  return Math.max(dma_direct_map_sg(k, dev, sg, nents, dir), 0);
}

/** 0 or -EIO; the table says how many pieces the device gets. */
export function dma_map_sgtable(k: Kernel, dev: Device, sgt: SgTable, dir: Int): Int {
  const orig_nents: Int = k.read_int(k.plus(sgt, k.sg_table.orig_nents));
  const sgl: Scatterlist = k.read_ptr(k.plus(sgt, k.sg_table.sgl));
  const nents: Int = dma_map_sg_attrs(k, dev, sgl, orig_nents, dir);
  if (nents === 0) return -EIO;
  k.write(k.plus(sgt, k.sg_table.nents), nents);
  return 0;
}

export function dma_unmap_sg_attrs(k: Kernel, sg: Scatterlist, nents: Int, dir: Int): void {
  dma_direct_unmap_sg(k, sg, nents, dir);
}

export function dma_sync_sg_for_cpu(k: Kernel, sg: Scatterlist, nelems: Int, dir: Int): void {
  for (let i: Int = 0; i < nelems; i++, sg = sg_next(k, sg))
    dma_direct_sync_single_for_cpu(k, readDmaAddress(k, sg), sgLength(k, sg), dir);
}

export function dma_sync_sg_for_device(k: Kernel, sg: Scatterlist, nelems: Int, dir: Int): void {
  for (let i: Int = 0; i < nelems; i++, sg = sg_next(k, sg))
    dma_direct_sync_single_for_device(k, readDmaAddress(k, sg), sgLength(k, sg), dir);
}
