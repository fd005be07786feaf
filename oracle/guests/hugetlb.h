// hugetlb: pools of huge pages alone, shorter and farther than `huge`: reservations, copies, a pool that is exhausted, maps that are split, files, surplus
#include <sys/syscall.h>
#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4
#endif

// Who made a map must not fail: what a child has is taken from it. The child is looked at from inside.
static void owner_first(char *p)
{
	int pid;
	note("the pool shrunk to what is used and promised; fork; the parent writes, and the pool has none: the child's is taken");
	hwr("nr_hugepages", "1");
	fflush(0);
	pid = fork();
	if (!pid) {
		hshow(p, 3);
		orc("gup 200 0x%lx 1 0x4", (unsigned long)p);
		orc("gupput 200 1");
		_exit(0);
	}
	p[0] = 8;
	pool();
	hshow(p, 3);
	waitpid(pid, 0, 0);
	pool();
	p[0] = 9;
	hshow(p, 3);
}

static void huge_file(void)
{
	note("a file of 3: mapped shared and private, read, written, made shorter while it is mapped");
	int fd = syscall(SYS_memfd_create, "h", MFD_HUGETLB);
	syscall(SYS_ftruncate, fd, 3 * hps);
	pool();
	char *f = mmap((void *)0x2c000000, 3 * hps, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	pool();
	f[0] = 1;
	f[2 * hps] = 2;
	pool();
	hshow(f, 3);
	char *g = mmap((void *)0x30000000, 2 * hps, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0);
	pool();
	note("the private map reads the file's page, writes it (a copy), and writes where the file has none");
	sink = g[0];
	hshow(g, 1);
	g[1] = 3;
	pool();
	hshow(g, 1);
	g[hps] = 4;
	pool();
	hshow(g, 2);
	note("the file is one page long");
	syscall(SYS_ftruncate, fd, hps);
	pool();
	hshow(f, 3);
	hshow(g, 2);
	note("both maps go, then the file");
	munmap(g, 2 * hps);
	pool();
	munmap(f, 3 * hps);
	pool();
	close(fd);
	pool();
}

// What sysfs takes for files that nobody has looked at yet is taken before the recording begins.
static void warm(const char *name)
{
	char p[160], b[64];
	snprintf(p, sizeof p, "%s/%s", hdir, name);
	int fd = open(p, O_RDWR);
	if (fd < 0)
		fd = open(p, O_RDONLY);
	read(fd, b, sizeof b);
	close(fd);
}

static void hugetlb(void)
{
	static const char *const files[] = { "nr_hugepages", "free_hugepages", "resv_hugepages", "surplus_hugepages", "nr_overcommit_hugepages", 0 };
	char b[32];
	int pid, i, want = 7 + rnd(3);
	unsigned long k;
	pfn_of(&k);
	for (hps = 4 << 20; ; hps >>= 1) {
		snprintf(hdir, sizeof hdir, "/sys/kernel/mm/hugepages/hugepages-%lukB", hps >> 10);
		if (!access(hdir, F_OK) || hps < 1 << 20)
			break;
	}
	for (i = 0; files[i]; i++)
		warm(files[i]);
	orc("quiet");
	orc("drain");
	note("huge pages of %lx bytes", hps);
	state();
	snprintf(b, sizeof b, "%d", want);
	hwr("nr_hugepages", b);
	state();
	orc("events 1");
	note("private map of 3 at 20000000: reserved; one written, one read");
	char *p = hmap(0x20000000, 3, MAP_PRIVATE);
	pool();
	p[ps * rnd(500)] = 1;
	pool();
	sink = p[hps + ps * rnd(500)];
	pool();
	hshow(p, 3);
	note("the one that was read is written: reused");
	p[hps] = 2;
	hshow(p, 2);
	note("shared map of 2 at 24000000, one written");
	char *s = hmap(0x24000000, 2, MAP_SHARED);
	pool();
	s[0] = 1;
	pool();
	hshow(s, 2);
	note("gup of 2 in a huge page, pin of 3 in the next; fork while pinned");
	orc("gup 1000 0x%lx 2 0x5", (unsigned long)p + 5 * ps);
	orc("pin 1010 0x%lx 3 0x1", (unsigned long)p + hps + 8 * ps);
	hshow(p, 2);
	fflush(0);
	pid = fork();
	if (!pid) {
		pool();
		hshow(p, 2);
		note("the child writes the first: a copy out of the pool");
		p[0] = 7;
		pool();
		hshow(p, 2);
		note("and the shared map");
		s[hps] = 3;
		pool();
		hshow(s, 2);
		_exit(0);
	}
	waitpid(pid, 0, 0);
	pool();
	hshow(p, 3);
	hshow(s, 2);
	orc("gupput 1000 2");
	orc("gupput 1010 3");
	hshow(p, 2);
	note("read-only, and back");
	mprotect(p + hps, hps, PROT_READ);
	hshow(p, 2);
	mprotect(p + hps, hps, PROT_READ | PROT_WRITE);
	hshow(p, 2);
	note("one dropped by MADV_DONTNEED, and touched again");
	madvise(p + hps, hps, MADV_DONTNEED);
	pool();
	p[hps + ps] = 5;
	pool();
	hshow(p, 2);
	owner_first(p);
	note("the middle of the private map goes");
	munmap(p + hps, hps);
	pool();
	hshow(p, 3);
	note("and the rest: what was promised is free again");
	munmap(p, hps);
	munmap(p + 2 * hps, hps);
	pool();
	snprintf(b, sizeof b, "%d", want - 1);
	hwr("nr_hugepages", b);
	huge_file();
	note("the pool is shrunk below what is used: the rest is surplus, and goes with the map");
	hwr("nr_hugepages", "1");
	munmap(s, 2 * hps);
	pool();
	hwr("nr_overcommit_hugepages", "2");
	note("map of 2 at 28000000, one beyond the pool; touched, forked, given back");
	char *o = hmap(0x28000000, 2, MAP_PRIVATE);
	pool();
	if (o) {
		for (i = 0; i < 2; i++)
			o[i * hps] = 1;
		pool();
		hshow(o, 2);
		fflush(0);
		pid = fork();
		if (!pid) {
			note("the child writes: one more beyond the pool");
			o[0] = 2;
			pool();
			hshow(o, 2);
			_exit(0);
		}
		waitpid(pid, 0, 0);
		pool();
		munmap(o, 2 * hps);
		pool();
	}
	note("more than there can be: fails");
	hmap(0x28000000, 64, MAP_PRIVATE);
	pool();
	note("without a reservation: the last of them is beyond what can be had");
	o = hmap(0x28000000, 4, MAP_PRIVATE | MAP_NORESERVE);
	pool();
	if (o) {
		for (i = 0; i < 3; i++)
			o[i * hps] = 1;
		pool();
		orc("gup 300 0x%lx 1 0x5", (unsigned long)o + 3 * hps);
		pool();
		munmap(o, 4 * hps);
		pool();
	}
	hwr("nr_overcommit_hugepages", "0");
	hwr("nr_hugepages", "0");
	note("end");
	orc("events 0");
	state();
	orc("vmstat");
	orc("unquiet");
}
