/** Works, timers and tasklets: what runs when, in which thread, and what stops it. */
import assert from 'node:assert/strict';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { log, machine, runToEnd } from './machines.js';

const SOME: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab', 'x86_64-slub-smp'];

const DRIVER = (cases: string, before: string): string => `${before}
static long ioc(struct file *f, unsigned int cmd, unsigned long arg) { switch (cmd) { ${cases} } return -EINVAL; }
static const struct file_operations fops = { .owner = THIS_MODULE, .unlocked_ioctl = ioc };
static struct miscdevice misc = { .minor = MISC_DYNAMIC_MINOR, .name = "demo", .fops = &fops };
expect(misc_register(&misc) == 0);
int fd = open("/dev/demo", O_RDWR);
`;

const IN_ONE_STATEMENT = `${DRIVER(
  `case 1: schedule_work(&d.work); flush_work(&d.work); return d.n;
case 5: for (int i = 0; i < 5; i++) { schedule_work(&d.work); flush_work(&d.work); } return d.n;
case 2: INIT_WORK(&d.work, sleepy); init_completion(&d.done); schedule_work(&d.work); wait_for_completion(&d.done); return d.n;
case 3: d.n = 0; d.ready = 0; init_waitqueue_head(&d.q); timer_setup(&d.timer, tick, 0); mod_timer(&d.timer, jiffies + 3); wait_event(d.q, d.ready); return d.n;
case 4: INIT_WORK(&d.work, work); INIT_DELAYED_WORK(&d.later, sleepy); reinit_completion(&d.done); schedule_delayed_work(&d.later, 50); schedule_work(&d.work); flush_work(&d.work);
  if (!wait_for_completion_timeout(&d.done, 10)) pr_info("timed out\\n"); flush_delayed_work(&d.later); return d.n;`,
  `struct dev { struct work_struct work; struct delayed_work later; struct timer_list timer; struct completion done; wait_queue_head_t q; int n, ready; } d;
static void work(struct work_struct *w) { container_of(w, struct dev, work)->n++; }
static void sleepy(struct work_struct *w) { msleep(20); d.n += 100; complete(&d.done); }
static void tick(struct timer_list *t) { d.n += 10; if (d.n < 60) mod_timer(t, jiffies + 5); else { d.ready = 1; wake_up(&d.q); } }`,
)}INIT_WORK(&d.work, work);
bool was = (schedule_work(&d.work), flush_work(&d.work));
expect(was && d.n == 1);
expect((schedule_work(&d.work), flush_work(&d.work)) && d.n == 2);
expect(ioctl(fd, 1, 0) == 3);
d.n = 0;
expect(ioctl(fd, 5, 0) == 5);
d.n = 3;
expect(ioctl(fd, 2, 0) == 103);
expect(ioctl(fd, 3, 0) == 60);
expect(ioctl(fd, 4, 0) == 161);
`;

