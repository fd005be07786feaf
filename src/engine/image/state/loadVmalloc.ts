/**
 * Puts a `%vmalloc` dump (vmallocDump.ts) into a machine's memory: each area at its address, the free tree in its shape, and
 * what an area is for.
 *
 * A dump does not show the shape of the busy tree and of the purge tree: those are built anew, which changes no result, for
 * nobody asks them for more than the area at an address. Where an area's array of pages lies is not in it, either, so an area of
 * the start cannot be freed.
 */
import {
  INIT_LIST_HEAD,
  insert_vmap_area,
  list_add_tail,
  rb_set_parent_color,
  RB_BLACK,
  RB_RED,
} from '../../entry/functions.js';
import type { Kernel } from '../../machine/kernel.js';
import { per_cpu } from '../../kernel/include/linux/percpu-defs.h.js';
import { findCache } from '../../proc/slabCaches.js';
import { NULL, type VmapArea } from '../../machine/ctypes.js';
import { asCell, parseAddress, type Cell, type VirtAddr } from '../../memory/address.js';
import { ImageError, type KernelImage } from '../kernelImage.js';

/** One line. */
interface Line {
  readonly kind: string;
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  readonly fields: ReadonlyMap<string, string>;
  readonly words: ReadonlySet<string>;
}

/** @param callerAddress what stands in vm_struct.caller for the text of `by=` */
export function loadVmalloc(
  { mm }: KernelImage,
  args: readonly string[],
  lines: readonly string[],
  callerAddress: (text: string) => VirtAddr,
): void {
  const head = new Map(args.map((arg) => arg.split('=') as [string, string]));
  const parsed = lines.map((line) => parseLine(mm, line));
  loadGlobals(mm, head);
  const free = parsed.filter(({ kind }) => kind === 'fva');
  for (const line of parsed) loadArea(mm, line);
  for (const line of parsed) if (line.kind === 'va') loadBusy(mm, line, callerAddress);
  for (const line of parsed) if (line.kind === 'pva') loadPurge(mm, line);
  for (const line of free)
    list_add_tail(
      mm,
      asCell(areaOf(mm, line) + mm.vmap_area.list),
      mm.symbol('free_vmap_area_list'),
    );
  loadFreeTree(mm, free);
}

function loadGlobals(mm: Kernel, head: ReadonlyMap<string, string>): void {
  for (const list of [
    mm.symbol('vmap_area_list'),
    mm.symbol('free_vmap_area_list'),
    mm.symbol('purge_vmap_area_list'),
  ])
    INIT_LIST_HEAD(mm, list);
  for (const root of [
    mm.symbol('vmap_area_root'),
    mm.symbol('free_vmap_area_root'),
    mm.symbol('purge_vmap_area_root'),
  ])
    mm.write_ptr(root, NULL);
  mm.write_long(mm.symbol('vmap_lazy_nr'), Number(head.get('lazy')));
  const preload = addressOf(mm, head.get('preload') ?? '0');
  mm.write_long(per_cpu(mm, 'ne_fit_preload_node', 0), preload);
  // A machine whose slabs were not recorded has no cache of that name.
  const cache = mm.words[mm.symbol('slab_caches')] === 0 ? NULL : findCache(mm, 'vmap_area');
  mm.write_ptr(mm.symbol('vmap_area_cachep'), cache);
}

function addressOf(mm: Kernel, text: string): VirtAddr {
  const va = parseAddress(`0x${text}`, mm.wide ? 8 : 4);
  if (va === undefined) throw new ImageError(`'${text}' in a %vmalloc dump is not an address`);
  return va;
}

function parseLine(mm: Kernel, line: string): Line {
  const [kind = '', start = '', end = '', ...rest] = line.split(' ');
  const fields = rest.filter((word) => word.includes('='));
  return {
    kind,
    start: addressOf(mm, start),
    end: addressOf(mm, end),
    fields: new Map(
      fields.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    ),
    words: new Set(rest),
  };
}

