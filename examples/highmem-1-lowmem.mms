// Highmem, 1 of 3: why a 32-bit kernel reaches 896 MiB of memory directly, and needs windows for the rest.
#pragma mmscope machine arch=i386 ram=4G slab=slub

// A 32-bit address space has 4 GiB. The lower 3 GiB are the process's; 1 GiB is the kernel's, from PAGE_OFFSET on.
unsigned long kernel_space = 0 - PAGE_OFFSET;
expect(PAGE_OFFSET == 0xc0000000 && kernel_space == SZ_1G);

// The kernel maps physical memory there from 0 on: lowmem. Its address is the physical one plus PAGE_OFFSET, nothing else.
expect(__pa(PAGE_OFFSET + 0x1234) == 0x1234);

// 128 MiB at the end are kept for vmalloc: hence the 896 MiB of all books.
unsigned long vmalloc_reserve = SZ_128M;
expect(kernel_space - vmalloc_reserve == 896ul * SZ_1M);

// Behind vmalloc space there are more windows, of fixed size: the pkmap table and the fixmap. Linux 6.1 takes their 12 MiB
// from lowmem too, which leaves two pages less than 884 MiB.
unsigned long windows = 0 - VMALLOC_END;
expect(windows == 12 * SZ_1M + 2 * PAGE_SIZE);
unsigned long lowmem = (unsigned long)high_memory - PAGE_OFFSET;
pr_info("lowmem: %lu KiB, vmalloc space from %#lx to %#lx\n", lowmem >> 10, VMALLOC_START, VMALLOC_END);
expect(lowmem == kernel_space - vmalloc_reserve - windows);
expect(lowmem == 884ul * SZ_1M - 2 * PAGE_SIZE);

// In this order: lowmem, 8 MiB of nothing, vmalloc, pkmap, fixmap.
expect(VMALLOC_START == (unsigned long)high_memory + VMALLOC_OFFSET && VMALLOC_OFFSET == 8 * SZ_1M);
expect(VMALLOC_END < PKMAP_BASE && PKMAP_BASE + LAST_PKMAP * PAGE_SIZE <= FIXADDR_TOP);

// All pages above are highmem: most of this machine's.
pr_info("%lu of %lu pages are highmem\n", totalhigh_pages(), totalram_pages());
expect(totalhigh_pages() > totalram_pages() / 2);

// A page of highmem has a struct page and a frame number like any other, but no address.
struct page *high = alloc_page(GFP_HIGHUSER);
struct page *low = alloc_page(GFP_KERNEL);
expect(PageHighMem(high) && page_address(high) == NULL);
expect(page_to_pfn(high) >= max_low_pfn);
expect(!PageHighMem(low) && page_address(low) == __va(page_to_phys(low)));

// Who cannot use a page without an address, such as kmalloc(), asks with GFP_KERNEL and gets lowmem. __GFP_HIGHMEM says that
// the caller can do without. A page for user space can: the process's own page table gives it an address.
void *object = kmalloc(100, GFP_KERNEL);
expect(virt_to_pfn(object) < max_low_pfn);

// A page table entry holds a frame number, so that it can lead to highmem. What a pointer leads to must be lowmem: objects, lists,
// struct pages, and everything else that the kernel reads at any time. That is the scarce memory here.
kfree(object);
__free_page(low);
__free_page(high);
