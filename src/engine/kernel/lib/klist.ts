/**
 * Lists whose members are counted: of the devices and the drivers of a bus.
 *
 *     klist.k_list ─> klist_node: n_klist, n_node, n_ref ─> ...
 *
 * Left out: iterators that hold a node, what a list does with its nodes' objects (get, put), the lock.
 * Source: Linux 6.1 lib/klist.c.
 */
import { NULL, type Pointer } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type Cell } from '../../memory/address.js';
import { INIT_LIST_HEAD, list_add_tail, list_del_init } from '../include/linux/list.h.js';

export type Klist = Pointer<'struct klist'>;
export type KlistNode = Pointer<'struct klist_node'>;

export function klist_init(k: Kernel, list: Klist): void {
  INIT_LIST_HEAD(k, k.plus(list, k.klist.k_list));
}

export function klist_add_tail(k: Kernel, n: KlistNode, list: Klist): void {
  // klist_node_init():
  INIT_LIST_HEAD(k, k.plus(n, k.klist_node.n_node));
  k.write(k.plus(n, k.klist_node.n_ref), 1);
  k.write_ptr(k.plus(n, k.klist_node.n_klist), list);
  list_add_tail(k, k.plus(n, k.klist_node.n_node), k.plus(list, k.klist.k_list));
}

const klist_node_attached = (k: Kernel, n: KlistNode): boolean =>
  k.read_va(k.plus(n, k.klist_node.n_klist)) !== 0;

export function klist_del(k: Kernel, n: KlistNode): void {
  if (!klist_node_attached(k, n)) return;
  list_del_init(k, k.plus(n, k.klist_node.n_node));
  k.write(k.plus(n, k.klist_node.n_ref), 0);
  k.write_ptr(k.plus(n, k.klist_node.n_klist), NULL);
}

/** The node behind one, or the first; NULL at the end. */
export const nextNode = (k: Kernel, list: Klist, n: KlistNode): KlistNode => {
  const head: Cell = k.plus(list, k.klist.k_list);
  const at: Cell = k.read_ptr(n === NULL ? head : k.plus(n, k.klist_node.n_node));
  return at === head ? NULL : k.cell_at(asVirt(k.va_of(at) - k.klist_node.n_node * 4));
};
