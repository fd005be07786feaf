/**
 * anon_vmas: what leads from an anonymous page to the areas that may map it.
 *
 *     vma ─> anon_vma_chain <─> anon_vma->rb_root
 *
 * A fork gives the child's areas an anon_vma of their own for pages that they will write, and links them with the parent's, too, where
 * the pages that both have are. Left out: their locks; KSM.
 * Source: Linux 6.1 mm/rmap.c; include/linux/rmap.h.
 */
import {
  type AnonVma,
  type AnonVmaChain,
  type Gfp,
  type Int,
  NULL,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import {
  list_add,
  list_del,
  list_entry_is_head,
  list_first_entry,
  list_last_entry,
  list_next_entry,
  list_prev_entry,
} from '../../include/linux/list.h.js';
import type { RbRoot } from '../../include/linux/rbtree.h.js';
import { kmem_cache_alloc, kmem_cache_free, linkConstructor } from '../../include/linux/slab.h.js';
import { anon_vma_interval_tree_insert, anon_vma_interval_tree_remove } from '../interval_tree.js';
import { find_mergeable_anon_vma } from '../mmap/find_vma.js';

export const rootOf = (k: Kernel, anon_vma: AnonVma): RbRoot =>
  k.plus(anon_vma, k.anon_vma.rb_root);

const addLong = (k: Kernel, anon_vma: AnonVma, member: number, delta: Int): void => {
  k.add_long(k.plus(anon_vma, member), delta);
};

function anon_vma_alloc(k: Kernel): AnonVma {
  const object: VirtAddr = kmem_cache_alloc(k, k.read_ptr(k.globals.anon_vma_cachep), k.GFP_KERNEL);
  if (object === 0) return NULL;
  const anon_vma: AnonVma = k.cell_at(object);
  k.write(k.plus(anon_vma, k.anon_vma.refcount), 1);
  k.write_long(k.plus(anon_vma, k.anon_vma.num_children), 0);
  k.write_long(k.plus(anon_vma, k.anon_vma.num_active_vmas), 0);
  k.write_ptr(k.plus(anon_vma, k.anon_vma.parent), anon_vma);
  // The top of the tree of forks; until it is put below another one, an anon_vma is its own.
  k.write_ptr(k.plus(anon_vma, k.anon_vma.root), anon_vma);
  return anon_vma;
}

function anon_vma_free(k: Kernel, anon_vma: AnonVma): void {
  kmem_cache_free(k, k.read_ptr(k.globals.anon_vma_cachep), k.va_of(anon_vma));
}

/** Objects of the cache keep their (empty) tree, and that nobody has the lock, from one life to the next. */
function anon_vma_ctor(k: Kernel, anon_vma: AnonVma): void {
  for (let i = 0; i < k.sizeof.anon_vma / 4; i++) k.write(k.plus(anon_vma, i), 0);
  const wait_list = k.plus(anon_vma, k.anon_vma.rwsem + k.rw_semaphore.wait_list);
  k.write_ptr(wait_list, wait_list);
  k.write_ptr(k.plus(wait_list, k.list_head.prev), wait_list);
}
linkConstructor('anon_vma_ctor', anon_vma_ctor);

export function get_anon_vma(k: Kernel, anon_vma: AnonVma): void {
  const refcount = k.plus(anon_vma, k.anon_vma.refcount);
  k.write(refcount, k.read_int(refcount) + 1);
}

function __put_anon_vma(k: Kernel, anon_vma: AnonVma): void {
  const root: AnonVma = k.read_ptr(k.plus(anon_vma, k.anon_vma.root));
  anon_vma_free(k, anon_vma);
  if (root === anon_vma) return;
  const refcount = k.plus(root, k.anon_vma.refcount);
  k.write(refcount, k.read_int(refcount) - 1);
  if (k.read_int(refcount) === 0) anon_vma_free(k, root);
}

export function put_anon_vma(k: Kernel, anon_vma: AnonVma): void {
  const refcount = k.plus(anon_vma, k.anon_vma.refcount);
  k.write(refcount, k.read_int(refcount) - 1);
  if (k.read_int(refcount) === 0) __put_anon_vma(k, anon_vma);
}

function anon_vma_chain_alloc(k: Kernel, gfp: Gfp): AnonVmaChain {
  const object: VirtAddr = kmem_cache_alloc(k, k.read_ptr(k.globals.anon_vma_chain_cachep), gfp);
  return object === 0 ? NULL : k.cell_at(object);
}

function anon_vma_chain_free(k: Kernel, avc: AnonVmaChain): void {
  kmem_cache_free(k, k.read_ptr(k.globals.anon_vma_chain_cachep), k.va_of(avc));
}

function anon_vma_chain_link(
  k: Kernel,
  vma: VmAreaStruct,
  avc: AnonVmaChain,
  anon_vma: AnonVma,
): void {
  k.write_ptr(avc + k.anon_vma_chain.vma, vma);
  k.write_ptr(avc + k.anon_vma_chain.anon_vma, anon_vma);
  list_add(k, avc + k.anon_vma_chain.same_vma, k.plus(vma, k.vm_area_struct.anon_vma_chain));
  anon_vma_interval_tree_insert(k, avc, rootOf(k, anon_vma));
}

/** Before an area gets its first page of its own: an anon_vma, or the neighbour's, so that the two may merge some day. */
function __anon_vma_prepare(k: Kernel, vma: VmAreaStruct): Int {
  const avc: AnonVmaChain = anon_vma_chain_alloc(k, k.GFP_KERNEL);
  if (avc === NULL) return -ENOMEM;
  let anon_vma: AnonVma = find_mergeable_anon_vma(k, vma);
  if (anon_vma === NULL) {
    anon_vma = anon_vma_alloc(k);
    if (anon_vma === NULL) {
      // out_enomem_free_avc:
      anon_vma_chain_free(k, avc);
      return -ENOMEM;
    }
    // It is its own parent.
    addLong(k, anon_vma, k.anon_vma.num_children, 1);
  }
  k.write_ptr(k.plus(vma, k.vm_area_struct.anon_vma), anon_vma);
  anon_vma_chain_link(k, vma, avc, anon_vma);
  addLong(k, anon_vma, k.anon_vma.num_active_vmas, 1);
  return 0;
}

/** An inline of rmap.h. */
export function anon_vma_prepare(k: Kernel, vma: VmAreaStruct): Int {
  if (k.read_va(k.plus(vma, k.vm_area_struct.anon_vma)) !== 0) return 0;
  return __anon_vma_prepare(k, vma);
}

/** Links an area with every anon_vma that another one is linked with. */
export function anon_vma_clone(k: Kernel, dst: VmAreaStruct, src: VmAreaStruct): Int {
  const head = k.plus(src, k.vm_area_struct.anon_vma_chain);
  for (
    let pavc: AnonVmaChain = list_last_entry(k, head, k.anon_vma_chain.same_vma);
    !list_entry_is_head(k, pavc, head, k.anon_vma_chain.same_vma);
    pavc = list_prev_entry(k, pavc, k.anon_vma_chain.same_vma)
  ) {
    let avc: AnonVmaChain = anon_vma_chain_alloc(k, k.GFP_NOWAIT | k.__GFP_NOWARN);
    if (avc === NULL) avc = anon_vma_chain_alloc(k, k.GFP_KERNEL);
    if (avc === NULL) {
      // enomem_failure:
      k.write_ptr(k.plus(dst, k.vm_area_struct.anon_vma), NULL);
      unlink_anon_vmas(k, dst);
      return -ENOMEM;
    }
    const anon_vma: AnonVma = k.read_ptr(pavc + k.anon_vma_chain.anon_vma);
    anon_vma_chain_link(k, dst, avc, anon_vma);
    // One that no area uses any more, with at most one child: fork reuses it, so that the tree does not grow for ever.
    if (
      k.read_va(k.plus(dst, k.vm_area_struct.anon_vma)) === 0 &&
      k.read_va(k.plus(src, k.vm_area_struct.anon_vma)) !== 0 &&
      k.read_ulong(k.plus(anon_vma, k.anon_vma.num_children)) < 2 &&
      k.read_ulong(k.plus(anon_vma, k.anon_vma.num_active_vmas)) === 0
    )
      k.write_ptr(k.plus(dst, k.vm_area_struct.anon_vma), anon_vma);
  }
  const own: AnonVma = k.read_ptr(k.plus(dst, k.vm_area_struct.anon_vma));
  if (own !== NULL) addLong(k, own, k.anon_vma.num_active_vmas, 1);
  return 0;
}

/** The child's area: linked with the parent's anon_vmas, and with one of its own below. */
export function anon_vma_fork(k: Kernel, vma: VmAreaStruct, pvma: VmAreaStruct): Int {
  const parent: AnonVma = k.read_ptr(k.plus(pvma, k.vm_area_struct.anon_vma));
  // The parent has no pages of its own there.
  if (parent === NULL) return 0;
  // Not its parent's: that the copy of the structure had.
  k.write_ptr(k.plus(vma, k.vm_area_struct.anon_vma), NULL);
  const error: Int = anon_vma_clone(k, vma, pvma);
  if (error !== 0) return error;
  // An old one was reused.
  if (k.read_va(k.plus(vma, k.vm_area_struct.anon_vma)) !== 0) return 0;

  const anon_vma: AnonVma = anon_vma_alloc(k);
  out_error: {
    if (anon_vma === NULL) break out_error;
    addLong(k, anon_vma, k.anon_vma.num_active_vmas, 1);
    const avc: AnonVmaChain = anon_vma_chain_alloc(k, k.GFP_KERNEL);
    if (avc === NULL) {
      put_anon_vma(k, anon_vma);
      break out_error;
    }
    const root: AnonVma = k.read_ptr(k.plus(parent, k.anon_vma.root));
    k.write_ptr(k.plus(anon_vma, k.anon_vma.root), root);
    k.write_ptr(k.plus(anon_vma, k.anon_vma.parent), parent);
    // The root must not go before those below it.
    get_anon_vma(k, root);
    k.write_ptr(k.plus(vma, k.vm_area_struct.anon_vma), anon_vma);
    anon_vma_chain_link(k, vma, avc, anon_vma);
    addLong(k, parent, k.anon_vma.num_children, 1);
    return 0;
  }
  // out_error:
  unlink_anon_vmas(k, vma);
  return -ENOMEM;
}

/** An area goes: it leaves its anon_vmas, and those that nobody needs any more go, too. */
export function unlink_anon_vmas(k: Kernel, vma: VmAreaStruct): void {
  const head = k.plus(vma, k.vm_area_struct.anon_vma_chain);
  const same_vma = k.anon_vma_chain.same_vma;
  for (
    let avc: AnonVmaChain = list_first_entry(k, head, same_vma),
      next: AnonVmaChain = list_next_entry(k, avc, same_vma);
    !list_entry_is_head(k, avc, head, same_vma);
    avc = next, next = list_next_entry(k, next, same_vma)
  ) {
    const anon_vma: AnonVma = k.read_ptr(avc + k.anon_vma_chain.anon_vma);
    anon_vma_interval_tree_remove(k, avc, rootOf(k, anon_vma));
    // The last area: it is freed below, where no lock of its root is held.
    if (k.read_va(rootOf(k, anon_vma)) === 0) {
      const parent: AnonVma = k.read_ptr(k.plus(anon_vma, k.anon_vma.parent));
      addLong(k, parent, k.anon_vma.num_children, -1);
      continue;
    }
    list_del(k, avc + same_vma);
    anon_vma_chain_free(k, avc);
  }
  const own: AnonVma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  if (own !== NULL) {
    addLong(k, own, k.anon_vma.num_active_vmas, -1);
    // What is left of the area must not use it.
    k.write_ptr(k.plus(vma, k.vm_area_struct.anon_vma), NULL);
  }
  for (
    let avc: AnonVmaChain = list_first_entry(k, head, same_vma),
      next: AnonVmaChain = list_next_entry(k, avc, same_vma);
    !list_entry_is_head(k, avc, head, same_vma);
    avc = next, next = list_next_entry(k, next, same_vma)
  ) {
    put_anon_vma(k, k.read_ptr(avc + k.anon_vma_chain.anon_vma));
    list_del(k, avc + same_vma);
    anon_vma_chain_free(k, avc);
  }
}
