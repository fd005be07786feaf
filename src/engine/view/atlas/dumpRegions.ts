/**
 * The layout of a dumped kernel's address space, from its variables, its types and VMCOREINFO. A region whose bounds this kernel does
 * not tell is left out; what its tables map there is shown all the same, without a name.
 *
 * Invariant: as AddressSpace.regions: sorted, disjoint, together every address.
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable_64_types.h, pgtable_32_areas.h, fixmap.h, Documentation/x86/x86_64/mm.rst.
 */
import { fixaddrTop, pkmapOf } from '../../inspect/fixedMaps.js';
import { Problems, type Inspected } from '../../inspect/inspected.js';
import { maxPfnOf } from '../../inspect/memmap.js';
import { PAGE_SIZE } from '../../memory/address.js';
import { withHoles, type Bounds, type Region } from '../../x86/addressSpace.js';

export function dumpRegions(k: Inspected): Region[] {
  const bounds = k.pointerSize === 8 ? regionsOf64(k) : regionsOf32(k);
  return withHoles(clipped(bounds), k.pointerSize);
}

/** What was read may contradict itself: no region begins before the one below it has ended. */
function clipped(bounds: readonly Bounds[]): Bounds[] {
  let at = -Infinity;
  return bounds
    .toSorted((a, b) => a.start - b.start)
    .map(({ kind, start, end }) => {
      const from = Math.max(start, at);
      at = Math.max(at, end);
      return { kind, start: from, end };
    });
}

const TIB = 2 ** 40;
const START_KERNEL_MAP = -0x8000_0000;
const MODULES_END = -0x100_0000;
const CPU_ENTRY_AREA = -0x200_0000_0000;
const PMD_SIZE_64 = 2 ** 21;

/** Where vmalloc space begins and how large it is, and for how much memory vmemmap has room. */
const LAYOUTS = {
  '4-level': { bits: 47, vmalloc: -0x3700_0000_0000, vmallocBytes: 32 * TIB, physicalBits: 46 },
  '5-level': {
    bits: 56,
    vmalloc: -0x60_0000_0000_0000,
    vmallocBytes: 12800 * TIB,
    physicalBits: 52,
  },
} as const;

function regionsOf64(k: Inspected): Bounds[] {
  const { dump } = k;
  const layout = LAYOUTS[dump.paging === '5-level' ? '5-level' : '4-level'];
  const half = 2 ** layout.bits;
  const found: Bounds[] = [
    { kind: 'nonCanonical', start: -Infinity, end: -half },
    {
      kind: 'directMap',
      start: dump.pageOffset,
      end: dump.pageOffset + maxPfnOf(k) * PAGE_SIZE,
    },
    { kind: 'user', start: 0, end: half - PAGE_SIZE },
    { kind: 'nonCanonical', start: half, end: Infinity },
    { kind: 'cpuEntryArea', start: CPU_ENTRY_AREA, end: CPU_ENTRY_AREA + 2 ** 39 },
  ];
  const base = (name: string, otherwise: number): number =>
    tried(name, () => k.globalPointer(name)) ?? otherwise;
  const vmalloc = base('vmalloc_base', layout.vmalloc);
  found.push({ kind: 'vmalloc', start: vmalloc, end: vmalloc + layout.vmallocBytes });
  const vmemmap = base(
    'vmemmap_base',
    layout.bits === 56 ? -0x2c_0000_0000_0000 : -0x1600_0000_0000,
  );
  const structs = 2 ** (layout.physicalBits - 12) * (tried('page', () => k.sizeof('page')) ?? 64);
  found.push({ kind: 'vmemmap', start: vmemmap, end: vmemmap + structs });
  const image = imageOf(k, PMD_SIZE_64);
  if (image !== undefined) found.push(image);
  // A kernel that can be moved has twice the room.
  const imageBytes =
    dump.vmcoreinfo?.number('KERNEL_IMAGE_SIZE') ??
    (dump.kernelOffset === undefined ? 2 ** 29 : 2 ** 30);
  const modules = START_KERNEL_MAP + imageBytes;
  found.push({ kind: 'modules', start: modules, end: MODULES_END });
  return [...found, ...fixmapOf(k, '__end_of_permanent_fixed_addresses')];
}

function regionsOf32(k: Inspected): Bounds[] {
  const { pageOffset } = k.dump;
  const lowmemEnd = lowmemEndOf(k);
  const image = imageOf(k, PAGE_SIZE);
  const found: Bounds[] = [{ kind: 'user', start: 0, end: pageOffset }];
  if (image === undefined) found.push({ kind: 'directMap', start: pageOffset, end: lowmemEnd });
  else
    found.push({ kind: 'directMap', start: pageOffset, end: image.start }, image, {
      kind: 'directMap',
      start: image.end,
      end: lowmemEnd,
    });
  const fixmap = fixmapOf(k, '__end_of_fixed_addresses');
  const pkmap = tried('pkmap', () => pkmapOf(k));
  const [slots] = fixmap;
  const VMALLOC_OFFSET = 8 << 20;
  const vmallocEnd = (pkmap?.start ?? slots?.start ?? lowmemEnd) - 2 * PAGE_SIZE;
  found.push({ kind: 'vmalloc', start: lowmemEnd + VMALLOC_OFFSET, end: vmallocEnd }, ...fixmap);
  if (pkmap === undefined) return found;
  // Each begins on a boundary of a table, behind the one before.
  const ldt = pkmap.start + pkmap.nrSlots * PAGE_SIZE;
  const span = k.dump.paging === 'pae' ? 2 ** 21 : 2 ** 22;
  found.push(
    { kind: 'pkmap', start: pkmap.start, end: ldt },
    { kind: 'ldt', start: ldt, end: ldt + span },
  );
  if (slots !== undefined)
    found.push({ kind: 'cpuEntryArea', start: ldt + span, end: slots.start });
  return found;
}

/** `high_memory`: one past the direct map of 32 bit. */
export function lowmemEndOf(k: Inspected): number {
  const { pageOffset } = k.dump;
  const frames =
    tried('max_low_pfn', () => k.space.ulong(k.global('max_low_pfn'))) ??
    tried('max_pfn', () => maxPfnOf(k)) ??
    0;
  return Math.min(pageOffset + frames * PAGE_SIZE, 2 ** 32);
}

function imageOf(k: Inspected, unit: number): Bounds | undefined {
  const [start, end] = [k.findGlobal('_text'), k.findGlobal('_end')];
  if (start === undefined || end === undefined || end <= start) return undefined;
  return {
    kind: 'kernelImage',
    start: Math.floor(start / unit) * unit,
    end: Math.ceil(end / unit) * unit,
  };
}

function fixmapOf(k: Inspected, endOfSlots: string): Bounds[] {
  const top = tried('fixmap', () => fixaddrTop(k));
  const nrSlots = k.findEnumerator(endOfSlots);
  // A kernel that has not come so far has no top yet.
  if (top === undefined || top === 0 || nrSlots === undefined) return [];
  return [{ kind: 'fixmap', start: top - nrSlots * PAGE_SIZE, end: top + PAGE_SIZE }];
}

const tried = <T>(what: string, read: () => T): T | undefined =>
  new Problems().tried<T | undefined>(what, read, undefined);
