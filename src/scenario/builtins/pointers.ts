/** Arguments of builtins that name memory: as the kernel's functions take them, and what is wrong with them. */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../engine/memory/address.js';
import { WORDS_PER_FRAME } from '../../engine/memory/address.js';
import { naturalValue, type Value } from '../semantics/arithmetic.js';
import type { BuiltinCall } from './call.js';

export const truth = (condition: boolean): number => (condition ? 1 : 0);

/** A pointer or an unsigned long as an address. */
export const va = (pointer: Value): VirtAddr => asVirt(Number(pointer));

const ZERO_SIZE_PTR = 16;

/**
 * The address of what the slab allocator gave, or NULL. The kernel looks at the struct page of any address, so that a wild one
 * faults where that would lie.
 */
export function objectAt(call: BuiltinCall, pointer: Value): VirtAddr {
  const address = va(pointer);
  if (address >= 0 && address <= ZERO_SIZE_PTR) return address;
  const { k } = call;
  const pfn = Math.floor(physOf(call, address) / PAGE_SIZE);
  if (pfn >= 0 && pfn < k.memmap.endPfn && k.pfn_to_page(pfn) !== 0) return address;
  call.memory.load(pageAddress(call, pfn), 4);
  throw call.memory.fault(address, 'read');
}

/** __pa(): arithmetic, whatever the address. */
function physOf({ k }: BuiltinCall, address: VirtAddr): number {
  const { kernelMap, pageOffset } = k.linear;
  if (kernelMap !== undefined && address < 0 && address >= kernelMap.start)
    return address - kernelMap.start + kernelMap.startFrame * PAGE_SIZE;
  return k.wide ? address - pageOffset : (address - pageOffset) >>> 0;
}

/** Where the struct page of a frame would lie. */
const pageAddress = (call: BuiltinCall, pfn: number): Value => {
  const { baseLow, baseHigh, page_words } = call.k.memmap;
  const base = call.k.wide ? baseHigh * 2 ** 32 + (baseLow >>> 0) : baseLow >>> 0;
  return call.offset(base, BigInt(Math.trunc(pfn)) * BigInt(page_words * 4));
};

/** A size_t as a number: exact up to 2^53, and beyond that too large for anything. */
export function sizeOf(call: BuiltinCall, size: Value): number {
  return Number(naturalValue(size, call.k.wide ? 'u64' : 'u32'));
}

/** So many bytes lie at a pointer and may be written: the access faults where they do not. */
export function checkRoom(call: BuiltinCall, pointer: Value, bytes: number): void {
  for (let at = 0; at < bytes; at += WORDS_PER_FRAME * 4)
    call.memory.load(call.offset(pointer, at), 1);
  if (bytes > 0) call.memory.load(call.offset(pointer, bytes - 1), 1);
}
