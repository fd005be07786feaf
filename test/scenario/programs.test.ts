/** Programs as people have them: what they call of the C library, and the files of the kernel that they open. */
import assert from 'node:assert/strict';
import { log, machine, runToEnd, says } from './machines.js';

describe('programs', () => {
  it('print by parts, in the formats of the C library', () =>
    says(
      `int a[2];
for (int i = 0; i < 3; i++) printf("%d ", i);
puts("end");
printf("%p %p %#x %-4d|%5s|%c %jd %zu%%\\n", (void *)0x1000, NULL, 255, 7, "ab", 'x', -1LL, sizeof(a));
fprintf(stderr, "to %s\\n", "stderr"); fputs("fputs\\n", stdout); putchar('c'); putchar('\\n');
expect(open("/none", O_RDONLY) == -1 && errno == ENOENT);
perror("open");
printf("%s, %s\\n", strerror(ENOMEM), strerror(4000));
write(1, "written\\n", 8); char *large = calloc(1, 300000); int null = open("/dev/null", O_RDWR); expect(write(null, large, 300000) == 300000);
expect(read(0, a, 4) == 0);`,
      [
        '0 ',
        '1 ',
        '2 ',
        'end',
        '0x1000 (nil) 0xff 7   |   ab|x -1 8%',
        'to stderr',
        'fputs',
        'c',
        '',
        'open: No such file or directory',
        'Cannot allocate memory, Unknown error 4000',
        'written',
      ],
    ));

  it('ask the system, read numbers, and sort', () =>
    says(
      `static int less(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int v[5] = { 5, 3, 1, 4, 2 }; char *end;
qsort(v, 5, sizeof(v[0]), less);
expect(v[0] == 1 && v[1] == 2 && v[2] == 3 && v[3] == 4 && v[4] == 5);
expect(atoi(" 42x") == 42 && atoi("-7") == -7 && atol("+9") == 9 && strtol("0x1fz", &end, 0) == 31 && *end == 'z' && strtoul("777", NULL, 8) == 511);
expect(sysconf(_SC_PAGESIZE) == 4096 && getpagesize() == 4096 && sysconf(_SC_NPROCESSORS_ONLN) == num_online_cpus());
expect(sysconf(_SC_PHYS_PAGES) == totalram_pages() && sysconf(_SC_AVPHYS_PAGES) == nr_free_pages());
expect(sysconf(12345) == -1 && errno == EINVAL);
unsigned long before = jiffies;
expect(!usleep(20000) && jiffies - before >= msecs_to_jiffies(20) && sleep(1) == 0 && jiffies - before >= HZ);`,
      [],
    ));

  it('end with SIGABRT where something does not hold: the reason and the call chain are told', () => {
    const text = `static void check(int *p) { assert(p != NULL); printf("not reached\\n"); }
int main(void) { int status; if (fork() == 0) { check(NULL); } wait(&status); pr_info("%d %d\\n", WIFSIGNALED(status), WTERMSIG(status)); abort(); }`;
    const vm = machine(text, 'x86_64-slub');
    const died = runToEnd(vm).flatMap((result) =>
      result.kind === 'failed' ? [[result.text, result.rule]] : [],
    );
    assert.deepEqual(log(vm), ["scenario:1: check: Assertion `p != NULL' failed.", '1 6']);
    assert.deepEqual(died, [
      ['SIGABRT (SI_TKILL)', 'assert(p != NULL) failed'],
      ['SIGABRT (SI_TKILL)', 'the program called abort()'],
    ]);
  });
});

