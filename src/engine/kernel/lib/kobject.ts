/**
 * kobjects: made, put into their kset and into sysfs, taken out, and freed with their last reference.
 *
 * Left out everywhere: namespaces, uevents, attributes that a type gives each of its kobjects (default_groups).
 * Source: Linux 6.1 lib/kobject.c; include/linux/kref.h.
 */
import { type Int, NULL } from '../../machine/ctypes.js';
import { bitFieldIn } from '../../machine/facts.js';
import type { Kernel } from '../../machine/kernel.js';
import type { VirtAddr } from '../../memory/address.js';
import { kernfs_get, kernfs_put } from '../fs/kernfs/dir/dir.js';
import type { KernfsNode } from '../fs/kernfs/kernfs-internal.h.js';
import { sysfs_create_dir_ns, sysfs_remove_dir } from '../fs/sysfs/dir.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import type { Kobject, KobjType, Kset } from '../include/linux/kobject.h.js';
import { INIT_LIST_HEAD, list_add_tail, list_del_init } from '../include/linux/list.h.js';
import { kfree, kzalloc } from '../mm/slab_common/kmalloc.js';
import { kfree_const, kstrdup_const } from '../mm/util.js';

/** What a type does at the end of its kobjects. */
type KobjectRelease = (k: Kernel, kobj: Kobject) => void;

/** Bits of the word that state_initialized is the lowest bit-field of. */
const STATE_INITIALIZED = 1;
const STATE_IN_SYSFS = 2;

const changeState = (k: Kernel, kobj: Kobject, bits: Int, on: boolean): void => {
  const at = k.plus(kobj, bitFieldIn(k.kobject.state_initialized).word);
  k.write(at, on ? k.words[at]! | bits : k.words[at]! & ~bits);
};

// --- references --------------------------------------------------------------------------------------------------------

export function kobject_get(k: Kernel, kobj: Kobject): Kobject {
  if (kobj === NULL) return NULL;
  const kref = k.plus(kobj, k.kobject.kref);
  k.write(kref, k.words[kref]! + 1);
  return kobj;
}

/** NULL for one whose last reference is gone. */
export function kobject_get_unless_zero(k: Kernel, kobj: Kobject): Kobject {
  return k.words[k.plus(kobj, k.kobject.kref)] === 0 ? NULL : kobject_get(k, kobj);
}

/** The last reference is gone. Left out: kobject_del of one that is still in sysfs. */
function kobject_cleanup(k: Kernel, kobj: Kobject, release: KobjectRelease | undefined): void {
  // The name is freed last, and the kobject that knows it is gone by then.
  const name: VirtAddr = k.read_va(k.plus(kobj, k.kobject.name));
  // The kobject is a part of what is freed here.
  release?.(k, kobj);
  if (name !== 0) kfree_const(k, name);
}

/**
 * Drops a reference. Differs: what the kobject's type does at its end is an argument, as no type that is used here has more than one
 * kind of end.
 */
export function kobject_put(k: Kernel, kobj: Kobject, release?: KobjectRelease): void {
  if (kobj === NULL) return;
  const kref = k.plus(kobj, k.kobject.kref);
  k.write(kref, k.words[kref]! - 1);
  if (k.words[kref] === 0) kobject_cleanup(k, kobj, release);
}

// --- a place in a kset -------------------------------------------------------------------------------------------------

/** A member keeps its kset. */
function kobj_kset_join(k: Kernel, kobj: Kobject): void {
  const kset: Kset = k.read_ptr(kobj + k.kobject.kset);
  if (kset === NULL) return;
  // kset_get()
  kobject_get(k, (kset + k.kset.kobj) as Kobject);
  list_add_tail(k, kobj + k.kobject.entry, kset + k.kset.list);
}

/** Takes it off the kset's list, and gives the reference to the kset back. */
function kobj_kset_leave(k: Kernel, kobj: Kobject): void {
  const kset: Kset = k.read_ptr(kobj + k.kobject.kset);
  if (kset === NULL) return;
  list_del_init(k, kobj + k.kobject.entry);
  // kset_put()
  kobject_put(k, (kset + k.kset.kobj) as Kobject);
}

// --- making ------------------------------------------------------------------------------------------------------------

/** One reference, the maker's; on no list, and not in sysfs. */
function kobject_init_internal(k: Kernel, kobj: Kobject): void {
  k.write(k.plus(kobj, k.kobject.kref), 1);
  INIT_LIST_HEAD(k, k.plus(kobj, k.kobject.entry));
  changeState(k, kobj, ~STATE_INITIALIZED, false);
  changeState(k, kobj, STATE_INITIALIZED, true);
}

/** From here on only kobject_put() may end it. */
export function kobject_init(k: Kernel, kobj: Kobject, ktype: KobjType): void {
  kobject_init_internal(k, kobj);
  k.write_ptr(k.plus(kobj, k.kobject.ktype), ktype);
}

