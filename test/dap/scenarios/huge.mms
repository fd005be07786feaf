#pragma mmscope machine arch=x86_64 ram=96M slab=slub cma=0

// Too little memory for the kernel to begin with huge pages: they are switched on here.
transparent_hugepage_flags |= 1 << TRANSPARENT_HUGEPAGE_FLAG;
unsigned long size = 1UL << PMD_SHIFT;
char *buf = mmap((void *)0x40000000, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
struct page *pages[1];
buf[0] = 1;
buf[size] = 1;
mprotect(buf, PAGE_SIZE, PROT_READ); // entry
mprotect(buf, PAGE_SIZE, PROT_READ | PROT_WRITE);
get_user_pages((unsigned long)buf, 1, FOLL_WRITE, pages, NULL);
lock_page(pages[0]);
expect(split_huge_page(pages[0]) == 0); // page
unlock_page(pages[0]);
put_page(pages[0]);
get_user_pages((unsigned long)(buf + size), 1, FOLL_WRITE, pages, NULL);
get_page(pages[0]);
lock_page(pages[0]);
expect(split_huge_page(pages[0]) < 0); // held
unlock_page(pages[0]);
expect(madvise(buf, size, MADV_COLLAPSE) == 0); // collapse
expect(madvise(buf + size, size, MADV_COLLAPSE) == 0); // is whole
int end = 0; // end
