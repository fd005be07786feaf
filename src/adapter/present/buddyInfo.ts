/** What /proc/buddyinfo says: for each zone the number of free blocks of each order. */
import { populatedZones } from '../../engine/view/zones.js';
import type { MachineContext } from './context.js';
import { fact, type Shown } from './shown.js';

export function buddyInfo({ image }: MachineContext): readonly Shown[] {
  const { mm } = image;
  return populatedZones(image).map(({ zone, name }) => {
    const counts = Array.from({ length: mm.MAX_ORDER }, (_, order) => {
      const area = zone + mm.zone.free_area + order * mm.stride.free_area;
      return `${mm.read_ulong(area + mm.free_area.nr_free)}`.padStart(6);
    });
    return fact(`Node 0, zone ${name}`, counts.join(''));
  });
}
