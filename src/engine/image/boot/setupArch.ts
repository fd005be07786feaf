/**
 * Boot up to the page allocator: what is RAM, what is reserved, and where mem_map and the other tables of memory management
 * lie. Reservations are made in the kernel's order, for each allocation takes the highest place that is left.
 *
 * Nothing is written here: the page tables that are made on the way lie aside (tables/) until there is memory.
 *
 * Source: Linux 6.1 arch/x86/kernel/setup.c: setup_arch(); init/main.c: start_kernel(); mm/cma.c, mm/page_alloc.c
 * (alloc_node_mem_map, setup_usemap, alloc_large_system_hash), arch/x86/mm/cpu_entry_area.c, kernel/dma/swiotlb.c.
 */
import type { MemmapGeometry } from '../../machine/memmap.js';
import type { IoTlbMem } from '../../machine/ioTlb.js';
import { asPhys, asVirt, PAGE_SIZE, type PhysAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { ImageError } from '../kernelImage.js';
import {
  e820__end_of_ram_pfn,
  e820__memory_setup,
  FOUR_GIB,
  ISA_END_ADDRESS,
  ramBelow4G,
  type E820Entry,
} from './e820.js';
import type { ResourceTables } from './resources.js';
import { estimateKernelPages, largeSystemHashBytes } from './hashTables.js';
import { loadKernel, type LoadedKernel } from './kernelLoad.js';
import { parse_early_param, type LayoutParameters } from './cmdline.js';
import { hugetlb_cma_reserve, reserveGiganticPages } from './hugePages.js';
import { cma_declare_contiguous, Memblock, type MemRange } from './memblock.js';
import { MAX_DMA_ADDRESS, setup_per_cpu_areas, type PerCpuAreas } from './perCpuAreas.js';
import { sizeofStruct } from './profileFacts.js';
import { sparse_init, type Sections } from './sections.js';
import type { BootTables } from './tables/bootTables.js';
import { KernelTables } from './tables/kernelTables.js';
import { pfnRanges, presentPages, zoneSpans, type PfnRange, type ZoneSpan } from './zones.js';

export interface MachineOptions {
  readonly ramBytes: number;
  /** `cma=`: size of the default CMA area; 0 for none. */
  readonly cmaBytes: number;
  /** `highmem=`: how much of a machine that needs none is highmem all the same (i386). */
  readonly highmemBytes: number;
  readonly initrdBytes: number;
  readonly commandLine: string;
  readonly nrCpus: number;
}

/** What is decided before there is a page allocator. Physical addresses are bytes. */
export interface BootLayout {
  readonly kernel: LoadedKernel;
  readonly memblock: Memblock;
  /** RAM in whole frames. */
  readonly ranges: readonly PfnRange[];
  readonly maxPfn: number;
  readonly maxLowPfn: number;
  readonly zones: readonly ZoneSpan[];
  readonly memmap: MemmapGeometry;
  /** FLATMEM: the pageblock bits of each zone; undefined for empty ones. */
  readonly usemaps: readonly (MemRange | undefined)[];
  /** SPARSEMEM. */
  readonly sections: Sections | undefined;
  readonly perCpu: PerCpuAreas;
  /** What firmware says is memory, and where the resources that say so in turn lie. */
  readonly e820: readonly E820Entry[];
  readonly resources: ResourceTables;
  /** dentry_hashtable */
  readonly dentryHash: MemRange;
  readonly cma: MemRange | undefined;
  /** `hugetlb_cma=` */
  readonly hugetlbCma: MemRange | undefined;
  /** Gigantic pages that boot gives to their pool. */
  readonly hugeBootPages: readonly PhysAddr[];
  readonly initrd: MemRange | undefined;
  /** Bounce buffers; none where no device needs them. */
  readonly io_tlb: IoTlbMem | undefined;
  /** The kernel's page tables, to be put into memory. */
  readonly tables: BootTables;
  /** `managed_pages` before anything is freed: an estimate that sizes hash tables and decides about mobility grouping. */
  readonly estimatedPages: readonly number[];
  /** __VMALLOC_RESERVE; 0 on 64 bit. */
  readonly vmallocReserve: number;
}

/** MAX_ARCH_PFN: what the page tables can name. */
const ARCH_LIMIT_PFN = { i386: 0x10_0000, 'i386-pae': 0x100_0000, x86_64: 2 ** 34 } as const;

export function setup_arch(profile: Profile, options: MachineOptions): BootLayout {
  const parameters = parse_early_param(options.commandLine);
  const e820 = parse_memopt(e820__memory_setup(options.ramBytes, profile.arch), parameters);
  const lowRamEnd = Math.max(
    ...e820
      .filter((each) => each.type === 'usable' && each.end <= FOUR_GIB)
      .map((each) => each.end),
  );
  const kernel = loadKernel(profile, lowRamEnd);
  const memblock = new Memblock();
  const placed = placeInitrd(options, lowRamEnd, kernel);

  // early_reserve_memory(), reserve_brk(), reserve_real_mode(): all of the first MiB in the end.
  memblock.memblock_reserve(kernel.image.start, kernel.image.end);
  if (placed !== undefined) memblock.memblock_reserve(placed.start, placed.end);
  memblock.memblock_reserve(kernel.brk.start, kernel.brk.end);
  e820__memblock_setup(memblock, e820, profile);
  memblock.memblock_reserve(0, ISA_END_ADDRESS);

  const maxPfn = e820__end_of_ram_pfn(e820, ARCH_LIMIT_PFN[profile.arch]);
  const maxLowPfn = find_low_pfn_range(profile, maxPfn, {
    highmemBytes: options.highmemBytes,
    ...parameters,
  });
  memblock.current_limit = maxLowPfn * PAGE_SIZE;
  const tables = new KernelTables(
    kernel,
    memblock,
    (profile.arch === 'x86_64' ? maxPfn : maxLowPfn) * PAGE_SIZE,
  );
  tables.init_mem_mapping();
  const initrd = placed && reserve_initrd(memblock, placed);
  const cma = dma_contiguous_reserve(memblock, profile, parameters.cmaBytes ?? options.cmaBytes);
  const hugetlbCma = hugetlb_cma_reserve(memblock, profile, parameters.hugetlbCmaBytes ?? 0);

  // free_area_init()
  const ranges = pfnRanges(memblock.memory);
  const zones = zoneSpans(profile, ranges, maxLowPfn, maxPfn);
  const dmaReserve = profile.arch === 'x86_64' ? find_dma_reserve(memblock, ranges) : 0;
  const sections =
    profile.constant('CONFIG_SPARSEMEM') === 1
      ? sparse_init(memblock, profile, ranges, tables)
      : undefined;
  tables.paging_init();
  const memmap = sections?.memmap ?? alloc_node_mem_map(memblock, profile, zones);
  const usemaps = zones.map((zone) =>
    sections !== undefined || zone.spanned === 0
      ? undefined
      : setup_usemap(memblock, profile, zone),
  );
  const estimated = estimateKernelPages(profile, zones, dmaReserve);

  const resources = reserveSmallTables(memblock, profile, e820, options);
  const perCpu = setup_per_cpu_areas(memblock, profile, options.nrCpus);
  const hugeBootPages =
    hugetlbCma === undefined ? reserveGiganticPages(memblock, profile, options.commandLine) : [];
  const dentryHash = reserveHashTables(memblock, profile, estimated);
  // Page tables of the CPU entry area; on i386 they come from brk.
  tables.setup_cpu_entry_areas(perCpu, () =>
    asPhys(memblock.memblock_alloc('page tables', PAGE_SIZE, PAGE_SIZE)),
  );
  const io_tlb =
    maxPfn * PAGE_SIZE > FOUR_GIB && profile.arch !== 'i386'
      ? swiotlb_init(memblock, profile)
      : undefined;
  tables.finish();
  return {
    kernel,
    memblock,
    ranges,
    maxPfn,
    maxLowPfn,
    zones,
    memmap,
    usemaps,
    sections,
    perCpu,
    e820,
    resources,
    dentryHash,
    cma,
    hugetlbCma,
    hugeBootPages,
    initrd,
    tables: tables.tables,
    io_tlb,
    estimatedPages: estimated.managed,
    vmallocReserve:
      profile.arch === 'x86_64' ? 0 : vmallocReserve(profile, parameters.vmallocBytes),
  };
}

/** Left out: a second `mem=`. */
function parse_memopt(
  e820: readonly E820Entry[],
  { memBytes }: LayoutParameters,
): readonly E820Entry[] {
  if (memBytes === undefined) return e820;
  return e820
    .map((entry) =>
      entry.type === 'usable' ? { ...entry, end: Math.min(entry.end, memBytes) } : entry,
    )
    .filter(({ start, end }) => start < end);
}

/** __VMALLOC_RESERVE: with the hole before vmalloc space where the command line says how large that is to be. */
const vmallocReserve = (profile: Profile, vmallocBytes: number | undefined): number =>
  vmallocBytes === undefined
    ? profile.constant('__VMALLOC_RESERVE')
    : vmallocBytes + profile.constant('VMALLOC_OFFSET');

/** The most that the direct map can hold. */
function MAXMEM(profile: Profile, vmallocBytes: number | undefined): number {
  const space = profile.constant('VMALLOC_END') - profile.constant('PAGE_OFFSET');
  const maxmem = space - vmallocReserve(profile, vmallocBytes);
  const least = LEAST_LOWMEM;
  if (maxmem >= least) return Math.floor(maxmem / PAGE_SIZE) * PAGE_SIZE;
  throw new ImageError(
    `vmalloc=${Math.floor((vmallocBytes ?? 0) / 2 ** 20)}M leaves less than ${least >> 20} MiB of lowmem. Make it smaller.`,
  );
}

/** Less than that no kernel here boots in. */
const LEAST_LOWMEM = 16 << 20;

/** Where lowmem ends: below the vmalloc area at the latest; earlier if asked for, but not below 64 MiB. */
function find_low_pfn_range(
  profile: Profile,
  maxPfn: number,
  { highmemBytes = 0, vmallocBytes }: LayoutParameters,
): number {
  if (profile.arch === 'x86_64') return maxPfn;
  const maxmem = MAXMEM(profile, vmallocBytes);
  if (maxPfn > maxmem / PAGE_SIZE) return maxmem / PAGE_SIZE;
  const lowPfn = maxPfn - Math.floor(highmemBytes / PAGE_SIZE);
  return lowPfn < (64 << 20) / PAGE_SIZE ? maxPfn : lowPfn;
}

function e820__memblock_setup(
  memblock: Memblock,
  e820: readonly E820Entry[],
  profile: Profile,
): void {
  for (const { type, start, end } of e820) {
    // resource_size_t has 32 bits without PAE: what lies higher does not exist.
    const named = profile.arch !== 'i386' || end <= FOUR_GIB;
    if (type === 'usable' && named) memblock.memblock_add(start, end);
  }
}

/** Where QEMU loads the initrd: as high as the firmware's tables and the kernel's `initrd_addr_max` allow. */
function placeInitrd(
  { ramBytes, initrdBytes }: MachineOptions,
  lowRamEnd: number,
  kernel: LoadedKernel,
): MemRange | undefined {
  if (initrdBytes === 0) return undefined;
  const top = Math.min(ramBelow4G(ramBytes), lowRamEnd, 0x8000_0000);
  const start = Math.floor((top - initrdBytes) / PAGE_SIZE) * PAGE_SIZE;
  if (start < kernel.brk.end)
    throw new ImageError(
      'The machine has too little memory for its initrd after the kernel. Give it more RAM.',
    );
  return { start, end: start + pageAligned(initrdBytes) };
}

/** The initrd must lie in the direct map: relocate_initrd() if it does not. */
function reserve_initrd(memblock: Memblock, placed: MemRange): MemRange {
  if (placed.end <= memblock.current_limit) return placed;
  const start = memblock.memblock_alloc('the initrd', placed.end - placed.start, PAGE_SIZE);
  memblock.memblock_phys_free(placed.start, placed.end);
  return { start, end: start + placed.end - placed.start };
}

function dma_contiguous_reserve(
  memblock: Memblock,
  profile: Profile,
  cmaBytes: number,
): MemRange | undefined {
  if (cmaBytes === 0) return undefined;
  const align = profile.constant('pageblock_nr_pages') * PAGE_SIZE;
  const sizeBytes = Math.ceil(cmaBytes / align) * align;
  return cma_declare_contiguous(memblock, profile, sizeBytes, align);
}

/** memblock_find_dma_reserve(): pages of ZONE_DMA that nobody will get. */
function find_dma_reserve(memblock: Memblock, ranges: readonly PfnRange[]): number {
  const end = MAX_DMA_ADDRESS / PAGE_SIZE;
  const free = memblock.freeRanges().map(({ start, end: rangeEnd }) => ({
    start: Math.ceil(start / PAGE_SIZE),
    end: Math.floor(rangeEnd / PAGE_SIZE),
  }));
  return presentPages(ranges, 0, end) - presentPages(free, 0, end);
}

/** One array from pfn 0 to the end of the last block of the highest order. */
function alloc_node_mem_map(
  memblock: Memblock,
  profile: Profile,
  zones: readonly ZoneSpan[],
): MemmapGeometry {
  const sizeofPage = sizeofStruct(profile, 'page');
  const blockPages = 1 << (profile.constant('MAX_ORDER') - 1);
  const nodeStart = Math.min(...zones.filter((zone) => zone.spanned > 0).map((zone) => zone.start));
  const nodeEnd = zones.reduce((end, zone) => end + zone.spanned, nodeStart);
  const endPfn = Math.ceil(nodeEnd / blockPages) * blockPages;
  const line = profile.constant('L1_CACHE_BYTES');
  const start = memblock.memblock_alloc('mem_map', endPfn * sizeofPage, line);
  return {
    base: asVirt(profile.constant('PAGE_OFFSET') + start),
    sizeofPage,
    endPfn,
    extents: [
      {
        startMapPage: 0,
        startFrame: Math.floor(start / PAGE_SIZE),
        nrFrames: Math.ceil(((start % PAGE_SIZE) + endPfn * sizeofPage) / PAGE_SIZE),
      },
    ],
  };
}

/** usemap_size(): four bits a pageblock, in whole longs. */
function setup_usemap(memblock: Memblock, profile: Profile, zone: ZoneSpan): MemRange {
  const blockPages = profile.constant('pageblock_nr_pages');
  const nrBlocks = Math.ceil(((zone.start % blockPages) + zone.spanned) / blockPages);
  const longBits = profile.pointerSize * 8;
  const sizeBytes = (Math.ceil((nrBlocks * 4) / longBits) * longBits) / 8;
  const line = profile.constant('L1_CACHE_BYTES');
  const start = memblock.memblock_alloc('pageblock bits', sizeBytes, line);
  return { start, end: start + sizeBytes };
}

/** Resources of the IO-APIC and of the memory map, and two copies of the command line. */
function reserveSmallTables(
  memblock: Memblock,
  profile: Profile,
  e820: readonly E820Entry[],
  { commandLine }: MachineOptions,
): ResourceTables {
  const line = profile.constant('L1_CACHE_BYTES');
  const sizeofResource = sizeofStruct(profile, 'resource');
  const ioapicNameBytes = 11;
  const ioapic =
    profile.arch === 'x86_64'
      ? memblock.memblock_alloc('resources', sizeofResource + ioapicNameBytes, line)
      : undefined;
  const ofMap = memblock.memblock_alloc('resources', sizeofResource * e820.length, line);
  memblock.memblock_alloc('the command line', commandLine.length + 1, line);
  memblock.memblock_alloc('the command line', commandLine.length + 1, line);
  return { e820: ofMap, ioapic };
}

/** vfs_caches_init_early(); where names are looked up. */
function reserveHashTables(
  memblock: Memblock,
  profile: Profile,
  estimated: { readonly kernelPages: number; readonly allPages: number },
): MemRange {
  const line = profile.constant('L1_CACHE_BYTES');
  const dentries = largeSystemHashBytes(profile, estimated, { scale: 13, lowLimit: 2 });
  const inodes = largeSystemHashBytes(profile, estimated, { scale: 14, lowLimit: 0 });
  const start = memblock.memblock_alloc('the dentry hash table', dentries, line);
  memblock.memblock_alloc('the inode hash table', inodes, line);
  return { start, end: start + dentries };
}

/** The bounce buffer for devices that reach 4 GiB only: 32768 slabs of 2 KiB, and a slot structure for each. */
function swiotlb_init(memblock: Memblock, profile: Profile): IoTlbMem | undefined {
  const nrSlabs = 32768;
  const sizeofSlot = profile.pointerSize === 8 ? 24 : 16;
  const sizeofArea = profile.pointerSize === 8 ? 24 : 12;
  const below4G = Math.min(FOUR_GIB - 1, memblock.current_limit);
  const start = memblock.memblock_phys_alloc_range(nrSlabs * 2048, PAGE_SIZE, 0, below4G);
  const slots = memblock.memblock_alloc(
    'bounce buffers',
    pageAligned(nrSlabs * sizeofSlot),
    PAGE_SIZE,
  );
  memblock.memblock_alloc('bounce buffers', sizeofArea, profile.constant('L1_CACHE_BYTES'));
  if (start === undefined) return undefined;
  return {
    start: asPhys(start),
    nslabs: nrSlabs,
    slots: asPhys(slots),
    slotBytes: sizeofSlot,
  };
}

const pageAligned = (sizeBytes: number): number => Math.ceil(sizeBytes / PAGE_SIZE) * PAGE_SIZE;
