// The first steps: a machine boots, pages come and go.
//
// Press F5. The next line chooses the machine, which is booted here, from its e820 map to its free lists. Then press F10
// (Step Over), and watch the map beside, and Variables > Locals in the Run and Debug view.
#pragma mmscope machine arch=i386 ram=1G slab=slub cma=16M

// One page. It comes from this CPU's own list, not from the buddy lists: step in and see rmqueue_pcplist() take it.
struct page *page = alloc_page(GFP_KERNEL);
unsigned long pfn = page_to_pfn(page);
void *addr = page_address(page);
pr_info("page %px is frame %#lx, mapped at %px\n", page, pfn, addr);

// Below 896 MiB physical and kernel virtual addresses differ by a constant: PAGE_OFFSET.
expect(__pa(addr) == pfn << PAGE_SHIFT);
expect(virt_to_page(addr) == page);
expect(page_count(page) == 1);

// Above, in ZONE_HIGHMEM, a page has no address until it is mapped.
struct page *high = alloc_page(GFP_HIGHUSER);
expect(page_address(high) == NULL);
pr_info("frame %#lx lies in zone %d\n", page_to_pfn(high), page_zonenum(high));

// The page that was freed last is allocated first: its cache lines are still warm.
__free_page(page);
struct page *again = alloc_page(GFP_KERNEL);
expect(again == page);

__free_page(again);
__free_page(high);
