/**
 * Strings in kernel memory. One in the kernel's read-only data is never copied where it is constant, nor freed.
 *
 * Source: Linux 6.1 mm/util.c: kstrdup(), kstrdup_const(), kfree_const(); include/asm-generic/sections.h: is_kernel_rodata().
 */
import type { Gfp, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { stringAt, writeByte } from '../lib/string.js';
import { kfree, kmalloc } from './slab_common/kmalloc.js';

/** A copy of a string, in an object of its own. 0 without memory. */
export function kstrdup(k: Kernel, s: string, gfp: Gfp): VirtAddr {
  const buf: VirtAddr = kmalloc(k, s.length + 1, gfp);
  if (buf === 0) return buf;
  for (let i = 0; i < s.length; i++) writeByte(k, asVirt(buf + i), s.charCodeAt(i));
  writeByte(k, asVirt(buf + s.length), 0);
  return buf;
}

/** Memory from kmalloc(). Left out: vmalloc() where that has none. 0 without memory. */
export function kvmalloc_node(k: Kernel, size: ULong, flags: Gfp, caller: VirtAddr): VirtAddr {
  void caller;
  let kmalloc_flags: Gfp = flags;
  if (size > PAGE_SIZE) kmalloc_flags |= k.__GFP_NOWARN | k.__GFP_NORETRY;
  return kmalloc(k, size, kmalloc_flags);
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
  if (typeof s === 'string') return kstrdup(k, s, k.GFP_KERNEL);
  if (is_kernel_rodata(k, s)) return s;
  return kstrdup(k, stringAt(k, s), k.GFP_KERNEL);
}

/** The text of a name, wherever it is. */
export const textOf = (k: Kernel, s: string | VirtAddr): string =>
  typeof s === 'string' ? s : stringAt(k, s);

/** The opposite: a constant was not copied, so it is not freed. */
export function kfree_const(k: Kernel, x: VirtAddr): void {
  if (!is_kernel_rodata(k, x)) kfree(k, x);
}
