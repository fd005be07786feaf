/**
 * Files below /sys/kernel/slab, by path: /sys/kernel/slab/dentry/objects. Of SLUB alone; SLAB has none.
 *
 * A directory is found as the kernel's own nodes have it: under a cache's name, under that of a merged one (a link), or under the name
 * that caches of one kind have (`:a-0000192`). A machine without those nodes has the caches' own names.
 *
 * Left out: files of builds with NUMA, statistics, failslab and KFENCE, which no build here has.
 * Source: Linux 6.1 mm/slub.c: slab_size_show() to shrink_store(), slab_attrs[].
 */
import { kernfs_find_ns } from '../kernel/fs/kernfs/dir/sibling.js';
import {
  KERNFS_LINK,
  kernfs_type,
  type KernfsNode,
} from '../kernel/fs/kernfs/kernfs-internal.h.js';
import { cpu_online, nr_cpu_ids } from '../kernel/include/linux/cpumask.h.js';
import { EACCES, EINVAL } from '../kernel/include/linux/errno.h.js';
import { per_cpu_ptr } from '../kernel/include/linux/percpu-defs.h.js';
import { SLAB_TRACE } from '../kernel/include/linux/slab.h.js';
import { symbolText } from '../kernel/lib/vsprintf.js';
import { slub_percpu_partial } from '../kernel/mm/slub/cpu_partial.js';
import { oo_objects, oo_order } from '../kernel/mm/slub/freelist.js';
import {
  cpu_partial_store,
  min_partial_store,
  show_slab_objects,
  shrink_store,
  SO_ALL,
  SO_CPU,
  SO_OBJECTS,
  SO_PARTIAL,
  SO_TOTAL,
  validate_store,
} from '../kernel/mm/slub/slab_attrs.js';
import { cache_kset } from '../kernel/mm/slub/sysfs.js';
import { type KmemCache, NULL } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { numberIn } from '../machine/numberText.js';
import { findCache } from './slabCaches.js';

/** What a file says, without its line end, and what a number that is written does, if anything may be: 0 or an error. */
interface Attribute {
  readonly show: (k: Kernel, s: KmemCache) => string | number;
  readonly store?: (k: Kernel, s: KmemCache, value: number) => number;
}

type Member = 'align' | 'cpu_partial' | 'object_size' | 'size' | 'usersize';

/** Of a build without it: 0. */
const member =
  (name: Member) =>
  (k: Kernel, s: KmemCache): number =>
    k.kmem_cache[name] < 0 ? 0 : k.read_int(s + k.kmem_cache[name]);

const counts =
  (flags: number) =>
  (k: Kernel, s: KmemCache): number =>
    show_slab_objects(k, s, flags);

const flag =
  (maskOf: (k: Kernel) => number) =>
  (k: Kernel, s: KmemCache): number =>
    (k.read_int(s + k.kmem_cache.flags) & maskOf(k)) !== 0 ? 1 : 0;

const nothing = (): string => '';

const perSlab = (k: Kernel, s: KmemCache): number => oo_objects(k.read_int(s + k.kmem_cache.oo));

/** Objects, and slabs, on the lists of CPUs: a slab there is taken to be half full. */
function slabs_cpu_partial_show(k: Kernel, s: KmemCache): string {
  const text = (slabs: number): string => `${Math.floor((slabs * perSlab(k, s)) / 2)}(${slabs})`;
  let all = 0;
  let ofCpus = '';
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    const slab = slub_percpu_partial(k, per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu));
    if (slab === NULL) continue;
    const slabs = k.read_int(slab + k.slab.slabs);
    all += slabs;
    ofCpus += ` C${cpu}=${text(slabs)}`;
  }
  return text(all) + ofCpus;
}

function ctor_show(k: Kernel, s: KmemCache): string {
  const ctor = k.read_va(s + k.kmem_cache.ctor);
  return ctor === 0 ? '' : symbolText(k, ctor);
}

/** Of how many other caches it took the place. */
const aliases_show = (k: Kernel, s: KmemCache): number =>
  Math.max(k.read_int(s + k.kmem_cache.refcount) - 1, 0);

const min_partial_show = (k: Kernel, s: KmemCache): number =>
  k.read_ulong(s + k.kmem_cache.min_partial);

const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  slab_size: { show: member('size') },
  object_size: { show: member('object_size') },
  objs_per_slab: { show: perSlab },
  order: { show: (k, s) => oo_order(k.read_int(s + k.kmem_cache.oo)) },
  min_partial: { show: min_partial_show, store: min_partial_store },
  cpu_partial: { show: member('cpu_partial'), store: cpu_partial_store },
  objects: { show: counts(SO_ALL | SO_OBJECTS) },
  objects_partial: { show: counts(SO_PARTIAL | SO_OBJECTS) },
  partial: { show: counts(SO_PARTIAL) },
  cpu_slabs: { show: counts(SO_CPU) },
  ctor: { show: ctor_show },
  aliases: { show: aliases_show },
  align: { show: member('align') },
  hwcache_align: { show: flag((k) => k.SLAB_HWCACHE_ALIGN) },
  reclaim_account: { show: flag((k) => k.SLAB_RECLAIM_ACCOUNT) },
  destroy_by_rcu: { show: flag((k) => k.SLAB_TYPESAFE_BY_RCU) },
  shrink: { show: nothing, store: shrink_store },
  slabs_cpu_partial: { show: slabs_cpu_partial_show },
  total_objects: { show: counts(SO_ALL | SO_TOTAL) },
  slabs: { show: counts(SO_ALL) },
  sanity_checks: { show: flag((k) => k.SLAB_CONSISTENCY_CHECKS) },
  trace: { show: flag(() => SLAB_TRACE) },
  red_zone: { show: flag((k) => k.SLAB_RED_ZONE) },
  poison: { show: flag((k) => k.SLAB_POISON) },
  store_user: { show: flag((k) => k.SLAB_STORE_USER) },
  validate: { show: nothing, store: validate_store },
  cache_dma: { show: flag((k) => k.SLAB_CACHE_DMA) },
  usersize: { show: member('usersize') },
};

export interface SlabFile {
  readonly show: () => string;
  /** 0 or an error. */
  readonly store: (text: string) => number;
}

export function slabFile(k: Kernel, path: string): SlabFile | undefined {
  const [, name, file] = /^\/sys\/kernel\/slab\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (name === undefined || file === undefined || k.CONFIG_SLAB !== 0) return undefined;
  const attribute = Object.hasOwn(ATTRIBUTES, file) ? ATTRIBUTES[file] : undefined;
  const s = cacheOfDirectory(k, name);
  if (attribute === undefined || s === NULL) return undefined;
  const store = (text: string): number => {
    if (attribute.store === undefined) return -EACCES;
    const value = numberIn(text);
    return value === undefined ? -EINVAL : attribute.store(k, s, Number(value));
  };
  return { show: () => `${attribute.show(k, s)}`, store };
}

function cacheOfDirectory(k: Kernel, name: string): KmemCache {
  const kset = cache_kset(k);
  if (kset === NULL) return findCache(k, name);
  const found = kernfs_find_ns(k, k.read_ptr(kset + k.kset.kobj + k.kobject.sd), name);
  if (found === NULL) return NULL;
  const dir: KernfsNode =
    kernfs_type(k, found) === KERNFS_LINK
      ? k.read_ptr(found + k.kernfs_node.symlink_target_kn)
      : found;
  return k.plus(k.read_ptr(dir + k.kernfs_node.priv), -k.kmem_cache.kobj);
}
