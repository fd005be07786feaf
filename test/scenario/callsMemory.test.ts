/** What a module author calls for memory of other kinds: short mappings, rights of pages, fragments, pools, lists of pieces, numbers. */
import assert from 'node:assert/strict';
import { checkOnCores, coreMachine } from './coreMachines.js';
import { log, runToEnd } from './machines.js';

describe('vm_map_ram()', function () {
  it('cuts mappings off a block, and gives the block back when all of it is unmapped', () =>
    checkOnCores(
      `struct page *pages[80];
       unsigned int i;
       for (i = 0; i < 80; i++) pages[i] = alloc_page(GFP_KERNEL);
       char *one = vm_map_ram(pages, 3, -1);
       char *two = vm_map_ram(pages + 3, 1, -1);
       // Three pages take four of the block: it counts in orders.
       expect(two == one + 4 * PAGE_SIZE && vmalloc_to_page(two) == pages[3]);
       memset(one, 7, 3 * PAGE_SIZE);
       expect(((char *)kmap(pages[2]))[9] == 7);
       kunmap(pages[2]);
       struct vmap_block *vb = xa_load(&vmap_blocks, ((unsigned long)one - ALIGN_DOWN(VMALLOC_START, VMAP_BYTES)) / VMAP_BYTES);
       expect(vb->free == VMAP_BYTES / PAGE_SIZE - 5 && vb->dirty == 0 && vb->va->vm == NULL);
       vm_unmap_ram(one, 3);
       expect(vb->dirty == 4 && vb->dirty_min == 0 && vb->dirty_max == 4 && !vmalloc_to_page(one));
       vm_unmap_ram(two, 1);
       expect(vb->dirty == 5 && vm_map_ram(pages, 1, -1) == two + PAGE_SIZE);
       vm_unmap_ram(two + PAGE_SIZE, 1);
       // All that was used is unmapped: a purge takes the block, used up or not.
       vm_unmap_aliases();
       expect(!xa_load(&vmap_blocks, ((unsigned long)one - ALIGN_DOWN(VMALLOC_START, VMAP_BYTES)) / VMAP_BYTES));
       // More than a long has bits: an area of its own.
       char *large = vm_map_ram(pages, 80, -1);
       expect(vmalloc_to_page(large + 79 * PAGE_SIZE) == pages[79] && !find_vm_area(large));
       vm_unmap_ram(large, 80);
       expect(!vmalloc_to_page(large));`.replaceAll('VMAP_BYTES', '(1024 * PAGE_SIZE)'),
      [],
      ['x86_64-slub', 'x86_64-slab', 'i386-highmem4g-slub', 'i386-pae-slab'],
    ));
});

describe('memremap()', function () {
  it('gives the address of the direct map for memory, a mapping for devices', () =>
    checkOnCores(
      `void *k = kmalloc(100, GFP_KERNEL);
       expect(memremap(virt_to_phys(k), 100, MEMREMAP_WB) == k);
       memunmap(k);
       expect(!memremap(virt_to_phys(k), 100, MEMREMAP_WC));
       void *io = memremap(0xfebf0000, 0x1000, MEMREMAP_WC);
       unsigned int level;
       expect(is_vmalloc_addr(io) && pte_pfn(*lookup_address((unsigned long)io, &level)) == 0xfebf0);
       memunmap(io);
       expect(!find_vm_area(io) && !memremap(0xfebf0000, 0x1000, 0));`,
      [],
    ));
});