describe('malloc()', () => {
  // What gcc and glibc 2.36 print, with -m64 and -m32.
  const [here, there] = ['sizeof(long) == 8', 'sizeof(long) == 4'];

  it('lays the heap out as glibc does', () =>
    says(
      `char *a = malloc(10), *h = sbrk(0), *b = malloc(24), *c = malloc(25), *d = malloc(100), *e = malloc(140000);
unsigned long at = (unsigned long)a & 0xfff;
expect((${here} && at == 0x2a0 && b - a == 32 && c - a == 64 && d - a == 112 && h - a == 134496 && malloc_usable_size(c) == 40)
  || (${there} && at == 0x1a0 && b - a == 16 && c - a == 48 && d - a == 80 && h - a == 138848 && malloc_usable_size(c) == 28));
expect(((unsigned long)e & 0xfff) == 16 && malloc_usable_size(e) == 143344);
free(b); free(c);
expect(malloc(26) == c && malloc(24) == b);
free(e);
expect(!find_vma(current->mm, (unsigned long)e) || find_vma(current->mm, (unsigned long)e)->vm_start > (unsigned long)e);`,
      [],
    ));

  it('keeps what it has given apart, grows the heap and makes it shorter, at any sequence of calls', () =>
    says(
      `static unsigned long seed = 7;
static unsigned int next(unsigned int n) { seed = seed * 1103515245 + 12345; return (unsigned int)(seed >> 8) % n; }
static char *held[24]; static unsigned int size[24];
static void check(int i) { for (unsigned int j = 0; j < size[i]; j += 1777) expect(held[i][j] == (char)(i + j)); }
char *end = sbrk(0);
for (int r = 0; r < 120; r++) {
	int i = next(24);
	if (!held[i]) {
		size[i] = next(4) ? next(600) : next(20000);
		held[i] = next(5) ? malloc(size[i]) : aligned_alloc(256, size[i]);
		expect(held[i] && !((unsigned long)held[i] & 15));
	} else {
		check(i);
		if (next(3)) { free(held[i]); held[i] = NULL; continue; }
		unsigned int old = size[i];
		size[i] = next(50000) + 1;
		char *moved = realloc(held[i], size[i]);
		for (unsigned int j = 0; j < min(old, size[i]); j += 1777) expect(moved[j] == (char)(i + j));
		held[i] = moved;
	}
	for (unsigned int j = 0; j < size[i]; j += 1777) held[i][j] = i + j;
}
for (int i = 0; i < 24; i++) if (held[i]) { check(i); free(held[i]); }
char *large = malloc(120000);
expect((char *)sbrk(0) > end);
char *zero = calloc(1000, 7); for (int i = 0; i < 7000; i += 50) if (zero[i]) expect(!"not zero");
expect(malloc(-1) == NULL && errno == ENOMEM);
void *p; expect(posix_memalign(&p, 24, 10) == EINVAL && posix_memalign(&p, 4096, 10) == 0 && !((unsigned long)p & 4095));
char *text = strdup("copied"); expect(!strcmp(text, "copied"));
char *big = malloc(1 << 20); big[1 << 19] = 3; big = realloc(big, 3 << 20); expect(big[1 << 19] == 3 && big[(3 << 20) - 1] == 0); free(big);`,
      [],
    ));

  it('makes its heap where the break is, and goes on behind what others take of it', () =>
    says(
      `char *others = sbrk(5000); memset(others, 7, 5000);
char *a = malloc(100), *end = sbrk(0);
expect(a >= others + 5000 && a < others + 5000 + 4096 && !((unsigned long)a & 15) && !((unsigned long)end & 4095));
memset(a, 1, 100);
char *more = sbrk(4096); memset(more, 8, 4096);
expect(more == end);
char *b = malloc(100), *c = malloc(120000), *d = malloc(100000);
expect(b < more && c < more && d > more);
memset(b, 2, 100); memset(c, 3, 120000); memset(d, 4, 100000);
for (int i = 0; i < 5000; i += 10) if (others[i] != 7) expect(!"of others, in front");
for (int i = 0; i < 4096; i += 10) if (more[i] != 8) expect(!"of others, between");
expect(a[99] == 1 && b[99] == 2 && c[119999] == 3);
free(c); free(d); free(b); free(a);
char *e = malloc(4000);
expect(e > b && e < more);
pid_t child = fork();
if (child == 0) { char *mine = malloc(100); expect(mine == a); free(mine); exit(0); }
int status; wait(&status); expect(status == 0 && malloc(100) == a);`,
      [],
    ));

  it('ends the program where a pointer is freed twice, or is not one of its own', () => {
    for (const [calls, said] of [
      ['free(p); free(p);', 'free(): double free detected in tcache 2'],
      ['free(p + 1);', 'free(): invalid pointer'],
      ['free(p + 16);', 'free(): invalid size'],
    ] as const) {
      const vm = machine(`char *p = malloc(100); memset(p, 0, 100); ${calls}`, 'x86_64-slub');
      const died = runToEnd(vm).filter(({ kind }) => kind === 'failed');
      assert.deepEqual(log(vm), [said]);
      assert.equal(died.length, 1);
    }
  });
});

