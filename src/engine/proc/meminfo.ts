/**
 * /proc/meminfo: what the memory of the machine is used for, in KiB. It only reads.
 *
 * Differs: buffers are 0 (these machines have no block devices); the sizes of the direct map's pages are counted in the page tables,
 * where the kernel keeps a count that boot and each split change.
 * Source: Linux 6.1 fs/proc/meminfo.c: meminfo_proc_show(); mm/page_alloc.c: si_meminfo(), si_mem_available(); mm/util.c:
 * vm_commit_limit(), vm_memory_committed(); mm/percpu.c: pcpu_nr_pages(); mm/hugetlb.c: hugetlb_report_meminfo();
 * arch/x86/mm/pat/set_memory.c: arch_report_meminfo().
 */
import { VMALLOC_END, VMALLOC_START } from '../kernel/arch/x86/include/asm/pgtable_areas.h.js';
import { cpu_online, nr_cpu_ids } from '../kernel/include/linux/cpumask.h.js';
import {
  default_hstate,
  hstateCount,
  huge_page_size,
  pages_per_huge_page,
} from '../kernel/include/linux/hugetlb.h.js';
import { low_wmark_pages } from '../kernel/include/linux/mmzone.h.js';
import { per_cpu_ptr } from '../kernel/include/linux/percpu-defs.h.js';
import {
  global_node_page_state,
  global_zone_page_state,
  zone_page_state,
} from '../kernel/include/linux/vmstat.h.js';
import { type Hstate, NULL, type ULong } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { asVirt, PAGE_SHIFT } from '../memory/address.js';
import { constantNamed, findByteOffset } from '../types/named.js';
import { directMapPages } from './directMap.js';
import { longOf } from './globals.js';

const KB_OF_PAGE = 1 << (PAGE_SHIFT - 10);

/** `MemTotal:        1032468 kB` */
const kbLine = (label: string, kb: number): string =>
  `${`${label}:`.padEnd(16)}${String(kb).padStart(8)} kB`;
const pagesLine = (label: string, pages: ULong): string => kbLine(label, pages * KB_OF_PAGE);

