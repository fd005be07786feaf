/**
 * Memory of each CPU's own data. One CPU: static per-CPU data is ordinary data, and only a chunk for dynamic allocation is
 * needed. SMP: a unit a CPU, static data first; units share 2 MiB allocations as far as that wastes little.
 *
 *     unit   | static .data..percpu | dynamic |  (given back)
 *
 * Source: Linux 6.1 mm/percpu.c: setup_per_cpu_areas(), pcpu_build_alloc_info(), pcpu_embed_first_chunk(),
 * pcpu_setup_first_chunk(); arch/x86/kernel/setup_percpu.c.
 */
import type { PcpuAllocInfo } from '../../kernel/mm/percpu/first_chunk.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import type { Memblock } from './memblock.js';
import { sizeofStruct, symbolAddress } from './profileFacts.js';

export interface PerCpuAreas {
  /** Physical start of each CPU's unit. */
  readonly units: readonly number[];
  /** Used bytes of a unit. */
  readonly unitBytes: number;
  /** What pcpu_setup_first_chunk() is given. */
  readonly info: PcpuAllocInfo;
}

const PCPU_MIN_UNIT_SIZE = 32 << 10;
const PCPU_MIN_ALLOC_SIZE = 4;
const PCPU_BITMAP_BLOCK_SIZE = PAGE_SIZE;
/** PERCPU_DYNAMIC_RESERVE of 64 bit; on UP the minimal unit is larger anyway. */
const PERCPU_DYNAMIC_RESERVE = 28 << 10;
/** ISA DMA cannot reach beyond: percpu memory need not lie below. */
export const MAX_DMA_ADDRESS = 0x1000000;

export function setup_per_cpu_areas(
  memblock: Memblock,
  profile: Profile,
  nrCpus: number,
): PerCpuAreas {
  return profile.smp ? embedFirstChunk(memblock, profile, nrCpus) : singleChunk(memblock, profile);
}

function singleChunk(memblock: Memblock, profile: Profile): PerCpuAreas {
  const info = memblock.memblock_alloc('per-CPU information', PAGE_SIZE, PAGE_SIZE);
  const unit = memblock.memblock_alloc(
    'per-CPU data',
    PCPU_MIN_UNIT_SIZE,
    PAGE_SIZE,
    MAX_DMA_ADDRESS,
  );
  const chunk = {
    static_size: 0,
    dyn_size: PCPU_MIN_UNIT_SIZE,
    unit_size: PCPU_MIN_UNIT_SIZE,
    atom_size: PCPU_MIN_UNIT_SIZE,
    nr_units: 1,
    nr_cpu_ids: 1,
  };
  const tables = firstChunkTables(memblock, profile, chunk);
  memblock.memblock_phys_free(info, info + PAGE_SIZE);
  return { units: [unit], unitBytes: PCPU_MIN_UNIT_SIZE, info: { ...chunk, tables } };
}

function embedFirstChunk(memblock: Memblock, profile: Profile, nrCpus: number): PerCpuAreas {
  const staticBytes =
    symbolAddress(profile, '__per_cpu_end') - symbolAddress(profile, '__per_cpu_start');
  const usedBytes = roundUp(staticBytes + PERCPU_DYNAMIC_RESERVE, PAGE_SIZE);
  const atomBytes = 1 << profile.constant('PMD_SHIFT');
  const { unitBytes, nrUnits } = buildAllocInfo(usedBytes, atomBytes, nrCpus);

  const info = memblock.memblock_alloc('per-CPU information', PAGE_SIZE, PAGE_SIZE);
  const line = profile.constant('L1_CACHE_BYTES');
  const areas = memblock.memblock_alloc('per-CPU areas', PAGE_SIZE, line);
  const base = memblock.memblock_alloc(
    'per-CPU data',
    nrUnits * unitBytes,
    atomBytes,
    MAX_DMA_ADDRESS,
  );
  for (let unit = 0; unit < nrUnits; unit++) {
    const start = base + unit * unitBytes;
    memblock.memblock_phys_free(start + (unit < nrCpus ? usedBytes : 0), start + unitBytes);
  }
  const chunk = {
    static_size: staticBytes,
    dyn_size: usedBytes - staticBytes,
    unit_size: unitBytes,
    atom_size: atomBytes,
    nr_units: nrUnits,
    nr_cpu_ids: nrCpus,
  };
  const tables = firstChunkTables(memblock, profile, chunk);
  memblock.memblock_phys_free(info, info + PAGE_SIZE);
  memblock.memblock_phys_free(areas, areas + PAGE_SIZE);
  const units = Array.from({ length: nrCpus }, (_, cpu) => base + cpu * unitBytes);
  return { units, unitBytes: usedBytes, info: { ...chunk, tables } };
}

/** As many units to an allocation as leave at most a third of the CPUs' number unused. */
function buildAllocInfo(
  usedBytes: number,
  atomBytes: number,
  nrCpus: number,
): { readonly unitBytes: number; readonly nrUnits: number } {
  const minUnitBytes = Math.max(usedBytes, PCPU_MIN_UNIT_SIZE);
  const allocBytes = roundUp(minUnitBytes, atomBytes);
  let best = 1;
  let lastAllocs = Infinity;
  for (let upa = Math.floor(allocBytes / minUnitBytes); upa > 0; upa--) {
    if (allocBytes % upa !== 0 || (allocBytes / upa) % PAGE_SIZE !== 0) continue;
    const allocs = Math.ceil(nrCpus / upa);
    if (allocs * upa - nrCpus > Math.floor(nrCpus / 3)) continue;
    if (allocs > lastAllocs) break;
    lastAllocs = allocs;
    best = upa;
  }
  return { unitBytes: allocBytes / best, nrUnits: roundUp(nrCpus, best) };
}

/** The tables that manage the dynamic part: their places, in the kernel's order. */
function firstChunkTables(
  memblock: Memblock,
  profile: Profile,
  { unit_size, static_size, dyn_size, nr_cpu_ids }: Omit<PcpuAllocInfo, 'tables'>,
): PcpuAllocInfo['tables'] {
  const longBytes = profile.pointerSize;
  const line = profile.constant('L1_CACHE_BYTES');
  const pageOffset = profile.constant('PAGE_OFFSET');
  const take = (sizeBytes: number): VirtAddr =>
    asVirt(pageOffset + memblock.memblock_alloc('per-CPU tables', sizeBytes, line));
  const sizeof = (tag: string): number => sizeofStruct(profile, tag);
  const bitmapBytes = (bits: number): number => roundUp(bits, longBytes * 8) / 8;
  const nrSlots = Math.max(fls(unit_size) - 5 + 2, 1) + 4;
  const regionBytes = roundUp((static_size % PAGE_SIZE) + dyn_size, PCPU_BITMAP_BLOCK_SIZE);
  const regionBits = regionBytes / PCPU_MIN_ALLOC_SIZE;
  return {
    group_offsets: take(longBytes),
    group_sizes: take(longBytes),
    unit_map: take(nr_cpu_ids * 4),
    unit_off: take(nr_cpu_ids * longBytes),
    pcpu_chunk_lists: take(nrSlots * sizeof('list_head')),
    chunk: take(sizeof('pcpu_chunk') + bitmapBytes(regionBytes / PAGE_SIZE)),
    alloc_map: take(bitmapBytes(regionBits)),
    bound_map: take(bitmapBytes(regionBits + 1)),
    md_blocks: take((regionBytes / PCPU_BITMAP_BLOCK_SIZE) * sizeof('pcpu_block_md')),
  };
}

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
/** Number of the highest set bit, from 1. */
const fls = (value: number): number => 32 - Math.clz32(value);
