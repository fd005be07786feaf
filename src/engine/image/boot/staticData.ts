/**
 * Variables of memory management that the compiler initialises, as this build has them: Linux has them in its image from the start.
 *
 * Source: Linux 6.1 mm/page_alloc.c, slab_common.c, slub.c, slab.c, vmalloc.c, hugetlb.c; include/linux/jiffies.h.
 */
import { NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { INIT_LIST_HEAD } from '../../kernel/include/linux/list.h.js';
import { transparentHugepageData } from '../../kernel/mm/huge_memory/hugepage_init.js';
import { memset, writeByte } from '../../kernel/lib/string.js';
import type { Cell, VirtAddr } from '../../memory/address.js';
import { constantNamed } from '../../types/named.js';

export function writeStaticData(mm: Kernel): void {
  const GFP_BOOT_MASK =
    mm.__GFP_BITS_MASK &
    ~(mm.__GFP_DIRECT_RECLAIM | mm.__GFP_KSWAPD_RECLAIM | mm.__GFP_IO | mm.__GFP_FS);
  mm.write(mm.globals.gfp_allowed_mask, GFP_BOOT_MASK);
  mm.write(mm.globals.min_free_kbytes, 1024);
  mm.write(mm.globals.debug_locks, 1);
  // INITIAL_JIFFIES: five minutes before the low 32 bits wrap. The high ones are zero.
  if (mm.globals.jiffies !== 0) mm.write(mm.globals.jiffies, -300 * mm.CONFIG_HZ);
  for (const name of ['watermark_boost_factor', 'watermark_scale_factor', 'user_min_free_kbytes'])
    mm.write(mm.symbol(name), constantNamed(mm.profile, name));
  writeSettings(mm);
  const ratios = mm.globals.sysctl_lowmem_reserve_ratio;
  for (let i = 0; i < mm.MAX_NR_ZONES; i++)
    mm.write(ratios + i, constantNamed(mm.profile, `sysctl_lowmem_reserve_ratio[${i}]`));
  for (const name of LISTS) {
    const head = mm.findSymbol(name);
    if (head !== undefined) INIT_LIST_HEAD(mm, head);
  }
  transparentHugepageData(mm);
  // What SLUB may take for a slab unless the command line says otherwise.
  word(mm, mm.globals.slub_max_order, mm.PAGE_ALLOC_COSTLY_ORDER);
  word(mm, mm.globals.use_alien_caches, 1);
  const slab_nomerge = mm.profile.symbol('slab_nomerge')?.address;
  if (slab_nomerge !== undefined)
    writeByte(mm, slab_nomerge, mm.profile.constant('CONFIG_SLAB_MERGE_DEFAULT') === 1 ? 0 : 1);
  // kmem_cache_boot has a size before it is worked out.
  if (mm.globals.kmem_cache_boot !== 0) {
    const s = mm.globals.kmem_cache_boot;
    mm.write(s + mm.kmem_cache.batchcount, 1);
    mm.write(s + mm.kmem_cache.limit, 1);
    mm.write(s + mm.kmem_cache.shared, 1);
  }
  // The queue of call_rcu() is empty: its end is its beginning.
  if (mm.globals.rcu_ctrlblk !== 0)
    mm.write_ptr(mm.globals.rcu_ctrlblk + mm.rcu_ctrlblk.curtail, mm.globals.rcu_ctrlblk);
}

/** What texts of /proc ask of any machine. */
export function writeSettings(mm: Kernel): void {
  for (const [name, value] of RATIOS) word(mm, mm.findSymbol(name) ?? NULL, value);
  // Every processor of 64 bit that runs these machines has pages of 1 GiB.
  if (mm.wide) word(mm, mm.findSymbol('direct_gbpages') ?? NULL, 1);
}

/** In percent, as mm/util.c and mm/page-writeback.c set them. */
const RATIOS = [
  ['sysctl_overcommit_ratio', 50],
  ['vm_dirty_ratio', 20],
  ['dirty_background_ratio', 10],
] as const;

/** LIST_HEAD() */
const LISTS = [
  'slab_caches',
  'slab_caches_to_rcu_destroy',
  'vmap_area_list',
  'free_vmap_area_list',
  'purge_vmap_area_list',
  'huge_boot_pages',
  'shrinker_list',
];

const word = (mm: Kernel, at: Cell, value: number): void => {
  if (at !== 0) mm.write(at, value);
};

/** Data that only boot needs lies in memory that is given back, and so shows what that is filled with: here it is zero, as linked. */
export function clearBootData(mm: Kernel): void {
  const clear = (name: string, sizeBytes: number): void => {
    const at: VirtAddr | undefined = mm.profile.symbol(name)?.address;
    if (at !== undefined) memset(mm, at, 0, sizeBytes);
  };
  for (const name of ['boot_kmem_cache', 'boot_kmem_cache_node']) clear(name, mm.sizeof.kmem_cache);
  clear('init_kmem_cache_node', 2 * mm.sizeof.kmem_cache_node);
  clear('slab_max_order_set', 1);
  clear('kmalloc_info', mm.profile.symbol('kmalloc_info')?.sizeBytes ?? 0);
}