export function meminfo_proc_show(k: Kernel): string[] {
  const node = (name: string): ULong => global_node_page_state(k, constantNamed(k.profile, name));
  const zone = (name: string): ULong => global_zone_page_state(k, constantNamed(k.profile, name));
  const lru = (name: string): ULong => node(`NR_${name}`);
  const totalram = longOf(k, '_totalram_pages');
  const free = zone('NR_FREE_PAGES');
  const sreclaimable = node('NR_SLAB_RECLAIMABLE_B');
  const sunreclaim = node('NR_SLAB_UNRECLAIMABLE_B');
  return [
    pagesLine('MemTotal', totalram),
    pagesLine('MemFree', free),
    pagesLine('MemAvailable', si_mem_available(k)),
    pagesLine('Buffers', 0),
    pagesLine('Cached', Math.max(0, node('NR_FILE_PAGES') - node('NR_SWAPCACHE'))),
    pagesLine('SwapCached', node('NR_SWAPCACHE')),
    pagesLine('Active', lru('ACTIVE_ANON') + lru('ACTIVE_FILE')),
    pagesLine('Inactive', lru('INACTIVE_ANON') + lru('INACTIVE_FILE')),
    pagesLine('Active(anon)', lru('ACTIVE_ANON')),
    pagesLine('Inactive(anon)', lru('INACTIVE_ANON')),
    pagesLine('Active(file)', lru('ACTIVE_FILE')),
    pagesLine('Inactive(file)', lru('INACTIVE_FILE')),
    pagesLine('Unevictable', lru('UNEVICTABLE')),
    pagesLine('Mlocked', zone('NR_MLOCK')),
    ...highmemLines(k, totalram, free),
    pagesLine('SwapTotal', longOf(k, 'total_swap_pages')),
    pagesLine('SwapFree', longOf(k, 'nr_swap_pages')),
    pagesLine('Dirty', node('NR_FILE_DIRTY')),
    pagesLine('Writeback', node('NR_WRITEBACK')),
    pagesLine('AnonPages', node('NR_ANON_MAPPED')),
    pagesLine('Mapped', node('NR_FILE_MAPPED')),
    pagesLine('Shmem', node('NR_SHMEM')),
    pagesLine('KReclaimable', sreclaimable + node('NR_KERNEL_MISC_RECLAIMABLE')),
    pagesLine('Slab', sreclaimable + sunreclaim),
    pagesLine('SReclaimable', sreclaimable),
    pagesLine('SUnreclaim', sunreclaim),
    kbLine('KernelStack', node('NR_KERNEL_STACK_KB')),
    pagesLine('PageTables', node('NR_PAGETABLE')),
    pagesLine('SecPageTables', node('NR_SECONDARY_PAGETABLE')),
    pagesLine('NFS_Unstable', 0),
    pagesLine('Bounce', zone('NR_BOUNCE')),
    pagesLine('WritebackTmp', node('NR_WRITEBACK_TEMP')),
    pagesLine('CommitLimit', vm_commit_limit(k, totalram)),
    pagesLine('Committed_AS', vm_memory_committed(k)),
    kbLine('VmallocTotal', Math.floor((VMALLOC_END(k) - VMALLOC_START(k)) / 1024)),
    pagesLine('VmallocUsed', longOf(k, 'nr_vmalloc_pages')),
    pagesLine('VmallocChunk', 0),
    // One unit a CPU; a build for one CPU has no variable for their number.
    pagesLine('Percpu', longOf(k, 'pcpu_nr_populated') * (longOf(k, 'pcpu_nr_units') || 1)),
    pagesLine('AnonHugePages', node('NR_ANON_THPS')),
    pagesLine('ShmemHugePages', node('NR_SHMEM_THPS')),
    pagesLine('ShmemPmdMapped', node('NR_SHMEM_PMDMAPPED')),
    pagesLine('FileHugePages', node('NR_FILE_THPS')),
    pagesLine('FilePmdMapped', node('NR_FILE_PMDMAPPED')),
    pagesLine('CmaTotal', longOf(k, 'totalcma_pages')),
    pagesLine('CmaFree', zone('NR_FREE_CMA_PAGES')),
    ...hugetlb_report_meminfo(k),
    ...arch_report_meminfo(k),
  ];
}

function highmemLines(k: Kernel, totalram: ULong, free: ULong): string[] {
  const high = k.ZONE_HIGHMEM < 0 ? undefined : k.zones[k.ZONE_HIGHMEM];
  if (high === undefined) return [];
  const total = longOf(k, '_totalhigh_pages');
  const freeHigh = zone_page_state(k, high, k.NR_FREE_PAGES);
  return [
    pagesLine('HighTotal', total),
    pagesLine('HighFree', freeHigh),
    pagesLine('LowTotal', totalram - total),
    pagesLine('LowFree', free - freeHigh),
  ];
}

/** What programs can have without swapping: free pages, half of the page cache, half of the slabs that can be reclaimed. */
function si_mem_available(k: Kernel): ULong {
  const wmark_low = k.zones.reduce((sum, zone) => sum + low_wmark_pages(k, zone), 0);
  const mostOf = (pages: ULong): ULong => pages - Math.min(Math.floor(pages / 2), wmark_low);
  const pagecache =
    global_node_page_state(k, k.NR_ACTIVE_FILE) + global_node_page_state(k, k.NR_INACTIVE_FILE);
  const reclaimable =
    global_node_page_state(k, k.NR_SLAB_RECLAIMABLE_B) +
    global_node_page_state(k, k.NR_KERNEL_MISC_RECLAIMABLE);
  const free = global_zone_page_state(k, k.NR_FREE_PAGES);
  const reserve = k.read_ulong(k.globals.totalreserve_pages);
  return Math.max(0, free - reserve + mostOf(pagecache) + mostOf(reclaimable));
}

