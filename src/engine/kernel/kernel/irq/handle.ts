/**
 * An interrupt on a line: its handlers, one behind the other.
 *
 * Left out: what the chip is told, lines that nobody answers for
 * ("nobody cared"), handlers that enable interrupts.
 * Source: Linux 6.1 kernel/irq/handle.c: __handle_irq_event_percpu(), __irq_wake_thread(), warn_no_thread(); kernel/irq/chip.c;
 * kernel/irq/internals.h: __kstat_incr_irqs_this_cpu(); kernel/irq/manage.c: irq_wait_for_interrupt().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { IRQ_WAKE_THREAD } from '../../include/linux/interrupt.h.js';
import { raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { printk } from '../../include/linux/printk.h.js';
import { stringAt } from '../../lib/string.js';
import { irq_desc_get_irq, type IrqDesc } from './irqdesc.js';
import {
  actionOf,
  type IrqAction,
  irqd_irq_disabled,
  markPendingIrq,
  nextAction,
} from './manage.js';

const IRQTF_RUNTHREAD = 1;

/** The thread of a handler has to run: whoever runs it looks for the flag. */
function __irq_wake_thread(k: Kernel, action: IrqAction): void {
  const thread_flags = k.plus(action, k.irqaction.thread_flags);
  k.write(thread_flags, k.read_int(thread_flags) | IRQTF_RUNTHREAD);
}

/** Whether the thread of a handler has to run. */
export const irqThreadIsDue = (k: Kernel, action: IrqAction): boolean =>
  (k.read_int(k.plus(action, k.irqaction.thread_flags)) & IRQTF_RUNTHREAD) !== 0;

/** irq_wait_for_interrupt(): whether the thread of a handler has to run; it does from here on. */
export const irq_wait_for_interrupt = (k: Kernel, action: IrqAction): boolean => {
  const thread_flags = k.plus(action, k.irqaction.thread_flags);
  const flags = k.read_int(thread_flags);
  k.write(thread_flags, flags & ~IRQTF_RUNTHREAD);
  return (flags & IRQTF_RUNTHREAD) !== 0;
};

/** Calls every handler of a line; what they said, all of it. */
function __handle_irq_event_percpu(k: Kernel, desc: IrqDesc): Int {
  const irq = irq_desc_get_irq(k, desc);
  let retval: Int = 0;
  let rounds = 0;
  for (let action: IrqAction = actionOf(k, desc); action !== NULL; action = nextAction(k, action)) {
    k.watchdog(++rounds);
    const handler: VirtAddr = k.read_va(k.plus(action, k.irqaction.handler));
    const dev_id: VirtAddr = k.read_va(k.plus(action, k.irqaction.dev_id));
    // irq_default_primary_handler() wakes the thread, and nothing else.
    const res: Int = handler === 0 ? IRQ_WAKE_THREAD : (k.callOut?.(handler, [irq, dev_id]) ?? 0);
    if (res === IRQ_WAKE_THREAD) {
      if (k.read_va(k.plus(action, k.irqaction.thread_fn)) === 0) warn_no_thread(k, irq, action);
      else __irq_wake_thread(k, action);
    }
    retval |= res;
  }
  return retval;
}

function warn_no_thread(k: Kernel, irq: Int, action: IrqAction): void {
  const name = stringAt(k, k.read_va(k.plus(action, k.irqaction.name)));
  printk(
    k,
    `IRQ ${irq} device ${name} returned IRQ_WAKE_THREAD, but no thread function available.`,
  );
}

/** A CPU's own count, and that of all. */
function __kstat_incr_irqs_this_cpu(k: Kernel, desc: IrqDesc): void {
  const kstat_irqs: Cell = raw_cpu_ptr(k, k.plus(desc, k.irq_desc.kstat_irqs));
  k.write(kstat_irqs, k.read_int(kstat_irqs) + 1);
  const tot_count: Cell = k.plus(desc, k.irq_desc.tot_count);
  k.write(tot_count, k.read_int(tot_count) + 1);
}

/** handle_edge_irq(): of a line that is disabled, the interrupt waits. */
export function handle_edge_irq(k: Kernel, desc: IrqDesc): void {
  if (irqd_irq_disabled(k, desc) || actionOf(k, desc) === NULL) {
    markPendingIrq(k, desc);
    return;
  }
  __kstat_incr_irqs_this_cpu(k, desc);
  __handle_irq_event_percpu(k, desc);
}

/** What the thread of a handler is called: `irq/11-name`. */
export const irqThreadName = (k: Kernel, action: IrqAction): string => {
  const name = stringAt(k, k.read_va(k.plus(action, k.irqaction.name)));
  return `irq/${k.read_int(k.plus(action, k.irqaction.irq))}-${name}`.slice(0, 15);
};
