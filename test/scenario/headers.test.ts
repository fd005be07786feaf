/** What the kernel's headers offer besides calls: walks by hand, questions of pages, zones and areas, words, bitmaps, texts. */
import type { ProfileName } from '../../src/engine/types/profile.js';
import { checkLog } from './machines.js';

const EVERY_LEVEL: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab', 'i386-highmem4g-slub'];

describe('page tables by hand', () => {
  it('are walked as everybody writes it', () =>
    checkLog(
      `struct page *walk(unsigned long addr) {
         pgd_t *pgd = pgd_offset(&init_mm, addr);
         if (pgd_none(*pgd) || pgd_bad(*pgd)) return NULL;
         p4d_t *p4d = p4d_offset(pgd, addr);
         if (p4d_none(*p4d) || p4d_bad(*p4d)) return NULL;
         pud_t *pud = pud_offset(p4d, addr);
         if (pud_none(*pud) || pud_bad(*pud)) return NULL;
         pmd_t *pmd = pmd_offset(pud, addr);
         if (pmd_none_or_clear_bad(pmd)) return NULL;
         return pte_page(*pte_offset_kernel(pmd, addr));
       }
       char *area = vmalloc(2 * PAGE_SIZE);
       for (int i = 0; i < 2; i++) {
         unsigned long addr = (unsigned long)area + i * PAGE_SIZE;
         expect(walk(addr) == vmalloc_to_page((void *)addr));
       }
       vfree(area);`,
      [],
      EVERY_LEVEL,
    ));

  it('tell a large page from a table', () =>
    checkLog(
      `unsigned long addr = (unsigned long)__va(8 << 20);
       pmd_t pmd = *pmd_offset(pud_offset(p4d_offset(pgd_offset(&init_mm, addr), addr), addr), addr);
       expect(pmd_large(pmd) && pmd_bad(pmd) && pmd_huge(pmd) && pmd_write(pmd) && pmd_young(pmd_mkyoung(pmd)));
       expect(!pmd_write(pmd_wrprotect(pmd)) && !pmd_same(pmd, pmd_wrprotect(pmd)));`,
      [],
      EVERY_LEVEL,
    ));

  it('have sizes and steps', () => {
    checkLog(
      `expect(pgd_index(0xffff888000000000) == 273 && pud_index(0xffff888040000000) == 1 && PTRS_PER_PUD == 512);
       expect(PMD_SIZE == 2 << 20 && PUD_SIZE == 1 << 30 && PGDIR_SIZE == 1UL << 39 && HPAGE_PMD_NR == 512);
       expect(pmd_addr_end(0x1000, 0x400000) == 0x200000 && pmd_addr_end(0x1ff000, 0x1ff800) == 0x1ff800);
       expect(p4d_addr_end(0x1000, 0x5000) == 0x5000);`,
      [],
      ['x86_64-slub'],
    );
    checkLog(
      `expect(PMD_SIZE == 4 << 20 && PGDIR_SIZE == PMD_SIZE && PTRS_PER_PUD == 1 && HPAGE_PMD_ORDER == 10);
       expect(pgd_addr_end(0x1000, 0x1000000) == 0x400000 && pmd_addr_end(0x1000, 0x1000000) == 0x1000000);`,
      [],
      ['i386-highmem4g-slub'],
    );
  });

  it('of a process: entries in place, areas in order', () =>
    checkLog(
      `struct mm_struct *mm = current->mm;
       char *p = mmap(NULL, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       p[0] = 1;
       unsigned long addr = (unsigned long)p;
       struct vm_area_struct *vma = find_vma(mm, addr), *each;
       spinlock_t *ptl;
       pte_t *pte = pte_offset_map_lock(mm, pmd_offset(pud_offset(p4d_offset(pgd_offset(mm, addr), addr), addr), addr), addr, &ptl);
       struct page *page = vm_normal_page(vma, addr, *pte);
       expect(pte_same(ptep_get(pte), *pte) && ptep_test_and_clear_young(vma, addr, pte) && !pte_young(*pte));
       pte_unmap_unlock(pte, ptl);
       expect(PageAnon(page) && page_mapped(page) && folio_mapcount(page_folio(page)) == 1 && PageAnonExclusive(page) && !PageHuge(page));
       expect(page_to_pgoff(page) == linear_page_index(vma, addr) && page_mapping(page) == NULL && vma_is_anonymous(vma));
       expect(find_vma_intersection(mm, addr, addr + 1) == vma && is_cow_mapping(vma->vm_flags));
       VMA_ITERATOR(vmi, mm, 0);
       int count = 0;
       for_each_vma(vmi, each) count++;
       expect(count == mm->map_count);
       char *copy = memdup_user(p, 16);
       expect(copy[0] == 1 && IS_ERR(memdup_user((void *)8, 16)));
       kfree(copy);`,
      [],
      EVERY_LEVEL,
    ));

  it('are made and seen by a function for each pte', () =>
    checkLog(
      `int count(pte_t *pte, unsigned long addr, void *data) { return ++*(int *)data == 3 ? -EBUSY : 0; }
       char *area = vmalloc(4 * PAGE_SIZE);
       int seen = 0;
       expect(apply_to_page_range(&init_mm, (unsigned long)area, 2 * PAGE_SIZE, count, &seen) == 0 && seen == 2);
       expect(apply_to_page_range(&init_mm, (unsigned long)area, 2 * PAGE_SIZE, count, &seen) == -EBUSY && seen == 3);
       vfree(area);`,
      [],
    ));
});

