/**
 * Which vmalloc area an address lies in: a search of the kernel's own tree of areas.
 *
 * Source: Linux 6.1 mm/vmalloc.c __find_vmap_area(), s_show() (/proc/vmallocinfo), include/linux/vmalloc.h.
 */
import { symbolText } from '../kernel/lib/vsprintf.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import type { StructReader } from './structReader.js';

export interface VmapArea {
  /** Of its vm_struct; undefined when it has none. */
  readonly vm: VirtAddr | undefined;
  /** Where the guard page begins, which nothing maps; undefined without one. */
  readonly guard: VirtAddr | undefined;
  readonly start: VirtAddr;
  /** Exclusive, guard page included. */
  readonly end: VirtAddr;
  /** `vmalloc`, `ioremap`, `vmap`; 'vm_map_ram' when it has no vm_struct. */
  readonly what: string;
  readonly nrPages: number | undefined;
  /** `function+0x10/0x40`: the call that asked for it. */
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
    if (va >= start && va < end) return describeArea(reader, area);
    node = reader.pointer('rb_node', va < start ? 'rb_left' : 'rb_right', node);
  }
  return undefined;
}

/** @param area a struct vmap_area; undefined where it cannot be read */
export function describeArea(reader: StructReader, area: VirtAddr): VmapArea | undefined {
  const { profile, mm } = reader.image;
  const start = reader.pointer('vmap_area', 'va_start', area);
  const end = reader.pointer('vmap_area', 'va_end', area);
  if (start === undefined || end === undefined) return undefined;
  const bare = { start, end, what: 'area', nrPages: undefined, caller: undefined };
  const vm = reader.pointer('vmap_area', 'vm', area);
  // Of a free area the word is the size of its subtree.
  const owner = vm === undefined || vm === 0 ? undefined : reader.pointer('vm_struct', 'addr', vm);
  if (vm === undefined || owner !== start)
    return { ...bare, vm: undefined, guard: undefined, what: 'vm_map_ram' };
  const flags = reader.uint('vm_struct', 'flags', vm) ?? 0;
  const caller = reader.pointer('vm_struct', 'caller', vm);
  return {
    ...bare,
    vm,
    guard: (flags & mm.VM_NO_GUARD) === 0 ? asVirt(end - PAGE_SIZE) : undefined,
    what:
      FLAGS.find(({ constant }) => (flags & (profile.findConstant(constant) ?? 0)) !== 0)?.what ??
      'area',
    nrPages: reader.uint('vm_struct', 'nr_pages', vm),
    caller: caller === undefined || caller === 0 ? undefined : symbolText(mm, caller),
  };
}
