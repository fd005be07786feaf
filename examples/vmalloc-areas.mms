// vmalloc space: areas of virtual addresses, the guard page behind each, and pages that need not lie side by side.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub

// Break memory up first: every second page of 64 is taken, so that the free pages between them have no neighbours.
struct page *pages[64];
for (int i = 0; i < ARRAY_SIZE(pages); i++)
  pages[i] = alloc_page(GFP_KERNEL);
for (int i = 0; i < ARRAY_SIZE(pages); i += 2)
  __free_page(pages[i]);

// vmalloc() takes single pages, and maps them one behind the other. No block of 8 pages is needed for 8 pages.
char *a = vmalloc(8 * PAGE_SIZE);
expect(is_vmalloc_addr(a) && (unsigned long)a >= VMALLOC_START);
bool side_by_side = true;
for (int i = 0; i < 8; i++) {
  pr_info("%px is pfn %#lx\n", a + i * PAGE_SIZE, vmalloc_to_pfn(a + i * PAGE_SIZE));
  if (i > 0 && vmalloc_to_pfn(a + i * PAGE_SIZE) != vmalloc_to_pfn(a + (i - 1) * PAGE_SIZE) + 1)
    side_by_side = false;
}
expect(!side_by_side);

// The area is a struct vm_struct. It is one page longer than what was asked for: the guard page, to which nothing is mapped.
struct vm_struct *vm = find_vm_area(a);
expect(vm->addr == a && vm->nr_pages == 8);
expect(vm->size == 9 * PAGE_SIZE);
expect(vmalloc_to_page(a + 8 * PAGE_SIZE) == NULL);

// So the next area begins behind it, and a write that runs past the end of the first one faults, instead of spoiling the second.
char *b = vmalloc(PAGE_SIZE);
expect(b == a + 9 * PAGE_SIZE);
char byte;
expect(copy_from_kernel_nofault(&byte, a + 8 * PAGE_SIZE - 1, 1) == 0);
expect(copy_from_kernel_nofault(&byte, a + 8 * PAGE_SIZE, 1) == -EFAULT);
// Type a[8 * PAGE_SIZE] = 1 into the debug console, and see the report: it names the area that the guard page protects.

// ioremap() and vmap() take areas of the same space. vmap() maps pages that there are already: the same bytes, by another address.
char *c = vmap(&pages[1], 1, VM_MAP, PAGE_KERNEL);
c[0] = 42;
expect(*(char *)page_address(pages[1]) == 42);
expect(c == b + 2 * PAGE_SIZE);
proc("vmallocinfo");

// vfree() unmaps at once, but the addresses are not used again yet: other CPUs may still have them in their TLBs. They wait, until
// enough have gathered for one flush of all TLBs.
vfree(b);
expect(copy_from_kernel_nofault(&byte, b, 1) == -EFAULT);
expect(find_vm_area(b) == NULL);
expect(vmap_lazy_nr.counter == 2);
char *d = vmalloc(PAGE_SIZE);
expect(d == c + 2 * PAGE_SIZE);

// vm_unmap_aliases() flushes now, and gives the addresses back. The search takes the lowest ones that fit.
vm_unmap_aliases();
expect(vmap_lazy_nr.counter == 0);
char *e = vmalloc(PAGE_SIZE);
expect(e == b);

// Where the space lies, and how much of it there is: 32 TiB. On i386 it is 128 MiB at most, which is why areas can fail there
// while memory is free.
expect(VMALLOC_END - VMALLOC_START == (32ul << 40) - 1);

vfree(a);
vunmap(c);
vfree(d);
vfree(e);
for (int i = 1; i < ARRAY_SIZE(pages); i += 2)
  __free_page(pages[i]);
