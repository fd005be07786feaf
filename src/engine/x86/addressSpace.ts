/**
 * The kernel's virtual address space: what lies where, and how linear addresses map to physical ones.
 *
 *     i386    0 ........ user ........ PAGE_OFFSET | direct map (kernel image inside) | 8M | vmalloc | pkmap | ldt |
 *             cpu entry area | fixmap
 *     x86_64  0 ... user ... | not canonical | PAGE_OFFSET direct map | vmalloc | vmemmap | cpu entry area |
 *             __START_KERNEL_map kernel image | modules | fixmap
 *
 * Invariant: regions are sorted, disjoint and cover every address, holes included; the bounds are the profile's, and those
 * that a boot works out come from the machine.
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable_32_areas.h, pgtable_64_types.h, page_64.h (__phys_addr_nodebug),
 * Documentation/x86/x86_64/mm.rst (4-level).
 */
import {
  asPhys,
  asVirt,
  PAGE_SIZE,
  phys_to_pfn,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import type { Profile } from '../types/profile.js';

export type RegionKind =
  | 'user'
  | 'hole'
  | 'nonCanonical'
  | 'directMap'
  | 'kernelImage'
  | 'vmalloc'
  | 'vmemmap'
  | 'pkmap'
  | 'ldt'
  | 'cpuEntryArea'
  | 'modules'
  | 'fixmap';

export interface Region {
  readonly kind: RegionKind;
  readonly start: VirtAddr;
  /** Exclusive. */
  readonly end: VirtAddr;
}

/** What a boot found out about its machine. */
export interface Machine {
  /** One past the highest frame of RAM. */
  readonly maxPfn: number;
  /** One past the highest frame in the direct map: below maxPfn where there is highmem. */
  readonly maxLowPfn: number;
  /** Where the kernel image was loaded, less where it was linked for (x86_64 `phys_base`). */
  readonly physBase?: number;
  /** Resolves an address in vmemmap, which page or section tables back. */
  readonly vmemmapToPhys?: (va: VirtAddr) => PhysAddr | undefined;
}

/** The two linear maps, as the pointer arithmetic of kernel functions needs them. */
export interface LinearBounds {
  /** Virtual address of physical 0 in the direct map. */
  readonly pageOffset: VirtAddr;
  /** First frame without an address in the direct map. */
  readonly directMapEndFrame: number;
  /** The kernel image's own mapping; i386 has none apart from the direct map. */
  readonly kernelMap?: {
    readonly start: VirtAddr;
    readonly startFrame: number;
    readonly endFrame: number;
  };
}

export class AddressSpace {
  readonly regions: readonly Region[];
  private readonly pageOffset: number;
  /** Virtual address of physical 0 in the kernel image's mapping. */
  private readonly kernelMap: number;
  private readonly image: { readonly start: number; readonly end: number };

  constructor(
    readonly profile: Profile,
    readonly machine: Machine,
  ) {
    this.pageOffset = profile.constant('PAGE_OFFSET');
    this.kernelMap = profile.constant('__START_KERNEL_map') - (machine.physBase ?? 0);
    this.image = imageBounds(profile);
    this.regions = withHoles(
      profile.pointerSize === 8
        ? regionsOf64(profile, machine, this.image)
        : regionsOf32(profile, machine, this.image),
      profile.pointerSize,
    );
  }

  /** The region an address lies in. */
  regionAt(va: VirtAddr): Region {
    let low = 0;
    let high = this.regions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.regions[middle] as Region).start <= va) low = middle;
      else high = middle - 1;
    }
    return this.regions[low] as Region;
  }

  classify(va: VirtAddr): RegionKind {
    return this.regionAt(va).kind;
  }

  /** The first region of a kind; undefined if this architecture has none. */
  region(kind: RegionKind): Region | undefined {
    return this.regions.find((region) => region.kind === kind);
  }

  /** The arithmetic of `__pa()`: right only for addresses of the direct map and the kernel image. */
  __pa(va: VirtAddr): PhysAddr {
    // As an unsigned comparison: user addresses are positive, and lie below.
    const inImage =
      this.profile.pointerSize === 8 && va < 0 && va >= this.profile.constant('__START_KERNEL_map');
    return asPhys(va - (inImage ? this.kernelMap : this.pageOffset));
  }

  /** The arithmetic of `__va()`: right only for lowmem. */
  __va(phys: PhysAddr): VirtAddr {
    return asVirt(phys + this.pageOffset);
  }

  /** Where an address of the direct map or the kernel image lies; undefined for others. */
  virtToPhysLinear(va: VirtAddr): PhysAddr | undefined {
    const kind = this.classify(va);
    return kind === 'directMap' || kind === 'kernelImage' ? this.__pa(va) : undefined;
  }

  /** As {@link virtToPhysLinear}, with vmemmap through the machine's resolver. */
  virtToPhys(va: VirtAddr): PhysAddr | undefined {
    if (this.classify(va) === 'vmemmap') return this.machine.vmemmapToPhys?.(va);
    return this.virtToPhysLinear(va);
  }

  /** The address of a frame in the direct map; undefined for highmem (`page_address()` of an unmapped page is NULL). */
  virtOf(phys: PhysAddr): VirtAddr | undefined {
    return phys_to_pfn(phys) < this.machine.maxLowPfn ? this.__va(phys) : undefined;
  }

  get linear(): LinearBounds {
    const { profile, machine, image } = this;
    const bounds = { pageOffset: asVirt(this.pageOffset), directMapEndFrame: machine.maxLowPfn };
    if (profile.pointerSize === 4) return bounds;
    return {
      ...bounds,
      kernelMap: {
        start: asVirt(image.start),
        startFrame: phys_to_pfn(asPhys(image.start - this.kernelMap)),
        endFrame: phys_to_pfn(asPhys(image.end - this.kernelMap)),
      },
    };
  }
}

