/**
 * A maple tree's laws, read from memory's words without the engine's own walks: each node knows its parent and its slot there, ranges are in
 * order and cover the node's own, no leaf but the last ends with a gap, gaps are the greatest below, and every leaf is as deep.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mt_validate().
 */
import assert from 'node:assert/strict';
import type { MapleTree } from '../../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../../src/engine/machine/kernel.js';
import { asVirt } from '../../../src/engine/memory/address.js';

const LEAF = 1;

interface Layout {
  readonly nrSlots: number;
  readonly pivot: number;
  readonly slot: number;
}

const layoutOf = (k: Kernel, isLeaf: boolean): Layout =>
  isLeaf
    ? { nrSlots: k.wide ? 16 : 32, ...pick(k.maple_range_64) }
    : { nrSlots: k.wide ? 10 : 21, ...pick(k.maple_arange_64) };

const pick = ({
  pivot,
  slot,
}: {
  pivot: number;
  slot: number;
}): { pivot: number; slot: number } => ({
  pivot,
  slot,
});

/** How many nodes there are. */
export function checkMapleTree(k: Kernel, tree: MapleTree): number {
  const at = k.plus(tree, k.maple_tree.ma_root);
  if ((k.read_int(at) & 3) !== 2) return 0;
  const height = (k.read_int(k.plus(tree, k.maple_tree.ma_flags)) >> 2) & 31;
  const greatest = k.wide ? 2 ** 64 : 0xffff_ffff;
  const parent = k.va_of(tree) + 1;
  return visit(k, k.read_va(at), { min: 0, max: greatest, greatest, parent, depth: 1, height })
    .nodes;
}

interface Place {
  readonly min: number;
  readonly max: number;
  readonly greatest: number;
  /** The word that the node must have as its parent. */
  readonly parent: number;
  readonly depth: number;
  readonly height: number;
}

function visit(k: Kernel, tagged: number, place: Place): { nodes: number; gap: number } {
  const { max, greatest, depth, height } = place;
  const low = ((tagged % 256) + 256) % 256;
  const address = tagged - low;
  const isLeaf = ((low >> 3) & 15) === LEAF;
  const node = k.cell_at(asVirt(address));
  const { nrSlots, pivot, slot } = layoutOf(k, isLeaf);
  assert.equal(isLeaf, depth === height, 'depth of a leaf');
  assert.equal(k.read_va(node), place.parent, 'parent');

  let nodes = 1;
  let gap = 0;
  let { min } = place;
  let wasGap = false;
  for (let i = 0; ; i++) {
    assert.ok(i < nrSlots, 'the last range ends where the node does');
    const written = i < nrSlots - 1 ? k.read_ulong(node + pivot + i * k.ptr_words) : 0;
    const last = written === 0 ? max : written;
    assert.ok(last >= min && last <= max, 'pivots in order');
    const held = k.read_va(node + slot + i * k.ptr_words);
    let below: number;
    if (isLeaf) {
      assert.ok(held !== 0 || !wasGap, 'two gaps in a row');
      wasGap = held === 0;
      below = wasGap ? last - min + 1 : 0;
    } else {
      const parent = address + i * 8 + 6;
      const child = visit(k, held, { min, max: last, greatest, parent, depth: depth + 1, height });
      ({ gap: below } = child);
      nodes += child.nodes;
      assert.equal(k.read_ulong(node + k.maple_arange_64.gap + i * k.ptr_words), below, 'gap');
    }
    gap = Math.max(gap, below);
    if (last === max) {
      if (!isLeaf) assert.equal(k.read8(node, k.maple_arange_64.meta_end), i, 'meta.end');
      break;
    }
    min = last + 1;
  }
  if (isLeaf && max !== greatest) assert.ok(!wasGap, 'only the last leaf ends with a gap');
  return { nodes, gap };
}
