/**
 * Interrupts: handlers of the scenario on lines of the kernel, and how an interrupt comes: generic_handle_irq(), as the code of a bus or
 * a test calls it.
 *
 * A handler runs at once, in the statement that raised the interrupt, with interrupts off: it must not sleep. Its thread runs when the
 * running task gives way.
 */
import { NULL } from '../../engine/machine/ctypes.js';
import type { Cell } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { withCaches } from './needs.js';
import { truth, va } from './pointers.js';

const changes = true;
const sleeps = 'always' as const;
const EINVAL = 22;
const HARDIRQ_OFFSET = 0x1_0000;

/** Handlers of a line, the first first. */
function* actionsOf({ k, kernel }: BuiltinCall, irq: number): IterableIterator<Cell> {
  const desc = kernel.irq_to_desc(k, irq);
  if (desc === NULL) return;
  for (
    let action = kernel.actionOf(k, desc);
    action !== NULL;
    action = kernel.nextAction(k, action)
  )
    yield action;
}

const isRunning = ({ process: { jobs } }: BuiltinCall, action: Cell): boolean =>
  jobs.isArmed(action) || jobs.runs(action);

/** Waits until no thread of the line's handlers is to run. */
function synchronize(call: BuiltinCall, irq: Value): BuiltinResult {
  const { k } = call;
  for (const action of actionsOf(call, Number(irq)))
    if (isRunning(call, action) && !call.process.jobs.isOwn(action))
      return { blocked: { kind: 'irq thread', address: k.va_of(action) } };
  return undefined;
}

/** An interrupt on a line: nothing else of this CPU runs before its handlers are done. */
function handle(call: BuiltinCall, irq: number): number {
  const { k, kernel, context } = call;
  const desc = kernel.irq_to_desc(k, irq);
  if (desc === NULL) return -EINVAL;
  const { irqsDisabled } = context;
  context.irqsDisabled = true;
  context.preemptCount += HARDIRQ_OFFSET;
  kernel.handle_edge_irq(k, desc);
  context.preemptCount -= HARDIRQ_OFFSET;
  context.irqsDisabled = irqsDisabled;
  for (const action of actionsOf(call, irq))
    if (kernel.irqThreadIsDue(k, action) && !call.process.jobs.isArmed(action))
      call.process.jobs.arm('irq thread', action, k.read_int(k.globals.jiffies) >>> 0);
  return 0;
}

function enable(call: BuiltinCall, irq: Value): undefined {
  const { k, kernel } = call;
  kernel.enable_irq(k, Number(irq));
  const desc = kernel.irq_to_desc(k, Number(irq));
  const isOn = desc !== NULL && !kernel.irqd_irq_disabled(k, desc);
  if (isOn && kernel.takePendingIrq(k, desc)) handle(call, Number(irq));
  return undefined;
}

function free(call: BuiltinCall, irq: Value, dev: Value): BuiltinResult {
  const { k, kernel } = call;
  for (const action of actionsOf(call, Number(irq)))
    if (k.read_va(k.plus(action, k.irqaction.dev_id)) === va(dev) && isRunning(call, action))
      return { blocked: { kind: 'irq thread', address: k.va_of(action) } };
  return kernel.free_irq(k, Number(irq), va(dev));
}

