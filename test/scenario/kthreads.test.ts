/** Threads of the kernel, and signals that end waits. */
import assert from 'node:assert/strict';
import { checkLog, machine, PROFILES, runToEnd } from './machines.js';

const ALL = [...PROFILES, 'i386-pae-slab', 'x86_64-slab', 'x86_64-slub-smp'] as const;

describe('kthreads', function () {
  it('run a function until they are told to stop, and give what it returned', () =>
    checkLog(
      `static int rounds;
       static int work(void *data)
       {
         int *limit = data;
         pr_info("%s runs with %d", current->comm, *limit);
         expect(current->mm == NULL && (current->flags & 0x200000));
         while (!kthread_should_stop()) {
           rounds++;
           schedule_timeout_interruptible(10);
         }
         return rounds < *limit ? -EAGAIN : 42;
       }
       int limit = 3;
       struct task_struct *thread = kthread_run(work, &limit, "demo/%d", 7);
       expect(!IS_ERR(thread) && thread != current && thread->pid != current->pid);
       expect(rounds == 0);
       msleep(35 * 1000 / HZ);
       expect(rounds >= 3);
       pr_info("%d", kthread_stop(thread));`,
      ['demo/7 runs with 3', '42'],
      ALL,
    ));

  it('that were never woken, or stopped before they ran, do not begin', () =>
    checkLog(
      `static int work(void *data) { pr_info("never"); return 0; }
       struct task_struct *asleep = kthread_create(work, NULL, "asleep");
       schedule();
       expect(asleep->__state == TASK_UNINTERRUPTIBLE);
       expect(kthread_stop(asleep) == -EINTR);
       struct task_struct *early = kthread_run(work, NULL, "early");
       expect(kthread_stop(early) == -EINTR);
       pr_info("end");`,
      ['end'],
    ));

  it('share variables, mutexes and wait queues with the rest', () =>
    checkLog(
      `static DEFINE_MUTEX(lock); static DECLARE_WAIT_QUEUE_HEAD(queue); static int items, taken;
       static int consumer(void *data)
       {
         for (;;) {
           wait_event_interruptible(queue, items > 0 || kthread_should_stop());
           if (kthread_should_stop()) return taken;
           mutex_lock(&lock); items--; taken++; mutex_unlock(&lock);
         }
       }
       struct task_struct *thread = kthread_run(consumer, NULL, "consumer");
       for (int i = 0; i < 5; i++) { mutex_lock(&lock); items++; mutex_unlock(&lock); wake_up(&queue); schedule(); }
       expect(items == 0 && waitqueue_active(&queue));
       expect(kthread_stop(thread) == 5);`,
      [],
    ));

  it('take a task_struct, a stack and a struct kthread, and give them back', () =>
    checkLog(
      `static int work(void *data) { while (!kthread_should_stop()) msleep(1); return 0; }
       drain_all_pages(NULL);
       unsigned long before = nr_free_pages();
       for (int i = 0; i < 40; i++) {
         struct task_struct *thread = kthread_run(work, NULL, "t%d", i);
         expect(!IS_ERR(thread));
         msleep(1);
         kthread_stop(thread);
       }
       synchronize_rcu();
       drain_all_pages(NULL);
       pr_info("%d", before - nr_free_pages() < 40);`,
      ['1'],
    ));

  it('that die, or end by themselves, are waited for all the same', () => {
    const vm = machine(
      `static int bad(void *data) { *(int *)16 = 1; return 0; }
       static int quick(void *data) { kthread_complete_and_exit(data, 7); }
       DECLARE_COMPLETION(done);
       struct task_struct *thread = kthread_run(bad, NULL, "bad");
       get_task_struct(thread);
       msleep(1);
       expect(kthread_stop(thread) == 0);
       struct task_struct *other = kthread_run(quick, &done, "quick");
       wait_for_completion(&done);
       expect(kthread_stop(other) == 7);`,
    );
    runToEnd(vm);
    assert.deepEqual(vm.waits(), []);
    assert.deepEqual(vm.expects, { held: 2, failed: 0 });
  });

  it('that sleep when all else has ended are not a deadlock', () => {
    const vm = machine(
      `DECLARE_WAIT_QUEUE_HEAD(queue);
       static int work(void *data) { wait_event_interruptible(queue, kthread_should_stop()); return 0; }
       kthread_run(work, NULL, "daemon");`,
    );
    runToEnd(vm);
    assert.equal(vm.runStatement().kind, 'exited');
  });

  it('are as they were after a step back', () => {
    const vm = machine(
      `static int work(void *data) { while (!kthread_should_stop()) msleep(2); return 1; }
       struct task_struct *thread = kthread_run(work, NULL, "demo");
       msleep(5);
       kthread_stop(thread);`,
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

describe('signals', function () {
  const waits = `
    static DECLARE_WAIT_QUEUE_HEAD(queue); static DEFINE_MUTEX(lock); static DECLARE_RWSEM(sem); static DEFINE_SEMAPHORE(count);
    static DECLARE_COMPLETION(done);`;

  it('end every wait that is interruptible', () =>
    checkLog(
      `${waits}
       task sleeper {
         expect(wait_event_interruptible(queue, 0) == -ERESTARTSYS);
         expect(signal_pending(current) && !fatal_signal_pending(current));
         flush_signals(current);
         expect(mutex_lock_interruptible(&lock) == -EINTR); flush_signals(current);
         expect(down_interruptible(&count) == -EINTR); flush_signals(current);
         expect(down_read_interruptible(&sem) == -EINTR); flush_signals(current);
         expect(wait_for_completion_interruptible(&done) == -ERESTARTSYS); flush_signals(current);
         expect(wait_event_interruptible_timeout(queue, 0, 1000) == -ERESTARTSYS); flush_signals(current);
         expect(msleep_interruptible(1000) > 0); flush_signals(current);
         expect(schedule_timeout_interruptible(100) == 100); flush_signals(current);
         pr_info("all");
       }
       struct task_struct *sleeper = find_task_by_vpid(100);
       mutex_lock(&lock); down(&count); down_write(&sem);
       for (int i = 0; i < 8; i++) { schedule(); send_sig(SIGUSR1, sleeper, 0); }
       schedule();
       expect(list_empty(&lock.wait_list) && list_empty(&sem.wait_list) && list_empty(&count.wait_list));
       expect(list_empty(&done.wait.task_list) && !waitqueue_active(&queue));
       expect(lock.owner.counter == (long)current && sem.count.counter == 1);`,
      ['all'],
      ALL,
    ));

  it('that end a task end waits that are killable, and no others do', () =>
    checkLog(
      `${waits}
       struct page *page = alloc_page(GFP_KERNEL);
       task sleeper {
         expect(wait_event_killable(queue, 0) == -ERESTARTSYS); flush_signals(current);
         expect(mutex_lock_killable(&lock) == -EINTR); flush_signals(current);
         expect(lock_page_killable(page) == -EINTR); flush_signals(current);
         expect(down_write_killable(&sem) == -EINTR); flush_signals(current);
         mutex_lock(&lock); pr_info("not interrupted: %d", fatal_signal_pending(current)); mutex_unlock(&lock);
       }
       struct task_struct *sleeper = find_task_by_vpid(100);
       lock_page(page); mutex_lock(&lock); down_read(&sem);
       for (int i = 0; i < 5; i++) {
         schedule(); send_sig(SIGTERM, sleeper, 0); schedule();
         expect(sleeper->__state != TASK_RUNNING);
         send_sig(SIGKILL, sleeper, 0); schedule();
       }
       pr_info("still waits");
       mutex_unlock(&lock); schedule();
       expect(PageLocked(page)); unlock_page(page);`,
      ['still waits', 'not interrupted: 1'],
    ));

  it('reach a thread of the kernel that allows them', () =>
    checkLog(
      `static DECLARE_WAIT_QUEUE_HEAD(queue);
       static int work(void *data)
       {
         allow_signal(SIGUSR1);
         while (!kthread_should_stop()) {
           if (wait_event_interruptible(queue, kthread_should_stop()) != 0)
             pr_info("signal %d", kernel_dequeue_signal());
         }
         return 0;
       }
       struct task_struct *thread = kthread_run(work, NULL, "listener");
       schedule();
       send_sig(SIGTERM, thread, 1); schedule();
       send_sig(SIGUSR1, thread, 1); schedule();
       expect(!signal_pending(thread));
       kthread_stop(thread);`,
      ['signal 10'],
    ));

  it('end a process with all its tasks, whose parent hears of it', () =>
    checkLog(
      `char *buffer = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       int child = fork();
       if (child == 0) { for (;;) { buffer[0]++; schedule(); } }
       schedule();
       expect(kill(child, 0) == 0 && kill(4711, 0) == -1 && errno == ESRCH);
       expect(kill(child, SIGTERM) == 0);
       int status; wait(&status);
       pr_info("%d %d", WIFSIGNALED(status), WTERMSIG(status));`,
      ['1 15'],
      ALL,
    ));
});
