/**
 * Addresses as devices see them: a host bridge may add an offset, and memory that a device cannot reach is copied to a bounce
 * buffer that it can: then the bus address is of neither the page nor its alias.
 *
 *     io_tlb  │ 2K │ 2K │ 2K │ ...     slots[i].orig_addr: which memory slot i stands for, 0 for none
 *
 * Every device here reaches 4 GiB. Differs: slots are looked for from the first, in one area, and are not cleared at boot.
 *
 * Source: Linux 6.1 kernel/dma/swiotlb.c: swiotlb_tbl_map_single(), swiotlb_bounce(), swiotlb_tbl_unmap_single();
 * kernel/dma/direct.h: dma_direct_map_page(); include/linux/dma-direct.h.
 */
import type { Int, ULong } from '../../../machine/ctypes.js';
import type { IoTlbMem } from '../../../machine/ioTlb.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asPhys, type Cell, type PhysAddr } from '../../../memory/address.js';

export const DMA_BIDIRECTIONAL = 0;
export const DMA_TO_DEVICE = 1;
export const DMA_FROM_DEVICE = 2;
/** What a device gets when there is no address for it. */
export const DMA_MAPPING_ERROR = -1;

const IO_TLB_SIZE = 2048;
/** The highest address that a device reaches. */
const DMA_BIT_MASK_32 = 2 ** 32 - 1;

export const phys_to_dma = (k: Kernel, paddr: PhysAddr): number => paddr + k.machine.busOffset;
export const dma_to_phys = (k: Kernel, dev_addr: number): PhysAddr =>
  asPhys(dev_addr - k.machine.busOffset);

const slot_of = (k: Kernel, mem: IoTlbMem, index: Int): Cell =>
  k.memory.cell(asPhys(mem.slots + index * mem.slotBytes));

const orig_addr = (k: Kernel, slot: Cell): number =>
  (k.words[slot + 1]! >>> 0) * 2 ** 32 + (k.words[slot]! >>> 0);

function set_orig_addr(k: Kernel, slot: Cell, phys: number): void {
  k.write(slot, phys | 0);
  k.write(slot + 1, Math.floor(phys / 2 ** 32));
}

export function is_swiotlb_buffer(k: Kernel, paddr: PhysAddr): boolean {
  const mem = k.machine.io_tlb;
  return mem !== undefined && paddr >= mem.start && paddr < mem.start + mem.nslabs * IO_TLB_SIZE;
}

/** The bus address for a device to use; DMA_MAPPING_ERROR when it can have none. */
export function dma_map_single(k: Kernel, phys: PhysAddr, size: ULong, dir: Int): number {
  if (phys_to_dma(k, phys) + size - 1 <= DMA_BIT_MASK_32) return phys_to_dma(k, phys);
  const tlb_addr = swiotlb_tbl_map_single(k, phys, size);
  if (tlb_addr === undefined) return DMA_MAPPING_ERROR;
  if (phys_to_dma(k, tlb_addr) + size - 1 > DMA_BIT_MASK_32) {
    // An offset that lifts even the bounce buffer out of reach.
    dma_unmap_single(k, phys_to_dma(k, tlb_addr), size, DMA_TO_DEVICE);
    return DMA_MAPPING_ERROR;
  }
  if (dir !== DMA_FROM_DEVICE) copy(k, tlb_addr, phys, size);
  return phys_to_dma(k, tlb_addr);
}

export function dma_unmap_single(k: Kernel, dev_addr: number, size: ULong, dir: Int): void {
  const tlb_addr = dma_to_phys(k, dev_addr);
  const mem = k.machine.io_tlb;
  if (mem === undefined || !is_swiotlb_buffer(k, tlb_addr)) return;
  const index = (tlb_addr - mem.start) / IO_TLB_SIZE;
  const phys = orig_addr(k, slot_of(k, mem, Math.floor(index)));
  if (dir !== DMA_TO_DEVICE) copy(k, asPhys(phys), tlb_addr, size);
  for (let i = 0; i * IO_TLB_SIZE < size; i++) set_orig_addr(k, slot_of(k, mem, index + i), 0);
}

/** The first run of free slots that is long enough. */
function swiotlb_tbl_map_single(k: Kernel, phys: PhysAddr, size: ULong): PhysAddr | undefined {
  const mem = k.machine.io_tlb;
  if (mem === undefined) return undefined;
  const nslots = Math.ceil(size / IO_TLB_SIZE);
  let free = 0;
  for (let index = 0; index < mem.nslabs; index++) {
    free = orig_addr(k, slot_of(k, mem, index)) === 0 ? free + 1 : 0;
    if (free < nslots) continue;
    const first = index - nslots + 1;
    for (let i = 0; i < nslots; i++)
      set_orig_addr(k, slot_of(k, mem, first + i), phys + i * IO_TLB_SIZE);
    return asPhys(mem.start + first * IO_TLB_SIZE);
  }
  return undefined;
}

/** swiotlb_bounce() */
function copy(k: Kernel, to: PhysAddr, from: PhysAddr, size: ULong): void {
  for (let i = 0; i < size; i++) {
    const [source, target] = [from + i, to + i];
    const byte = k.read8(k.memory.cell(asPhys(source)), source & 3);
    const cell = k.memory.cell(asPhys(target));
    k.write8(asCell(cell), target & 3, byte);
  }
}
