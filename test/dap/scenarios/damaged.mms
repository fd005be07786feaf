#pragma mmscope machine arch=x86_64 ram=256M slab=slub
int own = 3;
struct page *b = alloc_pages(GFP_KERNEL, 3);
__free_pages(b, 3);
__free_pages(b, 3);
own++; // freed twice
unsigned long va = VMALLOC_START + 0x3000;
pud_t *pud = pud_offset(p4d_offset(pgd_offset_k(va), va), va);
pmd_t *pmd = pmd_alloc(&init_mm, pud, va);
pte_t *pte = pte_alloc_kernel(pmd, va);
set_pte(pte, __pte(0x800fffff12345063));
pte_t gone = __pte(0x800fffffe5a3c060);
own++; // here
