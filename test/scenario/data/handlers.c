#define _GNU_SOURCE
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#define PAGES 8
static char *area;
static int dirty[PAGES];
static int faults;
static sigjmp_buf env;
static volatile int got;

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	long page = ((char *)info->si_addr - area) / 4096;

	faults++;
	if (page < 0 || page >= PAGES) {
		printf("outside: code %d write %d\n", info->si_code, (int)((uc->uc_mcontext.gregs[REG_ERR] >> 1) & 1));
		siglongjmp(env, 7);
	}
	printf("page %ld sig %d code %d write %d trap %d\n", page, sig, info->si_code,
	       (int)((uc->uc_mcontext.gregs[REG_ERR] >> 1) & 1), (int)uc->uc_mcontext.gregs[REG_TRAPNO]);
	dirty[page] = 1;
	mprotect(area + page * 4096, 4096, PROT_READ | PROT_WRITE);
}

static void usr(int sig)
{
	got += sig;
}

static int compare(const void *a, const void *b)
{
	if (*(int *)a == 3)
		siglongjmp(env, 9);
	return *(int *)a - *(int *)b;
}

int main(void)
{
	struct sigaction sa;
	sigset_t set, old;
	int i, r;

	area = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = handler;
	sa.sa_flags = SA_SIGINFO;
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGSEGV, &sa, NULL)) {
		perror("sigaction");
		return 1;
	}
	mprotect(area, PAGES * 4096, PROT_READ);
	area[2 * 4096 + 5] = 1;
	area[5 * 4096] += 3;
	memset(area + 3 * 4096, 7, 4096);
	strcpy(area + 7 * 4096 + 100, "hello");
	for (i = 0; i < PAGES; i++)
		printf("%d%c", dirty[i], i == PAGES - 1 ? '\n' : ' ');
	printf("%d %d %d %s faults %d\n", area[2 * 4096 + 5], area[5 * 4096], area[3 * 4096 + 99], area + 7 * 4096 + 100, faults);

	r = sigsetjmp(env, 1);
	if (r == 0) {
		*(volatile int *)16 = 1;
		printf("not reached\n");
	} else
		printf("jumped with %d\n", r);
	r = sigsetjmp(env, 1);
	if (r == 0) {
		int numbers[4] = { 5, 3, 9, 1 };
		qsort(numbers, 4, sizeof(int), compare);
		printf("not reached\n");
	} else
		printf("out of qsort with %d\n", r);

	signal(SIGUSR1, usr);
	raise(SIGUSR1);
	printf("got %d\n", got);
	if (kill(getpid(), SIGUSR1) == 0 && got == 20)
		printf("at once\n");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	printf("blocked %d\n", got);
	sigpending(&set);
	printf("pending %d %d\n", sigismember(&set, SIGUSR1), sigismember(&set, SIGUSR2));
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("let through %d\n", got);
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	printf("ignored %d\n", got);
	printf("old %d\n", signal(SIGUSR1, SIG_DFL) == SIG_IGN);
	printf("bad %d\n", signal(SIGKILL, usr) == SIG_ERR);
	return 0;
}