const ALL_KINDS = `struct ctx { int n; struct work_struct work; struct delayed_work dwork; struct timer_list timer; struct tasklet_struct tl; };
static struct ctx c; static int order[8], nr; static DECLARE_WAIT_QUEUE_HEAD(wq_head);
static void work_fn(struct work_struct *w) { struct ctx *x = container_of(w, struct ctx, work); x->n++; pr_info("work in %s pid %d at %lu\\n", current->comm, current->pid > 0, jiffies & 0xffff); msleep(10); x->n += 10; }
static void dwork_fn(struct work_struct *w) { struct ctx *x = container_of(to_delayed_work(w), struct ctx, dwork); x->n += 100; wake_up(&wq_head); }
static void timer_fn(struct timer_list *t) { struct ctx *x = from_timer(x, t, timer); expect(in_interrupt()); order[nr++] = (int)jiffies; if (nr < 3) mod_timer(t, jiffies + 5); }
static void tl_fn(struct tasklet_struct *t) { struct ctx *x = from_tasklet(x, t, tl); x->n += 1000; }
static void static_fn(struct work_struct *w) { pr_info("static\\n"); }
static DECLARE_WORK(st, static_fn);
static void tfn2(struct timer_list *t) { pr_info("t2\\n"); kmalloc(8, GFP_KERNEL); }
static DEFINE_TIMER(t2, tfn2);
int main(void)
{
	struct workqueue_struct *q;
	INIT_WORK(&c.work, work_fn); INIT_DELAYED_WORK(&c.dwork, dwork_fn); timer_setup(&c.timer, timer_fn, 0); tasklet_setup(&c.tl, tl_fn);
	expect(schedule_work(&c.work) && !schedule_work(&c.work) && work_pending(&c.work));
	expect(c.n == 0);
	expect(flush_work(&c.work) && c.n == 11 && !work_pending(&c.work));
	expect(schedule_work(&c.work) && cancel_work_sync(&c.work) && !flush_work(&c.work) && c.n == 11);
	unsigned long j = jiffies;
	expect(schedule_delayed_work(&c.dwork, 20) && delayed_work_pending(&c.dwork));
	wait_event(wq_head, c.n > 100);
	expect(c.n == 111 && jiffies == j + 20);
	mod_timer(&c.timer, jiffies + 7);
	expect(timer_pending(&c.timer));
	j = jiffies;
	msleep(200);
	expect(nr == 3 && order[0] == (int)j + 7 && order[1] == order[0] + 5 && order[2] == order[1] + 5 && !timer_pending(&c.timer));
	tasklet_schedule(&c.tl); tasklet_schedule(&c.tl);
	tasklet_kill(&c.tl);
	expect(c.n == 1111);
	q = create_singlethread_workqueue("mine");
	queue_work(q, &c.work); queue_work(q, &st);
	schedule();
	expect(!cancel_work_sync(&c.work) && c.n == 1122);
	flush_workqueue(q);
	queue_delayed_work(q, &c.dwork, 5); expect(cancel_delayed_work_sync(&c.dwork));
	destroy_workqueue(q);
	mod_timer(&t2, jiffies + 1); msleep(20); 
	expect(del_timer_sync(&c.timer) == 0);
	mod_timer(&t2, jiffies + 100); expect(del_timer(&t2) == 1);
	return 0;
}
`;

/** Runs a scenario whose every expect() must hold: what it says. */
function said(text: string, expects: number, profile: ProfileName = 'x86_64-slub'): string[] {
  const vm = machine(text, profile);
  const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
  assert.deepEqual(died, [], profile);
  assert.deepEqual({ ...vm.expects }, { held: expects, failed: 0 }, profile);
  return log(vm).filter((line) => !/^(?:WARNING|in_atomic|preempt_count)/.test(line));
}

const QUEUES_ITSELF = `static struct workqueue_struct *queue;
static struct delayed_work later; static struct work_struct now; static int n, m;
static void later_fn(struct work_struct *w) { n++; queue_delayed_work(queue, to_delayed_work(w), HZ); }
static void now_fn(struct work_struct *w) { m++; schedule_work(w); }
queue = alloc_workqueue("again", WQ_UNBOUND, 1);
INIT_DELAYED_WORK(&later, later_fn); INIT_WORK(&now, now_fn);
queue_delayed_work(queue, &later, HZ);
unsigned long before = jiffies;
bool was = flush_delayed_work(&later);
expect(was && n == 1 && jiffies == before && delayed_work_pending(&later));
was = (mod_delayed_work(queue, &later, HZ), flush_delayed_work(&later));
expect(was && n == 2);
msleep(2500);
expect(n == 4);
was = cancel_delayed_work_sync(&later);
expect(was && !delayed_work_pending(&later));
destroy_workqueue(queue);
schedule_work(&now);
was = flush_work(&now);
expect(was && m >= 1);
was = cancel_work_sync(&now);
expect(!work_pending(&now));
`;

