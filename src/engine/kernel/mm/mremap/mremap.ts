/**
 * mremap(): an area, or a part of one, gets longer or shorter, or moves to other addresses with all of its pages.
 *
 *     shrink   the end is unmapped          grow   in place where there is room behind it, else it moves
 *     move     copy_vma() ─> move_page_tables() ─> the old range is unmapped
 *
 * Left out: userfaultfd, KSM, limits (RLIMIT_*: nobody has any), vm_ops->mremap (no operations here have it),
 * the address space's lock.
 * Source: Linux 6.1 mm/mremap.c: move_vma() to the system call; include/linux/mm.h: PAGE_ALIGN(), offset_in_page().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { hugetlb_get_unmapped_area } from '../../fs/hugetlbfs/inode/inode.js';
import { ERR_PTR, IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { EFAULT, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { hstate_vma, huge_page_size, is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { vma_is_anonymous } from '../../include/linux/mm.h.js';
import {
  MAP_FIXED,
  MAP_SHARED,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  VM_ACCOUNT,
  VM_DONTEXPAND,
  VM_LOCKED,
  VM_LOCKED_CLEAR_MASK,
  VM_MAYSHARE,
  VM_PFNMAP,
  VM_SHARED,
} from '../../include/linux/mm_types.h.js';
import { __mm_populate } from '../gup/populate.js';
import { clear_vma_resv_huge_pages } from '../hugetlb/move.js';
import { vmOperations } from '../memory/vm_ops.js';
import { copy_vma } from '../mmap/copy_vma.js';
import { find_vma, find_vma_intersection, vma_lookup } from '../mmap/find_vma.js';
import { vmaFile } from '../mmap/link.js';
import { split_vma, sysctl_max_map_count, vma_merge } from '../mmap/merge.js';
import { get_unmapped_area } from '../mmap/mmap.js';
import { do_munmap, vm_stat_account } from '../mmap/munmap.js';
import { unlink_anon_vmas } from '../rmap/anon_vma.js';
import { __vm_enough_memory, vm_acct_memory, vm_unacct_memory } from '../util.js';
import { move_page_tables } from './move.js';

const startOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
const endOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
const flagsOf = (k: Kernel, vma: VmAreaStruct): VmFlags =>
  k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
const setFlags = (k: Kernel, vma: VmAreaStruct, flags: VmFlags): void => {
  k.write(k.plus(vma, k.vm_area_struct.vm_flags), flags);
};
const PAGE_ALIGN = (len: ULong): ULong => Math.ceil(len / PAGE_SIZE) * PAGE_SIZE;
const offset_in_page = (p: VirtAddr): boolean => p % PAGE_SIZE !== 0;

/** What a caller must populate: the area is locked in memory. */
interface Locked {
  value: boolean;
}

