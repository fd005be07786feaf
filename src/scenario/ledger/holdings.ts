/** What a scenario has taken from the kernel, in words: readings of the ledger where the machine stands. */
import type { PageHolder } from '../../engine/inspect/process/pageAccount.js';
import { pageHolder, pinnedFrames } from './holders.js';
import type { TapeLedger } from './ledger.js';
import { markText, notGivenBack, type NotGivenBack, type PlaceNames } from './notGivenBack.js';

export class Holdings {
  constructor(
    private readonly ledger: TapeLedger,
    private readonly names: PlaceNames,
  ) {}

  /** What the scenario has allocated and still has. */
  notGivenBack(): readonly NotGivenBack[] {
    return notGivenBack(this.ledger, this.names);
  }

  /** `at line 9 by kmalloc()`: who has allocated what lies at an address and is the scenario's; undefined where nothing is. */
  allocated(kind: 'object' | 'area' | 'per-CPU' | 'cache', address: number): string | undefined {
    const mark = this.ledger.allocationOf(kind, address);
    return mark && markText(mark, this.names);
  }

  /** As {@link allocated}, of a page; and of one that was the scenario's, who freed it. */
  pageHistory(pfn: number): { readonly allocated: string; readonly freed?: string } | undefined {
    const block = this.ledger.blockOf(pfn);
    if (block === undefined) return undefined;
    const allocated = markText(block.allocated, this.names);
    return block.freed === undefined
      ? { allocated }
      : { allocated, freed: markText(block.freed, this.names) };
  }

  /** Who holds a page by references and pins that calls took, oldest first. @param pfn of a compound page its head */
  pageHolders(pfn: number): readonly PageHolder[] {
    return this.ledger.holdsOf(pfn).map((hold) => pageHolder(hold, this.names));
  }

  /** Frames that calls of the scenario have pinned, and not unpinned. */
  pinnedFrames(): readonly number[] {
    return pinnedFrames(this.ledger);
  }
}
