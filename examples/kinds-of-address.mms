#pragma mmscope core "data/i386-highmem4g-slub-256M.vmcore.gz"
// The kinds of address on a real i386 machine: hover over each number, before the run and while it is stopped.

// Kernel logical: the direct map. __pa() is right, and this is object 1 of a slab.
void *logical = (void *)0xc1801080;
pr_info("logical %px -> physical %#lx\n", logical, __pa(logical));
expect(__pa(0xc1801080) == 0x1801080);

// vmalloc: __pa() returns a number here too, but a wrong one.
void *area = (void *)0xcc7f1000;
pr_info("vmalloc %px -> __pa says %#lx, which is not where it is\n", area, __pa(area));

// Highmem: physical 0x0bfe0000 is mapped by vmalloc alone, and has no logical address.
struct page *high = pfn_to_page(0xbfe0);
expect(page_address(high) == NULL);

// User: meaningful in one process only. Here: the first page of init's code.
unsigned long user = 0x08048000;
pr_info("user %#lx: walk(0x08048000) in the debug console shows the way\n", user);

// A page that moves: ask where(page) after each step.
struct page *page = alloc_page(GFP_KERNEL);
pr_info("pfn %#lx\n", page_to_pfn(page));
__free_page(page);
