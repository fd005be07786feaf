/** Memory of a process: areas, faults, files, huge pages, and how maps name them; on all bundled kernels where they differ. */
import assert from 'node:assert/strict';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { log, machine, runToEnd } from './machines.js';
import { ALL, BUFFER, holds } from './processMachines.js';

describe('memory of a process', function () {
  it('comes when it is touched, and goes with its area', () =>
    holds(
      `${BUFFER} expect(buf != MAP_FAILED && get_mm_rss(current->mm) == 1);
       expect(buf[PAGE_SIZE] == 0 && get_mm_rss(current->mm) == 1);
       buf[0] = 1; *(int *)(buf + 2 * PAGE_SIZE - 2) = 0x01020304; expect(get_mm_rss(current->mm) == 4);
       expect(buf[0] == 1 && buf[2 * PAGE_SIZE] == 2 && buf[2 * PAGE_SIZE - 1] == 3);
       memset(buf, 5, 3 * PAGE_SIZE); expect(buf[3 * PAGE_SIZE - 1] == 5 && buf[3 * PAGE_SIZE] == 0);
       expect(munmap(buf, 4 * PAGE_SIZE) == 0 && get_mm_rss(current->mm) == 1 && find_vma(current->mm, (unsigned long)buf)->vm_start != (unsigned long)buf);
       expect(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
       expect(mmap(NULL, 10, PROT_READ, MAP_PRIVATE, 77, 0) == MAP_FAILED && errno == EBADF);
       char *heap = sbrk(3 * PAGE_SIZE); heap[PAGE_SIZE] = 1; expect(sbrk(0) == heap + 3 * PAGE_SIZE && brk(heap) == 0 && get_mm_rss(current->mm) == 1);`,
      // On SMP a task counts its pages for a while by itself.
      ALL.filter((profile) => profile !== 'x86_64-slub-smp'),
    ));

  it('moves with its area, and is told of', () =>
    holds(
      `${BUFFER} unsigned char there[4]; buf[0] = 1; buf[2 * PAGE_SIZE] = 2;
       expect(mincore(buf, 4 * PAGE_SIZE, there) == 0 && there[0] == 1 && there[1] == 0 && there[2] == 1);
       char *wall = mmap(buf + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
       char *moved = mremap(buf, 4 * PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE);
       expect(moved != MAP_FAILED && moved != buf && moved[0] == 1 && moved[2 * PAGE_SIZE] == 2 && get_mm_rss(current->mm) == 3);
       expect(mincore(buf + 1, PAGE_SIZE, there) == -1 && errno == EINVAL);`,
    ));

  it('comes at once where madvise() says so, or is an error', () =>
    holds(
      `${BUFFER} unsigned char there[4];
       expect(madvise(buf, 2 * PAGE_SIZE, MADV_POPULATE_READ) == 0 && mincore(buf, 4 * PAGE_SIZE, there) == 0);
       expect(there[0] == 1 && there[1] == 1 && there[2] == 0);
       expect(madvise(buf + PAGE_SIZE, 2 * PAGE_SIZE, MADV_POPULATE_WRITE) == 0);
       long faults = current->maj_flt + current->min_flt;
       buf[PAGE_SIZE] = 1; buf[2 * PAGE_SIZE] = 2;
       expect(current->maj_flt + current->min_flt == faults);
       mprotect(buf, PAGE_SIZE, PROT_READ);
       expect(madvise(buf, PAGE_SIZE, MADV_POPULATE_WRITE) == -1 && errno == EINVAL);
       munmap(buf + PAGE_SIZE, PAGE_SIZE);
       expect(madvise(buf, 4 * PAGE_SIZE, MADV_POPULATE_READ) == -1 && errno == ENOMEM);
       expect(mincore(buf + 3 * PAGE_SIZE, PAGE_SIZE, there) == 0 && there[0] == 1);
       int fd = memfd_create("short", 0); ftruncate(fd, PAGE_SIZE);
       char *file = mmap(NULL, 2 * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
       expect(madvise(file, PAGE_SIZE, MADV_POPULATE_READ) == 0);
       expect(madvise(file, 2 * PAGE_SIZE, MADV_POPULATE_READ) == -1 && errno == EFAULT);`,
    ));

  it('of a file leaves it through a hole, for all who map it', () =>
    holds(
      `int fd = memfd_create("holes", 0); ftruncate(fd, 4 * PAGE_SIZE);
       char *a = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
       char *b = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE_SIZE);
       for (int i = 0; i < 4; i++) a[i * PAGE_SIZE] = i + 1;
       expect(b[0] == 2 && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE_SIZE, PAGE_SIZE) == 0);
       expect(b[0] == 0 && b[PAGE_SIZE] == 3 && a[0] == 1);
       expect(madvise(a + 3 * PAGE_SIZE, PAGE_SIZE, MADV_REMOVE) == 0 && a[3 * PAGE_SIZE] == 0);
       expect(fallocate(fd, 0, 0, PAGE_SIZE) == -1 && errno == EOPNOTSUPP && fallocate(fd, 3, -1, 1) == -1 && errno == EINVAL);
       char *mine = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
       expect(madvise(mine, PAGE_SIZE, MADV_REMOVE) == -1 && errno == EACCES);`,
    ));

  it('is paged out as far as that goes without swap', () =>
    holds(
      `long anon(void) { return get_mm_counter(current->mm, MM_ANONPAGES); }
       long shmem(void) { return get_mm_counter(current->mm, MM_SHMEMPAGES); }
       long before = anon();
       ${BUFFER} for (int i = 0; i < 4; i++) buf[i * PAGE_SIZE] = i + 1;
       struct page *pages[4];
       get_user_pages((unsigned long)buf, 4, FOLL_WRITE, pages, NULL);
       for (int i = 0; i < 4; i++) put_page(pages[i]);
       expect(madvise(buf, 4 * PAGE_SIZE, MADV_COLD) == 0 && !PageActive(pages[1]) && !PageReferenced(pages[1]));
       // Anonymous pages cannot go: they come back to the active list.
       expect(madvise(buf, 4 * PAGE_SIZE, MADV_PAGEOUT) == 0 && anon() == before + 4);
       lru_add_drain();
       expect(PageActive(pages[1]) && PageLRU(pages[1]) && !PageReferenced(pages[1]) && page_count(pages[1]) == 1);
       expect(madvise(buf, 4 * PAGE_SIZE, MADV_WILLNEED) == 0);
       // Those that were given up go, but for the one that was written to since.
       expect(madvise(buf, 3 * PAGE_SIZE, MADV_FREE) == 0);
       buf[0] = 9;
       expect(madvise(buf, 4 * PAGE_SIZE, MADV_PAGEOUT) == 0 && anon() == before + 2);
       expect(buf[0] == 9 && buf[PAGE_SIZE] == 0 && buf[3 * PAGE_SIZE] == 4);
       int fd = memfd_create("f", 0); ftruncate(fd, 4 * PAGE_SIZE);
       char *s = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
       s[0] = 1; s[PAGE_SIZE] = 2; int sum = s[2 * PAGE_SIZE] + s[3 * PAGE_SIZE];
       struct address_space *mapping = fget(fd)->f_mapping;
       expect(shmem() == 4 && mapping->nrpages == 4);
       // Those of a file are unmapped; a clean one, a hole, is freed.
       expect(madvise(s, 4 * PAGE_SIZE, MADV_PAGEOUT) == 0 && shmem() == 0 && mapping->nrpages == 2);
       expect(madvise(s, 4 * PAGE_SIZE, MADV_WILLNEED) == 0 && mapping->nrpages == 2);
       expect(s[0] == 1 && s[PAGE_SIZE] == 2 && s[2 * PAGE_SIZE] == 0 && shmem() == 3 && mapping->nrpages == 3);
       mlock(buf, PAGE_SIZE);
       expect(madvise(buf, PAGE_SIZE, MADV_PAGEOUT) == -1 && errno == EINVAL && madvise(buf, PAGE_SIZE, MADV_DONTNEED) == -1);
       expect(madvise(buf, PAGE_SIZE, MADV_DONTNEED_LOCKED) == 0 && madvise(buf, PAGE_SIZE, MADV_RANDOM) == 0);
       expect((find_vma(current->mm, (unsigned long)buf)->vm_flags & 0x18000) == 0x10000);
       expect(madvise(buf, PAGE_SIZE, MADV_NORMAL) == 0 && (find_vma(current->mm, (unsigned long)buf)->vm_flags & 0x18000) == 0);`,
      ALL.filter((profile) => profile !== 'x86_64-slub-smp'),
    ));

  it('of a pool is in memory where an entry has it', () =>
    holds(
      `sysctl("vm.nr_hugepages=2"); unsigned char there[2]; long size = 1UL << PMD_SHIFT;
       char *huge = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
       expect(huge != MAP_FAILED); huge[size] = 1;
       expect(mincore(huge + size - PAGE_SIZE, 2 * PAGE_SIZE, there) == 0 && there[0] == 0 && there[1] == 1);
       expect(mincore(huge + 2 * size - PAGE_SIZE, PAGE_SIZE, there) == 0 && there[0] == 1);`,
    ));

  it('has a stack that grows, and a gap below it', () =>
    holds(
      `struct vm_area_struct *stack = find_vma(current->mm, current->mm->start_stack);
       unsigned long before = stack->vm_start;
       *(char *)(before - 10 * PAGE_SIZE) = 1;
       expect(stack->vm_start == before - 10 * PAGE_SIZE && current->mm->stack_vm == 43);`,
    ));

  it('ends a process that uses it as it must not', () => {
    const cases: readonly (readonly [text: string, died: RegExp, logged: RegExp])[] = [
      [
        `${BUFFER} *(char *)16 = 1;`,
        /^SIGSEGV \(SEGV_MAPERR\) at 0x0*10$/,
        /^init\[1\]: segfault at 10 ip \S+ sp \S+ error 6$/,
      ],
      [
        `${BUFFER} mprotect(buf, PAGE_SIZE, PROT_READ); (void)buf[0]; buf[0] = 1;`,
        /^SIGSEGV \(SEGV_ACCERR\)/,
        /error 7$/,
      ],
      [
        `${BUFFER} munmap(buf, PAGE_SIZE); return_it(buf); int return_it(char *p) { return *p; }`,
        /MAPERR/,
        /error 4$/,
      ],
      // The next area is the stack then, which does not grow by 128 MiB.
      [`${BUFFER} buf[0] = 1; munmap(buf, 4 * PAGE_SIZE); buf[0] = 2;`, /MAPERR/, /error 6$/],
      [
        'unsigned long end = find_vma(current->mm, current->mm->start_stack)->vm_end; *(char *)(end - SZ_8M) = 1; *(char *)(end - SZ_8M - 1) = 1;',
        /MAPERR/,
        /error 6$/,
      ],
      [
        'int fd = memfd_create("f", 0); char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0); pr_info("mapped"); pr_info("%d", *p);',
        /^SIGBUS \(BUS_ADRERR\)/,
        /^mapped$/,
      ],
    ];
    for (const profile of ['x86_64-slub', 'i386-highmem4g-slub'] as const)
      for (const [text, died, logged] of cases) {
        const vm = machine(text, profile);
        const [result] = runToEnd(vm);
        assert.ok(result?.kind === 'failed', text);
        assert.match(result.text, died);
        assert.match(log(vm)[0] ?? '', logged);
        const signals = vm.tape
          .marksBetween(0, vm.tape.cursor + 1)
          .filter(({ event }) => event.kind === 'signal');
        assert.equal(signals.length, 1);
      }
  });

  it('is not the kernel to follow pointers into', () => {
    const vm = machine(`${BUFFER} buf[0] = 1; page_count((struct page *)buf);`);
    const [result] = runToEnd(vm);
    assert.ok(result?.kind === 'failed');
    assert.match(result.text, /^BUG: .* is not a struct page$/);
  });

  it('is copied to and from, as far as it goes', () =>
    holds(
      `${BUFFER} char text[16] = "hello", back[16]; int v = 0;
       expect(copy_to_user(buf + PAGE_SIZE - 3, text, 6) == 0 && buf[PAGE_SIZE] == 'l');
       expect(copy_from_user(back, buf + PAGE_SIZE - 3, 6) == 0 && strcmp(back, "hello") == 0);
       expect(copy_to_user(buf + 4 * PAGE_SIZE - 2, text, 6) == 4);
       expect(copy_from_user(back, buf + 4 * PAGE_SIZE - 2, 6) == 4 && back[1] == 'e' && back[2] == 0);
       expect(copy_to_user((void *)PAGE_OFFSET, text, 6) == 6);
       expect(put_user(7, (int *)buf) == 0 && get_user(v, (int *)buf) == 0 && v == 7);
       expect(get_user(v, (int *)NULL) == -EFAULT && v == 0);
       expect(strncpy_from_user(back, buf + PAGE_SIZE - 3, 16) == 5 && strnlen_user(buf + PAGE_SIZE - 3, 16) == 6);
       expect(clear_user(buf, 8) == 0 && buf[0] == 0 && access_ok(buf, 8) && !access_ok((void *)PAGE_OFFSET, 8));`,
    ));

  it('of a file is its page cache', () =>
    holds(
      `int fd = open("/f", O_RDWR | O_CREAT); expect(fd == 3 && write(fd, "abcdef", 6) == 6 && ftruncate(fd, 3 * PAGE_SIZE) == 0);
       char *a = mmap(NULL, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *b = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
       a[0] = 'x'; expect(b[0] == 'x'); b[1] = 'y'; expect(a[1] == 'b' && b[1] == 'y'); a[2 * PAGE_SIZE] = 1;
       char back[8]; expect(lseek(fd, 0, SEEK_SET) == 0 && read(fd, back, 3) == 3 && back[0] == 'x' && back[2] == 'c');
       expect(ftruncate(fd, PAGE_SIZE) == 0 && get_mm_counter(current->mm, MM_SHMEMPAGES) == 1);
       expect(close(fd) == 0 && close(fd) == -1 && errno == EBADF && a[0] == 'x');
       expect(open("/none", 0) == -1 && errno == ENOENT && unlink("/f") == 0 && open("/f", 0) == -1);`,
    ));
});

