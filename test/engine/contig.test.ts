/** Contiguous ranges and the CMA area of a booted machine: what is taken comes back, and what is busy stays. */
import assert from 'node:assert/strict';
import { __free_pages, alloc_pages } from '../../src/engine/entry/functions.js';
import {
  alloc_contig_range,
  cma_alloc,
  cma_release,
  drain_all_pages,
  free_contig_range,
  global_zone_page_state,
  page_ref_count,
  quiet_vmstat,
} from '../../src/engine/entry/functions.js';
import { NULL } from '../../src/engine/machine/ctypes.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { dumpCma } from '../../src/engine/image/state/index.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';

const MiB = 2 ** 20;

for (const name of PROFILE_NAMES)
  describe(`contiguous ranges, ${name}`, () => {
    const image = bootMachine({
      profile: loadProfile(name),
      ramBytes: 128 * MiB,
      cmaBytes: 16 * MiB,
    });
    const { mm } = image;
    const area = mm.read_ptr(mm.globals.dma_contiguous_default_area);
    const free = (): number => {
      drain_all_pages(mm, NULL);
      // On SMP a CPU keeps a part of each counter.
      quiet_vmstat(mm);
      return global_zone_page_state(mm, mm.NR_FREE_PAGES);
    };

    it('takes pages of the area, aligned, and gives them back', () => {
      const before = free();
      const first = cma_alloc(mm, area, 3, 0, false);
      const second = cma_alloc(mm, area, 8, 3, false);
      assert.equal(mm.page_to_pfn(first), mm.read_ulong(area + mm.cma.base_pfn));
      assert.equal(mm.page_to_pfn(second), mm.read_ulong(area + mm.cma.base_pfn) + 8);
      assert.match(dumpCma(image)[0] ?? '', / opb=0 default=1 bits 0\+3 8\+8$/);
      assert.equal(page_ref_count(mm, second), 1);
      assert.equal(free(), before - 11);
      assert.equal(cma_release(mm, area, first, 3), true);
      assert.equal(cma_release(mm, area, second, 8), true);
      assert.equal(cma_release(mm, area, mm.pfn_to_page(0x200), 1), false);
      assert.match(dumpCma(image)[0] ?? '', / bits$/);
      assert.equal(free(), before);
    });

    it('goes on behind a page of the area that is in use', () => {
      const base = mm.read_ulong(area + mm.cma.base_pfn);
      assert.equal(alloc_contig_range(mm, base, base + 1, mm.MIGRATE_CMA, mm.GFP_KERNEL), 0);
      const page = cma_alloc(mm, area, 4, 2, true);
      assert.equal(mm.page_to_pfn(page), base + 4);
      cma_release(mm, area, page, 4);
      free_contig_range(mm, base, 1);
    });

    it('refuses a range with a page that cannot move', () => {
      const page = alloc_pages(mm, mm.GFP_KERNEL, 0);
      const pfn = mm.page_to_pfn(page);
      const before = free();
      const busy = alloc_contig_range(mm, pfn, pfn + 1, mm.MIGRATE_MOVABLE, mm.GFP_KERNEL);
      assert.equal(busy, -16);
      assert.equal(free(), before);
      __free_pages(mm, page, 0);
    });
  });
