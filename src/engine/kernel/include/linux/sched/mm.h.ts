/**
 * What a task's allocations may do, for as long as it is in a scope that forbids some of it; and references to an address space's structure.
 *
 * Source: Linux 6.1 include/linux/sched/mm.h.
 */
import type { Gfp, MmStruct, UInt } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { currentFlags, setCurrentFlags } from '../../../arch/x86/include/asm/current.h.js';
import { PF_MEMALLOC_NOFS, PF_MEMALLOC_NOIO, PF_MEMALLOC_PIN } from '../sched.h.js';

/** A request's flags less what the scopes of its task forbid. */
export function current_gfp_context(k: Kernel, flags: Gfp): Gfp {
  const pflags: UInt = currentFlags(k);
  if ((pflags & (PF_MEMALLOC_NOIO | PF_MEMALLOC_NOFS | PF_MEMALLOC_PIN)) !== 0) {
    // Without I/O there is no file system either, so that NOIO is looked at first.
    if ((pflags & PF_MEMALLOC_NOIO) !== 0) flags &= ~(k.__GFP_IO | k.__GFP_FS);
    else if ((pflags & PF_MEMALLOC_NOFS) !== 0) flags &= ~k.__GFP_FS;
    // Movable requests may be served from CMA and ZONE_MOVABLE, where nothing may be pinned for long.
    if ((pflags & PF_MEMALLOC_PIN) !== 0) flags &= ~k.__GFP_MOVABLE;
  }
  return flags;
}

/** From here on no allocation of this task starts I/O. Gives what memalloc_noio_restore() takes: scopes nest. */
export function memalloc_noio_save(k: Kernel): UInt {
  const flags: UInt = currentFlags(k) & PF_MEMALLOC_NOIO;
  setCurrentFlags(k, currentFlags(k) | PF_MEMALLOC_NOIO);
  return flags;
}

export function memalloc_noio_restore(k: Kernel, flags: UInt): void {
  setCurrentFlags(k, (currentFlags(k) & ~PF_MEMALLOC_NOIO) | flags);
}

/** From here on no allocation of this task calls into a file system. */
export function memalloc_nofs_save(k: Kernel): UInt {
  const flags: UInt = currentFlags(k) & PF_MEMALLOC_NOFS;
  setCurrentFlags(k, currentFlags(k) | PF_MEMALLOC_NOFS);
  return flags;
}

export function memalloc_nofs_restore(k: Kernel, flags: UInt): void {
  setCurrentFlags(k, (currentFlags(k) & ~PF_MEMALLOC_NOFS) | flags);
}

// --- an address space ----------------------------------------------------------------------------------------------------

/** Keeps the structure, not what it has. */
export function mmgrab(k: Kernel, mm: MmStruct): void {
  const mm_count = k.plus(mm, k.mm_struct.mm_count);
  k.write(mm_count, k.read_int(mm_count) + 1);
}
