/**
 * What the books of a machine whose build is known have in vmalloc space, in the space of modules, in pkmap and in the fixmap.
 */
import { PAGE_SIZE } from '../../memory/address.js';
import { fixmapSlot, nrFixmapSlots, nrPkmapSlots, pkmapSlot } from '../mapSlots.js';
import { vmapSpace, type VmapPiece } from '../vmapSpace.js';
import type { Surveyor } from '../whereIs.js';
import { intersection, type AddressRange } from './addressRange.js';
import {
  listed,
  madeOnDemand,
  NO_PARTS,
  type BookedRegion,
  type Part,
  type Parts,
} from './atlas.js';
import { slotPart } from './slotPart.js';

export function machineParts(surveyor: Surveyor, region: BookedRegion): Parts {
  switch (region.kind) {
    case 'vmalloc':
      return listed(vmallocParts(surveyor, region));
    case 'modules':
      return listed(vmallocParts(surveyor, region).filter(({ body }) => body.kind !== 'gap'));
    case 'pkmap':
      return madeOnDemand(nrPkmapSlots(surveyor), (nr) => slotPart(pkmapSlot(surveyor, nr)));
    case 'fixmap': {
      // Slot 0 is the highest. Those that early_ioremap() had while the kernel booted may lie below the region.
      const fitting = (region.end - region.start) / PAGE_SIZE;
      const nrSlots = Math.min(nrFixmapSlots(surveyor), fitting);
      return madeOnDemand(nrSlots, (i) => slotPart(fixmapSlot(surveyor, nrSlots - 1 - i)));
    }
    default:
      return NO_PARTS;
  }
}

function vmallocParts({ reader }: Surveyor, region: AddressRange): Part[] {
  return (vmapSpace(reader)?.pieces ?? []).flatMap(pieceParts).flatMap((part) => {
    const within = intersection(part, region);
    return within === undefined ? [] : [{ ...part, ...within }];
  });
}

/** An area and its guard page are two. */
function pieceParts(piece: VmapPiece): Part[] {
  if (piece.kind === 'gap') return [{ ...piece, body: { kind: 'gap', text: 'gap' } }];
  if (piece.kind === 'lazy')
    return [{ ...piece, body: { kind: 'lazy', text: 'freed, waiting for the purge' } }];
  const { start, end, guard, what, caller } = piece.area;
  const text = caller === undefined ? what : `${what} by ${caller}`;
  if (guard === undefined) return [{ start, end, body: { kind: 'area', text } }];
  return [
    { start, end: guard, body: { kind: 'area', text } },
    { start: guard, end, body: { kind: 'guard', text: 'guard page: nothing maps it' } },
  ];
}