describe('set_memory_ro() and its like', function () {
  it('split a large page, and change the entries', () =>
    checkOnCores(
      `unsigned int level;
       char *p = (char *)__get_free_pages(GFP_KERNEL, 1);
       unsigned long addr = (unsigned long)p;
       p[0] = 1;
       expect(!set_memory_ro(addr, 1));
       pte_t *pte = lookup_address(addr, &level);
       expect(level == PG_LEVEL_4K && !pte_write(*pte) && pte_pfn(*pte) == virt_to_pfn(p));
       expect(pte_write(*lookup_address(addr + PAGE_SIZE, &level)) && p[0] == 1);
       p[PAGE_SIZE] = 2;
       expect(!set_memory_rw(addr, 1) && pte_write(*lookup_address(addr, &level)));
       p[0] = 3;
       expect(!set_memory_uc(addr, 2) && (pte_val(*lookup_address(addr, &level)) & _PAGE_PCD));
       expect(!set_pages_wb(virt_to_page(p), 2) && !(pte_val(*lookup_address(addr + PAGE_SIZE, &level)) & _PAGE_PCD));
       struct page *pages[2] = { virt_to_page(p), virt_to_page(p + PAGE_SIZE) };
       expect(!set_pages_array_uc(pages, 2) && (pte_val(*lookup_address(addr + PAGE_SIZE, &level)) & _PAGE_PCD));
       expect(!set_pages_array_wb(pages, 2));
       expect(!set_memory_np(addr, 1) && !pte_present(*lookup_address(addr, &level)));`,
      [],
    ));

  it('keep a large page that changes as a whole, and count those that are split', () =>
    checkOnCores(
      `unsigned long from = (unsigned long)__get_free_pages(GFP_KERNEL, MAX_ORDER - 1);
       unsigned int level;
       unsigned long splits = direct_pages_count[PG_LEVEL_2M];
       lookup_address(from, &level);
       if (level == PG_LEVEL_2M) {
         expect(!set_memory_ro(from, PMD_SIZE / PAGE_SIZE));
         pmd_t *pmd = (pmd_t *)lookup_address(from, &level);
         expect(level == PG_LEVEL_2M && !pmd_write(*pmd) && direct_pages_count[PG_LEVEL_2M] == splits);
         expect(!set_memory_rw(from, 1));
         lookup_address(from, &level);
         expect(level == PG_LEVEL_4K && direct_pages_count[PG_LEVEL_2M] == splits - 1);
         expect(pte_write(*lookup_address(from, &level)) && !pte_write(*lookup_address(from + PAGE_SIZE, &level)));
       }`,
      [],
    ));

  it('a write to a page that may only be read faults, at its other address as well', () => {
    for (const profile of ['x86_64-slub', 'i386-pae-slab'] as const) {
      const vm = coreMachine(
        `char *p = (char *)get_zeroed_page(GFP_KERNEL);
         set_memory_ro((unsigned long)p, 1);
         pr_info("%d", p[5]);
         p[5] = 1;`,
        profile,
      );
      const failed = runToEnd(vm).flatMap((result) =>
        result.kind === 'failed' ? [result.text] : [],
      );
      assert.match(failed.join(), /unable to handle page fault/, profile);
      assert.ok(log(vm).includes('0'), profile);
      assert.match(log(vm).join('\n'), /supervisor write access/, profile);
    }
  });

  it('leave the code of the kernel executable', () =>
    checkOnCores(
      `unsigned int level;
       unsigned long text = (unsigned long)_text;
       set_memory_nx(text, 1);
       expect(pte_exec(*lookup_address(text, &level)));`,
      [/^CPA {2}protect {4}Text NX: 0x/],
      ['x86_64-slub', 'i386-pae-slab'],
    ));
});

describe('fragments of pages', function () {
  it('are cut off a block from its end, which is free with the last of them', () =>
    checkOnCores(
      `struct page_frag_cache nc = { .va = NULL };
       char *a = page_frag_alloc(&nc, 100, GFP_ATOMIC);
       char *b = page_frag_alloc_align(&nc, 200, GFP_ATOMIC, -64U);
       struct page *page = virt_to_head_page(a);
       expect(a == (char *)nc.va + 32768 - 100 && b < a && (unsigned long)b % 64 == 0 && nc.size == 32768);
       expect(page_ref_count(page) == 32769 && nc.pagecnt_bias == 32769 - 2 && compound_order(page) == 3);
       page_frag_free(a);
       expect(page_ref_count(page) == 32768);
       // The block is not enough: its own references go, and with the last fragment the block.
       char *c = page_frag_alloc(&nc, 32700, GFP_ATOMIC);
       expect(virt_to_head_page(c) != page && page_ref_count(page) == 1);
       page_frag_free(b);
       expect(page_ref_count(page) == 0);
       page_frag_free(c);
       // All of it is back: it is cut up again.
       expect(page_frag_alloc(&nc, 32000, GFP_ATOMIC) && (char *)nc.va + 768 == (char *)nc.va + nc.offset);
       __page_frag_cache_drain(virt_to_page(nc.va), nc.pagecnt_bias);`,
      [],
    ));
});

