/**
 * Happenings where the kernel maps: the slots of pkmap, the areas of vmalloc space.
 *
 * Source: Linux 6.1 mm/highmem.c, mm/vmalloc.c.
 */
import { list_empty } from '../../../engine/kernel/include/linux/list.h.js';
import { get_vm_area_size } from '../../../engine/kernel/mm/vmalloc/vm_struct.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import { counted } from '../../../engine/view/counted.js';
import { entryOf, hex, type Facts, type Happening } from './happening.js';

/** Slots of pkmap that are mapped and not used, and those that are used. */
function slots(k: Kernel): { readonly unused: number; readonly used: number } {
  let [unused, used] = [0, 0];
  for (let i = 0; i < k.LAST_PKMAP; i++) {
    const count = k.read_int(k.globals.pkmap_count + i);
    if (count === 1) unused++;
    if (count > 1) used++;
  }
  return { unused, used };
}

const slotsText = ({ unused, used }: Facts): string =>
  `${counted(used, 'slot')} used, ${unused} unused`;

/** The entries of the list of areas that wait for a purge. */
function waitingAreas(k: Kernel): number {
  const head = k.globals.purge_vmap_area_list;
  let count = 0;
  for (let pos = k.read_ptr(head); pos !== head && count < 1 << 20; pos = k.read_ptr(pos)) count++;
  return count;
}

/** @param size what vmalloc() was asked for, without the guard page */
function vmallocFacts(message: string, size: number, gfp: number): Facts | undefined {
  if (!message.startsWith('vmalloc error')) return undefined;
  const no_space = message.includes('vm_struct allocation failed') ? 1 : 0;
  const too_large = message.includes('exceeds total pages') ? 1 : 0;
  return { size, gfp: gfp >>> 0, no_space, too_large };
}

export const MAPPING_HAPPENINGS: readonly Happening[] = [
  {
    id: 'pkmap-wrap',
    label: 'pkmap wraps',
    description: 'Stops where map_new_virtual() has gone once round the slots of pkmap.',
    knows: 'pfn unused used',
    example: 'unused > 100',
    watches: [
      entryOf({
        fn: 'no_more_pkmaps',
        calledBy: 'map_new_virtual',
        stopIn: 'caller',
        facts: (k, { pkmap_nr }, { page }) =>
          pkmap_nr === 0 ? { pfn: k.page_to_pfn(page), ...slots(k) } : undefined,
      }),
    ],
    sentence: (_k, facts) => `pkmap wraps, for pfn ${hex(facts['pfn'])}: ${slotsText(facts)}`,
  },
  {
    id: 'pkmap-flush',
    label: 'pkmap flushed',
    description: 'Stops where flush_all_zero_pkmaps() unmaps the slots that nobody uses.',
    knows: 'unused used',
    example: 'unused > 0',
    watches: [entryOf({ fn: 'flush_all_zero_pkmaps', facts: (k) => slots(k) })],
    sentence: (_k, facts) => `pkmap flush: ${slotsText(facts)}`,
  },
  {
    id: 'pkmap-exhausted',
    label: 'pkmap exhausted',
    description: 'Stops in front of a kmap() that has to wait, for every slot of pkmap is in use.',
    knows: 'pfn used',
    example: 'pfn == page_to_pfn(page)',
    watches: [
      {
        at: 'waiting',
        kind: 'kmap slot',
        facts: (k, page) => ({ pfn: k.page_to_pfn(k.cell_of(page)), used: slots(k).used }),
      },
    ],
    sentence: (_k, { pfn, used }) =>
      `pkmap exhausted: all ${counted(used, 'slot')} are used, none is left for pfn ${hex(pfn)}`,
  },
  {
    id: 'lazy-purge',
    label: 'Lazy purge',
    description:
      'Stops where __purge_vmap_area_lazy() makes areas free that vfree() has left waiting.',
    knows: 'areas pages',
    example: 'pages >= 1024',
    watches: [
      entryOf({
        fn: '__purge_vmap_area_lazy',
        facts: (k) =>
          list_empty(k, k.globals.purge_vmap_area_list)
            ? undefined
            : { areas: waitingAreas(k), pages: k.read_ulong(k.globals.vmap_lazy_nr) },
      }),
    ],
    sentence: (_k, { areas, pages }) =>
      `lazy purge: ${counted(pages, 'page')} of address space in ${counted(areas, 'area')}`,
  },
  {
    id: 'vmalloc-failed',
    label: 'vmalloc failed',
    description: 'Stops where vmalloc() has found no address space, or not all pages.',
    knows: 'size gfp no_space too_large',
    example: 'no_space && size >= 1 << 20',
    watches: [
      entryOf({
        fn: 'warn_alloc',
        calledBy: '__vmalloc_node_range',
        stopIn: 'caller',
        facts: (_k, { message }, { size, gfp_mask }) => vmallocFacts(message, size, gfp_mask),
      }),
      entryOf({
        fn: 'warn_alloc',
        calledBy: '__vmalloc_area_node',
        stopIn: 'caller',
        facts: (k, { message }, { area, gfp_mask }) =>
          vmallocFacts(message, get_vm_area_size(k, area), gfp_mask),
      }),
    ],
    sentence: (_k, { size = 0, no_space, too_large }) => {
      const why =
        too_large === 1
          ? 'the machine has not so many'
          : no_space === 1
            ? 'no address space'
            : 'not all of them';
      return `vmalloc failed: ${counted(size, 'byte')}, ${counted(Math.ceil(size / PAGE_SIZE), 'page')}: ${why}`;
    },
  },
];
