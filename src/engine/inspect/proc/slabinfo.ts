/** /proc/slabinfo of a dumped kernel. Source: Linux 6.1 mm/slab_common.c: print_slabinfo_header(), cache_show(). */
import { Problems, type Inspected } from '../inspected.js';
import { cachesOf, useOf, type CacheView } from '../slab.js';

const HEADER = [
  'slabinfo - version: 2.1',
  '# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>',
] as const;

export function slabinfo(k: Inspected): string[] {
  const problems = new Problems();
  const lines = cachesOf(k, problems).map((cache) => line(k, cache, problems));
  return [...HEADER, ...lines, ...problems.found.map((text) => `# ${text}`)];
}

function line(k: Inspected, cache: CacheView, problems: Problems): string {
  const use = useOf(k, cache, problems);
  const column = (value: number, width: number): string => String(value).padStart(width);
  const tunable = (name: string): number =>
    cache.oo === undefined ? k.number(cache.at, 'kmem_cache', name) : 0;
  return [
    `${cache.name.padEnd(17)} ${column(use.active_objs, 6)} ${column(use.num_objs, 6)} ${column(cache.size, 6)}`,
    ` ${column(use.objects_per_slab, 4)} ${column(2 ** use.cache_order, 4)}`,
    ` : tunables ${column(tunable('limit'), 4)} ${column(tunable('batchcount'), 4)} ${column(tunable('shared'), 4)}`,
    ` : slabdata ${column(use.active_slabs, 6)} ${column(use.num_slabs, 6)} ${column(0, 6)}`,
  ].join('');
}
