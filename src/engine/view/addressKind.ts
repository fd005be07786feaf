/**
 * The kinds of address that the field tells apart, and which one a number is.
 *
 *     virtual    user · logical (direct map) · kernel image · vmalloc · pkmap · fixmap · vmemmap · modules ·
 *                cpu entry area · LDT remap · struct page · holes
 *     physical   what the memory controller sees; bus: what a device sees; pfn: physical / PAGE_SIZE
 *
 * A number does not say what it is meant as; {@link Meant} does, and what nobody says is taken for virtual, as by the
 * processor.
 *
 * Source: Linux 6.1 Documentation/mm/highmem.rst, Documentation/x86/x86_64/mm.rst, Documentation/core-api/dma-api-howto.rst
 * (CPU virtual, physical and bus addresses), arch/x86/include/asm/page.h.
 */
import {
  asPfn,
  asPhys,
  asVirt,
  formatAddress,
  hexText,
  PAGE_SIZE,
  phys_to_pfn,
  type Pfn,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import type { Profile } from '../types/profile.js';
import type { AddressSpace, RegionKind } from '../x86/addressSpace.js';
import type { Walk } from '../x86/walk.js';

/** What an address is looked at with: all of it in a session, less for a machine that a text only names. */
export interface AddressWorld {
  readonly profile: Profile;
  readonly space: AddressSpace;
  /** One past the highest frame. */
  readonly maxPfn: number;
  /** What the host bridge adds to a physical address on the bus; none when absent. */
  readonly busOffset?: number;
  readonly memmap: {
    /** `struct page` of pfn 0. */
    readonly base: VirtAddr;
    readonly sizeofPage: number;
    readonly endPfn: number;
  };
  /** Whether a scenario that runs keeps an object there; none runs when absent. */
  readonly isOwnObject?: (va: VirtAddr) => boolean;
  /** Whether memory of the machine lies there whose place was not recorded. */
  readonly isUnplaced?: (va: VirtAddr) => boolean;
  /**
   * Through the page tables: the kernel's for the kernel half, those of the process that runs for the user half. Undefined
   * where there are none.
   */
  readonly walk?: (va: VirtAddr) => Walk | undefined;
}

/** What a number is meant as. */
export type Meant = 'virtual' | 'physical' | 'bus' | 'pfn';

export type AddressKind =
  | 'user'
  | 'logical'
  | 'kernelImage'
  | 'vmalloc'
  | 'pkmap'
  | 'fixmap'
  | 'vmemmap'
  | 'cpuEntryArea'
  | 'modules'
  | 'ldt'
  | 'structPage'
  | 'scenario'
  | 'unplaced'
  | 'hole'
  | 'nonCanonical'
  | 'physical'
  | 'bus'
  | 'pfn';

export interface AddressKindRow {
  /** With its article: `a vmalloc address`. */
  readonly title: string;
  readonly meaning: string;
  /** The kernel function that finds the page behind it, where `virt_to_page()` does not. */
  readonly pageBy?: 'vmalloc_to_page' | 'kmap_to_page' | 'slow_virt_to_phys' | 'get_user_pages';
}

export const ADDRESS_KINDS: Readonly<Record<AddressKind, AddressKindRow>> = {
  user: {
    title: 'a user virtual address',
    meaning: 'Meaningful only within one process, through its page tables.',
    pageBy: 'get_user_pages',
  },
  logical: {
    title: 'a kernel logical address',
    meaning: 'In the direct map: always the physical address plus PAGE_OFFSET.',
  },
  kernelImage: {
    title: 'a kernel image address',
    meaning:
      "The kernel's own code and data: linear like the direct map, with an offset of its own.",
  },
  vmalloc: {
    title: 'a vmalloc address',
    meaning: 'Contiguous in virtual memory only: each page can be anywhere in physical memory.',
    pageBy: 'vmalloc_to_page',
  },
  pkmap: {
    title: 'a pkmap address',
    meaning: 'A slot that kmap() lends to one highmem page until kunmap().',
    pageBy: 'kmap_to_page',
  },
  fixmap: {
    title: 'a fixmap address',
    meaning:
      'Fixed at compile time; the kernel maps it to a page at run time (also for kmap_local_page()).',
    pageBy: 'slow_virt_to_phys',
  },
  vmemmap: {
    title: 'a vmemmap address',
    meaning: 'Reserved for the struct pages of memory that does not exist.',
    pageBy: 'slow_virt_to_phys',
  },
  cpuEntryArea: {
    title: 'an address of the cpu entry area',
    meaning: "Each CPU's GDT, TSS and entry stacks, mapped a second time.",
    pageBy: 'slow_virt_to_phys',
  },
  modules: {
    title: 'a module address',
    meaning: 'Code and data of modules, mapped page by page like vmalloc memory.',
    pageBy: 'vmalloc_to_page',
  },
  ldt: {
    title: 'an address of the LDT remap',
    meaning: "Holds a process's local descriptor table while page-table isolation is on.",
    pageBy: 'slow_virt_to_phys',
  },
  structPage: {
    title: 'the address of a struct page',
    meaning: 'Describes a page frame; it is not the address of the memory in it.',
  },
  scenario: {
    title: "an address of the scenario's own objects",
    meaning:
      "Variables, strings and stacks of the scenario are kept outside of the machine's memory, so no page holds them.",
  },
  unplaced: {
    title: 'an address that stands in for one that was not recorded',
    meaning:
      "The recording tells what is in this memory of the kernel, but not where it lies: it is kept outside of the machine's memory, so no page holds it.",
  },
  hole: { title: 'an unused address', meaning: 'In a hole of the address space.' },
  nonCanonical: {
    title: 'not a canonical address',
    meaning: 'The upper bits are not all the same: using it raises #GP, not a page fault.',
  },
  physical: {
    title: 'a physical address',
    meaning:
      'The address that the memory controller sees; the processor needs a mapping to reach it.',
  },
  bus: {
    title: 'a bus address (dma_addr_t)',
    meaning:
      'The address that a device sees: the physical address of the page, or of the buffer that swiotlb bounces it through, plus the offset of the host bridge (0 on a PC).',
  },
  pfn: { title: 'a page frame number', meaning: 'A physical address divided by PAGE_SIZE.' },
};

const OF_REGION: Readonly<Record<RegionKind, AddressKind>> = {
  user: 'user',
  hole: 'hole',
  nonCanonical: 'nonCanonical',
  directMap: 'logical',
  kernelImage: 'kernelImage',
  vmalloc: 'vmalloc',
  vmemmap: 'vmemmap',
  pkmap: 'pkmap',
  ldt: 'ldt',
  cpuEntryArea: 'cpuEntryArea',
  modules: 'modules',
  fixmap: 'fixmap',
};

export function kindOf(world: AddressWorld, value: number, meant: Meant): AddressKind {
  if (meant !== 'virtual') return meant;
  if (pfnOfStructPage(world, asVirt(value)) !== undefined) return 'structPage';
  if (world.isUnplaced?.(asVirt(value)) === true) return 'unplaced';
  if (world.isOwnObject?.(asVirt(value)) === true) return 'scenario';
  return OF_REGION[world.space.classify(asVirt(value))];
}

/** The frame that a struct page describes whose bytes lie at an address. */
export function pfnOfStructPage({ memmap }: AddressWorld, va: VirtAddr): Pfn | undefined {
  const pfn = Math.floor((va - memmap.base) / memmap.sizeofPage);
  return pfn >= 0 && pfn < memmap.endPfn ? asPfn(pfn) : undefined;
}

/** Whether `__pa()` is right: the address lies in the direct map or in the kernel image's mapping. */
export const isLinear = ({ space }: AddressWorld, va: VirtAddr): boolean =>
  space.virtToPhysLinear(va) !== undefined;

/** Where an address leads: by arithmetic where that is right, else through the page tables. */
export function physBehind(world: AddressWorld, value: number, meant: Meant): PhysAddr | undefined {
  switch (meant) {
    case 'pfn':
      return asPhys(value * PAGE_SIZE);
    case 'physical':
      return asPhys(value);
    case 'bus':
      return asPhys(value - (world.busOffset ?? 0));
    case 'virtual':
      return world.space.virtToPhysLinear(asVirt(value)) ?? world.walk?.(asVirt(value))?.page?.phys;
  }
}

/** The frame that somebody asks about who gives this number: of a struct page the one that it describes. */
export function pfnMeant(world: AddressWorld, value: number, meant: Meant): Pfn | undefined {
  const described = meant === 'virtual' ? pfnOfStructPage(world, asVirt(value)) : undefined;
  if (described !== undefined) return described;
  const phys = physBehind(world, value, meant);
  return phys === undefined ? undefined : phys_to_pfn(phys);
}

/** A number as what it is meant as is written. */
export function textOf({ profile }: AddressWorld, value: number, meant: Meant): string {
  if (meant === 'virtual') return formatAddress(asVirt(value), profile.pointerSize);
  return hexText(value);
}

/** Whether a frame has no place in the direct map. */
export const isHighmem = ({ space, maxPfn }: AddressWorld, pfn: number): boolean =>
  pfn >= space.machine.maxLowPfn && pfn < maxPfn;
