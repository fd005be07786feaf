#pragma mmscope machine arch=x86_64 ram=64M slab=slub

char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
buf[0] = 1; // anonymous
struct page *pages[1];
long pinned = pin_user_pages((unsigned long)buf, 1, FOLL_WRITE, pages, NULL); // pin
get_page(pages[0]); // get
proc("self/maps");
buf[PAGE_SIZE] = 2; // second
pid_t child = fork(); // fork
if (child == 0) {
  buf[PAGE_SIZE] = 3; // copy
  exit(0);
}
wait(NULL); // wait
buf[PAGE_SIZE] = 4; // reuse
unpin_user_page(pages[0]); // unpin
put_page(pages[0]);
int end = 0; // end
