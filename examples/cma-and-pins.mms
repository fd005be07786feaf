// A reserve for devices is lent to processes, and taken back by moving their pages. A page that is pinned cannot be moved: the device
// waits in vain. FOLL_LONGTERM is the way out.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub cma=128M

struct cma *cma = dma_contiguous_default_area;

bool from_cma(struct page *page)
{
  return page_to_pfn(page) - cma->base_pfn < cma->count;
}

// The page behind an address of the process; the reference is dropped at once.
struct page *page_of(char *at)
{
  struct page *page;

  get_user_pages((unsigned long)at, 1, 0, &page, NULL);
  put_page(page);
  return page;
}

// Pages of a process are movable. While more than half of the zone's free pages are the reserve's, they come from there.
// (Not from the CPU's own list, which is filled from boot.)
drain_local_pages(NULL);
char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
for (int i = 0; i < 4; i++)
  buf[i * PAGE_SIZE] = 40 + i;
struct page *page = page_of(buf);
expect(from_cma(page));

// The device wants all of the reserve. The four pages move out of its way; the process does not notice.
struct page *all = cma_alloc(cma, cma->count, 0, false);
expect(all == pfn_to_page(cma->base_pfn));
struct page *moved = page_of(buf);
pr_info("pfn %#lx has moved to %#lx\n", page_to_pfn(page), page_to_pfn(moved));
expect(moved != page && !from_cma(moved));
expect(page_count(moved) == 1 && page_mapcount(moved) == 1);
expect(buf[0] == 40 && buf[3 * PAGE_SIZE] == 43);
cma_release(cma, all, cma->count);

// A second buffer, of the reserve again. This time a driver pins its first page, and does not say for how long.
drain_local_pages(NULL);
char *held = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
memset(held, 7, 4 * PAGE_SIZE);
struct page *pinned;
expect(pin_user_pages((unsigned long)held, 1, FOLL_WRITE, &pinned, NULL) == 1);
expect(from_cma(pinned) && page_maybe_dma_pinned(pinned));

// Now the device gets nothing: -16, -EBUSY. A pin means that somebody may write to this very frame, so it must stay.
// verdict() in the debug console names the frame, the pin and the task.
expect(cma_alloc(cma, cma->count, 0, false) == NULL);
expect(page_of(held) == pinned && held[0] == 7);

// One page is in the way, not the other three. When its pin is gone, all of the reserve can be had.
unpin_user_page(pinned);
all = cma_alloc(cma, cma->count, 0, false);
expect(all != NULL && page_of(held) != pinned && held[0] == 7);
cma_release(cma, all, cma->count);

// A third buffer, and a driver that will keep its page for long, and says so: the page is moved first, and pinned where it is in
// nobody's way.
drain_local_pages(NULL);
char *kept = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
memset(kept, 9, 4 * PAGE_SIZE);
page = page_of(kept);
expect(from_cma(page));
expect(pin_user_pages((unsigned long)kept, 1, FOLL_WRITE | FOLL_LONGTERM, &pinned, NULL) == 1);
pr_info("pfn %#lx was moved to %#lx, and pinned there\n", page_to_pfn(page), page_to_pfn(pinned));
expect(pinned != page && !from_cma(pinned) && kept[0] == 9);

// The pin is held, and the device has its memory.
all = cma_alloc(cma, cma->count, 0, false);
expect(all == pfn_to_page(cma->base_pfn));
expect(page_of(kept) == pinned);
cma_release(cma, all, cma->count);
unpin_user_page(pinned);
