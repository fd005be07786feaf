/** What a module author calls: locks and RCU, on recorded machines. */
import assert from 'node:assert/strict';
import { checkOnCores } from './coreMachines.js';
import { checkLog, log, machine, runToEnd } from './machines.js';

describe('locks', function () {
  it('a mutex is waited for', () =>
    checkLog(
      `DEFINE_MUTEX(m);
       task b { mutex_lock(&m); pr_info("b has it"); mutex_unlock(&m); }
       mutex_lock(&m);
       expect(mutex_is_locked(&m) && !mutex_trylock(&m));
       schedule();
       pr_info("main gives it back");
       mutex_unlock(&m);`,
      ['main gives it back', 'b has it'],
    ));

  it('a rwlock has many readers or one writer, a rw_semaphore may be slept in, a completion is waited for', () => {
    const text = `
       DEFINE_RWLOCK(lock);
       DECLARE_RWSEM(sem);
       DECLARE_COMPLETION(done);
       task other {
         read_lock(&lock); pr_info("reads"); read_unlock(&lock);
         down_write(&sem); pr_info("writes"); up_write(&sem);
         complete(&done);
       }
       write_lock(&lock);
       expect(preempt_count() == 1);
       expect(IS_ENABLED(CONFIG_SMP) == !read_trylock(&lock));
       if (!IS_ENABLED(CONFIG_SMP)) read_unlock(&lock);
       write_unlock(&lock);
       down_read(&sem);
       expect(sem.count.counter == 0x100 && down_read_trylock(&sem) && !down_write_trylock(&sem));
       up_read(&sem);
       schedule();
       pr_info("gives it up");
       up_read(&sem);
       wait_for_completion(&done);
       expect(!completion_done(&done));
       complete_all(&done);
       wait_for_completion(&done);
       expect(try_wait_for_completion(&done));
       reinit_completion(&done);
       expect(!try_wait_for_completion(&done));
       unsigned long flags;
       read_lock_irqsave(&lock, flags);
       expect(irqs_disabled() && read_trylock(&lock) && preempt_count() == 2);
       read_unlock(&lock);
       read_unlock_irqrestore(&lock, flags);
       expect(!irqs_disabled() && preempt_count() == 0);
       down_write(&sem);
       expect(!down_read_trylock(&sem));
       downgrade_write(&sem);
       expect(down_read_trylock(&sem));
       up_read(&sem); up_read(&sem);
       expect(!rwsem_is_locked(&sem));`;
    const lines = ['reads', 'gives it up', 'writes'];
    checkLog(text, lines, ['x86_64-slub', 'i386-highmem4g-slub', 'x86_64-slub-smp']);
  });

  it('a writer that reads its own rwlock, and a completion that nobody completes, are deadlocks', () => {
    const rwlock = machine(
      'DEFINE_RWLOCK(l);\nwrite_lock(&l);\nread_lock(&l);',
      'x86_64-slub-smp',
      2,
    );
    const completion = machine('DECLARE_COMPLETION(c);\nwait_for_completion(&c);');
    const waitOf = (vm: ReturnType<typeof machine>): string => {
      const last = runToEnd(vm).at(-1);
      return last?.kind === 'deadlock' ? (last.waits[0]?.text ?? '') : '';
    };
    assert.match(waitOf(rwlock), /waits for the rwlock at .*, which it holds itself/);
    assert.match(
      waitOf(completion),
      /waits for the completion at .* until somebody calls complete/,
    );
  });

  it('a mutex taken twice is a deadlock that names its holder', () => {
    const vm = machine('DEFINE_MUTEX(m);\nmutex_lock(&m);\nmutex_lock(&m);');
    const last = runToEnd(vm).at(-1);
    assert.match(
      last?.kind === 'deadlock' ? (last.waits[0]?.text ?? '') : '',
      /^main waits for the mutex at [0-9a-f]+, which it holds itself$/,
    );
  });

  it('a sleeping call where none may be warns, and is made', () =>
    checkLog(
      `DEFINE_SPINLOCK(lock);
       spin_lock(&lock);
       struct page *page = alloc_page(GFP_KERNEL);
       struct page *atomic = alloc_page(GFP_ATOMIC);
       expect(page && atomic && in_atomic());
       schedule();
       spin_unlock(&lock);
       unsigned long flags;
       spin_lock_irqsave(&lock, flags);
       expect(irqs_disabled());
       spin_unlock_irqrestore(&lock, flags);
       expect(!irqs_disabled() && preempt_count() == 0);
       might_sleep();`,
      [
        'BUG: sleeping function called from invalid context at test.mms:3',
        'in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 1, name: init',
        'preempt_count: 1, expected: 0',
        'BUG: scheduling while atomic: init/1/0x00000001',
      ],
    ));

  it('who waits for a rwlock is in its words, in the order in which they came', () => {
    const smp = machine(
      `DEFINE_RWLOCK(l);
#define WORDS(who) pr_info("%s %x %x", who, l.raw_lock.cnts.counter, l.raw_lock.wait_lock.val.counter)
      task r1 { read_lock(&l); WORDS("r1"); read_unlock(&l); }
      task w { write_lock(&l); WORDS("w"); write_unlock(&l); }
      task r2 { read_lock(&l); WORDS("r2"); read_unlock(&l); WORDS("free"); }
      write_lock(&l);
      schedule();
      WORDS("main");
      expect(!read_trylock(&l) && !write_trylock(&l));
      write_unlock(&l);
      WORDS("given back");
      expect(!write_trylock(&l));`,
      'x86_64-slub-smp',
    );
    runToEnd(smp);
    assert.deepEqual(log(smp).slice(1), [
      'main 2ff 40101',
      'given back 200 40101',
      'r1 300 101',
      'w 2ff 1',
      'r2 200 0',
      'free 0 0',
    ]);
  });

  it('on SMP a spinlock is waited for; a build without SMP has none', () => {
    const text = `DEFINE_SPINLOCK(lock);
      task b { spin_lock(&lock); pr_info("b"); spin_unlock(&lock); }
      spin_lock(&lock);
      schedule();
      pr_info("main");
      spin_unlock(&lock);`;
    const smp = machine(text, 'x86_64-slub-smp');
    runToEnd(smp);
    const complaint = 'BUG: scheduling while atomic: init/1/0x00000001';
    assert.deepEqual(log(smp), [complaint, 'main', 'b']);
    checkLog(text, [complaint, 'b', 'main']);
  });

  it('what a section holds is undone with a step back', () => {
    const vm = machine('preempt_disable();\nint n = preempt_count();\npreempt_enable();');
    vm.runStatement();
    const inside = vm.tape.cursor;
    runToEnd(vm);
    vm.tape.seek(inside);
    const value = vm.evaluate('preempt_count()');
    assert.ok(value.ok && value.value === 1);
  });
});

