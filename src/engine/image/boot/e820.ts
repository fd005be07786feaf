/**
 * The memory map that firmware hands to the kernel: of QEMU's `pc` machine with SeaBIOS, for a given amount of RAM.
 *
 *     0 ─ 9fc00 RAM │ BIOS data │ a0000 ROMs ─ 100000 │ RAM ... │ 128K of firmware │ PCI hole │ 4G RAM ...
 *
 * RAM that would reach into the PCI hole goes above 4 GiB, and then only 3 GiB stay below.
 * Source: QEMU hw/i386/pc_piix.c (pc_init1), SeaBIOS src/fw/paravirt.c; Linux 6.1 arch/x86/kernel/e820.c, setup.c
 * (trim_bios_range).
 */
import { PAGE_SIZE } from '../../memory/address.js';
import type { Arch } from '../../types/profile.js';

export interface E820Entry {
  readonly type: 'usable' | 'reserved';
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

const KiB = 1024;
const GiB = 1024 ** 3;
export const FOUR_GIB = 4 * GiB;
/** More RAM than this does not fit below the PCI hole. */
const LARGEST_BELOW_4G = 3.5 * GiB;
const FIRMWARE_BYTES = 128 * KiB;
export const ISA_END_ADDRESS = 0x100000;
const BIOS_BEGIN = 0xa0000;

export const ramBelow4G = (ramBytes: number): number =>
  ramBytes >= LARGEST_BELOW_4G ? 3 * GiB : ramBytes;

/** As the BIOS tells it. */
export function biosMap(ramBytes: number, arch: Arch): E820Entry[] {
  const below = ramBelow4G(ramBytes);
  const map: E820Entry[] = [
    { type: 'usable', start: 0, end: 0x9fc00 },
    { type: 'reserved', start: 0x9fc00, end: 0xa0000 },
    { type: 'reserved', start: 0xf0000, end: 0x100000 },
    { type: 'usable', start: 0x100000, end: below - FIRMWARE_BYTES },
    { type: 'reserved', start: below - FIRMWARE_BYTES, end: below },
    { type: 'reserved', start: 0xfffc0000, end: FOUR_GIB },
  ];
  if (ramBytes > below)
    map.push({ type: 'usable', start: FOUR_GIB, end: FOUR_GIB + ramBytes - below });
  // The HyperTransport range of AMD's processors with long mode.
  if (arch !== 'i386') map.push({ type: 'reserved', start: 0xfd_0000_0000, end: 0x100_0000_0000 });
  return map;
}

/** The kernel's table: page 0 belongs to the BIOS, and there is no RAM between 640K and 1M whatever the BIOS says. */
export function e820__memory_setup(ramBytes: number, arch: Arch): readonly E820Entry[] {
  const table: E820Entry[] = [{ type: 'reserved', start: 0, end: PAGE_SIZE }];
  for (const entry of biosMap(ramBytes, arch)) {
    if (entry.type === 'reserved' || entry.start >= ISA_END_ADDRESS) table.push(entry);
    else
      table.push({
        type: 'usable',
        start: Math.max(entry.start, PAGE_SIZE),
        end: Math.min(entry.end, BIOS_BEGIN),
      });
  }
  return table;
}

/** One past the highest frame that is RAM, below `limitPfn`. */
export function e820__end_of_ram_pfn(table: readonly E820Entry[], limitPfn: number): number {
  const ends = table
    .filter((entry) => entry.type === 'usable' && entry.start / PAGE_SIZE < limitPfn)
    .map((entry) => Math.floor(entry.end / PAGE_SIZE));
  return Math.min(Math.max(...ends), limitPfn);
}