const requests: readonly BuiltinRow[] = [
  {
    ...withCaches(
      'int request_threaded_irq(unsigned int irq, irqreturn_t (*handler)(int, void *), irqreturn_t (*thread_fn)(int, void *), unsigned long irqflags, const char *devname, void *dev_id)',
      'Has a function called when an interrupt comes on a line, and if that returns IRQ_WAKE_THREAD a second one, in a thread, which may sleep. 0 or an error: -EINVAL for no such line (there are 0 to 15), -EBUSY for one that is not shared.',
      (call, irq, handler, thread, flags, name, dev) =>
        call.kernel.request_threaded_irq(
          ...([call.k, Number(irq), va(handler), va(thread), Number(flags)] as const),
          ...([va(name), va(dev)] as const),
        ),
    ),
    sleeps,
  },
  {
    ...withCaches(
      'int devm_request_threaded_irq(struct device *dev, unsigned int irq, irqreturn_t (*handler)(int, void *), irqreturn_t (*thread_fn)(int, void *), unsigned long irqflags, const char *devname, void *dev_id)',
      'request_threaded_irq() for a device: free_irq() at its end.',
      (call, dev, irq, handler, thread, flags, name, id) =>
        call.kernel.devm_request_threaded_irq(
          ...([call.k, call.cell(dev), Number(irq), va(handler), va(thread)] as const),
          ...([Number(flags), va(name), va(id)] as const),
        ),
    ),
    sleeps,
  },
  {
    ...withCaches(
      'const void *free_irq(unsigned int irq, void *dev_id)',
      'Takes a handler off its line, when its thread is done; the name that it had. One that is not there is warned about.',
      free,
    ),
    sleeps,
  },
  {
    ...withCaches(
      'void devm_free_irq(struct device *dev, unsigned int irq, void *dev_id)',
      'free_irq() before the end of a device.',
      (call, dev, irq, id) => {
        call.kernel.devm_free_irq(call.k, call.cell(dev), Number(irq), va(id));
      },
    ),
    sleeps,
  },
];

const lines: readonly BuiltinRow[] = [
  withCaches(
    'void enable_irq(unsigned int irq)',
    'Takes one disable_irq() of a line back; an interrupt that came meanwhile is handled. One too many is warned about.',
    enable,
  ),
  withCaches(
    'void disable_irq_nosync(unsigned int irq)',
    'From here on interrupts of a line wait until enable_irq().',
    (call, irq) => {
      call.kernel.disable_irq_nosync(call.k, Number(irq));
    },
  ),
  {
    ...withCaches(
      'void disable_irq(unsigned int irq)',
      'Like disable_irq_nosync, and waits until the threads of its handlers are done.',
      (call, irq) => {
        const waits = synchronize(call, irq);
        if (waits === undefined) call.kernel.disable_irq_nosync(call.k, Number(irq));
        return waits;
      },
    ),
    sleeps,
  },
  {
    ...withCaches(
      'void synchronize_irq(unsigned int irq)',
      'Waits until the threads of the handlers of a line are done.',
      synchronize,
    ),
    sleeps,
  },
];

const raising: readonly BuiltinRow[] = [
  withCaches(
    'int generic_handle_irq(unsigned int irq)',
    'An interrupt comes on a line: its handlers are called, with interrupts off. 0, or -EINVAL for no such line. One that is disabled handles it when it is enabled.',
    (call, irq) => handle(call, Number(irq)),
  ),
  withCaches(
    'int irq_set_irqchip_state(unsigned int irq, unsigned int which, bool val)',
    'With IRQCHIP_STATE_PENDING and true an interrupt comes on a line, as of the lines of irq_sim. 0 or an error.',
    (call, irq, which, value) =>
      Number(which) === 0 ? (value === 0 ? 0 : handle(call, Number(irq))) : -EINVAL,
  ),
  {
    signature: 'struct irq_desc *irq_to_desc(unsigned int irq)',
    doc: 'The descriptor of a line: its handlers (action), how often it is disabled (depth). NULL: there is no such line.',
    changes,
    run: (call, irq) => call.pointer(call.kernel.irq_to_desc(call.k, Number(irq))),
  },
  {
    signature: 'bool irq_has_action(unsigned int irq)',
    doc: 'Whether a line has handlers.',
    changes,
    run: (call, irq) => truth(!(actionsOf(call, Number(irq)).next().done ?? false)),
  },
];

export const interrupts: readonly Builtin[] = [
  ...group('task', 'kernel/irq/manage.c', [...requests, ...lines]),
  ...group('task', 'kernel/irq/irqdesc.c', raising),
];
