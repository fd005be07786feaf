/** Pieces of memory for devices, pools and numbers: what headers make of their functions. */
const SG = 'include/linux/scatterlist.h';
const DMA = 'include/linux/dma-mapping.h';
const POOL = 'include/linux/genalloc.h';
const IDR = 'include/linux/idr.h';

export const SCATTERLISTS = String.raw`
#define SG_CHAIN 0x01UL // Bit of page_link: the entry leads to another array. ${SG}
#define SG_END 0x02UL // Bit of page_link: the last piece. ${SG}
#define sg_page(sg) ((struct page *)((sg)->page_link & ~(SG_CHAIN | SG_END))) // The page that a piece begins in. ${SG}
#define sg_assign_page(sg, page) do { struct scatterlist *__piece = (sg); __piece->page_link = (__piece->page_link & (SG_CHAIN | SG_END)) | (unsigned long)(page); } while (0) // ${SG}
#define sg_chain_ptr(sg) ((struct scatterlist *)((sg)->page_link & ~(SG_CHAIN | SG_END))) // Where a list goes on. ${SG}
#define sg_phys(sg) (page_to_phys(sg_page(sg)) + (sg)->offset) // The physical address of a piece. ${SG}
#define sg_virt(sg) ((void *)((char *)page_address(sg_page(sg)) + (sg)->offset)) // The address of a piece in the direct map. ${SG}
#define sg_dma_address(sg) ((sg)->dma_address) // The bus address of a piece, after dma_map_sg(). ${SG}
#define sg_dma_len(sg) ((sg)->dma_length) // The bytes of a piece as the device has it. ${SG}
#define sg_init_marker(sgl, nents) sg_mark_end(&(sgl)[(nents) - 1]) // ${SG}
#define for_each_sg(sglist, sg, nr, __i) for (__i = 0, sg = (sglist); __i < (nr); __i++, sg = sg_next(sg)) // Every piece of a list. ${SG}
#define for_each_sgtable_sg(sgt, sg, i) for_each_sg((sgt)->sgl, sg, (sgt)->orig_nents, i) // Every piece of a table. ${SG}
#define for_each_sgtable_dma_sg(sgt, sg, i) for_each_sg((sgt)->sgl, sg, (sgt)->nents, i) // Every piece of a table as the device has it. ${SG}
#define dma_map_sg_attrs(dev, sg, nents, dir, attrs) dma_map_sg(dev, sg, nents, dir) // ${DMA}
#define dma_unmap_sg_attrs(dev, sg, nents, dir, attrs) dma_unmap_sg(dev, sg, nents, dir) // ${DMA}
#define dma_unmap_sgtable(dev, sgt, dir, attrs) do { struct sg_table *__table = (sgt); dma_unmap_sg(dev, __table->sgl, __table->orig_nents, dir); } while (0) // Ends a mapping of dma_map_sgtable(). ${DMA}
#define dma_sync_sgtable_for_cpu(dev, sgt, dir) do { struct sg_table *__table = (sgt); dma_sync_sg_for_cpu(dev, __table->sgl, __table->orig_nents, dir); } while (0) // ${DMA}
#define dma_sync_sgtable_for_device(dev, sgt, dir) do { struct sg_table *__table = (sgt); dma_sync_sg_for_device(dev, __table->sgl, __table->orig_nents, dir); } while (0) // ${DMA}
#define dma_map_single_attrs(dev, ptr, size, dir, attrs) dma_map_single(dev, ptr, size, dir) // ${DMA}
#define dma_unmap_single_attrs(dev, addr, size, dir, attrs) dma_unmap_single(dev, addr, size, dir) // ${DMA}
#define dma_map_page_attrs(dev, page, offset, size, dir, attrs) dma_map_page(dev, page, offset, size, dir) // ${DMA}
#define dma_unmap_page_attrs(dev, addr, size, dir, attrs) dma_unmap_page(dev, addr, size, dir) // ${DMA}
#define dma_alloc_attrs(dev, size, dma_handle, gfp, attrs) dma_alloc_coherent(dev, size, dma_handle, gfp) // ${DMA}
#define dma_free_attrs(dev, size, cpu_addr, dma_handle, attrs) dma_free_coherent(dev, size, cpu_addr, dma_handle) // ${DMA}
#define dma_zalloc_coherent(dev, size, dma_handle, flag) dma_alloc_coherent(dev, size, dma_handle, flag) // The name of dma_alloc_coherent() before Linux 5.0 where the memory was to be zero. ${DMA}
#define dma_pool_zalloc(pool, mem_flags, handle) dma_pool_alloc(pool, (mem_flags) | __GFP_ZERO, handle) // Like dma_pool_alloc; the block is zero. include/linux/dmapool.h
#define gen_pool_first_fit NULL // For gen_pool_set_algo(): the first place that is large enough. ${POOL}
#define gen_pool_first_fit_align ((void *)1) // For gen_pool_set_algo(): the first that is aligned, by a struct genpool_data_align. ${POOL}
#define gen_pool_fixed_alloc ((void *)2) // For gen_pool_set_algo(): the place that a struct genpool_data_fixed says. ${POOL}
#define gen_pool_first_fit_order_align ((void *)3) // For gen_pool_set_algo(): the first that is aligned to its size. ${POOL}
#define gen_pool_best_fit ((void *)4) // For gen_pool_set_algo(): the smallest place that is large enough. ${POOL}
#define gen_pool_add_virt(pool, addr, phys, size, nid) gen_pool_add_owner(pool, addr, phys, size, nid, NULL) // Addresses for a pool to give out, whose physical ones are known. ${POOL}
#define gen_pool_add(pool, addr, size, nid) gen_pool_add_virt(pool, addr, -1, size, nid) // Addresses for a pool to give out. ${POOL}
#define gen_pool_dma_alloc(pool, size, dma) ({ struct gen_pool *__from = (pool); unsigned long __at = gen_pool_alloc(__from, size); dma_addr_t *__bus = (dma); if (__at && __bus) *__bus = gen_pool_virt_to_phys(__from, __at); (void *)__at; }) // Like gen_pool_alloc, with the physical address. ${POOL}
#define page_frag_alloc(nc, fragsz, gfp_mask) page_frag_alloc_align(nc, fragsz, gfp_mask, ~0U) // The next bytes of a block of pages. include/linux/gfp.h
#define MEMREMAP_WB 1 // A mapping that is cached as memory is. include/linux/io.h
#define MEMREMAP_WT 2 // A mapping whose writes go through. include/linux/io.h
#define MEMREMAP_WC 4 // A mapping whose writes may be combined. include/linux/io.h
#define IDA_INIT_FLAGS (1U | XA_FLAGS_ALLOC) // ${IDR}
#define IDA_INIT(name) { .xa = { .xa_flags = IDA_INIT_FLAGS } } // An ida of which no number is taken. ${IDR}
#define DEFINE_IDA(name) struct ida name = IDA_INIT(name) // Numbers, each of which one may have at a time. ${IDR}
#define ida_alloc(ida, gfp) ida_alloc_range(ida, 0, ~0U, gfp) // The first number that is free, or an error. ${IDR}
#define ida_alloc_min(ida, min, gfp) ida_alloc_range(ida, min, ~0U, gfp) // The first free number from min on. ${IDR}
#define ida_alloc_max(ida, max, gfp) ida_alloc_range(ida, 0, max, gfp) // The first free number up to max. ${IDR}
#define ida_is_empty(ida) ((ida)->xa.xa_head == NULL) // Whether no number is taken. ${IDR}
#define ida_simple_get(ida, start, end, gfp) ida_alloc_range(ida, start, (end) - 1, gfp) // The first free number from start on and below end (0: there is no end). ${IDR}
#define ida_simple_remove(ida, id) ida_free(ida, id) // ${IDR}
#define idr_preload(gfp_mask) do { (void)(gfp_mask); } while (0) // ${IDR}
#define idr_preload_end() do { } while (0) // ${IDR}
#define idr_for_each(idr, fn, data) ({ int __id, __ended = 0; void *__entry; struct idr *__of = (idr); idr_for_each_entry(__of, __entry, __id) if ((__ended = (fn)(__id, __entry, (data))) != 0) break; __ended; }) // Calls a function for each pointer; what it returns other than 0 ends that. ${IDR}
#define kmem_cache_alloc_lru(cachep, lru, flags) kmem_cache_alloc(cachep, flags) // Like kmem_cache_alloc: nobody counts objects of lists here. include/linux/slab.h
#define __get_dma_pages(gfp_mask, order) __get_free_pages((gfp_mask) | GFP_DMA, order) // Pages that the oldest devices reach. include/linux/gfp.h
`;
