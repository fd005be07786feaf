/**
 * Where mem_map and the linear maps of a core's kernel lie, found through its own variables and page tables.
 *
 * Source: Linux 6.1 arch/x86/mm/init_32.c (max_low_pfn), arch/x86/kernel/vmlinux.lds.S, mm/sparse-vmemmap.c.
 */
import type { MemmapExtent, MemmapGeometry } from '../../machine/memmap.js';
import type { LinearMaps } from '../../machine/linearMaps.js';
import { asVirt, PAGE_SIZE, phys_to_pfn, type PhysAddr } from '../../memory/address.js';
import { freedRanges } from '../freedRanges.js';
import { ImageError } from '../kernelImage.js';
import type { KernelView } from './kernelView.js';
import { mappingsOf } from './coreTables.js';

/** Where a kernel's memory map lies and what its linear addresses lead to. */
export interface Located {
  readonly memmap: MemmapGeometry;
  readonly linear: LinearMaps;
  readonly maxPfn: number;
}

export function locate(view: KernelView): Located {
  const { profile } = view;
  const maxPfn = view.ulong('max_pfn');
  if (maxPfn === 0 || maxPfn > view.memory.endFrame)
    throw new ImageError(
      `The kernel in the core has ${maxPfn} page frames (max_pfn), but the core has ${view.memory.endFrame}: it is damaged, or it was taken before the kernel had found its memory.`,
    );
  const sparse = profile.constant('CONFIG_SPARSEMEM') === 1;
  const memmap = sparse ? vmemmap(view, maxPfn) : flatMemmap(view, maxPfn);
  if (profile.arch !== 'x86_64')
    return {
      memmap,
      linear: { pageOffset: view.pageOffset, directMapEndFrame: view.ulong('max_low_pfn') },
      maxPfn,
    };
  const start = view.address('_text');
  const kernelMap = {
    start,
    startFrame: frameOf(view, start),
    // What is left of the brk area belongs to nobody.
    endFrame: Math.ceil(view.phys(view.pointer('_brk_end')) / PAGE_SIZE),
    freed: freedRanges(profile, nrCpusOf(view)).map((range) => ({
      startFrame: frameOf(view, range.start),
      endFrame: frameOf(view, range.end),
    })),
  };
  return {
    memmap,
    linear: { pageOffset: view.pageOffset, directMapEndFrame: maxPfn, kernelMap },
    maxPfn,
  };
}

/** FLATMEM: one array in the direct map. */
function flatMemmap(view: KernelView, maxPfn: number): MemmapGeometry {
  const base = view.pointer('mem_map');
  const sizeofPage = view.sizeof('page');
  // Backed up to the end of the last block of the highest order; beyond max_pfn nobody initialised it.
  const blockPages = 1 << (view.profile.constant('MAX_ORDER') - 1);
  const endPfn = Math.ceil(maxPfn / blockPages) * blockPages;
  if (base < view.pageOffset)
    throw new ImageError("The core's mem_map is not set: the kernel had not built it yet.");
  return {
    base,
    sizeofPage,
    endPfn,
    extents: [
      {
        startMapPage: 0,
        startFrame: frameOf(view, base),
        nrFrames: Math.ceil(((base % PAGE_SIZE) + endPfn * sizeofPage) / PAGE_SIZE),
      },
    ],
  };
}

/** SPARSEMEM_VMEMMAP: an array in virtual space, mapped section by section in init_mm's page tables. */
function vmemmap(view: KernelView, maxPfn: number): MemmapGeometry {
  const { profile } = view;
  const base = view.has('vmemmap_base')
    ? view.pointer('vmemmap_base')
    : asVirt(profile.constant('VMEMMAP_START'));
  const sizeofPage = view.sizeof('page');
  const perSection = profile.constant('PAGES_PER_SECTION');
  const endPfn = Math.ceil(maxPfn / perSection) * perSection;
  const sizeBytes = Math.ceil((endPfn * sizeofPage) / PAGE_SIZE) * PAGE_SIZE;
  const cr3 = view.phys(view.address('init_top_pgt'));
  const extents = mappingsOf(view.memory, cr3, base, sizeBytes).map((mapping): MemmapExtent => ({
    startMapPage: (mapping.va - base) / PAGE_SIZE,
    startFrame: mapping.phys / PAGE_SIZE,
    nrFrames: mapping.sizeBytes / PAGE_SIZE,
  }));
  if (extents.length === 0)
    throw new ImageError("Nothing is mapped at the core's vmemmap: its page tables are missing.");
  return { base, sizeofPage, endPfn, extents };
}

/** `nr_cpu_ids`, a variable where there can be several. */
export const nrCpusOf = (view: KernelView): number =>
  view.has('nr_cpu_ids') ? view.uintAt(view.address('nr_cpu_ids')) : 1;

const frameOf = (view: KernelView, va: number): number =>
  phys_to_pfn(view.phys(asVirt(va)) as PhysAddr);
