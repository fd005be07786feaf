/**
 * Where the fields of mm/slub.c's structures lie, in words, and its globals; besides what both slab allocators have
 * (slab_layout.ts). Made when the first SLUB cache is touched: builds with SLAB have other structures.
 */
import type { Cell } from '../memory/address.js';
import { findMember } from '../types/members.js';
import type { Mm } from './mm.js';

export class SlubLayout {
  // --- struct slab (next, slabs: CONFIG_SLUB_CPU_PARTIAL only)
  readonly next: number;
  readonly slabs: number;
  /** The word of inuse, objects and frozen; see slub_slab.ts. */
  readonly counters: number;
  readonly inuse_mask: number;
  readonly objects_shift: number;
  readonly objects_mask: number;
  readonly frozen_bit: number;

  // --- struct kmem_cache
  readonly cpu_slab: number;
  readonly min_partial: number;
  readonly reciprocal_size: number;
  readonly offset: number;
  /** CONFIG_SLUB_CPU_PARTIAL only, as cpu_partial_slabs and kmem_cache_cpu's partial: else -1. */
  readonly cpu_partial: number;
  readonly cpu_partial_slabs: number;
  readonly oo: number;
  readonly min: number;
  readonly inuse: number;
  readonly red_left_pad: number;
  readonly kobj: number;

  // --- struct kmem_cache_cpu
  readonly c_freelist: number;
  readonly c_tid: number;
  readonly c_slab: number;
  readonly c_partial: number;
  readonly kmem_cache_cpu_bytes: number;

  // --- struct kmem_cache_node
  readonly nr_partial: number;
  readonly partial: number;
  readonly nr_slabs: number;
  readonly total_objects: number;
  readonly full: number;

  /** Of struct slub_flush_work. */
  readonly work_entry: number;
  readonly work_func: number;

  readonly track_bytes: number;

  /** The pointer to the cache of struct kmem_cache_node. */
  readonly kmem_cache_node: Cell;
  readonly DEBUG_FLAGS: number;

  constructor(k: Mm) {
    this.next = k.optionalOffset('slab', 'next');
    this.slabs = k.optionalOffset('slab', 'slabs');
    this.counters = k.offset('slab', 'counters');
    const bits = (member: string): { readonly shift: number; readonly mask: number } => {
      const type = k.profile.types.struct('slab');
      const place = type && findMember(type, member);
      if (place === undefined) throw new Error(`profile ${k.profile.name} has no slab.${member}`);
      return { shift: place.offsetBits - this.counters * 32, mask: 2 ** place.widthBits - 1 };
    };
    this.inuse_mask = bits('inuse').mask;
    this.objects_shift = bits('objects').shift;
    this.objects_mask = bits('objects').mask;
    this.frozen_bit = 1 << bits('frozen').shift;

    const cache = (member: string): number => k.offset('kmem_cache', member);
    this.cpu_slab = cache('cpu_slab');
    this.min_partial = cache('min_partial');
    this.reciprocal_size = cache('reciprocal_size');
    this.offset = cache('offset');
    this.cpu_partial = k.optionalOffset('kmem_cache', 'cpu_partial');
    this.cpu_partial_slabs = k.optionalOffset('kmem_cache', 'cpu_partial_slabs');
    this.oo = cache('oo');
    this.min = cache('min');
    this.inuse = cache('inuse');
    this.red_left_pad = cache('red_left_pad');
    this.kobj = cache('kobj');

    this.c_freelist = k.offset('kmem_cache_cpu', 'freelist');
    this.c_tid = k.offset('kmem_cache_cpu', 'tid');
    this.c_slab = k.offset('kmem_cache_cpu', 'slab');
    this.c_partial = k.optionalOffset('kmem_cache_cpu', 'partial');
    this.kmem_cache_cpu_bytes = k.sizeBytes('kmem_cache_cpu');

    const node = (member: string): number => k.offset('kmem_cache_node', member);
    this.nr_partial = node('nr_partial');
    this.partial = node('partial');
    this.nr_slabs = node('nr_slabs');
    this.total_objects = node('total_objects');
    this.full = node('full');

    this.work_entry = k.offset('slub_flush_work', 'work.entry');
    this.work_func = k.offset('slub_flush_work', 'work.func');
    this.track_bytes = k.sizeBytes('track');
    this.kmem_cache_node = k.symbol('kmem_cache_node');
    this.DEBUG_FLAGS =
      k.constant('SLAB_RED_ZONE') |
      k.constant('SLAB_POISON') |
      k.constant('SLAB_STORE_USER') |
      k.constant('SLAB_CONSISTENCY_CHECKS');
  }
}
