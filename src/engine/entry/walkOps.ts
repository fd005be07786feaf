/**
 * struct mm_walk_ops in memory: the functions that a caller of its own kind gives, which are called with a struct mm_walk on their stack.
 * What they write in it (the action) counts for the walk.
 *
 * Source: Linux 6.1 include/linux/pagewalk.h.
 */
import { type Int, type Pointer } from '../machine/ctypes.js';
import { KernelFault } from '../machine/events.js';
import type { Kernel } from '../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../memory/address.js';
import type { MmWalk, MmWalkOps } from '../kernel/mm/pagewalk/pagewalk.js';

type Member = Exclude<keyof Kernel['mm_walk_ops'], symbol>;

/** Calls one of them: `args`, and the walk behind them. */
const callEntry = (
  k: Kernel,
  ops: Pointer<'struct mm_walk_ops'>,
  member: Member,
  args: readonly number[],
  walk: MmWalk,
): Int => {
  const func: VirtAddr = k.read_va(k.plus(ops, k.mm_walk_ops[member]));
  let object: Cell | undefined;
  const fill = (at: Cell): readonly number[] => {
    object = at;
    k.write_ptr(k.plus(at, k.mm_walk.ops), ops);
    k.write_ptr(k.plus(at, k.mm_walk.mm), walk.mm);
    k.write_va(k.plus(at, k.mm_walk.pgd), asVirt(0));
    k.write_ptr(k.plus(at, k.mm_walk.vma), walk.vma);
    k.write(k.plus(at, k.mm_walk.action), walk.action);
    k.write_bool(at, k.mm_walk.no_vma, walk.no_vma);
    k.write_va(k.plus(at, k.mm_walk.private), asVirt(walk.private as number));
    return [...args, k.va_of(at)];
  };
  const result = k.callOut?.(func, fill, k.sizeof.mm_walk);
  if (result === undefined)
    throw new KernelFault(`unable to handle page fault for address: ${k.hex(func)}`);
  if (object !== undefined) walk.action = k.read_int(k.plus(object, k.mm_walk.action));
  return result | 0;
};

/** The functions that a table has; those that are NULL are not asked. */
export function walkOpsAt(k: Kernel, ops: Pointer<'struct mm_walk_ops'>): MmWalkOps {
  const has = (member: Member): boolean => k.read_va(k.plus(ops, k.mm_walk_ops[member])) !== 0;
  const entry = (member: Member) =>
    has(member)
      ? {
          [member]: (_k: Kernel, at: Cell, addr: VirtAddr, next: VirtAddr, walk: MmWalk): Int =>
            callEntry(k, ops, member, [k.va_of(at), addr, next], walk),
        }
      : {};
  const range = (member: Member) =>
    has(member)
      ? {
          [member]: (_k: Kernel, start: VirtAddr, end: VirtAddr, walk: MmWalk): Int =>
            callEntry(k, ops, member, [start, end], walk),
        }
      : {};
  const found: MmWalkOps = {
    ...entry('pgd_entry'),
    ...entry('p4d_entry'),
    ...entry('pud_entry'),
    ...entry('pmd_entry'),
    ...entry('pte_entry'),
    ...range('test_walk'),
    ...range('pre_vma'),
    ...(has('pte_hole') && {
      pte_hole: (_k, addr, next, depth, walk) =>
        callEntry(k, ops, 'pte_hole', [addr, next, depth], walk),
    }),
    ...(has('hugetlb_entry') && {
      hugetlb_entry: (_k, pte, hmask, addr, next, walk) =>
        callEntry(k, ops, 'hugetlb_entry', [k.va_of(pte), hmask, addr, next], walk),
    }),
    ...(has('post_vma') && {
      post_vma: (_k, walk) => {
        callEntry(k, ops, 'post_vma', [], walk);
      },
    }),
  };
  return found;
}
