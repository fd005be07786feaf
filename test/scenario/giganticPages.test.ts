/** Pages of 1 GiB: from boot's allocator, from an area of CMA, from anywhere; mapped by entries of puds, as a whole. */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { ScenarioVm } from '../../src/scenario/index.js';
import { compile, log, runToEnd } from './machines.js';

const HEAD = `struct hstate *h = &hstates[0]; if (h->order != 18) h = &hstates[1];
#define GIB (1UL << 30)
#define RW (PROT_READ | PROT_WRITE)
#define HUGE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB)
`;

function run(
  text: string,
  gib: number,
  commandLine: string,
  profile: ProfileName = 'x86_64-slub',
): string[] {
  const image = bootMachine({
    ...{ profile: loadProfile(profile), ramBytes: gib * 2 ** 30, commandLine },
    cmaBytes: 16 << 20,
  });
  const vm = new ScenarioVm(compile(HEAD + text, profile), image, { kernel, name: 'test.mms' });
  const bad = runToEnd(vm).filter(({ kind }) => kind === 'failed' || kind === 'deadlock');
  assert.deepEqual(bad, []);
  return log(vm);
}

describe('pages of 1 GiB', function () {
  this.timeout(120_000);

  it('are taken before the page allocator has any memory, and belong to it all the same', () => {
    const told = (commandLine: string): string[] => {
      const image = bootMachine({
        ...{ profile: loadProfile('x86_64-slub'), ramBytes: 3 * 2 ** 30, commandLine },
      });
      const k = image.mm;
      const nr = k.words[k.globals.hugetlb_max_hstate] ?? 0;
      const counts = Array.from({ length: nr }, (_, i) => {
        const h = k.globals.hstates + i * k.stride.hstate;
        const { nr_huge_pages, free_huge_pages, max_huge_pages } = k.hstate;
        const values = [nr_huge_pages, free_huge_pages, max_huge_pages].map((member) =>
          kernel.hstateCount(k, h, member),
        );
        return `${kernel.huge_page_size(k, h) >> 20}M: ${values.join('/')}`;
      });
      const marks = k.tape.marksBetween(0, k.tape.cursor + 1);
      const printed = marks.flatMap(({ event }) => (event.kind === 'printk' ? [event.text] : []));
      return [...counts, ...printed];
    };
    assert.deepEqual(told('hugepagesz=1G hugepages=1'), ['1024M: 1/1/1', '2M: 0/0/0']);
    assert.deepEqual(told('hugepages=1 default_hugepagesz=1G hugepagesz=2M hugepages=3'), [
      '1024M: 1/1/1',
      '2M: 3/3/3',
    ]);
    // The first GiB has the kernel in it, the last one the struct pages.
    assert.deepEqual(told('hugepagesz=1G hugepages=4'), [
      '1024M: 1/1/1',
      '2M: 0/0/0',
      'HugeTLB: allocating 4 of page size 1.00 GiB failed.  Only allocated 1 hugepages.',
    ]);
    const pages = (commandLine: string): string =>
      run('pr_info("%lu %lu", totalram_pages(), nr_free_pages());', 3, commandLine).join('');
    const [total, free] = pages('').split(' ').map(Number);
    const [hugeTotal, hugeFree] = pages('hugepagesz=1G hugepages=1').split(' ').map(Number);
    assert.equal(hugeTotal, total);
    assert.equal((free ?? 0) - (hugeFree ?? 0), 1 << 18);
  });

  it('lie where those of a recorded machine lie, with the same words', () => {
    const image = bootMachine({
      ...{ profile: loadProfile('x86_64-slub-smp'), ramBytes: 6 * 2 ** 30 },
      ...{ cmaBytes: 16 << 20, initrdBytes: 352 << 10, commandLine: 'hugepagesz=1G hugepages=2' },
    });
    const k = image.mm;
    const told = k.tape.marksBetween(0, k.tape.cursor + 1);
    // Linux 6.1.192 in QEMU: the initial RAM disk lies in the second GiB, the area of CMA in the fifth, the struct pages in the last.
    assert.deepEqual(
      told.flatMap(({ event }) => (event.kind === 'printk' ? [event.text] : [])),
      ['HugeTLB: allocating 2 of page size 1.00 GiB failed.  Only allocated 1 hugepages.'],
    );
    const words = (pfn: number): string => {
      const page = k.pfn_to_page(pfn);
      const flags = BigInt.asUintN(64, BigInt(k.read_long(page + k.page.flags)));
      const word = (member: number): string => ((k.words[page + member] ?? 0) >>> 0).toString(16);
      return [
        flags.toString(16),
        ...[k.page._refcount, k.page._mapcount, k.page.private].map(word),
      ].join(' ');
    };
    assert.equal(words(0x140000), '8000000000010000 0 ffffffff 8');
    for (const tail of [0x140001, 0x155555, 0x17ffff])
      assert.equal(words(tail), '8000000000000000 0 ffffffff 0');
    assert.notEqual(words(0x180000).split(' ')[3], '8');
  });

  it('are mapped by one entry of puds: faulted, pinned, copied, protected, moved, unmapped', () => {
    const lines = run(
      `char *p = mmap(NULL, GIB, RW, HUGE, -1, 0);
      unsigned long at = (unsigned long)p;
      expect(h->free_huge_pages == 2 && h->resv_huge_pages == 1 && at % GIB == 0);
      p[0] = 1; p[GIB - 1] = 2;
      expect(h->free_huge_pages == 1 && h->resv_huge_pages == 0 && p[GIB / 2] == 0);
      p4d_t *p4d = p4d_offset(pgd_offset(current->mm, at), at);
      pud_t *pud = pud_offset(p4d, at);
      expect(pud_huge(*pud) && pud_large(*pud) && pud_present(*pud));
      expect(atomic_long_read(&current->mm->hugetlb_usage) == 1 << 18);

      struct page *pages[3];
      expect(pin_user_pages_fast(at + 300000 * PAGE_SIZE % GIB, 3, FOLL_WRITE, pages) == 3);
      struct page *head = compound_head(pages[0]);
      expect(pages[2] == head + 300002 % 262144 && page_count(head) == 4 && page_maybe_dma_pinned(head));
      unpin_user_pages(pages, 3);
      expect(pin_user_pages(at + GIB - PAGE_SIZE, 1, FOLL_WRITE | FOLL_LONGTERM, pages, NULL) == 1 && pages[0] == head + 262143);
      unpin_user_pages(pages, 1);
      struct vm_area_struct *vma = find_vma(current->mm, at);
      expect(follow_page(vma, at + 5 * PAGE_SIZE, FOLL_GET) == head + 5);
      put_page(head + 5);

      if (fork() == 0) { expect(page_mapcount(head) == 2 && p[0] == 1); p[0] = 7; expect(h->free_huge_pages == 0); exit(0); }
      wait(NULL);
      expect(p[0] == 1 && h->free_huge_pages == 1 && page_mapcount(head) == 1);

      expect(mprotect(p, GIB, PROT_NONE) == 0 && !pud_present(*pud) && pud_huge(*pud));
      expect(mprotect(p, GIB, RW) == 0 && p[GIB - 1] == 2);
      expect(mprotect(p, GIB / 2, PROT_READ) == -1 && errno == EINVAL);
      char *to = (char *)(40 * GIB);
      expect(mremap(p, GIB, GIB, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to && to[GIB - 1] == 2 && pud_none(*pud));
      unsigned char vec[1];
      expect(mincore(to + GIB / 2, PAGE_SIZE, vec) == 0 && vec[0] == 1);
      proc("self/smaps"); proc("self/maps");
      expect(madvise(to, GIB, MADV_DONTNEED) == 0 && h->free_huge_pages == 2 && to[0] == 0);
      expect(munmap(to, GIB / 2) == -1 && errno == EINVAL && munmap(to, GIB) == 0);
      expect(h->free_huge_pages == 2 && h->resv_huge_pages == 0 && atomic_long_read(&current->mm->hugetlb_usage) == 0);`,
      6,
      'hugepagesz=1G hugepages=2',
    );
    const text = lines.join('\n');
    assert.match(text, /KernelPageSize: {2}1048576 kB\nMMUPageSize: {5}1048576 kB/);
    assert.match(text, /Private_Hugetlb: 1048576 kB/);
    assert.match(
      text,
      /^a00000000-a40000000 rw-p 00000000 00:0c \d+ +\/anon_hugepage \(deleted\)$/m,
    );
  });

  it('are files: shared, private, beside a pool of 2 MiB', () => {
    run(
      `int fd = memfd_create("f", MFD_HUGETLB | MFD_HUGE_1GB);
      expect(ftruncate(fd, GIB) == 0 && ftruncate(fd, 2 << 20) == -1 && errno == EINVAL);
      char *p = mmap(NULL, GIB, RW, MAP_SHARED, fd, 0);
      p[5] = 6;
      struct hstate *small = &hstates[default_hstate_idx];
      char *q = mmap(NULL, 2 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
      q[0] = 1;
      expect(small->order == 9 && small->free_huge_pages == 2 && h->free_huge_pages == 0);
      char buf[8];
      expect(pread(fd, buf, 8, 0) == 8 && buf[5] == 6);
      munmap(p, GIB); close(fd);
      expect(h->free_huge_pages == 1 && h->resv_huge_pages == 0 && small->resv_huge_pages == 0);`,
      3,
      'hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=3',
      'x86_64-slab',
    );
  });

  it('come from the area of hugetlb_cma= while the machine runs, and go back to it', () => {
    const lines = run(
      `struct cma *area = &cma_areas[1];
      expect(cma_area_count == 2 && !strcmp(area->name, "hugetlb0") && area->order_per_bit == 9 && area->count == 2 << 18);
      // Another area is in front of it: it begins in the middle of a GiB, and so has one whole one.
      expect(area->base_pfn == (GIB * 4 + SZ_16M) >> PAGE_SHIFT);
      #define FILE "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
      unsigned long nr_free(void) { drain_all_pages(NULL); return global_zone_page_state(NR_FREE_CMA_PAGES); }
      unsigned long before = nr_free();
      expect(h->nr_huge_pages == 0 && sysfs(FILE "=1") == 1);
      expect(before - nr_free() == 1 << 18);
      char *p = mmap(NULL, GIB, RW, HUGE, -1, 0);
      p[0] = 1;
      munmap(p, GIB);
      expect(sysfs(FILE "=0") == 0 && nr_free() == before);`,
      8,
      'hugetlb_cma=2G hugepagesz=1G hugepages=1',
    );
    assert.deepEqual(lines, ['HugeTLB: hugetlb_cma is enabled, skip boot time allocation']);
  });

  it('i386 has none', () => {
    run(
      `expect(hugetlb_max_hstate == 1 && mmap(NULL, GIB, RW, HUGE, -1, 0) == MAP_FAILED && errno == EINVAL);
      expect(memfd_create("f", MFD_HUGETLB | MFD_HUGE_1GB) == -1 && errno == ENODEV);`,
      1,
      'hugepagesz=1G hugepages=1',
      'i386-pae-slab',
    );
  });
});
