/**
 * Pools of memory that somebody else owns, the SRAM of a chip for instance: chunks of addresses, each with a bitmap of what is taken
 * of it, in units of a power of two. The memory itself is never looked at.
 *
 *     gen_pool ─> gen_pool_chunk ─> ...     start_addr .. end_addr, avail: bytes that are free, bits[]: one a unit
 *
 * Left out: nodes, pools of devices, RCU around the list.
 * Source: Linux 6.1 lib/genalloc.c; include/linux/genalloc.h.
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule, ult } from '../../../machine/ulong.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { kfree, kmalloc } from '../../mm/slab_common/kmalloc.js';
import { vfree } from '../../mm/vmalloc/vfree.js';
import { vzalloc } from '../../mm/vmalloc/vmalloc.js';
import { bitmap_clear, bitmap_set } from '../bitmap.js';
import { find_next_bit, find_next_zero_bit } from '../find_bit.js';
import { callAlgo, type GenPool } from './algorithms.js';

export type { GenPool };
/** A chunk lies in vmalloc space, so it goes by its address. */
export type GenPoolChunk = VirtAddr;

const bugOn = (condition: boolean): void => {
  if (condition) throw new KernelFault('kernel BUG at lib/genalloc.c!');
};

/** &chunk->member */
const memberAt = (k: Kernel, chunk: GenPoolChunk, words: number): Cell =>
  k.cell_at(asVirt(chunk + words * 4));

/** chunk->bits */
const bitsOf = (k: Kernel, chunk: GenPoolChunk): VirtAddr =>
  asVirt(chunk + k.gen_pool_chunk.bits * 4);

const startOf = (k: Kernel, chunk: GenPoolChunk): VirtAddr =>
  k.read_va(memberAt(k, chunk, k.gen_pool_chunk.start_addr));
const endOf = (k: Kernel, chunk: GenPoolChunk): VirtAddr =>
  k.read_va(memberAt(k, chunk, k.gen_pool_chunk.end_addr));

const orderOf = (k: Kernel, pool: GenPool): Int =>
  k.read_int(k.plus(pool, k.gen_pool.min_alloc_order));

/** The address of pool->chunks, and those of its neighbours: next_chunk is what a chunk begins with. */
const headOf = (k: Kernel, pool: GenPool): VirtAddr => k.va_of(k.plus(pool, k.gen_pool.chunks));
const nextOf = (k: Kernel, entry: VirtAddr): VirtAddr => k.read_va(k.cell_at(entry));
const prevAt = (k: Kernel, entry: VirtAddr): Cell =>
  k.cell_at(asVirt(entry + k.list_head.prev * 4));

/** list_add_rcu() */
const addChunk = (k: Kernel, chunk: GenPoolChunk, head: VirtAddr): void => {
  const next: VirtAddr = nextOf(k, head);
  k.write_va(k.cell_at(chunk), next);
  k.write_va(prevAt(k, chunk), head);
  k.write_va(k.cell_at(head), chunk);
  k.write_va(prevAt(k, next), chunk);
};

/** The chunk that has an address; 0: none. */
const chunkHolding = (k: Kernel, pool: GenPool, addr: VirtAddr): GenPoolChunk => {
  const head: VirtAddr = headOf(k, pool);
  let rounds = 0;
  for (let chunk: GenPoolChunk = nextOf(k, head); chunk !== head; chunk = nextOf(k, chunk)) {
    k.watchdog(++rounds);
    if (ule(startOf(k, chunk), addr) && ule(addr, endOf(k, chunk))) return chunk;
  }
  return asVirt(0);
};

function chunk_size(k: Kernel, chunk: GenPoolChunk): ULong {
  return endOf(k, chunk) - startOf(k, chunk) + 1;
}

// --- bits ----------------------------------------------------------------------------------------------------------------

/** How many of the bits could not be set: somebody else has taken the first of these meanwhile. */
function bitmap_set_ll(k: Kernel, map: VirtAddr, start: ULong, nr: ULong): ULong {
  const taken: ULong = find_next_bit(k, map, start + nr, start);
  bitmap_set(k, map, start, taken - start);
  return start + nr - taken;
}

