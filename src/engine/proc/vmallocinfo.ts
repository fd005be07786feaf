/**
 * /proc/vmallocinfo: a line for each busy area of vmalloc space, by address, then those that wait to be purged.
 *
 * Differs: addresses are shown as they are, as a kernel with `no_hash_pointers` does.
 * Source: Linux 6.1 mm/vmalloc.c: show_purge_info(), s_show(); lib/vsprintf.c: %pS, %pa.
 */
import { is_vmalloc_addr } from '../kernel/mm/vmalloc/vm_struct.js';
import { list_entry } from '../kernel/include/linux/list.h.js';
import { type ListHead, NULL, type VmapArea, type VmStruct } from '../machine/ctypes.js';
import { symbolText } from '../kernel/lib/vsprintf.js';
import type { Kernel } from '../machine/kernel.js';
import type { VirtAddr } from '../memory/address.js';

/** Flags that no profile has. */
const VM_USERMAP = 0x8;
const VM_DMA_COHERENT = 0x10;

/** `0xSTART-0xEND    SIZE` */
const rangeText = (k: Kernel, start: VirtAddr, end: VirtAddr): string =>
  `0x${k.hex(start)}-0x${k.hex(end)} ${String(end - start).padStart(7)}`;

const areaText = (k: Kernel, va: VmapArea): string =>
  rangeText(k, k.read_va(va + k.vmap_area.va_start), k.read_va(va + k.vmap_area.va_end));

function* areasOf(k: Kernel, head: ListHead): Generator<VmapArea> {
  // A machine that was rebuilt without its areas.
  if (k.words[head] === 0) return;
  for (let pos: ListHead = k.read_ptr(head); pos !== head; pos = k.read_ptr(pos))
    yield list_entry(k, pos, k.vmap_area.list);
}

/** Left out: memory nodes (there is one). */
function areaLine(k: Kernel, va: VmapArea): string {
  const v: VmStruct = k.read_ptr(va + k.vmap_area.vm);
  if (v === NULL) return `${areaText(k, va)} vm_map_ram`;

  const addr: VirtAddr = k.read_va(v + k.vm_struct.addr);
  const size = k.read_ulong(v + k.vm_struct.size);
  const flags = k.words[v + k.vm_struct.flags]!;
  const caller: VirtAddr = k.read_va(v + k.vm_struct.caller);
  const nr_pages = k.words[v + k.vm_struct.nr_pages]!;
  const phys = v + k.vm_struct.phys_addr;
  const physWords = k.pte_words === 2 ? [k.words[phys + 1]!, k.words[phys]!] : [k.words[phys]!];
  const named: readonly (readonly [number, string])[] = [
    [k.VM_IOREMAP, 'ioremap'],
    [k.VM_ALLOC, 'vmalloc'],
    [k.VM_MAP, 'vmap'],
    [VM_USERMAP, 'user'],
    [VM_DMA_COHERENT, 'dma-coherent'],
  ];
  return [
    rangeText(k, addr, (addr + size) as VirtAddr),
    ...(caller === 0 ? [] : [symbolText(k, caller)]),
    ...(nr_pages === 0 ? [] : [`pages=${nr_pages}`]),
    ...(physWords.every((word) => word === 0) ? [] : [`phys=0x${physWords.map(hex8).join('')}`]),
    ...named.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name),
    ...(is_vmalloc_addr(k, k.read_va(v + k.vm_struct.pages)) ? ['vpages'] : []),
  ].join(' ');
}

const hex8 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

/** Those that are purged later stand behind the last busy one: with no busy area they are not shown. */
export function vmallocinfo_show(k: Kernel): string[] {
  const busy = [...areasOf(k, k.globals.vmap_area_list)].map((va) => areaLine(k, va));
  if (busy.length === 0) return [];
  const purged = [...areasOf(k, k.globals.purge_vmap_area_list)];
  return [...busy, ...purged.map((va) => `${areaText(k, va)} unpurged vm_area`)];
}
