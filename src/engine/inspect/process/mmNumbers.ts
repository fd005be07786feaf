/**
 * The numbers of an address space: what it maps, what is resident, what is locked and pinned. Pages, where nothing else is said.
 *
 * Source: Linux 6.1 include/linux/mm_types.h: struct mm_struct; include/linux/mm.h: get_mm_counter(); fs/proc/task_mmu.c: task_mem().
 * Since 6.2 (f1a7941243c1) rss_stat are percpu_counters, which are read without what CPUs hold back.
 */
import { PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Inspected } from '../inspected.js';

export interface MmNumbers {
  readonly mm_users: number;
  readonly mm_count: number;
  readonly map_count: number;
  readonly total_vm: number;
  readonly locked_vm: number;
  readonly pinned_vm: number;
  readonly data_vm: number;
  readonly exec_vm: number;
  readonly stack_vm: number;
  readonly hiwater_rss: number;
  readonly hiwater_vm: number;
  readonly pgtables_bytes: number;
  readonly rssAnon: number;
  readonly rssFile: number;
  readonly rssShmem: number;
  readonly swapEntries: number;
  readonly hugetlb_usage: number;
  readonly start_code: number;
  readonly end_code: number;
}

const LOW_32 = 2 ** 32;

/** @param mm a struct mm_struct @throws NotInDump */
export function mmNumbers(k: Inspected, mm: VirtAddr): MmNumbers {
  const number = (member: string): number =>
    k.has('mm_struct', member) ? k.number(mm, 'mm_struct', member) : 0;
  return {
    mm_users: number('mm_users'),
    mm_count: number('mm_count'),
    map_count: number('map_count'),
    total_vm: number('total_vm'),
    locked_vm: number('locked_vm'),
    pinned_vm: k.has('mm_struct', 'pinned_vm')
      ? k.space.u32(mm, k.offset('mm_struct', 'pinned_vm')) +
        k.space.i32(mm, k.offset('mm_struct', 'pinned_vm') + 4) * LOW_32
      : 0,
    data_vm: number('data_vm'),
    exec_vm: number('exec_vm'),
    stack_vm: number('stack_vm'),
    hiwater_rss: number('hiwater_rss'),
    hiwater_vm: number('hiwater_vm'),
    pgtables_bytes: number('pgtables_bytes'),
    rssAnon: counter(k, mm, 'MM_ANONPAGES'),
    rssFile: counter(k, mm, 'MM_FILEPAGES'),
    rssShmem: counter(k, mm, 'MM_SHMEMPAGES'),
    swapEntries: counter(k, mm, 'MM_SWAPENTS'),
    hugetlb_usage: number('hugetlb_usage'),
    start_code: number('start_code'),
    end_code: number('end_code'),
  };
}

/** get_mm_counter(): never below 0. */
function counter(k: Inspected, mm: VirtAddr, name: string): number {
  const index = k.enumerator(name);
  if (k.has('mm_struct', 'rss_stat.count'))
    return Math.max(0, k.number(mm, 'mm_struct', `rss_stat.count[${index}]`));
  return Math.max(0, k.number(mm, 'mm_struct', `rss_stat[${index}].count`));
}

/** All that is resident. */
export const rssOf = ({ rssAnon, rssFile, rssShmem }: MmNumbers): number =>
  rssAnon + rssFile + rssShmem;

/** KiB of a number of pages. */
export const kib = (pages: number): number => (pages * PAGE_SIZE) / 1024;
