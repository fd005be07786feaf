/**
 * The entries of a maple tree, by rising index, for those who look from outside of the kernel.
 *
 *     a pointer to a node   255 ........ 8 | 7 | 6 .. 3 | 2 1 0     nodes are aligned to 256 bytes
 *                              node            type
 *
 * A node has pivots, the last index of each slot, and slots. It ends at the slot whose pivot is the node's last index, or at
 * a pivot of 0.
 *
 * Source: Linux 6.1 include/linux/maple_tree.h, lib/maple_tree.c: mt_dump_range64(), mt_dump_arange64().
 */
import type { VirtAddr } from '../../memory/address.js';
import { stripTypedefs } from '../../types/layout.js';
import { findMember } from '../../types/members.js';
import type { StructReader } from '../structReader.js';

/** An entry that is not NULL: what lies at the indices of [first, last]. */
export interface MapleEntry {
  readonly entry: VirtAddr;
  readonly first: number;
  readonly last: number;
}

const NODE_BYTES = 256;
const TYPE_SHIFT = 3;
const TYPE_MASK = 15;
/** enum maple_type: leaves, and nodes that lead on. */
const STRUCT_OF_TYPE: readonly (string | undefined)[] = [
  undefined,
  'maple_range_64',
  'maple_range_64',
  'maple_arange_64',
];
const LEAF = 1;
/** Deeper than any tree that fits memory. */
const MAX_DEPTH = 16;

/** @param tree a struct maple_tree; a tree that is damaged ends where it cannot be followed */
export function* mapleEntries(reader: StructReader, tree: VirtAddr): Generator<MapleEntry> {
  const root = reader.pointer('maple_tree', 'ma_root', tree);
  if (root === undefined || !isNode(root)) return;
  yield* entriesOf(reader, { node: root, first: 0, last: Infinity, depth: 0 });
}

/** xa_is_node() */
const isNode = (entry: number): boolean => ((entry % 4) + 4) % 4 === 2 && Math.abs(entry) > 4096;

interface NodeAt {
  /** With its type in the low bits. */
  readonly node: VirtAddr;
  readonly first: number;
  readonly last: number;
  readonly depth: number;
}

function* entriesOf(reader: StructReader, at: NodeAt): Generator<MapleEntry> {
  const low = ((at.node % NODE_BYTES) + NODE_BYTES) % NODE_BYTES;
  const type = (low >>> TYPE_SHIFT) & TYPE_MASK;
  const struct = STRUCT_OF_TYPE[type];
  const pivots = struct === undefined ? undefined : arrayIn(reader, struct, 'pivot');
  const slots = struct === undefined ? undefined : arrayIn(reader, struct, 'slot');
  if (pivots === undefined || slots === undefined || at.depth > MAX_DEPTH) return;
  const { pointerSize } = reader.image.profile;
  const base = at.node - low;
  let { first } = at;
  for (let i = 0; i < slots.length; i++) {
    const pivot =
      i < pivots.length ? reader.pointerAt(base + pivots.offset + i * pointerSize) : undefined;
    const slot = reader.pointerAt(base + slots.offset + i * pointerSize);
    if (slot === undefined || (pivot === 0 && i > 0)) return;
    // A negative number is an index of the upper half: further than any address of a user's.
    const last = pivot === undefined || pivot < 0 ? at.last : Math.min(pivot, at.last);
    if (type === LEAF) {
      if (slot !== 0) yield { entry: slot, first, last };
    } else if (isNode(slot)) {
      yield* entriesOf(reader, { node: slot, first, last, depth: at.depth + 1 });
    }
    if (last === at.last) return;
    first = last + 1;
  }
}

function arrayIn(
  { image }: StructReader,
  tag: string,
  member: string,
): { readonly offset: number; readonly length: number } | undefined {
  const struct = image.profile.types.struct(tag);
  const found = struct && findMember(struct, member);
  const type = found && stripTypedefs(found.type);
  if (found === undefined || type?.kind !== 'array') return undefined;
  return { offset: found.offsetBits / 8, length: type.length };
}
