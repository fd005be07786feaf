/**
 * What a number that somebody asks about means: a frame number, the address of a struct page, another kernel address, or one
 * of user space.
 */
import type { VirtAddr } from '../../memory/address.js';
import { maxPfnOf, memmapOf } from '../memmap.js';
import { hexOf, Unanswerable, vaOf, type Asked } from './answer.js';
import { isUserAddress, walkInTask } from './walk.js';
import { asVirt } from '../../memory/address.js';

export interface Meant {
  readonly kind: 'pfn' | 'page' | 'kernel' | 'user';
  readonly va: VirtAddr;
  /** The frame meant, or that the address leads to; undefined where it leads nowhere. */
  readonly pfn: number | undefined;
}

/** Small numbers are frame numbers: no kernel address is that small. @throws Unanswerable */
export function meantBy({ k, task }: Asked, bits: bigint): Meant {
  const va = vaOf(k, bits);
  if (bits < BigInt(maxPfnOf(k))) return { kind: 'pfn', va, pfn: Number(bits) };
  const ofPage = memmapOf(k).pageToPfn(va);
  if (ofPage !== undefined) return { kind: 'page', va, pfn: ofPage };
  const page = asVirt(Math.floor(va / 4096) * 4096);
  if (isUserAddress(k, bits)) {
    if (task === undefined)
      throw new Unanswerable(
        `${hexOf(bits)} is an address of user space: say whose, with --task PID.`,
      );
    const phys = walkInTask(k, task, page).page?.phys;
    return { kind: 'user', va, pfn: phys === undefined ? undefined : Math.floor(phys / 4096) };
  }
  const phys = k.space.physOf(page);
  return { kind: 'kernel', va, pfn: phys === undefined ? undefined : Math.floor(phys / 4096) };
}
