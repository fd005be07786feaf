// What happens where the kernel maps: a line for each.
#pragma mmscope machine arch=i386 ram=1G slab=slub

struct page *pages[1026];
int given;
alloc_pages_bulk_array(GFP_HIGHUSER, 1026, pages);
for (int i = 0; i < 3; i++)
  kmap(pages[i]), kunmap(pages[i]);
kmap_flush_unused(); // flush
void *small = vmalloc(PAGE_SIZE);
void *more = vmalloc(3 * PAGE_SIZE);
vfree(small);
vfree(more);
vm_unmap_aliases(); // purge
expect(vmalloc(512 << 20) == NULL); // no space
expect(__vmalloc(2048UL << 20, GFP_KERNEL | __GFP_NOWARN) == NULL); // too large

task taker {
  for (int i = 0; i < 1026; i++)
    kmap(pages[i]); // take
}
task giver {
  schedule();
  given = 1;
  kunmap(pages[0]);
}
