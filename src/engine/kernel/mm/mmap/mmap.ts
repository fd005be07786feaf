/**
 * Making areas: mmap() finds a place, takes away what is there, and joins the new area to its neighbours or links it by itself.
 *
 *     do_mmap() ─> get_unmapped_area() ─> mmap_region()
 *
 * Left out: pkeys, seals, hugetlb, limits (RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK: nobody has any), security modules, khugepaged,
 * locks of the address space, uprobes, random places.
 * Source: Linux 6.1 mm/mmap.c; arch/x86/mm/mmap.c; arch/x86/kernel/sys_x86_64.c; include/linux/mman.h: calc_vm_prot_bits(); include/linux/mm.h: PAGE_ALIGN().
 */
import {
  type File,
  type Int,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { vm_get_page_prot } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { native_set_pte, pgprot_modify } from '../../arch/x86/include/asm/pgtable.h.js';
import { mmapFile } from '../../fs/file_table/operations.js';
import { fput, get_file } from '../../fs/file_table/file_table.js';
import { hugetlb_get_unmapped_area, hugetlbfs_file_mmap } from '../../fs/hugetlbfs/inode/inode.js';
import { is_file_hugepages } from '../../include/linux/hugetlb.h.js';
import { IS_ERR } from '../../include/linux/err.h.js';
import { EEXIST, EINVAL, ENODEV, ENOMEM } from '../../include/linux/errno.h.js';
import {
  MA_STATE,
  ULONG_MAX,
  type MaState,
  mas_reset,
  mas_set_range,
} from '../../include/linux/maple_tree.h.js';
import { is_shared_maywrite } from '../../include/linux/mm.h.js';
import {
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_TYPE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  VM_ACCOUNT,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_HUGETLB,
  VM_LOCKED,
  VM_LOCKED_CLEAR_MASK,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NORESERVE,
  VM_READ,
  VM_SHARED,
  VM_SPECIAL,
  VM_WRITE,
} from '../../include/linux/mm_types.h.js';
import { mas_empty_area, mas_empty_area_rev } from '../../lib/maple_tree/empty_area.js';
import { mas_next, mas_prev } from '../../lib/maple_tree/find.js';
import { mas_destroy, mas_preallocate } from '../../lib/maple_tree/maple_tree.js';
import { khugepaged_enter_vma } from '../khugepaged/khugepaged.js';
import { shmem_zero_setup } from '../shmem/shmem.js';
import { __vm_enough_memory, vm_unacct_memory } from '../util.js';
import { addMapCount, vma_expand } from './adjust.js';
import { find_vma, find_vma_intersection, mmTree } from './find_vma.js';
import {
  __vma_link_file,
  mapping_allow_writable,
  mapping_unmap_writable,
  mappingOf,
  vm_area_alloc,
  vm_area_free,
  vma_mas_store,
  vmaFile,
} from './link.js';
import { can_vma_merge_after, can_vma_merge_before, sysctl_max_map_count } from './merge.js';
import { do_mas_munmap, unmap_region, vm_stat_account } from './munmap.js';

/** mmap_min_addr: nothing is mapped at NULL by itself. */
export const MMAP_MIN_ADDR = 65536;
/** stack_guard_gap: what is kept free below a stack. */
export const STACK_GUARD_GAP = 256 * PAGE_SIZE;

export const startOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
export const endOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
export const PAGE_ALIGN = (len: ULong): ULong => Math.ceil(len / PAGE_SIZE) * PAGE_SIZE;

/** What the area's entries allow. Left out: vma_wants_writenotify (no file system here wants to know of a first write). */
export function vma_set_page_prot(k: Kernel, vma: VmAreaStruct): void {
  const vm_page_prot = asCell(k.plus(vma, k.vm_area_struct.vm_page_prot));
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  native_set_pte(
    k,
    vm_page_prot,
    pgprot_modify(k.read_pte(vm_page_prot), vm_get_page_prot(k, vm_flags)),
  );
}

// --- a place -------------------------------------------------------------------------------------------------------------

/** Below mmap_base from the top down, or above it where that is full. Left out: hints that are aligned otherwise, huge pages. */
export function get_unmapped_area(
  k: Kernel,
  mm: MmStruct,
  addr: VirtAddr,
  len: ULong,
  flags: Int,
): VirtAddr {
  if (len > k.TASK_SIZE) return asVirt(-ENOMEM);
  if ((flags & MAP_FIXED) !== 0) {
    if (addr > k.TASK_SIZE - len) return asVirt(-ENOMEM);
    return addr % PAGE_SIZE !== 0 ? asVirt(-EINVAL) : addr;
  }
  // A hint is taken where it is free.
  const hint: VirtAddr = asVirt(PAGE_ALIGN(addr));
  if (hint !== 0 && hint + len <= k.TASK_SIZE) {
    const vma: VmAreaStruct = find_vma(k, mm, hint);
    if (vma === NULL || hint + len <= startGap(k, vma)) return hint;
  }
  const mas: MaState = MA_STATE(k, mmTree(k, mm), 0, 0);
  const mmap_base: ULong = k.read_ulong(k.plus(mm, k.mm_struct.mmap_base));
  if (mas_empty_area_rev(k, mas, PAGE_SIZE, mmap_base - 1, len) === 0) {
    // A stack above may grow down into it: room is left for that.
    const vma: VmAreaStruct = find_vma(k, mm, asVirt(mas.last + 1));
    const end: ULong = vma === NULL ? mas.last + 1 : Math.min(mas.last + 1, startGap(k, vma));
    if (end - len >= MMAP_MIN_ADDR) return asVirt(end - len);
  }
  mas_reset(mas);
  if (mas_empty_area(k, mas, mmap_base, k.TASK_SIZE - 1, len) === 0) return asVirt(mas.index);
  return asVirt(-ENOMEM);
}

/** Where an area begins, with the gap that is kept below a stack. An inline of include/linux/mm.h: vm_start_gap(). */
export const startGap = (k: Kernel, vma: VmAreaStruct): ULong => {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const start: ULong = startOf(k, vma);
  return (vm_flags & VM_GROWSDOWN) !== 0 ? Math.max(0, start - STACK_GUARD_GAP) : start;
};

/** READ_IMPLIES_EXEC of a task's personality: an old program, that was not made for pages that must not run. */
const READ_IMPLIES_EXEC = 0x40_0000;

/** What is asked for, and what goes with it for such a program. */
export const withImpliedExec = (k: Kernel, prot: Int): Int => {
  const personality: Int = k.read_int(k.plus(current(k), k.task_struct.personality));
  const implied = (prot & PROT_READ) !== 0 && (personality & READ_IMPLIES_EXEC) !== 0;
  return implied ? prot | PROT_EXEC : prot;
};

// --- mmap() --------------------------------------------------------------------------------------------------------------

/** Flags of an area by what a program asks for. */
function calcVmFlags(prot: Int, flags: Int): VmFlags {
  return (
    ((prot & PROT_READ) !== 0 ? VM_READ : 0) |
    ((prot & PROT_WRITE) !== 0 ? VM_WRITE : 0) |
    ((prot & PROT_EXEC) !== 0 ? VM_EXEC : 0) |
    ((flags & MAP_GROWSDOWN) !== 0 ? VM_GROWSDOWN : 0) |
    ((flags & MAP_LOCKED) !== 0 ? VM_LOCKED : 0)
  );
}

/** What a mapping must have memory promised for: what is written to it has no place in a file. */
function accountable_mapping(k: Kernel, file: File, vm_flags: VmFlags): boolean {
  // Huge pages have their own account.
  if (file !== NULL && is_file_hugepages(k, file)) return false;
  // A shared mapping without a file is accounted by the file that it gets.
  if (file === NULL && (vm_flags & VM_SHARED) !== 0) return false;
  return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE | VM_HUGETLB)) === VM_WRITE;
}

