/** Domains of readers that may sleep, and counts of references that end with a grace period. */
import { says } from './machines.js';

describe('SRCU', () => {
  it('waits for the readers of its own domain, which may sleep, and for no others', () =>
    says(
      `DEFINE_SRCU(first);
DEFINE_STATIC_SRCU(second);
struct item { int n; struct rcu_head rcu; } old = { 7 };
static void reclaim(struct rcu_head *head) { pr_info("reclaim %d\\n", container_of(head, struct item, rcu)->n); }
static int reader(void *unused)
{
  int idx = srcu_read_lock(&first);
  pr_info("reads\\n");
  msleep(20);
  pr_info("has read\\n");
  srcu_read_unlock(&first, idx);
  return 0;
}
struct task_struct *t = kthread_run(reader, NULL, "reader");
schedule();
call_srcu(&first, &old.rcu, reclaim);
unsigned long cookie = start_poll_synchronize_srcu(&first);
synchronize_srcu(&second);
expect(!poll_state_synchronize_srcu(&first, cookie));
pr_info("waits\\n");
synchronize_srcu(&first);
pr_info("done\\n");
expect(poll_state_synchronize_srcu(&first, cookie));
kthread_stop(t);
cleanup_srcu_struct(&first);
cleanup_srcu_struct(&second);`,
      ['reads', 'waits', 'has read', 'reclaim 7', 'done'],
    ));

  it('calls back when a task gives way and nobody reads, also while it waits for a completion', () =>
    says(
      `struct srcu_struct domain;
expect(!init_srcu_struct(&domain));
struct item { struct completion done; struct rcu_head rcu; } it;
init_completion(&it.done);
static void called(struct rcu_head *head) { complete(&container_of(head, struct item, rcu)->done); }
int idx = srcu_read_lock(&domain);
call_srcu(&domain, &it.rcu, called);
schedule();
expect(!completion_done(&it.done));
srcu_read_unlock(&domain, idx);
wait_for_completion(&it.done);
call_srcu(&domain, &it.rcu, called);
schedule();
expect(completion_done(&it.done));
srcu_barrier(&domain);
call_rcu(&it.rcu, called);
reinit_completion(&it.done);
wait_for_completion(&it.done);
cleanup_srcu_struct(&domain);`,
      [],
    ));
});

describe('percpu_ref', () => {
  it('counts by CPU, then with one number; the last put releases', () =>
    says(
      `static void released(struct percpu_ref *ref) { pr_info("released\\n"); }
static void confirmed(struct percpu_ref *ref) { pr_info("confirmed %d\\n", percpu_ref_is_dying(ref)); }
struct percpu_ref ref;
expect(!percpu_ref_init(&ref, released, PERCPU_REF_ALLOW_REINIT, GFP_KERNEL));
expect(!(ref.percpu_count_ptr & 3));
percpu_ref_get_many(&ref, 3);
expect(percpu_ref_tryget(&ref) && percpu_ref_tryget_live(&ref) && !percpu_ref_is_zero(&ref));
percpu_ref_put_many(&ref, 4);
percpu_ref_switch_to_atomic_sync(&ref);
expect((ref.percpu_count_ptr & 3) == 1 && ref.data->count.counter == 2);
percpu_ref_switch_to_percpu(&ref);
expect(!(ref.percpu_count_ptr & 3));
percpu_ref_kill_and_confirm(&ref, confirmed);
expect(percpu_ref_is_dying(&ref) && !percpu_ref_tryget_live(&ref));
synchronize_rcu();
expect(ref.data->count.counter == 1);
percpu_ref_put(&ref);
expect(percpu_ref_is_zero(&ref));
percpu_ref_reinit(&ref);
expect(!(ref.percpu_count_ptr & 3));
percpu_ref_kill(&ref);
schedule();
expect(percpu_ref_is_zero(&ref));
percpu_ref_exit(&ref);
expect(percpu_ref_is_zero(&ref) && !ref.data);`,
      ['confirmed 1', 'released', 'released'],
    ));
});
