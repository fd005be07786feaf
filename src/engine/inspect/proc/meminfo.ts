/**
 * /proc/meminfo of a dumped kernel. A line is there when the kernel's symbols and types have what it counts.
 *
 * Left out: VmallocTotal of 32-bit kernels without highmem, whose bounds are in no variable.
 * Source: Linux 6.1 fs/proc/meminfo.c: meminfo_proc_show(); mm/page_alloc.c: si_mem_available(); mm/util.c: vm_commit_limit();
 * mm/hugetlb.c: hugetlb_report_meminfo(); arch/x86/mm/pat/set_memory.c: arch_report_meminfo(); block/bdev.c: nr_blockdev_pages().
 */
import { asVirt } from '../../memory/address.js';
import { Counters } from '../counters.js';
import { vmallocBounds32 } from '../fixedMaps.js';
import { Problems, type Inspected } from '../inspected.js';
import { listEntries } from '../list.js';
import { populatedZonesOf } from '../zones.js';

const PAGE_KB = 4;

/** `MemTotal:        1032468 kB` */
const kbLine = (label: string, kb: number): string =>
  `${`${label}:`.padEnd(16)}${String(kb).padStart(8)} kB`;
const pagesLine = (label: string, pages: number): string => kbLine(label, pages * PAGE_KB);
const countLine = (label: string, count: number): string =>
  `${`${label}:`.padEnd(17)}${String(count).padStart(7)}`;

/** The one line whose number has five places. */
const poisonedLine = (pages: number): string =>
  `HardwareCorrupted: ${String(pages * PAGE_KB).padStart(5)} kB`;

export function meminfo(k: Inspected): string[] {
  const counters = new Counters(k);
  const node = (name: string): number => counters.nodeNamed(name);
  const zone = (name: string): number => counters.ofMachine(name);
  const long = (name: string): number => longOf(k, name);
  const total = long('_totalram_pages');
  const problems = new Problems();
  const buffers = buffersOf(k, problems);
  const swapcache = k.findEnumerator('NR_SWAPCACHE') === undefined ? 0 : node('NR_SWAPCACHE');
  const lru = (list: string): number => node(`NR_${list}_ANON`) + node(`NR_${list}_FILE`);
  const slabs = node('NR_SLAB_RECLAIMABLE_B') + node('NR_SLAB_UNRECLAIMABLE_B');
  return [
    pagesLine('MemTotal', total),
    pagesLine('MemFree', zone('NR_FREE_PAGES')),
    pagesLine('MemAvailable', available(k, counters)),
    pagesLine('Buffers', buffers),
    pagesLine('Cached', Math.max(0, node('NR_FILE_PAGES') - swapcache - buffers)),
    pagesLine('SwapCached', swapcache),
    pagesLine('Active', lru('ACTIVE')),
    pagesLine('Inactive', lru('INACTIVE')),
    pagesLine('Active(anon)', node('NR_ACTIVE_ANON')),
    pagesLine('Inactive(anon)', node('NR_INACTIVE_ANON')),
    pagesLine('Active(file)', node('NR_ACTIVE_FILE')),
    pagesLine('Inactive(file)', node('NR_INACTIVE_FILE')),
    pagesLine('Unevictable', node('NR_UNEVICTABLE')),
    pagesLine('Mlocked', zone('NR_MLOCK')),
    ...highmem(k, counters, total),
    pagesLine('SwapTotal', long('total_swap_pages')),
    pagesLine('SwapFree', long('nr_swap_pages')),
    ...zswap(k),
    pagesLine('Dirty', node('NR_FILE_DIRTY')),
    pagesLine('Writeback', node('NR_WRITEBACK')),
    pagesLine('AnonPages', node('NR_ANON_MAPPED')),
    pagesLine('Mapped', node('NR_FILE_MAPPED')),
    pagesLine('Shmem', node('NR_SHMEM')),
    pagesLine('KReclaimable', node('NR_SLAB_RECLAIMABLE_B') + node('NR_KERNEL_MISC_RECLAIMABLE')),
    pagesLine('Slab', slabs),
    pagesLine('SReclaimable', node('NR_SLAB_RECLAIMABLE_B')),
    pagesLine('SUnreclaim', node('NR_SLAB_UNRECLAIMABLE_B')),
    kbLine('KernelStack', node('NR_KERNEL_STACK_KB')),
    pagesLine('PageTables', node('NR_PAGETABLE')),
    ...(k.findEnumerator('NR_SECONDARY_PAGETABLE') === undefined
      ? []
      : [pagesLine('SecPageTables', node('NR_SECONDARY_PAGETABLE'))]),
    pagesLine('NFS_Unstable', 0),
    pagesLine('Bounce', k.findEnumerator('NR_BOUNCE') === undefined ? 0 : zone('NR_BOUNCE')),
    pagesLine(
      'WritebackTmp',
      k.findEnumerator('NR_WRITEBACK_TEMP') === undefined ? 0 : node('NR_WRITEBACK_TEMP'),
    ),
    pagesLine('CommitLimit', commitLimit(k, total)),
    pagesLine('Committed_AS', committed(k)),
    ...vmallocTotal(k),
    pagesLine('VmallocUsed', long('nr_vmalloc_pages')),
    pagesLine('VmallocChunk', 0),
    pagesLine('Percpu', long('pcpu_nr_populated') * intOf(k, 'pcpu_nr_units')),
    ...(k.findGlobal('num_poisoned_pages') === undefined
      ? []
      : [poisonedLine(long('num_poisoned_pages'))]),
    ...hugePages(k, counters),
    ...(k.findGlobal('totalcma_pages') === undefined ||
    k.findEnumerator('MIGRATE_CMA') === undefined
      ? []
      : [
          pagesLine('CmaTotal', long('totalcma_pages')),
          pagesLine('CmaFree', zone('NR_FREE_CMA_PAGES')),
        ]),
    ...(k.findEnumerator('NR_UNACCEPTED') === undefined
      ? []
      : [pagesLine('Unaccepted', zone('NR_UNACCEPTED'))]),
    ...hugetlb(k),
    ...directMap(k),
    ...problems.found.map((text) => `# ${text}`),
  ];
}

