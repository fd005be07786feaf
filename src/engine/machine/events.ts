/**
 * What the kernel reports: facts for the tape's marks, in the terms of the kernel's own tracepoints and messages.
 * Only rare things are events; what happens on every allocation is seen by stepping and by function breakpoints.
 */
import type { Access } from '../x86/access.js';
import type { Exception } from '../x86/walk.js';
import type { Page } from './ctypes.js';
import { PAGE_SIZE, type Pfn, type VirtAddr } from '../memory/address.js';

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
  /** A scenario's cma_alloc(), alloc_contig_range() or alloc_contig_pages() could not have a range of frames. */
  | FailedRange
  /** `bad_page()` reported a page. */
  | { readonly kind: 'bad-page'; readonly pfn: Pfn; readonly reason: string }
  /** The slab allocator found memory, or a call, that cannot be right: the first line of its report. */
  | {
      readonly kind: 'slab-corruption';
      /** Of the struct kmem_cache; 0: of no cache. */
      readonly cache: VirtAddr;
      readonly text: string;
    }
  /** BUG(), BUG_ON(), or an oops: the task that did it does not go on. */
  | {
      readonly kind: 'bug';
      readonly text: string;
      /** Of a page fault: which rule of the processor refused the access. */
      readonly rule?: string | undefined;
    }
  | { readonly kind: 'warn'; readonly text: string }
  /** A process accessed memory as it must not, or called abort(): it ends, or its handler runs. */
  | {
      readonly kind: 'signal';
      readonly signal: 'SIGABRT' | 'SIGBUS' | 'SIGKILL' | 'SIGSEGV';
      /** si_code: `SEGV_MAPERR`, `SEGV_ACCERR`, `BUS_ADRERR`; of abort() `SI_TKILL`. */
      readonly code: string;
      readonly va: VirtAddr;
      /** Of the page fault. */
      readonly errorCode: number;
      readonly pid: number;
      readonly comm: string;
      /** `SIGSEGV (SEGV_MAPERR) at 0x0000000000000008` */
      readonly text: string;
      /** Why: what the area there allows, or that there is none. */
      readonly rule: string;
      /** The function of the program that handles it; undefined: it ends the process. */
      readonly handler?: string;
    }
  /** A conversion of an address, or of flags into names, was used outside of its domain: what it gave means nothing. */
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
  /** A page in use that is in the way: it was migrated to `to`, or it stays, because somebody has references to it. */
  | { readonly kind: 'migrate'; readonly pfn: Pfn; readonly outcome: 'moved'; readonly to: Pfn }
  | { readonly kind: 'migrate'; readonly pfn: Pfn; readonly outcome: 'pinned' | 'failed' }
  | HugePageChange
  /** A task that slept until a page or a rw_semaphore is free goes on: what it waited for. */
  | {
      readonly kind: 'wakes';
      readonly pid: number;
      readonly comm: string;
      readonly pfn?: Pfn;
      /** Of a rw_semaphore. */
      readonly lock?: VirtAddr;
    };

/** A huge page became small ones (`split`), an entry that maps one became a table, or small pages became a huge one. */
export interface HugePageChange {
  readonly kind: 'huge-page';
  readonly change: 'split' | 'entry-split' | 'collapsed';
  readonly pfn: Pfn;
  /** Where it is mapped; not of the page itself. */
  readonly va?: VirtAddr;
}

export interface FailedAllocation {
  readonly kind: 'allocation-failed';
  readonly order: number;
  readonly gfp: number;
  readonly migratetype: number;
  readonly alloc_flags: number;
  readonly highest_zoneidx: number;
}

export interface FailedRange extends Omit<FailedAllocation, 'kind' | 'alloc_flags'> {
  readonly kind: 'range-failed';
  /** The function that gave nothing. */
  readonly what: string;
  /** Pages. */
  readonly count: number;
}

export type AccessKind = Access['kind'];

/** The access that a page fault is about. */
export interface FaultingAccess {
  /** The address as words: a poisoned one is no number. 32 bit has the low one only. */
  readonly low: number;
  readonly high: number;
  readonly kind: AccessKind;
  /** What the processor raised, where it was asked: the linear maps only know that nothing is there. */
  readonly exception?: Exception | undefined;
}

/** A kernel access to an address that is not mapped. Caught where a statement is run; becomes a `bug` event there. */
export class KernelFault extends Error {
  constructor(
    /** The first line of the kernel's report, without `BUG: `. */
    readonly text: string,
    /** Of a page fault. */
    readonly access?: FaultingAccess,
    /** Of an assertion about a page: what is printed first. */
    readonly dump?: { readonly page: Page; readonly reason: string },
  ) {
    super(text);
    this.name = 'KernelFault';
  }
}

/**
 * The fault of an access at an address where nothing is mapped, in the kernel's words: near NULL, at an address that no mapping
 * can have, or elsewhere. Linux 6.1 arch/x86/mm/fault.c: show_fault_oops(); arch/x86/kernel/traps.c: exc_general_protection().
 */
export function badAddress(
  wide: boolean,
  low: number,
  high: number,
  kind: AccessKind,
  exception?: Exception,
): KernelFault {
  const hex = (wide ? hex8(high) : '') + hex8(low);
  // Canonical with 4 levels: bits 63 to 47 are all the same.
  if (wide && high >> 15 !== 0 && high >> 15 !== -1)
    return new KernelFault(
      `general protection fault, probably for non-canonical address 0x${hex}: 0000 [#1]`,
    );
  const access = { low, high: wide ? high : 0, kind, exception };
  const isNull = (!wide || high === 0) && low >>> 0 < PAGE_SIZE;
  return new KernelFault(
    isNull
      ? `kernel NULL pointer dereference, address: ${hex}`
      : `unable to handle page fault for address: ${hex}`,
    access,
  );
}

const hex8 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
