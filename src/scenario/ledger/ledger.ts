/**
 * The account of what a scenario has taken from the kernel and not given back. Builtins tell it what they take; that pages are free, the
 * kernel's own tracepoint says, whichever call it was that dropped the last reference. All of it lies on the tape: the account is
 * true wherever the cursor is, and costs what is held, not what happened.
 *
 * Left out: pages that the kernel allocates for itself on the way (slabs, page tables): they are not the scenario's.
 */
import { compound_head, compound_nr } from '../../engine/entry/functions.js';
import { NULL } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Tracer } from '../../engine/machine/tracer.js';
import { asVirt, PAGE_SIZE } from '../../engine/memory/address.js';
import type { Allocation, HoldKind, Ledger } from '../builtins/ledger.js';
import type { Value } from '../semantics/arithmetic.js';
import { pfnOfPage } from '../vm/structPage.js';
import { HoldTable, type Hold } from './holdTable.js';
import { AddressTable, type AddressKind, type HeldAddress } from './addressTable.js';
import { PageTable, type Mark, type PageBlock } from './pageTable.js';

const nothing = (): void => undefined;

export class TapeLedger implements Ledger {
  private readonly pages: PageTable;
  private readonly others: AddressTable;
  private readonly holdings: HoldTable;

  /** @param here where the call stands that tells */
  constructor(
    private readonly k: Kernel,
    private readonly here: () => Mark,
  ) {
    this.pages = new PageTable(k);
    this.others = new AddressTable(k);
    this.holdings = new HoldTable(k);
  }

  allocated({ kind, address, sizeBytes }: Allocation): void {
    if (kind !== 'pages') {
      this.others.take(kind, Number(address), sizeBytes, this.here());
      return;
    }
    const pfn = pfnOfPage(this.k, asVirt(Number(address)));
    if (pfn !== undefined) this.pages.take(pfn, Math.ceil(sizeBytes / PAGE_SIZE), this.here());
  }

  /** Of pages the tracepoint tells. */
  freed(kind: Allocation['kind'], address: Allocation['address']): void {
    if (kind !== 'pages') this.others.giveBack(kind, Number(address));
  }

  holds(kind: HoldKind, page: Value): void {
    const pfn = pfnOfPage(this.k, asVirt(Number(page)));
    if (pfn !== undefined) this.holdings.take(kind, pfn, this.here());
  }

  /** Of a compound page any may be given back for another: it is the whole that counts. */
  drops(kind: HoldKind, page: Value): void {
    const pfn = pfnOfPage(this.k, asVirt(Number(page)));
    if (pfn === undefined) return;
    const { task } = this.here();
    if (this.holdings.drop(kind, pfn, task)) return;
    const whole = this.compoundAt(pfn);
    if (whole.nrPages > 1) this.holdings.drop(kind, whole.head, task, whole.nrPages);
  }

  /** The compound page that a page is part of, as it is now. */
  private compoundAt(pfn: number): { readonly head: number; readonly nrPages: number } {
    const { k } = this;
    const head = compound_head(k, k.pfn_to_page(pfn));
    return { head: k.page_to_pfn(head), nrPages: compound_nr(k, head) };
  }

  /** Who holds a page by what calls took, oldest first. @param pfn of a compound page its head */
  holdsOf(pfn: number): readonly Hold[] {
    const isPage = this.k.pfn_to_page(pfn) !== NULL;
    return this.holdings.of(pfn, isPage ? this.compoundAt(pfn).nrPages : 1);
  }

  /** Of a compound page they count at its head. */
  *allHolds(): Generator<Hold> {
    for (const hold of this.holdings.held()) yield { ...hold, pfn: this.compoundAt(hold.pfn).head };
  }

  /** The block of the scenario's that a page is, or was, part of. */
  blockOf(pfn: number): PageBlock | undefined {
    return this.pages.holding(pfn);
  }

  /** Who has allocated what lies at an address and is still the scenario's. */
  allocationOf(kind: AddressKind, address: number): Mark | undefined {
    return this.others.holding(kind, address)?.allocated;
  }

  heldPages(): Iterable<PageBlock> {
    return this.pages.held();
  }

  heldOthers(): Iterable<HeldAddress> {
    return this.others.held();
  }

  /** What hears the kernel's tracepoints. */
  readonly tracer: Tracer = {
    mm_page_alloc: nothing,
    mm_page_free: (page, order) => {
      const pfn = this.k.page_to_pfn(page);
      this.pages.giveBack(pfn, order, this.here());
      this.holdings.forget(pfn, 1 << order);
    },
    mm_page_free_batched: nothing,
    mm_page_alloc_zone_locked: nothing,
    mm_page_pcpu_drain: nothing,
    mm_page_alloc_extfrag: nothing,
    kmem_cache_alloc: nothing,
    kmem_cache_free: nothing,
    kmalloc: nothing,
    kfree: nothing,
    mm_compaction_isolate_migratepages: nothing,
    mm_compaction_isolate_freepages: nothing,
    mm_migrate_pages: nothing,
    set_migration_pte: nothing,
    remove_migration_pte: nothing,
  };
}
