/**
 * Pools of elements that are got in advance: when memory is short, mempool_alloc() has these, and a caller that may wait gets one as
 * soon as somebody gives one back.
 *
 *     mempool_t   elements[0 .. curr_nr)     what the pool holds now          min_nr     how many it wants to hold
 *                 alloc(gfp, pool_data), free(element, pool_data)
 *
 * An element is a VirtAddr, or the address of its struct page (mempool_alloc_pages). Left out: the lock, poisoning, kasan, nodes.
 *
 * Source: Linux 6.1 mm/mempool.c.
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  NULL,
  type Page,
  type Pointer,
} from '../../machine/ctypes.js';
import { KernelFault } from '../../machine/events.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import { INIT_LIST_HEAD } from '../include/linux/list.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../include/linux/slab.h.js';
import { functionNamed } from '../kernel/rcu/tiny.js';
import { __free_pages, alloc_pages } from './page_alloc/api.js';
import { kfree, kmalloc, kzalloc } from './slab_common/kmalloc.js';

export type MempoolT = Pointer<'mempool_t'>;

// --- what elements are -----------------------------------------------------------------------------------------------------

const cacheOf = (k: Kernel, pool_data: VirtAddr): KmemCache => k.cell_of(pool_data);

/** Objects of a cache. */
function mempool_alloc_slab(k: Kernel, gfp_mask: Gfp, pool_data: VirtAddr): VirtAddr {
  return kmem_cache_alloc(k, cacheOf(k, pool_data), gfp_mask);
}

function mempool_free_slab(k: Kernel, element: VirtAddr, pool_data: VirtAddr): void {
  kmem_cache_free(k, cacheOf(k, pool_data), element);
}

/** Objects of a size. */
function mempool_kmalloc(k: Kernel, gfp_mask: Gfp, pool_data: VirtAddr): VirtAddr {
  return kmalloc(k, pool_data, gfp_mask);
}

function mempool_kfree(k: Kernel, element: VirtAddr): void {
  kfree(k, element);
}

/** Blocks of an order. */
function mempool_alloc_pages(k: Kernel, gfp_mask: Gfp, pool_data: VirtAddr): VirtAddr {
  const page: Page = alloc_pages(k, gfp_mask, pool_data);
  return page === NULL ? asVirt(0) : k.va_of(page);
}

function mempool_free_pages(k: Kernel, element: VirtAddr, pool_data: VirtAddr): void {
  __free_pages(k, k.cell_of(element), pool_data);
}

/** A jump to where no code is. */
const noFunction = (k: Kernel, func: VirtAddr): never => {
  throw new KernelFault(`unable to handle page fault for address: ${k.hex(func)}`);
};

/** A function that is not the kernel's. */
const callOut = (k: Kernel, func: VirtAddr, a: number, b: number): number =>
  k.callOut?.(func, [a, b]) ?? noFunction(k, func);

/** pool->alloc(gfp_mask, pool->pool_data) */
function callAlloc(k: Kernel, pool: MempoolT, gfp_mask: Gfp): VirtAddr {
  const func: VirtAddr = k.read_va(pool + k.mempool_s.alloc);
  const pool_data: VirtAddr = k.read_va(pool + k.mempool_s.pool_data);
  if (func === functionNamed(k, 'mempool_alloc_slab'))
    return mempool_alloc_slab(k, gfp_mask, pool_data);
  if (func === functionNamed(k, 'mempool_kmalloc')) return mempool_kmalloc(k, gfp_mask, pool_data);
  if (func === functionNamed(k, 'mempool_alloc_pages'))
    return mempool_alloc_pages(k, gfp_mask, pool_data);
  return asVirt(callOut(k, func, gfp_mask, pool_data));
}

/** pool->free(element, pool->pool_data) */
function callFree(k: Kernel, pool: MempoolT, element: VirtAddr): void {
  const func: VirtAddr = k.read_va(pool + k.mempool_s.free);
  const pool_data: VirtAddr = k.read_va(pool + k.mempool_s.pool_data);
  if (func === functionNamed(k, 'mempool_free_slab')) mempool_free_slab(k, element, pool_data);
  else if (func === functionNamed(k, 'mempool_kfree')) mempool_kfree(k, element);
  else if (func === functionNamed(k, 'mempool_free_pages'))
    mempool_free_pages(k, element, pool_data);
  else callOut(k, func, element, pool_data);
}

// --- the pool's own elements -----------------------------------------------------------------------------------------------

/** &pool->elements[i] */
const elementAt = (k: Kernel, pool: MempoolT, i: Int): Cell =>
  k.cell_of(asVirt(k.read_va(pool + k.mempool_s.elements) + i * k.ptr_words * 4));

function add_element(k: Kernel, pool: MempoolT, element: VirtAddr): void {
  const curr_nr: Int = k.read_int(pool + k.mempool_s.curr_nr);
  if (curr_nr >= k.read_int(pool + k.mempool_s.min_nr))
    throw new KernelFault('kernel BUG at mm/mempool.c: add_element()');
  k.write_va(elementAt(k, pool, curr_nr), element);
  k.write(pool + k.mempool_s.curr_nr, curr_nr + 1);
}

function remove_element(k: Kernel, pool: MempoolT): VirtAddr {
  const curr_nr: Int = k.read_int(pool + k.mempool_s.curr_nr) - 1;
  k.write(pool + k.mempool_s.curr_nr, curr_nr);
  if (curr_nr < 0) throw new KernelFault('kernel BUG at mm/mempool.c: remove_element()');
  return k.read_va(elementAt(k, pool, curr_nr));
}

// --- making, ending ----------------------------------------------------------------------------------------------------------

