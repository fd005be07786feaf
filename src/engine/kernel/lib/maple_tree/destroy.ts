/**
 * The end of a tree, or of a part of one. Its nodes die at once; where readers may be in them, they are free after a grace period.
 *
 * Nodes above leaves' parents lead from node to node by what they need no more: piv_parent, parent_slot, type, slot_len.
 * Source: Linux 6.1 lib/maple_tree.c: mt_clear_meta(), mas_mat_destroy(), mte_dead_leaves() to mte_destroy_walk(), __mt_destroy().
 */
import { type Int, type MapleTree, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';
import {
  maple_arange_64,
  type MapleEnode,
  type MapleNode,
  MAPLE_RANGE64_SLOTS,
  maple_range_64,
  mt_in_rcu,
} from '../../include/linux/maple_tree.h.js';
import { call_rcu, functionNamed, linkCallback } from '../../kernel/rcu/tiny.js';
import { type MaTopiary, mt_free_bulk, freeNode, takeDead } from './alloc.js';
import {
  ma_is_leaf,
  ma_pivots,
  ma_set_meta,
  ma_slots,
  mas_slot,
  mt_mk_node,
  MAPLE_ROOT_NODE,
  mt_root_locked,
  mt_slot_count,
  mt_slots,
  mte_dead_node,
  mte_is_leaf,
  mte_node_type,
  mte_set_node_dead,
  mte_to_node,
  rootIsNode,
  setRootEntry,
  slotIsNull,
  type Slots,
} from './node.js';

// --- what dead nodes keep ------------------------------------------------------------------------------------------------

const typeOf = (k: Kernel, node: MapleNode): Int => k.read_int(node + k.maple_node.type);
const setType = (k: Kernel, node: MapleNode, type: Int): void =>
  k.write(node + k.maple_node.type, type);
const slotLen = (k: Kernel, node: MapleNode): Int => k.read8(node, k.maple_node.slot_len);

/** Whether a slot leads to a node: not to none, and not to what is meta. */
const slotIsNode = (k: Kernel, slots: Slots, offset: Int): boolean => {
  const slot: Cell = asCell(slots + offset * k.ptr_words);
  const low: Int = k.words[slot]!;
  const hasType = (low & 0x78) !== 0;
  return hasType && ((low & ~255) !== 0 || (k.wide && k.words[slot + 1] !== 0));
};

function mt_clear_meta(k: Kernel, mn: MapleNode, type: Int): void {
  if (type === maple_range_64) {
    const last: Int = MAPLE_RANGE64_SLOTS(k) - 1;
    const pivots = ma_pivots(k, mn, type);
    // Without meta: there may be a node.
    if (
      k.read_ulong(pivots + (last - 1) * k.ptr_words) !== 0 &&
      slotIsNode(k, ma_slots(k, mn, type), last)
    )
      return;
  } else if (type !== maple_arange_64) {
    return;
  }
  ma_set_meta(k, mn, type, 0, 0);
}

/** Every child of a node above leaves dies: how many there are. Its slots lead to them without their types then. */
function mte_dead_leaves(k: Kernel, enode: MapleEnode, slots: Slots): Int {
  let offset: Int = 0;
  for (; offset < mt_slot_count(k, enode); offset++) {
    // By both node and type: what is meta has but one.
    if (!slotIsNode(k, slots, offset)) break;
    const entry: MapleEnode = mas_slot(k, slots, offset);
    const node: MapleNode = mte_to_node(entry);
    mte_set_node_dead(k, entry);
    setType(k, node, mte_node_type(entry));
    k.write_ptr(slots + offset * k.ptr_words, node);
  }
  return offset;
}

// --- after a grace period ------------------------------------------------------------------------------------------------

/** Where a walk through dead nodes is: a node, and its slots. */
interface DeadWalk {
  enode: MapleEnode;
  slots: Slots;
}

/** One that lets nodes die: where it began, which as the tree's root has a bit that cells do not have. */
interface DestroyWalk extends DeadWalk {
  readonly start: MapleEnode;
  readonly rootBit: Int;
}

/** Down to a node above leaves. */
function mte_dead_walk(k: Kernel, walk: DeadWalk, offset: Int): void {
  let next: MapleNode = mte_to_node(walk.enode);
  do {
    walk.enode = asCell(next);
    const node: MapleNode = mte_to_node(walk.enode);
    walk.slots = ma_slots(k, node, typeOf(k, node));
    next = mte_to_node(mas_slot(k, walk.slots, offset));
    offset = 0;
  } while (!ma_is_leaf(typeOf(k, next)));
}

/** Frees a tree that has died. */
function mt_free_walk(k: Kernel, head: Cell): void {
  let node: MapleNode = asCell(head - k.maple_node.rcu);
  free_leaf: {
    if (ma_is_leaf(typeOf(k, node))) break free_leaf;
    const start: MapleNode = node;
    const walk: DeadWalk = { enode: mt_mk_node(node, typeOf(k, node)), slots: NULL };
    mte_dead_walk(k, walk, 0);
    node = mte_to_node(walk.enode);
    let offset: Int;
    do {
      mt_free_bulk(k, slotLen(k, node), walk.slots);
      offset = k.read8(node, k.maple_node.parent_slot) + 1;
      walk.enode = k.read_ptr(node + k.maple_node.piv_parent);
      if (mte_to_node(walk.enode) === node) break free_leaf;
      const type: Int = mte_node_type(walk.enode);
      walk.slots = ma_slots(k, mte_to_node(walk.enode), type);
      if (offset < mt_slots(k, type) && !slotIsNull(k, walk.slots, offset))
        mte_dead_walk(k, walk, offset);
      node = mte_to_node(walk.enode);
    } while (node !== start || slotLen(k, node) < offset);
    mt_free_bulk(k, slotLen(k, node), ma_slots(k, node, typeOf(k, node)));
  }
  // free_leaf:
  freeNode(k, node);
}
linkCallback('mt_free_walk', mt_free_walk);

// --- dying ---------------------------------------------------------------------------------------------------------------

/** Down to a node above leaves; every node on the way dies, and learns where it came from. */
function mte_destroy_descend(k: Kernel, walk: DestroyWalk, prev: MapleEnode, offset: Int): void {
  let next: MapleEnode = walk.enode;
  let next_offset: Int = 0;
  do {
    walk.enode = next;
    const node: MapleNode = mte_to_node(walk.enode);
    const type: Int = mte_node_type(walk.enode);
    walk.slots = ma_slots(k, node, type);
    next = mas_slot(k, walk.slots, next_offset);
    if (mte_dead_node(k, next)) {
      next_offset++;
      next = mas_slot(k, walk.slots, next_offset);
    }
    mte_set_node_dead(k, walk.enode);
    setType(k, node, type);
    const rootBit: Int = prev === walk.start ? walk.rootBit : 0;
    k.write_ptr_tagged(node + k.maple_node.piv_parent, prev, rootBit);
    k.write8(node, k.maple_node.parent_slot, offset);
    offset = next_offset;
    next_offset = 0;
    prev = walk.enode;
  } while (!mte_is_leaf(next));
}

/** @param free at once */
function mt_destroy_walk(k: Kernel, enode: MapleEnode, rootBit: Int, free: boolean): void {
  let node: MapleNode = mte_to_node(enode);
  free_leaf: {
    if (mte_is_leaf(enode)) {
      mte_set_node_dead(k, enode);
      setType(k, node, mte_node_type(enode));
      break free_leaf;
    }
    const start: MapleEnode = enode;
    const walk: DestroyWalk = { enode, slots: NULL, start, rootBit };
    mte_destroy_descend(k, walk, start, 0);
    node = mte_to_node(walk.enode);
    do {
      k.write8(node, k.maple_node.slot_len, mte_dead_leaves(k, walk.enode, walk.slots));
      if (free) mt_free_bulk(k, slotLen(k, node), walk.slots);
      const offset: Int = k.read8(node, k.maple_node.parent_slot) + 1;
      walk.enode = k.read_ptr(node + k.maple_node.piv_parent);
      if (mte_to_node(walk.enode) === node) break free_leaf;
      const type: Int = mte_node_type(walk.enode);
      walk.slots = ma_slots(k, mte_to_node(walk.enode), type);
      if (offset < mt_slots(k, type) && slotIsNode(k, walk.slots, offset)) {
        const parent: MapleEnode = walk.enode;
        walk.enode = mas_slot(k, walk.slots, offset);
        mte_destroy_descend(k, walk, parent, offset);
      }
      // next:
      node = mte_to_node(walk.enode);
    } while (start !== walk.enode);
    k.write8(node, k.maple_node.slot_len, mte_dead_leaves(k, walk.enode, walk.slots));
    if (free) mt_free_bulk(k, slotLen(k, node), walk.slots);
  }
  // free_leaf:
  if (free) freeNode(k, node);
  else mt_clear_meta(k, node, typeOf(k, node));
}

/** A tree or a part of one dies. @param rootBit MAPLE_ROOT_NODE: it is what the tree's root was */
function mte_destroy_walk(k: Kernel, enode: MapleEnode, rootBit: Int, mt: MapleTree): void {
  if (mt_in_rcu(k, mt)) {
    mt_destroy_walk(k, enode, rootBit, false);
    const node: MapleNode = mte_to_node(enode);
    call_rcu(k, asCell(node + k.maple_node.rcu), functionNamed(k, 'mt_free_walk'));
  } else {
    mt_destroy_walk(k, enode, rootBit, true);
  }
}

/** What was a tree's root does. */
export const destroyRoot = (k: Kernel, root: MapleEnode, mt: MapleTree): void =>
  mte_destroy_walk(k, root, MAPLE_ROOT_NODE, mt);

/** Every tree of a list does. */
export function mas_mat_destroy(k: Kernel, mat: MaTopiary): void {
  for (let dead = takeDead(k, mat); dead !== NULL; dead = takeDead(k, mat))
    mte_destroy_walk(k, dead, 0, mat.mtree);
}

/** Takes all nodes of a tree away. */
export function __mt_destroy(k: Kernel, mt: MapleTree): void {
  const isNode = rootIsNode(k, mt);
  const root: MapleEnode = mt_root_locked(k, mt);
  setRootEntry(k, mt, NULL);
  if (isNode) destroyRoot(k, root, mt);
  k.write(k.plus(mt, k.maple_tree.ma_flags), 0);
}
