/** Red-black trees: the kernel's own functions, on nodes of a scenario's objects. */
import type { RbNode } from '../../engine/kernel/include/linux/rbtree.h.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';

const changing = (
  name: 'rb_insert_color' | 'rb_erase',
  first: string,
  doc: string,
): BuiltinRow => ({
  signature: `void ${name}(struct rb_node *${first}, struct rb_root *root)`,
  doc,
  changes: true,
  run: (call, node, root) => {
    call.kernel[name](call.k, call.cell(node), call.cell(root));
  },
});

/** The outermost node on a side. */
function outermost(call: BuiltinCall, root: Value, side: 'rb_left' | 'rb_right'): Value {
  const { k } = call;
  let node: RbNode = k.read_ptr(call.cell(root));
  for (let rounds = 0; node !== 0; rounds++) {
    k.watchdog(rounds << 10);
    const below: RbNode = k.read_ptr(node + k.rb_node[side]);
    if (below === 0) break;
    node = below;
  }
  return call.pointer(node);
}

/** The node before: the rightmost of those on the left, or the first one above that it lies to the right of. */
function before(call: BuiltinCall, of: Value): Value {
  const { k, kernel } = call;
  let node = call.cell(of) as RbNode;
  const left: RbNode = k.read_ptr(node + k.rb_node.rb_left);
  if (left !== 0) {
    node = left;
    for (let rounds = 0; ; rounds++) {
      k.watchdog(rounds << 10);
      const right: RbNode = k.read_ptr(node + k.rb_node.rb_right);
      if (right === 0) return call.pointer(node);
      node = right;
    }
  }
  for (let rounds = 0; ; rounds++) {
    k.watchdog(rounds << 10);
    const parent = kernel.rb_parent(k, node);
    if (parent === 0 || k.read_ptr(parent + k.rb_node.rb_right) === node)
      return call.pointer(parent);
    node = parent;
  }
}

export const rbtrees: readonly Builtin[] = group('list', 'lib/rbtree.c', [
  changing(
    'rb_insert_color',
    'node',
    'Balances a tree after rb_link_node(): the new node is red, and goes up as far as it must.',
  ),
  changing('rb_erase', 'node', 'Takes a node out of its tree, which is balanced.'),
  {
    signature: 'struct rb_node *rb_first(const struct rb_root *root)',
    doc: 'The first node in order; NULL of an empty tree.',
    run: (call, root) => call.pointer(call.kernel.rb_first(call.k, call.cell(root))),
  },
  {
    signature: 'struct rb_node *rb_last(const struct rb_root *root)',
    doc: 'The last node in order; NULL of an empty tree.',
    run: (call, root) => outermost(call, root, 'rb_right'),
  },
  {
    signature: 'struct rb_node *rb_next(const struct rb_node *node)',
    doc: 'The next node in order; NULL behind the last.',
    run: (call, node) => call.pointer(call.kernel.rb_next(call.k, call.cell(node))),
  },
  {
    signature: 'struct rb_node *rb_prev(const struct rb_node *node)',
    doc: 'The node before, in order; NULL before the first.',
    run: before,
  },
]);
