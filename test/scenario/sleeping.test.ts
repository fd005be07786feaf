/** Tasks that sleep in the kernel's own queues: pages, rw_semaphores, semaphores, wait queues; what others see of them meanwhile. */
import assert from 'node:assert/strict';
import { checkLog, log, machine, PROFILES, runToEnd } from './machines.js';

const PAGE = 'struct page *page = alloc_page(GFP_KERNEL);';

describe('a page that is waited for', function () {
  it('says so with PG_waiters, and has the task in its hashed queue', () =>
    checkLog(
      `${PAGE}
       int queued(void) {
         int n = 0; struct list_head *pos;
         for (int i = 0; i < 256; i++) list_for_each(pos, &folio_wait_table[i].head) n++;
         return n;
       }
       task waiter { lock_page(page); pr_info("has it"); expect(PageLocked(page)); unlock_page(page); }
       lock_page(page);
       expect(!PageWaiters(page) && queued() == 0);
       schedule();
       expect(PageWaiters(page) && queued() == 1);
       struct wait_page_queue *wait = NULL; struct list_head *at;
       for (int i = 0; i < 256; i++) list_for_each(at, &folio_wait_table[i].head) wait = list_entry(at, struct wait_page_queue, wait.entry);
       expect(wait->folio == page_folio(page) && wait->bit_nr == PG_locked && wait->wait.flags == 1);
       struct task_struct *sleeper = wait->wait.private;
       expect(sleeper->__state == TASK_UNINTERRUPTIBLE && sleeper != current);
       unlock_page(page);
       expect(sleeper->__state == TASK_RUNNING && queued() == 0 && !PageLocked(page));
       schedule();
       expect(!PageWaiters(page) && !PageLocked(page));`,
      ['has it'],
      ['x86_64-slub', 'i386-highmem4g-slub', 'x86_64-slub-smp'],
    ));

  it('goes to one of those that wait for its lock, and to all that only wait', () =>
    checkLog(
      `${PAGE}
       task a { lock_page(page); pr_info("a"); unlock_page(page); }
       task b { wait_on_page_locked(page); pr_info("b"); }
       task c { lock_page(page); pr_info("c"); unlock_page(page); }
       task d { wait_on_page_locked(page); pr_info("d"); }
       lock_page(page);
       schedule();
       unlock_page(page);`,
      ['a', 'b', 'c', 'd'],
    ));

  it('is handed over to one that was passed over too often', () =>
    checkLog(
      `${PAGE}
       int done = 0, turns = 0;
       task patient { lock_page(page); done = 1; pr_info("after %d", turns); unlock_page(page); }
       lock_page(page);
       while (!done && turns < 20) { schedule(); unlock_page(page); if (!trylock_page(page)) break; turns++; }
       pr_info("handed over: %d", !done && PageLocked(page));`,
      ['handed over: 1', 'after 5'],
    ));

  it('that is being written, too', () => {
    const text = `${PAGE}
       task waiter { wait_on_page_writeback(page); pr_info("written"); }
       set_page_writeback(page);
       expect(PageWriteback(page));
       schedule();
       expect(PageWaiters(page));
       pr_info("end");
       end_page_writeback(page);
       expect(!PageWriteback(page) && !PageWaiters(page) && page_count(page) == 1);`;
    checkLog(text, ['end', 'written']);
  });

  it('is as it was after a step back', () => {
    const vm = machine(
      `${PAGE}\ntask t { lock_page(page); }\nlock_page(page);\nschedule();\nunlock_page(page);\nschedule();`,
    );
    const states: { position: number; hash: string }[] = [];
    for (;;) {
      states.push({ position: vm.tape.cursor, hash: vm.tape.hash() });
      if (vm.runStatement().kind === 'exited') break;
    }
    for (const { position, hash } of [...states].reverse()) {
      vm.tape.seek(position);
      assert.equal(vm.tape.hash(), hash);
    }
  });
});

