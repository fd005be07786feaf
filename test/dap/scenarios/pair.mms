// Two tasks that take turns, and one that waits for the other.
#pragma mmscope machine arch=i386 ram=64M slab=slub

struct page *page = alloc_page(GFP_KERNEL);
int a = 0;
int b = 0;

task one {
  a = 1; // one: first
  schedule(); // one: yield
  a = 2; // one: second
  lock_page(page); // one: lock
  a = 3; // one: third
}

task two {
  b = 1; // two: first
  schedule();
  b = 2; // two: second
}

lock_page(page); // main: lock
schedule(); // main: yield
unlock_page(page); // main: unlock
