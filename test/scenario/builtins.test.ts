import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { ScenarioVm } from '../../src/scenario/index.js';
import { checkLog, compile, log, machine, runToEnd } from './machines.js';

const everywhere: readonly ProfileName[] = PROFILE_NAMES;

/** Scripts that judge themselves: nothing but `done` may be logged. */
const check = (text: string, profiles = everywhere) =>
  checkLog(`${text}\npr_info("done");`, ['done'], profiles);

describe('builtins on booted machines of every profile', function () {
  it('allocating, compound pages, references', () =>
    check(`
      unsigned long before = nr_free_pages();
      struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
      expect(page && PageHead(page) && PageTail(page + 1) && PageCompound(page + 7) && !PageCompound(page + 8));
      expect(compound_order(page) == 3 && compound_nr(page) == 8 && compound_head(page + 5) == page);
      expect(page_count(page + 2) == 1 && page_ref_count(page + 2) == 0);
      get_page(page + 1); expect(page_count(page) == 2);
      put_page(page); expect(page_count(page) == 1 && !PageBuddy(page));
      __free_pages(page, 3);
      struct page *one = alloc_page(GFP_HIGHUSER), *plain = alloc_pages(GFP_KERNEL, 2);
      split_page(plain, 2);
      for (int i = 0; i < 4; i++) { expect(page_count(plain + i) == 1); __free_page(plain + i); }
      __free_page(one);
      drain_all_pages(NULL);
      expect(nr_free_pages() >= before);
      expect(alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER) == NULL);
      expect(folio_alloc(GFP_KERNEL, 1)->page.flags & 1ul << PG_head);`));

  it('addresses', () =>
    check(`
      struct page *page = alloc_page(GFP_KERNEL);
      void *va = page_address(page);
      expect(pfn_to_page(page_to_pfn(page)) == page && pfn_valid(page_to_pfn(page)));
      expect(virt_to_page(va) == page && virt_to_page((char *)va + 100) == page);
      expect(page_to_phys(page) == page_to_pfn(page) << PAGE_SHIFT && page_to_phys(page) == virt_to_phys(va));
      expect(__va(__pa(va)) == va && phys_to_virt(virt_to_phys(va)) == va && virt_addr_valid(va));
      expect(!virt_addr_valid(&page) && !pfn_valid(ULONG_MAX));
      expect(__pa(&contig_page_data) < 64 << 20 && virt_addr_valid(&contig_page_data));
      expect(page_zone(page) == &contig_page_data.node_zones[page_zonenum(page)] && zone_idx(page_zone(page)) == page_zonenum(page));
      expect(page_to_nid(page) == 0 && (unsigned long)va % PAGE_SIZE == 0 && offset_in_page((char *)va + 5) == 5);
      int *words = va; words[3] = 0x1234; expect(((unsigned char *)va)[12] == 0x34);
      unsigned long z = get_zeroed_page(GFP_KERNEL);
      expect(memchr_inv((void *)z, 0, PAGE_SIZE) == NULL);
      free_page(z); free_pages((unsigned long)va, 0); free_pages(0, 0);`));

  it('exact sizes, bulk, lists', () =>
    check(`
      void *va = alloc_pages_exact(3 * PAGE_SIZE - 10, GFP_KERNEL);
      struct page *page = virt_to_page(va);
      expect(page_count(page) == 1 && page_count(page + 2) == 1 && page_count(page + 3) == 0);
      free_pages_exact(va, 3 * PAGE_SIZE - 10);
      expect(alloc_pages_exact(PAGE_SIZE << MAX_ORDER, GFP_KERNEL | __GFP_NOWARN) == NULL && get_order(5000) == 1);
      struct page *pages[6] = { 0 }; pages[1] = alloc_page(GFP_KERNEL);
      struct page *kept = pages[1];
      expect(alloc_pages_bulk_array(GFP_KERNEL, 6, pages) == 6 && pages[1] == kept && pages[0] && pages[5]);
      for (int i = 0; i < 6; i++) __free_page(pages[i]);
      struct list_head list; INIT_LIST_HEAD(&list);
      unsigned long nr = alloc_pages_bulk_list(GFP_KERNEL, 4, &list), seen = 0;
      struct page *p, *next;
      list_for_each_entry(p, &list, lru) seen++;
      expect(nr == seen && seen > 0);
      list_for_each_entry_safe(p, next, &list, lru) expect(put_page_testzero(p));
      free_unref_page_list(&list);`));

  it('flags by name', () =>
    check(`
      struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
      expect(!PageDirty(page)); SetPageDirty(page + 1); expect(PageDirty(page) && page->flags & 1ul << PG_dirty);
      expect(TestClearPageDirty(page) && !TestSetPageDirty(page)); ClearPageDirty(page);
      SetPagePrivate(page + 1); expect(PagePrivate(page + 1) && !PagePrivate(page)); __ClearPagePrivate(page + 1);
      lock_page(page + 1); expect(PageLocked(page) && !trylock_page(page)); unlock_page(page);
      expect(trylock_page(page)); unlock_page(page); wait_on_page_locked(page);
      set_page_private(page, 77); expect(page_private(page) == 77); page->private = 0;
      int mt = get_pageblock_migratetype(page);
      set_pageblock_migratetype(page, MIGRATE_RECLAIMABLE); expect(get_pageblock_migratetype(page) == MIGRATE_RECLAIMABLE);
      set_pageblock_migratetype(page, mt);
      __free_pages(page, 1);`));

  it('zones, watermarks, per-CPU data', () =>
    check(`
      struct zone *zone; unsigned long sum = 0, present = 0;
      for_each_populated_zone(zone) { sum += zone_page_state(zone, NR_FREE_PAGES); present += zone->present_pages; }
      expect(sum == nr_free_pages() && sum == global_zone_page_state(NR_FREE_PAGES) && present > sum);
      zone = page_zone(alloc_page(GFP_KERNEL));
      expect(zone_page_state_snapshot(zone, NR_FREE_PAGES) > low_wmark_pages(zone) && low_wmark_pages(zone) > min_wmark_pages(zone));
      expect(zone_watermark_ok(zone, 0, high_wmark_pages(zone), ZONE_NORMAL, 0) && !zone_watermark_ok(zone, 0, ULONG_MAX >> 1, ZONE_NORMAL, 0));
      struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, 0);
      expect(pcp->high > 0 && pcp->batch > 0 && this_cpu_ptr(zone->per_cpu_pageset) == pcp);
      expect(gfp_zone(GFP_KERNEL) == ZONE_NORMAL && gfp_migratetype(__GFP_MOVABLE) == MIGRATE_MOVABLE);
      expect(smp_processor_id() == 0 && num_online_cpus() == 1);`));

  it('memory, strings, errors', () =>
    check(`
      char a[16], b[16] = "kernel";
      memset(a, 'x', sizeof(a)); expect(a[15] == 'x' && memchr_inv(a, 'x', 16) == NULL);
      memcpy(a, b, 7); expect(!strcmp(a, b) && strlen(a) == 6 && !memcmp(a, b, 7) && memcmp(a, b, 8) > 0);
      memmove(a + 1, a, 6); expect(!memcmp(a, "kkernel", 7));
      expect(strscpy(a, "too long for this buffer", sizeof(a)) == -7 && strlen(a) == 15 && strscpy(a, "ok", 16) == 2);
      expect(snprintf(a, 4, "%d", 123456) == 6 && !strcmp(a, "123") && scnprintf(a, 4, "%d", 123456) == 3 && sprintf(a, "%x", 255) == 2);
      expect(IS_ERR(ERR_PTR(-ENOMEM)) && PTR_ERR(ERR_PTR(-ENOMEM)) == -12 && !IS_ERR(a) && IS_ERR_OR_NULL(NULL) && IS_ERR_VALUE(-4095ul) && !IS_ERR_VALUE(-4096ul));`));

  it('reports of the kernel come through', () =>
    checkLog(
      `struct page *page = alloc_page(GFP_KERNEL);
       printk(KERN_ERR "error\\n"); printk("plain"); pr_err("%s:%d", "x", 1); pr_cont(" more\\n"); pr_debug("d");
       __free_page(page); drain_local_pages(NULL);
       page->mapping = (void *)0x10;`,
      ['error', 'plain', 'x:1', ' more', 'd'],
    ));

  it('files of /proc', () => {
    const [free, after] = [
      'proc("buddyinfo");',
      'alloc_pages(GFP_KERNEL, 10); proc("buddyinfo");',
    ].map((text) => {
      const vm = machine(text);
      runToEnd(vm);
      return log(vm);
    });
    // The zones, and the blocks of the largest order in each.
    const largest = (lines: readonly string[] = []) =>
      lines.map((line) => {
        const [, zone, blocks] = /^Node 0, zone +(\w+) .* (\d+) $/.exec(line) ?? [];
        return [zone, Number(blocks)] as const;
      });
    const [dma, dma32] = largest(free);
    assert.ok(dma?.[0] === 'DMA' && dma32?.[0] === 'DMA32' && dma32[1] > 0);
    assert.deepEqual(largest(after), [dma, ['DMA32', dma32[1] - 1]]);
    checkLog('proc("mounts");', [
      'cat: /proc/mounts: No such file or directory (use one of buddyinfo, interrupts, iomem, meminfo, pagetypeinfo, slabinfo, vmallocinfo, vmstat, zoneinfo, self/maps, PID/maps)',
    ]);
  });

  /** On machines with an area of 16 MiB. */
  function saysWithArea(text: string, said: readonly string[]): void {
    for (const profile of everywhere) {
      const image = bootMachine({
        profile: loadProfile(profile),
        ramBytes: 128 << 20,
        cmaBytes: 16 << 20,
      });
      const vm = new ScenarioVm(compile(text, profile), image, { kernel, name: 'test.mms' });
      runToEnd(vm);
      assert.deepEqual(log(vm), said, profile);
      assert.equal(vm.expects.failed, 0, profile);
    }
  }

  it('contiguous ranges, of the CMA area and of ordinary memory', () =>
    saysWithArea(
      `struct page *pages = cma_alloc(dma_contiguous_default_area, 64, 6, false);
       expect(pages != NULL && page_to_pfn(pages) % 64 == 0 && page_count(pages + 63) == 1);
       expect(!cma_release(dma_contiguous_default_area, pages - 64, 64));
       expect(cma_release(dma_contiguous_default_area, pages, 64));
       unsigned long pfn = page_to_pfn(pages);
       expect(alloc_contig_range(pfn, pfn + pageblock_nr_pages, MIGRATE_CMA, GFP_KERNEL) == 0);
       expect(page_count(pages) == 1 && cma_alloc(dma_contiguous_default_area, 4096, 0, true) == NULL);
       free_contig_range(pfn, pageblock_nr_pages);
       expect(cma_alloc(dma_contiguous_default_area, 4096, 0, true) == pages);
       struct page *taken = alloc_pages(GFP_KERNEL, 9);
       pfn = page_to_pfn(taken);
       expect(alloc_contig_range(pfn, pfn + 512, MIGRATE_MOVABLE, GFP_KERNEL) == -16);
       pr_info("done");`,
      ['done'],
    ));

  it("a device's CMA area is the machine's: its place, size and name, and pages of it", () =>
    saysWithArea(
      `static int show(struct cma *cma, void *data) { pr_info("%s %lu %s", cma_get_name(cma), cma_get_size(cma), (char *)data); return 7; }
       struct cma *area = dev_get_cma_area(NULL);
       expect(area == dma_contiguous_default_area && cma_for_each_area(show, "mine") == 7);
       // The order of the alignment is bounded by CONFIG_CMA_ALIGNMENT.
       struct page *pages = dma_alloc_from_contiguous(NULL, 10, 20, false);
       expect(page_to_phys(pages) == cma_get_base(area));
       expect(!dma_release_from_contiguous(NULL, pages - 10, 10));
       expect(dma_release_from_contiguous(NULL, pages, 10));
       expect(dma_alloc_from_contiguous(NULL, 4097, 0, true) == NULL);`,
      ['reserved 16777216 mine'],
    ));
});