/** The area itself; its address, or an error. */
export function mmap_region(
  k: Kernel,
  mm: MmStruct,
  file: File,
  addr: VirtAddr,
  len: ULong,
  vm_flags: VmFlags,
  pgoff: ULong,
): VirtAddr {
  const end: VirtAddr = asVirt(addr + len);
  const pglen: ULong = len / PAGE_SIZE;
  const mas: MaState = MA_STATE(k, mmTree(k, mm), addr, end - 1);
  let charged: ULong = 0;
  const writable = file !== NULL && is_shared_maywrite(vm_flags);
  if (writable) mapping_allow_writable(k, mappingOf(k, file));
  const done = (result: VirtAddr): VirtAddr => {
    if (writable) mapping_unmap_writable(k, mappingOf(k, file));
    return result;
  };
  if (do_mas_munmap(k, mas, mm, addr, len) !== 0) return done(asVirt(-ENOMEM));
  if (accountable_mapping(k, file, vm_flags)) {
    charged = pglen;
    if (__vm_enough_memory(k, charged) !== 0) return done(asVirt(-ENOMEM));
    vm_flags |= VM_ACCOUNT;
  }

  const next: VmAreaStruct = mas_next(k, mas, ULONG_MAX(k));
  const prev: VmAreaStruct = mas_prev(k, mas, 0);
  let vma: VmAreaStruct = NULL;
  expanded: {
    if ((vm_flags & VM_SPECIAL) === 0) {
      // To a neighbour, where all that they have is the same.
      let merge_start: VirtAddr = addr;
      let merge_end: VirtAddr = end;
      let vm_pgoff: ULong = pgoff;
      if (
        next !== NULL &&
        startOf(k, next) === end &&
        can_vma_merge_before(k, next, vm_flags, NULL, file, pgoff + pglen)
      ) {
        merge_end = endOf(k, next);
        vma = next;
        vm_pgoff = k.read_ulong(k.plus(next, k.vm_area_struct.vm_pgoff)) - pglen;
      }
      const anon = vma === NULL ? NULL : k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
      if (
        prev !== NULL &&
        endOf(k, prev) === addr &&
        can_vma_merge_after(k, prev, vm_flags, anon, file, pgoff)
      ) {
        merge_start = startOf(k, prev);
        vma = prev;
        vm_pgoff = k.read_ulong(k.plus(prev, k.vm_area_struct.vm_pgoff));
      }
      if (vma !== NULL && vma_expand(k, mas, vma, merge_start, merge_end, vm_pgoff, next) === 0) {
        khugepaged_enter_vma(k, vma, vm_flags);
        break expanded;
      }
    }

    // cannot_expand:
    mas_set_range(mas, addr, end - 1);
    vma = vm_area_alloc(k, mm);
    if (vma === NULL) {
      if (charged !== 0) vm_unacct_memory(k, charged);
      return done(asVirt(-ENOMEM));
    }
    k.write_va(k.plus(vma, k.vm_area_struct.vm_start), addr);
    k.write_va(k.plus(vma, k.vm_area_struct.vm_end), end);
    k.write_long(k.plus(vma, k.vm_area_struct.vm_flags), vm_flags >>> 0);
    native_set_pte(
      k,
      asCell(k.plus(vma, k.vm_area_struct.vm_page_prot)),
      vm_get_page_prot(k, vm_flags),
    );
    k.write_long(k.plus(vma, k.vm_area_struct.vm_pgoff), pgoff);
    let error: Int = mas_preallocate(k, mas, k.GFP_KERNEL);
    const hasFile = error === 0 && file !== NULL;
    if (hasFile) {
      k.write_ptr(k.plus(vma, k.vm_area_struct.vm_file), get_file(k, file));
      error = is_file_hugepages(k, file)
        ? hugetlbfs_file_mmap(k, file, vma)
        : mmapFile(k, file, vma);
      vm_flags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
    } else if (error === 0 && (vm_flags & VM_SHARED) !== 0) {
      error = shmem_zero_setup(k, vma);
    }
    if (error !== 0) {
      if (hasFile) {
        // unmap_and_free_vma:
        fput(k, file);
        unmap_region(k, mm, [vma], prev, next, addr, end);
      }
      // free_iter_vma:
      mas_destroy(k, mas);
      vm_area_free(k, vma);
      if (charged !== 0) vm_unacct_memory(k, charged);
      return done(asVirt(error));
    }
    vma_mas_store(k, vma, mas);
    addMapCount(k, mm, 1);
    if (vmaFile(k, vma) !== NULL) __vma_link_file(k, vma, mappingOf(k, vmaFile(k, vma)));
    khugepaged_enter_vma(k, vma, k.read_int(k.plus(vma, k.vm_area_struct.vm_flags)));
  }
  // expanded:
  vm_stat_account(k, mm, vm_flags, pglen);
  const at = k.plus(vma, k.vm_area_struct.vm_flags);
  if ((vm_flags & VM_LOCKED) !== 0) {
    if ((vm_flags & VM_SPECIAL) !== 0) k.write(at, k.read_int(at) & VM_LOCKED_CLEAR_MASK);
    else k.add_long(k.plus(mm, k.mm_struct.locked_vm), pglen);
  }
  vma_set_page_prot(k, vma);
  return done(addr);
}

