/**
 * The scope of a machine that a dump describes: zones with their lists in order, caches with their slabs, vmalloc areas, tasks
 * with their areas and pages, the files of /proc. Each is read when somebody opens it.
 */
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { Problems, type Inspected } from '../../engine/inspect/inspected.js';
import { dumpedProcLines, dumpedProcNames } from '../../engine/inspect/proc/files.js';
import { symbolText } from '../../engine/inspect/proc/vmallocinfo.js';
import { cachesOf, useOf, type CacheView } from '../../engine/inspect/slab.js';
import { SlabObjects, type SlabView } from '../../engine/inspect/slabObjects.js';
import { vmapAreasOf, vmStructAt, type VmapAreaView } from '../../engine/inspect/vmalloc.js';
import { listsOf, populatedZonesOf, type ZoneView } from '../../engine/inspect/zones.js';
import { placeAt } from '../../engine/types/access.js';
import { counted } from '../../engine/view/counted.js';
import type { MachineContext } from '../present/context.js';
import { pinnedPages } from '../present/pinnedPages.js';
import { processes } from '../present/processes.js';
import { fact, group, type Container, type Shown } from '../present/shown.js';
import { showPlace } from '../present/typedValue.js';

export const dumpScope = (context: MachineContext, k: Inspected): Container => ({
  named: () => {
    const { dump } = k;
    return [
      ...tried('zones', () => populatedZonesOf(k).map((zone) => showZone(context, k, zone))),
      ...listed('Caches', (problems) =>
        cachesOf(k, problems).map((each) => showCache(context, k, each)),
      ),
      ...listed('vmalloc areas', (problems) =>
        vmapAreasOf(k, problems).map((each) => showArea(context, k, each)),
      ),
      ...[processes(context), pinnedPages(context)].filter((shown) => shown !== undefined),
      group('/proc', 'files as the kernel would have printed them', {
        named: () => dumpedProcNames.map((name) => showFile(k, name)),
      }),
      fact('kernel', `Linux ${dump.release}, ${dump.arch}, ${dump.paging} page tables`),
      fact('build id', dump.buildId ?? 'not in the dump'),
      fact('form', dump.cutOff === undefined ? dump.form : `${dump.form}; ${dump.cutOff}`),
      fact('image', context.image.origin),
    ];
  },
});

/** What an error of the dump leaves of a list: the error. */
function tried(name: string, read: (problems: Problems) => readonly Shown[]): readonly Shown[] {
  const problems = new Problems();
  const shown = problems.tried(name, () => read(problems), []);
  return [...shown, ...problems.found.map((text) => fact('(problem)', text))];
}

/** A group that is counted at once and read when it is opened. */
function listed(name: string, read: (problems: Problems) => readonly Shown[]): Shown[] {
  const children = tried(name, read);
  return [group(name, `${children.length}`, { named: () => children })];
}

/** A structure of the kernel by its address: all members, as its own types have them. */
function struct(context: MachineContext, tag: string, at: VirtAddr): Shown[] {
  const type = context.profile.types.struct(tag);
  if (type === undefined || at === 0) return [];
  const address = context.image.mm.hex(at);
  const expression = `(*(struct ${tag} *)0x${address})`;
  return [
    {
      name: `struct ${tag}`,
      value: `0x${address}`,
      kind: 'virtual',
      readOnly: true,
      memory: at,
      children: {
        named: (format) => [showPlace(context, 'members', placeAt(at, type), expression, format)],
      },
    },
  ];
}

function showZone(context: MachineContext, k: Inspected, zone: ZoneView): Shown {
  const free = zone.nr_free.reduce((sum, nr, order) => sum + nr * 2 ** order, 0);
  return {
    ...group(
      `zone ${zone.name} (node ${zone.node})`,
      `${free} of ${counted(zone.managed, 'page')} free`,
      {
        named: () =>
          tried(`zone ${zone.name}`, (problems) => {
            const lists = listsOf(k, zone, problems);
            return [
              ...zone.nr_free.map((nr, order) => showOrder(order, nr, lists.free_list)),
              ...lists.pcp.map(({ cpu, count, high, batch, lists: own }) =>
                group(
                  `page set of CPU ${cpu}`,
                  `${counted(count, 'page')}, high ${high}, batch ${batch}`,
                  {
                    named: () =>
                      Object.entries(own).map(([list, pfns]) => showPfns(`lists[${list}]`, pfns)),
                  },
                ),
              ),
              ...['min', 'low', 'high', 'promo'].flatMap((name, i) =>
                zone.watermark[i] === undefined
                  ? []
                  : [fact(`watermark ${name}`, `${zone.watermark[i]}`)],
              ),
              fact('watermark_boost', `${zone.boost}`),
              fact('lowmem_reserve', zone.reserve.join(' ')),
              fact('start', `0x${zone.start.toString(16)}`),
              fact('spanned', `${zone.spanned}`),
              fact('present', `${zone.present}`),
              fact('managed', `${zone.managed}`),
              ...struct(context, 'zone', zone.at),
            ];
          }),
      },
    ),
    memory: zone.at,
  };
}

