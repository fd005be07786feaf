/**
 * Maple trees: what they hold, in the order of their indices.
 *
 *     root            bits 0, 1 = 10: a node, else the one entry
 *     node            bits 3..6 of what leads to it say of which kind it is
 *     node, 256 bytes parent | pivots | slots        the number of both, and where they lie, by kind and by the types
 *
 * Source: Linux 6.1 lib/maple_tree.c, include/linux/maple_tree.h.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import { Damaged, type Inspected } from './inspected.js';

const KIND_SHIFT = 3;
const KIND_MASK = 0x0f;
const MAX_DEPTH = 32;

/** Every entry that is not NULL; values with bits of the tree's own (xa_zero) are left out. */
export function* mapleEntries(k: Inspected, tree: VirtAddr, offset: number): Generator<VirtAddr> {
  const at = offset + k.offset('maple_tree', 'ma_root');
  const low = k.space.u32(tree, at);
  if (!isNode(low)) {
    const entry = k.space.pointer(tree, at);
    if (entry !== 0) yield entry;
    return;
  }
  yield* inNode(k, k.space.pointer(tree, at, 0xff), low, maxIndex(k), new Set());
}

/** xa_is_node(): internal, and above the range of internal values. */
const isNode = (low: number): boolean => (low & 3) === 2 && low >>> 0 > 4096;

/** @param max the highest index below the node: what the last of its entries reaches to */
function* inNode(
  k: Inspected,
  node: VirtAddr,
  tagged: number,
  max: bigint,
  path: ReadonlySet<number>,
): Generator<VirtAddr> {
  if (path.size > MAX_DEPTH || path.has(node)) throw new Damaged('its maple tree runs in a circle');
  const kind = (tagged >> KIND_SHIFT) & KIND_MASK;
  const { slots, nrSlots, pivots, leaf } = shapeOf(k, kind);
  const deeper = new Set(path).add(node);
  for (let slot = 0; slot < nrSlots; slot++) {
    const last = pivots === undefined || slot === nrSlots - 1;
    const written = last ? max : k.space.ulongBits(node, pivots + slot * k.pointerSize);
    // A pivot of 0 behind others was never written: the entry is the last. What follows may be the node's metadata.
    const pivot = written === 0n && slot > 0 ? max : written;
    yield* slotOf(k, node, slots + slot * k.pointerSize, leaf, pivot, deeper);
    if (pivots !== undefined && pivot >= max) return;
  }
}

const maxIndex = (k: Inspected): bigint => (1n << BigInt(k.pointerSize * 8)) - 1n;

function* slotOf(
  k: Inspected,
  node: VirtAddr,
  offset: number,
  leaf: boolean,
  max: bigint,
  path: ReadonlySet<number>,
): Generator<VirtAddr> {
  const low = k.space.u32(node, offset);
  if (leaf) {
    const entry = k.space.pointer(node, offset);
    if (entry !== 0 && (low & 3) === 0) yield asVirt(entry);
  } else if (low !== 0) {
    yield* inNode(k, k.space.pointer(node, offset, 0xff), low, max, path);
  }
}

interface NodeShape {
  readonly slots: number;
  readonly nrSlots: number;
  /** Undefined: dense, one slot an index. */
  readonly pivots: number | undefined;
  readonly leaf: boolean;
}

/** enum maple_type: dense, leaf_64, range_64, arange_64. */
function shapeOf(k: Inspected, kind: number): NodeShape {
  const range = (member: string, leaf: boolean): NodeShape => ({
    slots: k.offset('maple_node', `${member}.slot`),
    nrSlots: k.lengthOf('maple_node', `${member}.slot`),
    pivots: k.offset('maple_node', `${member}.pivot`),
    leaf,
  });
  switch (kind) {
    case k.enumerator('maple_leaf_64'):
      return range('mr64', true);
    case k.enumerator('maple_range_64'):
      return range('mr64', false);
    case k.enumerator('maple_arange_64'):
      return range('ma64', false);
    case k.enumerator('maple_dense'):
      return {
        slots: k.offset('maple_node', 'slot'),
        nrSlots: k.lengthOf('maple_node', 'slot'),
        pivots: undefined,
        leaf: true,
      };
    default:
      throw new Damaged(`its maple tree has a node of kind ${kind}`);
  }
}
