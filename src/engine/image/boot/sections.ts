/**
 * SPARSEMEM_VMEMMAP: memory in sections of 128 MiB, each with a `struct mem_section`, its pageblock bits, and its part of
 * vmemmap, which huge pages from one buffer back.
 *
 *     mem_section[] ──> root, a page of struct mem_section ──> usage: subsections, pageblock bits
 *
 * Source: Linux 6.1 mm/sparse.c: memory_present(), sparse_init_nid(), sparse_buffer_alloc(); mm/sparse-vmemmap.c,
 * arch/x86/mm/init_64.c: vmemmap_populate_hugepages().
 */
import type { MemmapExtent, MemmapGeometry } from '../../machine/memmap.js';
import { asPhys, asVirt, PAGE_SIZE, type PhysAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import type { Memblock, MemRange } from './memblock.js';
import { MAX_DMA_ADDRESS } from './perCpuAreas.js';
import { sizeofStruct } from './profileFacts.js';
import type { KernelTables } from './tables/kernelTables.js';
import type { PfnRange } from './zones.js';

export interface Sections {
  /** The table of roots. */
  readonly table: MemRange;
  /** Root number -> physical address of its page. */
  readonly roots: ReadonlyMap<number, number>;
  /** Numbers of the sections that have memory, ascending. */
  readonly present: readonly number[];
  /** The usage structures of the present sections, one after the other. */
  readonly usages: MemRange;
  readonly usageBytes: number;
  readonly memmap: MemmapGeometry;
}

export function sparse_init(
  memblock: Memblock,
  profile: Profile,
  ranges: readonly PfnRange[],
  tables: KernelTables,
): Sections {
  const sizeofSection = sizeofStruct(profile, 'mem_section');
  const perRoot = PAGE_SIZE / sizeofSection;
  const perSection = profile.constant('PAGES_PER_SECTION');
  const line = profile.constant('L1_CACHE_BYTES');
  const tableBytes = (profile.constant('NR_MEM_SECTIONS') / perRoot) * profile.pointerSize;
  const table = memblock.memblock_alloc('mem_section', tableBytes, line);

  const present: number[] = [];
  const roots = new Map<number, number>();
  for (const { start, end } of ranges)
    for (let nr = Math.floor(start / perSection); nr * perSection < end; nr++) {
      const root = Math.floor(nr / perRoot);
      if (!roots.has(root)) roots.set(root, memblock.memblock_alloc('sections', PAGE_SIZE, line));
      if (!present.includes(nr)) present.push(nr);
    }

  const nrBlocks = perSection / profile.constant('pageblock_nr_pages');
  const usageBytes = sizeofStruct(profile, 'mem_section_usage') + (nrBlocks * 4) / 8;
  const usages = memblock.memblock_alloc('section usage', usageBytes * present.length, line);
  return {
    table: { start: table, end: table + tableBytes },
    roots,
    present,
    usages: { start: usages, end: usages + usageBytes * present.length },
    usageBytes,
    memmap: populateVmemmap(memblock, profile, present, tables),
  };
}

function populateVmemmap(
  memblock: Memblock,
  profile: Profile,
  present: readonly number[],
  tables: KernelTables,
): MemmapGeometry {
  const base = asVirt(profile.constant('VMEMMAP_START'));
  const sizeofPage = sizeofStruct(profile, 'page');
  const perSection = profile.constant('PAGES_PER_SECTION');
  const hugeBytes = 1 << profile.constant('PMD_SHIFT');
  const sectionMapBytes = Math.ceil((sizeofPage * perSection) / hugeBytes) * hugeBytes;
  const bufferBytes = present.length * sectionMapBytes;
  const buffer = memblock.memblock_alloc('vmemmap', bufferBytes, sectionMapBytes, MAX_DMA_ADDRESS);

  const extents: MemmapExtent[] = [];
  const pages = (): PhysAddr =>
    asPhys(memblock.memblock_alloc('page tables', PAGE_SIZE, PAGE_SIZE, MAX_DMA_ADDRESS));
  let used = 0;
  let lastHugePage = -1;
  for (const nr of present) {
    const start = nr * perSection * sizeofPage;
    const end = start + perSection * sizeofPage;
    for (let huge = Math.floor(start / hugeBytes); huge * hugeBytes < end; huge++) {
      // Sections of 56-byte structures share a huge page with their neighbour.
      if (huge <= lastHugePage) continue;
      lastHugePage = huge;
      tables.populateVmemmap(asVirt(base + huge * hugeBytes), buffer + used, pages);
      extents.push({
        startMapPage: (huge * hugeBytes) / PAGE_SIZE,
        startFrame: (buffer + used) / PAGE_SIZE,
        nrFrames: hugeBytes / PAGE_SIZE,
      });
      used += hugeBytes;
    }
  }
  if (used < bufferBytes) memblock.memblock_phys_free(buffer + used, buffer + bufferBytes);
  return {
    base,
    sizeofPage,
    endPfn: ((present.at(-1) ?? 0) + 1) * perSection,
    extents: joined(extents),
  };
}

/** Neighbours in the map that are neighbours in memory become one extent. */
function joined(extents: readonly MemmapExtent[]): readonly MemmapExtent[] {
  const whole: MemmapExtent[] = [];
  for (const extent of extents) {
    const last = whole.at(-1);
    if (
      last !== undefined &&
      last.startMapPage + last.nrFrames === extent.startMapPage &&
      last.startFrame + last.nrFrames === extent.startFrame
    )
      whole[whole.length - 1] = { ...last, nrFrames: last.nrFrames + extent.nrFrames };
    else whole.push(extent);
  }
  return whole;
}
