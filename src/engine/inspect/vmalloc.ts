/**
 * Areas of vmalloc space in use, by rising address: on one list until 6.8, in the trees of several nodes since 6.9
 * (d093602919ad).
 *
 * Source: Linux 6.1 mm/vmalloc.c: vmap_area_list; Linux 6.12: vmap_nodes.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { Inspected, Problems } from './inspected.js';
import { listEntries } from './list.js';

export interface VmapAreaView {
  readonly at: VirtAddr;
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  /** `struct vm_struct *`; 0 for what vm_map_ram() made. */
  readonly vm: VirtAddr;
}

export interface VmStructView {
  readonly sizeBytes: number;
  readonly flags: number;
  readonly nrPages: number;
  readonly physAddr: number;
  readonly caller: VirtAddr;
  readonly pages: VirtAddr;
}

export function vmapAreasOf(k: Inspected, problems: Problems): VmapAreaView[] {
  const areas: VmapAreaView[] = [];
  problems.tried(
    'areas of vmalloc space',
    () => {
      for (const { head, offset } of headsOf(k))
        for (const at of listEntries(k, head, offset, 'vmap_area', 'list'))
          areas.push({
            at,
            start: k.pointer(at, 'vmap_area', 'va_start'),
            end: k.pointer(at, 'vmap_area', 'va_end'),
            vm: k.pointer(at, 'vmap_area', 'vm'),
          });
    },
    undefined,
  );
  return areas.sort((a, b) => a.start - b.start);
}

function headsOf(k: Inspected): { readonly head: VirtAddr; readonly offset: number }[] {
  const list = k.findGlobal('vmap_area_list');
  if (list !== undefined) return [{ head: list, offset: 0 }];
  const nodes = k.globalPointer('vmap_nodes');
  const nrNodes = Math.min(k.space.u32(k.global('nr_vmap_nodes')), 1024);
  const offset = k.offset('vmap_node', 'busy.head');
  return Array.from({ length: nrNodes }, (_, i) => ({
    head: asVirt(nodes + i * k.sizeof('vmap_node')),
    offset,
  }));
}

export function vmStructAt(k: Inspected, at: VirtAddr): VmStructView {
  const read = (name: string): number => k.number(at, 'vm_struct', name);
  return {
    sizeBytes: read('size'),
    flags: read('flags'),
    nrPages: read('nr_pages'),
    physAddr: read('phys_addr'),
    caller: k.pointer(at, 'vm_struct', 'caller'),
    pages: k.pointer(at, 'vm_struct', 'pages'),
  };
}
