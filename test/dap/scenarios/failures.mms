// What a kernel reports: a failed allocation, a failed expectation, a bad page, a bug.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub

struct page *small = alloc_pages(GFP_KERNEL, 2); // small
struct page *huge = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 10); // large
struct page *none = NULL;
int tries = 0;
while (tries < 8) {
  none = alloc_pages(GFP_KERNEL | __GFP_NORETRY, 10); // fails
  tries++;
}
expect(none != NULL); // expectation
struct page *twice = alloc_pages(GFP_KERNEL, 4);
twice->mapping = (void *)0x1234;
__free_pages(twice, 4); // bad page
WARN_ON(none == NULL); // warning
none->flags = 1; // oops
pr_info("never printed\n");