const fieldAddress = (mm: Kernel, { fields }: Line, name: string): VirtAddr =>
  addressOf(mm, fields.get(name) ?? '0');

function areaOf(mm: Kernel, line: Line): VmapArea {
  const area: Cell = mm.cell_of(fieldAddress(mm, line, 'at'));
  if (area === NULL)
    throw new ImageError('A %vmalloc dump has an area where the machine has no memory.');
  return area;
}

function loadArea(mm: Kernel, line: Line): void {
  const area = areaOf(mm, line);
  mm.write_long(area + mm.vmap_area.va_start, line.start);
  mm.write_long(area + mm.vmap_area.va_end, line.end);
  mm.write_long(area + mm.vmap_area.subtree_max_size, fieldAddress(mm, line, 'sub'));
}

function loadBusy(mm: Kernel, line: Line, callerAddress: (text: string) => VirtAddr): void {
  const area = areaOf(mm, line);

  insert_vmap_area(mm, area, mm.symbol('vmap_area_root'), mm.symbol('vmap_area_list'));
  const vm = mm.cell_of(fieldAddress(mm, line, 'vm'));
  if (vm === NULL) return;
  mm.write_ptr(area + mm.vmap_area.vm, vm);
  mm.write_long(vm + mm.vm_struct.addr, line.start);
  mm.write_long(vm + mm.vm_struct.size, fieldAddress(mm, line, 'size'));
  mm.write_long(vm + mm.vm_struct.flags, fieldAddress(mm, line, 'flags'));
  const nr_pages = Number(line.fields.get('nr'));
  mm.write(vm + mm.vm_struct.nr_pages, nr_pages);
  // Those that vmap() maps are its caller's.
  if ((fieldAddress(mm, line, 'flags') & mm.VM_ALLOC) !== 0 && mm.globals.nr_vmalloc_pages !== NULL)
    mm.add_long(mm.globals.nr_vmalloc_pages, nr_pages);
  const phys = parseInt(line.fields.get('phys') ?? '0', 16);
  mm.write(vm + mm.vm_struct.phys_addr, phys);
  if (mm.pte_words === 2) mm.write(vm + mm.vm_struct.phys_addr + 1, Math.floor(phys / 2 ** 32));
  mm.write_long(vm + mm.vm_struct.caller, callerAddress(line.fields.get('by') ?? ''));
}

function loadPurge(mm: Kernel, line: Line): void {
  const purge_vmap_area_root = mm.symbol('purge_vmap_area_root');
  const purge_vmap_area_list = mm.symbol('purge_vmap_area_list');
  insert_vmap_area(mm, areaOf(mm, line), purge_vmap_area_root, purge_vmap_area_list);
}

function loadFreeTree(mm: Kernel, lines: readonly Line[]): void {
  const byStart = new Map(lines.map((line) => [line.start as number, line]));
  const parents = new Map<number, Cell>();
  const nodeOf = (line: Line): Cell => asCell(areaOf(mm, line) + mm.vmap_area.rb_node);
  for (const line of lines) {
    const child = (name: string): Cell => {
      const text = line.fields.get(name) ?? '-';
      const found = text === '-' ? undefined : byStart.get(addressOf(mm, text));
      return found === undefined ? NULL : nodeOf(found);
    };
    const [left, right] = [child('l'), child('r')];
    mm.write_ptr(nodeOf(line) + mm.rb_node.rb_left, left);
    mm.write_ptr(nodeOf(line) + mm.rb_node.rb_right, right);
    parents.set(left, nodeOf(line)).set(right, nodeOf(line));
  }
  for (const line of lines) {
    const node = nodeOf(line);
    const color = line.words.has('black') ? RB_BLACK : RB_RED;
    const isRoot = line.words.has('root');
    rb_set_parent_color(mm, node, isRoot ? NULL : (parents.get(node) ?? NULL), color);
    if (isRoot) mm.write_ptr(mm.symbol('free_vmap_area_root'), node);
  }
}
