/**
 * Slots of kernel address space that map single pages: those of kmap(), and those of the fixmap.
 *
 * Source: Linux 6.1 mm/highmem.c: pkmap_count; arch/x86/include/asm/fixmap.h: enum fixed_addresses; include/asm-generic/fixmap.h.
 */
import { PKMAP_ADDR, PKMAP_NR } from '../kernel/mm/highmem/highmem.js';
import { __fix_to_virt } from '../kernel/mm/highmem/kmap_local.js';
import { asVirt, PAGE_SIZE, phys_to_pfn, type VirtAddr } from '../memory/address.js';
import { counted } from './counted.js';
import type { Surveyor } from './whereIs.js';

export interface MapSlot {
  readonly nr: number;
  readonly address: VirtAddr;
  /** `free`, `mapped, 2 users`, `FIX_KMAP_BEGIN+1: kmap_local slot 1 of CPU 0, not mapped` */
  readonly text: string;
  /** What it maps. */
  readonly pfn: number | undefined;
}

/** 0 where the build has no highmem. */
export const nrPkmapSlots = ({ image: { mm } }: Surveyor): number =>
  mm.LAST_PKMAP > 0 && mm.globals.pkmap_count !== 0 ? mm.LAST_PKMAP : 0;

/** pkmap_count[nr]; 0 free, 1 mapped and not used, n has n - 1 users. */
export const pkmapCount = ({ image: { mm } }: Surveyor, nr: number): number =>
  mm.words[mm.globals.pkmap_count + nr] ?? 0;

export function pkmapSlot(surveyor: Surveyor, nr: number): MapSlot {
  const address = PKMAP_ADDR(surveyor.image.mm, nr);
  const count = pkmapCount(surveyor, nr);
  const users = counted(count - 1, 'user');
  const text =
    count === 0
      ? 'free'
      : count === 1
        ? 'mapped, not used (until the next flush)'
        : `mapped, ${users}`;
  return { nr, address, text, pfn: count === 0 ? undefined : mappedPfn(surveyor, address) };
}

/** The slot that an address lies in. */
export function pkmapSlotAt(surveyor: Surveyor, va: VirtAddr): MapSlot | undefined {
  const nrSlots = nrPkmapSlots(surveyor);
  const nr = nrSlots === 0 ? -1 : PKMAP_NR(surveyor.image.mm, va);
  return nr < 0 || nr >= nrSlots ? undefined : pkmapSlot(surveyor, nr);
}

// --- fixmap --------------------------------------------------------------------------------------------------------------

/** __end_of_fixed_addresses; 0 where the profile lacks the enum. */
export const nrFixmapSlots = ({ image: { profile } }: Surveyor): number =>
  profile.types
    .enum('fixed_addresses')
    ?.enumerators.find(({ name }) => name === '__end_of_fixed_addresses')?.value ?? 0;

export function fixmapSlot(surveyor: Surveyor, nr: number): MapSlot {
  const { mm } = surveyor.image;
  const address = __fix_to_virt(mm, nr);
  const pfn = mappedPfn(surveyor, address);
  return {
    nr,
    address,
    text: `${fixmapName(surveyor, nr)}, ${pfn === undefined ? 'not mapped' : 'mapped'}`,
    pfn,
  };
}

export function fixmapSlotAt(surveyor: Surveyor, va: VirtAddr): MapSlot | undefined {
  const page = asVirt(va - (((va % PAGE_SIZE) + PAGE_SIZE) % PAGE_SIZE));
  const nr = (asVirt(surveyor.image.mm.FIXADDR_TOP) - page) / PAGE_SIZE;
  return nr < 0 || nr >= nrFixmapSlots(surveyor) ? undefined : fixmapSlot(surveyor, nr);
}

/** `FIX_APIC_BASE`, `FIX_BTMAP_END+12`; of the slots of kmap_local() whose they are. */
function fixmapName({ image: { mm, profile } }: Surveyor, nr: number): string {
  const named = (profile.types.enum('fixed_addresses')?.enumerators ?? []).filter(
    ({ name, value }) => !name.startsWith('__') && value <= nr,
  );
  const nearest = named.reduce((a, b) => (b.value > a.value ? b : a), { name: 'slot 0', value: 0 });
  const name = nearest.value === nr ? nearest.name : `${nearest.name}+${nr - nearest.value}`;
  if (mm.FIX_KMAP_BEGIN < 0 || nr < mm.FIX_KMAP_BEGIN || nr > mm.FIX_KMAP_END) return name;
  const idx = nr - mm.FIX_KMAP_BEGIN;
  return `${name}: kmap_local slot ${idx % mm.KM_MAX_IDX} of CPU ${Math.floor(idx / mm.KM_MAX_IDX)}`;
}

function mappedPfn({ spaces }: Surveyor, va: VirtAddr): number | undefined {
  const { kernel } = spaces;
  const page = kernel && spaces.walk(kernel, va)?.page;
  return page === undefined ? undefined : phys_to_pfn(page.phys);
}
