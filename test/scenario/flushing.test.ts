/** What a flush waits for, and what it does not. */
import { says } from './machines.js';

describe('flush_work()', () => {
  it('waits for the work that runs and for the same one that is queued behind it', () =>
    says(
      `static int n;
static void slow(struct work_struct *w) { msleep(10); n++; }
static DECLARE_WORK(work, slow);
schedule_work(&work);
schedule();
schedule_work(&work);
expect(n == 0 && work_busy(&work) == (WORK_BUSY_PENDING | WORK_BUSY_RUNNING));
bool was = flush_work(&work);
expect(was && n == 2);`,
      [],
    ));

  it('does not wait for a work that queues itself while it runs', () =>
    says(
      `static int n;
static void again(struct work_struct *w) { if (n++ < 3) schedule_work(w); msleep(10); }
static DECLARE_WORK(work, again);
schedule_work(&work);
flush_work(&work);
expect(n == 1);
cancel_work_sync(&work);`,
      [],
    ));
});

describe('flush_workqueue()', () => {
  it('does not wait for works that are queued after it', () =>
    says(
      `static struct workqueue_struct *q;
static int n;
static void quick(struct work_struct *w) { n++; }
static void endless(struct work_struct *w) { msleep(10); if (n < 40) queue_work(q, w); n++; }
static DECLARE_WORK(a, quick); static DECLARE_WORK(b, endless);
q = alloc_ordered_workqueue("mine", 0);
queue_work(q, &b);
queue_work(q, &a);
flush_workqueue(q);
expect(n == 2);
flush_workqueue(q);
expect(n == 3);
drain_workqueue(q);
expect(n == 41);
destroy_workqueue(q);`,
      ["workqueue mine: drain_workqueue() isn't complete after 10 tries"],
    ));
});
