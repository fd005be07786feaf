/**
 * Which vmalloc area an address lies in: a search of the kernel's own tree of areas.
 *
 * Source: Linux 6.1 mm/vmalloc.c __find_vmap_area(), s_show() (/proc/vmallocinfo), include/linux/vmalloc.h.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import { formatPointer } from '../types/format.js';
import type { StructReader } from './structReader.js';

export interface VmapArea {
  readonly start: VirtAddr;
  /** Exclusive, guard page included. */
  readonly end: VirtAddr;
  /** `vmalloc`, `ioremap`, `vmap`; 'area' when it has no vm_struct. */
  readonly what: string;
  readonly nrPages: number | undefined;
  /** `<function+0x10>` of who asked for it, where the profile knows the symbol. */
  readonly caller: string | undefined;
}

/** Deeper than any tree that fits memory. */
const MAX_DEPTH = 64;

const FLAGS = [
  { constant: 'VM_IOREMAP', what: 'ioremap' },
  { constant: 'VM_ALLOC', what: 'vmalloc' },
  { constant: 'VM_MAP', what: 'vmap' },
] as const;

export function vmapAreaOf(reader: StructReader, va: VirtAddr): VmapArea | undefined {
  const root = reader.symbol('vmap_area_root');
  const inArea = reader.offset('vmap_area', 'rb_node');
  if (root === undefined || inArea === undefined) return undefined;
  let node = reader.pointerAt(root);
  for (let depth = 0; depth < MAX_DEPTH && node !== undefined && node !== 0; depth++) {
    const area = asVirt(node - inArea);
    const start = reader.pointer('vmap_area', 'va_start', area);
    const end = reader.pointer('vmap_area', 'va_end', area);
    if (start === undefined || end === undefined) return undefined;
    if (va >= start && va < end) return describe(reader, area, start, end);
    node = reader.pointer('rb_node', va < start ? 'rb_left' : 'rb_right', node);
  }
  return undefined;
}

function describe(reader: StructReader, area: VirtAddr, start: VirtAddr, end: VirtAddr): VmapArea {
  const { profile } = reader.image;
  const bare = { start, end, what: 'area', nrPages: undefined, caller: undefined };
  const vm = reader.pointer('vmap_area', 'vm', area);
  if (vm === undefined || vm === 0) return bare;
  const flags = reader.uint('vm_struct', 'flags', vm) ?? 0;
  const caller = reader.pointer('vm_struct', 'caller', vm);
  return {
    ...bare,
    what:
      FLAGS.find(({ constant }) => (flags & (profile.findConstant(constant) ?? 0)) !== 0)?.what ??
      'area',
    nrPages: reader.uint('vm_struct', 'nr_pages', vm),
    caller:
      caller === undefined || caller === 0
        ? undefined
        : /<.*>$/.exec(formatPointer(profile, caller))?.[0],
  };
}
