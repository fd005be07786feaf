/** All readings that questions about addresses need, of one image; made once and kept up to date by themselves. */
import type { KernelImage } from '../image/kernelImage.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { AddressSpace } from '../x86/addressSpace.js';
import type { Walk } from '../x86/walk.js';
import type { AddressWorld } from './addressKind.js';
import { AddressSpaces, type Space } from './addressSpaces.js';
import { FrameStates } from './frameStates.js';
import { PagePeek } from './pagePeek.js';
import { StructReader } from './structReader.js';
import type { Surveyor } from './whereIs.js';

/** @param states when the caller keeps one already */
export function surveyorOf(image: KernelImage, states = new FrameStates(image)): Surveyor {
  const { mm, profile, maxPfn } = image;
  const { kernelMap, directMapEndFrame } = mm.linear;
  const physBase =
    kernelMap === undefined
      ? 0
      : kernelMap.startFrame * PAGE_SIZE -
        (kernelMap.start - profile.constant('__START_KERNEL_map'));
  const space = new AddressSpace(profile, { maxPfn, maxLowPfn: directMapEndFrame, physBase });
  const peek = new PagePeek(image);
  const spaces = new AddressSpaces(image);
  const world: AddressWorld = {
    profile,
    space,
    maxPfn,
    busOffset: mm.busOffset,
    memmap: {
      base: peek.addressOf(0),
      sizeofPage: mm.memmap.page_words * 4,
      endPfn: mm.memmap.endPfn,
    },
    walk: (va) => walkIn(spaces, space, va),
  };
  return { image, states, peek, spaces, reader: new StructReader(image), world };
}

/** The address space whose tables an address goes through. */
export function spaceFor(
  spaces: AddressSpaces,
  space: AddressSpace,
  va: VirtAddr,
): Space | undefined {
  return space.classify(va) === 'user' ? spaces.current : spaces.kernel;
}

function walkIn(spaces: AddressSpaces, space: AddressSpace, va: number): Walk | undefined {
  const through = spaceFor(spaces, space, asVirt(va));
  return through && spaces.walk(through, asVirt(va));
}
