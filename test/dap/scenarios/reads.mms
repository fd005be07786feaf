// What is read, by the kernel, by the scenario, by the processor's walk.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub

int counter = 1;
int copy = 0;
unsigned long va = 0xffffc90000005000;
pmd_t *pmd = pmd_alloc(&init_mm, pud_alloc(&init_mm, p4d_alloc(&init_mm, pgd_offset_k(va), va), va), va);
pte_t *pte = pte_alloc_kernel(pmd, va);
struct page *page = alloc_page(GFP_KERNEL); // page
set_pte(pte, mk_pte(page, PAGE_KERNEL));

counter = 5; // write
copy = counter + counter; // read
counter = counter + 1; // both
copy = PageLocked(page); // test
lock_page(page); // lock
copy = *(int *)va; // walk
copy = *(int *)va; // cached
invlpg(va);
copy = *(int *)va; // again
copy = 0; // last