/** Pages of pools of huge pages, of every size: a pool's page cannot be promised to anybody else. */
const hugePoolPages = (k: Kernel): ULong =>
  hstatesOf(k).reduce(
    (sum, h) => sum + hstateCount(k, h, k.hstate.nr_huge_pages) * pages_per_huge_page(k, h),
    0,
  );

const hstatesOf = (k: Kernel): readonly Hstate[] =>
  k.globals.hugetlb_max_hstate === NULL
    ? []
    : Array.from(
        { length: k.words[k.globals.hugetlb_max_hstate]! },
        (_, i): Hstate => k.globals.hstates + i * k.stride.hstate,
      );

function vm_commit_limit(k: Kernel, totalram: ULong): ULong {
  const kbytes = longOf(k, 'sysctl_overcommit_kbytes');
  const allowed =
    kbytes !== 0
      ? Math.floor(kbytes / KB_OF_PAGE)
      : Math.floor(((totalram - hugePoolPages(k)) * longOf(k, 'sysctl_overcommit_ratio')) / 100);
  return allowed + longOf(k, 'total_swap_pages');
}

/** A percpu_counter: what is counted, and what the CPUs hold back. */
function vm_memory_committed(k: Kernel): ULong {
  const at = k.profile.symbol('vm_committed_as')?.address;
  const cell = k.findSymbol('vm_committed_as');
  const count = findByteOffset(k.profile, 'percpu_counter', 'count');
  if (at === undefined || cell === undefined || cell === 0 || count === undefined) return 0;
  let sum = k.words[k.cell_at(asVirt(at + count))]!;
  const counters = findByteOffset(k.profile, 'percpu_counter', 'counters');
  const own = counters === undefined ? NULL : k.cell_at(asVirt(at + counters));
  // Boot leaves the counter without its parts.
  for (let cpu = 0; own !== NULL && k.read_va(own) !== 0 && cpu < nr_cpu_ids(k); cpu++)
    if (cpu_online(k, cpu)) sum += k.words[per_cpu_ptr(k, own, cpu)]!;
  return Math.max(0, sum);
}

/** Numbers of the default pool; what all pools take together. A machine that knows no pool has none of a PMD's size. */
function hugetlb_report_meminfo(k: Kernel): string[] {
  const knows = hstatesOf(k).length > 0;
  const h: Hstate = default_hstate(k);
  const nr = (member: number): ULong => (knows ? hstateCount(k, h, member) : 0);
  const kb = knows ? huge_page_size(k, h) / 1024 : 2 ** (k.PMD_SHIFT - 10);
  const count = (label: string, value: ULong): string =>
    `${`${label}:`.padEnd(17)}${String(value).padStart(7)}`;
  return [
    count('HugePages_Total', nr(k.hstate.nr_huge_pages)),
    count('HugePages_Free', nr(k.hstate.free_huge_pages)),
    count('HugePages_Rsvd', nr(k.hstate.resv_huge_pages)),
    count('HugePages_Surp', nr(k.hstate.surplus_huge_pages)),
    kbLine('Hugepagesize', kb),
    kbLine('Hugetlb', hugePoolPages(k) * KB_OF_PAGE),
  ];
}

function arch_report_meminfo(k: Kernel): string[] {
  const pages = directMapPages(k);
  const large = k.PMD_SHIFT === 22 ? 'DirectMap4M' : 'DirectMap2M';
  return [
    kbLine('DirectMap4k', pages.small * 4),
    kbLine(large, pages.large * 2 ** (k.PMD_SHIFT - 10)),
    ...(longOf(k, 'direct_gbpages') === 0 ? [] : [kbLine('DirectMap1G', pages.gigantic * 2 ** 20)]),
  ];
}
