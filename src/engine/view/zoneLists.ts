/** Where the lists of a zone's free pages lie, for those who read them from outside of the kernel. */
import { per_cpu_ptr } from '../kernel/include/linux/percpu-defs.h.js';
import type {
  FreeArea,
  Int,
  ListHead,
  Migratetype,
  Order,
  PerCpuPages,
  Zone,
} from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';

/** &zone->free_area[order] */
export const freeArea = (k: Kernel, zone: Zone, order: Order): FreeArea =>
  zone + k.zone.free_area + order * k.stride.free_area;

/** &area->free_list[migratetype] */
export const freeList = (k: Kernel, area: FreeArea, migratetype: Migratetype): ListHead =>
  area + k.free_area.free_list + migratetype * k.stride.list_head;

/** per_cpu_ptr(zone->per_cpu_pageset, cpu) */
export const zonePcp = (k: Kernel, zone: Zone, cpu: Int): PerCpuPages =>
  per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, cpu);

/** &pcp->lists[pindex] */
export const pcpList = (k: Kernel, pcp: PerCpuPages, pindex: Int): ListHead =>
  pcp + k.per_cpu_pages.lists + pindex * k.stride.list_head;
