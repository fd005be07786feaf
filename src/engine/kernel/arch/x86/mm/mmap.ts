/**
 * Where an address space has its areas: from the top down, below the room that is left for the stack.
 *
 * Left out: random places, the old layout from the bottom up, 32-bit programs on 64 bit, RLIMIT_STACK (8 MiB, as it is by default).
 * Source: Linux 6.1 arch/x86/mm/mmap.c: mmap_base(), mmap_legacy_base(), arch_pick_mmap_layout().
 */
import type { MmStruct, ULong } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../../memory/address.js';

/** SIZE_128M: what is left free for the stack at least, which is more than its limit and the gap below it. */
const GAP_MIN = 128 << 20;

const mmap_base = (task_size: ULong): ULong => task_size - GAP_MIN;

/** __TASK_UNMAPPED_BASE(): a third of the way up. */
const mmap_legacy_base = (task_size: ULong): ULong =>
  Math.ceil(Math.floor(task_size / 3) / PAGE_SIZE) * PAGE_SIZE;

export function arch_pick_mmap_layout(k: Kernel, mm: MmStruct): void {
  k.write_long(k.plus(mm, k.mm_struct.mmap_base), mmap_base(k.TASK_SIZE));
  k.write_long(k.plus(mm, k.mm_struct.mmap_legacy_base), mmap_legacy_base(k.TASK_SIZE));
}
