#pragma mmscope machine arch=x86_64 ram=96M slab=slub cma=0

struct page *page = alloc_page(GFP_KERNEL);
char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
DEFINE_MUTEX(mutex);

task locker {
  lock_page(page); // locks
  unlock_page(page); // locker unlocks
}

task mapper {
  munmap(buf, PAGE_SIZE); // unmaps
  mutex_lock(&mutex); // mutex
  mutex_unlock(&mutex);
}

lock_page(page);
mmap_read_lock(current->mm);
mutex_lock(&mutex);
schedule();
unlock_page(page); // unlock
mmap_read_unlock(current->mm); // unlock mm
schedule();
mutex_unlock(&mutex); // unlock mutex
schedule();