/**
 * mmap(): the new area's address, or an error. `*populate`: how many bytes are to be faulted in at once.
 * @param pgoff the first page of the file
 */
export function do_mmap(
  k: Kernel,
  mm: MmStruct,
  file: File,
  addr: VirtAddr,
  len: ULong,
  prot: Int,
  flags: Int,
  pgoff: ULong,
  populate: Out<ULong>,
): VirtAddr {
  populate.value = 0;
  if (len === 0) return asVirt(-EINVAL);
  prot = withImpliedExec(k, prot);
  if ((flags & MAP_FIXED_NOREPLACE) !== 0) flags |= MAP_FIXED;
  // round_hint_to_min():
  if ((flags & MAP_FIXED) === 0) {
    const hint: ULong = addr - (addr % PAGE_SIZE);
    addr = asVirt(hint !== 0 && hint < MMAP_MIN_ADDR ? MMAP_MIN_ADDR : hint);
  }
  len = PAGE_ALIGN(len);
  if (k.read_int(k.plus(mm, k.mm_struct.map_count)) > sysctl_max_map_count) return asVirt(-ENOMEM);
  const isHuge = file !== NULL && is_file_hugepages(k, file);
  addr = isHuge
    ? hugetlb_get_unmapped_area(k, mm, file, addr, len, flags)
    : get_unmapped_area(k, mm, addr, len, flags);
  if (IS_ERR(addr)) return addr;
  if (
    (flags & MAP_FIXED_NOREPLACE) !== 0 &&
    find_vma_intersection(k, mm, addr, asVirt(addr + len)) !== NULL
  )
    return asVirt(-EEXIST);

  let vm_flags: VmFlags =
    calcVmFlags(prot, flags) |
    k.read_int(k.plus(mm, k.mm_struct.def_flags)) |
    VM_MAYREAD |
    VM_MAYWRITE |
    VM_MAYEXEC;
  switch (flags & MAP_TYPE) {
    case MAP_SHARED:
      if ((vm_flags & VM_GROWSDOWN) !== 0) return asVirt(-EINVAL);
      vm_flags |= VM_SHARED | VM_MAYSHARE;
      if (file === NULL) pgoff = 0;
      break;
    case MAP_PRIVATE:
      // By the address, so that areas that are neighbours can merge.
      if (file === NULL) pgoff = addr / PAGE_SIZE;
      else if ((vm_flags & VM_GROWSDOWN) !== 0) return asVirt(-EINVAL);
      break;
    default:
      return asVirt(-EINVAL);
  }
  if (file !== NULL && k.read_va(k.plus(file, k.file.f_mapping)) === 0) return asVirt(-ENODEV);
  if ((flags & MAP_NORESERVE) !== 0) vm_flags |= VM_NORESERVE;
  addr = mmap_region(k, mm, file, addr, len, vm_flags, pgoff);
  const wants = (flags & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE;
  if (!IS_ERR(addr) && ((vm_flags & VM_LOCKED) !== 0 || wants)) populate.value = len;
  return addr;
}