describe('those that wait', function () {
  it('get a lock in the order in which they came, and a running task may come before them', () =>
    checkLog(
      `DEFINE_MUTEX(m);
       task c { schedule(); schedule(); mutex_lock(&m); pr_info("c"); mutex_unlock(&m); }
       task b { schedule(); mutex_lock(&m); pr_info("b"); mutex_unlock(&m); }
       task a { mutex_lock(&m); pr_info("a"); mutex_unlock(&m); }
       mutex_lock(&m);
       for (int i = 0; i < 4; i++) schedule();
       mutex_unlock(&m);
       mutex_lock(&m); pr_info("main"); mutex_unlock(&m);`,
      ['main', 'a', 'b', 'c'],
    ));

  it('a writer is not starved by readers', () =>
    checkLog(
      `DECLARE_RWSEM(sem);
       task writer { down_write(&sem); pr_info("writer"); up_write(&sem); }
       task reader { down_read(&sem); pr_info("reader"); up_read(&sem); }
       down_read(&sem);
       schedule();
       expect(!down_read_trylock(&sem));
       up_read(&sem);`,
      ['writer', 'reader'],
    ));

  it('each complete() lets the first of them go on', () =>
    checkLog(
      `DECLARE_COMPLETION(done);
       task c { schedule(); wait_for_completion(&done); pr_info("c"); }
       task b { wait_for_completion(&done); pr_info("b"); }
       schedule(); schedule(); schedule();
       complete(&done); schedule();
       pr_info("once more"); complete(&done);`,
      ['b', 'once more', 'c'],
    ));

  it('for a condition are woken with their queue, and look again', () =>
    checkLog(
      `DECLARE_WAIT_QUEUE_HEAD(queue);
       int n = 0;
       task two { wait_event(queue, n >= 2); pr_info("two"); }
       task one { expect(wait_event_interruptible(queue, n >= 1) == 0); pr_info("one"); }
       schedule();
       expect(waitqueue_active(&queue));
       n = 1; schedule(); pr_info("nobody has woken them");
       wake_up(&queue); schedule();
       n = 2; wake_up(&queue); schedule();
       expect(!waitqueue_active(&queue));`,
      ['nobody has woken them', 'one', 'two'],
    ));

  it('until a certain time go on then, when nobody else can run', () => {
    const text = `DECLARE_COMPLETION(never); DECLARE_WAIT_QUEUE_HEAD(queue);
       int ready = 0;
       task late { msleep(200); pr_info("late at %lu", jiffies - start); ready = 1; wake_up(&queue); }
       unsigned long start = jiffies;
       pr_info("%lu", wait_for_completion_timeout(&never, 5));
       pr_info("main at %lu", jiffies - start);
       pr_info("%ld", wait_event_timeout(queue, ready, 3));
       pr_info("%d", wait_event_timeout(queue, ready, 1000) > 900);
       complete(&never);
       pr_info("%d", wait_for_completion_timeout(&never, 5) == 5);
       expect(schedule_timeout(7) == 7);
       set_current_state(TASK_UNINTERRUPTIBLE);
       expect(schedule_timeout(7) == 0);
       pr_info("end at %lu", jiffies - start);`.replace('unsigned long start = jiffies;\n', '');
    const lines = ['0', 'main at 5', '0', 'late at 21', '1', '1', 'end at 28'];
    checkLog(`unsigned long start = jiffies;\n${text}`, lines);
  });

  it('for each other are a deadlock that says who waits for whom', () => {
    const vm = machine(
      `DEFINE_MUTEX(a); DEFINE_MUTEX(b);
       task other { mutex_lock(&b); schedule(); mutex_lock(&a); }
       mutex_lock(&a); schedule(); mutex_lock(&b);`,
    );
    const last = runToEnd(vm).at(-1);
    const waits = last?.kind === 'deadlock' ? last.waits.map(({ text }) => text) : [];
    assert.match(waits[0] ?? '', /^main waits for the mutex at .*, which other holds$/);
    assert.match(waits[1] ?? '', /^other waits for the mutex at .*, which main holds$/);
  });

  it('a step back over a sleep takes the time back', () => {
    const vm = machine('unsigned long start = jiffies;\nmsleep(50);\nint n = jiffies - start;');
    vm.runStatement();
    const before = vm.tape.hash();
    const place = vm.tape.cursor;
    runToEnd(vm);
    vm.tape.seek(place);
    assert.equal(vm.tape.hash(), before);
    const value = vm.evaluate('jiffies - start');
    assert.ok(value.ok && value.value === 0);
  });
});

describe('RCU', function () {
  it('callbacks are called when a grace period is over, in order, and kfree_rcu frees', () =>
    checkOnCores(
      `struct item { int n; struct rcu_head rcu; };
       static void release(struct rcu_head *head) { struct item *i = container_of(head, struct item, rcu); pr_info("item %d", i->n); kfree(i); }
       struct item *a = kmalloc(sizeof(*a), GFP_KERNEL), *b = kmalloc(sizeof(*b), GFP_KERNEL), *c = kmalloc(sizeof(*c), GFP_KERNEL);
       a->n = 1; b->n = 2;
       call_rcu(&a->rcu, release);
       call_rcu(&b->rcu, release);
       kfree_rcu(c, rcu);
       pr_info("queued");
       synchronize_rcu();
       pr_info("over");
       expect(kmalloc(sizeof(*c), GFP_KERNEL) == c);`,
      ['queued', 'item 1', 'item 2', 'over'],
    ));

  it('a reader is waited for', () =>
    checkOnCores(
      `task reader { rcu_read_lock(); pr_info("in"); schedule(); pr_info("out"); rcu_read_unlock(); }
       schedule();
       synchronize_rcu();
       pr_info("no reader");`,
      ['in', 'out', 'no reader'],
    ));
});
