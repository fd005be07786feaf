/**
 * Lines of the kernel log, by level.
 *
 * Source: Linux 6.1 include/linux/printk.h, include/linux/kern_levels.h.
 * Left out: rate limits (no time passes here).
 */
import type { Kernel } from '../../../machine/kernel.js';

export const pr_alert = (k: Kernel, text: string): void => {
  k.emit({ kind: 'printk', level: 1, text });
};

export const pr_err = (k: Kernel, text: string): void => {
  k.emit({ kind: 'printk', level: 3, text });
};

export const pr_warn = (k: Kernel, text: string): void => {
  k.emit({ kind: 'printk', level: 4, text });
};

/** The first line that begins with these words, up to a colon; no further ones. */
export const pr_warn_once = (k: Kernel, text: string): void => {
  if (k.machine.warnsFirst(text.split(':')[0] ?? text)) pr_warn(k, text);
};

export const pr_info = (k: Kernel, text: string): void => {
  k.emit({ kind: 'printk', level: 6, text });
};

/** A line without a level has the default one. */
export const printk = (k: Kernel, text: string): void => {
  k.emit({ kind: 'printk', level: 4, text });
};
