/**
 * How many pages of each kind an address space has: `mm->rss_stat`. On SMP a task gathers its own faults first, and gives them to its
 * address space now and then, so that tasks that share one do not fight for the counters.
 *
 * get_mm_counter() to mm_counter() are inlines of include/linux/mm.h.
 * Source: Linux 6.1 mm/memory.c: sync_mm_rss(), add_mm_counter_fast(), check_sync_rss_stat(), add_mm_rss_vec(); include/linux/mm.h.
 */
import {
  type Int,
  type Long,
  type MmStruct,
  NULL,
  type Page,
  type TaskStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { PageAnon } from '../../include/linux/page-flags.h.js';

/** A task syncs its counters after so many faults. */
const TASK_RSS_EVENTS_THRESH = 64;

const counterAt = (k: Kernel, mm: MmStruct, member: Int): number =>
  k.plus(mm, k.mm_struct.rss_stat + member * k.ptr_words);

export function get_mm_counter(k: Kernel, mm: MmStruct, member: Int): Long {
  const val: Long = k.read_long(counterAt(k, mm, member));
  // Tasks may have more to give than it has.
  return k.smp && val < 0 ? 0 : val;
}

export function add_mm_counter(k: Kernel, mm: MmStruct, member: Int, value: Long): void {
  k.add_long(counterAt(k, mm, member), value);
}

/** Anonymous, of shared memory (tmpfs), or another file's. */
export function mm_counter_file(k: Kernel, page: Page): Int {
  return test_bit(k, k.PG_swapbacked, page + k.page.flags) ? k.MM_SHMEMPAGES : k.MM_FILEPAGES;
}

export function mm_counter(k: Kernel, page: Page): Int {
  return PageAnon(k, page) ? k.MM_ANONPAGES : mm_counter_file(k, page);
}

// --- what a task gathers: SMP --------------------------------------------------------------------------------------------

/** task->rss_stat: `int events`, then a count of each kind. */
const gatheredAt = (k: Kernel, task: TaskStruct, i: Int): number =>
  k.plus(task, k.task_struct.rss_stat + i);

export function sync_mm_rss(k: Kernel, mm: MmStruct): void {
  if (!k.smp) return;
  const task: TaskStruct = current(k);
  for (let i = 0; i < k.NR_MM_COUNTERS; i++) {
    const count: Int = k.read_int(gatheredAt(k, task, 1 + i));
    if (count === 0) continue;
    add_mm_counter(k, mm, i, count);
    k.write(gatheredAt(k, task, 1 + i), 0);
  }
  k.write(gatheredAt(k, task, 0), 0);
}

export function add_mm_counter_fast(k: Kernel, mm: MmStruct, member: Int, val: Int): void {
  const task: TaskStruct = current(k);
  if (k.smp && k.read_ptr(k.plus(task, k.task_struct.mm)) === mm)
    k.write(gatheredAt(k, task, 1 + member), k.read_int(gatheredAt(k, task, 1 + member)) + val);
  else add_mm_counter(k, mm, member, val);
}

export function check_sync_rss_stat(k: Kernel): void {
  if (!k.smp) return;
  const task: TaskStruct = current(k);
  const events: Int = k.read_int(gatheredAt(k, task, 0));
  k.write(gatheredAt(k, task, 0), events + 1);
  if (events <= TASK_RSS_EVENTS_THRESH) return;
  const mm: MmStruct = k.read_ptr(k.plus(task, k.task_struct.mm));
  if (mm !== NULL) sync_mm_rss(k, mm);
}

/** What a walk of a table has counted. */
export function add_mm_rss_vec(k: Kernel, mm: MmStruct, rss: readonly Int[]): void {
  if (k.read_ptr(k.plus(current(k), k.task_struct.mm)) === mm) sync_mm_rss(k, mm);
  for (let i = 0; i < k.NR_MM_COUNTERS; i++) if (rss[i] !== 0) add_mm_counter(k, mm, i, rss[i]!);
}
