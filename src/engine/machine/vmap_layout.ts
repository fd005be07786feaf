/**
 * Where the fields of struct vmap_area and struct vm_struct lie, in words, and the globals of mm/vmalloc.c. Made when vmalloc
 * space is used first.
 */
import { asVirt, type Cell, type VirtAddr } from '../memory/address.js';
import type { Mm } from './mm.js';

export class VmapLayout {
  // --- struct vmap_area
  readonly va_start: number;
  readonly va_end: number;
  readonly rb_node: number;
  readonly list: number;
  /** Of free areas; the same word as `vm`. */
  readonly subtree_max_size: number;
  readonly vm: number;

  // --- struct vm_struct
  readonly vm_struct_bytes: number;
  readonly addr: number;
  readonly size: number;
  readonly flags: number;
  readonly pages: number;
  /** Where vmalloc may use huge pages; else -1. */
  readonly page_order: number;
  readonly nr_pages: number;
  readonly phys_addr: number;
  readonly caller: number;

  // --- globals
  readonly vmap_area_list: Cell;
  readonly vmap_area_root: Cell;
  readonly free_vmap_area_list: Cell;
  readonly free_vmap_area_root: Cell;
  readonly purge_vmap_area_list: Cell;
  readonly purge_vmap_area_root: Cell;
  readonly vmap_area_cachep: Cell;
  readonly vmap_lazy_nr: Cell;
  readonly nr_vmalloc_pages: Cell;

  // --- limits
  readonly VMALLOC_START: VirtAddr;
  readonly VMALLOC_END: VirtAddr;
  /** CONFIG_HAVE_ARCH_HUGE_VMALLOC, CONFIG_HAVE_ARCH_HUGE_VMAP */
  readonly huge_vmalloc: boolean;
  readonly huge_vmap: boolean;

  constructor(k: Mm) {
    this.va_start = k.offset('vmap_area', 'va_start');
    this.va_end = k.offset('vmap_area', 'va_end');
    this.rb_node = k.offset('vmap_area', 'rb_node');
    this.list = k.offset('vmap_area', 'list');
    this.subtree_max_size = k.offset('vmap_area', 'subtree_max_size');
    this.vm = k.offset('vmap_area', 'vm');

    this.vm_struct_bytes = k.sizeBytes('vm_struct');
    this.addr = k.offset('vm_struct', 'addr');
    this.size = k.offset('vm_struct', 'size');
    this.flags = k.offset('vm_struct', 'flags');
    this.pages = k.offset('vm_struct', 'pages');
    this.page_order = k.optionalOffset('vm_struct', 'page_order');
    this.nr_pages = k.offset('vm_struct', 'nr_pages');
    this.phys_addr = k.offset('vm_struct', 'phys_addr');
    this.caller = k.offset('vm_struct', 'caller');

    this.vmap_area_list = k.symbol('vmap_area_list');
    this.vmap_area_root = k.symbol('vmap_area_root');
    this.free_vmap_area_list = k.symbol('free_vmap_area_list');
    this.free_vmap_area_root = k.symbol('free_vmap_area_root');
    this.purge_vmap_area_list = k.symbol('purge_vmap_area_list');
    this.purge_vmap_area_root = k.symbol('purge_vmap_area_root');
    this.vmap_area_cachep = k.symbol('vmap_area_cachep');
    this.vmap_lazy_nr = k.symbol('vmap_lazy_nr');
    this.nr_vmalloc_pages = k.symbol('nr_vmalloc_pages');

    // On i386 it begins a fixed distance above the end of lowmem.
    this.VMALLOC_START = k.wide
      ? asVirt(k.constant('VMALLOC_START'))
      : asVirt(k.read_va(k.symbol('high_memory')) + k.constant('VMALLOC_OFFSET'));
    this.VMALLOC_END = asVirt(k.constant('VMALLOC_END'));
    this.huge_vmalloc = k.constant('CONFIG_HAVE_ARCH_HUGE_VMALLOC') === 1;
    this.huge_vmap = k.constant('CONFIG_HAVE_ARCH_HUGE_VMAP') === 1;
  }
}
