/**
 * Parameters and locals of kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: `npm run locals`.
 */
import type { PartialContext } from '../../kernel/mm/slub/partial.js';
import type {
  ArrayCache,
  Gfp,
  Int,
  KmemCache,
  KmemCacheCpu,
  KmemCacheNode,
  ListHead,
  Order,
  Page,
  Slab,
  UInt,
  ULong,
} from '../../machine/ctypes.js';
import type { Cell, VirtAddr } from '../../memory/address.js';

export interface SlabsLocals {
  readonly ___slab_alloc: {
    readonly s: KmemCache;
    readonly gfpflags: Gfp;
    readonly addr: VirtAddr;
    readonly c: KmemCacheCpu;
    readonly orig_size: UInt;
    readonly freelist?: VirtAddr;
    readonly tid?: ULong;
    readonly slab?: Slab;
    readonly pc?: PartialContext;
    readonly objects?: Int;
  };
  readonly __cache_free: {
    readonly cachep: KmemCache;
    readonly objp: VirtAddr;
  };
  readonly __kmalloc_large_node: {
    readonly size: Int;
    readonly flags: Gfp;
    readonly order?: Order;
    readonly page?: Page;
  };
  readonly allocate_slab: {
    readonly s: KmemCache;
    readonly flags: Gfp;
    readonly oo?: Int;
    readonly min?: Int;
    readonly alloc_gfp?: Gfp;
    readonly slab?: Slab;
    readonly counters?: ULong;
    readonly start?: VirtAddr;
    readonly p?: VirtAddr;
    readonly idx?: Int;
    readonly next?: VirtAddr;
  };
  readonly cache_alloc_refill: {
    readonly cachep: KmemCache;
    readonly flags: Gfp;
    readonly ac?: ArrayCache;
    readonly batchcount?: Int;
    readonly n?: KmemCacheNode;
    readonly slab?: Slab;
  };
  readonly cache_grow_begin: {
    readonly cachep: KmemCache;
    readonly flags: Gfp;
    readonly local_flags?: Gfp;
    readonly slab?: Slab;
    readonly n?: KmemCacheNode;
    readonly colour?: Int;
    readonly offset?: Int;
    readonly mgmt_flags?: Gfp;
    readonly freelist?: VirtAddr;
  };
  readonly do_slab_free: {
    readonly s: KmemCache;
    readonly slab: Slab;
    readonly head: VirtAddr;
    readonly tail: VirtAddr;
    readonly cnt: Int;
    readonly addr: VirtAddr;
    readonly c?: KmemCacheCpu;
    readonly freelist?: Cell;
  };
  readonly fixup_slab_list: {
    readonly cachep: KmemCache;
    readonly n: KmemCacheNode;
    readonly slab: Slab;
  };
  readonly free_slab: {
    readonly s: KmemCache;
    readonly slab: Slab;
  };
  readonly get_partial_node: {
    readonly s: KmemCache;
    readonly n: KmemCacheNode;
    readonly pc: PartialContext;
    readonly object?: VirtAddr;
    readonly partial_slabs?: Int;
    readonly partial?: ListHead;
    readonly slab?: Slab;
    readonly slab2?: Slab;
    readonly t?: VirtAddr;
  };
  readonly kmem_cache_alloc_bulk: {
    readonly s: KmemCache;
    readonly flags: Gfp;
    readonly size: Int;
    readonly p: VirtAddr[];
    readonly i?: Int;
    readonly objp?: VirtAddr;
    readonly c?: KmemCacheCpu;
    readonly tid?: ULong;
    readonly object?: VirtAddr;
    readonly object_size?: UInt;
  };
  readonly kmem_getpages: {
    readonly cachep: KmemCache;
    readonly flags: Gfp;
    readonly folio?: Page;
    readonly slab?: Slab;
  };
  readonly slab_alloc_node: {
    readonly cachep?: KmemCache;
    readonly flags?: Gfp;
    readonly objp?: VirtAddr;
    readonly s?: KmemCache;
    readonly gfpflags?: Gfp;
    readonly addr?: VirtAddr;
    readonly orig_size?: UInt;
    readonly c?: KmemCacheCpu;
    readonly freelist?: Cell;
    readonly object?: VirtAddr;
    readonly next_object?: Cell;
  };
  readonly slab_destroy: {
    readonly cachep: KmemCache;
    readonly slab: Slab;
    readonly freelist?: VirtAddr;
  };
  readonly slab_out_of_memory: {
    readonly s: KmemCache;
    readonly gfpflags: Gfp;
    readonly gfp?: string;
    readonly name?: string;
    readonly object_size?: Int;
    readonly size?: Int;
    readonly order?: Int;
    readonly min_order?: Int;
    readonly n?: KmemCacheNode;
    readonly nr_free?: ULong;
    readonly nr_slabs?: ULong;
    readonly nr_objs?: ULong;
  };
}