function showOrder(
  order: number,
  nr: number,
  lists: Readonly<Record<string, readonly number[]>>,
): Shown {
  const own = Object.entries(lists).filter(([key]) => key.startsWith(`${order}.`));
  return group(`free_area[${order}]`, counted(nr, 'block'), {
    named: () => own.map(([key, pfns]) => showPfns(`free_list[${key.split('.')[1] ?? ''}]`, pfns)),
  });
}

const showPfns = (name: string, pfns: readonly number[]): Shown =>
  group(name, counted(pfns.length, 'block'), {
    nrIndexed: pfns.length,
    indexed: (start, count) =>
      pfns.slice(start, start + count).map((pfn, i) => ({
        ...fact(`[${start + i}]`, `pfn 0x${pfn.toString(16)}`),
        menu: 'mmscopePage' as const,
      })),
  });

function showCache(context: MachineContext, k: Inspected, cache: CacheView): Shown {
  const problems = new Problems();
  const use = problems.tried(cache.name, () => useOf(k, cache, problems), undefined);
  const counts =
    use === undefined ? '?' : `${use.active_objs} of ${counted(use.num_objs, 'object')} active`;
  return {
    ...group(cache.name, `${counts}, ${counted(cache.object_size, 'byte')}`, {
      named: () =>
        tried(cache.name, (found) => [
          ...(cache.oo === undefined ? [] : slabGroups(k, cache, found)),
          ...struct(context, 'kmem_cache', cache.at),
        ]),
    }),
    memory: cache.at,
  };
}

function slabGroups(k: Inspected, cache: CacheView, problems: Problems): Shown[] {
  const objects = new SlabObjects(k);
  const slabs = (name: string, views: readonly SlabView[]): Shown =>
    group(name, counted(views.length, 'slab'), {
      named: () => views.map((view) => showSlab(k, cache, view)),
    });
  return [
    ...objects.ofCpus(cache, problems).map(({ cpu, slabs: own }) => slabs(`CPU ${cpu}`, own)),
    slabs('partial', objects.partial(cache, problems)),
  ];
}

function showSlab(k: Inspected, cache: CacheView, view: SlabView): Shown {
  const free = new Set<number>(view.free);
  const problem = view.problem === undefined ? '' : `; ${view.problem}`;
  return {
    ...group(
      k.hex(view.address),
      `${view.inuse} of ${view.objects} in use, ${view.free.length} on freelists${problem}`,
      {
        nrIndexed: view.objects,
        indexed: (start, count) =>
          Array.from({ length: count }, (_, i) => {
            const at = asVirt(view.address + (start + i) * cache.size);
            return {
              ...fact(`[${start + i}]`, `${k.hex(at)} ${free.has(at) ? 'free' : 'allocated'}`),
              memory: at,
            };
          }),
      },
    ),
    memory: view.address,
  };
}

function showArea(context: MachineContext, k: Inspected, area: VmapAreaView): Shown {
  const name = `${k.hex(area.start)}-${k.hex(area.end)}`;
  if (area.vm === 0) return fact(name, 'vm_map_ram');
  const problems = new Problems();
  const caller = problems.tried(name, () => vmStructAt(k, area.vm).caller, asVirt(0));
  return {
    ...group(name, caller === 0 ? '' : symbolText(k, caller), {
      named: () => struct(context, 'vm_struct', area.vm),
    }),
    memory: area.start,
  };
}

const showFile = (k: Inspected, name: string): Shown =>
  group(name, '', {
    named: () =>
      tried(name, () => (dumpedProcLines(k, name) ?? []).map((line, i) => fact(`${i + 1}`, line))),
  });
