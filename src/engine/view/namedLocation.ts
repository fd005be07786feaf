/**
 * What a word of memory is called: the object that holds it and the way to it inside, `page 0x1a2b->_refcount.counter`,
 * `contig_page_data.node_zones[1].free_area[3].nr_free`. A name comes with a typed place where the word lies in one.
 *
 * Invariant: looking changes nothing that counts.
 */
import {
  asPhys,
  asVirt,
  formatAddress,
  PAGE_SIZE,
  type Cell,
  type VirtAddr,
} from '../memory/address.js';
import { placeAt, type Place } from '../types/access.js';
import { sizeOf, stripTypedefs } from '../types/layout.js';
import { flattenMembers } from '../types/members.js';
import type { CType } from '../types/model.js';
import { ADDRESS_KINDS, kindOf } from './addressKind.js';
import { pageFacts } from './pageFacts.js';
import { slabFacts } from './slabObject.js';
import { zonePcp } from './zoneLists.js';
import { populatedZones } from './zones.js';
import type { Surveyor } from './whereIs.js';

export interface NamedLocation {
  readonly name: string;
  /** The smallest object of C that holds the word. */
  readonly place?: Place;
}

/** An object that has a name: a global, a variable of a scenario. */
export interface NamedObject {
  readonly name: string;
  readonly place: Place;
}

/** @param own objects that the surveyor does not know: they come first */
export function namedLocation(
  surveyor: Surveyor,
  cell: Cell,
  own: readonly NamedObject[] = [],
): NamedLocation {
  const { image } = surveyor;
  const { mm, memory, nrCpus } = image;
  for (let cpu = 0; cpu < nrCpus; cpu++)
    if (mm.machine.processor(cpu).owns(cell)) return { name: `registers and TLB of CPU ${cpu}` };
  const va = mm.va_of(cell);
  if (va === 0) {
    const phys = memory.physOf(cell);
    const isMemory = phys < memory.nrFrames * PAGE_SIZE;
    return { name: isMemory ? `physical 0x${phys.toString(16)}` : "the scenario's own state" };
  }
  return (
    inObjects(own, va, image.profile.pointerSize) ??
    inMemmap(surveyor, va) ??
    inPageSets(surveyor, va) ??
    inGlobal(surveyor, va) ??
    inSlab(surveyor, va) ?? { name: elsewhere(surveyor, va) }
  );
}

function inObjects(
  objects: readonly NamedObject[],
  va: VirtAddr,
  pointerSize: 4 | 8,
): NamedLocation | undefined {
  for (const { name, place } of objects) {
    const offset = va - place.address;
    if (offset < 0 || offset >= sizeOf(place.type, pointerSize)) continue;
    return inside(name, place, offset, pointerSize, '.');
  }
  return undefined;
}

function inMemmap({ image, peek }: Surveyor, va: VirtAddr): NamedLocation | undefined {
  const type = image.profile.types.struct('page');
  const pfn = peek.pfnOf(va);
  if (pfn === undefined || type === undefined) return undefined;
  const place = placeAt(peek.addressOf(pfn), type);
  const { pointerSize } = image.profile;
  return inside(`page 0x${pfn.toString(16)}`, place, va - place.address, pointerSize, '->');
}

/** The per-CPU lists of free pages, which no symbol leads to. */
function inPageSets({ image }: Surveyor, va: VirtAddr): NamedLocation | undefined {
  const { mm, profile, nrCpus } = image;
  const type = profile.types.struct('per_cpu_pages');
  if (type === undefined) return undefined;
  for (const { zone, name } of populatedZones(image))
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      const start = mm.va_of(zonePcp(mm, zone, cpu));
      const offset = va - start;
      if (offset < 0 || offset >= type.sizeBytes) continue;
      const owner = `per_cpu_pages of zone ${name}, CPU ${cpu}`;
      return inside(owner, placeAt(start, type), offset, profile.pointerSize, '->');
    }
  return undefined;
}

function inGlobal({ image }: Surveyor, va: VirtAddr): NamedLocation | undefined {
  const { profile } = image;
  const found = profile.symbolAt(va);
  if (found === undefined) return undefined;
  const { symbol, offset } = found;
  if (symbol.type === undefined || offset >= Math.max(symbol.sizeBytes, 1)) return undefined;
  const place = placeAt(symbol.address, symbol.type);
  return inside(symbol.name, place, offset, profile.pointerSize, '.');
}

function inSlab(
  { image, states, peek, reader, world }: Surveyor,
  va: VirtAddr,
): NamedLocation | undefined {
  const phys = image.mm.phys_of(va);
  if (phys === undefined) return undefined;
  const page = pageFacts(image, states, Math.floor(phys / PAGE_SIZE));
  if (page?.kind !== 'slab') return undefined;
  const first = world.space.virtOf(asPhys(page.headPfn * PAGE_SIZE));
  const facts = first && slabFacts(reader, peek.addressOf(page.headPfn), first, va);
  if (facts?.object === undefined) return undefined;
  const { address, offset } = facts.object;
  const object = formatAddress(address, image.profile.pointerSize);
  return { name: `${facts.cache} object ${object}+0x${offset.toString(16)}` };
}

function elsewhere({ image, world }: Surveyor, va: VirtAddr): string {
  const address = formatAddress(va, image.profile.pointerSize);
  return `${address} (${ADDRESS_KINDS[kindOf(world, va, 'virtual')].title})`;
}

/** Down to the smallest object at an offset. Of a union, the first member that reaches so far. */
function inside(
  owner: string,
  outer: Place,
  offsetBytes: number,
  pointerSize: 4 | 8,
  first: '.' | '->',
): NamedLocation {
  let name = owner;
  let separator: string = first;
  let type: CType = outer.type;
  let offset = offsetBytes;
  for (;;) {
    const bare = stripTypedefs(type);
    if (bare.kind === 'array') {
      const size = sizeOf(bare.element, pointerSize);
      const index = Math.floor(offset / size);
      if (size === 0 || index >= bare.length) break;
      name += `[${index}]`;
      type = bare.element;
      offset -= index * size;
    } else if (bare.kind === 'struct' || bare.kind === 'union') {
      const member = flattenMembers(bare).find((one) => {
        const start = Math.floor(one.offsetBits / 8);
        return (
          one.widthBits === 0 && offset >= start && offset < start + sizeOf(one.type, pointerSize)
        );
      });
      if (member === undefined) break;
      name += `${separator}${member.name}`;
      type = member.type;
      offset -= member.offsetBits / 8;
    } else break;
    separator = '.';
  }
  return { name, place: placeAt(asVirt(outer.address + offsetBytes - offset), type) };
}