describe('pages and zones', () => {
  it('of a compound page, and by folio', () =>
    checkLog(
      `struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
       struct folio *folio = page_folio(page);
       expect(page_size(page) == 8 * PAGE_SIZE && page_shift(page) == PAGE_SHIFT + 3 && PageTransHuge(page));
       expect(!page_mapped(page) && !PageAnon(page + 1) && !page_is_pfmemalloc(page) && is_longterm_pinnable_page(page));
       expect(set_page_dirty_lock(page) && !set_page_dirty_lock(page) && folio_test_dirty(folio) && !folio_test_locked(folio));
       ClearPageDirty(page);
       folio_set_uptodate(folio);
       expect(PageUptodate(page) && folio_page_idx(folio, page + 2) == 2);
       memset(page_address(page), 0xff, PAGE_SIZE);
       zero_user_segments(page, 0, 16, 32, 48);
       expect(*(char *)page_address(page) == 0 && ((u8 *)page_address(page))[16] == 0xff && ((u8 *)page_address(page))[47] == 0);
       folio_clear_uptodate(folio);
       __free_pages(page, 3);
       LIST_HEAD(pages);
       for (int i = 0; i < 3; i++) list_add(&alloc_page(GFP_KERNEL)->lru, &pages);
       put_pages_list(&pages);
       struct page *array[2] = { alloc_page(GFP_KERNEL), alloc_page(GFP_KERNEL) };
       release_pages(array, 2);
       expect(page_count(array[0]) == 0 && page_count(array[1]) == 0 && is_zero_pfn(page_to_pfn(ZERO_PAGE(0))));`,
      [],
    ));

  it('in the order of a zonelist', () => {
    const text = `
      struct zone *zone; struct zoneref *z;
      for_each_zone_zonelist(zone, z, node_zonelist(0, GFP_HIGHUSER), gfp_zone(GFP_HIGHUSER))
        pr_info("%s %d %lu", zone->name, is_highmem(zone), zone_end_pfn(zone));
      expect(populated_zone(page_zone(pfn_to_page(1))) && zone_managed_pages(page_zone(pfn_to_page(1))) > 0);
      expect(node_end_pfn(0) == max_pfn && nr_free_buffer_pages() > 0);`;
    checkLog(text, ['DMA32 0 8160', 'DMA 0 4096'], ['x86_64-slub']);
    checkLog(text, ['Normal 0 8160', 'DMA 0 4096'], ['i386-highmem4g-slub']);
  });
});

