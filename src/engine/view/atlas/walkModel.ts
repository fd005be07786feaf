/** One address walked through the tables of an address space, with where it lies and which CPUs have it in their TLB. */
import { asVirt, formatAddress, type VirtAddr } from '../../memory/address.js';
import type { Access } from '../../x86/access.js';
import { staleness } from '../../x86/mmu.js';
import { inspected } from '../../x86/tableMemory.js';
import type { Space } from '../addressSpaces.js';
import { spaceOfAddress, type Atlas } from './atlas.js';
import type { TlbHit, WalkBody } from './pageWalk.js';
import { placedRegions, regionOf, REGIONS } from './virtualRegions.js';
import { walkPicture, type WalkPicture } from './walkPicture.js';

/** The body of `mmscope/walk`, its steps still with what the adapter makes text of. */
export interface WalkModel extends WalkPicture {
  readonly body: Omit<WalkBody, 'fields' | 'steps' | 'page' | 'fault'>;
}

/** Undefined for a machine without page tables. @param named when it is not the space that the address means */
export function walkModel(
  atlas: Atlas,
  va: VirtAddr,
  named?: Space,
  access?: Access,
): WalkModel | undefined {
  const { image } = atlas;
  const { pointerSize } = image.profile;
  const space = named ?? spaceOfAddress(atlas, va);
  if (space === undefined) return undefined;
  const region = regionOf(placedRegions(atlas, space), va);
  const cr2 = faultAddress(atlas);
  return {
    ...walkPicture(space.paging, inspected(image.memory), va, access),
    body: {
      address: formatAddress(va, pointerSize),
      addressBits: space.paging.addressBits,
      space: space.name,
      mode: space.paging.mode,
      root: `0x${space.paging.rootPhys.toString(16)}`,
      region: REGIONS[region?.kind ?? 'nonCanonical'].title,
      regionId: region?.id ?? '',
      tlb: tlbHits(atlas, va),
      ...(cr2 !== undefined && { cr2: formatAddress(cr2, pointerSize) }),
    },
  };
}

/** CR2 of the CPU that runs; undefined as long as nothing has faulted there. */
export function faultAddress({ image: { mm } }: Atlas): VirtAddr | undefined {
  const { cr2 } = mm.machine.processor(mm.cpu).registers;
  return cr2 === 0 ? undefined : asVirt(cr2);
}

function tlbHits({ image }: Atlas, va: VirtAddr): TlbHit[] {
  const { mm, nrCpus } = image;
  const memory = inspected(image.memory);
  return Array.from({ length: nrCpus }, (_, cpu) => cpu).flatMap((cpu) => {
    const { tlb, paging, hasTables } = mm.machine.processor(cpu);
    const entry = hasTables ? tlb.lookup(paging, va) : undefined;
    if (entry === undefined) return [];
    const stale = staleness(paging, memory, entry);
    return [
      { cpu, phys: `0x${entry.pagePhys.toString(16)}`, ...(stale !== undefined && { stale }) },
    ];
  });
}
