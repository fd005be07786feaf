// Two tasks, one page lock.
#pragma mmscope machine arch=i386 ram=64M slab=slub

struct page *page = alloc_page(GFP_KERNEL);
int order = 0;

task reader {
  lock_page(page); // reader: lock
  order = order * 10 + 1; // reader: in
  unlock_page(page); // reader: unlock
}

lock_page(page); // main: lock
schedule(); // main: yield
order = order * 10 + 2; // main: in
unlock_page(page); // main: unlock
schedule();
expect(order == 21); // main: end
