/**
 * Nodes that a change of a tree may need are taken before it: the state has them, as a list in themselves.
 *
 *     mas->alloc   NULL, or how many are wanted << 1 │ 1, or
 *                  struct maple_alloc  total (of the first one: all)  node_count  request_count  slot[]: further ones
 *
 * A node that a change takes out of the tree is free after a grace period where readers may be in it; else the state has it.
 * Source: Linux 6.1 lib/maple_tree.c: mt_alloc_one() to ma_free_rcu(), mas_allocated() to mas_alloc_req(), mat_add(), mas_mat_free(),
 * mas_pop_node() to mas_node_count(); include/linux/maple_tree.h: struct ma_topiary.
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type MapleTree,
  NULL,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import {
  MA_ERROR,
  type MapleAlloc,
  MAPLE_ALLOC_SLOTS,
  type MapleEnode,
  type MapleNode,
  type MaState,
  mt_in_rcu,
} from '../../include/linux/maple_tree.h.js';
import {
  kmem_cache_alloc,
  kmem_cache_alloc_bulk,
  kmem_cache_free,
  kmem_cache_free_bulk,
} from '../../include/linux/slab.h.js';
import { call_rcu, functionNamed, linkCallback } from '../../kernel/rcu/tiny.js';
import { memset } from '../string.js';
import { mt_mk_node, mte_set_node_dead, mte_to_node, type Slots } from './node.js';

/** Many changes in order, of which each appends; the last node may hold too little; all nodes were taken before. */
export const MA_STATE_BULK = 1;
export const MA_STATE_REBALANCE = 2;
export const MA_STATE_PREALLOC = 4;

const cacheOf = (k: Kernel): KmemCache => k.read_ptr(k.globals.maple_node_cache);

// --- the cache -----------------------------------------------------------------------------------------------------------

function mt_alloc_one(k: Kernel, gfp: Gfp): MapleAlloc {
  const object: VirtAddr = kmem_cache_alloc(k, cacheOf(k), gfp);
  return object === 0 ? NULL : k.cell_at(object);
}

/** Fills `size` slots, or none: how many. */
function mt_alloc_bulk(k: Kernel, gfp: Gfp, size: Int, slots: Slots): Int {
  const nodes = new Array<VirtAddr>(size).fill(asVirt(0));
  const count: Int = kmem_cache_alloc_bulk(k, cacheOf(k), gfp, size, nodes);
  for (let i: Int = 0; i < count; i++) k.write_va(slots + i * k.ptr_words, nodes[i]!);
  return count;
}

/** Frees what is in `size` slots, which it may reorder. */
export function mt_free_bulk(k: Kernel, size: Int, slots: Slots): void {
  const nodes: VirtAddr[] = [];
  for (let i: Int = 0; i < size; i++) nodes.push(k.read_va(slots + i * k.ptr_words));
  kmem_cache_free_bulk(k, cacheOf(k), size, nodes);
  for (let i: Int = 0; i < size; i++) k.write_va(slots + i * k.ptr_words, nodes[i]!);
}

export function freeNode(k: Kernel, node: MapleNode): void {
  kmem_cache_free(k, cacheOf(k), k.va_of(node));
}

function mt_free_rcu(k: Kernel, head: Cell): void {
  freeNode(k, asCell(head - k.maple_node.rcu));
}
linkCallback('mt_free_rcu', mt_free_rcu);

function ma_free_rcu(k: Kernel, node: MapleNode): void {
  call_rcu(k, asCell(node + k.maple_node.rcu), functionNamed(k, 'mt_free_rcu'));
}

// --- nodes that wait -----------------------------------------------------------------------------------------------------

/** Whether it is a number of nodes that are wanted. */
const isRequest = (alloc: MapleAlloc): boolean => (alloc & 1) !== 0;

const slotOf = (k: Kernel, node: MapleAlloc, i: Int): Slots =>
  asCell(node + k.maple_alloc.slot + i * k.ptr_words);

export function mas_allocated(k: Kernel, mas: MaState): Int {
  if (mas.alloc === NULL || isRequest(mas.alloc)) return 0;
  return k.read_ulong(mas.alloc + k.maple_alloc.total);
}

export function mas_set_alloc_req(k: Kernel, mas: MaState, count: Int): void {
  if (mas.alloc === NULL || isRequest(mas.alloc)) {
    mas.alloc = count === 0 ? NULL : asCell((count << 1) | 1);
    return;
  }
  k.write(mas.alloc + k.maple_alloc.request_count, count);
}

