#pragma mmscope machine arch=x86_64 ram=64M
// What the timeline reads off the tape of a process: a pin, a copy on write, and a write that needs none.
char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
buf[0] = 'p';
struct page *page;
pin_user_pages((unsigned long)buf, 1, FOLL_WRITE, &page, NULL);
unpin_user_page(page);
if (fork() == 0) {
    buf[0] = 'c';
    exit(0);
}
wait(NULL);
buf[0] = 'P';