/** The new address, or an error: then everything is where it was. */
function move_vma(
  k: Kernel,
  vma: VmAreaStruct,
  old_addr: VirtAddr,
  old_len: ULong,
  new_len: ULong,
  new_addr: VirtAddr,
  locked: Locked,
  flags: Int,
): VirtAddr {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const vm_flags: VmFlags = flagsOf(k, vma);
  const split_before = startOf(k, vma) !== old_addr;
  const split_after = endOf(k, vma) !== old_addr + old_len;
  // Unmapping may make three areas of one: not that it fails at the end.
  if (k.read_int(k.plus(mm, k.mm_struct.map_count)) >= sysctl_max_map_count - 3)
    return asVirt(-ENOMEM);
  const ops = vmOperations(k, vma);
  if (split_before && ops?.may_split?.(k, vma, old_addr) === false) return asVirt(-EINVAL);
  if (split_after && ops?.may_split?.(k, vma, asVirt(old_addr + old_len)) === false)
    return asVirt(-EINVAL);
  const to_account: ULong = (flags & MREMAP_DONTUNMAP) !== 0 ? new_len : new_len - old_len;

  // The old area stays, unlocked: it must be an area of its own for that.
  if ((flags & MREMAP_DONTUNMAP) !== 0 && (vm_flags & VM_LOCKED) !== 0) {
    let err: Int = split_before ? split_vma(k, vma, old_addr, true) : 0;
    if (err === 0 && split_after) err = split_vma(k, vma, asVirt(old_addr + old_len), false);
    if (err !== 0) return asVirt(err);
  }
  if ((vm_flags & VM_ACCOUNT) !== 0 && __vm_enough_memory(k, to_account / PAGE_SIZE) !== 0)
    return asVirt(-ENOMEM);

  const pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const new_pgoff: ULong = pgoff + (old_addr - startOf(k, vma)) / PAGE_SIZE;
  const vmap: Out<VmAreaStruct> = { value: vma };
  const keep_source = (flags & MREMAP_DONTUNMAP) !== 0;
  const new_vma: VmAreaStruct = copy_vma(k, vmap, new_addr, new_len, new_pgoff, keep_source);
  vma = vmap.value;
  if (new_vma === NULL) {
    if ((vm_flags & VM_ACCOUNT) !== 0) vm_unacct_memory(k, to_account / PAGE_SIZE);
    return asVirt(-ENOMEM);
  }

  let err: Int = 0;
  const moved_len: ULong = move_page_tables(k, vma, old_addr, new_vma, new_addr, old_len);
  if (moved_len < old_len) {
    // Back again, where the tables still are; then the new area is the one that goes.
    err = -ENOMEM;
    move_page_tables(k, new_vma, new_addr, vma, old_addr, moved_len);
    vma = new_vma;
    old_len = new_len;
    old_addr = new_addr;
    new_addr = asVirt(err);
  }
  if (is_vm_hugetlb_page(k, vma)) clear_vma_resv_huge_pages(k, vma);

  // What was promised to the old area is the new one's: unmapping must not give it back.
  let excess: ULong = 0;
  let split = false;
  if ((vm_flags & VM_ACCOUNT) !== 0 && (flags & MREMAP_DONTUNMAP) === 0) {
    setFlags(k, vma, flagsOf(k, vma) & ~VM_ACCOUNT);
    excess = endOf(k, vma) - startOf(k, vma) - old_len;
    split = old_addr > startOf(k, vma) && old_addr + old_len < endOf(k, vma);
  }

  // For a moment it has more than it ever will: that is not to be remembered.
  const hiwater = k.plus(mm, k.mm_struct.hiwater_vm);
  const hiwater_vm: ULong = k.read_ulong(hiwater);
  vm_stat_account(k, mm, flagsOf(k, vma), new_len / PAGE_SIZE);

  if (err === 0 && (flags & MREMAP_DONTUNMAP) !== 0) {
    setFlags(k, vma, flagsOf(k, vma) & VM_LOCKED_CLEAR_MASK);
    // Without pages it needs no anon_vma.
    if (startOf(k, vma) === old_addr && endOf(k, vma) === old_addr + old_len) {
      unlink_anon_vmas(k, vma);
      if (vma_is_anonymous(k, vma) && vmaFile(k, vma) === NULL)
        k.write_long(k.plus(vma, k.vm_area_struct.vm_pgoff), startOf(k, vma) / PAGE_SIZE);
    }
    return new_addr;
  }

  if (do_munmap(k, mm, old_addr, old_len) < 0) {
    if ((vm_flags & VM_ACCOUNT) !== 0) vm_acct_memory(k, old_len / PAGE_SIZE);
    excess = 0;
  }
  if ((vm_flags & VM_LOCKED) !== 0) {
    k.add_long(k.plus(mm, k.mm_struct.locked_vm), new_len / PAGE_SIZE);
    locked.value = true;
  }
  k.write_long(hiwater, hiwater_vm);

  // One or two pieces of it are left, and are accounted as before.
  if (excess !== 0) {
    setFlags(k, vma, flagsOf(k, vma) | VM_ACCOUNT);
    if (split) {
      const rest: VmAreaStruct = find_vma(k, mm, endOf(k, vma));
      setFlags(k, rest, flagsOf(k, rest) | VM_ACCOUNT);
    }
  }
  return new_addr;
}

