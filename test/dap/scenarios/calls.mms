// Calls within calls, a loop at a function's beginning, a task.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub

int turns = 0;

int twice(int n) {
  return n * 2; // twice
}

int spin(int n) {
  while (n > 0) { // spin: loop
    n = n - 1; // spin: turn
  }
  return 1; // spin: end
}

int outer(int n) {
  int got = twice(n) + spin(2) + twice(n + 1); // outer: calls
  turns = turns + got; // outer: count
  return got; // outer: end
}

task worker {
  turns = turns + 100; // worker: first
  turns = turns + 100; // worker: second
}

struct page *page = alloc_page(GFP_KERNEL); // page
int a = spin(1) + spin(1); // main: two spins
int b = outer(3); // main: outer
expect(page_to_pfn(page) > 0 && PageLocked(alloc_page(GFP_KERNEL)) == 0); // main: expect
for (int i = 0; i < 20; i++) {
  turns = turns + 1; // main: turn
}
schedule(); // main: schedule
turns = 0; // main: last