function longOf(k: Inspected, name: string): number {
  const at = k.findGlobal(name);
  return at === undefined ? 0 : k.space.long(at);
}

function intOf(k: Inspected, name: string): number {
  const at = k.findGlobal(name);
  return at === undefined ? 1 : k.space.u32(at);
}

/** Pages of block devices. */
function buffersOf(k: Inspected, problems: Problems): number {
  const superblock = k.findGlobal('blockdev_superblock');
  if (superblock === undefined) return 0;
  let sum = 0;
  problems.tried(
    'Buffers, the inodes of block devices',
    () => {
      const inodes = k.offset('super_block', 's_inodes');
      for (const inode of listEntries(k, k.space.pointer(superblock), inodes, 'inode', 'i_sb_list'))
        sum += k.number(k.pointer(inode, 'inode', 'i_mapping'), 'address_space', 'nrpages');
    },
    undefined,
  );
  return sum;
}

function available(k: Inspected, counters: Counters): number {
  const low = populatedZonesOf(k).reduce(
    (sum, { watermark, boost }) => sum + (watermark[1] ?? 0) + boost,
    0,
  );
  const mostOf = (pages: number): number => pages - Math.min(Math.floor(pages / 2), low);
  const files = counters.nodeNamed('NR_ACTIVE_FILE') + counters.nodeNamed('NR_INACTIVE_FILE');
  const reclaimable =
    counters.nodeNamed('NR_SLAB_RECLAIMABLE_B') + counters.nodeNamed('NR_KERNEL_MISC_RECLAIMABLE');
  const free = counters.ofMachine('NR_FREE_PAGES') - longOf(k, 'totalreserve_pages');
  return Math.max(0, free + mostOf(files) + mostOf(reclaimable));
}

function highmem(k: Inspected, counters: Counters, total: number): string[] {
  const index = k.findEnumerator('ZONE_HIGHMEM');
  if (index === undefined) return [];
  const high = longOf(k, '_totalhigh_pages');
  const free = populatedZonesOf(k)
    .filter((zone) => zone.index === index)
    .reduce((sum, zone) => sum + counters.ofZone(zone, k.enumerator('NR_FREE_PAGES')), 0);
  return [
    pagesLine('HighTotal', high),
    pagesLine('HighFree', free),
    pagesLine('LowTotal', total - high),
    pagesLine('LowFree', counters.ofMachine('NR_FREE_PAGES') - free),
  ];
}

/** The pool's size is counted in a variable until 6.10 (bf9b7df23cb3); with nothing stored it is 0. */
function zswap(k: Inspected): string[] {
  if (k.findGlobal('zswap_stored_pages') === undefined) return [];
  const stored = longOf(k, 'zswap_stored_pages');
  const pool = k.findGlobal('zswap_pool_total_size');
  if (pool === undefined && stored > 0) return [pagesLine('Zswapped', stored)];
  const kb = pool === undefined ? 0 : Math.floor(k.space.ulong(pool) / 1024);
  return [kbLine('Zswap', kb), pagesLine('Zswapped', stored)];
}