/** From `_text` to `_end`; on x86_64 the whole large pages around them are mapped (cleanup_highmap()). */
function imageBounds(profile: Profile): { start: number; end: number } {
  const start = addressOf(profile, '_text');
  const end = addressOf(profile, '_end');
  const unit = profile.pointerSize === 8 ? 2 ** profile.constant('PMD_SHIFT') : PAGE_SIZE;
  return { start: Math.floor(start / unit) * unit, end: Math.ceil(end / unit) * unit };
}

export interface Bounds {
  readonly kind: RegionKind;
  readonly start: number;
  readonly end: number;
}

function regionsOf32(profile: Profile, machine: Machine, image: Omit<Bounds, 'kind'>): Bounds[] {
  const at = (name: string) => profile.constant(name);
  const highMemory = at('PAGE_OFFSET') + machine.maxLowPfn * PAGE_SIZE;
  const fixmapStart = at('FIXADDR_TOP') - at('__end_of_fixed_addresses') * PAGE_SIZE;
  return [
    { kind: 'user', start: 0, end: at('TASK_SIZE') },
    { kind: 'directMap', start: at('PAGE_OFFSET'), end: image.start },
    { kind: 'kernelImage', ...image },
    { kind: 'directMap', start: image.end, end: highMemory },
    { kind: 'vmalloc', start: highMemory + at('VMALLOC_OFFSET'), end: at('VMALLOC_END') },
    {
      kind: 'pkmap',
      start: at('PKMAP_BASE'),
      end: at('PKMAP_BASE') + at('LAST_PKMAP') * PAGE_SIZE,
    },
    { kind: 'ldt', start: at('LDT_BASE_ADDR'), end: at('LDT_BASE_ADDR') + 2 ** at('PMD_SHIFT') },
    { kind: 'cpuEntryArea', start: at('CPU_ENTRY_AREA_BASE'), end: fixmapStart },
    { kind: 'fixmap', start: fixmapStart, end: at('FIXADDR_TOP') + PAGE_SIZE },
  ];
}

function regionsOf64(profile: Profile, machine: Machine, image: Omit<Bounds, 'kind'>): Bounds[] {
  const at = (name: string) => profile.constant(name);
  const canonicalHalf = (at('PTRS_PER_PGD') / 2) * 2 ** at('PGDIR_SHIFT');
  const maxPages = at('NR_MEM_SECTIONS') * at('PAGES_PER_SECTION');
  const sizeofPage = profile.types.struct('page')?.sizeBytes ?? 0;
  return [
    { kind: 'nonCanonical', start: -Infinity, end: -canonicalHalf },
    {
      kind: 'directMap',
      start: at('PAGE_OFFSET'),
      end: at('PAGE_OFFSET') + machine.maxLowPfn * PAGE_SIZE,
    },
    { kind: 'vmalloc', start: at('VMALLOC_START'), end: at('VMALLOC_END') + 1 },
    {
      kind: 'vmemmap',
      start: at('VMEMMAP_START'),
      end: at('VMEMMAP_START') + maxPages * sizeofPage,
    },
    {
      kind: 'cpuEntryArea',
      start: at('CPU_ENTRY_AREA_BASE'),
      end: at('CPU_ENTRY_AREA_BASE') + 2 ** at('PGDIR_SHIFT'),
    },
    { kind: 'kernelImage', ...image },
    { kind: 'modules', start: at('MODULES_VADDR'), end: at('MODULES_END') },
    { kind: 'fixmap', start: at('FIXADDR_START'), end: at('FIXADDR_TOP') + PAGE_SIZE },
    { kind: 'user', start: 0, end: at('TASK_SIZE') },
    { kind: 'nonCanonical', start: canonicalHalf, end: Infinity },
  ];
}

/** Regions by address, with what lies between them. */
export function withHoles(bounds: readonly Bounds[], pointerSize: 4 | 8): Region[] {
  const sorted = bounds.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start);
  const regions: Region[] = [];
  let at = pointerSize === 8 ? -Infinity : 0;
  const push = (kind: RegionKind, start: number, end: number) =>
    regions.push({ kind, start: asVirt(start), end: asVirt(end) });
  for (const { kind, start, end } of sorted) {
    if (start > at) push('hole', at, start);
    push(kind, Math.max(start, at), end);
    at = end;
  }
  if (pointerSize === 4 && at < 2 ** 32) push('hole', at, 2 ** 32);
  return regions;
}

function addressOf(profile: Profile, name: string): number {
  const symbol = profile.symbol(name);
  if (symbol === undefined) throw new Error(`profile ${profile.name} has no symbol ${name}`);
  return symbol.address;
}
