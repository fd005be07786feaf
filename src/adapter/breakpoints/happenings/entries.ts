/**
 * Happenings that are the call of a kernel function. The stop is before anything of it is done.
 *
 * Source: Linux 6.1 mm/page_alloc.c; include/trace/events/kmem.h has some of them as tracepoints
 * (mm_page_alloc_extfrag, mm_page_pcpu_drain).
 */
import { buddy_order } from '../../../engine/kernel/mm/internal.h.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { page_zone } from '../../../engine/kernel/include/linux/mm.h.js';
import { get_pageblock_migratetype } from '../../../engine/kernel/mm/page_alloc/pageblock.js';
import type { KernelLocals } from '../../../engine/entry/kernelLocals/kernelLocals.js';
import { cpu_online, nr_cpu_ids } from '../../../engine/kernel/include/linux/cpumask.h.js';
import { zone_idx } from '../../../engine/kernel/include/linux/mmzone.h.js';
import { counted } from '../../../engine/view/counted.js';
import { entryOf, hex, typeText, zoneOf, zoneText, type Happening } from './happening.js';
import { zonePcp } from '../../../engine/view/zoneLists.js';

/** The CPU whose page set of the zone it is. */
function cpuOf(k: Kernel, { zone, pcp }: KernelLocals['free_pcppages_bulk']): number {
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++)
    if (cpu_online(k, cpu) && zonePcp(k, zone, cpu) === pcp) return cpu;
  return k.cpu;
}

export const ENTRY_HAPPENINGS: readonly Happening[] = [
  {
    id: 'block-split',
    label: 'Block split',
    description: 'Stops where expand() cuts a free block down to the order that was asked for.',
    knows: 'order high migratetype zone pfn',
    example: 'high >= 9 && zone == ZONE_NORMAL',
    watches: [
      entryOf({
        fn: 'expand',
        facts(k, locals) {
          const order = locals.low;
          const high = locals.high;
          if (high === order) return undefined;
          const migratetype = locals.migratetype;
          const pfn = k.page_to_pfn(locals.page);
          return { order, high, migratetype, zone: zoneOf(k, locals), pfn };
        },
      }),
    ],
    sentence: (k, { order, high, migratetype, zone, pfn }) =>
      `split: order ${high} -> ${order} of ${typeText(k, migratetype)} in ${zoneText(k, zone)}, pfn ${hex(pfn)}`,
  },
  {
    id: 'buddy-merge',
    label: 'Buddies merged',
    description: 'Stops where __free_one_page() joins a block with its free buddy.',
    knows: 'order pfn buddy_pfn migratetype zone',
    example: 'order >= pageblock_order',
    watches: [
      entryOf({
        fn: 'del_page_from_free_list',
        calledBy: '__free_one_page',
        stopIn: 'caller',
        facts(k, _locals, caller) {
          const { order, pfn, buddy_pfn, migratetype } = caller;
          if (buddy_pfn === undefined) return undefined;
          return { order, pfn, buddy_pfn, migratetype, zone: zoneOf(k, caller) };
        },
      }),
    ],
    sentence: (k, { order = 0, pfn, buddy_pfn, migratetype, zone }) =>
      `merge: pfn ${hex(pfn)} and its buddy ${hex(buddy_pfn)}, order ${order} -> ${order + 1} of ` +
      `${typeText(k, migratetype)} in ${zoneText(k, zone)}`,
  },
  {
    id: 'fallback',
    label: 'Fallback to another type',
    description: 'Stops where steal_suitable_fallback() takes a block of another type.',
    knows: 'order fallback_order start_migratetype fallback_migratetype whole_block pfn zone',
    example: 'start_migratetype == MIGRATE_UNMOVABLE && fallback_order < pageblock_order',
    watches: [
      entryOf({
        fn: 'steal_suitable_fallback',
        calledBy: '__rmqueue_fallback',
        facts(k, locals, caller) {
          const { page } = locals;
          const { fallback_mt } = caller;
          if (fallback_mt === undefined) return undefined;
          return {
            order: caller.order,
            fallback_order: buddy_order(k, page),
            start_migratetype: locals.start_type,
            fallback_migratetype: fallback_mt,
            whole_block: locals.whole_block ? 1 : 0,
            pfn: k.page_to_pfn(page),
            zone: zoneOf(k, locals),
          };
        },
      }),
    ],
    sentence: (k, facts) =>
      `fallback: order ${facts['order']} of ${typeText(k, facts['start_migratetype'])} takes a block of order ` +
      `${facts['fallback_order']} of ${typeText(k, facts['fallback_migratetype'])} in ` +
      `${zoneText(k, facts['zone'])}, pfn ${hex(facts['pfn'])}` +
      (facts['whole_block'] === 1 ? ', with its pageblock if that pays' : ''),
  },
  {
    id: 'pageblock-type',
    label: 'Pageblock type changed',
    description: 'Stops where set_pageblock_migratetype() gives a pageblock another type.',
    knows: 'migratetype old_migratetype pfn zone',
    example: 'old_migratetype == MIGRATE_MOVABLE && zone == ZONE_NORMAL',
    watches: [
      entryOf({
        fn: 'set_pageblock_migratetype',
        facts(k, locals) {
          const page = locals.page;
          const old_migratetype = get_pageblock_migratetype(k, page);
          const migratetype = locals.migratetype;
          if (migratetype === old_migratetype) return undefined;
          const zone = zone_idx(k, page_zone(k, page));
          return { migratetype, old_migratetype, pfn: k.page_to_pfn(page), zone };
        },
      }),
    ],
    sentence: (k, { migratetype, old_migratetype, pfn, zone }) =>
      `pageblock of pfn ${hex(pfn)} in ${zoneText(k, zone)}: ${typeText(k, old_migratetype)} -> ` +
      typeText(k, migratetype),
  },
  {
    id: 'pcp-refill',
    label: 'Per-CPU list refilled',
    description: 'Stops where rmqueue_bulk() fills an empty per-CPU list from the buddy lists.',
    knows: 'order count migratetype zone cpu',
    example: 'order > 0 && count >= 8',
    watches: [
      entryOf({
        fn: 'rmqueue_bulk',
        facts: (k, locals) => ({
          order: locals.order,
          count: locals.count,
          migratetype: locals.migratetype,
          zone: zoneOf(k, locals),
          cpu: k.cpu,
        }),
      }),
    ],
    sentence: (k, { order, count, migratetype, zone, cpu }) =>
      `pcp refill: up to ${counted(count, 'block')} of order ${order} of ${typeText(k, migratetype)} from ` +
      `${zoneText(k, zone)} for CPU ${cpu}`,
  },
  {
    id: 'pcp-drain',
    label: 'Per-CPU list drained',
    description: 'Stops where free_pcppages_bulk() gives pages back to the buddy lists.',
    knows: 'count zone cpu',
    example: 'count >= 63 && zone == ZONE_NORMAL',
    watches: [
      entryOf({
        fn: 'free_pcppages_bulk',
        facts(k, locals) {
          const there = k.words[locals.pcp + k.per_cpu_pages.count] ?? 0;
          const count = Math.min(there, locals.count);
          return count <= 0 ? undefined : { count, zone: zoneOf(k, locals), cpu: cpuOf(k, locals) };
        },
      }),
    ],
    sentence: (k, { count, zone, cpu }) =>
      `pcp drain: ${counted(count, 'page')} of CPU ${cpu} back to ${zoneText(k, zone)}`,
  },
];
