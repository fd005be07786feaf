/**
 * Who is called when an interrupt comes: request_irq(), free_irq(), and lines that are disabled for a while.
 *
 *     desc->action ─> irqaction: handler, thread_fn, dev_id, flags, name ─> next handler of a line that is shared
 *     desc->depth     0: enabled; else how many enable_irq() are missing
 *
 * Differs: the thread of a handler (thread_fn) has no task_struct of its own: one of the threads that do works does what it is woken for,
 * under its name (vm/kernelJobs.ts).
 * Left out: chips and their flow handlers, affinity, trigger types that a chip does not have, NMIs, forced threads.
 * Source: Linux 6.1 kernel/irq/manage.c, kernel/irq/resend.c; include/linux/irq.h: irqd_irq_disabled().
 */
import { type Int, NULL, type Pointer, type UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { WARN } from '../../include/asm-generic/bug.h.js';
import { EBUSY, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import {
  IRQF_COND_SUSPEND,
  IRQF_NO_AUTOEN,
  IRQF_ONESHOT,
  IRQF_PROBE_SHARED,
  IRQF_SHARED,
  IRQF_TRIGGER_MASK,
} from '../../include/linux/interrupt.h.js';
import { pr_err } from '../../include/linux/printk.h.js';
import { stringAt } from '../../lib/string.js';
import { kfree, kzalloc } from '../../mm/slab_common/kmalloc.js';
import { irq_desc_get_irq, type IrqDesc, irq_to_desc } from './irqdesc.js';

export type IrqAction = Pointer<'struct irqaction'>;

const IRQS_PENDING = 0x200;

export const actionOf = (k: Kernel, desc: IrqDesc): IrqAction =>
  k.read_ptr(k.plus(desc, k.irq_desc.action));
export const nextAction = (k: Kernel, action: IrqAction): IrqAction =>
  k.read_ptr(k.plus(action, k.irqaction.next));
const flagsOf = (k: Kernel, action: IrqAction): UInt =>
  k.read_int(k.plus(action, k.irqaction.flags));
const nameOf = (k: Kernel, action: IrqAction): string =>
  stringAt(k, k.read_va(k.plus(action, k.irqaction.name)));
const depthAt = (k: Kernel, desc: IrqDesc): Cell => k.plus(desc, k.irq_desc.depth);
const stateAt = (k: Kernel, desc: IrqDesc): Cell =>
  k.plus(desc, k.irq_desc.core_internal_state__do_not_mess_with_it);

/** Whether the line lets interrupts through. */
export const irqd_irq_disabled = (k: Kernel, desc: IrqDesc): boolean =>
  k.read_int(depthAt(k, desc)) !== 0;

/** An interrupt came while the line was disabled: it is handled when it is not any more. */
export const markPendingIrq = (k: Kernel, desc: IrqDesc): void => {
  k.write(stateAt(k, desc), k.read_int(stateAt(k, desc)) | IRQS_PENDING);
};

/** check_irq_resend(): whether one had come, which it has not from here on. */
export const takePendingIrq = (k: Kernel, desc: IrqDesc): boolean => {
  const state = k.read_int(stateAt(k, desc));
  if ((state & IRQS_PENDING) === 0) return false;
  k.write(stateAt(k, desc), state & ~IRQS_PENDING);
  return true;
};

// --- request_irq() -------------------------------------------------------------------------------------------------------

function refusesSharing(k: Kernel, old: IrqAction, action: IrqAction): boolean {
  const both: UInt = flagsOf(k, old) & flagsOf(k, action);
  const differ: UInt = flagsOf(k, old) ^ flagsOf(k, action);
  return (both & IRQF_SHARED) === 0 || (differ & (IRQF_TRIGGER_MASK | IRQF_ONESHOT)) !== 0;
}

const flagsText = (flags: UInt): string => (flags >>> 0).toString(16).padStart(8, '0');

/** Puts a handler behind those that the line has. 0 or an error. */
function __setup_irq(k: Kernel, irq: UInt, desc: IrqDesc, action: IrqAction): Int {
  const old: IrqAction = actionOf(k, desc);
  const flags: UInt = flagsOf(k, action);
  if (old !== NULL && refusesSharing(k, old, action)) {
    // mismatch:
    if ((flags & IRQF_PROBE_SHARED) === 0)
      pr_err(
        k,
        `genirq: Flags mismatch irq ${irq}. ${flagsText(flags)} (${nameOf(k, action)}) vs. ${flagsText(flagsOf(k, old))} (${nameOf(k, old)})`,
      );
    return -EBUSY;
  }
  const hasHandler = k.read_va(k.plus(action, k.irqaction.handler)) !== 0;
  if (!hasHandler && (flags & IRQF_ONESHOT) === 0) {
    // An interrupt of such a line would come again and again before its thread runs.
    pr_err(
      k,
      `genirq: Threaded irq requested with handler=NULL and !ONESHOT for ${nameOf(k, action)} (irq ${irq})`,
    );
    return -EINVAL;
  }
  if (old === NULL) {
    k.write_ptr(k.plus(desc, k.irq_desc.action), action);
    // irq_startup():
    k.write(depthAt(k, desc), (flags & IRQF_NO_AUTOEN) === 0 ? 0 : 1);
    return 0;
  }
  let last: IrqAction = old;
  let rounds = 0;
  while (nextAction(k, last) !== NULL) {
    k.watchdog(++rounds);
    last = nextAction(k, last);
  }
  k.write_ptr(k.plus(last, k.irqaction.next), action);
  return 0;
}

/** Has handlers called when an interrupt comes on a line. 0 or an error. */
export function request_threaded_irq(
  k: Kernel,
  irq: UInt,
  handler: VirtAddr,
  thread_fn: VirtAddr,
  irqflags: UInt,
  devname: VirtAddr,
  dev_id: VirtAddr,
): Int {
  const isShared = (irqflags & IRQF_SHARED) !== 0;
  // free_irq() tells those that share a line apart by dev_id.
  if (isShared && (dev_id === 0 || (irqflags & IRQF_NO_AUTOEN) !== 0)) return -EINVAL;
  if (!isShared && (irqflags & IRQF_COND_SUSPEND) !== 0) return -EINVAL;
  const desc: IrqDesc = irq_to_desc(k, irq);
  if (desc === NULL) return -EINVAL;
  if (handler === 0 && thread_fn === 0) return -EINVAL;
  const object: VirtAddr = kzalloc(k, k.sizeof.irqaction, k.GFP_KERNEL);
  if (object === 0) return -ENOMEM;
  const action: IrqAction = k.cell_at(object);
  k.write_va(k.plus(action, k.irqaction.handler), handler);
  k.write_va(k.plus(action, k.irqaction.thread_fn), thread_fn);
  k.write(k.plus(action, k.irqaction.flags), irqflags);
  k.write_va(k.plus(action, k.irqaction.name), devname);
  k.write_va(k.plus(action, k.irqaction.dev_id), dev_id);
  k.write(k.plus(action, k.irqaction.irq), irq);
  const retval: Int = __setup_irq(k, irq, desc, action);
  if (retval !== 0) kfree(k, object);
  return retval;
}

/** Takes a handler off its line; the name that it had, 0: there is none of that dev_id. Differs: the caller has waited for its thread. */
export function free_irq(k: Kernel, irq: UInt, dev_id: VirtAddr): VirtAddr {
  const desc: IrqDesc = irq_to_desc(k, irq);
  if (desc === NULL) return asVirt(0);
  let at: Cell = k.plus(desc, k.irq_desc.action);
  let action: IrqAction = k.read_ptr(at);
  let rounds = 0;
  while (action !== NULL && k.read_va(k.plus(action, k.irqaction.dev_id)) !== dev_id) {
    k.watchdog(++rounds);
    at = k.plus(action, k.irqaction.next);
    action = k.read_ptr(at);
  }
  if (action === NULL) {
    WARN(k, true, `Trying to free already-free IRQ ${irq}`);
    return asVirt(0);
  }
  k.write_ptr(at, nextAction(k, action));
  // irq_shutdown():
  if (actionOf(k, desc) === NULL) k.write(depthAt(k, desc), 1);
  const devname: VirtAddr = k.read_va(k.plus(action, k.irqaction.name));
  kfree(k, k.va_of(action));
  return devname;
}

// --- enabled and disabled ------------------------------------------------------------------------------------------------

/** From here on interrupts of the line wait. 0, or -EINVAL: there is no such line. */
export function disable_irq_nosync(k: Kernel, irq: UInt): Int {
  const desc: IrqDesc = irq_to_desc(k, irq);
  if (desc === NULL) return -EINVAL;
  k.write(depthAt(k, desc), k.read_int(depthAt(k, desc)) + 1);
  return 0;
}

/** Takes one disable_irq() back. */
export function enable_irq(k: Kernel, irq: UInt): void {
  const desc: IrqDesc = irq_to_desc(k, irq);
  if (desc === NULL) return;
  const depth: UInt = k.read_int(depthAt(k, desc));
  if (depth === 0) WARN(k, true, `Unbalanced enable for IRQ ${irq_desc_get_irq(k, desc)}`);
  else k.write(depthAt(k, desc), depth - 1);
}
