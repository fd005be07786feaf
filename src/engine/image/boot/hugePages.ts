/**
 * Huge pages that boot's allocator sets aside before the page allocator has anything: gigantic pages of pools (`hugepagesz=1G
 * hugepages=N`), or an area that they come from while the machine runs (`hugetlb_cma=`).
 *
 * Left out: areas of other nodes.
 * Source: Linux 6.1 mm/hugetlb.c: __alloc_bootmem_huge_page(), hugetlb_cma_reserve().
 */
import { asPhys, type PhysAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { memparse } from './cmdline.js';
import { readArguments } from './commandLine.js';
import { cma_declare_contiguous, type MemRange, type Memblock } from './memblock.js';

/** 0 on 32 bit, which has none. */
const giganticBytes = (profile: Profile): number =>
  profile.arch === 'x86_64' ? 2 ** profile.constant('PUD_SHIFT') : 0;

/** An area of whole gigantic pages; none where it would be smaller than one, or there is no room. */
export function hugetlb_cma_reserve(
  memblock: Memblock,
  profile: Profile,
  hugetlbCmaBytes: number,
): MemRange | undefined {
  const bytes = giganticBytes(profile);
  if (bytes === 0 || hugetlbCmaBytes < bytes) return undefined;
  const size = Math.ceil(hugetlbCmaBytes / bytes) * bytes;
  // A bit of the area's map stands for a page of the smaller size, which a gigantic one may be broken into.
  return cma_declare_contiguous(memblock, profile, size, 2 ** profile.constant('PMD_SHIFT'));
}

/** How many gigantic pages a command line asks for, as hugepages_setup() will read it. */
function giganticPagesAsked(commandLine: string, bytes: number): number {
  let size: number | undefined;
  let ofDefault = 0;
  let asked: number | undefined;
  for (const { name, value } of readArguments(commandLine)) {
    if (name === 'hugepagesz' || name === 'default_hugepagesz') {
      size = memparse(value);
      if (name === 'default_hugepagesz' && size === bytes && ofDefault > 0) asked = ofDefault;
    }
    if (name !== 'hugepages' || !/^\d+$/.test(value)) continue;
    if (size === undefined) ofDefault = Number(value);
    else if (size === bytes) asked ??= Number(value);
  }
  return asked ?? 0;
}

/** Where they begin, in the order in which they are given; fewer where memory ends. */
export function reserveGiganticPages(
  memblock: Memblock,
  profile: Profile,
  commandLine: string,
): PhysAddr[] {
  const bytes = giganticBytes(profile);
  const given: PhysAddr[] = [];
  if (bytes === 0) return given;
  for (let left = giganticPagesAsked(commandLine, bytes); left > 0; left--) {
    const start = memblock.memblock_phys_alloc_range(bytes, bytes, 0, memblock.current_limit);
    if (start === undefined) break;
    given.push(asPhys(start));
  }
  return given;
}
