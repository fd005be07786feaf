/** Small pieces of larger memory: fragments of pages, blocks for devices, and pools of addresses that somebody else owns. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { deviceAt } from './dma.js';
import { needsAreas, needsCaches } from './needs.js';
import { sizeOf, truth, va } from './pointers.js';
import { newObject } from './slab.js';

const changes = true;

// --- fragments -------------------------------------------------------------------------------------------------------------

const frags: readonly BuiltinRow[] = [
  {
    signature:
      'void *page_frag_alloc_align(struct page_frag_cache *nc, unsigned int fragsz, gfp_t gfp_mask, unsigned int align_mask)',
    doc: 'The next bytes of a block of 32 KiB, from its end on, aligned by a mask (-align); NULL without memory. The cache begins as zeros.',
    changes,
    sleeps: 2,
    run: (call, nc, fragsz, gfp, mask) =>
      call.kernel.page_frag_alloc_align(
        ...([call.k, call.cell(nc), Number(fragsz), Number(gfp), Number(mask)] as const),
      ),
  },
  {
    signature: 'void page_frag_free(void *addr)',
    doc: 'Gives a fragment back: the last one of a block that the cache has left frees it.',
    changes,
    run: (call, addr) => {
      call.kernel.page_frag_free(call.k, va(addr));
    },
  },
  {
    signature: 'void __page_frag_cache_drain(struct page *page, unsigned int count)',
    doc: 'Gives references that a cache has taken in advance back: page is that of nc->va, count nc->pagecnt_bias.',
    changes,
    run: (call, page, count) => {
      call.kernel.__page_frag_cache_drain(call.k, call.page(page), Number(count));
    },
  },
];

// --- blocks for devices ----------------------------------------------------------------------------------------------------

function dmaPoolAlloc(call: BuiltinCall, [pool = 0, gfp = 0, handle = 0]: readonly Value[]): Value {
  const { k, kernel, memory } = call;
  const bytes = k.pte_words === 1 ? 4 : 8;
  memory.load(handle, bytes);
  const found = { value: 0 };
  const block = kernel.dma_pool_alloc(k, call.cell(pool), Number(gfp), found);
  if (block !== 0) memory.store(handle, bytes, found.value);
  return block;
}

const dmaPools: readonly BuiltinRow[] = [
  {
    signature:
      'struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size, size_t align, size_t boundary)',
    doc: 'A pool of blocks of coherent memory, none of which lies across a boundary (0: that of a page); NULL for sizes that make no sense.',
    changes,
    needs: needsCaches,
    sleeps: 'always',
    run: (call, name, dev, size, align, boundary) => {
      const { k, kernel } = call;
      const bytes = (value: Value): number => sizeOf(call, value);
      const pool = kernel.dma_pool_create(
        ...([
          k,
          call.string(name),
          deviceAt(call, dev),
          bytes(size),
          bytes(align),
          bytes(boundary),
        ] as const),
      );
      return newObject(call, k.va_of(pool), k.sizeof.dma_pool);
    },
  },
  {
    signature: 'void dma_pool_destroy(struct dma_pool *pool)',
    doc: 'Ends a pool, of which no block may be in use.',
    changes,
    needs: needsCaches,
    sleeps: 'always',
    run: (call, pool) => {
      if (pool === 0) return;
      call.ledger.freed('object', pool);
      call.kernel.dma_pool_destroy(call.k, call.cell(pool));
    },
  },
  {
    signature: 'void *dma_pool_alloc(struct dma_pool *pool, gfp_t mem_flags, dma_addr_t *handle)',
    doc: 'A block, whose bus address is stored; NULL without memory.',
    changes,
    needs: needsCaches,
    sleeps: 1,
    run: (call, ...args) => dmaPoolAlloc(call, args),
  },
  {
    signature: 'void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t addr)',
    doc: 'Gives a block back to its pool.',
    changes,
    needs: needsCaches,
    run: (call, pool, vaddr, addr) => {
      call.kernel.dma_pool_free(call.k, call.cell(pool), va(vaddr), Number(addr));
    },
  },
];

// --- addresses that somebody else owns -------------------------------------------------------------------------------------

/** A phys_addr_t that is -1 says that nobody knows it. */
const physOf = ({ k }: BuiltinCall, phys: Value): number => {
  const bits = k.pte_words * 32;
  return BigInt.asUintN(bits, BigInt(phys)) === (1n << BigInt(bits)) - 1n ? -1 : Number(phys);
};