describe('files that the kernel shows', () => {
  it('are read in parts: counters, maps, and the words of pagemap', () =>
    says(
      `char text[300]; u64 entry[4]; int fd, n;
char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
buf[0] = 1; buf[2 * PAGE_SIZE] = 2;
fd = open("/proc/self/pagemap", O_RDONLY);
expect(pread(fd, entry, sizeof(entry), (unsigned long)buf / PAGE_SIZE * 8) == 32);
for (int i = 0; i < 4; i++) {
	struct page *page;
	expect(((entry[i] >> 63) == 1) == (i == 0 || i == 2));
	if (i % 2) continue;
	expect(get_user_pages((unsigned long)buf + i * PAGE_SIZE, 1, 0, &page, NULL) == 1);
	expect(page_to_pfn(page) == (entry[i] & ((1ULL << 55) - 1)) && (entry[i] >> 56 & 1));
	put_page(page);
}
expect(lseek(fd, ((unsigned long)buf / PAGE_SIZE + 2) * 8, SEEK_SET) > 0 && read(fd, text, 8) == 8 && *(u64 *)text == entry[2]);
expect(read(fd, text, 8) == 8 && *(u64 *)text == entry[3]);
expect(!close(fd));
fd = open("/proc/meminfo", O_RDONLY);
int total = 0; while ((n = read(fd, text, 100)) > 0) { if (!total) expect(!strncmp(text, "MemTotal:", 9)); total += n; }
expect(total > 1000 && write(fd, "1", 1) == -1 && errno == EBADF && !close(fd));
expect(open("/proc/999/maps", O_RDONLY) == -1 && errno == ENOENT && open("/proc/none", O_RDONLY) == -1 && errno == ENOENT);
fd = open("/proc/1/status", O_RDONLY); n = read(fd, text, 10); printf("%.*s", n, text); close(fd);`,
      ['Name:\tinit'],
    ));

  it('are written, where they set something', () =>
    says(
      `char text[20]; int n, fd = open("/proc/sys/vm/nr_hugepages", O_RDWR);
expect(fd >= 0 && write(fd, "3\\n", 2) == 2 && sysctl("vm.nr_hugepages") == 3);
expect(pread(fd, text, 20, 0) == 2 && text[0] == '3' && write(fd, "x", 1) == -1 && errno == EINVAL && !close(fd));
expect(open("/proc/sys/vm/none", O_RDWR) == -1 && errno == ENOENT);`,
      [],
    ));

  it('of memory that there is none: /dev/zero is read and mapped, /dev/null takes all', () =>
    says(
      `char text[8]; memset(text, 7, 8);
int fd = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR);
expect(read(fd, text, 8) == 8 && !text[0] && !text[7] && write(null, text, 8) == 8 && read(null, text, 8) == 0);
char *own = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0), *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
own[0] = 1; shared[0] = 2;
if (fork() == 0) { own[0] = 3; shared[0] = 4; exit(0); }
wait(NULL);
expect(own[0] == 1 && shared[0] == 4 && !close(fd) && !close(null));
expect(find_vma(current->mm, (unsigned long)own)->vm_file->f_path.dentry->d_name.name[0] == 'z');
expect(!munmap(own, 8192) && !munmap(shared, 8192));`,
      [],
    ));
});

describe('streams', () => {
  it('are read by lines, by formats and as arrays, and written', () =>
    says(
      `char line[64], w[20]; int k, n = 0; unsigned long free_kb;
FILE *f = fopen("/proc/meminfo", "r");
while (fgets(line, sizeof(line), f)) { n++; if (sscanf(line, "MemFree: %lu kB", &free_kb) == 1) expect(n == 2 && free_kb > 1000); }
expect(n > 20 && feof(f) && !fclose(f));
expect(!fopen("/nothing", "r") && errno == ENOENT);
errno = 0; expect(errno == 0);
f = fopen("/tmp/x", "w+");
expect(fprintf(f, "%d apples\\nand %s\\n", 3, "pears") == 19 && ftell(f) == 19);
rewind(f);
expect(fscanf(f, "%d %19s", &k, w) == 2 && k == 3 && !strcmp(w, "apples") && ftell(f) == 8);
char *text = NULL; size_t room = 0;
expect(getline(&text, &room, f) == 1 && getline(&text, &room, f) == 10 && !strcmp(text, "and pears\\n") && room == 120);
expect(getline(&text, &room, f) == -1 && fgetc(f) == -1);
free(text);
int numbers[3] = { 1, 2, 3 }, read_back[3];
expect(!fseek(f, 0, SEEK_SET) && fwrite(numbers, sizeof(int), 3, f) == 3);
rewind(f);
expect(fread(read_back, sizeof(int), 3, f) == 3 && read_back[2] == 3 && fgetc(f) == ' ');
expect(!fclose(f) && fclose(f) == -1 && errno == EBADF);
warn("cannot open %s", "x"); warnx("%d", 5);
if (fork() == 0) errx(4, "bye");
int status; wait(&status); expect(WEXITSTATUS(status) == 4);`,
      ['cannot open x: Bad file descriptor', '5', 'bye'],
    ));

  it('main() has its name as the only argument', () =>
    says(
      'int main(int argc, char *argv[], char **envp) { expect(argc == 1 && argv[0] && !argv[1] && !envp[0]); return 0; }',
      [],
    ));
});