describe('DMA pools', function () {
  it('chain free blocks by their offsets, and keep their pages', () =>
    checkOnCores(
      `dma_addr_t at, second, third;
       struct dma_pool *pool = dma_pool_create("ring", NULL, 100, 64, 0);
       expect(pool->size == 128 && pool->allocation == PAGE_SIZE && pool->boundary == PAGE_SIZE);
       char *a = dma_pool_alloc(pool, GFP_KERNEL, &at), *b = dma_pool_zalloc(pool, GFP_KERNEL, &second);
       expect(b == a + 128 && second == at + 128 && at == virt_to_phys(a) && !memchr_inv(b, 0, 100));
       struct dma_page *page = list_first_entry(&pool->page_list, struct dma_page, page_list);
       expect(page->in_use == 2 && page->offset == 256 && page->vaddr == (void *)a);
       dma_pool_free(pool, a, at);
       expect(page->in_use == 1 && page->offset == 0 && *(int *)a == 256);
       expect(dma_pool_alloc(pool, GFP_KERNEL, &third) == (void *)a && third == at);
       dma_pool_free(pool, a, 1);
       dma_pool_free(pool, a, at);
       dma_pool_destroy(pool);
       expect(!dma_pool_create("odd", NULL, 64, 3, 0) && !dma_pool_create("none", NULL, 0, 0, 0));`,
      [/dma_pool_free ring, [0-9a-f]+\/0x1 \(bad dma\)/, /dma_pool_destroy ring, [0-9a-f]+ busy/],
    ));

  it('no block lies across a boundary', () =>
    checkOnCores(
      `dma_addr_t at;
       struct dma_pool *pool = dma_pool_create("bounded", NULL, 96, 32, 256);
       char *a = dma_pool_alloc(pool, GFP_KERNEL, &at), *b = dma_pool_alloc(pool, GFP_KERNEL, &at), *c = dma_pool_alloc(pool, GFP_KERNEL, &at);
       expect(b - a == 96 && c - a == 256);`,
      [],
    ));
});

describe('pools of addresses', function () {
  it('give out units of their chunks', () =>
    checkOnCores(
      `struct gen_pool *pool = gen_pool_create(5, -1);
       expect(!gen_pool_alloc(pool, 32) && gen_pool_size(pool) == 0);
       expect(!gen_pool_add_virt(pool, 0x10000, 0x80000000, 1024, -1) && !gen_pool_add(pool, 0x30000, 64, -1));
       unsigned long a = gen_pool_alloc(pool, 33), b = gen_pool_alloc(pool, 32);
       // The chunk that was added last is looked at first.
       expect(a == 0x30000 && b == 0x10000 && gen_pool_avail(pool) == 1024 - 32 && gen_pool_size(pool) == 1088);
       expect(gen_pool_virt_to_phys(pool, b + 5) == 0x80000005 && gen_pool_has_addr(pool, 0x10000, 1024) && !gen_pool_has_addr(pool, 0x10000, 1025));
       gen_pool_free(pool, a, 33);
       expect(gen_pool_avail(pool) == 1088 - 32 && gen_pool_alloc(pool, 64) == 0x30000);
       gen_pool_free(pool, 0x30000, 64);
       gen_pool_free(pool, b, 32);
       gen_pool_destroy(pool);`,
      [],
    ));

  it('ask a function of the scenario, and die when what is freed is not theirs', () => {
    const vm = coreMachine(
      `static unsigned long last(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr, void *data, struct gen_pool *pool, unsigned long start_addr) { return size - nr; }
       struct gen_pool *pool = gen_pool_create(0, -1);
       gen_pool_add(pool, 0x1000, 100, -1);
       gen_pool_set_algo(pool, last, NULL);
       expect(gen_pool_alloc(pool, 10) == 0x1000 + 90);
       gen_pool_free(pool, 0x1000, 10);`,
      'x86_64-slub',
    );
    const failed = runToEnd(vm).flatMap((result) =>
      result.kind === 'failed' ? [result.text] : [],
    );
    assert.match(failed.join(), /kernel BUG at lib\/genalloc\.c/);
  });
});

