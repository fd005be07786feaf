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
import { list_entry, list_next, rb_entry, rb_is_black } from '../../entry/functions.js';
import { NULL, type ListHead, type VmapArea, type VmStruct } from '../../machine/ctypes.js';
import type { RbNode } from '../../kernel/include/linux/rbtree.h.js';
import { asCell, type VirtAddr } from '../../memory/address.js';

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
  for (let list = list_next(mm, head); list !== head; list = list_next(mm, list))
    yield list_entry(mm, list, mm.vmap_area.list);
}

/** An address as the recorder prints numbers: of no more digits than it has. */
const short = (mm: Kernel, va: VirtAddr): string => mm.hex(va).replace(/^0+(?=.)/, '');

const rangeText = (mm: Kernel, va: VmapArea): string =>
  `${short(mm, mm.read_va(va + mm.vmap_area.va_start))} ${short(mm, mm.read_va(va + mm.vmap_area.va_end))}`;

const at = (mm: Kernel, cell: VmapArea | VmStruct): string => mm.hex(mm.va_of(cell));

function busyText(
  mm: Kernel,
  va: VmapArea,
  callerText: (area: VirtAddr, caller: VirtAddr) => string,
): string {
  const start = `va ${rangeText(mm, va)} at=${at(mm, va)}`;
  const vm: VmStruct = mm.read_ptr(va + mm.vmap_area.vm);
  if (vm === NULL) return `${start} vm=0`;
  const phys = vm + mm.vm_struct.phys_addr;
  const high = mm.pte_words === 2 ? (mm.words[phys + 1] ?? 0) : 0;
  return [
    `${start} vm=${at(mm, vm)}`,
    `size=${mm.read_ulong(vm + mm.vm_struct.size).toString(16)}`,
    `flags=${mm.read_int(vm + mm.vm_struct.flags).toString(16)}`,
    `nr=${mm.read_int(vm + mm.vm_struct.nr_pages)}`,
    `phys=${((high >>> 0) * 2 ** 32 + ((mm.words[phys] ?? 0) >>> 0)).toString(16)}`,
    `by=${callerText(mm.read_va(vm + mm.vm_struct.addr), mm.read_va(vm + mm.vm_struct.caller))}`,
  ].join(' ');
}

function freeText(mm: Kernel, va: VmapArea): string {
  const node: RbNode = asCell(va + mm.vmap_area.rb_node);
  const child = (of: RbNode): string =>
    of === NULL
      ? '-'
      : short(mm, mm.read_va(rb_entry(mm, of, mm.vmap_area.rb_node) + mm.vmap_area.va_start));
  const sub = mm.read_va(va + mm.vmap_area.subtree_max_size);
  const root = mm.read_ptr(mm.symbol('free_vmap_area_root')) === node ? ' root' : '';
  return (
    `fva ${rangeText(mm, va)} sub=${short(mm, sub)} at=${at(mm, va)} ` +
    `l=${child(mm.read_ptr(node + mm.rb_node.rb_left))} r=${child(mm.read_ptr(node + mm.rb_node.rb_right))} ` +
    `${rb_is_black(mm, node) ? 'black' : 'red'}${root}`
  );
}
