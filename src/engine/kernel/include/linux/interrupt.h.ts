/** Flags of request_irq(). Source: Linux 6.1 include/linux/interrupt.h, include/linux/irqreturn.h. */
export const IRQF_TRIGGER_MASK = 0xf;
export const IRQF_SHARED = 0x80;
export const IRQF_PROBE_SHARED = 0x100;
export const IRQF_ONESHOT = 0x2000;
export const IRQF_COND_SUSPEND = 0x4_0000;
export const IRQF_NO_AUTOEN = 0x8_0000;
export const IRQ_WAKE_THREAD = 2;
