/**
 * Strings in kernel memory, and memory that comes from kmalloc() or, where that has none, from vmalloc(). A string in the kernel's
 * read-only data is never copied where it is constant, nor freed.
 *
 * Source: Linux 6.1 mm/util.c: kstrdup(), kvmalloc_node(), kvfree_sensitive(), kstrdup_const(), kfree_const(). kvfree() is with vfree();
 * include/asm-generic/sections.h: is_kernel_rodata().
 */
import type { Gfp, Int, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { isText } from '../../machine/text.js';
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
