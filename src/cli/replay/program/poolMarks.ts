/**
 * Marks in which a program has noted what the kernel told it about the pool of huge pages: `  free_hugepages 6`.
 *
 * Source: Linux 6.1 mm/hugetlb.c: nr_hugepages_show() and its like.
 */
import { default_hstate, hstateCount } from '../../../engine/kernel/include/linux/hugetlb.h.js';
import type { Kernel } from '../../../engine/machine/kernel.js';

const MEMBERS = {
  nr_hugepages: 'nr_huge_pages',
  free_hugepages: 'free_huge_pages',
  resv_hugepages: 'resv_huge_pages',
  surplus_hugepages: 'surplus_huge_pages',
  nr_overcommit_hugepages: 'nr_overcommit_huge_pages',
} as const;

const isFile = (name: string): name is keyof typeof MEMBERS => Object.hasOwn(MEMBERS, name);

/** Whether a mark notes such a number, and how ours differs. */
export function poolMark(
  k: Kernel,
  mark: string,
): { readonly difference: string | undefined } | undefined {
  const [, name = '', count = ''] = /^\s+(\w+) (\d+)$/.exec(mark) ?? [];
  if (!isFile(name)) return undefined;
  const ours = hstateCount(k, default_hstate(k), k.hstate[MEMBERS[name]]);
  return {
    difference: ours === Number(count) ? undefined : `${name}: ours ${ours}, kernel ${count}`,
  };
}
