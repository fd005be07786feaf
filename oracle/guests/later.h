// What init2.c and init3.c share: the first init as a library, the later operations, random numbers, maps and states.
#define main main_first
#include "init.c"
#undef main

static int X(const char *fmt, ...)	// a command of the later ops
{
	char b[512] = "\1";
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(b + 1, sizeof b - 1, fmt, ap);
	va_end(ap);
	return write(putfd, b, n + 1);
}

static unsigned long arg(const char *name, unsigned long dflt)
{
	char *p = strstr(cmdline, name);
	return p ? strtoul(p + strlen(name), 0, 0) : dflt;
}

static unsigned long pfn_of(void *va)
{
	static int fd = -1;
	uint64_t e = 0;
	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY);
	pread(fd, &e, 8, (unsigned long)va / ps * 8);
	return e >> 63 ? (unsigned long)(e & ((1ULL << 55) - 1)) : 0;
}

static uint32_t rs = 1;
static uint32_t rnd(uint32_t n)
{
	rs ^= rs << 13;
	rs ^= rs >> 17;
	rs ^= rs << 5;
	return rs % n;
}

static char *amap(unsigned long at, unsigned long pages, int fl)
{
	char *p = mmap((void *)at, pages * ps, PROT_READ | PROT_WRITE, fl | MAP_FIXED, -1, 0);
	if ((unsigned long)p != at)
		say("mmap %lx failed %d\n", at, errno);
	return p;
}
#define PRIV (MAP_PRIVATE | MAP_ANONYMOUS)
static void state(void)
{
	orc("events 0");
	orc("dump zones");
	orc("dump memmap");
	orc("dump cma");
	X("lru");
}
static void pages(unsigned long pfn, unsigned long n) { orc("dump pages 0x%lx %lu", pfn, n); }
static void upts(void *a, unsigned long n) { orc("upts 0x%lx 0x%lx", (unsigned long)a, (unsigned long)a + n * ps - 1); }

static unsigned long cma0, cman;	// the CMA area
