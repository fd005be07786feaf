/** The pfn of a struct page by its address, as far as it can be told. */
import { hex } from '../render/amount.js';

export function vmemmapText(page: bigint): string[] {
  if (page >> 40n === 0xffffean)
    return [
      `pfn = (${hex(page)} - 0xffffea0000000000) / 64 = ${hex((page - 0xffffea0000000000n) / 64n)} (vmemmap without KASLR).`,
    ];
  if (page >> 47n !== 0x1ffffn) return [];
  // vmemmap_base is a multiple of 1 GiB, and 1 GiB of struct pages describes 64 GiB of memory.
  const base = (page >> 30n) << 30n;
  return [
    `The address is not of the vmemmap at 0xffffea0000000000: this boot randomised it (KASLR). pfn = (${hex(page)} - vmemmap_base) / 64; on a machine of less than 64 GiB vmemmap_base is ${hex(base)} and the pfn ${hex((page - base) / 64n)} (read vmemmap_base in the dump to be sure).`,
  ];
}
