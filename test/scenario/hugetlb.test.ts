/** Huge pages of pools in scenarios: promises, faults, copies, files, errors, and what /proc and where() say of them. */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { asPfn } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { surveyorOf } from '../../src/engine/view/surveyor.js';
import { whereIs } from '../../src/engine/view/whereIs.js';
import { ScenarioVm, type StatementResult } from '../../src/scenario/index.js';
import { compile, log, runToEnd } from './machines.js';

const ALL: readonly ProfileName[] = [
  'x86_64-slub',
  'x86_64-slab',
  'x86_64-slub-smp',
  'i386-highmem4g-slub',
  'i386-pae-slab',
];

const HEAD = `struct hstate *h = &hstates[default_hstate_idx]; unsigned long size = PAGE_SIZE << h->order;
#define HUGE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB)
#define map(nr, flags) mmap(NULL, (nr) * size, PROT_READ | PROT_WRITE, flags, -1, 0)
`;

function run(
  text: string,
  profile: ProfileName,
): { readonly vm: ScenarioVm; readonly results: readonly StatementResult[] } {
  const image = bootMachine({
    ...{ profile: loadProfile(profile), ramBytes: 64 << 20, commandLine: 'hugepages=4' },
  });
  const vm = new ScenarioVm(compile(HEAD + text, profile), image, { kernel, name: 'test.mms' });
  const results = runToEnd(vm).filter(({ kind }) => kind === 'failed' || kind === 'deadlock');
  return { vm, results };
}

const holds = (text: string, profiles: readonly ProfileName[] = ['x86_64-slub']): void => {
  for (const profile of profiles) {
    const { vm, results } = run(text, profile);
    assert.deepEqual(log(vm), [], profile);
    assert.deepEqual(results, [], profile);
    assert.ok(vm.expects.held > 0);
  }
};

