#pragma mmscope machine arch=x86_64 ram=128M cmdline="hugepages=4"
// A pool of huge pages: mmap() promises them, a fault takes them, a copy on write needs one more, and free_huge_page() gives them back.

struct hstate *h = &hstates[default_hstate_idx];
unsigned long size = PAGE_SIZE << h->order;
int status;

// Boot has filled the pool: hugepages=4. What is in it, nobody else can have.
expect(h->nr_huge_pages == 4 && h->free_huge_pages == 4 && h->resv_huge_pages == 0);

// mmap() takes no page, but promises: three of the four are spoken for. Two more cannot be promised.
char *buf = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
unsigned long address = (unsigned long)buf;
expect(h->free_huge_pages == 4 && h->resv_huge_pages == 3);
expect(mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) == MAP_FAILED && errno == ENOMEM);

// The first write to each keeps a promise: hugetlb_no_page(), one entry of the pmd for 512 pages.
buf[0] = 'p';
buf[size] = 'p';
expect(h->free_huge_pages == 2 && h->resv_huge_pages == 1);
expect(atomic_long_read(&current->mm->hugetlb_usage) == 2 * 512 && get_mm_rss(current->mm) == 1);

// Head and tails, as in any compound page; the destructor in the first tail says whose it is: HUGETLB_PAGE_DTOR.
struct page *page;
get_user_pages(address + 5 * PAGE_SIZE, 1, FOLL_WRITE, &page, NULL);
struct page *head = compound_head(page);
expect(page == head + 5 && compound_order(head) == 9);
expect(head[1].compound_dtor == HUGETLB_PAGE_DTOR && page_count(head) == 2 && page_mapcount(head) == 1);
put_page(page);

// A pin is counted in the first tail: a huge page has room for it.
pin_user_pages(address, 1, FOLL_WRITE, &page, NULL);
expect(page_maybe_dma_pinned(page) && page_count(page) == 2);
unpin_user_page(page);

// fork() promises the child nothing. Its write copies a whole huge page, out of what nobody was promised.
if (fork() == 0) {
    expect(page_mapcount(head) == 2);
    buf[0] = 'c';
    expect(page_mapcount(head) == 1 && h->free_huge_pages == 1 && h->resv_huge_pages == 1);
    exit(0);
}
wait(&status);
expect(buf[0] == 'p' && h->free_huge_pages == 2);

// Now only the promised one is left: the parent writes first, and the pool has none for a copy. It made the map and must not fail: so
// the page is taken from the child. Its own access would be SIGBUS; the kernel, asked for the page, says so.
expect(sysctl("vm.nr_hugepages=1") == 1);
expect(h->nr_huge_pages == 3 && h->surplus_huge_pages == 2 && h->free_huge_pages == 1);
pid_t child = fork();
if (child == 0) {
    expect(get_user_pages(address, 1, 0, &page, NULL) == -EFAULT);
    exit(0);
}
buf[0] = 'P';
expect(page_mapcount(head) == 1);
expect(wait(&status) == child && buf[0] == 'P');

// The pool is to have one page, and has three: two are surplus. free_huge_page() gives a surplus page to the page allocator.
unsigned long before = nr_free_pages();
expect(madvise(buf + size, size, MADV_DONTNEED) == 0);
expect(h->nr_huge_pages == 2 && h->surplus_huge_pages == 1);
expect(nr_free_pages() == before + 512);

// The last one goes into the pool, where it stays a compound page: no page is free for others by that.
munmap(buf, 3 * size);
expect(h->nr_huge_pages == 1 && h->free_huge_pages == 1 && h->surplus_huge_pages == 0 && h->resv_huge_pages == 0);

// An ordinary compound page of that order ends in free_compound_page(): there is no pool for it to go back to.
// (The lists of the CPU hold blocks of this order back; they are emptied, so that what is free is counted.)
drain_all_pages(NULL);
before = nr_free_pages();
struct page *ordinary = alloc_pages(GFP_KERNEL | __GFP_COMP, 9);
drain_all_pages(NULL);
expect(ordinary[1].compound_dtor == COMPOUND_PAGE_DTOR && nr_free_pages() == before - 512);
put_page(ordinary);
drain_all_pages(NULL);
expect(nr_free_pages() == before);

// Overcommit: the pool may grow by two pages while they are used, and is as small as before when they are not.
expect(sysctl("vm.nr_overcommit_hugepages=2") == 2);
buf = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
expect(buf != MAP_FAILED && h->nr_huge_pages == 3 && h->surplus_huge_pages == 2 && h->resv_huge_pages == 3);
munmap(buf, 3 * size);
expect(h->nr_huge_pages == 1 && h->surplus_huge_pages == 0);

// A file of huge pages is shared: its page stays while the file is open, whoever maps it.
int fd = memfd_create("pool", MFD_HUGETLB);
expect(ftruncate(fd, size) == 0);
char *file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
file[0] = 'f';
munmap(file, size);
expect(h->free_huge_pages == 0);
close(fd);
expect(h->free_huge_pages == 1);