/** The area of a range, if that may have another length; or an error. */
function vma_to_resize(
  k: Kernel,
  addr: VirtAddr,
  old_len: ULong,
  new_len: ULong,
  flags: Int,
): VmAreaStruct {
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  const vma: VmAreaStruct = vma_lookup(k, mm, addr);
  if (vma === NULL) return ERR_PTR(-EFAULT);
  const vm_flags: VmFlags = flagsOf(k, vma);
  // Nothing of it: a second mapping of what is shared.
  if (old_len === 0 && (vm_flags & (VM_SHARED | VM_MAYSHARE)) === 0) return ERR_PTR(-EINVAL);
  if ((flags & MREMAP_DONTUNMAP) !== 0 && (vm_flags & (VM_DONTEXPAND | VM_PFNMAP)) !== 0)
    return ERR_PTR(-EINVAL);
  if (old_len > endOf(k, vma) - addr) return ERR_PTR(-EFAULT);
  if (new_len === old_len) return vma;
  if ((vm_flags & (VM_DONTEXPAND | VM_PFNMAP)) !== 0) return ERR_PTR(-EFAULT);
  return vma;
}

/** To an address that the caller names, or with the old range left empty. */
function mremap_to(
  k: Kernel,
  addr: VirtAddr,
  old_len: ULong,
  new_addr: VirtAddr,
  new_len: ULong,
  locked: Locked,
  flags: Int,
): VirtAddr {
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  if (offset_in_page(new_addr)) return asVirt(-EINVAL);
  if (new_len > k.TASK_SIZE || new_addr > k.TASK_SIZE - new_len) return asVirt(-EINVAL);
  // The two must not overlap.
  if (addr + old_len > new_addr && new_addr + new_len > addr) return asVirt(-EINVAL);
  if (k.read_int(k.plus(mm, k.mm_struct.map_count)) + 2 >= sysctl_max_map_count - 3)
    return asVirt(-ENOMEM);
  if ((flags & MREMAP_FIXED) !== 0) {
    const ret: Int = do_munmap(k, mm, new_addr, new_len);
    if (ret !== 0) return asVirt(ret);
  }
  if (old_len > new_len) {
    const ret: Int = do_munmap(k, mm, asVirt(addr + new_len), old_len - new_len);
    if (ret !== 0) return asVirt(ret);
    old_len = new_len;
  }
  const vma: VmAreaStruct = vma_to_resize(k, addr, old_len, new_len, flags);
  if (IS_ERR(vma)) return asVirt(PTR_ERR(vma));

  const map_flags: Int =
    ((flags & MREMAP_FIXED) !== 0 ? MAP_FIXED : 0) |
    ((flagsOf(k, vma) & VM_MAYSHARE) !== 0 ? MAP_SHARED : 0);
  const ret: VirtAddr = is_vm_hugetlb_page(k, vma)
    ? hugetlb_get_unmapped_area(
        k,
        mm,
        k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file)),
        new_addr,
        new_len,
        map_flags,
      )
    : get_unmapped_area(k, mm, new_addr, new_len, map_flags);
  if (IS_ERR(ret)) return ret;
  if ((flags & MREMAP_FIXED) === 0) new_addr = ret;
  return move_vma(k, vma, addr, old_len, new_len, new_addr, locked, flags);
}

/** Whether there is room behind it. */
function vma_expandable(k: Kernel, vma: VmAreaStruct, delta: ULong): boolean {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const vm_end: VirtAddr = endOf(k, vma);
  const end: VirtAddr = asVirt(vm_end + delta);
  if (find_vma_intersection(k, mm, vm_end, end) !== NULL) return false;
  const start: VirtAddr = startOf(k, vma);
  return !offset_in_page(get_unmapped_area(k, mm, start, end - start, MAP_FIXED));
}

