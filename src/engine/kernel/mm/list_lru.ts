/**
 * Lists of objects that nobody uses now, the least recently used first: what a shrinker frees.
 *
 *     list_lru.node ─> list_lru_node[nid]: lru.list <─> item <─> ...      lru.nr_items, nr_items: how many
 *
 * Left out: control groups (no build has them), nodes but the first, the lock of a list (nothing else runs meanwhile).
 * Source: Linux 6.1 mm/list_lru.c; include/linux/list_lru.h: enum lru_status.
 */
import {
  type Int,
  type ListHead,
  type Long,
  type Out,
  type Pointer,
  type ULong,
} from '../../machine/ctypes.js';
import { KernelFault } from '../../machine/events.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del_init,
  list_empty,
  list_move,
  list_move_tail,
} from '../include/linux/list.h.js';
import { kfree, kzalloc } from './slab_common/kmalloc.js';

type ListLru = Pointer<'struct list_lru'>;
type ListLruNode = Pointer<'struct list_lru_node'>;
type ListLruOne = Pointer<'struct list_lru_one'>;

const LRU_REMOVED = 0;
const LRU_REMOVED_RETRY = 1;
const LRU_ROTATE = 2;
const LRU_SKIP = 3;
const LRU_RETRY = 4;

/** &lru->node[0] */
const nodeOf = (k: Kernel, lru: ListLru): ListLruNode => k.read_ptr(k.plus(lru, k.list_lru.node));
/** &nlru->lru */
const listOf = (k: Kernel, nlru: ListLruNode): ListLruOne => k.plus(nlru, k.list_lru_node.lru);
/** &l->list */
const headOf = (k: Kernel, l: ListLruOne): Cell => k.plus(l, k.list_lru_one.list);
const nrItemsAt = (k: Kernel, nlru: ListLruNode): Cell => k.plus(nlru, k.list_lru_node.nr_items);
const nrItemsOfOne = (k: Kernel, l: ListLruOne): Cell => k.plus(l, k.list_lru_one.nr_items);

/** 0 or -ENOMEM. */
export function __list_lru_init(k: Kernel, lru: ListLru): Int {
  const node: VirtAddr = kzalloc(k, k.sizeof.list_lru_node, k.GFP_KERNEL);
  k.write_va(k.plus(lru, k.list_lru.node), node);
  if (node === 0) return -ENOMEM;
  INIT_LIST_HEAD(k, headOf(k, listOf(k, nodeOf(k, lru))));
  return 0;
}

export function list_lru_destroy(k: Kernel, lru: ListLru): void {
  const node: VirtAddr = k.read_va(k.plus(lru, k.list_lru.node));
  // Destroyed already, or never made.
  if (node === 0) return;
  kfree(k, node);
  k.write_va(k.plus(lru, k.list_lru.node), asVirt(0));
}

/** False: it is on a list already. */
export function list_lru_add(k: Kernel, lru: ListLru, item: ListHead): boolean {
  if (!list_empty(k, item)) return false;
  const nlru: ListLruNode = nodeOf(k, lru);
  const l: ListLruOne = listOf(k, nlru);
  list_add_tail(k, item, headOf(k, l));
  k.add_long(nrItemsOfOne(k, l), 1);
  k.add_long(nrItemsAt(k, nlru), 1);
  return true;
}

/** False: it was on none. */
export function list_lru_del(k: Kernel, lru: ListLru, item: ListHead): boolean {
  if (list_empty(k, item)) return false;
  const nlru: ListLruNode = nodeOf(k, lru);
  list_del_init(k, item);
  k.add_long(nrItemsOfOne(k, listOf(k, nlru)), -1);
  k.add_long(nrItemsAt(k, nlru), -1);
  return true;
}

/** For a function that a walk calls: the item is on no list any more. */
export function list_lru_isolate(k: Kernel, list: ListLruOne, item: ListHead): void {
  list_del_init(k, item);
  k.add_long(nrItemsOfOne(k, list), -1);
}

/** The same, and it is on another list. */
export function list_lru_isolate_move(
  k: Kernel,
  list: ListLruOne,
  item: ListHead,
  head: ListHead,
): void {
  list_move(k, item, head);
  k.add_long(nrItemsOfOne(k, list), -1);
}

export function list_lru_count_one(k: Kernel, lru: ListLru): ULong {
  const count: Long = k.read_long(nrItemsOfOne(k, listOf(k, nodeOf(k, lru))));
  return count < 0 ? 0 : count;
}

export function list_lru_count_node(k: Kernel, lru: ListLru): ULong {
  return k.read_ulong(nrItemsAt(k, nodeOf(k, lru)));
}

/** isolate(item, list, &nlru->lock, cb_arg) */
const callIsolate = (
  k: Kernel,
  isolate: VirtAddr,
  item: ListHead,
  nlru: ListLruNode,
  cb_arg: VirtAddr,
): Int => {
  const list: VirtAddr = k.va_of(listOf(k, nlru));
  const ret = k.callOut?.(isolate, [k.va_of(k.plus(item, 0)), list, k.va_of(nlru), cb_arg]);
  if (ret === undefined)
    throw new KernelFault(`unable to handle page fault for address: ${k.hex(isolate)}`);
  return ret;
};

/** Asks a function about item after item, the oldest first. How many it has taken. @param nr_to_walk how many it may still be asked about */
export function list_lru_walk_one(
  k: Kernel,
  lru: ListLru,
  isolate: VirtAddr,
  cb_arg: VirtAddr,
  nr_to_walk: Out<ULong>,
): ULong {
  const nlru: ListLruNode = nodeOf(k, lru);
  const head: Cell = headOf(k, listOf(k, nlru));
  let isolated: ULong = 0;
  let rounds = 0;
  restart: for (;;) {
    let item: ListHead = k.read_ptr(head);
    while (item !== head) {
      k.watchdog(++rounds);
      // Read first: the function may take the item off the list.
      const n: ListHead = k.read_ptr(item);
      if (nr_to_walk.value === 0) break;
      nr_to_walk.value--;
      const ret: Int = callIsolate(k, isolate, item, nlru, cb_arg);
      if (ret === LRU_REMOVED || ret === LRU_REMOVED_RETRY) {
        isolated++;
        k.add_long(nrItemsAt(k, nlru), -1);
      } else if (ret === LRU_ROTATE) list_move_tail(k, item, head);
      else if (ret !== LRU_SKIP && ret !== LRU_RETRY)
        throw new KernelFault('kernel BUG at mm/list_lru.c: __list_lru_walk_one()');
      // The lock was given up meanwhile: the list is another one.
      if (ret === LRU_REMOVED_RETRY || ret === LRU_RETRY) continue restart;
      item = n;
    }
    return isolated;
  }
}