export function mempool_exit(k: Kernel, pool: MempoolT): void {
  while (k.read_int(pool + k.mempool_s.curr_nr) !== 0) callFree(k, pool, remove_element(k, pool));
  kfree(k, k.read_va(pool + k.mempool_s.elements));
  k.write_va(pool + k.mempool_s.elements, asVirt(0));
}

export function mempool_destroy(k: Kernel, pool: MempoolT): void {
  if (pool === NULL) return;
  mempool_exit(k, pool);
  kfree(k, k.va_of(pool));
}

/** 0 or an errno. */
export function mempool_init_node(
  k: Kernel,
  pool: MempoolT,
  min_nr: Int,
  alloc_fn: VirtAddr,
  free_fn: VirtAddr,
  pool_data: VirtAddr,
  gfp_mask: Gfp,
): Int {
  if (k.smp) k.write(pool + k.mempool_s.lock, 0);
  k.write(pool + k.mempool_s.min_nr, min_nr);
  k.write_va(pool + k.mempool_s.pool_data, pool_data);
  k.write_va(pool + k.mempool_s.alloc, alloc_fn);
  k.write_va(pool + k.mempool_s.free, free_fn);
  INIT_LIST_HEAD(k, asCell(pool + k.mempool_s.wait_head));

  const elements: VirtAddr = kmalloc(k, min_nr * k.ptr_words * 4, gfp_mask);
  k.write_va(pool + k.mempool_s.elements, elements);
  if (elements === 0) return -ENOMEM;
  // What the pool guarantees is got now, while there is memory.
  while (k.read_int(pool + k.mempool_s.curr_nr) < k.read_int(pool + k.mempool_s.min_nr)) {
    const element: VirtAddr = callAlloc(k, pool, gfp_mask);
    if (element === 0) {
      mempool_exit(k, pool);
      return -ENOMEM;
    }
    add_element(k, pool, element);
  }
  return 0;
}

export function mempool_create_node(
  k: Kernel,
  min_nr: Int,
  alloc_fn: VirtAddr,
  free_fn: VirtAddr,
  pool_data: VirtAddr,
  gfp_mask: Gfp,
): MempoolT {
  const object: VirtAddr = kzalloc(k, k.sizeof.mempool_s, gfp_mask);
  if (object === 0) return NULL;
  const pool: MempoolT = k.cell_of(object);
  if (mempool_init_node(k, pool, min_nr, alloc_fn, free_fn, pool_data, gfp_mask) !== 0) {
    kfree(k, object);
    return NULL;
  }
  return pool;
}

/** 0 or an errno: so many elements are guaranteed from now on; more of them come with later frees, if they cannot be had now. */
export function mempool_resize(k: Kernel, pool: MempoolT, new_min_nr: Int): Int {
  if (new_min_nr <= 0) throw new KernelFault('kernel BUG at mm/mempool.c: mempool_resize()');
  if (new_min_nr <= k.read_int(pool + k.mempool_s.min_nr)) {
    while (new_min_nr < k.read_int(pool + k.mempool_s.curr_nr))
      callFree(k, pool, remove_element(k, pool));
    k.write(pool + k.mempool_s.min_nr, new_min_nr);
    return 0;
  }
  const new_elements: VirtAddr = kmalloc(k, new_min_nr * k.ptr_words * 4, k.GFP_KERNEL);
  if (new_elements === 0) return -ENOMEM;
  for (let i: Int = 0; i < k.read_int(pool + k.mempool_s.curr_nr); i++)
    k.write_va(
      k.cell_of(asVirt(new_elements + i * k.ptr_words * 4)),
      k.read_va(elementAt(k, pool, i)),
    );
  kfree(k, k.read_va(pool + k.mempool_s.elements));
  k.write_va(pool + k.mempool_s.elements, new_elements);
  k.write(pool + k.mempool_s.min_nr, new_min_nr);
  while (k.read_int(pool + k.mempool_s.curr_nr) < new_min_nr) {
    const element: VirtAddr = callAlloc(k, pool, k.GFP_KERNEL);
    if (element === 0) break;
    add_element(k, pool, element);
  }
  return 0;
}

// --- using -------------------------------------------------------------------------------------------------------------------

/**
 * An element: a new one, or else one of the pool's. 0: neither, and a caller that may wait has to, until one comes back.
 * Differs: Linux sleeps here, and tries again after five seconds at the latest.
 */
export function mempool_alloc(k: Kernel, pool: MempoolT, gfp_mask: Gfp): VirtAddr {
  // The pool is the reserve: the machine's own are for others, and a failure is not worth a report.
  gfp_mask |= k.__GFP_NOMEMALLOC | k.__GFP_NORETRY | k.__GFP_NOWARN;
  let gfp_temp: Gfp = gfp_mask & ~(k.__GFP_DIRECT_RECLAIM | k.__GFP_IO);
  for (;;) {
    const element: VirtAddr = callAlloc(k, pool, gfp_temp);
    if (element !== 0) return element;
    if (k.read_int(pool + k.mempool_s.curr_nr) !== 0) return remove_element(k, pool);
    // Now with all that the caller allows.
    if (gfp_temp === gfp_mask) return asVirt(0);
    gfp_temp = gfp_mask;
  }
}

/** Back to the pool, if it wants one, else to where it came from. */
export function mempool_free(k: Kernel, element: VirtAddr, pool: MempoolT): void {
  if (element === 0) return;
  if (k.read_int(pool + k.mempool_s.curr_nr) < k.read_int(pool + k.mempool_s.min_nr)) {
    add_element(k, pool, element);
    return;
  }
  callFree(k, pool, element);
}
