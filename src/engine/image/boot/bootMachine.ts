/**
 * start_kernel() in miniature: a machine with its memory management up, as a kernel image.
 *
 *     setup_arch            what is RAM, what is reserved, where the tables lie      (setupArch.ts, nothing is written)
 *     free_area_init        node, zones, empty lists, pageblock types
 *     build_all_zonelists   mem_init                                                 all memory is free now
 *     kmem_cache_init       vmalloc_init                                             objects and areas can be had
 *     initcalls             page sets, CMA, watermarks, huge pages, sysfs, among what the rest of the kernel allocates   (growth.ts)
 *     free_initmem          initrd and initmem are given back
 *
 * Deterministic: no clock and no chance is involved.
 *
 * Source: Linux 6.1 init/main.c: start_kernel(), kernel_init_freeable(); mm/huge_memory.c: hugepage_init().
 */
import { gigantic_pages_init } from '../../kernel/arch/x86/mm/hugetlbpage/hugetlbpage.js';
import { preallocate_vmalloc_pages } from '../../kernel/arch/x86/mm/init_64.js';
import { sysfs_init } from '../../kernel/fs/sysfs/mount.js';
import {
  kmem_cache_init,
  kmem_cache_init_late,
  slabAllocator,
} from '../../kernel/include/linux/slab.h.js';
import { kobject_create_and_add } from '../../kernel/lib/kobject.js';
import { page_address_init } from '../../kernel/mm/highmem/page_address.js';
import { pcpu_setup_first_chunk } from '../../kernel/mm/percpu/first_chunk.js';
import { pagecache_init } from '../../kernel/mm/filemap/folio_wait.js';
import { hugepage_init } from '../../kernel/mm/huge_memory/hugepage_init.js';
import { hugetlb_init } from '../../kernel/mm/hugetlb/hugetlb_init.js';
import { vmalloc_init } from '../../kernel/mm/vmalloc/vmalloc_init.js';
import { NULL } from '../../machine/ctypes.js';
import { build_all_zonelists } from '../../kernel/mm/page_alloc/mm_init.js';
import { bindZones, type Kernel } from '../../machine/kernel.js';
import type { LinearMaps } from '../../machine/linearMaps.js';
// The two allocators: which of them kmem_cache_init() reaches, the build decides.
import '../../kernel/mm/slab/slab.js';
import '../../kernel/mm/slub/slub.js';
import { setup_per_cpu_pageset } from '../../kernel/mm/page_alloc/setup_per_cpu_pageset.js';
import { init_per_zone_wmark_min } from '../../kernel/mm/page_alloc/watermark_setup.js';
import { asVirt, PAGE_SIZE } from '../../memory/address.js';
import { PhysicalMemory } from '../../memory/physical.js';
import type { TapeOptions } from '../../memory/tape.js';
import type { Profile } from '../../types/profile.js';
import { counted } from '../../view/counted.js';
import { assembleImage, placeObject } from '../assemble.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { placeRange } from '../placeRange.js';
import { do_sysctl_args, parse_args } from './cmdline.js';
import { readArguments } from './commandLine.js';
import { free_area_init, set_zones_contiguous } from './freeAreaInit.js';
import { freedRanges, type FreedRange } from '../freedRanges.js';
import { freshPages } from './freshPages.js';
import { mountFiles, takeInodeNumbers } from './mounts.js';
import { Growth, nodesForSysfs, takeNodeNumbers } from './growth.js';
import { KernelData } from './kernelData.js';
import { mapRuns, type MapRun } from './mapRuns.js';
import {
  cma_init_reserved_areas,
  fillPoison,
  free_initrd_mem,
  freeKernelRange,
  mem_init,
} from './memInit.js';

import { kernelRegisters } from './registers.js';
import { setup_arch, type BootLayout } from './setupArch.js';
import { clearBootData, writeStaticData } from './staticData.js';