describe('sscanf', () => {
  it('reads as the kernel does', () =>
    checkLog(
      `int a, n; unsigned b; long l; char s[8], c[3], set[8]; unsigned char h; u64 q; short sh;
       pr_info("%d %d %d %ld %s", sscanf("12 0x1f -7 word", "%d %x %ld %4s", &a, &b, &l, s), a, b, l, s);
       pr_info("%d %s %d %d %c", sscanf("ab:12:zz", "%2[abc]:%hhu%n:%c", set, &h, &n, c), set, h, n, c[0]);
       pr_info("%d %d %d", sscanf("0777 0x10", "%i%i", &a, &b), a, b);
       pr_info("%d %d", sscanf("18446744073709551615", "%llu", &q), q == ~0ULL);
       pr_info("%d %d %d", sscanf("", "%d", &a), sscanf("x", "%d", &a), sscanf("ab", "%[ab]", s));
       pr_info("%d %d %d", sscanf("1234567", "%3d%hd", &a, &sh), a, sh);
       pr_info("%d %d %d", sscanf("skip 5", "%*s %d", &a), a, sscanf("100%", "%d%%", &a));`.replace(
        /\n\s+/g,
        '\n',
      ),
      [...['4 12 31 -7 word', '3 ab 12 5 z', '2 511 16', '1 1', '0 0 0', '2 123 4567', '1 5 1']],
    ));
});

describe('dump_stack', () => {
  it('says who runs, and where', () => {
    const vm = machine('static void here(void) { dump_stack(); } here();');
    runToEnd(vm);
    assert.deepEqual(log(vm).slice(1), ['Call Trace:', ' <TASK>', ' here', ' </TASK>']);
  });
});
