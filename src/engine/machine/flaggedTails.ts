/**
 * Compound pages as they were before Linux 4.4: flags mark head and tails, and a tail leads to its head by `first_page`
 * (types/compoundEncoding.ts). A machine that was booted so has one of these in `k.flaggedTails`; code in kernel/, which is 6.1's,
 * asks it first wherever it would look at `compound_head`.
 *
 * Source: Linux 2.6.26 to 4.3 include/linux/page-flags.h, mm/page_alloc.c: prep_compound_page(), destroy_compound_page().
 */
import type { CompoundTests } from './compoundTests.js';
import type { Page } from './ctypes.js';
import type { Kernel } from './kernel.js';

export class FlaggedTails {
  constructor(private readonly tests: CompoundTests) {}

  PageHead(k: Kernel, page: Page): boolean {
    const { head_mask, head_bits } = this.tests;
    return (k.words[page + k.page.flags]! & head_mask) === head_bits;
  }

  PageTail(k: Kernel, page: Page): boolean {
    const { tail_bits } = this.tests;
    return (k.words[page + k.page.flags]! & tail_bits) === tail_bits;
  }

  compound_head(k: Kernel, page: Page): Page {
    if (!this.PageTail(k, page)) return page;
    // Flags make a tail of a page that nobody gave a head, where PG_compound and PG_reclaim have other meanings alone: NULL then.
    return k.read_ptr_to_read(page + this.tests.first_page_word, k.page.flags);
  }

  setHead(k: Kernel, page: Page): void {
    k.write(page + k.page.flags, k.words[page + k.page.flags]! | this.tests.head_bits);
  }

  clearHead(k: Kernel, page: Page): void {
    k.write(page + k.page.flags, k.words[page + k.page.flags]! & ~this.tests.head_bits);
  }

  /** set_page_count(p, 0); p->first_page = head; __SetPageTail(p) */
  setTail(k: Kernel, head: Page, p: Page): void {
    k.write(p + k.page._refcount, 0);
    k.write_ptr(p + this.tests.first_page_word, head);
    k.write(p + k.page.flags, k.words[p + k.page.flags]! | this.tests.tail_bits);
  }

  /** Takes back what a tail has besides its flags, which go with all others; what is wrong with it, else ''. */
  clearTail(k: Kernel, head: Page, p: Page): string {
    // Not its own: counters of the whole, in the first tail.
    k.write_long(p + k.page.mapping, 0);
    if (!this.PageTail(k, p)) return 'PageTail not set';
    return k.ptr_is(p + this.tests.first_page_word, head) ? '' : 'first_page not consistent';
  }
}
