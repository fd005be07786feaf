// From a virtual address to a byte of memory, level by level; what the processor writes on its way; and how it fails.
#pragma mmscope machine arch=x86_64 ram=512M slab=slub

// An address of vmalloc space, where nothing is mapped yet. Every level is an index into a table of 512 entries.
unsigned long va = VMALLOC_START + 0x5000;

// The kernel's top-level table is init_mm.pgd. This build has no p4d level: p4d_offset() gives the same entry again.
pgd_t *pgd = pgd_offset_k(va);
p4d_t *p4d = p4d_offset(pgd, va);
expect((void *)p4d == (void *)pgd);

// Linux makes the next tables of vmalloc space at boot, so that every process shares them; below them there are none.
expect(pgd_present(*pgd));
pud_t *pud = pud_offset(p4d, va);
expect(pud_none(*pud));

// pmd_alloc() and pte_alloc_kernel() take pages for the missing tables from the page allocator.
pmd_t *pmd = pmd_alloc(&init_mm, pud, va);
pte_t *pte = pte_alloc_kernel(pmd, va);
pr_info("pgd %px = %#lx\n", pgd, pgd_val(*pgd));
pr_info("pud %px = %#lx\n", pud, pud_val(*pud));
pr_info("pmd %px = %#lx\n", pmd, pmd_val(*pmd));

// A page, mapped by hand: its entry says neither that it was accessed (A) nor that it was written (D).
struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
set_pte(pte, pte_mkold(pte_mkclean(mk_pte(page, PAGE_KERNEL))));
expect(!pte_young(*pte) && !pte_dirty(*pte));

// A read makes the processor walk. It sets A in the entry, and keeps the translation in its TLB.
expect(*(int *)va == 0);
expect(pte_young(*pte) && !pte_dirty(*pte));

// The first write walks again, to set D.
*(int *)va = 42;
expect(pte_dirty(*pte));

// The same byte by its other address, in the direct map.
expect(*(int *)page_address(page) == 42);
pr_info("%#lx leads to pfn %#lx, as %px does\n", va, vmalloc_to_pfn((void *)va), page_address(page));

// __pa() is a subtraction, right for the direct map only. Here its result means nothing: the note in the
// console says so, and says what is right instead.
expect(__pa(va) != page_to_phys(page));
expect(slow_virt_to_phys((void *)va) == page_to_phys(page));

// The entry is cleared, but the TLB still holds the old one: a stale entry. invlpg() removes it.
pte_clear(&init_mm, va, pte);
expect(*(int *)va == 42);
invlpg(va);

// Now the walk ends at an entry that is not present: a page fault, whose address cr2 keeps. A plain access would end the task;
// this function is made for addresses that may be bad.
int value;
expect(copy_from_kernel_nofault(&value, (void *)va, sizeof(value)) == -EFAULT);
expect(native_read_cr2() == va);

__free_page(page);