describe('words and bitmaps', () => {
  it('are exchanged at once', () =>
    checkLog(
      `int v = 5, old = 3;
       expect(cmpxchg(&v, 5, 7) == 5 && v == 7 && cmpxchg(&v, 5, 9) == 7 && v == 7 && xchg(&v, 1) == 7 && v == 1);
       expect(!try_cmpxchg(&v, &old, 4) && old == 1 && try_cmpxchg(&v, &old, 4) && v == 4);
       void *nothing = NULL;
       expect(cmpxchg(&nothing, NULL, &v) == NULL && nothing == &v);
       atomic_t a = ATOMIC_INIT(0);
       expect(atomic_dec_if_positive(&a) == -1 && atomic_read(&a) == 0 && atomic_fetch_add_unless(&a, 2, 7) == 0 && atomic_read(&a) == 2);`,
      [],
    ));

  it('overflow where gcc says that they do', () =>
    checkLog(
      `int s; unsigned long q; u8 b; s64 w;
       expect(check_add_overflow(INT_MAX, 1, &s) && !check_add_overflow(2, 3, &s) && s == 5 && check_add_overflow(INT_MIN, -1, &s));
       expect(check_sub_overflow(3, 4, &b) && b == 255 && check_sub_overflow(INT_MIN, 1, &s) && !check_sub_overflow(-1, INT_MAX, &s));
       expect(check_mul_overflow(ULONG_MAX, 2UL, &q) && !check_mul_overflow(4096UL, 4096UL, &q) && q == 1UL << 24);
       expect(check_mul_overflow(INT_MIN, -1, &s) && check_mul_overflow(65536, 65536, &s) && !check_mul_overflow(-3, 7, &s) && s == -21);
       expect(check_mul_overflow(LLONG_MIN, -1LL, &w) && !check_mul_overflow(LLONG_MIN, 1LL, &w) && w == LLONG_MIN);
       expect(size_mul(SIZE_MAX, 2) == SIZE_MAX && size_add(SIZE_MAX, 1) == SIZE_MAX && size_sub(1, 2) == SIZE_MAX && array3_size(2, 3, 4) == 24);`,
      [],
    ));

  it('are turned, searched and combined', () =>
    checkLog(
      `DECLARE_BITMAP(map, 100);
       DECLARE_BITMAP(other, 100);
       int bit, sum = 0;
       bitmap_zero(map, 100);
       bitmap_fill(other, 100);
       expect(bitmap_empty(map, 100) && bitmap_full(other, 100) && !bitmap_equal(map, other, 100));
       bitmap_set(map, 10, 5);
       for_each_set_bit(bit, map, 100) sum += bit;
       expect(sum == 60 && bitmap_and(other, other, map, 100) && bitmap_equal(map, other, 100) && !bitmap_andnot(other, other, map, 100));
       expect(bitmap_find_next_zero_area(map, 100, 0, 20, 0) == 15 && bitmap_find_next_zero_area(map, 100, 0, 20, 7) == 16);
       expect(bitmap_find_next_zero_area(map, 100, 90, 20, 0) > 100);
       expect(rol32(0x80000001, 1) == 3 && ror32(3, 1) == 0x80000001 && sign_extend32(0xff, 7) == -1);`,
      [],
    ));
});

