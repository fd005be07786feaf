/**
 * A dumped machine as data: what `mmscope info --json` prints. Counts and frames are numbers, addresses are text.
 */
import type { VirtAddr } from '../memory/address.js';
import { Problems, type Inspected } from './inspected.js';
import { maxPfnOf } from './memmap.js';
import { cachesOf, useOf, type CacheView } from './slab.js';
import { tasksOf } from './tasks.js';
import { vmapAreasOf } from './vmalloc.js';
import { listsOf, populatedZonesOf } from './zones.js';

export interface DumpReport {
  readonly release: string;
  readonly build_id: string | null;
  readonly arch: string;
  readonly paging: string;
  readonly container: string;
  readonly kernel_offset: string | null;
  readonly phys_base: string;
  readonly page_offset: string;
  readonly max_pfn: number;
  readonly cpus: readonly number[];
  readonly zones: readonly unknown[];
  readonly caches: Readonly<Record<string, unknown>>;
  /** Start, end, `struct vm_struct *`. */
  readonly vmap: readonly (readonly [string, string, string])[];
  /** pid, comm, `struct task_struct *`, `struct mm_struct *`. */
  readonly tasks: readonly (readonly [number, string, string, string])[];
  /** What could not be read, in sentences: the rest is there all the same. */
  readonly problems: readonly string[];
}

export function reportOf(k: Inspected): DumpReport {
  const problems = new Problems();
  const { dump } = k;
  if (dump.cutOff !== undefined) problems.add('the dump', dump.cutOff);
  const zones = problems.tried('zones', () => populatedZonesOf(k), []);
  return {
    release: dump.release,
    build_id: dump.buildId ?? null,
    arch: dump.arch,
    paging: dump.paging,
    container: dump.form,
    kernel_offset: dump.kernelOffset === undefined ? null : hexOf(dump.kernelOffset, 8),
    phys_base: `0x${dump.physBase.toString(16)}`,
    page_offset: k.hex(dump.pageOffset),
    max_pfn: problems.tried('max_pfn', () => maxPfnOf(k), 0),
    cpus: problems.tried('CPUs', () => k.onlineCpus(), []),
    zones: zones.map((zone) => {
      const { at, index, cma, ...shown } = zone;
      return {
        ...shown,
        ...problems.tried(`zone ${zone.name}`, () => listsOf(k, zone, problems), NO_LISTS),
        at: k.hex(at),
        index,
        cma,
      };
    }),
    caches: caches(k, problems),
    vmap: vmapAreasOf(k, problems).map(({ start, end, vm }) => [
      short(k, start),
      short(k, end),
      short(k, vm),
    ]),
    tasks: tasksOf(k, problems).map(({ pid, comm, at, mm }) => [
      pid,
      comm,
      short(k, at),
      short(k, mm),
    ]),
    problems: problems.found,
  };
}

const NO_LISTS = { free_list: {}, pcp: [] } as const;

function caches(k: Inspected, problems: Problems): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const cache of cachesOf(k, problems))
    shown[cache.name] = {
      at: short(k, cache.at),
      size: cache.size,
      object_size: cache.object_size,
      oo: cache.oo ?? null,
      ...problems.tried<object>(`cache ${cache.name}`, () => useIn(k, cache, problems), {}),
    };
  return shown;
}

function useIn(k: Inspected, cache: CacheView, problems: Problems) {
  const use = useOf(k, cache, problems);
  return {
    active_objs: use.active_objs,
    num_objs: use.num_objs,
    active_slabs: use.active_slabs,
    num_slabs: use.num_slabs,
  };
}

/** `0xffff888004a12100`, and `0x0` for NULL. */
const short = (k: Inspected, va: VirtAddr): string => (va === 0 ? '0x0' : hexOf(va, k.pointerSize));

const hexOf = (value: number, pointerSize: 4 | 8): string =>
  `0x${BigInt.asUintN(pointerSize * 8, BigInt(value)).toString(16)}`;
