#define _GNU_SOURCE
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
static jmp_buf env;
static char *stack;
static int depth;
static void bus(int sig, siginfo_t *info, void *context)
{
	printf("sig %d code %d on stack %d\n", sig, info->si_code, (char *)info >= stack && (char *)info < stack + 8192);
	longjmp(env, depth + 1);
}
static void nested(int sig)
{
	depth++;
	if (depth < 3 && sig == SIGUSR2)
		raise(sig);
	printf("depth %d\n", depth--);
}
static void child(int sig, siginfo_t *info, void *context)
{
	printf("from parent %d code %d\n", info->si_pid == getppid(), info->si_code);
}
static void aborted(int sig) { printf("aborted %d\n", sig); fflush(stdout); }
int main(void)
{
	struct sigaction sa = { .sa_sigaction = bus, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t ss = { .ss_size = 8192 }, old;
	int status;
	char *p;
	int fd = memfd_create("x", 0);

	stack = ss.ss_sp = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("%d\n", sigaltstack(&ss, NULL));
	sigaltstack(NULL, &old);
	printf("%d %d\n", old.ss_flags, (int)old.ss_size);
	sigaction(SIGBUS, &sa, NULL);
	ftruncate(fd, 4096);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[0] = 1;
	if (!setjmp(env))
		p[4096] = 1;
	else
		printf("bus error caught\n");
	/* the mask was not saved: SIGBUS stays blocked, and the next one kills */
	signal(SIGUSR1, nested);
	sa.sa_sigaction = NULL;
	sa.sa_handler = nested;
	sa.sa_flags = SA_NODEFER;
	sigaction(SIGUSR2, &sa, NULL);
	raise(SIGUSR2);
	raise(SIGUSR1);
	fflush(stdout);
	if (fork() == 0) {
		p[4096] = 2;
		printf("not reached\n");
	}
	wait(&status);
	printf("signaled %d by %d\n", WIFSIGNALED(status), WTERMSIG(status));
	fflush(stdout);
	sa.sa_sigaction = child;
	sa.sa_flags = SA_SIGINFO;
	sigaction(SIGUSR1, &sa, NULL);
	fflush(stdout);
	{
		pid_t pid = fork();

		if (pid == 0) {
			int r = pause();
			printf("woken %d\n", r);
			exit(3);
		}
		usleep(20000);
		kill(pid, SIGUSR1);
		wait(&status);
		printf("exited %d with %d\n", WIFEXITED(status), WEXITSTATUS(status));
	}
	signal(SIGABRT, aborted);
	fflush(stdout);
	if (fork() == 0)
		abort();
	wait(&status);
	printf("signaled %d by %d\n", WIFSIGNALED(status), WTERMSIG(status));
	return 0;
}
