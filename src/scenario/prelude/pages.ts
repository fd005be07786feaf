/** Pages, folios and zones, as far as their headers are C themselves. */

/** A page's flag by the name that folios have for it. */
const FLAGS =
  `locked:Locked referenced:Referenced uptodate:Uptodate dirty:Dirty lru:LRU active:Active workingset:Workingset
  error:Error reserved:Reserved private:Private writeback:Writeback swapbacked:SwapBacked unevictable:Unevictable mlocked:Mlocked`
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split(':') as [string, string]);

const folioFlags = FLAGS.map(
  ([x, X]) =>
    `#define folio_test_${x}(folio) Page${X}(&(folio)->page) // Whether a folio has PG_${x}. include/linux/page-flags.h`,
).join('\n');

const folioChanges = FLAGS.filter(([x]) => !['locked', 'writeback', 'dirty'].includes(x))
  .flatMap(([x, X]) => [
    `#define folio_set_${x}(folio) SetPage${X}(&(folio)->page) // Sets PG_${x} of a folio. include/linux/page-flags.h`,
    `#define folio_clear_${x}(folio) ClearPage${X}(&(folio)->page) // Clears PG_${x} of a folio. include/linux/page-flags.h`,
  ])
  .join('\n');

export const PAGES = String.raw`
#define PAGE_MAPPING_ANON 0x1 // Bit of page->mapping: it is an anon_vma. include/linux/page-flags.h
#define PAGE_MAPPING_MOVABLE 0x2 // Bit of page->mapping: a driver can move the page. include/linux/page-flags.h
#define PAGE_MAPPING_KSM (PAGE_MAPPING_ANON | PAGE_MAPPING_MOVABLE) // include/linux/page-flags.h
#define PAGE_MAPPING_FLAGS (PAGE_MAPPING_ANON | PAGE_MAPPING_MOVABLE) // include/linux/page-flags.h
#define page_size(page) (PAGE_SIZE << compound_order(page)) // Bytes in a compound page, given its head. include/linux/mm.h
#define page_shift(page) (PAGE_SHIFT + compound_order(page)) // include/linux/mm.h
#define folio_shift(folio) (PAGE_SHIFT + folio_order(folio)) // include/linux/mm.h
#define thp_order(page) compound_order(page) // include/linux/huge_mm.h
#define thp_size(page) page_size(page) // Bytes in a transparent huge page. include/linux/huge_mm.h
#define thp_nr_pages(page) ((int)compound_nr(page)) // Pages in a transparent huge page. include/linux/mm.h
#define nth_page(page, n) ((page) + (n)) // The page so many behind another. include/linux/mm.h
#define folio_page_idx(folio, p) ((p) - &(folio)->page) // Which page of a folio. include/linux/mm.h
#define PageTransCompound(page) PageCompound(page) // Whether the page is part of a huge page. include/linux/page-flags.h
#define PageTransHuge(page) PageHead(page) // include/linux/page-flags.h
#define PageTransTail(page) PageTail(page) // include/linux/page-flags.h
#define PageMovable(page) __PageMovable(page) // include/linux/page-flags.h
#define page_mapped(page) folio_mapped(page_folio(page)) // Whether an entry of a page table maps the page. include/linux/mm.h
#define page_to_pgoff(page) ({ typeof(&*(page)) __part = (page), __head = compound_head(__part); __head->index + (__part - __head); }) // The place of a page in its file, in pages. include/linux/pagemap.h
#define page_pgdat(page) NODE_DATA(0) // The node of a page. include/linux/mm.h
#define folio_pgdat(folio) NODE_DATA(0) // include/linux/mm.h
#define folio_nid(folio) 0 // The node of a folio: there is one. include/linux/mm.h
#define pfn_to_nid(pfn) 0 // include/linux/mmzone.h
#define folio_test_anon(folio) PageAnon(&(folio)->page) // Whether a folio is one of anonymous memory. include/linux/page-flags.h
#define folio_test_hugetlb(folio) PageHuge(&(folio)->page) // Whether a folio is one of hugetlb. include/linux/page-flags.h
#define folio_test_ksm(folio) PageKsm(&(folio)->page) // include/linux/page-flags.h
#define folio_mapping(folio) ({ unsigned long __of = (unsigned long)(folio)->mapping; (struct address_space *)(__of & PAGE_MAPPING_FLAGS ? 0 : __of); }) // The file that a folio holds a part of; NULL if it holds none. mm/util.h
#define page_mapping(page) folio_mapping(page_folio(page)) // The file that a page holds a part of; NULL if it holds none. include/linux/mm.h
#define folio_mark_dirty(folio) set_page_dirty(&(folio)->page) // The folio holds what its file does not. include/linux/mm.h
#define folio_mark_uptodate(folio) SetPageUptodate(&(folio)->page) // The folio holds what its file does. include/linux/page-flags.h
#define mark_page_accessed(page) folio_mark_accessed(page_folio(page)) // The page was used. include/linux/swap.h
#define set_page_dirty_lock(page) ({ typeof(&*(page)) __locked = (page); lock_page(__locked); int __is_new = set_page_dirty(__locked); unlock_page(__locked); __is_new; }) // The same, of a page that is not locked. include/linux/mm.h
#define folio_put_refs(folio, refs) do { typeof(&*(folio)) __put = (folio); for (int __left = (refs); __left > 0; __left--) folio_put(__put); } while (0) // Drops so many references. include/linux/mm.h
#define folio_ref_add(folio, nr) page_ref_add(&(folio)->page, nr) // include/linux/page_ref.h
#define folio_ref_sub(folio, nr) page_ref_sub(&(folio)->page, nr) // include/linux/page_ref.h
#define put_pages_list(pages) do { struct page *__put, *__next; list_for_each_entry_safe(__put, __next, pages, lru) { list_del(&__put->lru); put_page(__put); } } while (0) // Drops a reference of each page of a list. include/linux/mm.h
${folioFlags}
${folioChanges}
#define pfn_to_kaddr(pfn) __va((phys_addr_t)(pfn) << PAGE_SHIFT) // Address in the direct map of a page frame. arch/x86/include/asm/page.h
#define __pa_symbol(x) __pa(x) // Physical address of a symbol of the kernel. arch/x86/include/asm/page.h
#define lm_alias(x) __va(__pa_symbol(x)) // The address of a symbol in the direct map. include/linux/mm.h
#define ZERO_PAGE(vaddr) virt_to_page(empty_zero_page) // The page of zeros. arch/x86/include/asm/pgtable.h
#define __alloc_pages(gfp, order, preferred_nid, nodemask) alloc_pages(gfp, order) // There is one node. include/linux/gfp.h
#define __alloc_pages_node(nid, gfp_mask, order) alloc_pages(gfp_mask, order) // include/linux/gfp.h
#define alloc_pages_vma(gfp, order, vma, addr) alloc_pages(gfp, order) // Its name before Linux 6.0. include/linux/gfp.h
#define alloc_page_vma(gfp, vma, addr) alloc_page(gfp) // A page for an address of an area. include/linux/gfp.h
#define gfpflags_allow_blocking(gfp_flags) (!!((gfp_flags) & __GFP_DIRECT_RECLAIM)) // Whether a request may wait. include/linux/gfp.h
#define kmalloc_track_caller(size, flags) kmalloc(size, flags) // include/linux/slab.h
#define __vmalloc_node(size, align, gfp_mask, node, caller) __vmalloc(size, gfp_mask) // include/linux/vmalloc.h
#define is_vmalloc_or_module_addr(x) is_vmalloc_addr(x) // include/linux/mm.h
#define populated_zone(zone) ((zone)->present_pages != 0) // Whether a zone has pages. include/linux/mmzone.h
#define zone_managed_pages(zone) ((unsigned long)(zone)->managed_pages.counter) // Pages of a zone that the page allocator has. include/linux/mmzone.h
#define managed_zone(zone) (zone_managed_pages(zone) != 0) // include/linux/mmzone.h
#define zone_end_pfn(zone) ((zone)->zone_start_pfn + (zone)->spanned_pages) // The frame behind a zone. include/linux/mmzone.h
#define zone_spans_pfn(zone, pfn) ((zone)->zone_start_pfn <= (pfn) && (pfn) < zone_end_pfn(zone)) // Whether a frame lies in the range of a zone. include/linux/mmzone.h
#define zone_to_nid(zone) 0 // include/linux/mmzone.h
#define wmark_pages(z, i) ((z)->_watermark[i] + (z)->watermark_boost) // A watermark of a zone. include/linux/mmzone.h
#define is_migrate_cma(migratetype) ((migratetype) == MIGRATE_CMA) // include/linux/mmzone.h
#define is_migrate_isolate(migratetype) ((migratetype) == MIGRATE_ISOLATE) // include/linux/page-isolation.h
#define is_migrate_movable(mt) (is_migrate_cma(mt) || (mt) == MIGRATE_MOVABLE) // include/linux/mmzone.h
#define node_present_pages(nid) (NODE_DATA(nid)->node_present_pages) // include/linux/mmzone.h
#define node_spanned_pages(nid) (NODE_DATA(nid)->node_spanned_pages) // include/linux/mmzone.h
#define node_start_pfn(nid) (NODE_DATA(nid)->node_start_pfn) // include/linux/mmzone.h
#define pgdat_end_pfn(pgdat) ((pgdat)->node_start_pfn + (pgdat)->node_spanned_pages) // include/linux/mmzone.h
#define node_end_pfn(nid) pgdat_end_pfn(NODE_DATA(nid)) // include/linux/mmzone.h
#define node_zonelist(nid, flags) (&NODE_DATA(nid)->node_zonelists[0]) // The zones that a request may use, in order. include/linux/gfp.h
#define for_each_online_pgdat(pgdat) for (pgdat = NODE_DATA(0); pgdat; pgdat = NULL) // Every node: there is one. include/linux/mmzone.h
#define for_each_online_node(node) for ((node) = 0; (node) < 1; (node)++) // include/linux/nodemask.h
#define for_each_node(node) for_each_online_node(node) // include/linux/nodemask.h
#define for_each_zone_zonelist(zone, z, zlist, highidx) for (z = (zlist)->_zonerefs; ({ while (z->zone && z->zone_idx > (highidx)) z++; zone = z->zone; }); z++) // Every zone of a zonelist up to the highest. include/linux/mmzone.h
#define for_each_zone_zonelist_nodemask(zone, z, zlist, highidx, nodemask) for_each_zone_zonelist(zone, z, zlist, highidx) // include/linux/mmzone.h
#define zero_user_segments(page, start1, end1, start2, end2) do { typeof(&*(page)) __of = (page); unsigned int __s1 = (start1), __e1 = (end1), __s2 = (start2), __e2 = (end2); char *__at = kmap_local_page(__of); if (__e1 > __s1) memset(__at + __s1, 0, __e1 - __s1); if (__e2 > __s2) memset(__at + __s2, 0, __e2 - __s2); kunmap_local(__at); } while (0) // Fills two parts of a page with zeros. include/linux/highmem.h
#define zero_user_segment(page, start, end) zero_user_segments(page, start, end, 0, 0) // Fills a part of a page with zeros. include/linux/highmem.h
#define zero_user(page, start, size) ({ unsigned int __s = (start); zero_user_segments(page, __s, __s + (size), 0, 0); }) // Fills a part of a page with zeros. include/linux/highmem.h
#define clear_user_highpage(page, vaddr) clear_highpage(page) // Fills a page of a process with zeros. include/linux/highmem.h
#define copy_user_highpage(to, from, vaddr, vma) copy_highpage(to, from) // Copies a page of a process. include/linux/highmem.h
#define memzero_explicit(s, count) memset((s), 0, (count)) // include/linux/string.h
`;
