#pragma mmscope machine arch=x86_64 ram=1G
// One entry of a pmd instead of 512 of ptes: transparent huge pages come with a fault, and are split where the kernel needs small pages.

unsigned long huge = 512 * PAGE_SIZE;
char *buf = mmap((void *)0x40000000, 2 * huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
unsigned long address = (unsigned long)buf;
madvise(buf, 2 * huge, MADV_HUGEPAGE);
unsigned long before = get_mm_rss(current->mm);

// Step into the write: do_huge_pmd_anonymous_page() takes one block of order 9, and puts a table by for the day when it is split.
buf[5 * PAGE_SIZE] = 1;
expect(get_mm_rss(current->mm) == before + 512);

// get_user_pages() gives the small page of the address: a tail. The head counts references for all of them.
struct page *tail;
get_user_pages(address + 5 * PAGE_SIZE, 1, 0, &tail, NULL);
struct page *head = compound_head(tail);
expect(tail == head + 5 && compound_order(head) == 9);
expect(page_count(head) == 2 && compound_mapcount(head) == 1);
put_page(tail);

// A part of it goes. The entry becomes the table that was put by; each of its entries has a reference. The page itself is still one block:
// it waits in a queue to be split when memory is short, for 4 KiB of it are used by nobody.
madvise(buf + 7 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED);
expect(compound_mapcount(head) == 0 && page_mapcount(head) == 1);
expect(page_count(head) == 511 && total_mapcount(head) == 511);
expect(PageHead(head) && get_mm_rss(current->mm) == before + 511);

// A page that somebody has a reference of cannot be split: nobody knows where that leads.
get_user_pages(address, 1, 0, &tail, NULL);
get_page(head);
lock_page(head);
expect(split_huge_page(head) == -11);
unlock_page(head);
put_page(head);

// With the one reference of the caller it can. Entries wait meanwhile, as in a migration; then they map small pages.
lock_page(head);
expect(split_huge_page(head) == 0);
unlock_page(head);
put_page(tail);
expect(!PageCompound(head) && page_count(head) == 1 && page_mapcount(head) == 1);
expect(page_count(head + 7) == 0);

// Reads of the second huge page share one huge page of zeros, which nobody's memory counts; the first write splits its entry.
expect(buf[huge] == 0);
expect(get_mm_rss(current->mm) == before + 511);
buf[huge] = 2;
expect(get_mm_rss(current->mm) == before + 512);

// MADV_COLLAPSE: the small pages are copied to one huge page again, and what had none gets zeros.
expect(madvise(buf, huge, MADV_COLLAPSE) == 0);
get_user_pages(address, 1, 0, &tail, NULL);
expect(PageHead(tail) && buf[5 * PAGE_SIZE] == 1);
expect(get_mm_rss(current->mm) == before + 513);
put_page(tail);
munmap(buf, 2 * huge);
expect(get_mm_rss(current->mm) == before);
