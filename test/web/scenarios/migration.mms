// Pages of a process lie in the reserve of a device; another task takes all of the reserve, and they migrate.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub cma=128M

struct cma *cma = dma_contiguous_default_area;
int taken = 0;

task device {
  struct page *all = cma_alloc(cma, cma->count, 0, false);
  taken = all != NULL;
}

drain_local_pages(NULL);
char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
for (int i = 0; i < 4; i++)
  buf[i * PAGE_SIZE] = 40 + i;
schedule();
expect(taken == 1);
expect(buf[0] == 40);
int done = 1;
