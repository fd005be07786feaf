/**
 * New nodes take the place of old ones in a tree.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_adopt_children() to mas_new_child(), mas_descend_adopt(), mas_wmb_replace().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  type MapleEnode,
  type MapleNode,
  MAS_NONE,
  mas_is_none,
  type MaState,
} from '../../include/linux/maple_tree.h.js';
import { mas_free, mas_mat_free, type MaTopiary } from './alloc.js';
import { mas_mat_destroy } from './destroy.js';
import { mas_update_gap } from './gap.js';
import {
  ma_data_end,
  ma_is_root,
  ma_pivots,
  ma_slots,
  mas_mn,
  mas_parent_enum,
  mas_slot,
  mt_root_locked,
  mte_is_leaf,
  mte_is_root,
  mte_node_type,
  mte_parent,
  mte_parent_slot,
  mte_set_node_dead,
  mte_set_parent,
  setRoot,
  setRootParent,
  type Slots,
} from './node.js';
import { copyOf, copyStruct, mas_descend, mas_set_height } from './walk.js';

/** All children of the state's node learn of it. */
function mas_adopt_children(k: Kernel, mas: MaState, parent: MapleEnode): void {
  const type: Int = mte_node_type(parent);
  const node: MapleNode = mas_mn(mas);
  const slots: Slots = ma_slots(k, node, type);
  for (
    let offset: Int = ma_data_end(k, node, type, ma_pivots(k, node, type), mas.max);
    offset >= 0;
    offset--
  )
    mte_set_parent(k, mas_slot(k, slots, offset), parent, offset);
}

/**
 * The state's node, which has its parent already, comes into the tree.
 * @param advanced the caller lets children know, and frees the old node
 */
export function mas_replace(k: Kernel, mas: MaState, advanced: boolean): void {
  const mn: MapleNode = mas_mn(mas);
  let old_enode: MapleEnode;
  let offset: Int = 0;
  let slots: Slots = NULL;
  if (ma_is_root(k, mn)) {
    old_enode = mt_root_locked(k, mas.tree);
  } else {
    offset = mte_parent_slot(k, mas.node);
    slots = ma_slots(k, mte_parent(k, mas.node), mas_parent_enum(k, mas, mas.node));
    old_enode = mas_slot(k, slots, offset);
  }
  if (!advanced && !mte_is_leaf(mas.node)) mas_adopt_children(k, mas, mas.node);

  if (mte_is_root(k, mas.node)) {
    setRootParent(k, mn, mas.tree);
    setRoot(k, mas.tree, mas.node);
    mas_set_height(k, mas);
  } else {
    k.write_ptr(slots + offset * k.ptr_words, mas.node);
  }
  if (!advanced) {
    mte_set_node_dead(k, old_enode);
    mas_free(k, mas, old_enode);
  }
}

/** The next child that knows the state's node as its parent, which a new one does. */
function mas_new_child(k: Kernel, mas: MaState, child: MaState): boolean {
  const mt: Int = mte_node_type(mas.node);
  const node: MapleNode = mas_mn(mas);
  const slots: Slots = ma_slots(k, node, mt);
  const end: Int = ma_data_end(k, node, mt, ma_pivots(k, node, mt), mas.max);
  for (let { offset } = mas; offset <= end; offset++) {
    const entry: MapleEnode = mas_slot(k, slots, offset);
    if (mte_parent(k, entry) === node) {
      copyStruct(child, mas);
      mas.offset = offset + 1;
      child.offset = offset;
      mas_descend(k, child);
      child.offset = 0;
      return true;
    }
  }
  return false;
}

/** At most so many new nodes are on one level. */
const MOST_NEW = 3;

/** From the top of a new part of a tree down: what was there before learns of its new parents. */
function mas_descend_adopt(k: Kernel, mas: MaState): void {
  let list: MaState[] = [copyOf(mas), copyOf(mas), copyOf(mas)];
  let next: MaState[] = [copyOf(mas), copyOf(mas), copyOf(mas)];
  for (const each of list) each.offset = 0;
  while (!mte_is_leaf(list[0]!.node)) {
    let n: Int = 0;
    for (let i: Int = 0; i < MOST_NEW; i++) {
      const each: MaState = list[i]!;
      if (mas_is_none(each)) continue;
      if (i > 0 && list[i - 1]!.node === each.node) continue;
      while (n < MOST_NEW && mas_new_child(k, each, next[n]!)) n++;
      mas_adopt_children(k, each, each.node);
    }
    while (n < MOST_NEW) {
      next[n]!.node = MAS_NONE;
      n++;
    }
    // Down to the children.
    const above: MaState[] = list;
    list = next;
    next = above;
  }
}

/** The state's node is the top of a new part of the tree: that comes into it, and the old one goes. */
export function mas_wmb_replace(
  k: Kernel,
  mas: MaState,
  free: MaTopiary,
  destroy: MaTopiary | undefined,
): void {
  mas_replace(k, mas, true);
  if (!mte_is_leaf(mas.node)) mas_descend_adopt(k, mas);
  mas_mat_free(k, mas, free);
  if (destroy !== undefined) mas_mat_destroy(k, destroy);
  if (mte_is_leaf(mas.node)) return;
  mas_update_gap(k, mas);
}
