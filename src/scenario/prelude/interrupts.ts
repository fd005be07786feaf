/** Interrupts: what a handler says, how a line is asked for, and in which context code runs. */
const PREEMPT = 'include/linux/preempt.h';
const INTERRUPT = 'include/linux/interrupt.h';
const IRQ = 'include/linux/irq.h';

export const INTERRUPTS = `
#define hardirq_count() (preempt_count() & 0xf0000) // Whether an interrupt is being handled. ${PREEMPT}
#define softirq_count() (preempt_count() & 0xff00) // Whether softirqs run, or are kept from running. ${PREEMPT}
#define irq_count() (preempt_count() & 0xffff00) // ${PREEMPT}
#define in_interrupt() (irq_count() != 0) // Whether a handler of an interrupt runs, or the function of a timer or a tasklet. ${PREEMPT}
#define in_hardirq() (hardirq_count() != 0) // Whether a handler of an interrupt runs. ${PREEMPT}
#define in_irq() in_hardirq() // ${PREEMPT}
#define in_softirq() (softirq_count() != 0) // Whether the function of a timer or a tasklet runs. ${PREEMPT}
#define in_serving_softirq() ((softirq_count() & 0x100) != 0) // ${PREEMPT}
#define in_nmi() (0) // ${PREEMPT}
#define in_task() (!(in_hardirq() || in_serving_softirq())) // Whether a task runs, and neither an interrupt nor a softirq. ${PREEMPT}
#define preemptible() (preempt_count() == 0 && !irqs_disabled()) // Whether the task may be taken off its CPU here. ${PREEMPT}
#define IRQ_NONE 0 // The interrupt was not of this device. include/linux/irqreturn.h
#define IRQ_HANDLED 1 // The interrupt is dealt with. include/linux/irqreturn.h
#define IRQ_WAKE_THREAD 2 // The thread of the handler is to go on. include/linux/irqreturn.h
#define IRQ_RETVAL(x) ((x) ? IRQ_HANDLED : IRQ_NONE) // include/linux/irqreturn.h
#define IRQF_TRIGGER_NONE 0x00000000 // ${INTERRUPT}
#define IRQF_TRIGGER_RISING 0x00000001 // ${INTERRUPT}
#define IRQF_TRIGGER_FALLING 0x00000002 // ${INTERRUPT}
#define IRQF_TRIGGER_HIGH 0x00000004 // ${INTERRUPT}
#define IRQF_TRIGGER_LOW 0x00000008 // ${INTERRUPT}
#define IRQF_TRIGGER_MASK 0x0000000f // ${INTERRUPT}
#define IRQF_SHARED 0x00000080 // Several handlers may have the line. ${INTERRUPT}
#define IRQF_PROBE_SHARED 0x00000100 // A line that cannot be shared is not complained about. ${INTERRUPT}
#define IRQF_PERCPU 0x00000400 // ${INTERRUPT}
#define IRQF_NOBALANCING 0x00000800 // ${INTERRUPT}
#define IRQF_ONESHOT 0x00002000 // The line stays masked until the thread is done. ${INTERRUPT}
#define IRQF_NO_SUSPEND 0x00004000 // ${INTERRUPT}
#define IRQF_NO_THREAD 0x00010000 // ${INTERRUPT}
#define IRQF_NO_AUTOEN 0x00080000 // The line stays disabled until enable_irq(). ${INTERRUPT}
#define IRQ_TYPE_NONE 0 // ${IRQ}
#define IRQ_TYPE_EDGE_RISING 1 // ${IRQ}
#define IRQ_TYPE_EDGE_FALLING 2 // ${IRQ}
#define IRQ_TYPE_EDGE_BOTH 3 // ${IRQ}
#define IRQ_TYPE_LEVEL_HIGH 4 // ${IRQ}
#define IRQ_TYPE_LEVEL_LOW 8 // ${IRQ}
#define request_irq(irq, handler, flags, name, dev) request_threaded_irq(irq, handler, NULL, flags, name, dev) // Has a function called when an interrupt comes on a line. 0 or an error. ${INTERRUPT}
#define devm_request_irq(dev, irq, handler, irqflags, devname, dev_id) devm_request_threaded_irq(dev, irq, handler, NULL, irqflags, devname, dev_id) // request_irq() for a device: free_irq() at its end. ${INTERRUPT}
#define IRQCHIP_STATE_PENDING 0 // ${INTERRUPT}
#define generic_handle_irq_safe(irq) generic_handle_irq(irq) // Like generic_handle_irq, from any context. include/linux/irqdesc.h
#define disable_hardirq(irq) (disable_irq(irq), true) // ${INTERRUPT}
#define irq_set_affinity_hint(irq, m) 0 // ${INTERRUPT}
#define irq_set_irq_type(irq, type) 0 // ${IRQ}
#define local_bh_disable() preempt_disable() // No softirqs until local_bh_enable(): the task must not sleep. include/linux/bottom_half.h
#define local_bh_enable() preempt_enable() // include/linux/bottom_half.h
`;