describe('a rw_semaphore', function () {
  it('has count, owner and queue as the kernel', () =>
    checkLog(
      `DECLARE_RWSEM(sem);
       task writer { down_write(&sem); pr_info("writer"); expect(sem.owner.counter == (long)current); up_write(&sem); }
       task reader { down_read(&sem); pr_info("reader"); up_read(&sem); }
       down_read(&sem);
       expect(sem.count.counter == 0x100 && sem.owner.counter == ((long)current | 1));
       schedule();
       expect(sem.count.counter == 0x102);
       struct rwsem_waiter *first = list_first_entry(&sem.wait_list, struct rwsem_waiter, list);
       struct rwsem_waiter *second = list_next_entry(first, list);
       expect(first->type == RWSEM_WAITING_FOR_WRITE && second->type == RWSEM_WAITING_FOR_READ);
       expect(&second->list != &sem.wait_list && first->task != second->task);
       up_read(&sem);
       expect(sem.count.counter == 2 && first->task->__state == TASK_RUNNING && second->task->__state != 0);`,
      ['writer', 'reader'],
      ['x86_64-slub', 'i386-highmem4g-slub', 'x86_64-slub-smp'],
    ));

  it('is given to all readers that wait, also behind a writer', () =>
    checkLog(
      `DECLARE_RWSEM(sem);
       task a { down_read(&sem); pr_info("a"); up_read(&sem); }
       task w { down_write(&sem); pr_info("w"); up_write(&sem); }
       task b { down_read(&sem); pr_info("b"); up_read(&sem); }
       down_write(&sem);
       schedule();
       up_write(&sem);
       expect(sem.count.counter == 0x202);`,
      ['a', 'b', 'w'],
    ));
});

describe('a semaphore', function () {
  it('is had by so many, and given on in order', () =>
    checkLog(
      `struct semaphore sem; sema_init(&sem, 2);
       task a { down(&sem); pr_info("a"); up(&sem); }
       task b { down_interruptible(&sem); pr_info("b"); up(&sem); }
       expect(down_trylock(&sem) == 0 && down_trylock(&sem) == 0 && down_trylock(&sem) == 1);
       expect(sem.count == 0);
       schedule();
       expect(!list_empty(&sem.wait_list));
       up(&sem);
       expect(sem.count == 0);
       up(&sem); schedule();
       expect(sem.count == 2);
       DEFINE_SEMAPHORE(one); down(&one);
       unsigned long start = jiffies;
       expect(down_timeout(&one, 5) == -ETIME && jiffies - start == 5 && list_empty(&one.wait_list));`,
      ['a', 'b'],
    ));
});

describe('a wait queue', function () {
  it('wakes all that are not exclusive, and one that is; or so many', () =>
    checkLog(
      `DECLARE_WAIT_QUEUE_HEAD(queue);
       task e1 { DEFINE_WAIT(wait); prepare_to_wait_exclusive(&queue, &wait, TASK_UNINTERRUPTIBLE); schedule(); finish_wait(&queue, &wait); pr_info("e1"); }
       task e2 { DEFINE_WAIT(wait); prepare_to_wait_exclusive(&queue, &wait, TASK_UNINTERRUPTIBLE); schedule(); finish_wait(&queue, &wait); pr_info("e2"); }
       task e3 { DEFINE_WAIT(wait); prepare_to_wait_exclusive(&queue, &wait, TASK_UNINTERRUPTIBLE); schedule(); finish_wait(&queue, &wait); pr_info("e3"); }
       task n1 { DEFINE_WAIT(wait); prepare_to_wait(&queue, &wait, TASK_UNINTERRUPTIBLE); schedule(); finish_wait(&queue, &wait); pr_info("n1"); }
       schedule();
       wake_up_interruptible(&queue); schedule(); pr_info("nobody");
       wake_up(&queue); schedule(); pr_info("once");
       wake_up_nr(&queue, 2); schedule(); pr_info("twice");
       expect(!waitqueue_active(&queue));`,
      ['nobody', 'e1', 'n1', 'once', 'e2', 'e3', 'twice'],
    ));

  it('add_wait_queue() stays in it, until remove_wait_queue()', () =>
    checkLog(
      `DECLARE_WAIT_QUEUE_HEAD(queue);
       task t {
         DECLARE_WAITQUEUE(wait, current); add_wait_queue(&queue, &wait);
         set_current_state(TASK_INTERRUPTIBLE); schedule(); pr_info("woken"); 
         set_current_state(TASK_INTERRUPTIBLE); schedule(); pr_info("again");
         remove_wait_queue(&queue, &wait);
       }
       schedule(); wake_up_all(&queue); schedule(); wake_up_all(&queue); schedule(); expect(!waitqueue_active(&queue));`,
      ['woken', 'again'],
    ));

  it('schedule_timeout() ends when somebody wakes the task', () =>
    checkLog(
      `struct task_struct *sleeper = NULL;
       task t { sleeper = current; pr_info("%d", schedule_timeout_uninterruptible(100) > 0); }
       schedule();
       expect(wake_up_process(sleeper) == 1 && wake_up_process(sleeper) == 0);
       schedule();`,
      ['1'],
    ));
});

