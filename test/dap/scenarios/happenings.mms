// What happens inside the allocator: a line for each.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub cmdline="sysctl.vm.watermark_boost_factor=0"

drain_all_pages(NULL); // start
// All that is unmovable in ZONE_DMA, where boot allocates nothing.
alloc_pages(GFP_KERNEL | __GFP_DMA, 8);
struct page *one = alloc_page(GFP_KERNEL | __GFP_DMA); // refill
struct page *kept = alloc_pages(GFP_KERNEL | __GFP_DMA, 5); // split
struct page *cache = alloc_pages(GFP_KERNEL | __GFP_DMA | __GFP_RECLAIMABLE, 4); // fallback
get_page(one);
put_page(one); // one less
__free_page(one); // last reference
drain_all_pages(NULL); // drain
__free_pages(kept, 5); // merge
for (int i = 0; i < 36; i++)
  alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 8);
struct page *large[80];
for (int i = 0; i < 80; i++)
  large[i] = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 5); // down
struct page *none = alloc_pages(GFP_ATOMIC | __GFP_NOWARN | __GFP_DMA, 10); // DMA fails
for (int i = 0; i < 80; i++)
  if (large[i])
    __free_pages(large[i], 5); // up
expect(large[0] != NULL); // end
cache->_refcount.counter = 0; // by hand
cache->_refcount.counter = 1;