describe('huge pages of a pool', function () {
  it('are promised by mmap(), taken by faults, given back by munmap(), on every kernel', () =>
    holds(
      `expect(h->nr_huge_pages == 4 && size == (1UL << PMD_SHIFT));
      char *p = map(3, HUGE);
      expect(h->free_huge_pages == 4 && h->resv_huge_pages == 3 && map(2, HUGE) == MAP_FAILED && errno == ENOMEM);
      p[0] = 1; p[2 * size - 1] = 2;
      expect(h->free_huge_pages == 2 && h->resv_huge_pages == 1 && p[1] == 0);
      if (fork() == 0) { p[0] = 3; expect(h->free_huge_pages == 1); exit(0); }
      wait(NULL);
      expect(p[0] == 1 && h->free_huge_pages == 2);
      munmap(p + size, 2 * size);
      expect(h->free_huge_pages == 3 && h->resv_huge_pages == 0);
      munmap(p, size);
      expect(h->free_huge_pages == 4 && atomic_long_read(&current->mm->hugetlb_usage) == 0);`,
      ALL,
    ));

  it('are told and set by the files of each pool', () => {
    holds(
      `#define DIR "/sys/kernel/mm/hugepages/hugepages-2048kB/"
      char *p = map(3, HUGE); p[0] = 1;
      expect(sysfs(DIR "nr_hugepages") == 4 && sysfs(DIR "free_hugepages") == 3 && sysfs(DIR "resv_hugepages") == 2);
      expect(sysfs(DIR "nr_hugepages=6") == 6 && h->nr_huge_pages == 6 && sysfs(DIR "nr_hugepages = 1") == 3);
      expect(sysfs(DIR "surplus_hugepages") == 2 && sysfs(DIR "nr_overcommit_hugepages=5") == 5 && h->nr_overcommit_huge_pages == 5);
      expect(sysfs(DIR "free_hugepages=1") == -1 && errno == EACCES && sysfs(DIR "nr_hugepages=x") == -1 && errno == EINVAL);
      // There is no GiB of memory: that pool stays empty.
      expect(sysfs("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages=1") == 0);
      expect(sysfs("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_overcommit_hugepages=1") == -1 && errno == EINVAL);`,
      ['x86_64-slub'],
    );
    const { vm } = run(
      `proc("/sys/kernel/mm/hugepages/hugepages-4096kB/nr_hugepages"); sysfs("/sys/x");`,
      'i386-highmem4g-slub',
    );
    const [text, error = ''] = log(vm);
    assert.equal(text, '4');
    assert.match(
      error,
      /^cat: \/sys\/x: No such file or directory \(pools are below \/sys\/kernel\/mm\/hugepages, caches/,
    );
  });

  it('of 1 GiB are a range of frames that is taken together, and given back page by page', () => {
    const text = `#define DIR "/sys/kernel/mm/hugepages/hugepages-1048576kB/"
      unsigned long nr_free(void) { drain_all_pages(NULL); return global_zone_page_state(NR_FREE_PAGES); }
      unsigned long before = nr_free();
      expect(sysfs(DIR "nr_hugepages=2") == 2 && sysfs(DIR "free_hugepages") == 2);
      expect(before - nr_free() == 2 << 18);
      struct hstate *h = &hstates[0];
      if (h->order != 18) h = &hstates[1];
      struct page *page = list_first_entry(&h->hugepage_freelists[0], struct page, lru);
      expect(PageHead(page) && compound_order(page) == 18 && page_count(page) == 0 && page_to_pfn(page) % (1 << 18) == 0);
      expect(compound_head(page + 77777) == page && page_count(page + 77777) == 0 && PageHuge(page + 1));
      expect(sysfs(DIR "nr_hugepages=0") == 0 && nr_free() == before);
      expect(!PageHead(page) && !PageTail(page + 77777));`;
    const image = bootMachine({ profile: loadProfile('x86_64-slub'), ramBytes: 6 * 2 ** 30 });
    const vm = new ScenarioVm(compile(text, 'x86_64-slub'), image, { kernel, name: 'test.mms' });
    const bad = runToEnd(vm).filter(({ kind }) => kind === 'failed' || kind === 'deadlock');
    assert.deepEqual([log(vm), bad], [[], []]);
    assert.ok(vm.expects.held === 6);
  }).timeout(60_000);

  it('move with mremap(), and what they were promised', () =>
    holds(
      `char *p = map(3, HUGE); p[0] = 1; p[2 * size] = 3;
      expect(h->free_huge_pages == 2 && h->resv_huge_pages == 1);
      char *to = (char *)0x30000000;
      expect(mremap(p, 3 * size, 3 * size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
      expect(find_vma(current->mm, (unsigned long)p)->vm_start != (unsigned long)p && to[0] == 1 && to[2 * size] == 3);
      expect(h->free_huge_pages == 2 && h->resv_huge_pages == 1);
      to[size] = 2;
      expect(h->free_huge_pages == 1 && h->resv_huge_pages == 0);
      expect(mremap(to, 3 * size, 4 * size, MREMAP_MAYMOVE) == MAP_FAILED && errno == EINVAL);
      expect(mremap(to + PAGE_SIZE, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, p) == MAP_FAILED && errno == EINVAL);
      expect(mremap(to, 3 * size, 1, 0) == to && h->free_huge_pages == 3 && to[0] == 1);
      munmap(to, size);
      expect(h->free_huge_pages == 4 && h->resv_huge_pages == 0 && atomic_long_read(&current->mm->hugetlb_usage) == 0);`,
      ALL,
    ));

  it('of a file that is shared move with mremap()', () =>
    holds(
      `int fd = memfd_create("f", MFD_HUGETLB); ftruncate(fd, 2 * size);
      char *p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0); p[0] = 1; p[size] = 2;
      char *to = (char *)0x30000000;
      expect(mremap(p + size, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to && to[0] == 2 && p[0] == 1);
      expect(h->free_huge_pages == 2 && h->resv_huge_pages == 0);
      struct vm_area_struct *vma = find_vma(current->mm, (unsigned long)to);
      expect(((struct hugetlb_vma_lock *)vma->vm_private_data)->vma == vma);
      munmap(to, size); munmap(p, size); close(fd);
      expect(h->free_huge_pages == 4);`,
      ['x86_64-slub', 'i386-highmem4g-slub'],
    ));

  it('grow by overcommit, and shrink to what was asked for', () =>
    holds(`expect(sysctl("vm.nr_overcommit_hugepages = 2") == 2);
      char *p = map(6, HUGE);
      expect(p != MAP_FAILED && h->nr_huge_pages == 6 && h->surplus_huge_pages == 2 && map(1, HUGE) == MAP_FAILED);
      for (int i = 0; i < 6; i++) p[i * size] = i;
      expect(sysctl("vm.nr_hugepages=1") == 1 && h->surplus_huge_pages == 5);
      munmap(p, 6 * size);
      expect(h->nr_huge_pages == 1 && h->free_huge_pages == 1 && h->surplus_huge_pages == 0);
      expect(sysctl("vm.nr_hugepages=x") == -1 && errno == EINVAL && sysctl("vm.nr_hugepages") == 1);`));

  it('sysctl() knows a few names, and says which', () => {
    const { vm } = run('expect(sysctl("vm.nothing=1") == -1 && errno == 2);', 'x86_64-slub');
    assert.deepEqual(log(vm), [
      'sysctl: cannot stat /proc/sys/vm/nothing: No such file or directory (use one of vm.drop_caches, vm.nr_hugepages, vm.nr_overcommit_hugepages)',
    ]);
  });

  it('of other sizes than the pools have are refused', () =>
    holds(`expect(map(1, HUGE | MAP_HUGE_1GB) == MAP_FAILED && errno == ENOMEM);
      expect(map(1, HUGE | 14 << MAP_HUGE_SHIFT) == MAP_FAILED && errno == EINVAL);
      expect(map(1, HUGE | MAP_HUGE_2MB) != MAP_FAILED);
      expect(memfd_create("x", MFD_HUGETLB | 14 << 26) == -1 && errno == 19);`));

  it('make files: mapped by all, read, made shorter, kept while they are open', () =>
    holds(
      `int fd = memfd_create("x", MFD_HUGETLB);
      expect(ftruncate(fd, 2 * size) == 0 && ftruncate(fd, size + PAGE_SIZE) == -1 && errno == EINVAL);
      char *p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      expect(h->resv_huge_pages == 2);
      p[5] = 7; p[size + PAGE_SIZE] = 8;
      char buf[8];
      expect(read(fd, buf, 8) == 8 && buf[5] == 7 && pread(fd, buf, 1, size + PAGE_SIZE) == 1 && buf[0] == 8);
      expect(write(fd, buf, 8) == -1 && errno == EINVAL);
      char *q = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
      expect(q[5] == 7 && h->free_huge_pages == 2);
      q[5] = 9;
      expect(p[5] == 7 && h->free_huge_pages == 1);
      ftruncate(fd, size);
      expect(h->free_huge_pages == 2);
      munmap(q, size); munmap(p, 2 * size);
      expect(h->free_huge_pages == 3 && pread(fd, buf, 1, 5) == 1 && buf[0] == 7);
      close(fd);
      expect(h->free_huge_pages == 4);`,
      ['x86_64-slub-smp', 'i386-highmem4g-slub', 'i386-pae-slab'],
    ));

  it('are pinned as one: the count is in the first tail', () =>
    holds(`char *p = map(1, HUGE); struct page *pages[3];
      expect(pin_user_pages((unsigned long)p + 5 * PAGE_SIZE, 3, FOLL_WRITE, pages, NULL) == 3);
      struct page *head = compound_head(pages[0]);
      expect(pages[0] == head + 5 && page_count(head) == 4 && page_maybe_dma_pinned(pages[2]));
      if (fork() == 0) { expect(page_mapcount(head) == 1); exit(0); }
      wait(NULL);
      unpin_user_pages(pages, 3);
      expect(page_count(head) == 1 && !page_maybe_dma_pinned(head));`));

  it('end a process with SIGBUS where the pool has none, and say why', () => {
    const why = (text: string): string[] =>
      run(text, 'x86_64-slub').results.map((result) =>
        result.kind === 'failed' ? `${result.text.split(' at ')[0]}: ${result.rule}` : result.kind,
      );
    assert.deepEqual(why('map(4, HUGE); char *p = map(1, HUGE | MAP_NORESERVE); p[0] = 1;'), [
      'SIGBUS (BUS_ADRERR): the pool has no huge page that is not promised to others, and may not grow',
    ]);
    assert.deepEqual(
      why(`char *p = map(4, HUGE); for (int i = 0; i < 4; i++) p[i * size] = 1;
        if (fork() == 0) { char c = p[0]; exit(0); }
        p[0] = 3; wait(NULL);`),
      [
        'SIGBUS (BUS_ADRERR): its huge page was taken for the process that made the map: the pool had none for both',
      ],
    );
  });

  it('are counted in files of /proc, and known to where()', () => {
    const { vm } = run(
      `char *p = map(2, HUGE); p[0] = 1; p[size] = 2;
      if (fork() == 0) { schedule(); exit(0); }
      proc("meminfo"); proc("self/smaps"); proc("self/status"); proc("self/maps");
      struct page *page; get_user_pages((unsigned long)p, 1, 0, &page, NULL); put_page(page);
      pr_info("PFN %lu", page_to_pfn(page));`,
      'x86_64-slub',
    );
    const lines = log(vm);
    const line = (start: string): string =>
      lines
        .filter((each) => each.startsWith(start))
        .map((each) => each.replaceAll(/\s+/g, ' '))
        .join('|');
    assert.equal(
      line('HugePages_'),
      'HugePages_Total: 4|HugePages_Free: 2|HugePages_Rsvd: 0|HugePages_Surp: 0',
    );
    assert.equal(line('Hugepagesize'), 'Hugepagesize: 2048 kB');
    assert.equal(line('Hugetlb:'), 'Hugetlb: 8192 kB');
    assert.match(line('Shared_Hugetlb'), /^Shared_Hugetlb: 4096 kB\|/);
    assert.equal(line('HugetlbPages'), 'HugetlbPages: 4096 kB');
    assert.ok(lines.some((each) => each.endsWith('/anon_hugepage (deleted)')));
    const pfn = Number(/PFN (\d+)/.exec(lines.at(-1) ?? '')?.[1]);
    const factOf = (at: number): string | undefined =>
      whereIs(surveyorOf(vm.image), asPfn(at)).facts.find(({ name }) => name === 'hugetlb page')
        ?.value;
    assert.equal(factOf(pfn), 'of the pool of 2048 kB pages, free, HPG_freed; the head');
    assert.equal(
      factOf(pfn + 3),
      `of the pool of 2048 kB pages, free, HPG_freed; tail 3 of the page at pfn 0x${pfn.toString(16)}`,
    );
  });
});
