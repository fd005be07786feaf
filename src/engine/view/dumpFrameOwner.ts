/**
 * Who has a frame of a dump, by name, as frameOwners.ts has it of a machine: the cache of a slab, the vmalloc area whose page it is,
 * the process that maps it, the address space whose table it is.
 *
 * Source: Linux 6.1 mm/slab.h (struct slab), include/linux/vmalloc.h (vm_struct.pages).
 */
import { Problems, type Inspected } from '../inspect/inspected.js';
import type { Pages } from '../inspect/pages.js';
import { symbolText } from '../inspect/proc/vmallocinfo.js';
import { cacheAt, slabTag } from '../inspect/slab.js';
import { vmapAreasOf, vmStructAt } from '../inspect/vmalloc.js';
import { asPfn, asVirt, type VirtAddr } from '../memory/address.js';
import type { AddressSpaces } from './addressSpaces.js';
import { tablesText } from './frameOwners.js';
import { kindOfState, PAGE_KINDS } from './pageState.js';

/** undefined: nobody who is known. @throws NotInDump */
export type OwnerOf = (pfn: number, state: number) => string | undefined;

export function dumpFrameOwner(k: Inspected, pages: Pages, spaces: AddressSpaces): OwnerOf {
  const caches = new Map<VirtAddr, string>();
  const tag = slabTag(k);
  let areas: ReadonlyMap<number, string> | undefined;
  const pageOf = (pfn: number): VirtAddr | undefined => pages.memmap.pfnToPage(asPfn(pfn));
  const cacheOf = (page: VirtAddr): string | undefined => {
    const cache = k.pointer(pages.headOf(page), tag, 'slab_cache');
    if (cache === 0) return undefined;
    let name = caches.get(cache);
    if (name === undefined) caches.set(cache, (name = cacheAt(k, cache).name));
    return name;
  };
  return (pfn, state) => {
    const page = pageOf(pfn);
    switch (PAGE_KINDS[kindOfState(state)]?.name) {
      case 'slab':
        return page && cacheOf(page);
      case 'compoundTail': {
        const head = page && pages.headOf(page);
        return head !== undefined && pages.isSlab(head) ? cacheOf(head) : undefined;
      }
      case 'pageTable':
        return tablesText(spaces.tableOf(asPfn(pfn))?.name);
      case 'user':
      case 'pageCache': {
        const aliases = spaces.aliasesOf(asPfn(pfn));
        return aliases.find(({ space }) => !space.isKernel)?.space.name;
      }
      case 'kernel':
        areas ??= pagesOfAreas(k, pages);
        return areas.get(pfn);
      default:
        return undefined;
    }
  };
}

function pagesOfAreas(k: Inspected, pages: Pages): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const problems = new Problems();
  for (const { vm } of vmapAreasOf(k, problems)) {
    if (vm === 0) continue;
    problems.tried(
      `area ${k.hex(vm)}`,
      () => {
        const area = vmStructAt(k, vm);
        if (area.pages === 0) return;
        const name = `vmalloc ${area.caller === 0 ? '' : symbolText(k, area.caller)}`.trim();
        for (let i = 0; i < area.nrPages; i++) {
          const page = k.space.pointer(asVirt(area.pages + i * k.pointerSize));
          const pfn = pages.memmap.pageToPfn(page);
          if (pfn !== undefined) found.set(pfn, name);
        }
      },
      undefined,
    );
  }
  return found;
}
