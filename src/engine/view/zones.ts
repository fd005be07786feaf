/** The zones of the machine, as `contig_page_data.node_zones[]` has them. */
import { readVirtual } from '../image/assemble.js';
import type { KernelImage } from '../image/kernelImage.js';
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { Zone } from '../machine/ctypes.js';

export interface ZoneView {
  readonly index: number;
  readonly zone: Zone;
  /** `Normal` */
  readonly name: string;
  readonly startPfn: number;
  /** Exclusive. */
  readonly endPfn: number;
}

/** Zones with pages, lowest first. */
export function populatedZones(image: KernelImage): readonly ZoneView[] {
  const { mm } = image;
  return mm.zones
    .map((zone, index) => {
      const startPfn = mm.read_ulong(zone + mm.zone.zone_start_pfn);
      const endPfn = startPfn + mm.read_ulong(zone + mm.zone.spanned_pages);
      return { index, zone, name: zoneName(image, zone), startPfn, endPfn };
    })
    .filter(({ zone }) => mm.read_ulong(zone + mm.zone.present_pages) > 0);
}

/** zone->name; the enumerator where the image does not hold the string. */
export function zoneName(image: KernelImage, zone: Zone): string {
  const { mm } = image;
  const at = zone + mm.zone.name;
  const text = stringAt(image, asVirt(mm.wide ? mm.read_long(at) : mm.read_ulong(at)));
  if (text !== '') return text;
  const index = mm.zones.indexOf(zone);
  const type = image.profile.types.enum('zone_type');
  return type?.enumerators.find((e) => e.value === index)?.name ?? `zone ${index}`;
}

const MAX_NAME = 32;

function stringAt(image: KernelImage, address: VirtAddr): string {
  const bytes = address === 0 ? undefined : readVirtual(image, address, MAX_NAME);
  const end = bytes?.indexOf(0) ?? -1;
  return bytes === undefined || end <= 0 ? '' : String.fromCharCode(...bytes.subarray(0, end));
}
