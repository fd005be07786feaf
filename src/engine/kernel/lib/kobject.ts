/**
 * kobjects: what has a directory in sysfs, a place in a kset, and an end that a reference count decides.
 *
 * Source: Linux 6.1 lib/kobject.c; fs/sysfs/dir.c: sysfs_create_dir_ns(), sysfs_remove_dir(); fs/sysfs/group.c:
 * sysfs_create_group().
 */
import { type Int, type ListHead, NULL, type Pointer } from '../../machine/ctypes.js';
import { bitFieldIn } from '../../machine/facts.js';
import type { Kernel } from '../../machine/kernel.js';
import type { VirtAddr } from '../../memory/address.js';
import {
  kernfs_create_dir,
  kernfs_get,
  kernfs_put,
  kernfs_remove,
  type KernfsNode,
} from '../fs/kernfs/dir.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import { __list_del_entry, INIT_LIST_HEAD, list_add_tail } from '../include/linux/list.h.js';
import { kfree_const, kstrdup_const } from '../mm/util.js';

export type Kobject = Pointer<'struct kobject'>;
export type Kset = Pointer<'struct kset'>;
/** Bits of kobj->state_*. */
const STATE_INITIALIZED = 1;
const STATE_IN_SYSFS = 2;

export const kobj_sd = (k: Kernel, kobj: Kobject): KernfsNode => k.read_ptr(kobj + k.kobject.sd);

function set_state(k: Kernel, kobj: Kobject, bits: Int, on: boolean): void {
  const at = kobj + bitFieldIn(k.kobject.state_initialized).word;
  k.write(at, on ? k.words[at]! | bits : k.words[at]! & ~bits);
}

export function kobject_get(k: Kernel, kobj: Kobject): void {
  k.write(kobj + k.kobject.kref, k.words[kobj + k.kobject.kref]! + 1);
}

/** Drops a reference. @param release what the kobject's type does when it was the last one */
export function kobject_put(k: Kernel, kobj: Kobject, release?: () => void): void {
  const at = kobj + k.kobject.kref;
  k.write(at, k.words[at]! - 1);
  if (k.words[at] !== 0) return;
  const name: VirtAddr = k.read_va(kobj + k.kobject.name);
  release?.();
  if (name !== 0) kfree_const(k, name);
}

export function kobject_init(k: Kernel, kobj: Kobject, ktype: Pointer<'struct kobj_type'>): void {
  k.write(kobj + k.kobject.kref, 1);
  INIT_LIST_HEAD(k, (kobj + k.kobject.entry) as ListHead);
  set_state(k, kobj, ~STATE_INITIALIZED, false);
  set_state(k, kobj, STATE_INITIALIZED, true);
  k.write_ptr(kobj + k.kobject.ktype, ktype);
}

/** Names the kobject and makes its directory in that of its kset. 0 or an errno. */
export function kobject_add(k: Kernel, kobj: Kobject, name: VirtAddr): Int {
  const own_name: VirtAddr = kstrdup_const(k, name);
  if (own_name === 0) return -ENOMEM;
  k.write_va(kobj + k.kobject.name, own_name);
  const kset: Kset = k.read_ptr(kobj + k.kobject.kset);
  const parent = (kset + k.kset.kobj) as Kobject;
  kobject_get(k, parent);
  kobj_kset_join(k, kobj, kset);
  k.write_ptr(kobj + k.kobject.parent, parent);

  const sd: KernfsNode = kernfs_create_dir(k, kobj_sd(k, parent), own_name, 0o755, kobj);
  if (sd === NULL) {
    kobj_kset_leave(k, kobj);
    kobject_put(k, parent);
    k.write_ptr(kobj + k.kobject.parent, NULL);
    return -ENOMEM;
  }
  k.write_ptr(kobj + k.kobject.sd, sd);
  kernfs_get(k, sd);
  set_state(k, kobj, STATE_IN_SYSFS, true);
  return 0;
}

function kobj_kset_join(k: Kernel, kobj: Kobject, kset: Kset): void {
  kobject_get(k, (kset + k.kset.kobj) as Kobject);
  const entry = (kobj + k.kobject.entry) as ListHead;
  list_add_tail(k, entry, (kset + k.kset.list) as ListHead);
}

function kobj_kset_leave(k: Kernel, kobj: Kobject): void {
  const kset: Kset = k.read_ptr(kobj + k.kobject.kset);
  const entry = (kobj + k.kobject.entry) as ListHead;
  __list_del_entry(k, entry);
  INIT_LIST_HEAD(k, entry);
  kobject_put(k, (kset + k.kset.kobj) as Kobject);
}

/** Takes the kobject's directory away, and the kobject out of its kset. */
export function kobject_del(k: Kernel, kobj: Kobject): void {
  const parent: Kobject = k.read_ptr(kobj + k.kobject.parent);
  const sd: KernfsNode = kobj_sd(k, kobj);
  k.write_ptr(kobj + k.kobject.sd, NULL);
  kernfs_remove(k, sd);
  kernfs_put(k, sd);
  set_state(k, kobj, STATE_IN_SYSFS, false);
  kobj_kset_leave(k, kobj);
  k.write_ptr(kobj + k.kobject.parent, NULL);
  kobject_put(k, parent);
}