describe('the lock of an address space', function () {
  const BUFFER =
    'char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);';
  const mmapLock = 'current->mm->mmap_lock';

  it('is had by a fault for reading, which leaves its name there', () =>
    checkLog(
      `${BUFFER} buf[0] = 1;
       expect(${mmapLock}.count.counter == 0 && ${mmapLock}.owner.counter == ((long)current | 1));
       munmap(buf + PAGE_SIZE, PAGE_SIZE);
       expect(${mmapLock}.owner.counter == 0);`,
      [],
    ));

  it('is kept by a fault that waits for a page', () => {
    const text = `int fd = memfd_create("f", 0); ftruncate(fd, PAGE_SIZE);
       char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
       buf[0] = 1; struct page *page; get_user_pages((unsigned long)buf, 1, 0, &page, NULL);
       madvise(buf, PAGE_SIZE, MADV_DONTNEED);
       struct mm_struct *mm = current->mm;
       task toucher { buf[0] = 2; pr_info("touched"); }
       task changer { mmap_write_lock(mm); pr_info("changes"); mmap_write_unlock(mm); }
       lock_page(page);
       schedule();
       expect(mm->mmap_lock.count.counter == 0x102);
       pr_info("unlock"); unlock_page(page);
       schedule();
       expect(mm->mmap_lock.count.counter == 0);`;
    for (const profile of PROFILES) {
      const vm = machine(text, profile);
      runToEnd(vm);
      assert.deepEqual(log(vm), ['unlock', 'touched', 'changes'], profile);
    }
  });

  it('and a page, waited for the other way round, are a deadlock that names both', () => {
    const vm = machine(`int fd = memfd_create("f", 0); ftruncate(fd, PAGE_SIZE);
       char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
       buf[0] = 1; struct page *page; get_user_pages((unsigned long)buf, 1, 0, &page, NULL);
       madvise(buf, PAGE_SIZE, MADV_DONTNEED);
       task toucher { buf[0] = 2; }
       lock_page(page);
       schedule();
       mmap_write_lock(current->mm);`);
    const last = runToEnd(vm).at(-1);
    const waits = last?.kind === 'deadlock' ? last.waits.map(({ text }) => text) : [];
    assert.match(
      waits[0] ?? '',
      /^main waits for the mmap_lock of main for writing, which toucher holds$/,
    );
    assert.match(
      waits[1] ?? '',
      /^toucher waits for the lock of page 0x[0-9a-f]+, which main holds$/,
    );
  });
});

