/**
 * Who has a frame, by name: the cache of a slab, the vmalloc area whose page it is, the process that maps it, the address space whose
 * table it is. Looked up when first asked for, for one answer.
 *
 * Source: Linux 6.1 mm/slab.h (struct slab), include/linux/vmalloc.h (vm_struct.pages).
 */
import { asPfn, asVirt } from '../memory/address.js';
import { NO_VALUE } from './frameValues.js';
import { Numbered } from './numbered.js';
import { detailOfState, kindOfState, PAGE_KINDS } from './pageState.js';
import { cacheNameOf } from './slabObject.js';
import { vmapSpace } from './vmapSpace.js';
import type { Surveyor } from './whereIs.js';

export class FrameOwners {
  private readonly numbered = new Numbered();
  private readonly caches = new Map<number, string>();
  private areas: ReadonlyMap<number, string> | undefined;

  constructor(private readonly surveyor: Surveyor) {}

  of(pfn: number, state: number): number {
    return this.numbered.numberOf(this.nameOf(pfn, state)) ?? NO_VALUE;
  }

  get names(): readonly string[] {
    return this.numbered.names;
  }

  private nameOf(pfn: number, state: number): string | undefined {
    switch (PAGE_KINDS[kindOfState(state)]?.name) {
      case 'slab':
        return this.cacheOf(pfn - (pfn % (1 << detailOfState(state))));
      case 'pageTable':
        return tablesText(this.surveyor.spaces.tableOf(asPfn(pfn))?.name);
      case 'user':
      case 'pageCache': {
        const aliases = this.surveyor.spaces.aliasesOf(asPfn(pfn));
        return aliases.find(({ space }) => !space.isKernel)?.space.name;
      }
      case 'kernel':
        return this.areaOf(pfn);
      default:
        return undefined;
    }
  }

  private cacheOf(headPfn: number): string | undefined {
    const { reader, peek } = this.surveyor;
    const cache = reader.pointer('slab', 'slab_cache', peek.addressOf(headPfn));
    if (cache === undefined || cache === 0) return undefined;
    let name = this.caches.get(cache);
    if (name === undefined) this.caches.set(cache, (name = cacheNameOf(reader, cache)));
    return name;
  }

  private areaOf(pfn: number): string | undefined {
    this.areas ??= this.pagesOfAreas();
    return this.areas.get(pfn);
  }

  private pagesOfAreas(): ReadonlyMap<number, string> {
    const { reader, peek } = this.surveyor;
    const found = new Map<number, string>();
    for (const piece of vmapSpace(reader)?.pieces ?? []) {
      if (piece.kind !== 'area' || piece.area.vm === undefined) continue;
      const { vm, nrPages = 0, caller, what } = piece.area;
      const pages = reader.pointer('vm_struct', 'pages', vm);
      if (pages === undefined || pages === 0) continue;
      const { pointerSize } = reader.image.profile;
      for (let i = 0; i < nrPages; i++) {
        const page = reader.pointerAt(asVirt(pages + i * pointerSize));
        const pfn = page === undefined ? undefined : peek.pfnOf(page);
        if (pfn !== undefined) found.set(pfn, `${what} ${caller ?? ''}`.trim());
      }
    }
    return found;
  }
}

/** A table that no address space is known to use is still one. */
export const tablesText = (space: string | undefined): string =>
  space === undefined ? 'page tables' : `page tables of ${space}`;
