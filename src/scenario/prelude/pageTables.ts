/** Page tables, as far as their headers are arithmetic: sizes, indices, steps of a walk, and entries read and changed in place. */
const PGTABLE = 'include/linux/pgtable.h';
const X86 = 'arch/x86/include/asm';

/** A level's part of an address, and where its next entry begins; of a level that is folded there is one entry. */
const level = (x: string, shift: string, entries: string): string =>
  [
    `#define ${x}_index(address) (((unsigned long)(address) >> ${shift}) & (${entries} - 1)) // The number of the entry of an address in a table. ${PGTABLE}`,
    `#define ${x}_addr_end(addr, end) ({ unsigned long __from = (addr), __to = (end), __next = (__from + (1UL << ${shift})) & ~((1UL << ${shift}) - 1); ${entries} == 1 || __next - 1 >= __to - 1 ? __to : __next; }) // Where the entry of an address ends, or the range. ${PGTABLE}`,
  ].join('\n');

/** An entry that is empty, or is no table's: such a one is told, and cleared. */
const orClearBad = (x: string): string =>
  `#define ${x}_none_or_clear_bad(${x}) ({ ${x}_t *__entry = (${x}); int __skip = ${x}_none(*__entry); if (!__skip && ${x}_bad(*__entry)) { pr_err("%s:%d: bad ${x} %p(%016lx)\\n", __FILE__, __LINE__, __entry, (unsigned long)${x}_val(*__entry)); ${x}_clear(__entry); __skip = 1; } __skip; }) // Whether a ${x} entry leads nowhere; one that is not a table's is reported, and cleared. ${PGTABLE}`;