describe('mlockall(), mlock2() and msync()', () => {
  it('lock what is there, what comes, or both; and tell what is not mapped', () =>
    says(
      `unsigned char there[2];
char *a = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
expect(mlockall(0) == -1 && errno == EINVAL && mlockall(MCL_ONFAULT) == -1);
expect(!mlockall(MCL_CURRENT) && !mincore(a, 2 * PAGE_SIZE, there) && there[0] && there[1]);
expect(find_vma(current->mm, (unsigned long)a)->vm_flags & VM_LOCKED);
char *b = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
expect(!(find_vma(current->mm, (unsigned long)b)->vm_flags & VM_LOCKED) && !munlockall() && current->mm->locked_vm == 0);
expect(!mlockall(MCL_FUTURE | MCL_ONFAULT));
char *c = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
expect(!mincore(c, PAGE_SIZE, there) && !there[0] && current->mm->locked_vm == 1 && current->mm->def_flags);
c[0] = 1; lru_add_drain();
struct page *page; expect(get_user_pages((unsigned long)c, 1, 0, &page, NULL) == 1 && PageMlocked(page)); put_page(page);
expect(!munlockall() && !current->mm->def_flags && !PageMlocked(page));
expect(!mlock2(a, PAGE_SIZE, MLOCK_ONFAULT) && current->mm->locked_vm == 1 && mlock2(a, PAGE_SIZE, 8) == -1 && errno == EINVAL);
expect(!msync(b, PAGE_SIZE, MS_SYNC) && msync(a, PAGE_SIZE, MS_INVALIDATE) == -1 && errno == EBUSY);
expect(msync(a + 1, 1, MS_SYNC) == -1 && errno == EINVAL && !munmap(b, PAGE_SIZE) && msync(b, PAGE_SIZE, MS_ASYNC) == -1 && errno == ENOMEM);`,
      [],
    ));
});

describe('parts of a line', () => {
  it('that fwrite() and write() print are joined, whoever prints the rest', () => {
    for (const call of ['fwrite("par", 1, 3, stdout)', 'write(1, "par", 3)']) {
      const vm = machine(`${call}; write(1, "t\\n", 2);`, 'x86_64-slub');
      runToEnd(vm);
      const { tape } = vm.image;
      const parts = tape.marksBetween(tape.start, tape.end);
      assert.deepEqual(
        parts.flatMap(({ event }) => (event.kind === 'printk' ? [event.open === true] : [])),
        [true, false],
      );
    }
  });
});

describe('the end of a program', () => {
  const failures = (text: string): readonly string[] => {
    const vm = machine(text, 'x86_64-slub');
    runToEnd(vm);
    return log(vm).filter((line) => line.startsWith('FAILED'));
  };

  it('is a failure where exit() says so, as where main() returns it; a child is its parent’s', () => {
    assert.deepEqual(failures('int main(void) { return 3; }'), ['FAILED main() returned 3']);
    assert.deepEqual(failures('int main(void) { exit(3); }'), [
      'FAILED the program ended with exit(3)',
    ]);
    assert.deepEqual(failures('static void f(void) { _exit(1); } int main(void) { f(); }'), [
      'FAILED the program ended with exit(1)',
    ]);
    assert.deepEqual(
      failures('int main(void) { int s; if (fork() == 0) exit(3); wait(&s); exit(0); }'),
      [],
    );
    assert.deepEqual(failures('exit(3);'), []);
  });
});

describe('clocks and aligned memory of programs', () => {
  it('the clock goes on while all tasks wait; memalign() gives what was asked for', () =>
    says(
      `#include <time.h>
#include <sys/time.h>
struct timespec a, b; struct timeval tv;
expect(clock_gettime(CLOCK_MONOTONIC, &a) == 0 && a.tv_nsec < 1000000000);
usleep(30000);
expect(clock_gettime(CLOCK_MONOTONIC, &b) == 0 && (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 30000000);
expect(clock_gettime(CLOCK_REALTIME, &b) == 0 && gettimeofday(&tv, NULL) == 0 && b.tv_sec == tv.tv_sec && b.tv_nsec / 1000 == tv.tv_usec && tv.tv_sec > 1600000000);
expect(clock_gettime(99, &a) == -1 && errno == EINVAL);
char *p = memalign(1 << 16, 100);
expect(p != NULL && ((unsigned long)p & 0xffff) == 0 && malloc_usable_size(p) >= 100);
free(p);`,
      [],
    ));
});
