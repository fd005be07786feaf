/** A slot that maps a single page, as a part of its region. */
import { asVirt, PAGE_SIZE } from '../../memory/address.js';
import type { MapSlot } from '../mapSlots.js';
import type { Part } from './atlas.js';

export const slotPart = ({ nr, address, text, pfn }: MapSlot): Part => ({
  start: address,
  end: asVirt(address + PAGE_SIZE),
  body: { kind: 'slot', text: `slot ${nr}: ${text}`, ...(pfn !== undefined && { pfn }) },
});
