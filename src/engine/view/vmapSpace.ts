/**
 * vmalloc space from VMALLOC_START to VMALLOC_END: busy areas, areas that wait to be purged, and the gaps between them.
 *
 * Source: Linux 6.1 mm/vmalloc.c: vmap_area_list, purge_vmap_area_list; include/linux/vmalloc.h: struct vmap_area.
 */
import { VMALLOC_END, VMALLOC_START } from '../kernel/arch/x86/include/asm/pgtable_areas.h.js';
import { asVirt, type VirtAddr } from '../memory/address.js';
import { listEntries } from './slabCaches.js';
import type { StructReader } from './structReader.js';
import { describeArea, type VmapArea } from './vmapArea.js';

export type VmapPiece =
  | { readonly kind: 'area'; readonly area: VmapArea }
  /** Freed and unmapped, not to be used again before the TLBs are flushed. */
  | { readonly kind: 'lazy'; readonly start: VirtAddr; readonly end: VirtAddr }
  | { readonly kind: 'gap'; readonly start: VirtAddr; readonly end: VirtAddr };

export interface VmapSpace {
  readonly start: VirtAddr;
  /** Exclusive. */
  readonly end: VirtAddr;
  /** By address: together all of the space. */
  readonly pieces: readonly VmapPiece[];
}

const MAX_AREAS = 1 << 20;

const boundsOf = (piece: VmapPiece): { readonly start: VirtAddr; readonly end: VirtAddr } =>
  piece.kind === 'area' ? piece.area : piece;

/** Undefined for a machine whose vmalloc space is not set up. */
export function vmapSpace(reader: StructReader): VmapSpace | undefined {
  const { mm } = reader.image;
  const head = reader.symbol('vmap_area_list');
  const inArea = reader.offset('vmap_area', 'list');
  if (head === undefined || inArea === undefined || !reader.pointerAt(head)) return undefined;
  const start = VMALLOC_START(mm);
  // VMALLOC_END of 64 bit is its last byte.
  const end = asVirt(Math.ceil(VMALLOC_END(mm) / 4096) * 4096);
  const structs = (list: string): VirtAddr[] => {
    const at = reader.symbol(list);
    if (at === undefined) return [];
    return [...listEntries(reader, at, MAX_AREAS)].map((entry) => asVirt(entry - inArea));
  };
  const busy = structs('vmap_area_list').flatMap((at): VmapPiece[] => {
    const area = describeArea(reader, at);
    return area === undefined ? [] : [{ kind: 'area', area }];
  });
  const lazy = structs('purge_vmap_area_list').flatMap((at): VmapPiece[] => {
    const from = reader.pointer('vmap_area', 'va_start', at);
    const to = reader.pointer('vmap_area', 'va_end', at);
    return from === undefined || to === undefined ? [] : [{ kind: 'lazy', start: from, end: to }];
  });
  const taken = [...busy, ...lazy]
    .filter((piece) => boundsOf(piece).end > start && boundsOf(piece).start < end)
    .sort((a, b) => boundsOf(a).start - boundsOf(b).start);
  const pieces: VmapPiece[] = [];
  let at = start;
  for (const piece of taken) {
    const bounds = boundsOf(piece);
    if (bounds.start > at) pieces.push({ kind: 'gap', start: at, end: bounds.start });
    pieces.push(piece);
    if (bounds.end > at) at = bounds.end;
  }
  if (at < end) pieces.push({ kind: 'gap', start: at, end });
  return { start, end, pieces };
}

/** Bytes of the largest gap; 0 when there is none. */
export const largestGap = ({ pieces }: VmapSpace): number =>
  Math.max(0, ...pieces.map((each) => (each.kind === 'gap' ? each.end - each.start : 0)));
