/**
 * What lies above vmalloc space at addresses that a build fixes: the slots of kmap() (32 bit with highmem) and the fixmap.
 *
 *     32 bit   high_memory | 8M | vmalloc | 2 pages | pkmap | ldt | cpu entry area | fixmap, slots from FIXADDR_TOP downward
 *
 * PKMAP_BASE is in no variable: it is where the page tables lead to the table that pkmap_page_table points to.
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable_32_areas.h, fixmap.h; arch/x86/mm/init_32.c: permanent_kmaps_init().
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import type { Inspected } from './inspected.js';

export interface Pkmap {
  readonly start: VirtAddr;
  /** LAST_PKMAP. */
  readonly nrSlots: number;
}

/** Undefined where the kernel has none. @throws NotInDump */
export function pkmapOf(k: Inspected): Pkmap | undefined {
  const variable = k.findGlobal('pkmap_page_table');
  if (variable === undefined || k.pointerSize === 8) return undefined;
  const isPae = k.dump.paging === 'pae';
  const [entryBytes, tableSpan] = isPae ? [8, 1 << 21] : [4, 1 << 22];
  const table = k.space.pointer(variable);
  const phys = k.space.physOf(asVirt(table - (table % PAGE_SIZE)));
  if (table === 0 || phys === undefined) return undefined;
  for (let start = 2 ** 32 - tableSpan; start > k.dump.pageOffset; start -= tableSpan)
    if (k.space.walk(asVirt(start)).steps.at(-1)?.tablePhys === phys)
      return {
        start: asVirt(start + ((table % PAGE_SIZE) / entryBytes) * PAGE_SIZE),
        nrSlots: isPae ? 512 : 1024,
      };
  return undefined;
}

/** The slot of kmap() that an address is in, and how many hold it (1: it is free, and not yet flushed). */
export function pkmapSlotAt(
  k: Inspected,
  va: VirtAddr,
): { readonly slot: number; readonly count: number | undefined } | undefined {
  const pkmap = pkmapOf(k);
  const slot = pkmap === undefined ? NaN : Math.floor((va - pkmap.start) / PAGE_SIZE);
  if (pkmap === undefined || !(slot >= 0 && slot < pkmap.nrSlots)) return undefined;
  const counts = k.findGlobal('pkmap_count');
  return { slot, count: counts && k.space.i32(counts, slot * 4) };
}

/** VMALLOC_START and VMALLOC_END of a 32-bit kernel with highmem. @throws NotInDump */
export function vmallocBounds32(
  k: Inspected,
): { readonly start: VirtAddr; readonly end: VirtAddr } | undefined {
  const highMemory = k.findGlobal('high_memory');
  const pkmap = pkmapOf(k);
  if (highMemory === undefined || pkmap === undefined) return undefined;
  const VMALLOC_OFFSET = 8 << 20;
  return {
    start: asVirt(k.space.pointer(highMemory) + VMALLOC_OFFSET),
    end: asVirt(pkmap.start - 2 * PAGE_SIZE),
  };
}

/** Above the page of vsyscalls, at -10 MiB, rounded up to 2 MiB. */
const FIXADDR_TOP_64 = -0x80_1000;

/** The slot of the fixmap that an address is in, by its name: `FIX_KMAP_BEGIN+3`. */
export function fixmapSlotAt(
  k: Inspected,
  va: VirtAddr,
): { readonly slot: number; readonly name: string } | undefined {
  const top = fixaddrTop(k);
  const end = k.findEnumerator('__end_of_fixed_addresses');
  const slots = k.dump.types.enum('fixed_addresses')?.enumerators ?? [];
  if (top === undefined || end === undefined) return undefined;
  const slot = Math.floor((top + PAGE_SIZE - 1 - va) / PAGE_SIZE);
  if (slot < 0 || slot >= end) return undefined;
  const below = slots.filter(({ value }) => value <= slot);
  const nearest = below.reduce((best, each) => (each.value > best.value ? each : best), {
    name: 'FIXADDR_TOP',
    value: 0,
  });
  const beyond = slot - nearest.value;
  return { slot, name: `${nearest.name}${beyond === 0 ? '' : `+${beyond}`}` };
}

/** Of slot 0. @throws NotInDump */
export function fixaddrTop(k: Inspected): number | undefined {
  if (k.pointerSize === 8) return FIXADDR_TOP_64;
  const variable = k.findGlobal('__FIXADDR_TOP');
  return variable && k.space.ulong(variable);
}
