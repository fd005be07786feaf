/** What `zone->name` points to, by kind of zone: zone_names[] of mm/page_alloc.c. */
import type { Zone } from './ctypes.js';
import type { Kernel } from './kernel.js';

export const ZONE_NAMES = {
  ZONE_DMA: 'DMA',
  ZONE_DMA32: 'DMA32',
  ZONE_NORMAL: 'Normal',
  ZONE_HIGHMEM: 'HighMem',
  ZONE_MOVABLE: 'Movable',
} as const;

/** The name of a zone. Images that were rebuilt from dumps lack the string, so it is not read from memory. */
export function zoneName(k: Kernel, zone: Zone): string {
  const idx = (zone - k.globals.contig_page_data - k.pglist_data.node_zones) / k.stride.zone;
  for (const [type, name] of Object.entries(ZONE_NAMES))
    if (k[type as keyof typeof ZONE_NAMES] === idx) return name;
  return '';
}
