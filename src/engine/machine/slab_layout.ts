/**
 * Where the fields of struct kmem_cache and struct slab lie, in words, and the globals of both slab allocators. Made when the
 * first object is asked for. What one allocator has and the other has not is -1 in the other's builds.
 */
import type { Cell } from '../memory/address.js';
import type { Mm } from './mm.js';

export class SlabLayout {
  // --- struct slab, over struct page
  readonly slab_list: number;
  readonly slab_cache: number;
  readonly freelist: number;

  // --- struct kmem_cache
  readonly size: number;
  readonly object_size: number;
  readonly flags: number;
  readonly allocflags: number;
  readonly align: number;
  readonly ctor: number;
  readonly name: number;
  readonly list: number;
  readonly refcount: number;
  readonly useroffset: number;
  readonly usersize: number;
  readonly node: number;
  readonly kmem_cache_bytes: number;
  readonly kmem_cache_node_bytes: number;

  // --- mm/slab.c only
  readonly s_mem: number;
  readonly active: number;
  readonly cpu_cache: number;
  readonly batchcount: number;
  readonly limit: number;
  readonly shared: number;
  readonly reciprocal_buffer_size: number;
  readonly num: number;
  readonly gfporder: number;
  readonly colour: number;
  readonly colour_off: number;
  readonly freelist_size: number;
  readonly slabs_partial: number;
  readonly slabs_full: number;
  readonly slabs_free: number;
  readonly total_slabs: number;
  readonly free_slabs: number;
  readonly free_objects: number;
  readonly free_limit: number;
  readonly colour_next: number;
  readonly node_shared: number;
  readonly node_alien: number;
  readonly next_reap: number;
  readonly free_touched: number;
  readonly ac_avail: number;
  readonly ac_limit: number;
  readonly ac_batchcount: number;
  readonly ac_touched: number;
  readonly ac_entry: number;

  /** CONFIG_SLUB; else CONFIG_SLAB. */
  readonly is_slub: boolean;

  // --- globals
  readonly slab_caches: Cell;
  readonly kmalloc_caches: Cell;
  /** The pointer to the cache of struct kmem_cache. */
  readonly kmem_cache: Cell;
  /** Entries of kmalloc_caches[type]. */
  readonly kmalloc_row: number;

  constructor(k: Mm) {
    this.is_slub = k.constant('CONFIG_SLAB') === 0;
    const cache = (member: string): number => k.offset('kmem_cache', member);
    this.slab_list = k.offset('slab', 'slab_list');
    this.slab_cache = k.offset('slab', 'slab_cache');
    this.freelist = k.offset('slab', 'freelist');

    this.size = cache('size');
    this.object_size = cache('object_size');
    this.flags = cache('flags');
    this.allocflags = cache('allocflags');
    this.align = cache('align');
    this.ctor = cache('ctor');
    this.name = cache('name');
    this.list = cache('list');
    this.refcount = cache('refcount');
    this.useroffset = cache('useroffset');
    this.usersize = cache('usersize');
    this.node = cache('node');
    this.kmem_cache_bytes = k.sizeBytes('kmem_cache');
    this.kmem_cache_node_bytes = k.sizeBytes('kmem_cache_node');

    this.s_mem = k.optionalOffset('slab', 's_mem');
    this.active = k.optionalOffset('slab', 'active');
    const own = (member: string): number => k.optionalOffset('kmem_cache', member);
    this.cpu_cache = own('cpu_cache');
    this.batchcount = own('batchcount');
    this.limit = own('limit');
    this.shared = own('shared');
    this.reciprocal_buffer_size = own('reciprocal_buffer_size');
    this.num = own('num');
    this.gfporder = own('gfporder');
    this.colour = own('colour');
    this.colour_off = own('colour_off');
    this.freelist_size = own('freelist_size');
    const node = (member: string): number => k.optionalOffset('kmem_cache_node', member);
    this.slabs_partial = node('slabs_partial');
    this.slabs_full = node('slabs_full');
    this.slabs_free = node('slabs_free');
    this.total_slabs = node('total_slabs');
    this.free_slabs = node('free_slabs');
    this.free_objects = node('free_objects');
    this.free_limit = node('free_limit');
    this.colour_next = node('colour_next');
    this.node_shared = node('shared');
    this.node_alien = node('alien');
    this.next_reap = node('next_reap');
    this.free_touched = node('free_touched');
    const array = (member: string): number => k.optionalOffset('array_cache', member);
    this.ac_avail = array('avail');
    this.ac_limit = array('limit');
    this.ac_batchcount = array('batchcount');
    this.ac_touched = array('touched');
    this.ac_entry = array('entry');

    this.slab_caches = k.symbol('slab_caches');
    this.kmalloc_caches = k.symbol('kmalloc_caches');
    this.kmem_cache = k.symbol('kmem_cache');
    this.kmalloc_row = k.constant('KMALLOC_SHIFT_HIGH') + 1;
  }
}