describe('texts', () => {
  it('are read as numbers', () =>
    checkLog(
      `unsigned long ul; u8 small; int si; bool yes; char *end, *text = "64M,x";
       expect(kstrtoul("0x10\\n", 0, &ul) == 0 && ul == 16 && kstrtoul("12x", 10, &ul) == -EINVAL && kstrtoul("", 10, &ul) == -EINVAL);
       expect(kstrtou8("256", 10, &small) == -ERANGE && kstrtoint("-7", 10, &si) == 0 && si == -7 && kstrtouint("-7", 10, (unsigned int *)&si) == -EINVAL);
       expect(memparse(text, &end) == 64 << 20 && end == text + 3 && simple_strtoul("077z", NULL, 0) == 63 && simple_strtol("-12", NULL, 10) == -12);
       expect(!kstrtobool("on", &yes) && yes && !kstrtobool("N", &yes) && !yes && kstrtobool("maybe", &yes) == -EINVAL);
       char buf[] = "  hi there \\n";
       expect(!strcmp(strim(buf), "hi there") && sysfs_streq("on\\n", "on") && hex_to_bin('b') == 11);`,
      [],
    ));

  it('are printed into objects of their own', () =>
    checkLog(
      `char *text = kasprintf(GFP_KERNEL, "%s-%d", "page", 42);
       expect(!strcmp(text, "page-42") && ksize(text) >= 8);
       kfree(text);`,
      [],
    ));

  it('show bytes as the kernel does', () =>
    checkLog(
      `char bytes[] = "0123456789abcdef012";
       print_hex_dump(KERN_INFO, "x: ", DUMP_PREFIX_OFFSET, 16, 4, bytes, 20, true);
       print_hex_dump_bytes("", DUMP_PREFIX_NONE, bytes, 5);`,
      [
        'x: 00000000: 33323130 37363534 62613938 66656463  0123456789abcdef',
        'x: 00000010: 00323130                             012.',
        `30 31 32 33 34${' '.repeat(35)}01234`,
      ],
    ));
});

describe('registers of devices', () => {
  it('are read and written through a mapping', () =>
    checkLog(
      `struct page *page = alloc_page(GFP_KERNEL);
       void *registers = page_address(page);
       writel(0x12345678, registers + 4);
       expect(readw(registers + 6) == 0x1234 && ioread8(registers + 4) == 0x78 && readq(registers) == 0x1234567800000000ULL);
       memset_io(registers, 0, 8);
       expect(readl_relaxed(registers + 4) == 0);
       DEFINE_RAW_SPINLOCK(lock);
       unsigned long flags;
       raw_spin_lock_irqsave(&lock, flags);
       raw_spin_unlock_irqrestore(&lock, flags);
       __free_page(page);`,
      [],
    ));
});

describe('processes', () => {
  it('are found by pid and on the list of all, and their memory can be read', () =>
    checkLog(
      `char *m = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       strcpy(m, "parent");
       int child = fork(), count = 0;
       if (child == 0) { strcpy(m, "child!"); schedule(); schedule(); exit(0); }
       schedule();
       struct task_struct *p;
       for_each_process(p) count += p == current || task_pid_nr(p) == child;
       expect(count == 2);
       struct task_struct *t = get_pid_task(find_get_pid(child), PIDTYPE_PID);
       expect(t->pid == child && pid_task(find_vpid(4711), PIDTYPE_PID) == NULL);
       put_task_struct(t);
       char buf[16] = {}, comm[TASK_COMM_LEN];
       expect(access_process_vm(t, (unsigned long)m, buf, 7, 0) == 7 && !strcmp(buf, "child!"));
       expect(access_process_vm(t, (unsigned long)m, "hello", 6, FOLL_WRITE) == 6 && !strcmp(m, "parent"));
       expect(access_process_vm(t, (unsigned long)m, buf, 6, 0) == 6 && !strcmp(buf, "hello"));
       get_task_comm(comm, current);
       expect(!strcmp(comm, "init"));
       struct sysinfo si;
       si_meminfo(&si);
       expect(si.totalram == totalram_pages() && si.freeram == global_zone_page_state(NR_FREE_PAGES) && si.mem_unit == PAGE_SIZE);
       wait(NULL);`,
      [],
      EVERY_LEVEL,
    ));
});
