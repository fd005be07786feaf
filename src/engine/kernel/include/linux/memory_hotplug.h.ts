/**
 * Which pages are online. Without memory hotplug: all that exist.
 *
 * Source: Linux 6.1 include/linux/memory_hotplug.h.
 */
import type { Page, Pfn } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

/** The page of a pfn that may have none: NULL then. Without memory hotplug every page is online. */
export const pfn_to_online_page = (k: Kernel, pfn: Pfn): Page => k.pfn_to_page(pfn);
