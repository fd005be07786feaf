/**
 * What an address is: its region of the address space, the physical address and frame behind it, and where in a struct
 * page, a zone or a symbol it points.
 */
import {
  formatAddress,
  pfn_to_phys,
  phys_to_pfn,
  type Pfn,
  type VirtAddr,
} from '../../engine/memory/address.js';
import { formatPointer } from '../../engine/types/format.js';
import { pageFacts } from '../../engine/view/pageFacts.js';
import { AddressSpace, type RegionKind } from '../../engine/x86/addressSpace.js';
import type { MachineContext } from '../present/context.js';

/** How regions are called in Documentation/x86/x86_64/mm.rst and arch/x86/include/asm/pgtable_32_areas.h. */
const REGION_NAMES: Readonly<Record<RegionKind, string>> = {
  user: 'user space',
  hole: 'hole',
  nonCanonical: 'not canonical',
  directMap: 'direct map',
  kernelImage: 'kernel image',
  vmalloc: 'vmalloc area',
  vmemmap: 'vmemmap',
  pkmap: 'pkmap',
  ldt: 'LDT remap',
  cpuEntryArea: 'cpu entry area',
  modules: 'modules',
  fixmap: 'fixmap',
};

export function translate(context: MachineContext, va: VirtAddr): string {
  const { image, profile, states, peek } = context;
  const parts = [REGION_NAMES[spaceOf(context).classify(va)]];
  const ofPage = peek.pfnOf(va);
  if (ofPage !== undefined && peek.exists(ofPage))
    return `[${[...parts, ...pageTranslation(context, ofPage)].join(', ')}]`;
  const symbol = /<.*>$/.exec(formatPointer(profile, va))?.[0];
  if (symbol !== undefined) parts.push(symbol);
  const phys = image.mm.phys_of(va);
  if (phys === undefined) return `[${parts.join(', ')}]`;
  const pfn = phys_to_pfn(phys);
  parts.push(`__pa ${formatAddress(phys, profile.pointerSize)}`, `pfn 0x${pfn.toString(16)}`);
  if (peek.exists(pfn)) {
    parts.push(`page ${formatAddress(peek.addressOf(pfn), profile.pointerSize)}`);
    const facts = pageFacts(image, states, pfn);
    if (facts !== undefined) parts.push(facts.summary);
  }
  return `[${parts.join(', ')}]`;
}

/** From a struct page to its frame, and to where the kernel has that mapped. */
function pageTranslation({ image, profile }: MachineContext, pfn: Pfn): string[] {
  const phys = pfn_to_phys(pfn);
  const { pageOffset, directMapEndFrame } = image.mm.linear;
  return [
    `struct page of pfn 0x${pfn.toString(16)}`,
    `physical ${formatAddress(phys, profile.pointerSize)}`,
    pfn < directMapEndFrame
      ? `mapped at ${formatAddress(pageOffset + phys, profile.pointerSize)}`
      : 'highmem: not in the direct map',
  ];
}

const spaces = new WeakMap<MachineContext, AddressSpace>();

function spaceOf(context: MachineContext): AddressSpace {
  const known = spaces.get(context);
  if (known !== undefined) return known;
  const { image, profile } = context;
  const space = new AddressSpace(profile, {
    maxPfn: image.maxPfn,
    maxLowPfn: image.mm.linear.directMapEndFrame,
  });
  spaces.set(context, space);
  return space;
}
