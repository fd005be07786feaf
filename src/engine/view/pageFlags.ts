/**
 * The flags of page->flags by name, for those who ask for one that they are told: PageX(), SetPageX() and ClearPageX() of a scenario
 * and of a recorded run. What kernel code asks for has functions of its own in include/linux/page-flags.h.
 *
 * Source: Linux 6.1 include/linux/page-flags.h, where macros make these functions.
 */
import type * as functions from '../entry/functions.js';
import type { Page } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { constantNamed } from '../types/named.js';

export interface PageFlag {
  /** As in PageLocked, SetPageLocked, ClearPageLocked. */
  readonly uname: string;
  /** As in PG_locked. */
  readonly bit: string;
  /** any: the page itself has it. head: the head of its compound page. */
  readonly policy: 'any' | 'head';
}

const flag = (uname: string, bit: string, policy: PageFlag['policy']): PageFlag => ({
  uname,
  bit,
  policy,
});

/** PF_HEAD and PF_NO_TAIL go to the head; PF_ANY, PF_ONLY_HEAD and PF_NO_COMPOUND stay at the page. */
export const PAGE_FLAGS: readonly PageFlag[] = [
  flag('Locked', 'PG_locked', 'head'),
  flag('Waiters', 'PG_waiters', 'any'),
  flag('Error', 'PG_error', 'head'),
  flag('Referenced', 'PG_referenced', 'head'),
  flag('Uptodate', 'PG_uptodate', 'head'),
  flag('Dirty', 'PG_dirty', 'head'),
  flag('LRU', 'PG_lru', 'head'),
  flag('Active', 'PG_active', 'head'),
  flag('Workingset', 'PG_workingset', 'head'),
  flag('Slab', 'PG_slab', 'head'),
  flag('OwnerPriv1', 'PG_owner_priv_1', 'any'),
  flag('Checked', 'PG_owner_priv_1', 'any'),
  flag('Reserved', 'PG_reserved', 'any'),
  flag('SwapBacked', 'PG_swapbacked', 'head'),
  flag('Private', 'PG_private', 'any'),
  flag('Private2', 'PG_private_2', 'any'),
  flag('Writeback', 'PG_writeback', 'head'),
  flag('MappedToDisk', 'PG_mappedtodisk', 'head'),
  flag('Reclaim', 'PG_reclaim', 'head'),
  flag('Readahead', 'PG_reclaim', 'any'),
  flag('Unevictable', 'PG_unevictable', 'head'),
  flag('Mlocked', 'PG_mlocked', 'head'),
];

/** The kernel to ask: the plain one, or the instrumented one, whose functions can be stepped into. */
type KernelFunctions = Pick<
  typeof functions,
  'compound_head' | 'set_bit' | 'clear_bit' | 'test_bit'
>;

/** Where the flag of `page` is kept, and its number: what set_bit() and its like take. */
function placeOf(
  kernel: KernelFunctions,
  k: Kernel,
  which: PageFlag,
  page: Page,
): [number, number] {
  const at = which.policy === 'head' ? kernel.compound_head(k, page) : page;
  return [constantNamed(k.profile, which.bit), at + k.page.flags];
}

/** PageX() */
export const testPageFlag = (
  kernel: KernelFunctions,
  k: Kernel,
  which: PageFlag,
  page: Page,
): boolean => kernel.test_bit(k, ...placeOf(kernel, k, which, page));

/** SetPageX() */
export function setPageFlag(kernel: KernelFunctions, k: Kernel, which: PageFlag, page: Page): void {
  kernel.set_bit(k, ...placeOf(kernel, k, which, page));
}

/** ClearPageX() */
export function clearPageFlag(
  kernel: KernelFunctions,
  k: Kernel,
  which: PageFlag,
  page: Page,
): void {
  kernel.clear_bit(k, ...placeOf(kernel, k, which, page));
}