const genPools: readonly BuiltinRow[] = [
  {
    signature: 'struct gen_pool *gen_pool_create(int min_alloc_order, int nid)',
    doc: 'A pool that gives out addresses in units of 2^min_alloc_order bytes; it has none yet.',
    changes,
    needs: needsCaches,
    sleeps: 'always',
    run: (call, order) => {
      const { k, kernel } = call;
      return newObject(call, k.va_of(kernel.gen_pool_create(k, Number(order))), k.sizeof.gen_pool);
    },
  },
  {
    signature:
      'int gen_pool_add_owner(struct gen_pool *pool, unsigned long virt, phys_addr_t phys, size_t size, int nid, void *owner)',
    doc: 'Addresses for a pool to give out; 0 or -ENOMEM. gen_pool_add() and gen_pool_add_virt() are made of it.',
    changes,
    needs: needsAreas,
    sleeps: 'always',
    run: (call, pool, virt, phys, size, _nid, owner) =>
      call.kernel.gen_pool_add_owner(
        ...([
          call.k,
          call.cell(pool),
          va(virt),
          physOf(call, phys),
          sizeOf(call, size),
          va(owner),
          call.caller,
        ] as const),
      ),
  },
  {
    signature: 'unsigned long gen_pool_alloc(struct gen_pool *pool, size_t size)',
    doc: 'Where so many bytes are free; 0: nowhere.',
    changes,
    run: (call, pool, size) =>
      call.kernel.gen_pool_alloc_algo_owner(call.k, call.cell(pool), sizeOf(call, size)),
  },
  {
    signature: 'void gen_pool_free(struct gen_pool *pool, unsigned long addr, size_t size)',
    doc: 'Gives addresses back. A size that was not allocated there is a BUG.',
    changes,
    run: (call, pool, addr, size) => {
      call.kernel.gen_pool_free_owner(call.k, call.cell(pool), va(addr), sizeOf(call, size));
    },
  },
  {
    signature: 'void gen_pool_destroy(struct gen_pool *pool)',
    doc: 'Ends a pool, of which nothing may be in use.',
    changes,
    needs: needsAreas,
    run: (call, pool) => {
      call.kernel.gen_pool_destroy(call.k, call.cell(pool));
      call.ledger.freed('object', pool);
    },
  },
  {
    signature: 'size_t gen_pool_avail(struct gen_pool *pool)',
    doc: 'Bytes of a pool that are free.',
    run: (call, pool) => call.unsignedLong(call.kernel.gen_pool_avail(call.k, call.cell(pool))),
  },
  {
    signature: 'size_t gen_pool_size(struct gen_pool *pool)',
    doc: 'Bytes of a pool, free or not.',
    run: (call, pool) => call.unsignedLong(call.kernel.gen_pool_size(call.k, call.cell(pool))),
  },
  {
    signature: 'bool gen_pool_has_addr(struct gen_pool *pool, unsigned long start, size_t size)',
    doc: "Whether all of a range is one chunk's of a pool.",
    run: (call, pool, start, size) =>
      truth(call.kernel.gen_pool_has_addr(call.k, call.cell(pool), va(start), sizeOf(call, size))),
  },
  {
    signature: 'phys_addr_t gen_pool_virt_to_phys(struct gen_pool *pool, unsigned long addr)',
    doc: 'The physical address of an address of a pool; -1: it is not one.',
    run: (call, pool, addr) => call.kernel.gen_pool_virt_to_phys(call.k, call.cell(pool), va(addr)),
  },
  {
    signature: 'void gen_pool_set_algo(struct gen_pool *pool, void *algo, void *data)',
    doc: 'Who finds the place of what is asked for: gen_pool_best_fit and its like, or a function of the scenario (genpool_algo_t); NULL: the first place that is large enough.',
    changes,
    run: (call, pool, algo, data) => {
      call.kernel.gen_pool_set_algo(call.k, call.cell(pool), va(algo), va(data));
    },
  },
];

export const pools: readonly Builtin[] = [
  ...group('page allocator', 'mm/page_alloc.c', frags),
  ...group('DMA', 'mm/dmapool.c', dmaPools),
  ...group('memory', 'lib/genalloc.c', genPools),
];
