/**
 * Address spaces and their areas: flags of an area (VM_*), of an address space (MMF_*), and what a page fault is told and finds out.
 *
 * Source: Linux 6.1 include/linux/mm_types.h; include/linux/mm.h: VM_*, struct vm_fault; include/linux/sched/coredump.h: MMF_*;
 * include/uapi/asm-generic/mman-common.h, mman.h.
 */
import type {
  Gfp,
  Int,
  Page,
  Pmd,
  Pte,
  Pud,
  ULong,
  VmAreaStruct,
  VmFault_t,
  VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';

// --- flags of an area ----------------------------------------------------------------------------------------------------

export const VM_READ = 0x1;
export const VM_WRITE = 0x2;
export const VM_EXEC = 0x4;
export const VM_SHARED = 0x8;
/** What mprotect() may make of it. */
export const VM_MAYREAD = 0x10;
export const VM_MAYWRITE = 0x20;
export const VM_MAYEXEC = 0x40;
export const VM_MAYSHARE = 0x80;
export const VM_GROWSDOWN = 0x100;
export const VM_PFNMAP = 0x400;
export const VM_LOCKED = 0x2000;
export const VM_IO = 0x4000;
export const VM_SEQ_READ = 0x8000;
export const VM_RAND_READ = 0x1_0000;
export const VM_DONTCOPY = 0x2_0000;
export const VM_DONTEXPAND = 0x4_0000;
export const VM_LOCKONFAULT = 0x8_0000;
export const VM_ACCOUNT = 0x10_0000;
export const VM_NORESERVE = 0x20_0000;
export const VM_HUGETLB = 0x40_0000;
/** VM_ARCH_1 on x86: the range of frames that a whole area maps is known. */
export const VM_PAT = 0x100_0000;
export const VM_WIPEONFORK = 0x200_0000;
export const VM_DONTDUMP = 0x400_0000;
export const VM_MIXEDMAP = 0x1000_0000;
export const VM_HUGEPAGE = 0x2000_0000;
export const VM_NOHUGEPAGE = 0x4000_0000;

export const VM_ACCESS_FLAGS: VmFlags = VM_READ | VM_WRITE | VM_EXEC;
/** Areas that are not what they seem: they neither merge nor grow. */
export const VM_SPECIAL: VmFlags = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;
/** Areas that transparent huge pages are not for. */
export const VM_NO_KHUGEPAGED: VmFlags = VM_SPECIAL | VM_HUGETLB;
/** All but what locks in memory. */
export const VM_LOCKED_CLEAR_MASK: VmFlags = ~(VM_LOCKED | VM_LOCKONFAULT);
export const VM_DATA_DEFAULT_FLAGS: VmFlags =
  VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

// --- bits of mm->flags ---------------------------------------------------------------------------------------------------

/** khugepaged knows it. */
export const MMF_VM_HUGEPAGE = 17;
export const MMF_OOM_SKIP = 21;
/** It has a reference to the huge page of zeros. */
export const MMF_HUGE_ZERO_PAGE = 23;
/** prctl(PR_SET_THP_DISABLE) */
export const MMF_DISABLE_THP = 24;
/** A page of it was pinned once: fork() looks at each page then. */
export const MMF_HAS_PINNED = 27;
/** What a child takes over: how it may be dumped. */
export const MMF_INIT_MASK = 0x7ff | (1 << 24);

// --- mmap() --------------------------------------------------------------------------------------------------------------

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_TYPE = 0x0f;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_GROWSDOWN = 0x100;
export const MAP_LOCKED = 0x2000;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;
export const MAP_NONBLOCK = 0x1_0000;
export const MAP_HUGETLB = 0x4_0000;
export const MAP_FIXED_NOREPLACE = 0x10_0000;
export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;
export const MREMAP_DONTUNMAP = 4;

// --- page faults ---------------------------------------------------------------------------------------------------------

/** What a fault's handlers pass on. `address` is the page's, `pte` undefined (0) while its table may be missing. */
export interface VmFault {
  readonly vma: VmAreaStruct;
  readonly gfp_mask: Gfp;
  readonly pgoff: ULong;
  address: VirtAddr;
  readonly real_address: VirtAddr;
  flags: Int;
  pmd: Pmd;
  pud: Pud;
  orig_pte: PteVal;
  orig_pmd: PteVal;
  cow_page: Page;
  page: Page;
  pte: Pte;
  prealloc_pte: Page;
}

/** What ends a fault without a page. */
export const VM_FAULT_ERROR = (k: Kernel): VmFault_t =>
  k.VM_FAULT_OOM |
  k.VM_FAULT_SIGBUS |
  k.VM_FAULT_SIGSEGV |
  k.VM_FAULT_HWPOISON |
  k.VM_FAULT_FALLBACK;