export interface BootOptions {
  readonly profile: Profile;
  /** 16 MiB to 64 GiB, whole MiB. */
  readonly ramBytes: number;
  /** Size of the CMA area; none when absent. */
  readonly cmaBytes?: number;
  /** `highmem=`: makes that much of a small i386 machine highmem. */
  readonly highmemBytes?: number;
  /** Size of an initial RAM disk, which boot frees again; none when absent. */
  readonly initrdBytes?: number;
  readonly cpus?: number;
  /** What the host bridge adds to a physical address on the bus. */
  readonly busOffset?: number;
  readonly commandLine?: string;
  readonly tapeOptions?: TapeOptions;
  /** Takes the long way: frees and writes every page as Linux does, instead of letting rules produce them. Same result. */
  readonly everyPage?: boolean;
  /** Called every few milliseconds: ends the boot by what it throws. */
  readonly heed?: (() => void) | undefined;
}

/** @throws ImageError when no such machine can boot this kernel */
export function bootMachine(options: BootOptions): KernelImage {
  const nrCpus = checkedCpus(options);
  const layout = setup_arch(options.profile, {
    ramBytes: checkedRam(options.ramBytes),
    cmaBytes: options.cmaBytes ?? 0,
    highmemBytes: options.highmemBytes ?? 0,
    initrdBytes: options.initrdBytes ?? 0,
    commandLine: options.commandLine ?? '',
    nrCpus,
  });
  const { profile } = layout.kernel;
  const freed = freedRanges(profile, nrCpus).filter((range) => range.start >= layout.kernel.start);
  const memory = new PhysicalMemory(layout.maxPfn, expectedFrames(layout));
  memory.atTouch = options.heed;
  const image = assembleImage({
    profile,
    memory,
    memmap: layout.memmap,
    linear: linearMaps(profile, layout, freed),
    origin: originOf(options, layout, nrCpus),
    source: 'boot',
    maxPfn: layout.maxPfn,
    nrCpus,
    ...(options.tapeOptions && { tapeOptions: options.tapeOptions }),
  });
  const runs = mapRuns(profile, layout, options.everyPage);
  image.mm.machine.busOffset = options.busOffset ?? 0;
  image.mm.machine.io_tlb = layout.io_tlb;
  placeTables(image, layout);
  if (readArguments(options.commandLine ?? '').some(({ name }) => /^slub_/.test(name)))
    placeBlocks(image);
  addRules(image, layout, runs, freed);
  // The machine's start is not part of the history: recording begins when it is complete.
  image.tape.setRecording(false);
  bindZones(image.mm);
  writeTables(image, layout);
  start_kernel(image.mm, layout, { runs, freed, commandLine: options.commandLine ?? '' });
  image.tape.setRecording(true);
  memory.atTouch = undefined;
  return image;
}

interface BootInput {
  readonly runs: readonly MapRun[];
  readonly freed: readonly FreedRange[];
  readonly commandLine: string;
}

function start_kernel(mm: Kernel, layout: BootLayout, input: BootInput): void {
  const { runs, freed, commandLine } = input;
  clearBootData(mm);
  new KernelData(mm, layout).write();
  writeStaticData(mm);
  const huge = parse_args(mm, commandLine, layout.hugeBootPages);
  page_address_init(mm);
  pcpu_setup_first_chunk(
    mm,
    layout.perCpu.info,
    asVirt(mm.linear.pageOffset + (layout.perCpu.units[0] ?? 0)),
  );
  free_area_init(mm, layout);
  build_all_zonelists(mm);
  // mm_init()
  mem_init(mm, runs);
  if (mm.profile.arch === 'x86_64') preallocate_vmalloc_pages(mm);
  kmem_cache_init(mm);

  const growth: Growth = new Growth(mm, {
    vmap_area: () => vmalloc_init(mm),
    pagesets: () => setup_per_cpu_pageset(mm),
    pid: () => {
      kmem_cache_init_late(mm);
      growth.runStep('pagesets');
    },
    shmem_inode_cache: () => {
      sysfs_init(mm);
      mm.write_ptr(
        mm.globals.kernel_kobj,
        kobject_create_and_add(mm, mm.machine.literal('kernel'), NULL),
      );
    },
    uid_cache: () => initcalls(mm, layout, input),
    objects: () => {
      mountFiles(mm, () => growth.takeObject(mm.sizeof.super_block));
    },
    khugepaged_mm_slot: () => {
      gigantic_pages_init(mm, huge);
      hugetlb_init(mm, huge);
    },
    fasync_cache: () => {
      growth.giveBackNodes(nodesForSysfs(mm));
      takeNodeNumbers(mm, 'slab_node');
      slabAllocator(mm).slab_sysfs_init?.(mm);
    },
  });
  growth.run();
  pagecache_init(mm);
  takeNodeNumbers(mm, 'last_node');
  takeInodeNumbers(mm);
  do_sysctl_args(mm, commandLine);
  growth.freeBlocks();

  if (layout.initrd !== undefined) free_initrd_mem(mm, layout.initrd);
  for (const range of freed) if (range.what !== 'SMP alternatives') freeKernelRange(mm, range);
  const running = mm.profile.findConstant('SYSTEM_RUNNING');
  if (running !== undefined) mm.write(mm.symbol('system_state'), running);
}

