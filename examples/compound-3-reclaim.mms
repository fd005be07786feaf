// Compound pages, 3 of 3: PG_compound on every page, PG_reclaim on the tails. Kernels from 2.6.22 to 4.3 did so
// where page flags were scarce: on 32 bit, the number of the memory section may take up the rest of the word.
#pragma mmscope machine arch=i386 ram=64M compound=compound-reclaim

struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
struct page *tail = page + 3;

pr_info("head %pGp\n", &page->flags);
pr_info("tail %pGp, first_page %px, head at %px\n", &tail->flags, tail->first_page, page);
unsigned long both = 1ul << PG_compound | 1ul << PG_reclaim;
expect((page->flags & both) == 1ul << PG_compound);
expect((tail->flags & both) == both);

expect(PageHead(page) && PageTail(tail) && compound_head(tail) == page);

// The price: a head with PG_reclaim set looks like a tail, but of no page. Compound pages were not on the LRU lists then,
// so nothing set it. Set it, and see `page` change in Variables > Locals.
SetPageReclaim(page);
expect(PageTail(page) && !PageHead(page));
page->flags &= ~(1ul << PG_reclaim);
expect(PageHead(page) && !PageTail(page));

put_page(tail);
expect(!PageCompound(tail));