describe('what is called later', function () {
  for (const profile of SOME)
    it(`runs in threads of the kernel: ${profile}`, () => {
      const [first, second, ...rest] = said(ALL_KINDS, 16, profile);
      assert.match(first ?? '', /^work in kworker\/0:0 pid 1 at/);
      assert.match(second ?? '', /^work in kworker\/0:0 pid 1 at/);
      assert.deepEqual(
        rest.map((line) => line.replace(/ at .*/, '')),
        ['static', 't2', 'BUG: sleeping function called from invalid context'],
      );
    });

  it('begins the next work of an ordered workqueue when the one before is done', () => {
    const text = `static char order[16]; static int nr;
static void fn_a(struct work_struct *w) { order[nr++] = 'a'; msleep(10); order[nr++] = 'A'; }
static void fn_b(struct work_struct *w) { order[nr++] = 'b'; msleep(10); order[nr++] = 'B'; }
static DECLARE_WORK(a, fn_a); static DECLARE_WORK(b, fn_b);
int main(void)
{
  struct workqueue_struct *one = alloc_ordered_workqueue("one", 0);
  queue_work(one, &a); queue_work(one, &b);
  flush_workqueue(one);
  expect(strcmp(order, "aAbB") == 0);
  destroy_workqueue(one);
  return 0;
}`;
    assert.deepEqual(said(text, 1), []);
  });

  it('is done in the statement that has given it away and waits for it', () => {
    const vm = machine(IN_ONE_STATEMENT);
    assert.equal(runToEnd(vm).at(-1)?.kind, 'exited');
    assert.deepEqual(log(vm), ['timed out']);
    assert.equal(vm.expects.failed, 0);
  });

  for (const profile of SOME)
    it(`is flushed once where it queues itself anew: ${profile}`, () => {
      const vm = machine(QUEUES_ITSELF, profile);
      assert.equal(runToEnd(vm).at(-1)?.kind, 'exited');
      assert.equal(vm.expects.failed, 0, log(vm).join('\n'));
    });

  it('does not wait again for what a statement has waited for', () => {
    const vm = machine(
      `${DRIVER(
        'case 1: msleep(10); mutex_lock(&m); msleep(30); mutex_unlock(&m); return schedule_timeout_interruptible(3);',
        'static DEFINE_MUTEX(m);',
      )}unsigned long j = jiffies; expect(ioctl(fd, 1, 0) == 0); expect(jiffies - j >= 9);`,
    );
    assert.equal(runToEnd(vm).at(-1)?.kind, 'exited');
    assert.deepEqual(log(vm), []);
  });

  it('says so where a statement waits for what it has made itself', () => {
    const vm = machine(
      `${DRIVER(
        'case 1: init_waitqueue_head(&q); wait_event(q, 0); return 0;',
        'static wait_queue_head_t q;',
      )}ioctl(fd, 1, 0);`,
    );
    const died = runToEnd(vm).find(({ kind }) => kind === 'failed');
    assert.match(died?.kind === 'failed' ? died.text : '', /what its own statement has made/);
  });

  it('runs timers in the idle thread, which has pid 0', () => {
    const vm = machine(
      String.raw`static void f(struct timer_list *t) { pr_info("%s %d\n", current->comm, current->pid); }
static struct timer_list t; timer_setup(&t, f, 0); mod_timer(&t, jiffies + 1); msleep(50);`,
    );
    runToEnd(vm);
    assert.deepEqual(log(vm), ['swapper/0 0']);
  });

  it('ends with the last task for whom time goes on', () => {
    const text = `static int ticks;
static void tick(struct timer_list *t) { ticks++; mod_timer(t, jiffies + HZ); }
static DEFINE_TIMER(timer, tick);
int main(void) { mod_timer(&timer, jiffies + HZ); msleep(2500); expect(ticks == 2); return 0; }`;
    assert.deepEqual(said(text, 1), []);
  });

  it('goes back and forth with the tape', () => {
    const vm = machine(
      `static int n; static void fn(struct work_struct *w) { n++; } static DECLARE_WORK(work, fn);
int main(void) { schedule_work(&work); flush_work(&work); expect(n == 1); return 0; }`,
      'x86_64-slub',
    );
    const { tape } = vm.image;
    const [start, before] = [tape.cursor, tape.hash()];
    runToEnd(vm);
    const end = tape.cursor;
    const after = tape.hash();
    tape.seek(start);
    assert.equal(tape.hash(), before);
    tape.seek(end);
    assert.equal(tape.hash(), after);
  });
});
