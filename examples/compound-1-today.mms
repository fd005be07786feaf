// Compound pages, 1 of 3: how kernels since 4.4 tell a head from a tail. The next two examples show older ways.
//
// Press F5, step, and open `page` and `tail` in Variables > Locals at each step.
#pragma mmscope machine arch=i386 ram=64M compound=compound-head

struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
struct page *tail = page + 3;

// The head has a flag. A tail has none: bit 0 of its compound_head marks it, and the other bits are the head's address.
// So one read answers both questions, which matters when a page is freed while another CPU looks at it.
pr_info("head %pGp\n", &page->flags);
pr_info("tail %pGp, compound_head %#lx, head at %px\n", &tail->flags, tail->compound_head, page);
expect(tail->compound_head == (unsigned long)page + 1);
expect((page->flags & 1ul << PG_head) && !(tail->flags & 1ul << PG_head));

expect(PageHead(page) && PageTail(tail) && compound_head(tail) == page);
expect(page_count(tail) == 1 && page_ref_count(tail) == 0);

// The flags of a compound page are those of its head, and PG_reclaim is a flag like any other.
SetPageReclaim(tail);
expect(PageReclaim(page) && PageHead(page));

put_page(tail);
expect(!PageCompound(tail));
