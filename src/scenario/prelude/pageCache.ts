/** The page cache and folios, as far as their headers are C themselves. */
import { constants } from './constants.js';

export const PAGE_CACHE = [
  constants(
    'include/linux/pagemap.h',
    'FGP_ACCESSED=0x1 FGP_LOCK=0x2 FGP_CREAT=0x4 FGP_WRITE=0x8 FGP_NOFS=0x10 FGP_NOWAIT=0x20 FGP_FOR_MMAP=0x40 FGP_HEAD=0x80 FGP_ENTRY=0x100 FGP_STABLE=0x200',
  ),
  String.raw`#define filemap_get_folio(mapping, index) __filemap_get_folio(mapping, index, 0, 0) // The folio at an index of a file, with a reference; NULL if there is none. include/linux/pagemap.h
#define filemap_lock_folio(mapping, index) __filemap_get_folio(mapping, index, FGP_LOCK, 0) // The same, locked. include/linux/pagemap.h
#define pagecache_get_page(mapping, index, fgp_flags, gfp) ({ unsigned long __index = (index); struct folio *__found = __filemap_get_folio(mapping, __index, fgp_flags, gfp); __found ? folio_file_page(__found, __index) : (struct page *)NULL; }) // The page at an index of a file; what the flags do: __filemap_get_folio(). include/linux/pagemap.h
#define find_get_page(mapping, offset) pagecache_get_page(mapping, offset, 0, 0) // The page at an index of a file, with a reference; NULL if there is none. include/linux/pagemap.h
#define find_get_page_flags(mapping, offset, fgp_flags) pagecache_get_page(mapping, offset, fgp_flags, 0) // include/linux/pagemap.h
#define find_lock_page(mapping, index) pagecache_get_page(mapping, index, FGP_LOCK, 0) // The page at an index of a file, locked and with a reference. include/linux/pagemap.h
#define find_or_create_page(mapping, index, gfp_mask) pagecache_get_page(mapping, index, FGP_LOCK | FGP_ACCESSED | FGP_CREAT, gfp_mask) // The same; a new page where there is none. include/linux/pagemap.h
#define grab_cache_page(mapping, index) ({ struct address_space *__of = (mapping); find_or_create_page(__of, index, mapping_gfp_mask(__of)); }) // find_or_create_page() with the flags of the file. include/linux/pagemap.h
#define grab_cache_page_nowait(mapping, index) ({ struct address_space *__of = (mapping); pagecache_get_page(__of, index, FGP_LOCK | FGP_CREAT | FGP_NOFS | FGP_NOWAIT, mapping_gfp_mask(__of)); }) // include/linux/pagemap.h
#define mapping_gfp_mask(mapping) ((mapping)->gfp_mask) // How pages of a file are allocated. include/linux/pagemap.h
#define mapping_set_gfp_mask(m, mask) ((void)((m)->gfp_mask = (mask))) // How pages of a file are allocated from here on. include/linux/pagemap.h
#define mapping_gfp_constraint(mapping, gfp_mask) (mapping_gfp_mask(mapping) & (gfp_mask)) // include/linux/pagemap.h
#define mapping_mapped(mapping) (!RB_EMPTY_ROOT(&(mapping)->i_mmap.rb_root)) // Whether an area maps a part of the file. include/linux/fs.h
#define mapping_empty(mapping) xa_empty(&(mapping)->i_pages) // Whether the page cache has nothing of the file. include/linux/pagemap.h
#define unmap_mapping_range(mapping, holebegin, holelen, even_cows) ({ unsigned long long __begin = (holebegin), __bytes = (holelen); unmap_mapping_pages(mapping, __begin >> PAGE_SHIFT, (__bytes + PAGE_SIZE - 1) >> PAGE_SHIFT, even_cows); }) // Nobody maps a range of a file any more; 0 bytes: up to its end. include/linux/mm.h
#define shmem_read_mapping_page(mapping, index) ({ struct address_space *__of = (mapping); shmem_read_mapping_page_gfp(__of, index, mapping_gfp_mask(__of)); }) // The page at an index of a file of shared memory, with a reference; made where there is none. include/linux/shmem_fs.h
#define folio_index(folio) ((folio)->index) // Where a folio is in its file, in pages. include/linux/pagemap.h
#define page_index(page) page_to_pgoff(page) // Where a page is in its file, in pages. include/linux/mm.h
#define page_offset(page) ((loff_t)(page)->index << PAGE_SHIFT) // Where a page is in its file, in bytes. include/linux/pagemap.h
#define folio_pos(folio) page_offset(&(folio)->page) // Where a folio is in its file, in bytes. include/linux/pagemap.h
#define folio_inode(folio) ((folio)->mapping->host) // The inode of the file that a folio is of. include/linux/pagemap.h
#define folio_contains(folio, index) ({ typeof(&*(folio)) __in = (folio); (unsigned long)(index) - folio_index(__in) < (unsigned long)folio_nr_pages(__in); }) // Whether a folio has the page at an index of its file. include/linux/pagemap.h
#define folio_file_page(folio, index) ({ typeof(&*(folio)) __in = (folio); folio_page(__in, (unsigned long)(index) & (folio_nr_pages(__in) - 1)); }) // The page of a folio that is at an index of the file. include/linux/pagemap.h
#define folio_next(folio) ({ typeof(&*(folio)) __at = (folio); (typeof(__at))folio_page(__at, folio_nr_pages(__at)); }) // Where the folio behind this one begins. include/linux/mm.h
#define folio_maybe_dma_pinned(folio) page_maybe_dma_pinned(&(folio)->page) // Whether a folio may be pinned. include/linux/mm.h
#define folio_start_writeback(folio) ((void)set_page_writeback(&(folio)->page)) // The folio is being written from here on. include/linux/page-flags.h
#define folio_lock_killable(folio) lock_page_killable(&(folio)->page) // Locks a folio; -EINTR if a signal that ends the task came first. include/linux/pagemap.h
#define folio_wait_locked_killable(folio) ({ typeof(&*(folio)) __locked = (folio); folio_test_locked(__locked) ? folio_wait_bit_killable(__locked, PG_locked) : 0; }) // include/linux/pagemap.h
#define wait_on_page_locked_killable(page) folio_wait_locked_killable(page_folio(page)) // include/linux/pagemap.h
#define lru_cache_add(page) folio_add_lru(page_folio(page)) // Puts a page on an LRU list. include/linux/swap.h
#define page_ref_add_unless(page, nr, u) ({ typeof(&*(page)) __of = (page); bool __adds = page_ref_count(__of) != (u); if (__adds) page_ref_add(__of, nr); __adds; }) // Takes references unless there are so many. include/linux/page_ref.h
#define folio_try_get(folio) page_ref_add_unless(&(folio)->page, 1, 0) // Takes a reference unless the folio is free. include/linux/page_ref.h
#define try_get_page(page) ({ typeof(&*(page)) __head = compound_head(page); bool __has = !WARN_ON_ONCE(page_ref_count(__head) <= 0); if (__has) page_ref_inc(__head); __has; }) // Takes a reference; a warning if the page is free. include/linux/mm.h
#define vmf_error(err) ((err) == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS) // What a fault handler gives for an error. include/linux/mm.h`,
].join('\n');