function bitmap_clear_ll(k: Kernel, map: VirtAddr, start: ULong, nr: ULong): ULong {
  const free: ULong = find_next_zero_bit(k, map, start + nr, start);
  bitmap_clear(k, map, start, free - start);
  return start + nr - free;
}

// --- pools ---------------------------------------------------------------------------------------------------------------

/** A pool without memory; NULL: there is no memory for it. @param min_alloc_order the logarithm of a unit in bytes */
export function gen_pool_create(k: Kernel, min_alloc_order: Int): GenPool {
  const object: VirtAddr = kmalloc(k, k.sizeof.gen_pool, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const pool: GenPool = k.cell_at(object);
  if (k.smp) k.write(pool, 0);
  INIT_LIST_HEAD(k, k.plus(pool, k.gen_pool.chunks));
  k.write(k.plus(pool, k.gen_pool.min_alloc_order), min_alloc_order);
  k.write_va(k.plus(pool, k.gen_pool.algo), asVirt(0));
  k.write_va(k.plus(pool, k.gen_pool.data), asVirt(0));
  k.write_va(k.plus(pool, k.gen_pool.name), asVirt(0));
  return pool;
}

/** Memory for a pool to give out. 0, or -ENOMEM. @param phys -1: nobody says */
export function gen_pool_add_owner(
  k: Kernel,
  pool: GenPool,
  virt: VirtAddr,
  phys: number,
  size: ULong,
  owner: VirtAddr,
  caller: VirtAddr,
): Int {
  const nbits: ULong = Math.floor(size / 2 ** orderOf(k, pool));
  const longs: ULong = Math.ceil(nbits / (k.ptr_words * 32));
  const nbytes: ULong = k.sizeof.gen_pool_chunk + longs * k.ptr_words * 4;
  const chunk: GenPoolChunk = vzalloc(k, nbytes, caller);
  if (chunk === 0) return -ENOMEM;
  const at = memberAt(k, chunk, k.gen_pool_chunk.phys_addr);
  k.write(at, phys | 0);
  if (k.pte_words === 2) k.write(k.plus(at, 1), Math.floor(phys / 2 ** 32));
  k.write_va(memberAt(k, chunk, k.gen_pool_chunk.start_addr), virt);
  k.write_va(memberAt(k, chunk, k.gen_pool_chunk.end_addr), asVirt(virt + size - 1));
  k.write_va(memberAt(k, chunk, k.gen_pool_chunk.owner), owner);
  k.write_long(memberAt(k, chunk, k.gen_pool_chunk.avail), size);
  addChunk(k, chunk, headOf(k, pool));
  return 0;
}

/** -1: no chunk of the pool has the address. */
export function gen_pool_virt_to_phys(k: Kernel, pool: GenPool, addr: VirtAddr): number {
  const chunk: GenPoolChunk = chunkHolding(k, pool, addr);
  if (chunk === 0) return -1;
  const at = memberAt(k, chunk, k.gen_pool_chunk.phys_addr);
  const high = k.pte_words === 2 ? k.read_int(k.plus(at, 1)) * 2 ** 32 : 0;
  return high + (k.read_int(at) >>> 0) + (addr - startOf(k, chunk));
}

/** Nothing may be in use. */
export function gen_pool_destroy(k: Kernel, pool: GenPool): void {
  const order: Int = orderOf(k, pool);
  const head: VirtAddr = headOf(k, pool);
  let rounds = 0;
  for (let chunk: GenPoolChunk = nextOf(k, head); chunk !== head; chunk = nextOf(k, head)) {
    k.watchdog(++rounds);
    // list_del(): the first of the list goes.
    const next: VirtAddr = nextOf(k, chunk);
    k.write_va(prevAt(k, next), head);
    k.write_va(k.cell_at(head), next);
    const end_bit: ULong = Math.floor(chunk_size(k, chunk) / 2 ** order);
    bugOn(find_next_bit(k, bitsOf(k, chunk), end_bit, 0) < end_bit);
    vfree(k, chunk);
  }
  kfree(k, k.va_of(pool));
}

/** Where `size` bytes, rounded up to units, are free; 0: nowhere. */
export function gen_pool_alloc_algo_owner(k: Kernel, pool: GenPool, size: ULong): VirtAddr {
  if (size === 0) return asVirt(0);
  const order: Int = orderOf(k, pool);
  const nbits: ULong = Math.ceil(size / 2 ** order);
  const head: VirtAddr = headOf(k, pool);
  let rounds = 0;
  for (let chunk: GenPoolChunk = nextOf(k, head); chunk !== head; chunk = nextOf(k, chunk)) {
    k.watchdog(++rounds);
    const avail: Cell = memberAt(k, chunk, k.gen_pool_chunk.avail);
    if (size > k.read_ulong(avail)) continue;
    const end_bit: ULong = Math.floor(chunk_size(k, chunk) / 2 ** order);
    const start_bit: ULong = callAlgo(
      k,
      pool,
      bitsOf(k, chunk),
      startOf(k, chunk),
      end_bit,
      0,
      nbits,
    );
    if (!ult(start_bit, end_bit)) continue;
    const remain: ULong = bitmap_set_ll(k, bitsOf(k, chunk), start_bit, nbits);
    if (remain !== 0) {
      // An algorithm that names what is taken, and would do so again and again: Linux does not end either.
      bugOn(bitmap_clear_ll(k, bitsOf(k, chunk), start_bit, nbits - remain) !== 0);
      k.watchdog(2 ** 30);
    }
    k.add_long(avail, -nbits * 2 ** order);
    return asVirt(startOf(k, chunk) + start_bit * 2 ** order);
  }
  return asVirt(0);
}

/** Frees what was given out, with the same size. */
export function gen_pool_free_owner(k: Kernel, pool: GenPool, addr: VirtAddr, size: ULong): void {
  const order: Int = orderOf(k, pool);
  const nbits: ULong = Math.ceil(size / 2 ** order);
  const chunk: GenPoolChunk = chunkHolding(k, pool, addr);
  bugOn(chunk === 0 || ult(endOf(k, chunk), addr + size - 1));
  const start_bit: ULong = Math.floor((addr - startOf(k, chunk)) / 2 ** order);
  bugOn(bitmap_clear_ll(k, bitsOf(k, chunk), start_bit, nbits) !== 0);
  k.add_long(memberAt(k, chunk, k.gen_pool_chunk.avail), nbits * 2 ** order);
}

/** Whether all of a range lies in one chunk. */
export function gen_pool_has_addr(k: Kernel, pool: GenPool, start: VirtAddr, size: ULong): boolean {
  const end = asVirt(start + size - 1);
  const chunk: GenPoolChunk = chunkHolding(k, pool, start);
  return chunk !== 0 && ule(end, endOf(k, chunk));
}

/** Bytes that are free. */
export function gen_pool_avail(k: Kernel, pool: GenPool): ULong {
  const head: VirtAddr = headOf(k, pool);
  let avail: ULong = 0;
  let rounds = 0;
  for (let chunk: GenPoolChunk = nextOf(k, head); chunk !== head; chunk = nextOf(k, chunk)) {
    k.watchdog(++rounds);
    avail += k.read_ulong(memberAt(k, chunk, k.gen_pool_chunk.avail));
  }
  return avail;
}

export function gen_pool_size(k: Kernel, pool: GenPool): ULong {
  const head: VirtAddr = headOf(k, pool);
  let size: ULong = 0;
  let rounds = 0;
  for (let chunk: GenPoolChunk = nextOf(k, head); chunk !== head; chunk = nextOf(k, chunk)) {
    k.watchdog(++rounds);
    size += chunk_size(k, chunk);
  }
  return size;
}

/** Who finds the place of what is asked for; NULL: the first that is large enough. */
export function gen_pool_set_algo(k: Kernel, pool: GenPool, algo: VirtAddr, data: VirtAddr): void {
  k.write_va(k.plus(pool, k.gen_pool.algo), algo);
  k.write_va(k.plus(pool, k.gen_pool.data), data);
}
