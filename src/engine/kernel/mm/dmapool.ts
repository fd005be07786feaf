/**
 * Pools of small blocks of coherent memory, cut from pages of dma_alloc_coherent(): descriptors of a device. Each page chains its free
 * blocks by their offsets, in the blocks themselves.
 *
 *     dma_page   offset ─> block | block ─> ... ─> allocation (the end)      in_use: how many are given out
 *
 * Left out: locks, the file `pools` of the device in sysfs, DMAPOOL_DEBUG.
 * Source: Linux 6.1 mm/dmapool.c.
 */
import {
  type Gfp,
  type Int,
  NULL,
  type Out,
  type Pointer,
  type ULong,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { ALIGN } from '../include/linux/align.h.js';
import type { Device } from '../include/linux/dma-direct.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_del,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../include/linux/list.h.js';
import { is_power_of_2 } from '../include/linux/log2.h.js';
import { pr_err } from '../include/linux/printk.h.js';
import { dma_alloc_attrs, dma_free_attrs } from '../kernel/dma/direct.js';
import { memset, stringAt, writeByte } from '../lib/string.js';
import { kfree, kmalloc } from './slab_common/kmalloc.js';

export type DmaPool = Pointer<'struct dma_pool'>;
type DmaPage = Pointer<'struct dma_page'>;

const NAME_BYTES = 32;

/** A dma_addr_t. */
const readDma = (k: Kernel, at: Cell): number =>
  (k.read_int(at) >>> 0) + (k.pte_words === 2 ? k.read_int(k.plus(at, 1)) * 2 ** 32 : 0);

const writeDma = (k: Kernel, at: Cell, dma: number): void => {
  k.write(at, dma | 0);
  if (k.pte_words === 2) k.write(k.plus(at, 1), Math.floor(dma / 2 ** 32));
};

const nameOf = (k: Kernel, pool: DmaPool): string =>
  stringAt(k, asVirt(k.va_of(pool) + k.dma_pool.name));

/** NULL: what is asked for makes no sense, or there is no memory. @param name bytes, one character each */
export function dma_pool_create(
  k: Kernel,
  name: string,
  dev: Device,
  size: ULong,
  align: ULong,
  boundary: ULong,
): DmaPool {
  if (align === 0) align = 1;
  else if (!is_power_of_2(align)) return NULL;
  if (size === 0) return NULL;
  // A block holds the offset of the next one while it is free.
  size = ALIGN(Math.max(size, 4), align);
  const allocation: ULong = Math.max(size, PAGE_SIZE);
  if (boundary === 0) boundary = allocation;
  else if (boundary < size || !is_power_of_2(boundary)) return NULL;

  const object: VirtAddr = kmalloc(k, k.sizeof.dma_pool, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const retval: DmaPool = k.cell_at(object);
  const length = Math.min(name.length, NAME_BYTES - 1);
  for (let i = 0; i <= length; i++)
    writeByte(k, asVirt(object + k.dma_pool.name + i), i < length ? name.charCodeAt(i) : 0);
  k.write_ptr(k.plus(retval, k.dma_pool.dev), dev);
  INIT_LIST_HEAD(k, k.plus(retval, k.dma_pool.page_list));
  if (k.smp) k.write(k.plus(retval, k.dma_pool.lock), 0);
  k.write_long(k.plus(retval, k.dma_pool.size), size);
  k.write_long(k.plus(retval, k.dma_pool.boundary), boundary);
  k.write_long(k.plus(retval, k.dma_pool.allocation), allocation);
  const pools = k.plus(retval, k.dma_pool.pools);
  INIT_LIST_HEAD(k, pools);
  if (dev !== NULL) {
    const dma_pools = k.plus(dev, k.device.dma_pools);
    // A device that nobody initialized.
    if (k.read_va(dma_pools) === 0) INIT_LIST_HEAD(k, dma_pools);
    list_add(k, pools, dma_pools);
  }
  return retval;
}

/** Chains the blocks of a page. None lies across a boundary: what would begins behind it. */
function pool_initialise_page(k: Kernel, pool: DmaPool, page: DmaPage): void {
  const vaddr: VirtAddr = k.read_va(k.plus(page, k.dma_page.vaddr));
  const size: ULong = k.read_ulong(k.plus(pool, k.dma_pool.size));
  const boundary: ULong = k.read_ulong(k.plus(pool, k.dma_pool.boundary));
  const allocation: ULong = k.read_ulong(k.plus(pool, k.dma_pool.allocation));
  let offset: ULong = 0;
  let next_boundary: ULong = boundary;
  do {
    let next: ULong = offset + size;
    if (next + size >= next_boundary) {
      next = next_boundary;
      next_boundary += boundary;
    }
    k.write(k.cell_at(asVirt(vaddr + offset)), next);
    offset = next;
  } while (offset < allocation);
}

function pool_alloc_page(k: Kernel, pool: DmaPool, mem_flags: Gfp): DmaPage {
  const object: VirtAddr = kmalloc(k, k.sizeof.dma_page, mem_flags);
  if (object === 0) return NULL;
  const page: DmaPage = k.cell_at(object);
  const dma: Out<number> = { value: 0 };
  const dev: Device = k.read_ptr(k.plus(pool, k.dma_pool.dev));
  const allocation: ULong = k.read_ulong(k.plus(pool, k.dma_pool.allocation));
  const vaddr: VirtAddr = dma_alloc_attrs(k, dev, allocation, dma, mem_flags);
  if (vaddr === 0) {
    kfree(k, object);
    return NULL;
  }
  k.write_va(k.plus(page, k.dma_page.vaddr), vaddr);
  writeDma(k, k.plus(page, k.dma_page.dma), dma.value);
  pool_initialise_page(k, pool, page);
  k.write(k.plus(page, k.dma_page.in_use), 0);
  k.write(k.plus(page, k.dma_page.offset), 0);
  return page;
}

function is_page_busy(k: Kernel, page: DmaPage): boolean {
  return k.read_int(k.plus(page, k.dma_page.in_use)) !== 0;
}

function pool_free_page(k: Kernel, pool: DmaPool, page: DmaPage): void {
  const dev: Device = k.read_ptr(k.plus(pool, k.dma_pool.dev));
  const allocation: ULong = k.read_ulong(k.plus(pool, k.dma_pool.allocation));
  const vaddr: VirtAddr = k.read_va(k.plus(page, k.dma_page.vaddr));
  dma_free_attrs(k, dev, allocation, vaddr, readDma(k, k.plus(page, k.dma_page.dma)));
  list_del(k, k.plus(page, k.dma_page.page_list));
  kfree(k, k.va_of(page));
}

/** Pages of which blocks are in use are lost: the pool says so. */
export function dma_pool_destroy(k: Kernel, pool: DmaPool): void {
  if (pool === NULL) return;
  list_del(k, k.plus(pool, k.dma_pool.pools));
  const page_list = k.plus(pool, k.dma_pool.page_list);
  let rounds = 0;
  for (
    let page: DmaPage = list_first_entry(k, page_list, k.dma_page.page_list),
      tmp: DmaPage = list_next_entry(k, page, k.dma_page.page_list);
    !list_entry_is_head(k, page, page_list, k.dma_page.page_list);
    page = tmp, tmp = list_next_entry(k, tmp, k.dma_page.page_list)
  ) {
    k.watchdog(++rounds);
    if (!is_page_busy(k, page)) {
      pool_free_page(k, pool, page);
      continue;
    }
    const vaddr: VirtAddr = k.read_va(k.plus(page, k.dma_page.vaddr));
    pr_err(k, `dma_pool_destroy ${nameOf(k, pool)}, ${k.hex(vaddr)} busy`);
    list_del(k, k.plus(page, k.dma_page.page_list));
    kfree(k, k.va_of(page));
  }
  kfree(k, k.va_of(pool));
}

/** A block, and in `handle` the address by which the device knows it; 0 without memory. */
export function dma_pool_alloc(
  k: Kernel,
  pool: DmaPool,
  mem_flags: Gfp,
  handle: Out<number>,
): VirtAddr {
  const page_list = k.plus(pool, k.dma_pool.page_list);
  const allocation: ULong = k.read_ulong(k.plus(pool, k.dma_pool.allocation));
  let rounds = 0;
  let page: DmaPage = list_first_entry(k, page_list, k.dma_page.page_list);
  while (
    !list_entry_is_head(k, page, page_list, k.dma_page.page_list) &&
    k.read_int(k.plus(page, k.dma_page.offset)) >>> 0 >= allocation
  ) {
    k.watchdog(++rounds);
    page = list_next_entry(k, page, k.dma_page.page_list);
  }
  if (list_entry_is_head(k, page, page_list, k.dma_page.page_list)) {
    page = pool_alloc_page(k, pool, mem_flags & ~k.__GFP_ZERO);
    if (page === NULL) return asVirt(0);
    list_add(k, k.plus(page, k.dma_page.page_list), page_list);
  }
  // ready:
  const in_use = k.plus(page, k.dma_page.in_use);
  k.write(in_use, k.read_int(in_use) + 1);
  const offset: Int = k.read_int(k.plus(page, k.dma_page.offset));
  const retval = asVirt(k.read_va(k.plus(page, k.dma_page.vaddr)) + offset);
  k.write(k.plus(page, k.dma_page.offset), k.read_int(k.cell_at(retval)));
  handle.value = offset + readDma(k, k.plus(page, k.dma_page.dma));
  // want_init_on_alloc()
  if ((mem_flags & k.__GFP_ZERO) !== 0)
    memset(k, retval, 0, k.read_ulong(k.plus(pool, k.dma_pool.size)));
  return retval;
}

function pool_find_page(k: Kernel, pool: DmaPool, dma: number): DmaPage {
  const page_list = k.plus(pool, k.dma_pool.page_list);
  const allocation: ULong = k.read_ulong(k.plus(pool, k.dma_pool.allocation));
  let rounds = 0;
  for (
    let page: DmaPage = list_first_entry(k, page_list, k.dma_page.page_list);
    !list_entry_is_head(k, page, page_list, k.dma_page.page_list);
    page = list_next_entry(k, page, k.dma_page.page_list)
  ) {
    k.watchdog(++rounds);
    const start = readDma(k, k.plus(page, k.dma_page.dma));
    if (dma >= start && dma - start < allocation) return page;
  }
  return NULL;
}

/** A page of which all blocks are free stays: it will be wanted again. */
export function dma_pool_free(k: Kernel, pool: DmaPool, vaddr: VirtAddr, dma: number): void {
  const page: DmaPage = pool_find_page(k, pool, dma);
  if (page === NULL) {
    pr_err(k, `dma_pool_free ${nameOf(k, pool)}, ${k.hex(vaddr)}/0x${dma.toString(16)} (bad dma)`);
    return;
  }
  const offset: Int = vaddr - k.read_va(k.plus(page, k.dma_page.vaddr));
  const in_use = k.plus(page, k.dma_page.in_use);
  k.write(in_use, k.read_int(in_use) - 1);
  k.write(k.cell_at(vaddr), k.read_int(k.plus(page, k.dma_page.offset)));
  k.write(k.plus(page, k.dma_page.offset), offset);
}