describe('a page that is being migrated', function () {
  it('is waited for by a fault, which finds it where it is then', () => {
    const text = `char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       buf[0] = 1;
       struct page *src, *now; get_user_pages_fast((unsigned long)buf, 1, 0, &src); put_page(src); lru_add_drain();
       unsigned long old = page_to_pfn(src);
       task toucher { buf[1] = 2; pr_info("touched %d %d", buf[0], buf[1]); }
       expect(isolate_lru_page(src) == 0);
       struct page *dst = alloc_page(GFP_HIGHUSER_MOVABLE);
       lock_page(src); lock_page(dst);
       try_to_migrate(page_folio(src), 0);
       expect(page_mapcount(src) == 0);
       schedule();
       expect(PageWaiters(src));
       expect(migrate_folio(NULL, page_folio(dst), page_folio(src), MIGRATE_SYNC) == 0);
       remove_migration_ptes(page_folio(src), page_folio(dst), false);
       pr_info("moved");
       unlock_page(dst); unlock_page(src); put_page(src); put_page(dst);
       schedule();
       get_user_pages_fast((unsigned long)buf, 1, 0, &now);
       expect(now == dst && page_to_pfn(now) != old && current->mm->mmap_lock.count.counter == 0);`;
    for (const profile of PROFILES) {
      const vm = machine(text, profile);
      const waits = new Set<string>();
      for (let i = 0; i < 200; i++) {
        const result = vm.runStatement();
        for (const { text: what } of vm.waits()) waits.add(what);
        if (result.kind === 'exited') break;
      }
      assert.deepEqual(log(vm), ['moved', 'touched 1 2'], profile);
      assert.match([...waits][0] ?? '', /^toucher waits for page 0x[0-9a-f]+ to be migrated/);
    }
  });
});

describe('a mutex', function () {
  it('has owner, flags and queue as the kernel', () =>
    checkLog(
      `DEFINE_MUTEX(m);
       task a { mutex_lock(&m); pr_info("a"); expect(m.owner.counter == ((long)current | 1)); mutex_unlock(&m); }
       task b { mutex_lock(&m); pr_info("b"); expect(m.owner.counter == (long)current); mutex_unlock(&m); }
       mutex_lock(&m);
       expect(m.owner.counter == (long)current && list_empty(&m.wait_list));
       schedule();
       expect(m.owner.counter == ((long)current | 1));
       struct mutex_waiter *first = list_first_entry(&m.wait_list, struct mutex_waiter, list);
       struct mutex_waiter *second = list_next_entry(first, list);
       expect(&second->list != &m.wait_list && first->task->__state == TASK_UNINTERRUPTIBLE);
       mutex_unlock(&m);
       expect(m.owner.counter == 1 && first->task->__state == TASK_RUNNING && second->task->__state != 0);
       schedule();
       schedule();
       expect(m.owner.counter == 0 && list_empty(&m.wait_list));`,
      ['a', 'b'],
      PROFILES,
    ));

  it('is handed to one that was woken in vain', () =>
    checkLog(
      `DEFINE_MUTEX(m);
       task patient { mutex_lock(&m); pr_info("has it"); expect(m.owner.counter == (long)current); mutex_unlock(&m); }
       mutex_lock(&m);
       schedule();
       mutex_unlock(&m);
       expect(mutex_trylock(&m));
       pr_info("faster");
       schedule();
       expect((m.owner.counter & 7) == 3);
       mutex_unlock(&m);
       expect(mutex_is_locked(&m) && (m.owner.counter & 7) == 5 && !mutex_trylock(&m));`,
      ['faster', 'has it'],
    ));
});

describe('a completion', function () {
  it('has those that wait in its queue, and lets the first go on', () =>
    checkLog(
      `DECLARE_COMPLETION(done);
       int waiting(void) { int n = 0; struct list_head *pos; list_for_each(pos, &done.wait.task_list) n++; return n; }
       task a { wait_for_completion(&done); pr_info("a"); }
       task b { wait_for_completion(&done); pr_info("b"); }
       schedule();
       expect(waiting() == 2);
       struct swait_queue *first = list_first_entry(&done.wait.task_list, struct swait_queue, task_list);
       expect(first->task->__state == TASK_UNINTERRUPTIBLE);
       complete(&done);
       expect(waiting() == 1 && done.done == 1);
       schedule();
       expect(done.done == 0);
       complete_all(&done);
       expect(waiting() == 0 && done.done == -1u);`,
      ['a', 'b'],
      PROFILES,
    ));
});