function mas_alloc_req(k: Kernel, mas: MaState): Int {
  if (isRequest(mas.alloc)) return mas.alloc >> 1;
  return mas.alloc === NULL ? 0 : k.read_int(mas.alloc + k.maple_alloc.request_count);
}

const nodeCount = (k: Kernel, node: MapleAlloc): Int => k.read8(node, k.maple_alloc.node_count);

/** A node that was taken before, full of zeros; NULL: there is none, which the caller must not let come about. */
export function mas_pop_node(k: Kernel, mas: MaState): MapleNode {
  const node: MapleAlloc = mas.alloc;
  const total: Int = mas_allocated(k, mas);
  const req: Int = mas_alloc_req(k, mas);
  if (total === 0) throw new Error('a maple state has no node left');

  let ret: MapleAlloc = node;
  if (total === 1) {
    mas.alloc = NULL;
  } else if (nodeCount(k, node) === 1) {
    mas.alloc = k.read_ptr(slotOf(k, node, 0));
    k.write_long(mas.alloc + k.maple_alloc.total, total - 1);
  } else {
    k.write_long(node + k.maple_alloc.total, total - 1);
    const last: Int = nodeCount(k, node) - 1;
    k.write8(node, k.maple_alloc.node_count, last);
    ret = k.read_ptr(slotOf(k, node, last));
    k.write_ptr(slotOf(k, node, last), NULL);
  }
  // new_head:
  if (req !== 0) mas_set_alloc_req(k, mas, req + 1);
  memset(k, k.va_of(ret), 0, k.sizeof.maple_node);
  return asCell(ret);
}

/** Gives one back to the state. */
function mas_push_node(k: Kernel, mas: MaState, used: MapleNode): void {
  const reuse: MapleAlloc = asCell(used);
  const head: MapleAlloc = mas.alloc;
  const requested: Int = mas_alloc_req(k, mas);
  const count: Int = mas_allocated(k, mas);

  k.write(reuse + k.maple_alloc.request_count, 0);
  k.write8(reuse, k.maple_alloc.node_count, 0);
  if (count !== 0 && nodeCount(k, head) < MAPLE_ALLOC_SLOTS(k)) {
    const node_count: Int = nodeCount(k, head);
    k.write_ptr(slotOf(k, head, node_count), reuse);
    k.write8(head, k.maple_alloc.node_count, node_count + 1);
    k.write_long(head + k.maple_alloc.total, count + 1);
  } else {
    k.write_long(reuse + k.maple_alloc.total, 1);
    if (head !== NULL && !isRequest(head)) {
      k.write_ptr(slotOf(k, reuse, 0), head);
      k.write8(reuse, k.maple_alloc.node_count, 1);
      k.write_long(reuse + k.maple_alloc.total, 1 + count);
    }
    mas.alloc = reuse;
  }
  // done:
  if (requested > 1) mas_set_alloc_req(k, mas, requested - 1);
}

/** Takes as many nodes as are wanted; without memory the state has an error, and what it got. */
export function mas_alloc_nodes(k: Kernel, mas: MaState, gfp: Gfp): void {
  let allocated: Int = mas_allocated(k, mas);
  let requested: Int = mas_alloc_req(k, mas);
  if (requested === 0) return;

  mas_set_alloc_req(k, mas, 0);
  if ((mas.mas_flags & MA_STATE_PREALLOC) !== 0 && allocated !== 0) return;

  let node: MapleAlloc;
  nomem_one: {
    if (allocated === 0 || nodeCount(k, mas.alloc) === MAPLE_ALLOC_SLOTS(k)) {
      node = mt_alloc_one(k, gfp);
      if (node === NULL) break nomem_one;
      if (allocated !== 0) {
        k.write_ptr(slotOf(k, node, 0), mas.alloc);
        k.write8(node, k.maple_alloc.node_count, 1);
      } else {
        k.write8(node, k.maple_alloc.node_count, 0);
      }
      mas.alloc = node;
      allocated++;
      k.write_long(node + k.maple_alloc.total, allocated);
      requested--;
    }

    node = mas.alloc;
    k.write(node + k.maple_alloc.request_count, 0);
    while (requested !== 0) {
      const node_count: Int = nodeCount(k, node);
      const max_req: Int = Math.min(requested, MAPLE_ALLOC_SLOTS(k) - node_count);
      const slots: Slots = slotOf(k, node, node_count);
      const count: Int = mt_alloc_bulk(k, gfp, max_req, slots);
      if (count === 0) {
        // nomem_bulk:
        memset(k, k.va_of(slots), 0, max_req * k.ptr_words * 4);
        break nomem_one;
      }
      const first: MapleAlloc = k.read_ptr(slotOf(k, node, 0));
      if (node_count === 0) {
        k.write8(first, k.maple_alloc.node_count, 0);
        k.write(first + k.maple_alloc.request_count, 0);
      }
      k.write8(node, k.maple_alloc.node_count, node_count + count);
      allocated += count;
      node = first;
      requested -= count;
    }
    k.write_long(mas.alloc + k.maple_alloc.total, allocated);
    return;
  }
  // nomem_one:
  mas_set_alloc_req(k, mas, requested);
  if (mas.alloc !== NULL && !isRequest(mas.alloc))
    k.write_long(mas.alloc + k.maple_alloc.total, allocated);
  mas.node = MA_ERROR(-ENOMEM);
}