describe('lists of pieces', function () {
  it('are given to a device and copied', () =>
    checkOnCores(
      `struct scatterlist sg[3], *s;
       int i;
       char *a = kmalloc(64, GFP_KERNEL), *b = kmalloc(64, GFP_KERNEL);
       struct page *page = alloc_page(GFP_KERNEL);
       sg_init_table(sg, 3);
       sg_set_buf(&sg[0], a, 64);
       sg_set_buf(&sg[1], b, 32);
       sg_set_page(&sg[2], page, 100, 8);
       expect(sg_is_last(&sg[2]) && sg_nents(sg) == 3 && sg_page(&sg[2]) == page && sg_virt(&sg[0]) == a && sg_phys(&sg[1]) == virt_to_phys(b));
       unsigned int bytes = 0;
       for_each_sg(sg, s, 3, i) bytes += s->length;
       expect(bytes == 196 && sg_nents_for_len(sg, 65) == 2 && sg_nents_for_len(sg, 197) == -EINVAL && sg_last(sg, 3) == &sg[2]);
       char text[196];
       for (i = 0; i < 196; i++) text[i] = i;
       expect(sg_copy_from_buffer(sg, 3, text, 196) == 196 && a[63] == 63 && b[0] == 64);
       char back[100];
       expect(sg_pcopy_to_buffer(sg, 3, back, 50, 60) == 50 && back[0] == 60 && back[49] == 109);
       expect(sg_zero_buffer(sg, 3, 4, 62) == 4 && a[61] == 61 && a[62] == 0 && b[1] == 0 && b[2] == 66);
       expect(dma_map_sg(NULL, sg, 3, DMA_TO_DEVICE) == 3 && sg_dma_address(&sg[0]) == virt_to_phys(a) && sg_dma_len(&sg[2]) == 100);
       dma_sync_sg_for_cpu(NULL, sg, 3, DMA_FROM_DEVICE);
       dma_unmap_sg(NULL, sg, 3, DMA_TO_DEVICE);`,
      [],
    ));

  it('of more pieces than fill a page are chained', () =>
    checkOnCores(
      `struct sg_table table;
       struct scatterlist *s;
       int i, n = 0, most = PAGE_SIZE / sizeof(struct scatterlist);
       expect(!sg_alloc_table(&table, 2 * most, GFP_KERNEL) && table.nents == 2 * most && table.orig_nents == 2 * most);
       expect(sg_is_chain(&table.sgl[most - 1]) && sg_chain_ptr(&table.sgl[most - 1]) == sg_next(&table.sgl[most - 2]));
       for_each_sgtable_sg(&table, s, i) { n++; if (i == 2 * most - 1) expect(sg_is_last(s)); }
       expect(n == 2 * most && sg_nents(table.sgl) == n);
       sg_free_table(&table);
       expect(!table.sgl && sg_alloc_table(&table, 0, GFP_KERNEL) == -EINVAL);
       struct page *block = alloc_pages(GFP_KERNEL, 1), *other = alloc_page(GFP_KERNEL);
       struct page *pages[3] = { block, block + 1, other };
       if (other != block + 2) {
         expect(!sg_alloc_table_from_pages(&table, pages, 3, 100, 3 * PAGE_SIZE - 300, GFP_KERNEL) && table.nents == 2);
         expect(table.sgl->offset == 100 && table.sgl->length == 2 * PAGE_SIZE - 100 && sg_next(table.sgl)->length == PAGE_SIZE - 200);
       }`,
      [],
    ));
});

describe('masks of devices', function () {
  it('decide where memory may lie', () =>
    checkOnCores(
      `struct device dev = { .dma_mask = NULL };
       dma_addr_t at;
       expect(dma_set_mask(&dev, DMA_BIT_MASK(32)) == -EIO && dma_get_mask(&dev) == DMA_BIT_MASK(32));
       expect(!dma_coerce_mask_and_coherent(&dev, DMA_BIT_MASK(24)) && dev.coherent_dma_mask == 0xffffff && dev.dma_mask == &dev.coherent_dma_mask);
       char *low = dma_alloc_coherent(&dev, 100, &at, GFP_KERNEL);
       expect(low && at < 0x1000000 && page_zonenum(virt_to_page(low)) == ZONE_DMA);
       expect(!dma_set_mask_and_coherent(&dev, DMA_BIT_MASK(64)) && dma_get_mask(&dev) == (sizeof(dma_addr_t) == 4 ? 0xffffffff : ~0ull));
       expect(dma_set_coherent_mask(&dev, 0xffff) == -EIO);
       struct scatterlist sg;
       char *buf = kmalloc(64, GFP_KERNEL);
       sg_init_one(&sg, buf, 64);
       dev.coherent_dma_mask = 0xffff;
       expect(dma_map_sg(&dev, &sg, 1, DMA_TO_DEVICE) == 0 && dma_mapping_error(&dev, dma_map_single(&dev, buf, 64, DMA_TO_DEVICE)));`,
      [],
    ));
});

