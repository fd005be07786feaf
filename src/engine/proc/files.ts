/**
 * Files of /proc that show memory management, as their reader gets them. One row a file.
 *
 * Source: Linux 6.1 mm/vmstat.c: init_mm_internals(); mm/slab_common.c: slab_proc_init(); mm/vmalloc.c: proc_vmalloc_init();
 * fs/proc/meminfo.c: proc_meminfo_init(); kernel/resource.c: ioresources_init();
 * fs/proc/interrupts.c: proc_interrupts_init().
 */
import { inspectedMachine } from '../image/dump/inspectedOf.js';
import { pidLines } from '../inspect/proc/pid/files.js';
import { current } from '../kernel/arch/x86/include/asm/current.h.js';
import type { Kernel } from '../machine/kernel.js';
import { frag_show, pagetypeinfo_show } from './buddyinfo.js';
import { show_interrupts } from './interrupts.js';
import { iomem_show } from './iomem.js';
import { meminfo_proc_show } from './meminfo.js';
import { slab_show } from './slabinfo.js';
import { sysfs_text } from './sysfs.js';
import { vmallocinfo_show } from './vmallocinfo.js';
import { vmstat_show } from './vmstat.js';
import { zoneinfo_show } from './zoneinfo.js';

const PROC_FILES: Readonly<Record<string, (k: Kernel) => string[]>> = {
  buddyinfo: frag_show,
  interrupts: show_interrupts,
  iomem: iomem_show,
  meminfo: meminfo_proc_show,
  pagetypeinfo: pagetypeinfo_show,
  slabinfo: slab_show,
  vmallocinfo: vmallocinfo_show,
  vmstat: vmstat_show,
  zoneinfo: zoneinfo_show,
};

/** Names below /proc. */
export const proc_names: readonly string[] = Object.keys(PROC_FILES);

/**
 * The lines of a file, each without its line end; undefined when there is no such file. Of a process: `self/maps`, `1/smaps`;
 * of sysfs the whole path.
 */
export function proc_lines(k: Kernel, name: string): string[] | undefined {
  if (Object.hasOwn(PROC_FILES, name)) return PROC_FILES[name]?.(k);
  if (name.startsWith('/sys/')) {
    const text = sysfs_text(k, name);
    return text === '' ? [] : text?.split('\n');
  }
  const self = k.read_int(k.plus(current(k), k.task_struct.pid));
  return pidLines(inspectedMachine(k), name, self);
}
