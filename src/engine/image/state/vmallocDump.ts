/**
 * `%vmalloc` dumps: the areas of vmalloc space with the shape of the tree of free ones, read from a machine and printed.
 *
 *     %vmalloc start=f7bfe000 end=ff3fe000 lazy=0 preload=c1803100
 *     va START END at=ADDR vm=ADDR size=S flags=F nr=D phys=P by=SYMBOL      busy, by address; vm=0 without vm_struct
 *     fva START END sub=MAX at=ADDR l=START|- r=START|- red|black [root]     free, by address; children by their starts
 *     pva START END at=ADDR                                                  freed, not purged yet
 */
import { VMALLOC_END, VMALLOC_START } from '../../kernel/arch/x86/include/asm/pgtable_areas.h.js';
import type { Kernel } from '../../machine/kernel.js';
import { per_cpu } from '../../kernel/include/linux/percpu-defs.h.js';
import {
  list_va,
  node_va,
  rb_is_black,
  va_end,
  va_node,
  va_start,
  va_vm,
  vm_addr,
  vm_caller,
  vm_flags,
  vm_nr_pages,
  vm_size,
} from '../../entry/functions.js';
import { NULL, type ListHead, type VmapArea, type VmStruct } from '../../machine/ctypes.js';
import type { VirtAddr } from '../../memory/address.js';

/** What stands behind `%vmalloc`. */
export function vmallocHead(mm: Kernel): string {
  const vmap_lazy_nr = mm.symbol('vmap_lazy_nr');
  const preload = mm.read_va(per_cpu(mm, 'ne_fit_preload_node', 0));
  return (
    `start=${mm.hex(VMALLOC_START(mm))} end=${mm.hex(VMALLOC_END(mm))} ` +
    `lazy=${mm.read_ulong(vmap_lazy_nr)} preload=${preload === 0 ? '0' : mm.hex(preload)}`
  );
}

/** @param callerText what stands for the address of a call: `by=` */
export function vmallocLines(
  mm: Kernel,
  callerText: (area: VirtAddr, caller: VirtAddr) => string,
): string[] {
  const vmap_area_list = mm.symbol('vmap_area_list');
  const free_vmap_area_list = mm.symbol('free_vmap_area_list');
  const purge_vmap_area_list = mm.symbol('purge_vmap_area_list');
  return [
    ...[...areasOf(mm, vmap_area_list)].map((va) => busyText(mm, va, callerText)),
    ...[...areasOf(mm, free_vmap_area_list)].map((va) => freeText(mm, va)),
    ...[...areasOf(mm, purge_vmap_area_list)].map(
      (va) => `pva ${rangeText(mm, va)} at=${at(mm, va)}`,
    ),
  ];
}

/** The areas of a list; a machine that was rebuilt without them has none. */
function* areasOf(mm: Kernel, head: ListHead): Generator<VmapArea, void, undefined> {
  if (mm.words[head] === 0) return;
  for (let list = mm.read_ptr(head); list !== head; list = mm.read_ptr(list))
    yield list_va(mm, list);
}

/** An address as the recorder prints numbers: of no more digits than it has. */
const short = (mm: Kernel, va: VirtAddr): string => mm.hex(va).replace(/^0+(?=.)/, '');

const rangeText = (mm: Kernel, va: VmapArea): string =>
  `${short(mm, va_start(mm, va))} ${short(mm, va_end(mm, va))}`;

const at = (mm: Kernel, cell: VmapArea | VmStruct): string => mm.hex(mm.va_of(cell));

function busyText(
  mm: Kernel,
  va: VmapArea,
  callerText: (area: VirtAddr, caller: VirtAddr) => string,
): string {
  const start = `va ${rangeText(mm, va)} at=${at(mm, va)}`;
  const vm = va_vm(mm, va);
  if (vm === NULL) return `${start} vm=0`;
  const phys = vm + mm.vm_struct.phys_addr;
  const high = mm.pte_words === 2 ? (mm.words[phys + 1] ?? 0) : 0;
  return [
    `${start} vm=${at(mm, vm)}`,
    `size=${vm_size(mm, vm).toString(16)}`,
    `flags=${vm_flags(mm, vm).toString(16)}`,
    `nr=${vm_nr_pages(mm, vm)}`,
    `phys=${((high >>> 0) * 2 ** 32 + ((mm.words[phys] ?? 0) >>> 0)).toString(16)}`,
    `by=${callerText(vm_addr(mm, vm), vm_caller(mm, vm))}`,
  ].join(' ');
}

function freeText(mm: Kernel, va: VmapArea): string {
  const node = va_node(mm, va);
  const child = (of: number): string =>
    of === NULL ? '-' : short(mm, va_start(mm, node_va(mm, of as typeof node)));
  const sub = mm.read_va(va + mm.vmap_area.subtree_max_size);
  const root = mm.read_ptr(mm.symbol('free_vmap_area_root')) === node ? ' root' : '';
  return (
    `fva ${rangeText(mm, va)} sub=${short(mm, sub)} at=${at(mm, va)} ` +
    `l=${child(mm.read_ptr(node + mm.rb_node.rb_left))} r=${child(mm.read_ptr(node + mm.rb_node.rb_right))} ` +
    `${rb_is_black(mm, node) ? 'black' : 'red'}${root}`
  );
}
