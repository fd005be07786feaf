/**
 * The tree of an address space's areas. Looking up goes down the nodes as Linux does it, in any tree that Linux has made.
 *
 * Differs: a change makes the nodes anew, evenly filled, and frees the old ones at once. Linux changes, splits and joins the nodes on
 * the way, and frees them after a grace period: so nodes hold the same ranges there, but may be divided otherwise.
 * Left out: mas_preallocate (a change without memory finds that out before it has changed anything), mas_expected_entries.
 * Source: Linux 6.1 lib/maple_tree.c: mtree_range_walk(), mas_walk(), mas_find(), mas_next(), mas_prev(), mas_store(),
 * mas_empty_area_rev(), mas_empty_area(), __mt_destroy(), mas_leaf_max_gap().
 */
import {
  type Int,
  type KmemCache,
  type MapleTree,
  NULL,
  type ULong,
  type VmAreaStruct,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { EBUSY, ENOMEM } from '../include/linux/errno.h.js';
import {
  type MapleNode,
  MAPLE_ARANGE64_SLOTS,
  maple_arange_64,
  MAPLE_ENODE_NULL,
  MAPLE_ENODE_TYPE_SHIFT,
  maple_leaf_64,
  mapleMax,
  MAPLE_NODE_MASK,
  MAPLE_NODE_TYPE_MASK,
  MAPLE_PARENT_RANGE64,
  MAPLE_PARENT_ROOT,
  MAPLE_PARENT_SLOT_SHIFT,
  maple_range_64,
  MAPLE_RANGE64_SLOTS,
  MAPLE_ROOT_NODE,
  type MaState,
  MT_FLAGS_HEIGHT_MASK,
  MT_FLAGS_HEIGHT_OFFSET,
} from '../include/linux/maple_tree.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../include/linux/slab.h.js';

/** A range of the tree, and its area or NULL. */
interface Range {
  readonly min: ULong;
  readonly max: ULong;
  readonly entry: VmAreaStruct;
}

// --- nodes ---------------------------------------------------------------------------------------------------------------

/** `enode`: a node's address with its type. */
const mte_node_type = (enode: VirtAddr): Int =>
  (enode >>> MAPLE_ENODE_TYPE_SHIFT) & MAPLE_NODE_TYPE_MASK;
const mte_to_node = (k: Kernel, enode: VirtAddr): MapleNode =>
  k.cell_at(asVirt(enode - (enode & MAPLE_NODE_MASK)));

const slotsOf = (k: Kernel, type: Int): Int =>
  type === maple_arange_64 ? MAPLE_ARANGE64_SLOTS(k) : MAPLE_RANGE64_SLOTS(k);

const pivotAt = (k: Kernel, node: MapleNode, type: Int, i: Int): number =>
  node +
  (type === maple_arange_64 ? k.maple_arange_64.pivot : k.maple_range_64.pivot) +
  i * k.ptr_words;

const slotAt = (k: Kernel, node: MapleNode, type: Int, i: Int): number =>
  node +
  (type === maple_arange_64 ? k.maple_arange_64.slot : k.maple_range_64.slot) +
  i * k.ptr_words;

/** ma_data_end(): the last slot in use. */
const dataEnd = (k: Kernel, node: MapleNode, type: Int, max: ULong): Int => {
  if (type === maple_arange_64) return k.read8(node, k.maple_arange_64.meta_end);
  const nrPivots: Int = slotsOf(k, type) - 1;
  const pivot: ULong = k.read_ulong(pivotAt(k, node, type, nrPivots - 1));
  if (pivot === 0) return k.read8(node, k.maple_range_64.meta_end);
  return pivot >= max ? nrPivots - 1 : nrPivots;
};

const isNode = (entry: VirtAddr): boolean => (entry & 3) === 2;
const rootOf = (k: Kernel, mt: MapleTree): VirtAddr => k.read_va(k.plus(mt, k.maple_tree.ma_root));

// --- looking up ----------------------------------------------------------------------------------------------------------

/** The range that an address lies in. */
function mtree_range_walk(k: Kernel, mt: MapleTree, index: ULong): Range {
  let enode: VirtAddr = rootOf(k, mt);
  let min: ULong = 0;
  let max: ULong = mapleMax(k);
  if (!isNode(enode)) return { min, max, entry: NULL };
  for (;;) {
    const node: MapleNode = mte_to_node(k, enode);
    const type: Int = mte_node_type(enode);
    const end: Int = dataEnd(k, node, type, max);
    let offset: Int = 0;
    for (; offset < end; offset++) {
      const pivot: ULong = k.read_ulong(pivotAt(k, node, type, offset));
      if (pivot >= index) {
        max = pivot;
        break;
      }
    }
    if (offset > 0) min = k.read_ulong(pivotAt(k, node, type, offset - 1)) + 1;
    // In a makeLeaf, slots hold areas.
    if (type < maple_range_64)
      return { min, max, entry: k.read_ptr(slotAt(k, node, type, offset)) };
    enode = k.read_va(slotAt(k, node, type, offset));
  }
}

const foundAt = (mas: MaState, { min, max, entry }: Range): VmAreaStruct => {
  mas.index = min;
  mas.last = max;
  mas.node = 'found';
  return entry;
};

/** What is at `mas->index`; the state has its range then. */
export function mas_walk(k: Kernel, mas: MaState): VmAreaStruct {
  return foundAt(mas, mtree_range_walk(k, mas.tree, mas.index));
}

/** The first area from `index` on; the state has its range then, or stays. */
const nextFrom = (k: Kernel, mas: MaState, index: ULong, max: ULong): VmAreaStruct => {
  for (let at: ULong = index; at <= max;) {
    const range: Range = mtree_range_walk(k, mas.tree, at);
    if (range.entry !== NULL) return foundAt(mas, range);
    if (range.max >= mapleMax(k)) break;
    at = range.max + 1;
  }
  return NULL;
};

/** The area at `mas->index`, or the next one that begins at or below `max`; called again, the one behind that. */
export function mas_find(k: Kernel, mas: MaState, max: ULong): VmAreaStruct {
  return mas.node === 'MAS_START' ? nextFrom(k, mas, mas.index, max) : mas_next(k, mas, max);
}

/** The area behind the one where the state is. */
export function mas_next(k: Kernel, mas: MaState, max: ULong): VmAreaStruct {
  if (mas.node === 'MAS_START') mas_walk(k, mas);
  return mas.last >= mapleMax(k) ? NULL : nextFrom(k, mas, mas.last + 1, max);
}

/** The area before it, that ends at or makeAbove `min`. */
export function mas_prev(k: Kernel, mas: MaState, min: ULong): VmAreaStruct {
  if (mas.node === 'MAS_START') mas_walk(k, mas);
  for (let at: ULong = mas.index; at > min;) {
    const range: Range = mtree_range_walk(k, mas.tree, at - 1);
    if (range.entry !== NULL) return foundAt(mas, range);
    at = range.min;
  }
  return NULL;
}

/** All ranges in order. */
function rangesOf(k: Kernel, mt: MapleTree): Range[] {
  const ranges: Range[] = [];
  for (let at: ULong = 0; ;) {
    const range: Range = mtree_range_walk(k, mt, at);
    ranges.push(range);
    if (range.max >= mapleMax(k)) return ranges;
    at = range.max + 1;
  }
}

/** The highest place for `size` bytes in [min, max]: `mas` has it. */
export function mas_empty_area_rev(
  k: Kernel,
  mas: MaState,
  min: ULong,
  max: ULong,
  size: ULong,
): Int {
  const ranges = rangesOf(k, mas.tree);
  for (let i = ranges.length - 1; i >= 0; i--) {
    const range = ranges[i]!;
    const end: ULong = Math.min(range.max, max);
    const start: ULong = Math.max(range.min, min);
    if (range.entry !== NULL || end - start + 1 < size) continue;
    setFound(mas, end - size + 1, end);
    return 0;
  }
  return -EBUSY;
}

/** The lowest place. */
export function mas_empty_area(k: Kernel, mas: MaState, min: ULong, max: ULong, size: ULong): Int {
  for (const range of rangesOf(k, mas.tree)) {
    const end: ULong = Math.min(range.max, max);
    const start: ULong = Math.max(range.min, min);
    if (range.entry !== NULL || end - start + 1 < size) continue;
    setFound(mas, start, start + size - 1);
    return 0;
  }
  return -EBUSY;
}

const setFound = (mas: MaState, index: ULong, last: ULong): void => {
  mas.index = index;
  mas.last = last;
  mas.node = 'found';
};

// --- changing ------------------------------------------------------------------------------------------------------------

/** A node that is being made: its last address, and its greatest gap. */
interface Made {
  readonly enode: VirtAddr;
  readonly max: ULong;
  readonly gap: ULong;
}

const cacheOf = (k: Kernel): KmemCache => k.read_ptr(k.globals.maple_node_cache);

/** The addresses of all nodes. */
function nodesOf(k: Kernel, mt: MapleTree): VirtAddr[] {
  const nodes: VirtAddr[] = [];
  const visit = (enode: VirtAddr, max: ULong): void => {
    const node: MapleNode = mte_to_node(k, enode);
    const type: Int = mte_node_type(enode);
    nodes.push(k.va_of(node));
    if (type < maple_range_64) return;
    const end: Int = dataEnd(k, node, type, max);
    for (let i = 0; i <= end; i++) {
      const last = i < end ? k.read_ulong(pivotAt(k, node, type, i)) : max;
      visit(k.read_va(slotAt(k, node, type, i)), last);
    }
  };
  const root: VirtAddr = rootOf(k, mt);
  if (isNode(root)) visit(root, mapleMax(k));
  return nodes;
}

/** One more range behind those there are; neighbours without an area are one. */
function pushRange(ranges: Range[], min: ULong, max: ULong, entry: VmAreaStruct): void {
  const nr: Int = ranges.length;
  if (nr > 0 && ranges[nr - 1]!.entry === NULL && entry === NULL)
    ranges[nr - 1] = { min: ranges[nr - 1]!.min, max, entry };
  else ranges.push({ min, max, entry });
}

/** The ranges with [index, last] given to `entry`. */
function withRange(
  ranges: readonly Range[],
  index: ULong,
  last: ULong,
  entry: VmAreaStruct,
): Range[] {
  const result: Range[] = [];
  let stored = false;
  for (const range of ranges) {
    if (range.min < index)
      pushRange(result, range.min, Math.min(range.max, index - 1), range.entry);
    if (range.max >= index && !stored) {
      pushRange(result, index, last, entry);
      stored = true;
    }
    if (range.max > last) pushRange(result, Math.max(range.min, last + 1), range.max, range.entry);
  }
  return result;
}

/** How many nodes of at most `slots` entries hold `nr`. */
const nodesFor = (nr: Int, slots: Int): Int => Math.ceil(nr / slots);

/** Where the node `i` of `nr` begins among `entries` entries, which are divided evenly. */
const firstOfNode = (i: Int, nr: Int, entries: Int): Int => Math.floor((i * entries) / nr);

/** How high a tree of so many ranges is. */
const heightFor = (k: Kernel, nrRanges: Int): Int => {
  let height: Int = 1;
  for (
    let nr: Int = nodesFor(nrRanges, MAPLE_RANGE64_SLOTS(k));
    nr > 1;
    nr = nodesFor(nr, MAPLE_ARANGE64_SLOTS(k))
  )
    height++;
  return height;
};

/** How many nodes it has, on all levels. */
const nrNodesFor = (k: Kernel, nrRanges: Int): Int => {
  let nr: Int = nodesFor(nrRanges, MAPLE_RANGE64_SLOTS(k));
  let sum: Int = nr;
  while (nr > 1) {
    nr = nodesFor(nr, MAPLE_ARANGE64_SLOTS(k));
    sum += nr;
  }
  return sum;
};

const writePivot = (k: Kernel, at: number, value: ULong): void => {
  if (value >= mapleMax(k)) k.write_words(at, -1, -1);
  else k.write_long(at, value);
};

const clearNode = (k: Kernel, node: MapleNode): void => {
  for (let i = 0; i < 64; i++) k.write(node + i, 0);
};

/** A leaf of the ranges from `first` to in front of `end`. */
const makeLeaf = (
  k: Kernel,
  address: VirtAddr,
  ranges: readonly Range[],
  first: Int,
  end: Int,
): Made => {
  const node: MapleNode = k.cell_at(address);
  clearNode(k, node);
  let gap: ULong = 0;
  for (let i = 0; i < end - first; i++) {
    const range: Range = ranges[first + i]!;
    if (i < MAPLE_RANGE64_SLOTS(k) - 1)
      writePivot(k, pivotAt(k, node, maple_leaf_64, i), range.max);
    k.write_ptr(slotAt(k, node, maple_leaf_64, i), range.entry);
    if (range.entry === NULL) gap = Math.max(gap, range.max - range.min + 1);
  }
  if (end - first < MAPLE_RANGE64_SLOTS(k) - 1)
    k.write8(node, k.maple_range_64.meta_end, end - first - 1);
  return {
    enode: asVirt(address + ((maple_leaf_64 << MAPLE_ENODE_TYPE_SHIFT) | MAPLE_ENODE_NULL)),
    max: ranges[end - 1]!.max,
    gap,
  };
};

/** A node above the nodes from `first` to in front of `end`, which learn their parent. */
const makeAbove = (
  k: Kernel,
  address: VirtAddr,
  children: readonly Made[],
  first: Int,
  end: Int,
): Made => {
  const node: MapleNode = k.cell_at(address);
  clearNode(k, node);
  let greatest: Int = 0;
  for (let i = 0; i < end - first; i++) {
    const child: Made = children[first + i]!;
    if (i < MAPLE_ARANGE64_SLOTS(k) - 1)
      writePivot(k, pivotAt(k, node, maple_arange_64, i), child.max);
    k.write_va(slotAt(k, node, maple_arange_64, i), child.enode);
    k.write_long(node + k.maple_arange_64.gap + i * k.ptr_words, Math.min(child.gap, 2 ** 53));
    if (child.gap > children[first + greatest]!.gap) greatest = i;
    const parent = address + ((i << MAPLE_PARENT_SLOT_SHIFT) | MAPLE_PARENT_RANGE64);
    k.write_va(mte_to_node(k, child.enode), asVirt(parent));
  }
  k.write8(node, k.maple_arange_64.meta_end, end - first - 1);
  k.write8(node, k.maple_arange_64.meta_gap, greatest);
  return {
    enode: asVirt(address + ((maple_arange_64 << MAPLE_ENODE_TYPE_SHIFT) | MAPLE_ENODE_NULL)),
    max: children[end - 1]!.max,
    gap: children[first + greatest]!.gap,
  };
};

/** Gives `mas`'s range to an area, or to none (NULL). -ENOMEM: nothing was changed. */
export function mas_store_gfp(k: Kernel, mas: MaState, entry: VmAreaStruct): Int {
  const tree: MapleTree = mas.tree;
  const ranges: Range[] = withRange(rangesOf(k, tree), mas.index, mas.last, entry);
  const isEmpty = ranges.length === 1 && ranges[0]!.entry === NULL;
  const height: Int = isEmpty ? 0 : heightFor(k, ranges.length);

  const nodes: VirtAddr[] = [];
  for (let nr: Int = isEmpty ? 0 : nrNodesFor(k, ranges.length); nr > 0; nr--) {
    const node: VirtAddr = kmem_cache_alloc(k, cacheOf(k), k.GFP_KERNEL);
    if (node === 0) {
      for (const each of nodes) kmem_cache_free(k, cacheOf(k), each);
      return -ENOMEM;
    }
    nodes.push(node);
  }
  const old: VirtAddr[] = nodesOf(k, tree);

  let taken: Int = 0;
  let made: Made[] = [];
  const nr_leaves: Int = isEmpty ? 0 : nodesFor(ranges.length, MAPLE_RANGE64_SLOTS(k));
  for (let i = 0; i < nr_leaves; i++) {
    const first: Int = firstOfNode(i, nr_leaves, ranges.length);
    const end: Int = firstOfNode(i + 1, nr_leaves, ranges.length);
    made.push(makeLeaf(k, nodes[taken++]!, ranges, first, end));
  }
  while (made.length > 1) {
    const nr: Int = nodesFor(made.length, MAPLE_ARANGE64_SLOTS(k));
    const above: Made[] = [];
    for (let i = 0; i < nr; i++) {
      const first: Int = firstOfNode(i, nr, made.length);
      const end: Int = firstOfNode(i + 1, nr, made.length);
      above.push(makeAbove(k, nodes[taken++]!, made, first, end));
    }
    made = above;
  }

  const root = k.plus(tree, k.maple_tree.ma_root);
  const top: Made | undefined = made[0];
  if (top === undefined) {
    k.write_long(root, 0);
  } else {
    k.write_va(mte_to_node(k, top.enode), asVirt(k.va_of(tree) + MAPLE_PARENT_ROOT));
    k.write_va(root, asVirt(top.enode + MAPLE_ROOT_NODE));
  }
  const flags = k.plus(tree, k.maple_tree.ma_flags);
  k.write(flags, (k.read_int(flags) & ~MT_FLAGS_HEIGHT_MASK) | (height << MT_FLAGS_HEIGHT_OFFSET));
  for (const node of old) kmem_cache_free(k, cacheOf(k), node);
  mas.node = 'MAS_START';
  return 0;
}

/** Frees all nodes. */
export function __mt_destroy(k: Kernel, mt: MapleTree): void {
  const nodes: VirtAddr[] = nodesOf(k, mt);
  k.write_long(k.plus(mt, k.maple_tree.ma_root), 0);
  const flags = k.plus(mt, k.maple_tree.ma_flags);
  k.write(flags, k.read_int(flags) & ~MT_FLAGS_HEIGHT_MASK);
  for (const node of nodes) kmem_cache_free(k, cacheOf(k), node);
}
