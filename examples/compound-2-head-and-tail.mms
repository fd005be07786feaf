// Compound pages, 2 of 3: PG_head and PG_tail, as in kernels from 2.6.26 to 4.3 that had enough page flags.
#pragma mmscope machine arch=i386 ram=64M compound=head-tail

struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
struct page *tail = page + 3;

// Two flags, and a pointer where other pages have `private`.
pr_info("head %pGp\n", &page->flags);
pr_info("tail %pGp, first_page %px, head at %px\n", &tail->flags, tail->first_page, page);
expect((page->flags & 1ul << PG_head) && !(page->flags & 1ul << PG_tail));
expect((tail->flags & 1ul << PG_tail) && !(tail->flags & 1ul << PG_head));
expect(tail->first_page == page && tail->private == (unsigned long)page);

expect(PageHead(page) && PageTail(tail) && compound_head(tail) == page);

// Flag and pointer are different words, so one can be wrong without the other. Freeing checks both.
struct page *broken = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
broken[1].first_page = page;
__free_pages(broken, 2); // BUG: Bad page state ... first_page not consistent. The block is lost.

put_page(tail);
expect(!PageCompound(tail) && !PageTail(tail));
