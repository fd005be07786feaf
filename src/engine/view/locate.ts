/**
 * What "Go to" and the linked selection ask: where in the views a thing is. Arguments and body of the custom request
 * `mmscope/locate`. Plain JSON; addresses are text.
 */

/** Exactly one of `text`, `pfn` and `address`. */
export interface LocateArguments {
  /** As a user writes it: a pfn (`0x1f40`, `pfn 8000`), an address, a symbol, an expression of C. */
  readonly text?: string;
  readonly pfn?: number;
  /** Virtual. */
  readonly address?: string;
  /** Of the stack, for expressions. */
  readonly frameId?: number;
}

/** One way to the frame through page tables. */
export interface LocatedAlias {
  /** Of the frame's first byte. */
  readonly address: string;
  /** `kernel`, `init (pid 1)`. */
  readonly space: string;
}

/** All that the views can light up for one thing. */
export interface LocateBody {
  /** `pfn 0x1f40: free block of order 3 ...`, `0xf0801000: a vmalloc address, not mapped`. */
  readonly text: string;
  /** The page frame: that an address leads to, that a struct page describes. */
  readonly pfn?: number;
  /** The virtual address that was meant; of a frame its address in the direct map, where it has one. */
  readonly address?: string;
  /** Of the frame, by every page table known; a bounded list. */
  readonly aliases: readonly LocatedAlias[];
  /** The slab object at the address; `slab` is the first pfn of its slab. */
  readonly object?: { readonly cache: string; readonly address: string; readonly slab: number };
  /** The list of the buddy allocator that the frame's free block is in. */
  readonly area?: { readonly zone: string; readonly order: number; readonly migratetype: string };
}
