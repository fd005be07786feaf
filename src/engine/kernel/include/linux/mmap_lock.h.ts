/**
 * Locking an address space. A lock is never waited for here: what is left of one is the reader's name in it, which releasing does not
 * take away.
 *
 * Source: Linux 6.1 include/linux/mmap_lock.h; kernel/locking/rwsem.c: __rwsem_set_reader_owned().
 */
import type { MmStruct } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { current } from '../../arch/x86/include/asm/current.h.js';

const RWSEM_READER_OWNED = 1;

/** Always got. Left out: mmap_read_unlock, which would change nothing. */
export function mmap_read_trylock(k: Kernel, mm: MmStruct): boolean {
  k.write_ptr_tagged(mm + k.mm_struct.mmap_lock_owner, current(k), RWSEM_READER_OWNED);
  return true;
}
