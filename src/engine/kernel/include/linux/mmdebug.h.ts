/**
 * Assertions of memory management, which a kernel has with CONFIG_DEBUG_VM: a page is dumped, and the task does not go on. Callers
 * ask for the option first (`if (k.CONFIG_DEBUG_VM !== 0)`), so that nothing is worked out without it.
 *
 * Differs: the page is dumped where the fault is caught, for dump_page() needs what asserts here.
 * Source: Linux 6.1 include/linux/mmdebug.h.
 */
import type { Page } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';

const bugAt = (file: string): string => `kernel BUG at ${file}!`;

/** @param file where the assertion stands in Linux @param text the condition as written there */
export const VM_BUG_ON_PAGE = (cond: boolean, page: Page, file: string, text: string): void => {
  if (cond)
    throw new KernelFault(bugAt(file), undefined, { page, reason: `VM_BUG_ON_PAGE(${text})` });
};

export const VM_BUG_ON_FOLIO = (cond: boolean, folio: Page, file: string, text: string): void => {
  if (cond)
    throw new KernelFault(bugAt(file), undefined, {
      page: folio,
      reason: `VM_BUG_ON_FOLIO(${text})`,
    });
};
