#pragma mmscope machine arch=x86_64 ram=64M cma=8M
// The five cases of Documentation/core-api/pin_user_pages.rst: who needs a pin (FOLL_PIN), and who a reference (FOLL_GET).

char *buf = mmap(NULL, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
unsigned long address = (unsigned long)buf;
struct page *pages[8];

// Case 1: direct I/O. A device reads and writes the data for a moment: pin_user_pages_fast(), no FOLL_LONGTERM.
memset(buf, 1, 8 * PAGE_SIZE);
lru_add_drain();
expect(pin_user_pages_fast(address, 4, FOLL_WRITE, pages) == 4);
expect(page_count(pages[0]) == 1 + GUP_PIN_COUNTING_BIAS);
expect(page_maybe_dma_pinned(pages[0]));
unpin_user_pages_dirty_lock(pages, 4, true);
expect(page_count(pages[0]) == 1 && PageDirty(pages[0]));

// Case 2: RDMA. The device has the pages for as long as it likes: FOLL_LONGTERM. They must not lie where pages have to be able to move.
expect(pin_user_pages(address, 4, FOLL_WRITE | FOLL_LONGTERM, pages, NULL) == 4);
expect(page_count(pages[3]) == 1 + GUP_PIN_COUNTING_BIAS);
unpin_user_pages(pages, 4);

// Such a pin must say so: as a reference it is refused.
expect(get_user_pages(address, 1, FOLL_WRITE | FOLL_LONGTERM, pages, NULL) == -EINVAL);

// Case 3: MMU notifiers, page faulting hardware. It follows the tables, and gives its page up when they change: a reference will do.
expect(get_user_pages(address, 1, FOLL_WRITE, pages, NULL) == 1);
expect(page_count(pages[0]) == 2 && !page_maybe_dma_pinned(pages[0]));
put_page(pages[0]);

// Case 4: pages for the kernel's own use of struct page alone, not of the data: a reference, too.
expect(get_user_pages_fast(address, 1, 0, pages) == 1);
SetPageReferenced(pages[0]);
put_page(pages[0]);

// Case 5: the kernel writes to the data itself, pin, write, unpin: a pin, so that writeback knows.
expect(pin_user_pages(address, 1, FOLL_WRITE, pages, NULL) == 1);
copy_to_user(buf, "written", 8);
unpin_user_pages_dirty_lock(pages, 1, true);
expect(buf[0] == 'w');

// The two kinds exclude each other: FOLL_PIN is pin_user_pages()' alone.
expect(pin_user_pages(address, 1, FOLL_GET, pages, NULL) == -EINVAL);
expect(get_user_pages(address, 1, FOLL_PIN, pages, NULL) == -EINVAL);

// A false positive: 1024 references look like a pin. page_maybe_dma_pinned() only says maybe.
for (int i = 0; i < GUP_PIN_COUNTING_BIAS; i++)
    get_user_pages(address, 1, 0, pages, NULL);
expect(page_count(pages[0]) == 1 + GUP_PIN_COUNTING_BIAS && page_maybe_dma_pinned(pages[0]));
for (int i = 0; i < GUP_PIN_COUNTING_BIAS; i++)
    put_page(pages[0]);
expect(!page_maybe_dma_pinned(pages[0]));