export const PAGE_TABLES = String.raw`
#define P4D_SHIFT PGDIR_SHIFT // This level is folded. include/asm-generic/pgtable-nop4d.h
#define PTRS_PER_P4D 1 // include/asm-generic/pgtable-nop4d.h
#define PTRS_PER_PUD (1 << (PGDIR_SHIFT - PUD_SHIFT)) // ${X86}/pgtable_64_types.h
#define PMD_SIZE (1UL << PMD_SHIFT) // Bytes that a pmd entry maps. ${X86}/pgtable_types.h
#define PMD_MASK (~(PMD_SIZE - 1)) // ${X86}/pgtable_types.h
#define PUD_SIZE (1UL << PUD_SHIFT) // Bytes that a pud entry maps. ${X86}/pgtable_types.h
#define PUD_MASK (~(PUD_SIZE - 1)) // ${X86}/pgtable_types.h
#define P4D_SIZE (1UL << P4D_SHIFT) // ${X86}/pgtable_types.h
#define P4D_MASK (~(P4D_SIZE - 1)) // ${X86}/pgtable_types.h
#define PGDIR_SIZE (1UL << PGDIR_SHIFT) // Bytes that a pgd entry maps. ${X86}/pgtable_types.h
#define PGDIR_MASK (~(PGDIR_SIZE - 1)) // ${X86}/pgtable_types.h
#define HPAGE_SHIFT PMD_SHIFT // ${X86}/page_types.h
#define HPAGE_SIZE (1UL << HPAGE_SHIFT) // Bytes in a huge page. ${X86}/page_types.h
#define HPAGE_MASK (~(HPAGE_SIZE - 1)) // ${X86}/page_types.h
#define HUGETLB_PAGE_ORDER (HPAGE_SHIFT - PAGE_SHIFT) // ${X86}/page_types.h
#define HPAGE_PMD_SHIFT PMD_SHIFT // include/linux/huge_mm.h
#define HPAGE_PMD_ORDER (HPAGE_PMD_SHIFT - PAGE_SHIFT) // The order of a transparent huge page. include/linux/huge_mm.h
#define HPAGE_PMD_NR (1 << HPAGE_PMD_ORDER) // Pages in a transparent huge page. include/linux/huge_mm.h
#define HPAGE_PMD_SIZE (1UL << HPAGE_PMD_SHIFT) // Bytes in a transparent huge page. include/linux/huge_mm.h
#define HPAGE_PMD_MASK (~(HPAGE_PMD_SIZE - 1)) // include/linux/huge_mm.h
${level('pgd', 'PGDIR_SHIFT', 'PTRS_PER_PGD').replace('PTRS_PER_PGD == 1', '0')}
${level('p4d', 'P4D_SHIFT', 'PTRS_PER_P4D')}
${level('pud', 'PUD_SHIFT', 'PTRS_PER_PUD')}
${level('pmd', 'PMD_SHIFT', 'PTRS_PER_PMD')}
#define pte_index(address) (((unsigned long)(address) >> PAGE_SHIFT) & (PTRS_PER_PTE - 1)) // The number of the entry of an address in a table. ${PGTABLE}
${orClearBad('pmd')}
${orClearBad('pud')}
#define p4d_none_or_clear_bad(p4d) (p4d_none(*(p4d)) || p4d_bad(*(p4d))) // Whether a p4d entry leads nowhere. ${PGTABLE}
#define pgd_none_or_clear_bad(pgd) (pgd_none(*(pgd)) || pgd_bad(*(pgd))) // Whether a pgd entry leads nowhere. ${PGTABLE}
#define p4d_large(p4d) 0 // No processor has pages so large. ${X86}/pgtable.h
#define p4d_leaf(p4d) 0 // ${X86}/pgtable.h
#define pgd_leaf(pgd) 0 // ${X86}/pgtable.h
#define pte_devmap(pte) 0 // Memory of devices is not built. include/linux/pgtable.h
#define pmd_devmap(pmd) 0 // ${PGTABLE}
#define pud_devmap(pud) 0 // ${PGTABLE}
#define pud_trans_huge(pud) 0 // ${PGTABLE}
#define pte_soft_dirty(pte) 0 // ${PGTABLE}
#define pte_uffd_wp(pte) 0 // include/asm-generic/pgtable_uffd.h
#define pte_pgprot(pte) ((pgprotval_t)pte_flags(pte)) // The protection of an entry. ${X86}/pgtable.h
#define pte_pgtable(pmd) pmd_page(pmd) // ${X86}/pgalloc.h
#define pmd_pgtable(pmd) pmd_page(pmd) // The page of the table that an entry leads to. ${X86}/pgalloc.h
#define pmd_page_vaddr(pmd) ((unsigned long)__va(PFN_PHYS(pmd_pfn(pmd)))) // The address of the table that an entry leads to. ${X86}/pgtable.h
#define ptep_get(ptep) (*(ptep)) // Reads an entry. ${PGTABLE}
#define pmdp_get(pmdp) (*(pmdp)) // Reads an entry. ${PGTABLE}
#define ptep_get_and_clear(mm, addr, ptep) ({ pte_t *__entry = (ptep); pte_t __was = *__entry; pte_clear(mm, addr, __entry); __was; }) // Clears an entry; what it was. ${X86}/pgtable.h
#define ptep_set_wrprotect(mm, addr, ptep) do { pte_t *__entry = (ptep); set_pte(__entry, pte_wrprotect(*__entry)); } while (0) // Makes an entry read-only. ${X86}/pgtable.h
#define ptep_test_and_clear_young(vma, addr, ptep) ({ pte_t *__entry = (ptep); int __was = pte_young(*__entry); if (__was) set_pte(__entry, pte_mkold(*__entry)); __was; }) // Whether the page was accessed, which is forgotten. arch/x86/mm/pgtable.h
#define pte_offset_map_lock(mm, pmd, address, ptlp) ({ pmd_t *__above = (pmd); spinlock_t *__lock = pte_lockptr(mm, __above); *(ptlp) = __lock; spin_lock(__lock); pte_offset_map(__above, address); }) // The pte of an address, its table locked. include/linux/mm.h
#define pte_unmap_unlock(pte, ptl) do { spin_unlock(ptl); pte_unmap(pte); } while (0) // Ends what pte_offset_map_lock() began. include/linux/mm.h
#define pte_lockptr(mm, pmd) (CONFIG_NR_CPUS >= CONFIG_SPLIT_PTLOCK_CPUS ? (spinlock_t *)&pmd_page(*(pmd))->ptl : &(mm)->page_table_lock) // The lock of a table of ptes: with few CPUs one for all. include/linux/mm.h
#define pmd_lockptr(mm, pmd) (&(mm)->page_table_lock) // include/linux/mm.h
#define pmd_lock(mm, pmd) ({ spinlock_t *__lock = pmd_lockptr(mm, pmd); spin_lock(__lock); __lock; }) // Locks the table of a pmd entry. include/linux/mm.h
#define pud_lockptr(mm, pud) (&(mm)->page_table_lock) // include/linux/mm.h
#define pud_lock(mm, pud) ({ spinlock_t *__lock = pud_lockptr(mm, pud); spin_lock(__lock); __lock; }) // Locks the table of a pud entry. include/linux/mm.h
#define set_memory_encrypted(addr, numpages) 0 // Without memory encryption. include/linux/set_memory.h
#define set_memory_decrypted(addr, numpages) 0 // include/linux/set_memory.h
`;
