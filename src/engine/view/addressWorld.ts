/** What the kinds of address of an opened image are told apart with. */
import type { KernelImage } from '../image/kernelImage.js';
import { asVirt, fromWords, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { AddressSpace } from '../x86/addressSpace.js';
import type { Walk } from '../x86/walk.js';
import type { AddressWorld } from './addressKind.js';

/** @param walkIn through which tables an address goes */
export function addressWorldOf(
  { mm, profile, maxPfn }: KernelImage,
  walkIn: (space: AddressSpace, va: VirtAddr) => Walk | undefined,
): AddressWorld {
  const { kernelMap, directMapEndFrame } = mm.linear;
  const physBase =
    kernelMap === undefined
      ? 0
      : kernelMap.startFrame * PAGE_SIZE -
        (kernelMap.start - profile.constant('__START_KERNEL_map'));
  const space = new AddressSpace(profile, { maxPfn, maxLowPfn: directMapEndFrame, physBase });
  const { baseLow, baseHigh, page_words, endPfn } = mm.memmap;
  const base = mm.wide ? fromWords(baseLow, baseHigh) : asVirt(baseLow >>> 0);
  return {
    profile,
    space,
    maxPfn,
    busOffset: mm.machine.busOffset,
    memmap: { base, sizeofPage: page_words * 4, endPfn },
    isOwnObject: (va) => mm.isOwnObject(va),
    isUnplaced: (va) => mm.isUnplaced(va),
    walk: (va) => walkIn(space, va),
  };
}
