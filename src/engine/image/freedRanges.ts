/**
 * Parts of the kernel image that boot gives back to the page allocator when it has done with them: initmem, on x86_64 the
 * gaps around rodata, and with one CPU the table of lock prefixes.
 *
 * Source: Linux 6.1 arch/x86/mm/init.c: free_initmem(); arch/x86/mm/init_64.c: mark_rodata_ro();
 * arch/x86/kernel/alternative.c: alternative_instructions().
 */
import { PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import type { Profile } from '../types/profile.js';

export interface FreedRange {
  readonly what: 'SMP alternatives' | 'initmem' | 'text/rodata gap' | 'rodata/data gap';
  /** Kernel addresses, whole pages. */
  readonly start: VirtAddr;
  readonly end: VirtAddr;
}

/** In the order in which they are freed. */
export function freedRanges(profile: Profile, nrCpus: number): FreedRange[] {
  const found: FreedRange[] = [];
  const add = (what: FreedRange['what'], from: string, to: string): void => {
    const start = profile.symbol(from)?.address;
    const end = profile.symbol(to)?.address;
    if (start === undefined || end === undefined) return;
    const first = Math.ceil(start / PAGE_SIZE) * PAGE_SIZE;
    const last = Math.floor(end / PAGE_SIZE) * PAGE_SIZE;
    if (first < last) found.push({ what, start: first as VirtAddr, end: last as VirtAddr });
  };
  if (profile.smp && nrCpus === 1) add('SMP alternatives', '__smp_locks', '__smp_locks_end');
  add('initmem', '__init_begin', '__init_end');
  if (profile.arch === 'x86_64') {
    add('text/rodata gap', '_etext', '__start_rodata');
    add('rodata/data gap', '__end_rodata', '_sdata');
  }
  return found;
}