/** In place; undefined: there is no room, and it has to move. */
function growInPlace(
  k: Kernel,
  mm: MmStruct,
  vma: VmAreaStruct,
  addr: VirtAddr,
  old_len: ULong,
  new_len: ULong,
  locked: Locked,
): VirtAddr | undefined {
  if (old_len !== endOf(k, vma) - addr || !vma_expandable(k, vma, new_len - old_len))
    return undefined;
  const pages: ULong = (new_len - old_len) / PAGE_SIZE;
  const from: VirtAddr = asVirt(addr + old_len);
  const pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const extension_pgoff: ULong = pgoff + (from - startOf(k, vma)) / PAGE_SIZE;
  const vm_flags: VmFlags = flagsOf(k, vma);
  if ((vm_flags & VM_ACCOUNT) !== 0 && __vm_enough_memory(k, pages) !== 0) return asVirt(-ENOMEM);
  // The extension joins the area, and the one behind it as well where that fits.
  const anon_vma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  const file = vmaFile(k, vma);
  const end: VirtAddr = asVirt(addr + new_len);
  const merged = vma_merge(k, mm, vma, from, end, vm_flags, anon_vma, file, extension_pgoff);
  if (merged === NULL) {
    vm_unacct_memory(k, pages);
    return asVirt(-ENOMEM);
  }
  vm_stat_account(k, mm, flagsOf(k, merged), pages);
  if ((flagsOf(k, merged) & VM_LOCKED) !== 0) {
    k.add_long(k.plus(mm, k.mm_struct.locked_vm), pages);
    locked.value = true;
  }
  return addr;
}

function remapRange(
  k: Kernel,
  addr: VirtAddr,
  old_len: ULong,
  new_len: ULong,
  flags: Int,
  new_addr: VirtAddr,
  locked: Locked,
): VirtAddr {
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  const found: VmAreaStruct = vma_lookup(k, mm, addr);
  if (found === NULL) return asVirt(-EFAULT);
  if (is_vm_hugetlb_page(k, found)) {
    const size: ULong = huge_page_size(k, hstate_vma(k, found));
    old_len = Math.ceil(old_len / size) * size;
    new_len = Math.ceil(new_len / size) * size;
    if (addr % size !== 0 || new_addr % size !== 0) return asVirt(-EINVAL);
    // What is reserved cannot be added to.
    if (new_len > old_len) return asVirt(-EINVAL);
  }
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0)
    return mremap_to(k, addr, old_len, new_addr, new_len, locked, flags);

  // It may always get shorter.
  if (old_len >= new_len) {
    const retval: Int = do_munmap(k, mm, asVirt(addr + new_len), old_len - new_len);
    return retval < 0 && old_len !== new_len ? asVirt(retval) : addr;
  }

  const vma: VmAreaStruct = vma_to_resize(k, addr, old_len, new_len, flags);
  if (IS_ERR(vma)) return asVirt(PTR_ERR(vma));
  const grown = growInPlace(k, mm, vma, addr, old_len, new_len, locked);
  if (grown !== undefined) return grown;
  if ((flags & MREMAP_MAYMOVE) === 0) return asVirt(-ENOMEM);
  const map_flags: Int = (flagsOf(k, vma) & VM_MAYSHARE) !== 0 ? MAP_SHARED : 0;
  const place: VirtAddr = get_unmapped_area(k, mm, asVirt(0), new_len, map_flags);
  if (IS_ERR(place)) return place;
  return move_vma(k, vma, addr, old_len, new_len, place, locked, flags);
}

/** The current task's mremap(): the address that the range has then, or an error. */
export function sys_mremap(
  k: Kernel,
  addr: VirtAddr,
  old_len: ULong,
  new_len: ULong,
  flags: Int,
  new_addr: VirtAddr,
): VirtAddr {
  if ((flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP)) !== 0) return asVirt(-EINVAL);
  if ((flags & MREMAP_FIXED) !== 0 && (flags & MREMAP_MAYMOVE) === 0) return asVirt(-EINVAL);
  // The old range stays: always a move, and nothing gets longer by it.
  if ((flags & MREMAP_DONTUNMAP) !== 0 && ((flags & MREMAP_MAYMOVE) === 0 || old_len !== new_len))
    return asVirt(-EINVAL);
  if (offset_in_page(addr)) return asVirt(-EINVAL);
  old_len = PAGE_ALIGN(old_len);
  new_len = PAGE_ALIGN(new_len);
  if (new_len === 0) return asVirt(-EINVAL);

  const locked: Locked = { value: false };
  const ret: VirtAddr = remapRange(k, addr, old_len, new_len, flags, new_addr, locked);
  if (!offset_in_page(ret) && locked.value && new_len > old_len) {
    const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
    __mm_populate(k, mm, asVirt(ret + old_len), new_len - old_len, true);
  }
  return ret;
}
