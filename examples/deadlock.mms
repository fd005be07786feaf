// Two tasks, two page locks and an mmap_lock: who waits for whom, and a circle that never ends.
//
// The scenario ends in a deadlock. The debugger stops there, and says which task has what the other one waits for.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub

struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);
int fd = memfd_create("shared", 0);
ftruncate(fd, PAGE_SIZE);
char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
struct page *page;
struct rw_semaphore *mmap_lock = &current->mm->mmap_lock;

// A page of a file that is not mapped any more, but still in the page cache.
buf[0] = 1;
get_user_pages_fast((unsigned long)buf, 1, 0, &page);
madvise(buf, PAGE_SIZE, MADV_DONTNEED);

task other {
  // A fault: it has the mmap_lock for reading, finds the page in the page cache, and waits for its lock.
  buf[0] = 2;

  // The other way round than main.
  lock_page(b);
  lock_page(a);
}

lock_page(page);
expect(!PageWaiters(page) && mmap_lock->count.counter == 0);
schedule();

// PG_waiters: somebody stands in the page's queue. One reader has the mmap_lock (0x100), and sleeps with it.
expect(PageWaiters(page) && mmap_lock->count.counter == 0x100);
expect(!down_write_trylock(mmap_lock));

// Whoever now wanted the mmap_lock for writing, with the page still locked, would wait for the fault, and the fault for the page.
unlock_page(page);
lock_page(a);
schedule();
expect(mmap_lock->count.counter == 0 && !PageWaiters(page) && buf[0] == 2);

// a is ours, b is the other task's, which waits for a already: a circle.
expect(PageLocked(a) && PageLocked(b) && PageWaiters(a));
lock_page(b);
