/**
 * Strings in kernel memory, and memory that comes from kmalloc() or, where that has none, from vmalloc(). A string in the kernel's
 * read-only data is never copied where it is constant, nor freed.
 *
 * Source: Linux 6.1 mm/util.c: kstrdup(), folio_mapping(), kvmalloc_node(), kvfree_sensitive(), kstrdup_const(), kfree_const(). kvfree() is with vfree();
 * include/asm-generic/sections.h: is_kernel_rodata(); include/linux/mman.h.
 */
import {
  type AddressSpace,
  type Gfp,
  type Int,
  type Long,
  NULL,
  type Page,
  type ULong,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { isText } from '../../machine/text.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import { totalram_pages } from '../include/linux/mm.h.js';
import { PAGE_MAPPING_FLAGS, PageSlab } from '../include/linux/page-flags.h.js';
import { per_cpu_ptr } from '../include/linux/percpu-defs.h.js';
import { WARN_ON_ONCE } from '../include/asm-generic/bug.h.js';
import { memset, stringAt, writeByte } from '../lib/string.js';
import { kfree, kmalloc } from './slab_common/kmalloc.js';
import { kvfree } from './vmalloc/vfree.js';
import { vmalloc_huge } from './vmalloc/vmalloc.js';

/** A copy of a string, in an object of its own. 0 without memory. */
export function kstrdup(k: Kernel, s: string, gfp: Gfp): VirtAddr {
  const buf: VirtAddr = kmalloc(k, s.length + 1, gfp);
  if (buf === 0) return buf;
  for (let i = 0; i < s.length; i++) writeByte(k, asVirt(buf + i), s.charCodeAt(i));
  writeByte(k, asVirt(buf + s.length), 0);
  return buf;
}

/** The address space of the file that a page is of; NULL: of none. Left out: the swap cache. */
export function folio_mapping(k: Kernel, folio: Page): AddressSpace {
  if (PageSlab(k, folio)) return NULL;
  if ((k.words[folio + k.page.mapping]! & PAGE_MAPPING_FLAGS) !== 0) return NULL;
  return k.read_ptr(folio + k.page.mapping);
}

/** Whether an address is in the kernel's own constants, which live as long as it does. */
export function is_kernel_rodata(k: Kernel, addr: VirtAddr): boolean {
  const start = k.profile.symbol('__start_rodata')?.address ?? 0;
  const end = k.profile.symbol('__end_rodata')?.address ?? 0;
  return addr >= start && addr < end;
}

/**
 * A string that lasts: the constant itself, or else a copy. 0 without memory. Differs: it may be a text of the program's own, which is
 * no constant of the kernel's.
 */
export function kstrdup_const(k: Kernel, s: string | VirtAddr): VirtAddr {
  if (isText(s)) return kstrdup(k, s, k.GFP_KERNEL);
  if (is_kernel_rodata(k, s)) return s;
  return kstrdup(k, stringAt(k, s), k.GFP_KERNEL);
}

/** The text of a name, wherever it is. */
export const textOf = (k: Kernel, s: string | VirtAddr): string => (isText(s) ? s : stringAt(k, s));

/** The opposite: a constant was not copied, so it is not freed. */
export function kfree_const(k: Kernel, x: VirtAddr): void {
  if (!is_kernel_rodata(k, x)) kfree(k, x);
}

// --- kmalloc() or vmalloc() ----------------------------------------------------------------------------------------------

const INT_MAX = 0x7fffffff;

/** Memory for `size` bytes, contiguous only where it is at hand. 0 without memory. Left out: the node (one node). */
export function kvmalloc_node(k: Kernel, size: ULong, flags: Gfp, caller: VirtAddr): VirtAddr {
  let kmalloc_flags: Gfp = flags;
  // It may fail: then there is vmalloc(). So it neither warns nor tries hard, but for what one page holds.
  if (size > PAGE_SIZE) {
    kmalloc_flags |= k.__GFP_NOWARN;
    if ((kmalloc_flags & k.__GFP_RETRY_MAYFAIL) === 0) kmalloc_flags |= k.__GFP_NORETRY;
    kmalloc_flags &= ~k.__GFP_NOFAIL;
  }
  const ret: VirtAddr = kmalloc(k, size, kmalloc_flags);
  if (ret !== 0 || size <= PAGE_SIZE) return ret;

  // vmalloc() sleeps whatever it is told.
  if ((flags & k.__GFP_DIRECT_RECLAIM) === 0) return asVirt(0);
  if (size > INT_MAX) {
    WARN_ON_ONCE(k, (flags & k.__GFP_NOWARN) === 0, 'kvmalloc_node: size above INT_MAX');
    return asVirt(0);
  }
  return vmalloc_huge(k, size, flags, caller);
}

/** kvfree(), the contents wiped first. */
export function kvfree_sensitive(k: Kernel, addr: VirtAddr, len: Int): void {
  if (addr === 0) return;
  memset(k, addr, 0, len);
  kvfree(k, addr);
}

// --- what address spaces may come to need --------------------------------------------------------------------------------

/** percpu_counter_add_batch(): a CPU keeps what is less than its batch to itself. Inline of include/linux/mman.h. */
export function vm_acct_memory(k: Kernel, pages: Long): void {
  const vm_committed_as = k.globals.vm_committed_as;
  if (vm_committed_as === 0) return;
  if (!k.smp) {
    k.add_long(vm_committed_as + k.percpu_counter.count, pages);
    // s64, on 32 bit, too
    if (!k.wide) {
      const high = vm_committed_as + k.percpu_counter.count + 1;
      const low = k.words[vm_committed_as + k.percpu_counter.count]!;
      const carry = pages >= 0 && low >>> 0 < pages ? 1 : 0;
      const borrow = pages < 0 && low >>> 0 >= (low - pages) >>> 0 && pages !== 0 ? -1 : 0;
      if (carry !== 0 || borrow !== 0) k.write(high, k.words[high]! + carry + borrow);
    }
    return;
  }
  const counter = per_cpu_ptr(k, vm_committed_as + k.percpu_counter.counters, k.cpu);
  const batch: Int = k.words[k.globals.vm_committed_as_batch]!;
  const count: Long = k.words[counter]! + pages;
  if (Math.abs(count) >= batch) {
    k.add_long(vm_committed_as + k.percpu_counter.count, count);
    k.write(counter, 0);
  } else {
    k.write(counter, count);
  }
}

export const vm_unacct_memory = (k: Kernel, pages: Long): void => {
  vm_acct_memory(k, -pages);
};

/** Whether so many pages more may be promised: OVERCOMMIT_GUESS refuses only what is more than all memory there is. Left out: swap. */
export function __vm_enough_memory(k: Kernel, pages: Long): Int {
  vm_acct_memory(k, pages);
  if (pages <= totalram_pages(k)) return 0;
  vm_unacct_memory(k, pages);
  return -ENOMEM;
}