function commitLimit(k: Inspected, total: number): number {
  const kbytes = longOf(k, 'sysctl_overcommit_kbytes');
  const ratio = intOf(k, 'sysctl_overcommit_ratio');
  const huge = hstates(k).reduce((sum, { order, nr }) => sum + nr * 2 ** order, 0);
  const allowed =
    kbytes === 0 ? Math.floor(((total - huge) * ratio) / 100) : Math.floor(kbytes / PAGE_KB);
  return allowed + longOf(k, 'total_swap_pages');
}

/** A percpu_counter: what is counted, and what the CPUs hold back. */
function committed(k: Inspected): number {
  const at = k.findGlobal('vm_committed_as');
  if (at === undefined) return 0;
  const count = k.number(at, 'percpu_counter', 'count');
  if (!k.has('percpu_counter', 'counters')) return Math.max(0, count);
  const counters = k.pointer(at, 'percpu_counter', 'counters');
  const held = k.onlineCpus().reduce((sum, cpu) => sum + k.space.i32(k.perCpu(counters, cpu)), 0);
  return Math.max(0, count + held);
}

/** VMALLOC_SIZE_TB of 4 and 5 levels. Source: arch/x86/include/asm/pgtable_64_types.h. */
function vmallocTotal(k: Inspected): string[] {
  if (k.dump.arch !== 'x86_64') {
    const bounds = vmallocBounds32(k);
    return bounds === undefined ? [] : [kbLine('VmallocTotal', (bounds.end - bounds.start) / 1024)];
  }
  const terabytes = k.dump.paging === '5-level' ? 12800 : 32;
  return [kbLine('VmallocTotal', terabytes * 2 ** 30 - 1)];
}

function hugePages(k: Inspected, counters: Counters): string[] {
  if (k.findGlobal('transparent_hugepage_flags') === undefined) return [];
  return [
    ['AnonHugePages', 'NR_ANON_THPS'],
    ['ShmemHugePages', 'NR_SHMEM_THPS'],
    ['ShmemPmdMapped', 'NR_SHMEM_PMDMAPPED'],
    ['FileHugePages', 'NR_FILE_THPS'],
    ['FilePmdMapped', 'NR_FILE_PMDMAPPED'],
  ].map(([label = '', name = '']) => pagesLine(label, counters.nodeNamed(name)));
}

interface Hstate {
  readonly order: number;
  readonly nr: number;
  readonly free: number;
  readonly reserved: number;
  readonly surplus: number;
}

function hstates(k: Inspected): Hstate[] {
  const first = k.findGlobal('hstates');
  const max = k.findGlobal('hugetlb_max_hstate');
  if (first === undefined || max === undefined) return [];
  const size = k.sizeof('hstate');
  return Array.from({ length: Math.min(k.space.u32(max), 16) }, (_, i) => {
    const read = (name: string): number => k.number(asVirt(first + i * size), 'hstate', name);
    return {
      order: read('order'),
      nr: read('nr_huge_pages'),
      free: read('free_huge_pages'),
      reserved: read('resv_huge_pages'),
      surplus: read('surplus_huge_pages'),
    };
  });
}

function hugetlb(k: Inspected): string[] {
  const all = hstates(k);
  const index = k.findGlobal('default_hstate_idx');
  const state = index === undefined ? undefined : all[k.space.u32(index)];
  if (state === undefined) return [];
  return [
    countLine('HugePages_Total', state.nr),
    countLine('HugePages_Free', state.free),
    countLine('HugePages_Rsvd', state.reserved),
    countLine('HugePages_Surp', state.surplus),
    pagesLine('Hugepagesize', 2 ** state.order),
    pagesLine(
      'Hugetlb',
      all.reduce((sum, { order, nr }) => sum + nr * 2 ** order, 0),
    ),
  ];
}

/** direct_pages_count[], by level: 4 KiB, large, 1 GiB. */
function directMap(k: Inspected): string[] {
  const counts = k.findGlobal('direct_pages_count');
  if (counts === undefined) return [];
  const count = (level: number): number => k.space.ulong(counts, level * k.pointerSize);
  const isLarge = k.dump.paging === '2-level';
  const gigantic = k.findGlobal('direct_gbpages');
  return [
    kbLine('DirectMap4k', count(1) * 4),
    kbLine(isLarge ? 'DirectMap4M' : 'DirectMap2M', count(2) * (isLarge ? 4096 : 2048)),
    ...(gigantic === undefined || k.space.u32(gigantic) === 0
      ? []
      : [kbLine('DirectMap1G', count(3) * 2 ** 20)]),
  ];
}