/** Gives the state at least so many. */
export function mas_node_count_gfp(k: Kernel, mas: MaState, count: Int, gfp: Gfp): void {
  const allocated: Int = mas_allocated(k, mas);
  if (allocated < count) {
    mas_set_alloc_req(k, mas, count - allocated);
    mas_alloc_nodes(k, mas, gfp);
  }
}

export function mas_node_count(k: Kernel, mas: MaState, count: Int): void {
  mas_node_count_gfp(k, mas, count, k.GFP_NOWAIT | k.__GFP_NOWARN);
}

/** Frees the nodes that the state has not used. */
export function freeUnused(k: Kernel, mas: MaState): void {
  let total: Int = mas_allocated(k, mas);
  while (total !== 0) {
    const node: MapleAlloc = mas.alloc;
    const node_count: Int = nodeCount(k, node);
    // Of the last one the slot was never written.
    if (node_count > 0) mas.alloc = k.read_ptr(slotOf(k, node, 0));
    if (node_count > 1) {
      mt_free_bulk(k, node_count - 1, slotOf(k, node, 1));
      total -= node_count - 1;
    }
    freeNode(k, asCell(node));
    total--;
  }
  mas.alloc = NULL;
}

// --- nodes of the past ---------------------------------------------------------------------------------------------------

/** Frees a node that is dead. */
export function mas_free(k: Kernel, mas: MaState, used: MapleEnode): void {
  const tmp: MapleNode = mte_to_node(used);
  if (mt_in_rcu(k, mas.tree)) ma_free_rcu(k, tmp);
  else mas_push_node(k, mas, tmp);
}

/** A list of dead nodes. */
export interface MaTopiary {
  head: MapleEnode;
  tail: MapleEnode;
  readonly mtree: MapleTree;
}

export const MA_TOPIARY = (tree: MapleTree): MaTopiary => ({ head: NULL, tail: NULL, mtree: tree });

const nextOf = (k: Kernel, enode: MapleEnode): Cell =>
  asCell(mte_to_node(enode) + k.maple_topiary.next);

export function mat_add(k: Kernel, mat: MaTopiary, dead_enode: MapleEnode): void {
  mte_set_node_dead(k, dead_enode);
  k.write_ptr(nextOf(k, dead_enode), NULL);
  if (mat.tail === NULL) mat.head = dead_enode;
  else k.write_ptr(nextOf(k, mat.tail), dead_enode);
  mat.tail = dead_enode;
}

/** Takes the first one out; NULL: there is none. */
export function takeDead(k: Kernel, mat: MaTopiary): MapleEnode {
  const first: MapleEnode = mat.head;
  if (first !== NULL) mat.head = k.read_ptr(nextOf(k, first));
  return first;
}

export function mas_mat_free(k: Kernel, mas: MaState, mat: MaTopiary): void {
  for (let dead = takeDead(k, mat); dead !== NULL; dead = takeDead(k, mat)) mas_free(k, mas, dead);
}

/** A new node of a kind, of those that the state has. */
export const newNode = (k: Kernel, mas: MaState, type: Int): MapleEnode =>
  mt_mk_node(mas_pop_node(k, mas), type);
