// Two tasks and one page lock: lock_page() sleeps until the other one unlocks.
#pragma mmscope machine arch=x86_64 ram=128M slab=slub

struct page *page = alloc_page(GFP_KERNEL);
int turn = 0;

task writer {
  lock_page(page);
  expect(turn == 1);
  turn = 2;
  unlock_page(page);
}

// schedule() lets the writer run, and it has to wait: its statement is undone, as if it had never begun.
lock_page(page);
schedule();
turn = 1;
unlock_page(page);
