/**
 * The laws of a pool of huge pages, at any place of any scenario: every page is free or in use, the numbers are those of the lists, what is
 * promised can be kept, and each page has as many references as holders.
 */
import assert from 'node:assert/strict';
import {
  default_hstate,
  hstateCount,
  huge_page_size,
  huge_pte_offset,
  is_vm_hugetlb_page,
  isResvOwner,
  page_mapcount,
  PageAnon,
  PageHuge,
  pmd_page,
  pte_present,
  region_count,
  vma_resv_map,
} from '../../../src/engine/entry/functions.js';
import { MA_STATE, ULONG_MAX } from '../../../src/engine/kernel/include/linux/maple_tree.h.js';
import { VM_MAYSHARE, VM_NORESERVE } from '../../../src/engine/kernel/include/linux/mm_types.h.js';
import { mas_find } from '../../../src/engine/kernel/lib/maple_tree/find.js';
import type { MmStruct, Page, VmAreaStruct } from '../../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../../src/engine/machine/kernel.js';
import { NO_PTE } from '../../../src/engine/machine/pteWords.js';
import { asVirt } from '../../../src/engine/memory/address.js';
import type { ScenarioVm } from '../../../src/scenario/index.js';
import { listedPages } from './freeLists.js';
import { spacesOf } from './spaces.js';

function* hugeAreas(k: Kernel, mm: MmStruct): IterableIterator<VmAreaStruct> {
  const mas = MA_STATE(k, k.plus(mm, k.mm_struct.mm_mt), 0, 0);
  for (let vma = mas_find(k, mas, ULONG_MAX(k)); vma !== 0; vma = mas_find(k, mas, ULONG_MAX(k)))
    if (is_vm_hugetlb_page(k, vma)) yield vma;
}

const refs = (k: Kernel, page: Page): number => k.read_int(page + k.page._refcount);

/** How many pages are mapped. */
export function checkPool(vm: ScenarioVm): number {
  const { mm: k } = vm.image;
  const h = default_hstate(k);
  const count = (member: number): number => hstateCount(k, h, member);
  const [nr, free] = [count(k.hstate.nr_huge_pages), count(k.hstate.free_huge_pages)];
  const [reserved, surplus] = [count(k.hstate.resv_huge_pages), count(k.hstate.surplus_huge_pages)];
  const freePages = [...listedPages(k, h + k.hstate.hugepage_freelists)];
  const used = [...listedPages(k, h + k.hstate.hugepage_activelist)];
  assert.equal(freePages.length, free, 'free_huge_pages');
  assert.equal(used.length + free, nr, 'nr_huge_pages');
  assert.ok(reserved >= 0 && reserved <= free, `resv_huge_pages ${reserved} of ${free}`);
  assert.ok(surplus >= 0 && surplus <= nr, `surplus_huge_pages ${surplus} of ${nr}`);
  assert.equal(count(k.hstate.max_huge_pages), nr - surplus, 'max_huge_pages');
  for (const page of freePages) assert.equal(refs(k, page), 0, 'a free page is held');
  for (const page of [...freePages, ...used]) assert.ok(PageHuge(k, page), 'the destructor');

  const mapped = new Map<Page, number>();
  const size = huge_page_size(k, h);
  let promised = 0;
  const files = new Set<number>();
  for (const mm of spacesOf(vm)) {
    let pages = 0;
    for (const vma of hugeAreas(k, mm)) {
      const start = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
      const end = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
      for (let va = start; va < end; va += size) {
        const pte = huge_pte_offset(k, mm, asVirt(va), size);
        const entry = pte === 0 ? NO_PTE : k.read_pte(pte);
        if (!pte_present(entry)) continue;
        const page = pmd_page(k, entry);
        mapped.set(page, (mapped.get(page) ?? 0) + 1);
        pages++;
      }
      const flags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
      const pgoff = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff)) / (size / 4096);
      const length = (end - start) / size;
      const file = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file));
      const mapping = k.read_ptr(k.plus(file, k.file.f_mapping));
      if ((flags & VM_MAYSHARE) !== 0) {
        // Of a file each range once: what its map has, less the pages that there are.
        if ((flags & VM_NORESERVE) !== 0 || files.has(mapping)) continue;
        files.add(mapping);
        const cached = k.read_ulong(k.plus(mapping, k.address_space.nrpages));
        promised += region_count(k, vma_resv_map(k, vma), 0, Infinity) - cached;
      } else if (isResvOwner(k, vma)) {
        // A private area's map has what was used up.
        const map = vma_resv_map(k, vma);
        promised += length - region_count(k, map, pgoff, pgoff + length);
      }
    }
    const usage = k.read_ulong(k.plus(mm, k.mm_struct.hugetlb_usage));
    assert.equal(usage, (pages * size) / 4096, 'hugetlb_usage');
  }
  assert.equal(reserved, promised, 'resv_huge_pages: what the areas were promised');
  for (const page of used) {
    const nrMaps = mapped.get(page) ?? 0;
    const pfn = k.page_to_pfn(page).toString(16);
    assert.equal(page_mapcount(k, page), nrMaps, `mapcount of ${pfn}`);
    const ofFile = !PageAnon(k, page) && k.read_va(page + k.page.mapping) !== 0 ? 1 : 0;
    const holders = vm.holdings.pageHolders(k.page_to_pfn(page));
    const held = holders.reduce((sum, { count }) => sum + count, 0);
    assert.equal(refs(k, page), nrMaps + ofFile + held, `_refcount of ${pfn}`);
  }
  for (const page of mapped.keys()) assert.ok(used.includes(page), 'mapped, but not in use');
  return mapped.size;
}
