// Highmem, 2 of 3: windows. kmap() and the wrap of the pkmap table; kmap_local_page(), which nests.
#pragma mmscope machine arch=i386 ram=2G slab=slub

// kmap() gives a highmem page one of LAST_PKMAP slots. last_pkmap_nr is where the search for a free slot goes on.
expect(LAST_PKMAP == 1024);
struct page *page = alloc_page(GFP_HIGHUSER);
char *va = kmap(page);
unsigned int nr = PKMAP_NR((unsigned long)va);
pr_info("%px is slot %u\n", va, nr);
expect(PageHighMem(page) && (unsigned long)va == PKMAP_ADDR(nr) && nr == last_pkmap_nr);

// pkmap_count[] tells how a slot is used: 0 is free, 1 mapped but not used, n + 1 used n times. A second kmap() of a page gives the
// same slot.
expect(pkmap_count[nr] == 2);
expect(kmap(page) == va && pkmap_count[nr] == 3);
kunmap(page);
kunmap(page);

// The last kunmap() does not unmap: count 1. To take the entry away, every CPU would have to flush its TLB.
expect(pkmap_count[nr] == 1 && pte_present(pkmap_page_table[nr]));
expect(page_address(page) == va);

// So slots are used up, one after the other, although each is given back at once ...
struct page *others[LAST_PKMAP];
for (int i = 0; i < LAST_PKMAP; i++)
  others[i] = alloc_page(GFP_HIGHUSER);
int used = 0;
while (last_pkmap_nr != LAST_PKMAP - 1) {
  kmap(others[used]);
  kunmap(others[used++]);
}
expect(used == LAST_PKMAP - 1 - nr);
expect(pkmap_count[nr] == 1 && page_address(page) == va);

// ... until the search comes to the end of the table. This is the wrap: all slots of count 1 are unmapped, with one flush for all.
kmap(others[used]);
expect(last_pkmap_nr == 0);
expect(pkmap_count[nr] == 0 && page_address(page) == NULL);
kunmap(others[used]);

// kmap() may sleep (while all slots are in use), and its table is one for all CPUs. kmap_local_page() needs neither lock nor
// search: each CPU has a stack of slots in the fixmap, of which a task holds the top ones.
expect(current->kmap_ctrl.idx == 0);
char *a = kmap_local_page(page);
char *b = kmap_local_page(others[0]);
expect(a == (char *)__fix_to_virt(FIX_KMAP_BEGIN) && b == a - PAGE_SIZE);
pr_info("%px, then %px; the task holds %d slots\n", a, b, current->kmap_ctrl.idx);

// Because it is a stack, what was mapped last must be unmapped first.
memcpy(b, a, PAGE_SIZE);
kunmap_local(b);
kunmap_local(a);
expect(current->kmap_ctrl.idx == 0);

// A lowmem page needs no slot: kmap() and kmap_local_page() give its own address.
struct page *low = alloc_page(GFP_KERNEL);
expect(kmap_local_page(low) == page_address(low) && current->kmap_ctrl.idx == 0);
expect(kmap(low) == page_address(low));

__free_page(low);
__free_page(page);
for (int i = 0; i < LAST_PKMAP; i++)
  __free_page(others[i]);