/** Its directory in sysfs. 0 or an errno. */
function create_dir(k: Kernel, kobj: Kobject): Int {
  const error: Int = sysfs_create_dir_ns(k, kobj);
  if (error !== 0) return error;
  // A parent may take the directory with it; the kobject keeps it until its own end.
  kernfs_get(k, k.read_ptr(kobj + k.kobject.sd));
  return 0;
}

/** Left out: what it reports. */
function kobject_add_internal(k: Kernel, kobj: Kobject): Int {
  let parent: Kobject = kobject_get(k, k.read_ptr(kobj + k.kobject.parent));
  const kset: Kset = k.read_ptr(kobj + k.kobject.kset);
  if (kset !== NULL) {
    // Without a parent of its own it lives in its kset's directory.
    if (parent === NULL) parent = kobject_get(k, (kset + k.kset.kobj) as Kobject);
    kobj_kset_join(k, kobj);
    k.write_ptr(kobj + k.kobject.parent, parent);
  }

  const error: Int = create_dir(k, kobj);
  if (error !== 0) {
    // Each step is taken back. The name stays: it goes with the kobject.
    kobj_kset_leave(k, kobj);
    kobject_put(k, parent);
    k.write_ptr(kobj + k.kobject.parent, NULL);
  } else {
    changeState(k, kobj, STATE_IN_SYSFS, true);
  }
  return error;
}

/** Left out: `/` in a name, an earlier name. */
export function kobject_set_name(k: Kernel, kobj: Kobject, name: string | VirtAddr): Int {
  const s: VirtAddr = kstrdup_const(k, name);
  if (s === 0) return -ENOMEM;
  k.write_va(k.plus(kobj, k.kobject.name), s);
  return 0;
}

/** Gives the kobject a type and a name, and adds it: to its kset, and to sysfs. 0 or an errno. */
export function kobject_init_and_add(
  k: Kernel,
  kobj: Kobject,
  ktype: KobjType,
  parent: Kobject,
  name: VirtAddr,
): Int {
  kobject_init(k, kobj, ktype);
  return kobject_add(k, kobj, parent, name);
}

/** Adds a kobject that has a type already: a name and a place. 0 or an errno. */
function kobject_add(k: Kernel, kobj: Kobject, parent: Kobject, name: VirtAddr): Int {
  // kobject_add_varg():
  const retval: Int = kobject_set_name(k, kobj, name);
  if (retval !== 0) return retval;
  k.write_ptr(kobj + k.kobject.parent, parent);
  return kobject_add_internal(k, kobj);
}

function dynamic_kobj_release(k: Kernel, kobj: Kobject): void {
  kfree(k, k.va_of(kobj));
}

/** A kobject of its own, which is a directory and no more. NULL without memory. */
export function kobject_create_and_add(k: Kernel, name: VirtAddr, parent: Kobject): Kobject {
  // kobject_create():
  const object: VirtAddr = kzalloc(k, k.sizeof.kobject, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const kobj = k.cell_at(object) as Kobject;
  kobject_init(k, kobj, k.globals.dynamic_kobj_ktype);
  if (kobject_add(k, kobj, parent, name) === 0) return kobj;
  kobject_put(k, kobj, dynamic_kobj_release);
  return NULL;
}

/** A set of kobjects, with a directory that theirs are in. NULL without memory. Left out: its uevent_ops. */
export function kset_create_and_add(k: Kernel, name: VirtAddr, parent_kobj: Kobject): Kset {
  // kset_create():
  const object: VirtAddr = kzalloc(k, k.sizeof.kset, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const kset = k.cell_at(object) as Kset;
  const kobj = (kset + k.kset.kobj) as Kobject;
  if (kobject_set_name(k, kobj, name) !== 0) {
    kfree(k, object);
    return NULL;
  }
  k.write_ptr(kobj + k.kobject.parent, parent_kobj);
  k.write_ptr(kobj + k.kobject.ktype, k.globals.kset_ktype);

  // kset_register(), kset_init():
  kobject_init_internal(k, kobj);
  INIT_LIST_HEAD(k, kset + k.kset.list);
  if (kobject_add_internal(k, kobj) === 0) return kset;
  kfree(k, object);
  return NULL;
}

// --- taking out --------------------------------------------------------------------------------------------------------

function __kobject_del(k: Kernel, kobj: Kobject): void {
  // Its own reference to the directory, which outlives the removal.
  const sd: KernfsNode = k.read_ptr(kobj + k.kobject.sd);
  sysfs_remove_dir(k, kobj);
  kernfs_put(k, sd);

  changeState(k, kobj, STATE_IN_SYSFS, false);
  kobj_kset_leave(k, kobj);
  k.write_ptr(kobj + k.kobject.parent, NULL);
}

/** Takes the kobject's directory away, and the kobject out of its kset. */
export function kobject_del(k: Kernel, kobj: Kobject): void {
  if (kobj === NULL) return;
  // Read before it is cleared; the reference is given back after the directory is gone from it.
  const parent: Kobject = k.read_ptr(kobj + k.kobject.parent);
  __kobject_del(k, kobj);
  kobject_put(k, parent);
}