describe('ida_alloc()', function () {
  it('gives the lowest number that is free: in a value, then in a bitmap', () =>
    checkOnCores(
      `DEFINE_IDA(ida);
       int i;
       expect(ida_is_empty(&ida) && ida_alloc(&ida, GFP_KERNEL) == 0 && xa_is_value(ida.xa.xa_head));
       for (i = 1; i < 70; i++) expect(ida_alloc(&ida, GFP_KERNEL) == i);
       expect(!xa_is_value(ida.xa.xa_head) && ((struct ida_bitmap *)ida.xa.xa_head)->bitmap[0] == ~0UL);
       ida_free(&ida, 5);
       expect(ida_alloc_min(&ida, 3, GFP_KERNEL) == 5 && ida_alloc_max(&ida, 69, GFP_KERNEL) == -ENOSPC);
       expect(ida_alloc_range(&ida, 5000, 5001, GFP_KERNEL) == 5000 && ida_alloc_range(&ida, 5000, 5001, GFP_KERNEL) == 5001 && ida_alloc_range(&ida, 5000, 5001, GFP_KERNEL) == -ENOSPC);
       expect(ida_simple_get(&ida, 0, 0, GFP_KERNEL) == 70);
       for (i = 71; i < 1024; i++) ida_alloc(&ida, GFP_KERNEL);
       expect(ida_alloc(&ida, GFP_KERNEL) == 1024);
       ida_simple_remove(&ida, 1000);
       ida_free(&ida, 1000);
       expect(ida_alloc(&ida, GFP_KERNEL) == 1000 && ida_alloc(&ida, GFP_KERNEL) == 1025);
       ida_destroy(&ida);
       expect(ida_is_empty(&ida) && ida_alloc(&ida, GFP_KERNEL) == 0);
       ida_free(&ida, 0);
       expect(ida_is_empty(&ida));`,
      [],
    ));
});

describe('walk_page_range()', function () {
  it('calls functions of the scenario for entries and holes, until one of them ends it', () =>
    checkOnCores(
      `static int nrPtes, nrHoles;
       static int on_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
       {
         if (pte_present(*pte)) nrPtes++;
         *(unsigned long *)walk->private = addr;
         return nrPtes == 3 ? 7 : 0;
       }
       static int on_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk) { nrHoles++; return 0; }
       static int skip(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk) { walk->action = ACTION_CONTINUE; return 0; }
       static const struct mm_walk_ops ops = { .pte_entry = on_pte, .pte_hole = on_hole };
       static const struct mm_walk_ops skipping = { .pmd_entry = skip, .pte_entry = on_pte };
       char *p = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       p[0] = 1; p[2 * PAGE_SIZE] = 1;
       unsigned long last;
       struct vm_area_struct *vma = find_vma(current->mm, (unsigned long)p);
       mmap_read_lock(current->mm);
       expect(walk_page_range(current->mm, (unsigned long)p, (unsigned long)p + 4 * PAGE_SIZE, &ops, &last) == 0);
       expect(nrPtes == 2 && last == (unsigned long)p + 3 * PAGE_SIZE);
       expect(walk_page_range(current->mm, (unsigned long)p, (unsigned long)p + PAGE_SIZE, &skipping, &last) == 0 && nrPtes == 2);
       expect(walk_page_range(current->mm, PAGE_SIZE, 2 * PAGE_SIZE, &ops, &last) == 0 && nrHoles == 1);
       expect(walk_page_vma(vma, &ops, &last) == 7 && nrPtes == 3);
       expect(walk_page_range(current->mm, 8, 8, &ops, &last) == -EINVAL);
       mmap_read_unlock(current->mm);`,
      [],
    ));
});
