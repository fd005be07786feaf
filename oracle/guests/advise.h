// advise: pages that become old or are paged out where there is no swap: anonymous, given up, shared, huge; maps of a pool that move
static void shown(char *p, int n)	// a table, and its frames
{
	orc("events 0");
	upts(p, n);
	for (int i = 0; i < n; i++) {
		unsigned long pfn = pfn_of(p + i * ps);
		if (pfn)
			pages(pfn, 1);
	}
	orc("umm");
	X("lru");
	orc("events 1");
}

static void advised(char *p, int n, int advice, const char *what)
{
	int err = madvise(p, n * ps, advice);
	note("%s of %d at %lx: %d", what, n, (unsigned long)p, err ? errno : 0);
	shown(p, n);
}

static void small(void)
{
	int i, pid;
	char *a = amap(0x20000000, 8, PRIV);
	for (i = 0; i < 8; i++)
		a[i * ps] = i + 1;
	shown(a, 8);
	advised(a, 3, 20, "MADV_COLD");
	advised(a + ps, 5, 21, "MADV_PAGEOUT");
	advised(a, 8, 3, "MADV_WILLNEED");
	advised(a, 5, 8, "MADV_FREE");
	a[2 * ps] = 9;
	advised(a, 8, 21, "MADV_PAGEOUT, one of those given up was written since");
	sink = a[0];
	shown(a, 8);
	note("pinned: it stays as it is");
	orc("pin 1000 0x%lx 1 0x1", (unsigned long)a + 6 * ps);
	advised(a + 5 * ps, 3, 21, "MADV_PAGEOUT");
	orc("gupput 1000 1");
	note("the child has the pages, too: they are not looked at");
	fflush(0);
	pid = fork();
	if (!pid) {
		advised(a, 8, 21, "MADV_PAGEOUT in the child");
		a[0] = 5;
		advised(a, 8, 21, "MADV_PAGEOUT of a page of its own");
		_exit(0);
	}
	waitpid(pid, 0, 0);
	advised(a, 8, 21, "MADV_PAGEOUT behind the child");
	munmap(a, 8 * ps);
	char *s = amap(0x24000000, 6, MAP_SHARED | MAP_ANONYMOUS);
	s[0] = 1;
	s[3 * ps] = 2;
	sink = s[ps] + s[2 * ps];
	shown(s, 6);
	advised(s, 6, 21, "MADV_PAGEOUT of shared memory: dirty pages stay in the file, clean ones go");
	sink = s[0];
	shown(s, 6);
	advised(s, 6, 3, "MADV_WILLNEED");
	advised(s, 6, 20, "MADV_COLD");
	mlock(s, ps);
	advised(s, 1, 21, "MADV_PAGEOUT of what is locked");
	munlock(s, ps);
	munmap(s, 6 * ps);
}

static void huge_ones(void)
{
	int i;
	char *t = amap(0x28000000, 4 * hps / ps, PRIV);
	madvise(t, 4 * hps, MADV_HUGEPAGE);
	for (i = 0; i < 4; i++)
		t[i * hps + 7 * ps] = i + 1;
	hpages(t, 4);
	note("a whole huge page paged out: split in vain");
	madvise(t, hps, 21);
	hpages(t, 1);
	X("lru");
	note("a part of the next one");
	madvise(t + hps, hps / 8, 21);
	hpages(t + hps, 1);
	X("lru");
	note("a huge page that was given up");
	madvise(t + 2 * hps, hps, 8);
	madvise(t + 2 * hps, hps, 21);
	hpages(t + 2 * hps, 1);
	X("lru");
	note("made old");
	madvise(t + 3 * hps, hps, 20);
	hpages(t + 3 * hps, 1);
	munmap(t, 4 * hps);
	orc("umm");
}

static void moved(void)
{
	hwr("nr_hugepages", "5");
	char *p = hmap(0x20000000, 3, MAP_PRIVATE);
	p[0] = 1;
	p[2 * hps] = 3;
	pool();
	note("a private map of 3, two written, moves");
	char *q = mremap(p, 3 * hps, 3 * hps, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)0x30000000);
	note("  to %lx", (unsigned long)q);
	pool();
	hshow(q, 3);
	hshow(p, 3);
	q[hps] = 2;
	pool();
	hshow(q, 3);
	note("longer: refused");
	char *r = mremap(q, 3 * hps, 4 * hps, MREMAP_MAYMOVE);
	note("  %d", r == MAP_FAILED ? errno : 0);
	note("the middle moves away");
	mremap(q + hps, hps, hps, MREMAP_MAYMOVE | MREMAP_FIXED, p);
	pool();
	hshow(q, 3);
	hshow(p, 1);
	note("shorter");
	mremap(q + 2 * hps, hps, 1, 0);
	pool();
	note("a shared map of 2 moves in part");
	char *s = hmap(0x24000000, 2, MAP_SHARED);
	s[0] = 1;
	s[hps] = 2;
	pool();
	mremap(s + hps, hps, hps, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)0x2c000000);
	pool();
	hshow(s, 2);
	hshow((char *)0x2c000000, 1);
	munmap(s, hps);
	munmap((char *)0x2c000000, hps);
	munmap(p, hps);
	munmap(q, hps);
	munmap(q + 2 * hps, hps);
	pool();
	hwr("nr_hugepages", "0");
}

static void advise(void)
{
	static const char *const files[] = { "nr_hugepages", "free_hugepages", "resv_hugepages", "surplus_hugepages", "nr_overcommit_hugepages", 0 };
	unsigned long k;
	int i;
	find_cma();
	pfn_of(&k);
	hps = arg("mmo.hps=", 2 << 20);
	snprintf(hdir, sizeof hdir, "/sys/kernel/mm/hugepages/hugepages-%lukB", hps >> 10);
	for (i = 0; files[i]; i++)
		warm(files[i]);
	orc("quiet");
	orc("drain");
	note("huge pages of %lx bytes", hps);
	X("probes2");
	state();
	orc("events 1");
	small();
	huge_ones();
	moved();
	note("end");
	orc("events 0");
	state();
	orc("unquiet");
}
