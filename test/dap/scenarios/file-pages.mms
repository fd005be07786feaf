#pragma mmscope machine arch=x86_64 ram=64M
void *object = kmalloc(100, GFP_KERNEL);
void *area = vmalloc(PAGE_SIZE);
int fd = memfd_create("notes", 0);
ftruncate(fd, 3 * PAGE_SIZE);
char *file = mmap(NULL, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
file[PAGE_SIZE] = 'x';
struct page *page;
get_user_pages((unsigned long)file + PAGE_SIZE, 1, 0, &page, NULL);
lru_add_drain(); // in a batch
munmap(file, 3 * PAGE_SIZE); // on a list
put_page(page); // not mapped