/** The scheduler runs: check_bugs(), kernel_init_freeable(), and the initcalls of memory management. */
function initcalls(mm: Kernel, layout: BootLayout, { runs, freed }: BootInput): void {
  for (const range of freed) if (range.what === 'SMP alternatives') freeKernelRange(mm, range);
  // All of gfp_t may be used from here on: one may sleep.
  mm.write(mm.symbol('gfp_allowed_mask'), mm.__GFP_BITS_MASK);
  set_zones_contiguous(mm, layout, runs);
  cma_init_reserved_areas(mm);
  init_per_zone_wmark_min(mm);
  hugepage_init(mm);
  startDaemons(mm);
}

/** What kswapd and kcompactd leave when they have started and found nothing to do. */
function startDaemons(mm: Kernel): void {
  mm.write(mm.symbol('contig_page_data') + mm.pglist_data.kswapd_order, 0);
  mm.write(mm.symbol('contig_page_data') + mm.pglist_data.kswapd_highest_zoneidx, mm.MAX_NR_ZONES);
  for (const zone of mm.zones)
    if (mm.read_ulong(zone + mm.zone.present_pages) > 0)
      mm.write(zone + mm.zone.compact_considered, 1);
}

// --- the image -----------------------------------------------------------------------------------------------------------

function linearMaps(
  profile: Profile,
  layout: BootLayout,
  freed: readonly FreedRange[],
): LinearMaps {
  const pageOffset = asVirt(profile.constant('PAGE_OFFSET'));
  const bounds = { pageOffset, directMapEndFrame: layout.maxLowPfn };
  if (profile.arch !== 'x86_64') return bounds;
  const { kernel } = layout;
  const frameOf = (va: number): number => Math.floor(kernel.phys(asVirt(va)) / PAGE_SIZE);
  return {
    ...bounds,
    kernelMap: {
      start: kernel.start,
      startFrame: frameOf(kernel.start),
      endFrame: kernel.brk.end / PAGE_SIZE,
      freed: freed.map(({ start, end }) => ({
        startFrame: frameOf(start),
        endFrame: frameOf(end),
      })),
    },
  };
}

/**
 * Frames that boot will touch: for each block of the highest order the part of mem_map with its first page, which for
 * structures that do not divide a frame is seven frames; twice, for the machine is to run.
 */
function expectedFrames({ memmap, ranges }: BootLayout): number {
  const nrPages = ranges.reduce((sum, range) => sum + range.end - range.start, 0);
  const framesAtOnce = PAGE_SIZE % memmap.sizeofPage === 0 ? 1 : 7;
  return Math.ceil(nrPages / 1024) * framesAtOnce * 2 + GROWTH_FRAMES;
}

/** For the slabs that the rest of the kernel takes, and their struct pages. */
const GROWTH_FRAMES = 1536;

