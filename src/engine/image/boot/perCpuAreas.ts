/**
 * Memory of each CPU's own data. One CPU: static per-CPU data is ordinary data, and only a chunk for dynamic allocation is
 * needed. SMP: a unit a CPU, static data first; units share 2 MiB allocations as far as that wastes little.
 *
 *     unit   | static .data..percpu | dynamic |  (given back)
 *
 * Source: Linux 6.1 mm/percpu.c: setup_per_cpu_areas(), pcpu_build_alloc_info(), pcpu_embed_first_chunk(),
 * pcpu_setup_first_chunk(); arch/x86/kernel/setup_percpu.c.
 */
import { PAGE_SIZE } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import type { Memblock } from './memblock.js';
import { sizeofStruct, symbolAddress } from './profileFacts.js';

export interface PerCpuAreas {
  /** Physical start of each CPU's unit. */
  readonly units: readonly number[];
  /** Used bytes of a unit. */
  readonly unitBytes: number;
  /** Where in a unit dynamic allocation begins. */
  readonly dynamicOffset: number;
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
  setupFirstChunk(memblock, profile, { nrUnits: 1, unitBytes: PCPU_MIN_UNIT_SIZE, nrCpus: 1 }, 0);
  memblock.memblock_phys_free(info, info + PAGE_SIZE);
  return { units: [unit], unitBytes: PCPU_MIN_UNIT_SIZE, dynamicOffset: 0 };
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
  setupFirstChunk(memblock, profile, { nrUnits, unitBytes, nrCpus }, staticBytes);
  memblock.memblock_phys_free(info, info + PAGE_SIZE);
  memblock.memblock_phys_free(areas, areas + PAGE_SIZE);
  const units = Array.from({ length: nrCpus }, (_, cpu) => base + cpu * unitBytes);
  return { units, unitBytes: usedBytes, dynamicOffset: roundUp(staticBytes, PCPU_MIN_ALLOC_SIZE) };
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

interface Chunk {
  readonly nrUnits: number;
  readonly unitBytes: number;
  readonly nrCpus: number;
}

/** The tables that manage the dynamic part. Only their room is taken: per-CPU allocation is not modelled further. */
function setupFirstChunk(
  memblock: Memblock,
  profile: Profile,
  { unitBytes, nrCpus }: Chunk,
  staticBytes: number,
): void {
  const longBytes = profile.pointerSize;
  const line = profile.constant('L1_CACHE_BYTES');
  const take = (sizeBytes: number): void => {
    memblock.memblock_alloc('per-CPU tables', sizeBytes, line);
  };
  const sizeof = (tag: string): number => sizeofStruct(profile, tag);
  const bitmapBytes = (bits: number): number => roundUp(bits, longBytes * 8) / 8;

  take(longBytes); // group_offsets, group_sizes: one group
  take(longBytes);
  take(nrCpus * 4); // unit_map
  take(nrCpus * longBytes); // unit_off
  const nrSlots = Math.max(fls(unitBytes) - 5 + 2, 1) + 4;
  take(nrSlots * sizeof('list_head'));

  const dynamicBytes =
    staticBytes === 0
      ? unitBytes
      : roundUp(staticBytes + PERCPU_DYNAMIC_RESERVE, PAGE_SIZE) - staticBytes;
  const regionBytes = roundUp((staticBytes % PAGE_SIZE) + dynamicBytes, PCPU_BITMAP_BLOCK_SIZE);
  const regionBits = regionBytes / PCPU_MIN_ALLOC_SIZE;
  take(sizeof('pcpu_chunk') + bitmapBytes(regionBytes / PAGE_SIZE));
  take(bitmapBytes(regionBits));
  take(bitmapBytes(regionBits + 1));
  take((regionBytes / PCPU_BITMAP_BLOCK_SIZE) * sizeof('pcpu_block_md'));
}

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
/** Number of the highest set bit, from 1. */
const fls = (value: number): number => 32 - Math.clz32(value);

/** alloc_percpu() before there is a need to free: one object behind the other. */
export class PerCpuAllocator {
  private next: number;

  constructor(
    private readonly profile: Profile,
    private readonly areas: PerCpuAreas,
    private readonly pageOffset: number,
  ) {
    this.next = areas.dynamicOffset;
  }

  /** A pointer as the kernel stores it: an address on UP, on SMP an offset from each CPU's base. */
  alloc(sizeBytes: number, align: number): number {
    const offset = roundUp(this.next, Math.max(align, PCPU_MIN_ALLOC_SIZE));
    this.next = offset + sizeBytes;
    if (this.next > this.areas.unitBytes) throw new Error('per-CPU memory is used up');
    return this.profile.smp ? offset : this.pageOffset + (this.areas.units[0] ?? 0) + offset;
  }
}
