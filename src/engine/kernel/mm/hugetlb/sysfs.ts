/**
 * The files of a pool below /sys/kernel/mm/hugepages/hugepages-SIZEkB/.
 *
 * Differs: numbers, not text; the files have no nodes of their own (sysfs of caches is made at boot, that of pools is not).
 * Left out: demote, demote_size, the files of a NUMA node, nr_hugepages_mempolicy.
 * Source: Linux 6.1 mm/hugetlb.c: nr_hugepages_show() to surplus_hugepages_show().
 */
import type { Hstate, Int, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import { hstate_is_gigantic, hstateCount } from '../../include/linux/hugetlb.h.js';
import { set_max_huge_pages, setOvercommitHugePages } from './pool.js';

export function nr_hugepages_show(k: Kernel, h: Hstate): ULong {
  return hstateCount(k, h, k.hstate.nr_huge_pages);
}

export function nr_hugepages_store(k: Kernel, h: Hstate, count: ULong): Int {
  return set_max_huge_pages(k, h, count);
}

export function nr_overcommit_hugepages_show(k: Kernel, h: Hstate): ULong {
  return hstateCount(k, h, k.hstate.nr_overcommit_huge_pages);
}

/** Huge pages that the page allocator does not have are not made while they are needed. */
export function nr_overcommit_hugepages_store(k: Kernel, h: Hstate, input: ULong): Int {
  if (hstate_is_gigantic(k, h)) return -EINVAL;
  setOvercommitHugePages(k, h, input);
  return 0;
}

export function free_hugepages_show(k: Kernel, h: Hstate): ULong {
  return hstateCount(k, h, k.hstate.free_huge_pages);
}

export function resv_hugepages_show(k: Kernel, h: Hstate): ULong {
  return hstateCount(k, h, k.hstate.resv_huge_pages);
}

export function surplus_hugepages_show(k: Kernel, h: Hstate): ULong {
  return hstateCount(k, h, k.hstate.surplus_huge_pages);
}