/** Tables that the kernel's functions index as one piece. */
function placeTables(image: KernelImage, layout: BootLayout): void {
  const { memory } = image;
  for (const unit of layout.perCpu.units) placeRange(memory, unit, layout.perCpu.unitBytes);
  for (const usemap of layout.usemaps)
    if (usemap !== undefined) placeRange(memory, usemap.start, usemap.end - usemap.start);
  if (layout.sections === undefined) return;
  const { table, usages } = layout.sections;
  placeRange(memory, table.start, table.end - table.start);
  placeRange(memory, usages.start, usages.end - usages.start);
  for (const root of layout.sections.roots.values())
    placeObject(image, asVirt(image.mm.linear.pageOffset + root), PAGE_SIZE);
}

/**
 * Parameters of SLUB may put structures that kernel code indexes (a cache, a node of a tree) on slabs of several pages, where they
 * straddle frames: so the frames of each block that a slab may be lie side by side.
 */
function placeBlocks({ memory, mm }: KernelImage): void {
  const nrFrames = 1 << mm.PAGE_ALLOC_COSTLY_ORDER;
  let asking = false;
  memory.addPlacement((frame) => {
    if (asking) return undefined;
    const start = frame - (frame % nrFrames);
    const frames = Array.from({ length: nrFrames }, (_, i) => start + i);
    asking = true;
    const alone = frames.every((each) => each < memory.nrFrames && !memory.isPlaced(each));
    asking = false;
    return alone ? frames : undefined;
  });
}

/** The page tables, which lay aside until there was memory; each CPU walks them from now on: load_cr3(). */
function writeTables({ mm, tape, nrCpus, profile }: KernelImage, { tables }: BootLayout): void {
  tables.store.writeTo(tape);
  const registers = kernelRegisters(profile.arch, tables.root);
  for (let cpu = 0; cpu < nrCpus; cpu++) mm.machine.processor(cpu).setRegisters(registers);
}

/** What frames hold before anybody writes to them. */
function addRules(
  { memory, mm }: KernelImage,
  layout: BootLayout,
  runs: readonly MapRun[],
  freed: readonly FreedRange[],
): void {
  const fill = freshPages(mm, runs);
  for (const { startFrame, nrFrames } of layout.memmap.extents)
    memory.addRule({ startFrame, endFrame: startFrame + nrFrames, fill });
  const poisoned = freed.map(({ start, end }) => ({
    start: layout.kernel.phys(start),
    end: layout.kernel.phys(end),
  }));
  if (layout.initrd !== undefined) poisoned.push(layout.initrd);
  for (const { start, end } of poisoned)
    memory.addRule({
      startFrame: start / PAGE_SIZE,
      endFrame: end / PAGE_SIZE,
      fill: fillPoison,
    });
}

// --- options -------------------------------------------------------------------------------------------------------------

const MiB = 2 ** 20;

function checkedRam(ramBytes: number): number {
  if (Number.isInteger(ramBytes / MiB) && ramBytes >= 16 * MiB && ramBytes <= 65536 * MiB)
    return ramBytes;
  throw new ImageError(
    `A machine has 16 MiB to 64 GiB of RAM in whole MiB, not ${counted(ramBytes, 'byte')}.`,
  );
}

function checkedCpus({ profile, cpus = 1 }: BootOptions): number {
  const most = profile.smp ? profile.constant('CONFIG_NR_CPUS') : 1;
  if (Number.isInteger(cpus) && cpus >= 1 && cpus <= most) return cpus;
  throw new ImageError(`The kernel ${profile.name} runs on 1 to ${most} CPUs, not ${cpus}.`);
}

function originOf(
  { profile, ramBytes }: BootOptions,
  { kernel }: BootLayout,
  cpus: number,
): string {
  const mib = ramBytes / MiB;
  const ram = mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`;
  const smp = cpus === 1 ? '' : `, ${cpus} CPUs`;
  const moved = kernel.moved ? ', kernel loaded low' : '';
  return `booted ${profile.name}, ${ram}${smp}${moved}`;
}
