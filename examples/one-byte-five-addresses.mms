#pragma mmscope machine arch=i386 ram=1G bus=0x40000000
// The five kinds of address of Linux Device Drivers 3, chapter 15, for one byte in one run: user virtual, physical, bus, kernel logical and
// kernel virtual. Hover over each number while the scenario is stopped.

// 1. User virtual: what a program sees. It means something in this process only, by its page tables.
char *user = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
user[0x123] = 'x';
expect((unsigned long)user < TASK_SIZE);

struct page *page;
pin_user_pages((unsigned long)user, 1, FOLL_WRITE, &page, NULL);

// 2. Physical: between the processor and memory. Processes get pages of highmem here, above 896 MiB.
phys_addr_t physical = page_to_phys(page) + 0x123;
expect(physical >= 0x38000000 && PageHighMem(page));

// 3. Bus: between a device and memory. The bridge of this machine adds 1 GiB; that of a PC adds nothing.
dma_addr_t bus = dma_map_page(NULL, page, 0x123, 1, DMA_TO_DEVICE);
expect(bus == physical + 0x40000000);
dma_unmap_page(NULL, bus, 1, DMA_TO_DEVICE);

// 4. Kernel logical: the direct map, physical + PAGE_OFFSET. A page of highmem has none ...
expect(page_address(page) == NULL);

// ... and what kmalloc() gives has nothing else: __pa() and __va() are an addition.
char *logical = kmalloc(32, GFP_KERNEL);
expect(__pa(logical) == (unsigned long)logical - PAGE_OFFSET && virt_addr_valid(logical));

// 5. Kernel virtual: mapped by the tables, wherever. kmap() makes one for the page of the process: the same byte.
char *window = kmap(page);
expect(window[0x123] == 'x' && !virt_addr_valid(window));
window[0x123] = 'y';
expect(user[0x123] == 'y');
kunmap(page);

// vmalloc() makes others: pages from anywhere, side by side.
char *area = vmalloc(2 * PAGE_SIZE);
expect(!virt_addr_valid(area) && is_vmalloc_addr(area));

// The process's address is nothing that the kernel may follow: it copies.
char c;
expect(copy_from_user(&c, user + 0x123, 1) == 0 && c == 'y');
expect(copy_from_user(&c, (char *)16, 1) == 1);

vfree(area);
kfree(logical);
unpin_user_page(page);
munmap(user, PAGE_SIZE);
