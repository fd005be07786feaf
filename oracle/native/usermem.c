// SPDX-License-Identifier: GPL-2.0
/*
 * How long a process's memory takes under the kernel that this machine runs: what User-Mode Linux, which emulates an MMU by mmap()
 * of its host, cannot tell. Prints lines as mmbench.c does; each is the best of many rounds, since noise only ever adds.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 200
#define PAGES 1000
#define PAGE 4096L
#define HUGE_PAGE (2L << 20)
#define NR_HUGE 16

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static char *map(long bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void write_each(char *at, long count, long stride)
{
	for (long i = 0; i < count; i++)
		((volatile char *)at)[i * stride] = (char)(i + 1);
}

/* An area of small pages: this kernel's may be larger otherwise. */
static char *map_small(long bytes)
{
	char *at = map(bytes);

	if (madvise(at, bytes, MADV_NOHUGEPAGE))
		fail("madvise");
	return at;
}

static double fault(void)
{
	char *at = map_small(PAGES * PAGE);
	double begin = now(), took;

	write_each(at, PAGES, PAGE);
	took = now() - begin;
	munmap(at, PAGES * PAGE);
	return took / PAGES;
}

static double huge_fault(void)
{
	char *area = map((NR_HUGE + 1) * HUGE_PAGE);
	char *at = (char *)(((long)area + HUGE_PAGE - 1) & -HUGE_PAGE);
	double begin, took;

	if (madvise(at, NR_HUGE * HUGE_PAGE, MADV_HUGEPAGE))
		fail("madvise");
	begin = now();
	write_each(at, NR_HUGE, HUGE_PAGE);
	took = now() - begin;
	munmap(area, (NR_HUGE + 1) * HUGE_PAGE);
	return took / NR_HUGE;
}

/* A child that waits until it is told to end, so that the pages stay shared. */
static pid_t fork_child(int ends[2])
{
	pid_t child;

	if (pipe(ends))
		fail("pipe");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		char c;

		close(ends[1]);
		_exit((int)read(ends[0], &c, 1));
	}
	return child;
}

static void end_child(pid_t child, int ends[2])
{
	close(ends[0]);
	close(ends[1]);
	waitpid(child, NULL, 0);
}

static double fork_of(long pages)
{
	char *at = map_small((pages + 1) * PAGE);
	int ends[2];
	double begin, took;
	pid_t child;

	write_each(at, pages, PAGE);
	begin = now();
	child = fork_child(ends);
	took = now() - begin;
	end_child(child, ends);
	munmap(at, (pages + 1) * PAGE);
	return took;
}

static double cow(void)
{
	char *at = map_small(PAGES * PAGE);
	int ends[2];
	double begin, took;
	pid_t child;

	write_each(at, PAGES, PAGE);
	child = fork_child(ends);
	begin = now();
	write_each(at, PAGES, PAGE);
	took = now() - begin;
	end_child(child, ends);
	munmap(at, PAGES * PAGE);
	return took / PAGES;
}

static double fork_1000(void)
{
	return fork_of(PAGES);
}

static double fork_none(void)
{
	return fork_of(0);
}

static void best_of(const char *name, double (*measure)(void))
{
	double best = measure();

	for (int i = 1; i < ROUNDS; i++) {
		double took = measure();

		if (took < best)
			best = took;
	}
	printf("MMBENCH %-44s %9.2f ns\n", name, best);
}

int main(void)
{
	best_of("anonymous fault, trap included", fault);
	best_of("COW fault, trap included", cow);
	best_of("fork() of 1,000 pages", fork_1000);
	best_of("fork() of no pages", fork_none);
	best_of("THP fault, trap included", huge_fault);
	return 0;
}
