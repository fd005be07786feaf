#pragma mmscope machine arch=x86_64 ram=64M
// What malloc() asks of the kernel: a program as one would compile it, with printf() and /proc/self/pagemap. Step into a first write to see its page come.

// What /proc/self/pagemap says of an address: bit 63, a page is there; bits 0 to 54, its frame.
static uint64_t entry_of(const void *address)
{
    uint64_t entry = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY);

    pread(fd, &entry, sizeof(entry), (unsigned long)address / getpagesize() * sizeof(entry));
    close(fd);
    return entry;
}

static bool is_present(const void *address)
{
    return entry_of(address) >> 63;
}

int main(void)
{
    // No heap yet. The first malloc() takes 132 KiB of it from brk(), for many more to come; its own words touch the first page.
    char *start = sbrk(0);
    char *small = malloc(100);
    printf("the heap: %p to %p\n", (void *)start, sbrk(0));
    expect((char *)sbrk(0) - start == 132 * 1024 && small == start + 0x2a0);
    expect(is_present(small));

    // The next ones cost the kernel nothing: they are cut from the same area, 16 bytes apart from the size in front of each.
    char *next = malloc(100);
    expect(next - small == 112 && (char *)sbrk(0) - start == 132 * 1024);

    // Memory is a promise until it is touched: the sizes at both ends of a chunk are written, what lies between them is not there.
    char *pages = malloc(5 * 4096);
    expect(!is_present(pages + 2 * 4096));
    pages[2 * 4096] = 1;
    expect(is_present(pages + 2 * 4096));
    printf("touched: frame %#llx\n", entry_of(pages + 2 * 4096) & ((1ULL << 55) - 1));

    // From 128 KiB on, a chunk is an area of its own, from mmap(). free() takes it away, with its pages.
    char *large = malloc(200000);
    struct vm_area_struct *area = find_vma(current->mm, (unsigned long)large);
    expect(large - (char *)area->vm_start == 16 && area->vm_end - area->vm_start == 49 * 4096);
    memset(large, 1, 200000);
    unsigned long before = get_mm_rss(current->mm);
    free(large);
    expect(before - get_mm_rss(current->mm) == 49);

    // What is freed in the heap stays the program's: its page is still there, and the next request of that size gets it.
    free(next);
    expect(is_present(next) && malloc(100) == next);

    // Only when much of the heap's end is free does it become shorter.
    char *end = sbrk(0);
    char *most = malloc(120000), *more = malloc(120000);
    expect((char *)sbrk(0) > end);
    end = sbrk(0);
    free(most);
    free(more);
    expect((char *)sbrk(0) < end);
    return 0;
}
