// Variables of every kind, and a name that kernel functions use, too.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub

struct pair { int first; long second[2]; char name[8]; };

struct pair pair = { 1, { 2, 3 }, "two" };
int numbers[4] = { 1, 2, 3, 4 };
char text[8] = "abc";
struct page *page = alloc_page(GFP_KERNEL); // page
unsigned long va = (unsigned long)page_address(page);
unsigned long where_it_is = __pa(va);
unsigned long frame = page_to_pfn(page) + 1;
unsigned long count = 6144;
unsigned int order = 7;
int small = 0;

int twice(int order) {
  return order * 2; // twice
}

small = twice(3); // call
struct page *block = alloc_pages(GFP_KERNEL | __GFP_COMP, 2); // block
__free_pages(block, 2); // free
struct page *split = alloc_pages(GFP_KERNEL | __GFP_DMA, 6); // split
__free_pages(split, 6);
__free_page(page); // last
