/**
 * Why a conversion of an address gave a number that means nothing, in a sentence; undefined when it was in its domain.
 *
 *     0xf0801000 is a vmalloc address: __pa() of it is meaningless; vmalloc_to_page() gives page 0x1f40
 *
 * Source: Linux 6.1 arch/x86/mm/physaddr.c (what CONFIG_DEBUG_VIRTUAL would check).
 */
import { formatAddress, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import type { AddressSpace, RegionKind } from './addressSpace.js';
import type { Walk } from './walk.js';

const KIND_TEXT: Readonly<Record<RegionKind, string>> = {
  user: 'a user address',
  hole: 'an address that nothing is mapped at',
  nonCanonical: 'not a canonical address',
  directMap: 'an address of the direct map',
  kernelImage: 'an address of the kernel image',
  vmalloc: 'a vmalloc address',
  vmemmap: 'the address of a struct page in vmemmap',
  pkmap: 'a kmap address',
  ldt: 'an address of the LDT area',
  cpuEntryArea: 'an address of the CPU entry area',
  modules: 'an address of module space',
  fixmap: 'a fixmap address',
};

/** Of __pa(), virt_to_phys() and what is built on them: they are right for linear addresses only. */
export function linearMisuse(
  space: AddressSpace,
  name: string,
  va: VirtAddr,
  walk: (va: VirtAddr) => Walk | undefined,
): string | undefined {
  const kind = space.classify(va);
  if (kind === 'directMap' || kind === 'kernelImage') return undefined;
  const address = formatAddress(va, space.profile.pointerSize);
  const page = walk(va)?.page;
  const lead =
    page === undefined
      ? 'the page tables do not map it'
      : `${kind === 'user' ? 'the page tables lead' : 'vmalloc_to_page() gives'} ${kind === 'user' ? 'to ' : ''}page 0x${Math.floor(page.phys / PAGE_SIZE).toString(16)}`;
  return `${address} is ${KIND_TEXT[kind]}: ${name}() of it is meaningless; ${lead}`;
}

/** Of __va(), phys_to_virt(): they are right for lowmem only. */
export function physMisuse(space: AddressSpace, name: string, phys: number): string | undefined {
  const { maxLowPfn } = space.machine;
  if (phys >= 0 && phys < maxLowPfn * PAGE_SIZE) return undefined;
  const text = `0x${phys.toString(16)}`;
  return `physical ${text} has no address in the direct map: ${name}() of it is meaningless; map the page with kmap_local_page() or ioremap()`;
}
