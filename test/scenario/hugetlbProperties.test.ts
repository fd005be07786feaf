/**
 * What must hold of a pool of huge pages at each place of any scenario: every page is free or held, the numbers are those of the lists, what is
 * promised can be kept, each page has as many references as holders, and in the end the pool is what it was asked to be.
 *
 * A few scenarios by default; `MMSCOPE_RANDOM=5000 node scripts/mocha.mjs test/scenario/hugetlbProperties.test.ts` runs as many.
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
} from '../../src/engine/entry/functions.js';
import { MA_STATE, mapleMax } from '../../src/engine/kernel/include/linux/maple_tree.h.js';
import { VM_MAYSHARE, VM_NORESERVE } from '../../src/engine/kernel/include/linux/mm_types.h.js';
import { mas_find } from '../../src/engine/kernel/lib/maple_tree.js';
import type { ListHead, MmStruct, Page, VmAreaStruct } from '../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { asVirt } from '../../src/engine/memory/address.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import type { ScenarioVm } from '../../src/scenario/index.js';
import { machine } from './machines.js';

const NR_SCENARIOS = Number(process.env['MMSCOPE_RANDOM'] ?? 2);
const PROFILES: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab'];
const HUGE = 3;

/** xorshift32. */
function generator(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Looks and writes go through get_user_pages(), which gives an error where an access would be SIGBUS. */
function randomScenario(seed: number): string {
  const random = generator(seed);
  const page = (): string => `${random(2) === 0 ? 'a' : 'b'} + ${random(HUGE)} * size`;
  const act = (deep: number): string => {
    switch (random(deep > 0 ? 10 : 8)) {
      case 0:
        return `madvise(${page()}, size, MADV_DONTNEED);`;
      case 1:
        return `mprotect(${page()}, size, PROT_READ); mprotect(a, ${HUGE} * size, PROT_READ | PROT_WRITE);`;
      case 2:
        return `sysctl("vm.nr_hugepages=${random(8)}");`;
      case 3:
        return `sysctl("vm.nr_overcommit_hugepages=${random(4)}");`;
      case 4:
        return `{ char *p = ${page()}; munmap(p, size); mmap(p, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED${random(2) === 0 ? ' | MAP_NORESERVE' : ''}, -1, 0); }`;
      case 8:
      case 9:
        return `if (fork() == 0) { ${Array.from({ length: 3 }, () => act(deep - 1)).join(' ')} exit(1); }${random(2) === 0 ? ' wait(NULL);' : ''}`;
      default: {
        const [take, give] = random(2) === 0 ? ['pin', 'unpin_user_page'] : ['get', 'put_page'];
        const flags = random(3) === 0 ? '0' : 'FOLL_WRITE';
        return `if (${take}_user_pages((unsigned long)(${page()}) + ${random(500)} * PAGE_SIZE, 1, ${flags}, pages, NULL) == 1) ${give}(pages[0]);`;
      }
    }
  };
  const shared = random(2) === 0 ? 'MAP_SHARED' : 'MAP_PRIVATE';
  return `struct page *pages[1]; unsigned long size = PAGE_SIZE << hstates[default_hstate_idx].order;
sysctl("vm.nr_hugepages=6");
char *a = mmap(NULL, ${HUGE} * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
char *b = mmap(NULL, ${HUGE} * size, PROT_READ | PROT_WRITE, ${shared} | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
${Array.from({ length: 14 }, () => act(2)).join('\n')}
while (wait(NULL) > 0);
munmap(a, ${HUGE} * size); munmap(b, ${HUGE} * size);
synchronize_rcu();`;
}

function spacesOf(vm: ScenarioVm): readonly MmStruct[] {
  const { mm: k } = vm.image;
  const spaces = vm
    .tasks()
    .filter(({ status }) => status === 'ready' || status === 'waiting')
    .map(({ pid }) => vm.taskStruct(pid))
    .map((task) => (task === 0 ? task : k.read_ptr(k.plus(task, k.task_struct.mm))));
  return [...new Set(spaces)].filter((mm) => mm !== 0);
}

function* hugeAreas(k: Kernel, mm: MmStruct): IterableIterator<VmAreaStruct> {
  const mas = MA_STATE(k.plus(mm, k.mm_struct.mm_mt), 0, 0);
  for (let vma = mas_find(k, mas, mapleMax(k)); vma !== 0; vma = mas_find(k, mas, mapleMax(k)))
    if (is_vm_hugetlb_page(k, vma)) yield vma;
}

function pagesOn(k: Kernel, head: ListHead): Page[] {
  const pages: Page[] = [];
  for (let pos: ListHead = k.read_ptr(head); pos !== head; pos = k.read_ptr(pos))
    pages.push((pos - k.page.lru) as Page);
  return pages;
}

const refs = (k: Kernel, page: Page): number => k.read_int(page + k.page._refcount);

/** How many pages are mapped. */
function checkPool(vm: ScenarioVm): number {
  const { mm: k } = vm.image;
  const h = default_hstate(k);
  const count = (member: number): number => hstateCount(k, h, member);
  const [nr, free] = [count(k.hstate.nr_huge_pages), count(k.hstate.free_huge_pages)];
  const [reserved, surplus] = [count(k.hstate.resv_huge_pages), count(k.hstate.surplus_huge_pages)];
  const freePages = pagesOn(k, h + k.hstate.hugepage_freelists);
  const used = pagesOn(k, h + k.hstate.hugepage_activelist);
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
        const pte = huge_pte_offset(k, mm, asVirt(va));
        const entry = pte === 0 ? 0n : k.read_pte(pte);
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
    // Between two statements somebody may have a get or a pin.
    const more = refs(k, page) - nrMaps - ofFile;
    assert.ok(more >= 0 && more <= vm.tasks().length, `_refcount of ${pfn}: ${more} more`);
  }
  for (const page of mapped.keys()) assert.ok(used.includes(page), 'mapped, but not in use');
  return mapped.size;
}

function checkScenario(seed: number, profile: ProfileName): number {
  let most = 0;
  const text = randomScenario(seed);
  const vm = machine(text, profile);
  const places: { readonly position: number; readonly hash: string }[] = [];
  try {
    for (let i = 0; i < 4000; i++) {
      places.push({ position: vm.tape.cursor, hash: vm.tape.hash() });
      most = Math.max(most, checkPool(vm));
      const result = vm.runStatement();
      assert.ok(result.kind !== 'failed' && result.kind !== 'deadlock', JSON.stringify(result));
      if (result.kind === 'exited') break;
    }
    const { mm: k } = vm.image;
    const h = default_hstate(k);
    assert.equal(hstateCount(k, h, k.hstate.resv_huge_pages), 0, 'promised in the end');
    assert.equal(hstateCount(k, h, k.hstate.surplus_huge_pages), 0, 'surplus in the end');
    for (let i = places.length - 1; i >= 0; i -= 3) {
      const place = places[i];
      assert.ok(place);
      vm.tape.seek(place.position);
      assert.equal(vm.tape.hash(), place.hash, `at ${place.position}`);
    }
    return most;
  } catch (error) {
    throw new Error(`seed ${seed} on ${profile}: ${String(error)}\n${text}`, { cause: error });
  }
}

describe('random scenarios of huge pages', function () {
  this.timeout(0);

  for (const profile of PROFILES)
    it(`${profile}: the pool's account, promises, references, and time`, () => {
      let most = 0;
      for (let seed = 1; seed <= NR_SCENARIOS; seed++)
        most = Math.max(most, checkScenario(seed, profile));
      assert.ok(most >= 3, `at most ${most} pages were mapped`);
    });
});
