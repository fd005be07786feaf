/**
 * Which plain integers a kernel developer reads in hexadecimal: addresses, frame numbers, masks. Counts, sizes and orders are
 * decimal. What decides is the typedef, then the name that the kernel gives such numbers, then the value: an unsigned long in
 * the kernel's half of the address space is hardly a count, nor is one where a 64-bit process has its stack and its maps.
 */
import type { ScalarValue } from './access.js';
import { stripTypedefs } from './layout.js';
import type { CType } from './model.js';
import type { Profile } from './profile.js';

/** location: an address or a frame number. mask: bits with meanings of their own. */
export type NumberRole = 'location' | 'mask';

const anyOf = (...patterns: readonly RegExp[]): RegExp =>
  new RegExp(patterns.map(({ source }) => source).join('|'), 'i');

const LOCATION_TYPES = new Set(['phys_addr_t', 'resource_size_t', 'dma_addr_t', 'uintptr_t']);
const MASK_TYPE =
  /^(?:gfp_t|slab_flags_t|vm_flags_t|pgprot_t|p(?:te|md|ud|4d|gd|gprot)val_t|fpi_t)$/;

const LOCATION_NAME = anyOf(
  // pfn, zone_start_pfn, page_to_pfn(), PHYS_PFN()
  /(?:^|_)pfns?$/,
  /^pfn_|_pfn_/,
  // va, phys_addr, vaddr2
  /(?:^|_)(?:v?addr|address|paddr|va|pa|phys)(?:_?\d+)?$/,
  /^(?:va|vm|compact_cached_\w+)_(?:start|end)$/,
  // __pa(), __get_free_pages(), virt_to_phys(), read_cr3()
  /^__pa/,
  /^(?:__)?get_(?:free_pages?|zeroed_page)$/,
  /^(?:virt|page)_to_(?:phys|bus)$/,
  /^(?:native_)?read_cr[23]$/,
);
const MASK_NAME =
  /(?:^|_)(?:flags|mask|bitmap|prot)$|^gfp|^page_type$|^(?:pte|pmd|pud|p4d|pgd|pgprot)(?:_val|_flags)?$/i;

/** What a number of that name is. */
export function roleOfName(name: string): NumberRole | undefined {
  if (name.startsWith('nr_')) return undefined;
  if (LOCATION_NAME.test(name)) return 'location';
  return MASK_NAME.test(name) ? 'mask' : undefined;
}

/** What a number of that type is. */
export function roleOfType(type: CType): NumberRole | undefined {
  for (let at = type; at.kind === 'typedef'; at = at.target) {
    if (LOCATION_TYPES.has(at.name)) return 'location';
    if (MASK_TYPE.test(at.name)) return 'mask';
  }
  return undefined;
}

/**
 * Whether the value is in the kernel's half of the address space, in a type that can hold an address. The last page is not: there
 * are ULONG_MAX and error codes.
 */
export function inKernelHalf(profile: Profile, type: CType, value: ScalarValue): boolean {
  const { pointerSize } = profile;
  const bare = stripTypedefs(type);
  if (bare.kind !== 'int' || bare.signed || bare.sizeBytes !== pointerSize) return false;
  if (!/long|ptr|size/.test(bare.name)) return false;
  return pointerSize === 4
    ? value >= profile.constant('PAGE_OFFSET') >>> 0 && value < 2 ** 32 - MAX_ERRNO
    : value >= FIRST_KERNEL_ADDRESS && value < 2n ** 64n - BigInt(MAX_ERRNO);
}

/** The upper half of what a 64-bit process has: 2^46 of anything are hardly counted. */
const isFarUp = (profile: Profile, type: CType, value: ScalarValue): boolean => {
  const bare = stripTypedefs(type);
  return profile.pointerSize === 8 && bare.kind === 'int' && value >= 2 ** 46 && value < 2 ** 47;
};

/** Whether a number is an address by its value alone. */
export const looksLikeAddress = (profile: Profile, type: CType, value: ScalarValue): boolean =>
  inKernelHalf(profile, type, value) || isFarUp(profile, type, value);

/** With 5 levels; with 4, the upper half begins later. */
const FIRST_KERNEL_ADDRESS = 0xff00_0000_0000_0000n;
const MAX_ERRNO = 4095;

/** Whether an integer of that name, type and value is written in hexadecimal. */
export const readsAsHex = (
  profile: Profile,
  type: CType,
  name: string,
  value: ScalarValue,
): boolean =>
  (roleOfType(type) ?? roleOfName(name)) !== undefined || looksLikeAddress(profile, type, value);
