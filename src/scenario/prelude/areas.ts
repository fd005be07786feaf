/** Areas of processes, as far as their headers are C themselves: iterators, questions, and walks that call a function for each pte. */
const MM = 'include/linux/mm.h';

export const AREAS = String.raw`
#define vma_alloc_folio(gfp, order, vma, addr, hugepage) folio_alloc(gfp, order) // A folio for an address of an area. include/linux/gfp.h
#define vma_is_anonymous(vma) (!(vma)->vm_ops) // Whether an area is one of anonymous memory. include/linux/mm.h
#define vma_is_accessible(vma) (!!((vma)->vm_flags & (VM_READ | VM_EXEC | VM_WRITE))) // include/linux/mm.h
#define vma_is_dax(vma) 0 // include/linux/fs.h
#define range_in_vma(vma, start, end) ((vma) && (vma)->vm_start <= (start) && (end) <= (vma)->vm_end) // Whether an area has the whole of a range. include/linux/mm.h
#define is_cow_mapping(flags) (((flags) & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE) // Whether pages of an area are copied when they are written. include/linux/mm.h
#define untagged_addr(addr) (addr) // arch/x86/include/asm/uaccess.h
#define mmap_read_lock_killable(mm) ({ mmap_read_lock(mm); 0; }) // include/linux/mmap_lock.h
#define mmap_write_lock_killable(mm) ({ mmap_write_lock(mm); 0; }) // include/linux/mmap_lock.h
#define mmap_assert_locked(mm) do { } while (0) // include/linux/mmap_lock.h
#define mmap_assert_write_locked(mm) do { } while (0) // include/linux/mmap_lock.h
#define task_pid_nr(tsk) ((tsk)->pid) // The pid of a task. include/linux/sched.h
#define task_tgid_nr(tsk) ((tsk)->tgid) // The pid of the process that a task is part of. include/linux/sched.h
#define task_pid_vnr(tsk) ((tsk)->pid) // include/linux/sched.h
#define pagefault_disable() do { current->pagefault_disabled++; } while (0) // A fault of user memory is not served from here on. include/linux/uaccess.h
#define pagefault_enable() do { current->pagefault_disabled--; } while (0) // include/linux/uaccess.h
#define pagefault_disabled() (current->pagefault_disabled != 0) // include/linux/uaccess.h
#define might_fault() do { } while (0) // include/linux/kernel.h
#define VMA_ITERATOR(name, mm_, addr_) struct vma_iterator name = { .mas = { .tree = &(mm_)->mm_mt, .index = (addr_) } } // An iterator over the areas of a process, from an address on. include/linux/mm_types.h
#define vma_iter_init(vmi, mm_, addr_) do { (vmi)->mas.tree = &(mm_)->mm_mt; (vmi)->mas.index = (addr_); } while (0) // The same, of an iterator that is there. include/linux/mm_types.h
#define vma_find(vmi, max_) ({ struct vma_iterator *__it = (vmi); struct vm_area_struct *__area = find_vma(container_of(__it->mas.tree, struct mm_struct, mm_mt), __it->mas.index); if (__area && __area->vm_start >= (max_)) __area = NULL; if (__area) __it->mas.index = __area->vm_end; __area; }) // The next area that begins below an address; NULL if there is none. ${MM}
#define vma_next(vmi) vma_find(vmi, ULONG_MAX) // The next area; NULL if there is none. ${MM}
#define for_each_vma(vmi, vma) while (((vma) = vma_next(&(vmi))) != NULL) // Every area of a process. ${MM}
#define for_each_vma_range(vmi, vma, end) while (((vma) = vma_find(&(vmi), (end))) != NULL) // Every area that begins below an address. ${MM}
#define apply_to_page_range(mm, address, size, fn, data) ({ typeof(&*(mm)) __of = (mm); unsigned long __at = (address), __to = __at + (size); int __result = 0; for (; !__result && __at < __to; __at += PAGE_SIZE) { p4d_t *__p4d = p4d_alloc(__of, pgd_offset(__of, __at), __at); pud_t *__pud = __p4d ? pud_alloc(__of, __p4d, __at) : NULL; pmd_t *__pmd = __pud ? pmd_alloc(__of, __pud, __at) : NULL; pte_t *__pte = !__pmd ? NULL : __of == &init_mm ? pte_alloc_kernel(__pmd, __at) : pte_alloc_map(__of, __pmd, __at); __result = __pte ? (fn)(__pte, __at, (data)) : -ENOMEM; } __result; }) // Calls a function for the pte of each page of a range; tables that are missing are made. 0, or what the function says first. ${MM}
`;
