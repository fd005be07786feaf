/**
 * What the kernel reports: facts for the tape's marks, in the terms of the kernel's own tracepoints and messages.
 * Only rare things are events; what happens on every allocation is seen by stepping and by function breakpoints.
 */
import type { Pfn, VirtAddr } from '../memory/address.js';

export type KernelEvent =
  /** One line of the kernel log, level as in `<4>`; or a part of one (KERN_CONT), and then its first part's level counts. */
  | {
      readonly kind: 'printk';
      readonly level: number;
      readonly text: string;
      /** It goes on with the line before, if that is open. */
      readonly continues?: true;
      /** It did not end with a newline: a part that continues it may follow. */
      readonly open?: true;
    }
  /** `__alloc_pages()` returned NULL: the request, with its last rights. Why, verdict/reason.ts finds in memory as it is then. */
  | FailedAllocation
  /** `bad_page()` reported a page. */
  | { readonly kind: 'bad-page'; readonly pfn: Pfn; readonly reason: string }
  /** BUG(), BUG_ON(), or an oops: the task that did it does not go on. */
  | { readonly kind: 'bug'; readonly text: string }
  | { readonly kind: 'warn'; readonly text: string }
  /** A conversion of an address was used outside of its domain: it gave a number that means nothing. */
  | {
      readonly kind: 'address-misuse';
      /** `__pa` */
      readonly function: string;
      readonly va: VirtAddr;
      /** One sentence: why, and what to use instead. */
      readonly text: string;
    }
  /** The TLB answered with what the page tables no longer say. */
  | { readonly kind: 'stale-tlb'; readonly va: VirtAddr; readonly text: string }
  /** Entered, without effect yet: see docs/fidelity.md. */
  | { readonly kind: 'direct-reclaim'; readonly order: number; readonly gfp: number }
  | { readonly kind: 'direct-compact'; readonly order: number; readonly gfp: number }
  | { readonly kind: 'out-of-memory'; readonly order: number; readonly gfp: number }
  /** A page in use that would have to be migrated: it stays. */
  | { readonly kind: 'migrate'; readonly pfn: Pfn };

export interface FailedAllocation {
  readonly kind: 'allocation-failed';
  readonly order: number;
  readonly gfp: number;
  readonly migratetype: number;
  readonly alloc_flags: number;
  readonly highest_zoneidx: number;
}

/** A kernel access to an address that is not mapped. Caught where a statement is run; becomes a `bug` event there. */
export class KernelFault extends Error {
  constructor(readonly text: string) {
    super(text);
    this.name = 'KernelFault';
  }
}
