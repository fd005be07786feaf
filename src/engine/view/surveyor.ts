/** All readings that questions about addresses need, of one image; made once and kept up to date by themselves. */
import type { KernelImage } from '../image/kernelImage.js';
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { AddressSpace } from '../x86/addressSpace.js';
import type { Walk } from '../x86/walk.js';
import { AddressSpaces, type Space } from './addressSpaces.js';
import { addressWorldOf } from './addressWorld.js';
import { FrameStates } from './frameStates.js';
import { PagePeek } from './pagePeek.js';
import { StructReader } from './structReader.js';
import type { Surveyor } from './whereIs.js';

/** @param states when the caller keeps one already */
export function surveyorOf(image: KernelImage, states = new FrameStates(image)): Surveyor {
  const peek = new PagePeek(image);
  const spaces = new AddressSpaces(image);
  const world = addressWorldOf(image, (space, va) => walkIn(spaces, space, va));
  return { image, states, peek, spaces, reader: new StructReader(image), world };
}

/** The address space whose tables an address goes through: init_mm's while no process is current. */
export function spaceFor(
  spaces: AddressSpaces,
  space: AddressSpace,
  va: VirtAddr,
): Space | undefined {
  return space.classify(va) === 'user' ? (spaces.current ?? spaces.kernel) : spaces.kernel;
}

function walkIn(spaces: AddressSpaces, space: AddressSpace, va: number): Walk | undefined {
  const through = spaceFor(spaces, space, asVirt(va));
  return through && spaces.walk(through, asVirt(va));
}
