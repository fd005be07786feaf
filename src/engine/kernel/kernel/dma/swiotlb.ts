/**
 * The bounce buffer: memory that a device cannot reach is copied to one that it can. Then the bus address is of neither the page nor
 * its alias.
 *
 *     io_tlb  │ 2K │ 2K │ 2K │ ...     slots[i].orig_addr: which memory slot i stands for, 0 for none
 *
 * Differs: slots are looked for from the first, in one area, and are not cleared at boot; what a device will overwrite is not copied
 * in advance.
 *
 * Source: Linux 6.1 kernel/dma/swiotlb.c: slot_addr(), swiotlb_bounce() to swiotlb_map(); include/linux/swiotlb.h:
 * is_swiotlb_buffer().
 */
import type { Int, ULong } from '../../../machine/ctypes.js';
import type { IoTlbMem } from '../../../machine/ioTlb.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asPhys, type Cell, type PhysAddr } from '../../../memory/address.js';
import {
  type Device,
  DMA_BIDIRECTIONAL,
  dma_capable,
  DMA_FROM_DEVICE,
  DMA_MAPPING_ERROR,
  DMA_TO_DEVICE,
  phys_to_dma,
} from '../../include/linux/dma-direct.h.js';

const IO_TLB_SHIFT = 11;
const IO_TLB_SIZE = 1 << IO_TLB_SHIFT;

const slot_addr = (start: PhysAddr, idx: Int): PhysAddr => asPhys(start + idx * IO_TLB_SIZE);
const nr_slots = (val: ULong): Int => Math.ceil(val / IO_TLB_SIZE);

// --- slots: no recorded build has their structure ------------------------------------------------------------------------

/** &mem->slots[index] */
const slotAt = (k: Kernel, mem: IoTlbMem, index: Int): Cell =>
  k.memory.cell(asPhys(mem.slots + index * mem.slotBytes));

/** slot->orig_addr, of 64 bits in every build. */
const origAddr = (k: Kernel, slot: Cell): number =>
  (k.read_int(slot + 1) >>> 0) * 2 ** 32 + (k.read_int(slot) >>> 0);

const setOrigAddr = (k: Kernel, slot: Cell, phys: number): void => {
  k.write(slot, phys | 0);
  k.write(slot + 1, Math.floor(phys / 2 ** 32));
};

// --- mapping -------------------------------------------------------------------------------------------------------------

export function is_swiotlb_buffer(k: Kernel, paddr: PhysAddr): boolean {
  const mem = k.machine.io_tlb;
  return mem !== undefined && paddr >= mem.start && paddr < mem.start + mem.nslabs * IO_TLB_SIZE;
}

/** Copies between a slot and the memory that it stands for. */
function swiotlb_bounce(k: Kernel, tlb_addr: PhysAddr, size: ULong, dir: Int): void {
  const mem = k.machine.io_tlb;
  if (mem === undefined) return;
  const index: Int = Math.floor((tlb_addr - mem.start) / IO_TLB_SIZE);
  // What is synced may begin anywhere in a slot.
  const tlb_offset: Int = (tlb_addr - mem.start) & (IO_TLB_SIZE - 1);
  const orig_addr = asPhys(origAddr(k, slotAt(k, mem, index)) + tlb_offset);
  const [to, from] = dir === DMA_TO_DEVICE ? [tlb_addr, orig_addr] : [orig_addr, tlb_addr];
  for (let i = 0; i < size; i++) {
    const byte = k.read8(k.memory.cell(asPhys(from + i)), (from + i) & 3);
    k.write8(k.memory.cell(asPhys(to + i)), (to + i) & 3, byte);
  }
}

/** The first run of free slots that is long enough; -1: there is none. */
function swiotlb_find_slots(k: Kernel, mem: IoTlbMem, orig_addr: PhysAddr, alloc_size: ULong): Int {
  const nslots: Int = nr_slots(alloc_size);
  let free: Int = 0;
  for (let index: Int = 0; index < mem.nslabs; index++) {
    free = origAddr(k, slotAt(k, mem, index)) === 0 ? free + 1 : 0;
    if (free < nslots) continue;
    const first: Int = index - nslots + 1;
    // Each slot knows its own part: what is synced later may begin anywhere.
    for (let i: Int = 0; i < nslots; i++)
      setOrigAddr(k, slotAt(k, mem, first + i), slot_addr(orig_addr, i));
    return first;
  }
  return -1;
}

/** DMA_MAPPING_ERROR: every slot is taken. */
export function swiotlb_tbl_map_single(k: Kernel, orig_addr: PhysAddr, size: ULong): number {
  const mem = k.machine.io_tlb;
  if (mem === undefined) return DMA_MAPPING_ERROR;
  const index: Int = swiotlb_find_slots(k, mem, orig_addr, size);
  if (index === -1) return DMA_MAPPING_ERROR;
  return slot_addr(mem.start, index);
}

function swiotlb_release_slots(k: Kernel, tlb_addr: PhysAddr, size: ULong): void {
  const mem = k.machine.io_tlb;
  if (mem === undefined) return;
  const index: Int = Math.floor((tlb_addr - mem.start) / IO_TLB_SIZE);
  for (let i: Int = 0; i < nr_slots(size); i++) setOrigAddr(k, slotAt(k, mem, index + i), 0);
}

export function swiotlb_tbl_unmap_single(
  k: Kernel,
  tlb_addr: PhysAddr,
  mapping_size: ULong,
  dir: Int,
): void {
  // What the device has written goes where it belongs, before the slot is somebody else's.
  if (dir !== DMA_TO_DEVICE) swiotlb_bounce(k, tlb_addr, mapping_size, DMA_FROM_DEVICE);
  swiotlb_release_slots(k, tlb_addr, mapping_size);
}

/** The device is to see what the processor has written meanwhile. Left out: BUG_ON for a direction that does not exist. */
export function swiotlb_sync_single_for_device(
  k: Kernel,
  tlb_addr: PhysAddr,
  size: ULong,
  dir: Int,
): void {
  if (dir === DMA_TO_DEVICE || dir === DMA_BIDIRECTIONAL)
    swiotlb_bounce(k, tlb_addr, size, DMA_TO_DEVICE);
}

/** The processor is to see what the device has written meanwhile. Left out: BUG_ON, as above. */
export function swiotlb_sync_single_for_cpu(
  k: Kernel,
  tlb_addr: PhysAddr,
  size: ULong,
  dir: Int,
): void {
  if (dir === DMA_FROM_DEVICE || dir === DMA_BIDIRECTIONAL)
    swiotlb_bounce(k, tlb_addr, size, DMA_FROM_DEVICE);
}

/** The bus address of a slot for memory that the device cannot reach; DMA_MAPPING_ERROR when there is none. */
export function swiotlb_map(
  k: Kernel,
  dev: Device,
  paddr: PhysAddr,
  size: ULong,
  dir: Int,
): number {
  const swiotlb_addr = swiotlb_tbl_map_single(k, paddr, size);
  if (swiotlb_addr === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR;
  // An offset between bus and memory may lift even the bounce buffer out of reach.
  const dma_addr = phys_to_dma(k, asPhys(swiotlb_addr));
  if (!dma_capable(k, dev, dma_addr, size)) {
    swiotlb_tbl_unmap_single(k, asPhys(swiotlb_addr), size, DMA_TO_DEVICE);
    return DMA_MAPPING_ERROR;
  }
  if (dir !== DMA_FROM_DEVICE) swiotlb_bounce(k, asPhys(swiotlb_addr), size, DMA_TO_DEVICE);
  return dma_addr;
}
