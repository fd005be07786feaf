// A block is split, a page is locked, an allocation fails: on a real machine, as it was a moment after boot.
//
// Press F5. The machine is Linux 6.1 on 32-bit x86 with 1 GiB, recorded with all its free lists; nothing here is made up.
#pragma mmscope state "data/i386-highmem4g-slub-1G.trace.gz"

// Order 4 is above PAGE_ALLOC_COSTLY_ORDER, so no per-CPU list has it: the block comes from the buddy lists.
// Step into this line, and on to expand(): each turn of its loop puts the upper half back on a smaller list.
// Meanwhile watch the map, or in the Run and Debug view Variables > Machine > zone Normal > free_area[4].
struct page *block = alloc_pages(GFP_KERNEL | __GFP_COMP, 4);
expect(block != NULL);
expect(PageHead(block) && compound_order(block) == 4);
expect(PageTail(block + 1) && compound_head(block + 1) == block);
pr_info("pfn %#lx, flags %pGp\n", page_to_pfn(block), &block->flags);

// Open Variables > Locals > block > flags, right-click PG_locked: Break on Value Change. Then press Continue.
lock_page(block);
expect(PageLocked(block));
unlock_page(block);

// Freed, the block meets its buddies again and goes up to where it came from. Step back to see it apart once more.
__free_pages(block, 4);

// ZONE_DMA has three blocks of 4 MiB, and lowmem_reserve keeps them for requests that can use no other zone.
// Continue: "Allocation failure" is ticked under Breakpoints, so the session stops in the kernel and says why.
int got = 0;
for (int i = 0; i < 4; i++) {
  struct page *large = alloc_pages(GFP_ATOMIC | GFP_DMA | __GFP_NOWARN, 10);
  if (large == NULL)
    break;
  got++;
}
pr_info("%d blocks of order 10 from ZONE_DMA\n", got);
expect(got < 4);
