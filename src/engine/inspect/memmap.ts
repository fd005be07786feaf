/**
 * Where `struct page` of a frame lies, and back: vmemmap, the sections of classic SPARSEMEM, or one mem_map.
 *
 * Source: Linux 6.1 include/asm-generic/memory_model.h, include/linux/mmzone.h.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import { NotKnown, type Inspected } from './inspected.js';

export interface DumpedMemmap {
  /** Undefined for an address that is not a page's. Anywhere inside of the structure will do. */
  pageToPfn(page: VirtAddr): number | undefined;
  /** Undefined for a frame that cannot have one; whether it is backed, reading tells. */
  pfnToPage(pfn: number): VirtAddr | undefined;
}

/** SECTION_MAP_MASK leaves out flags in the low bits of section_mem_map. */
const SECTION_FLAGS = 0x1f;

export function memmapOf(k: Inspected): DumpedMemmap {
  const sizeofPage = k.sizeof('page');
  const maxPfn = maxPfnOf(k);
  if (k.dump.arch === 'x86_64') return contiguous(vmemmapBase(k), sizeofPage, maxPfn);
  if (k.findGlobal('mem_map') !== undefined && k.findGlobal('mem_section') === undefined)
    return contiguous(k.globalPointer('mem_map'), sizeofPage, maxPfn);
  return sections(k, sizeofPage);
}

/** One past the highest frame of RAM. */
export const maxPfnOf = (k: Inspected): number =>
  Math.min(k.space.ulong(k.global('max_pfn')), 2 ** 40);

function vmemmapBase(k: Inspected): VirtAddr {
  const at = k.findGlobal('vmemmap_base');
  if (at !== undefined) return k.space.pointer(at);
  return asVirt(k.dump.paging === '5-level' ? -0x2c_0000_0000_0000 : -0x1600_0000_0000);
}

function contiguous(base: VirtAddr, sizeofPage: number, maxPfn: number): DumpedMemmap {
  return {
    pageToPfn: (page) => {
      const pfn = Math.floor((page - base) / sizeofPage);
      return pfn >= 0 && pfn < maxPfn ? pfn : undefined;
    },
    pfnToPage: (pfn) => (pfn >= 0 && pfn < maxPfn ? asVirt(base + pfn * sizeofPage) : undefined),
  };
}

/** Classic SPARSEMEM (32 bit): each section has an array of its own. */
function sections(k: Inspected, sizeofPage: number): DumpedMemmap {
  const shift = sectionShift(k);
  const bases = new Map<number, number>();
  for (const { number, memMap } of presentSections(k)) bases.set(number, memMap);
  if (bases.size === 0) throw new NotKnown('section of SPARSEMEM that is present');
  return {
    pageToPfn: (page) => {
      for (const [number, base] of bases) {
        const pfn = Math.floor(((page - base) >>> 0) / sizeofPage);
        if (pfn >> shift === number) return pfn;
      }
      return undefined;
    },
    pfnToPage: (pfn) => {
      const base = bases.get(pfn >> shift);
      return base === undefined ? undefined : asVirt((base + pfn * sizeofPage) >>> 0);
    },
  };
}

/** SECTION_SIZE_BITS - PAGE_SHIFT: of VMCOREINFO, else what x86 has. Source: arch/x86/include/asm/sparsemem.h. */
export function sectionShift(k: Inspected): number {
  const bits = k.dump.vmcoreinfo?.number('SECTION_SIZE_BITS');
  if (bits !== undefined && bits > 12 && bits < 40) return bits - 12;
  return { x86_64: 27, 'i386-pae': 29, i386: 26 }[k.dump.arch] - 12;
}

export interface Section {
  readonly number: number;
  /** Where `struct page` of pfn 0 would lie if all were one array. */
  readonly memMap: number;
  /** `struct mem_section_usage *`. */
  readonly usage: VirtAddr;
}

const MAX_ROOTS = 1 << 16;

/** Sections with a memory map. Source: mm/sparse.c: mem_section[], SECTIONS_PER_ROOT. */
export function* presentSections(k: Inspected): Generator<Section> {
  const { space } = k;
  const at = k.global('mem_section');
  const sizeofSection = k.sizeof('mem_section');
  // SPARSEMEM_EXTREME: a pointer to an array of pointers to pages of sections; else an array of arrays.
  const roots =
    k.dump.vmcoreinfo?.number('MAX_PHYSMEM_BITS') ?? (k.dump.arch === 'x86_64' ? 46 : 36);
  const nrSections = 2 ** Math.min(roots - 12 - sectionShift(k), 25);
  const extreme = k.dump.arch === 'x86_64';
  const perRoot = extreme ? Math.floor(4096 / sizeofSection) : 1;
  const table = extreme ? space.pointer(at) : at;
  const nrRoots = Math.min(Math.ceil(nrSections / perRoot), MAX_ROOTS);
  const nrWanted = Math.ceil(maxPfnOf(k) / 2 ** sectionShift(k));
  for (let root = 0; root < nrRoots && root * perRoot < nrWanted; root++) {
    const page = extreme
      ? space.pointer(table, root * k.pointerSize)
      : asVirt(table + root * sizeofSection);
    if (page === 0) continue;
    for (let i = 0; i < perRoot && root * perRoot + i < nrWanted; i++) {
      const section = asVirt(page + i * sizeofSection);
      const word = space.u32(section, k.offset('mem_section', 'section_mem_map'));
      // SECTION_MARKED_PRESENT, SECTION_HAS_MEM_MAP
      if ((word & 3) !== 3) continue;
      yield {
        number: root * perRoot + i,
        memMap: space.pointer(section, k.offset('mem_section', 'section_mem_map'), SECTION_FLAGS),
        usage: k.pointer(section, 'mem_section', 'usage'),
      };
    }
  }
}
