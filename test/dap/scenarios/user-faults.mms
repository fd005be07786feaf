#pragma mmscope machine arch=x86_64 ram=64M
char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); // map
unsigned long address = (unsigned long)buf;
buf[0] = 1; // first write
int status = 0;
pid_t child = fork(); // fork
if (child == 0) {
    buf[0] = 2; // copy
    *(char *)16 = 3; // wild
}
wait(&status); // wait
expect(WTERMSIG(status) == SIGSEGV && buf[0] == 1); // end
