/** Handlers of interrupts and their threads; lines that are disabled; timers that run in the interrupt of the clock. */
import assert from 'node:assert/strict';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { log, machine, runToEnd, says } from './machines.js';

/** What a script prints on a machine. */
function linesOf(text: string, profile: ProfileName, cpus: number): string[] {
  const vm = machine(text, profile, cpus);
  runToEnd(vm);
  return log(vm);
}

describe('an interrupt', () => {
  it('is handled at once, with interrupts off; its thread runs when the task gives way; a line is shared or not', () =>
    says(
      `static int dev;
static irqreturn_t thread_fn(int irq, void *id) { expect(in_task() && id == &dev); msleep(10); pr_info("thread %s irq %d\\n", current->comm, irq); return IRQ_HANDLED; }
static irqreturn_t handler(int irq, void *id) { expect(in_irq() && in_interrupt() && irqs_disabled() && !in_task()); pr_info("hard %d\\n", irq); return IRQ_WAKE_THREAD; }
static irqreturn_t other(int irq, void *id) { pr_info("other %d\\n", *(int *)id); return IRQ_HANDLED; }
static irqreturn_t sleeper(int irq, void *id) { kmalloc(8, GFP_KERNEL); return IRQ_HANDLED; }
int n = 5;
expect(request_irq(16, other, 0, "x", NULL) == -EINVAL);
expect(request_irq(11, other, IRQF_SHARED, "x", NULL) == -EINVAL);
expect(request_threaded_irq(11, NULL, thread_fn, 0, "bad", &dev) == -EINVAL);
expect(!request_threaded_irq(11, handler, thread_fn, IRQF_SHARED, "demo", &dev));
expect(request_irq(11, other, 0, "excl", &n) == -EBUSY);
expect(!request_irq(11, other, IRQF_SHARED, "other", &n));
struct irq_desc *desc = irq_to_desc(11);
expect(desc->action->irq == 11 && desc->action->next->next == NULL && !strcmp(desc->action->name, "demo") && desc->depth == 0);
generic_handle_irq(11);
disable_irq(11);
generic_handle_irq(11);
pr_info("disabled, depth %u\\n", desc->depth);
enable_irq(11);
synchronize_irq(11);
enable_irq(11);
expect(!strcmp(free_irq(11, &n), "other"));
free_irq(11, &n);
free_irq(11, &dev);
expect(!desc->action && desc->depth == 1);
expect(!request_irq(5, sleeper, 0, "sleeper", NULL));
generic_handle_irq(5);`,
      [
        'genirq: Threaded irq requested with handler=NULL and !ONESHOT for bad (irq 11)',
        'genirq: Flags mismatch irq 11. 00000000 (excl) vs. 00000080 (demo)',
        ...['hard 11', 'other 5', 'thread irq/11-demo irq 11', 'disabled, depth 1'],
        ...['hard 11', 'other 5', 'thread irq/11-demo irq 11'],
        'BUG: sleeping function called from invalid context at test.mms:5',
        'in_atomic(): 1, irqs_disabled(): 1, non_block: 0, pid: 1, name: init',
        'preempt_count: 10000, expected: 0',
      ],
    ));

  it('is counted by CPU in /proc/interrupts', () => {
    const text = `static irqreturn_t handler(int irq, void *id) { return IRQ_HANDLED; }
static int a, b;
request_irq(11, handler, IRQF_SHARED, "demo", &a);
request_irq(11, handler, IRQF_SHARED, "other", &b);
generic_handle_irq(11);
cpu(LAST) { generic_handle_irq(11); }
proc("interrupts");
free_irq(11, &a); free_irq(11, &b);`;
    const [head, line, ...rest] = linesOf(text.replace('LAST', '0'), 'x86_64-slub', 1);
    assert.equal(head, '           CPU0       ');
    assert.equal(line, ' 11:          2   IO-APIC  11-edge      demo, other');
    assert.equal(rest[0], 'NMI:          0   Non-maskable interrupts');
    assert.deepEqual(
      rest.map((each) => each.slice(0, 3)),
      'NMI LOC SPU PMI IWI RTR ERR MIS PIN NPI PIW'.split(' '),
    );
    assert.equal(rest[6], 'ERR:          0');
    const [, old, ...few] = linesOf(text.replace('LAST', '0'), 'i386-pae-slab', 1);
    assert.equal(old, ' 11:          2    XT-PIC      demo, other');
    assert.equal(few.length, 5);
    const [two, both] = linesOf(text.replace('LAST', '1'), 'x86_64-slub-smp', 2);
    assert.equal(two, '           CPU0       CPU1       ');
    assert.equal(both, ' 11:          1          1   IO-APIC  11-edge      demo, other');
  });

  it('of a device goes with it', () =>
    says(
      `static irqreturn_t handler(int irq, void *id) { pr_info("hard %d\\n", irq); return IRQ_HANDLED; }
static struct device dev = { .init_name = "own" };
device_register(&dev);
expect(!devm_request_irq(&dev, 7, handler, 0, "own", &dev) && irq_has_action(7));
generic_handle_irq(7);
device_unregister(&dev);
expect(!irq_has_action(7));`,
      ['hard 7'],
    ));
});

describe('an hrtimer', () => {
  it('runs in the interrupt of the clock, and again as long as its function says so', () =>
    says(
      `static struct hrtimer timer; static int count;
static enum hrtimer_restart fn(struct hrtimer *t) { expect(in_hardirq()); pr_info("tick %d at %lld ms\\n", ++count, ktime_to_ms(ktime_get())); if (count == 3) return HRTIMER_NORESTART; hrtimer_forward_now(t, ms_to_ktime(20)); return HRTIMER_RESTART; }
hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
timer.function = fn;
hrtimer_start(&timer, ms_to_ktime(30), HRTIMER_MODE_REL);
expect(hrtimer_active(&timer));
msleep(200);
expect(count == 3 && !hrtimer_cancel(&timer));`,
      ['tick 1 at 30 ms', 'tick 2 at 50 ms', 'tick 3 at 70 ms'],
    ));
});
