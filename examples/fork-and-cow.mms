#pragma mmscope machine arch=x86_64 ram=64M
// fork() copies no page: parent and child share what is there, read-only, until one of them writes. Step into a write to see who copies.

char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
unsigned long address = (unsigned long)buf;

// An area is a promise. The first write makes a page, the first read only maps the page of zeros, which all share.
unsigned long before = get_mm_rss(current->mm);
buf[0] = 'p';
buf[PAGE_SIZE] = 'p';
expect(buf[2 * PAGE_SIZE] == 0);
expect(get_mm_rss(current->mm) == before + 2);

struct page *shared;
get_user_pages(address, 1, 0, &shared, NULL);
put_page(shared);
lru_add_drain();
expect(page_count(shared) == 1 && page_mapcount(shared) == 1);

int status;
pid_t child = fork();
if (child == 0) {
    // The same frame at the same address: two entries, both read-only.
    struct page *mine;
    expect(page_mapcount(shared) == 2 && buf[0] == 'p');

    // do_wp_page() finds that another one maps it, too: wp_page_copy().
    buf[0] = 'c';
    get_user_pages(address, 1, 0, &mine, NULL);
    put_page(mine);
    expect(mine != shared && page_mapcount(shared) == 1);
    exit(7);
}

// The child runs while its parent waits.
expect(page_mapcount(shared) == 2);
expect(wait(&status) == child && WEXITSTATUS(status) == 7);

// What the child wrote is the child's, and is gone with it.
expect(buf[0] == 'p' && page_mapcount(shared) == 1);

// The parent's entry is still read-only: a last fault, and the page is used again, for nobody else has it: wp_page_reuse().
struct page *after;
buf[0] = 'P';
get_user_pages(address, 1, 0, &after, NULL);
expect(after == shared);
put_page(after);

// A page that is pinned must stay where the device has it: fork() copies it at once, for the child.
pin_user_pages(address, 1, FOLL_WRITE, &shared, NULL);
child = fork();
if (child == 0) {
    struct page *copy;
    get_user_pages(address, 1, 0, &copy, NULL);
    expect(copy != shared && buf[0] == 'P');
    exit(0);
}
expect(page_mapcount(shared) == 1);
wait(NULL);
unpin_user_page(shared);

munmap(buf, 4 * PAGE_SIZE);
expect(get_mm_rss(current->mm) == before);
