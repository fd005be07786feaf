// Each turn costs tens of milliseconds.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub
struct page *page = alloc_pages(GFP_KERNEL, 9);
unsigned char n = 0;
while (1) {
  memset(page_address(page), n++, 2 << 20);
}