describe('maps of a process', function () {
  const AREA = 'PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED';
  const namesOf = (text: string, profile: ProfileName): string[] => {
    const vm = machine(`${text} proc("self/maps");`, profile);
    assert.deepEqual(
      runToEnd(vm).filter(({ kind }) => kind === 'failed'),
      [],
    );
    const areas = log(vm).filter((line) => line.includes('rw-s'));
    return areas.map(
      (line) => /rw-s [0-9a-f]{8} (.*)$/.exec(line)?.[1]?.replace(/ {2,}/, ' ') ?? line,
    );
  };

  // Devices and numbers go on where those of the recorded machines end.
  it('have the names that memfd_create() gave, and those of shared memory', () => {
    const long = 'a name that is longer than what fits into the dentry itself';
    for (const profile of ['x86_64-slub-smp', 'i386-highmem4g-slub'] as const)
      assert.deepEqual(
        namesOf(
          `int fds[2] = { memfd_create("name", 0), memfd_create("${long}", 0) };
           for (int i = 0; i < 2; i++) { ftruncate(fds[i], PAGE_SIZE); mmap(NULL, ${AREA}, fds[i], 0); }
           mmap(NULL, ${AREA} | MAP_ANONYMOUS, -1, 0);`,
          profile,
        ).sort(),
        [
          '00:01 2 /memfd:name (deleted)',
          `00:01 3 /memfd:${long} (deleted)`,
          '00:01 4 /dev/zero (deleted)',
        ],
      );
  });

  it('have paths, until the file has none', () => {
    const text = `int fd = open("/tmp/dir/file", O_CREAT | O_RDWR, 0600);
      ftruncate(fd, PAGE_SIZE); mmap(NULL, ${AREA}, fd, 0); close(fd);`;
    assert.deepEqual(namesOf(text, 'x86_64-slub'), ['00:02 9 /tmp/dir/file']);
    assert.deepEqual(namesOf(`${text} unlink("/tmp/dir/file");`, 'i386-pae-slab'), [
      '00:02 9 /tmp/dir/file (deleted)',
    ]);
  });

  it('have the names of huge files', () =>
    assert.deepEqual(
      namesOf(
        `sysctl("vm.nr_hugepages=2"); int fd = memfd_create("huge", MFD_HUGETLB);
         ftruncate(fd, 2 << 20); mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);`,
        'x86_64-slub',
      ),
      ['00:0b 1933 /memfd:huge (deleted)'],
    ));

  it('give every name back', () =>
    holds(
      `for (int i = 0; i < 40; i++) {
         int fd = open("/tmp/a file with a name that does not fit into its dentry", O_CREAT | O_RDWR, 0600);
         unlink("/tmp/a file with a name that does not fit into its dentry"); close(fd);
       }
       rcu_barrier(); expect(open("/tmp/a file with a name that does not fit into its dentry", O_RDWR) == -1);`,
    ));
});
