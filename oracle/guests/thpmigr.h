// thpmigr: transparent huge pages in the CMA area and outside of it, moved by alloc_contig_range and FOLL_LONGTERM, or kept there by a reference
static void hpages(char *p, int n)	// entries, heads and first tails
{
	upts(p, n * hps / ps);
	for (int i = 0; i < n; i++) {
		unsigned long pfn = pfn_of(p + i * hps);
		if (pfn)
			pages(pfn, 4);
	}
	orc("umm");
}

// contig over the frames of one huge page
static void away(int slot, const char *what, char *va, int after)
{
	unsigned long pfn = pfn_of(va), n = hps / ps;
	note("%s: va=%lx pfn=%lx cma=%d", what, (unsigned long)va, pfn, in_cma(pfn));
	orc("events 11");
	orc("contig %d 0x%lx %lu %d", slot, pfn, n, in_cma(pfn) ? 4 : 1);
	orc("events 0");
	hpages(va, 1);
	if (after)
		orc("contigf %d", slot);
}

static void thpmigr(void)
{
	int i, pid;
	unsigned long k;
	find_cma();
	pfn_of(&k);
	hps = arg("mmo.hps=", 2 << 20);
	orc("quiet");
	orc("drain");
	note("huge pages of %lx bytes, cma %lx + %lx", hps, cma0, cman);
	X("probes2");
	state();
	orc("events 1");
	char *t = amap(0x30000000, 8 * hps / ps, PRIV);
	madvise(t, 8 * hps, MADV_HUGEPAGE);
	for (i = 0; i < 8; i++)
		t[i * hps + ps * rnd(64)] = i + 1;
	note("8 huge pages, each written");
	state();
	hpages(t, 8);
	away(1, "H1 a huge page moves", t, 1);
	note("H2 read-only");
	mprotect(t + hps, hps, PROT_READ);
	away(2, "H2", t + hps, 1);
	note("H3 a part dropped: entries of small pages map it");
	madvise(t + 2 * hps + 5 * ps, 3 * ps, MADV_DONTNEED);
	away(3, "H3", t + 2 * hps, 1);
	note("H4 a reference keeps it");
	orc("gup 1000 0x%lx 1 0x5", (unsigned long)(t + 3 * hps + 7 * ps));
	away(4, "H4", t + 3 * hps, 0);
	orc("gupput 1000 1");
	away(5, "H4 again", t + 3 * hps, 1);
	note("H5 MADV_COLD of all, MADV_FREE of a part, then moved");
	madvise(t + 4 * hps, hps, 20);
	madvise(t + 5 * hps, hps / 4, 8);
	hpages(t + 4 * hps, 2);
	away(6, "H5", t + 4 * hps, 1);
	note("H6 locked in memory");
	mlock(t + 6 * hps, hps);
	hpages(t + 6 * hps, 1);
	away(7, "H6", t + 6 * hps, 1);
	munlock(t + 6 * hps, hps / 2);
	hpages(t + 6 * hps, 1);
	note("H7 FOLL_LONGTERM of two pages");
	orc("events 11");
	orc("pin 1010 0x%lx 2 0x10001", (unsigned long)(t + 7 * hps + 3 * ps));
	orc("events 0");
	hpages(t + 7 * hps, 1);
	orc("gupput 1010 2");
	state();
	note("end");
	munmap(t, 8 * hps);
	orc("umm");
	state();
	orc("unquiet");
}
