/**
 * Character devices: who has which numbers (chrdevs[]), which cdev answers for them (cdev_map), and what happens when a node with such a
 * number is opened.
 *
 *     dev_t ── chrdevs[major % 255] ── char_device_struct ...          a region: a name, so that nobody else takes the numbers
 *       └───── cdev_map ── probe ── cdev ── ops                        what open() of a node finds
 *
 * Left out everywhere: chrdevs_lock and cdev_lock (nothing in here sleeps once it has its memory), references to modules.
 * Source: Linux 6.1 fs/char_dev.c; include/linux/fs.h: CHRDEV_MAJOR_MAX, register_chrdev(), unregister_chrdev().
 */
import {
  type File,
  type Inode,
  type Int,
  NULL,
  type Pointer,
  type UInt,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import {
  kobj_lookup,
  kobj_map,
  kobj_map_init,
  kobj_unmap,
  type KobjMap,
} from '../drivers/base/map.js';
import { ERR_PTR, IS_ERR, PTR_ERR } from '../include/linux/err.h.js';
import { EBUSY, EINVAL, ENOMEM, ENXIO } from '../include/linux/errno.h.js';
import { MAJOR, MINOR, MINORMASK, MKDEV } from '../include/linux/kdev_t.h.js';
import type { Kobject } from '../include/linux/kobject.h.js';
import { INIT_LIST_HEAD, list_add, list_del_init, list_empty } from '../include/linux/list.h.js';
import { pr_err } from '../include/linux/printk.h.js';
import { functionNamed } from '../kernel/rcu/tiny.js';
import {
  kobject_get,
  kobject_get_unless_zero,
  kobject_init,
  kobject_put,
  kobject_set_name,
} from '../lib/kobject.js';
import { memset, stringAt } from '../lib/string.js';
import { kfree, kzalloc } from '../mm/slab_common/kmalloc.js';

export type Cdev = Pointer<'struct cdev'>;
type CharDeviceStruct = Pointer<'struct char_device_struct'>;

const CHRDEV_MAJOR_HASH_SIZE = 255;
const CHRDEV_MAJOR_MAX = 512;
/** Of majors that are given out, the lowest; and those that are tried after them. */
const CHRDEV_MAJOR_DYN_END = 234;
const CHRDEV_MAJOR_DYN_EXT_START = 511;
const CHRDEV_MAJOR_DYN_EXT_END = 384;
const NAME_BYTES = 64;

// --- regions ---------------------------------------------------------------------------------------------------------------

const major_to_index = (major: UInt): UInt => major % CHRDEV_MAJOR_HASH_SIZE;

/** &chrdevs[i] */
const chrdevAt = (k: Kernel, i: UInt): Cell => k.plus(k.globals.chrdevs, i * k.ptr_words);

const majorOf = (k: Kernel, cd: CharDeviceStruct): UInt =>
  k.read_int(k.plus(cd, k.char_device_struct.major));
const baseOf = (k: Kernel, cd: CharDeviceStruct): UInt =>
  k.read_int(k.plus(cd, k.char_device_struct.baseminor));
const countOf = (k: Kernel, cd: CharDeviceStruct): Int =>
  k.read_int(k.plus(cd, k.char_device_struct.minorct));
const nextOf = (k: Kernel, cd: CharDeviceStruct): CharDeviceStruct =>
  k.read_ptr(k.plus(cd, k.char_device_struct.next));

/** A major that nobody has: from 254 downwards, then from 511 downwards. -EBUSY if there is none. */
function find_dynamic_major(k: Kernel): Int {
  for (let i = CHRDEV_MAJOR_HASH_SIZE - 1; i >= CHRDEV_MAJOR_DYN_END; i--)
    if (k.read_va(chrdevAt(k, i)) === 0) return i;
  for (let i = CHRDEV_MAJOR_DYN_EXT_START; i >= CHRDEV_MAJOR_DYN_EXT_END; i--) {
    let cd: CharDeviceStruct = k.read_ptr(chrdevAt(k, major_to_index(i)));
    while (cd !== NULL && majorOf(k, cd) !== i) cd = nextOf(k, cd);
    if (cd === NULL) return i;
  }
  return -EBUSY;
}

/** Reserves minors of one major; 0: of one that nobody has. The region, or an error. */
function __register_chrdev_region(
  k: Kernel,
  major: UInt,
  baseminor: UInt,
  minorct: Int,
  name: VirtAddr,
): CharDeviceStruct {
  if (major >= CHRDEV_MAJOR_MAX) {
    const text = `major requested (${major}) is greater than the maximum (${CHRDEV_MAJOR_MAX - 1})`;
    pr_err(k, `CHRDEV "${stringAt(k, name)}" ${text}`);
    return ERR_PTR(-EINVAL);
  }
  if (minorct > MINORMASK + 1 - baseminor) {
    const range = `(${baseminor}-${baseminor + minorct - 1}) is out of range of maximum range (0-${MINORMASK})`;
    pr_err(k, `CHRDEV "${stringAt(k, name)}" minor range requested ${range} for a single major`);
    return ERR_PTR(-EINVAL);
  }
  const object: VirtAddr = kzalloc(k, k.sizeof.char_device_struct, k.GFP_KERNEL);
  if (object === 0) return ERR_PTR(-ENOMEM);
  const cd: CharDeviceStruct = k.cell_at(object);

  let ret: Int = major;
  if (major === 0) {
    ret = find_dynamic_major(k);
    if (ret < 0) {
      pr_err(k, `CHRDEV "${stringAt(k, name)}" dynamic allocation region is full`);
      kfree(k, object);
      return ERR_PTR(ret);
    }
  }
  // The list is in order of major and minor: the first that does not lie before this region lies behind it, or is in its way.
  let at = chrdevAt(k, major_to_index(ret));
  for (let curr: CharDeviceStruct = k.read_ptr(at); curr !== NULL; curr = nextOf(k, curr)) {
    const isBefore =
      majorOf(k, curr) < ret ||
      (majorOf(k, curr) === ret && baseOf(k, curr) + countOf(k, curr) <= baseminor);
    if (!isBefore) {
      if (majorOf(k, curr) > ret || baseOf(k, curr) >= baseminor + minorct) break;
      kfree(k, object);
      return ERR_PTR(-EBUSY);
    }
    at = k.plus(curr, k.char_device_struct.next);
  }

  k.write(k.plus(cd, k.char_device_struct.major), ret);
  k.write(k.plus(cd, k.char_device_struct.baseminor), baseminor);
  k.write(k.plus(cd, k.char_device_struct.minorct), minorct);
  copyName(k, cd, stringAt(k, name));
  k.copy_ptr(k.plus(cd, k.char_device_struct.next), at);
  k.write_ptr(at, cd);
  return cd;
}

/** strlcpy(cd->name, name, sizeof(cd->name)) */
const copyName = (k: Kernel, cd: CharDeviceStruct, name: string): void => {
  for (let i = 0; i < Math.min(name.length, NAME_BYTES - 1); i++) {
    const at = k.char_device_struct.name * 4 + i;
    k.write8(k.plus(cd, at >> 2), at & 3, name.charCodeAt(i));
  }
};

/** Takes a region off its list, which must be the very same; NULL if there is none. */
function __unregister_chrdev_region(
  k: Kernel,
  major: UInt,
  baseminor: UInt,
  minorct: Int,
): CharDeviceStruct {
  let cp = chrdevAt(k, major_to_index(major));
  for (; k.read_va(cp) !== 0; cp = k.plus(k.read_ptr(cp), k.char_device_struct.next)) {
    const cd: CharDeviceStruct = k.read_ptr(cp);
    if (majorOf(k, cd) !== major || baseOf(k, cd) !== baseminor || countOf(k, cd) !== minorct)
      continue;
    k.copy_ptr(cp, k.plus(cd, k.char_device_struct.next));
    return cd;
  }
  return NULL;
}

/** kfree(__unregister_chrdev_region(...)) */
const freeRegion = (k: Kernel, major: UInt, baseminor: UInt, minorct: Int): void => {
  const cd = __unregister_chrdev_region(k, major, baseminor, minorct);
  if (cd !== NULL) kfree(k, k.va_of(cd));
};

/** Where the part of a range that lies in one major ends. */
const endOfMajor = (n: UInt, to: UInt): UInt => Math.min(MKDEV(MAJOR(n) + 1, 0) || to, to);

/** Reserves `count` numbers from one on. 0 or an error: -EBUSY if somebody has one of them. */
export function register_chrdev_region(k: Kernel, from: UInt, count: UInt, name: VirtAddr): Int {
  const to = from + count;
  for (let n = from; n < to; n = endOfMajor(n, to)) {
    const cd = __register_chrdev_region(k, MAJOR(n), MINOR(n), endOfMajor(n, to) - n, name);
    if (!IS_ERR(cd)) continue;
    // fail: what it has by now goes back.
    unregister_chrdev_region(k, from, n - from);
    return PTR_ERR(cd);
  }
  return 0;
}

/** The same, of a major that nobody has: the first number, or an error. Differs: it is returned, not written to `*dev`. */
export function alloc_chrdev_region(k: Kernel, baseminor: UInt, count: UInt, name: VirtAddr): Int {
  const cd = __register_chrdev_region(k, 0, baseminor, count, name);
  return IS_ERR(cd) ? PTR_ERR(cd) : MKDEV(majorOf(k, cd), baseOf(k, cd));
}

export function unregister_chrdev_region(k: Kernel, from: UInt, count: UInt): void {
  const to = from + count;
  for (let n = from; n < to; n = endOfMajor(n, to))
    freeRegion(k, MAJOR(n), MINOR(n), endOfMajor(n, to) - n);
}

/** A region and a cdev for it in one; 0: of a major that nobody has, which is the result. Otherwise 0, or an error. */
export function __register_chrdev(
  k: Kernel,
  major: UInt,
  baseminor: UInt,
  count: UInt,
  name: VirtAddr,
  fops: Cell,
): Int {
  const cd = __register_chrdev_region(k, major, baseminor, count, name);
  if (IS_ERR(cd)) return PTR_ERR(cd);
  const cdev: Cdev = cdev_alloc(k);
  let err: Int = -ENOMEM;
  if (cdev !== NULL) {
    k.copy_ptr(k.plus(cdev, k.cdev.owner), k.plus(fops, k.file_operations.owner));
    k.write_ptr(k.plus(cdev, k.cdev.ops), fops);
    kobject_set_name(k, kobjOf(k, cdev), name);
    err = cdev_add(k, cdev, MKDEV(majorOf(k, cd), baseminor), count);
    if (err === 0) {
      k.write_ptr(k.plus(cd, k.char_device_struct.cdev), cdev);
      return major !== 0 ? 0 : majorOf(k, cd);
    }
    cdev_put(k, cdev);
  }
  freeRegion(k, majorOf(k, cd), baseminor, count);
  return err;
}

export function __unregister_chrdev(k: Kernel, major: UInt, baseminor: UInt, count: UInt): void {
  const cd = __unregister_chrdev_region(k, major, baseminor, count);
  if (cd === NULL) return;
  const cdev: Cdev = k.read_ptr(k.plus(cd, k.char_device_struct.cdev));
  if (cdev !== NULL) cdev_del(k, cdev);
  kfree(k, k.va_of(cd));
}

// --- cdevs -----------------------------------------------------------------------------------------------------------------

const kobjOf = (k: Kernel, p: Cdev): Kobject => k.plus(p, k.cdev.kobj);

/** cdev_map; a booted machine has none until it is needed: chrdev_init(). NULL without memory. */
const cdevMap = (k: Kernel): KobjMap => {
  if (k.read_va(k.globals.cdev_map) === 0) chrdev_init(k);
  return k.read_ptr(k.globals.cdev_map);
};

function chrdev_init(k: Kernel): void {
  const map = kobj_map_init(k, functionNamed(k, 'base_probe'), k.globals.chrdevs_lock);
  if (map !== NULL) k.write_ptr(k.globals.cdev_map, map);
}

/** A reference to a cdev; false: it is about to go. */
function cdev_get(k: Kernel, p: Cdev): boolean {
  return kobject_get_unless_zero(k, kobjOf(k, p)) !== NULL;
}

export function cdev_put(k: Kernel, p: Cdev): void {
  kobject_put(k, kobjOf(k, p), cdevRelease);
}

/** Makes a cdev of memory that its owner has. */
export function cdev_init(k: Kernel, cdev: Cdev, fops: Cell): void {
  memset(k, k.va_of(cdev), 0, k.sizeof.cdev);
  INIT_LIST_HEAD(k, k.plus(cdev, k.cdev.list));
  kobject_init(k, kobjOf(k, cdev), k.globals.ktype_cdev_default);
  k.write_ptr(k.plus(cdev, k.cdev.ops), fops);
}

/** A cdev of its own, which its last reference frees. NULL without memory. */
export function cdev_alloc(k: Kernel): Cdev {
  const object: VirtAddr = kzalloc(k, k.sizeof.cdev, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const p: Cdev = k.cell_at(object);
  INIT_LIST_HEAD(k, k.plus(p, k.cdev.list));
  kobject_init(k, kobjOf(k, p), k.globals.ktype_cdev_dynamic);
  return p;
}

/** From here on the cdev answers for its numbers: a node can be opened. 0 or -ENOMEM. Left out: WHITEOUT_DEV. */
export function cdev_add(k: Kernel, p: Cdev, dev: UInt, count: UInt): Int {
  k.write(k.plus(p, k.cdev.dev), dev);
  k.write(k.plus(p, k.cdev.count), count);
  const map = cdevMap(k);
  if (map === NULL) return -ENOMEM;
  const match = functionNamed(k, 'exact_match');
  const error = kobj_map(k, map, dev, count, match, functionNamed(k, 'exact_lock'), p);
  if (error !== 0) return error;
  kobject_get(k, parentOf(k, p));
  return 0;
}

const parentOf = (k: Kernel, p: Cdev): Kobject =>
  k.read_ptr(k.plus(p, k.cdev.kobj + k.kobject.parent));

/** Nobody can open it any more; who has it open keeps it. */
export function cdev_del(k: Kernel, p: Cdev): void {
  const dev = k.read_int(k.plus(p, k.cdev.dev)) >>> 0;
  kobj_unmap(k, cdevMap(k), dev, k.read_int(k.plus(p, k.cdev.count)) >>> 0);
  cdev_put(k, p);
}

/** Nodes forget a cdev that goes. */
function cdev_purge(k: Kernel, cdev: Cdev): void {
  const head = k.plus(cdev, k.cdev.list);
  while (!list_empty(k, head)) {
    const entry: Cell = k.read_ptr(head);
    list_del_init(k, entry);
    k.write_ptr(k.plus(inodeOf(k, entry), k.inode.i_cdev), NULL);
  }
}

/** container_of(entry, struct inode, i_devices) */
const inodeOf = (k: Kernel, entry: Cell): Inode =>
  asCell(k.cell_at(asVirt(k.va_of(entry) - k.inode.i_devices * 4)));

/** cdev_default_release(), cdev_dynamic_release(): the last reference is gone. */
function cdevRelease(k: Kernel, kobj: Kobject): void {
  const p: Cdev = k.plus(kobj, -k.cdev.kobj);
  const parent = parentOf(k, p);
  const isDynamic = k.read_ptr(k.plus(kobj, k.kobject.ktype)) === k.globals.ktype_cdev_dynamic;
  cdev_purge(k, p);
  if (isDynamic) kfree(k, k.va_of(p));
  kobject_put(k, parent);
}

// --- nodes -----------------------------------------------------------------------------------------------------------------

/** An inode goes: cdevs forget it. */
export function cd_forget(k: Kernel, inode: Inode): void {
  list_del_init(k, k.plus(inode, k.inode.i_devices));
  k.write_ptr(k.plus(inode, k.inode.i_cdev), NULL);
}

/**
 * open() of a node: the file gets the operations of the cdev that has the node's number. The node remembers the cdev. 0, or -ENXIO if
 * nobody answers for the number. Differs: the operations' open() is called by the caller.
 */
export function chrdev_open(k: Kernel, inode: Inode, filp: File): Int {
  let p: Cdev = k.read_ptr(k.plus(inode, k.inode.i_cdev));
  if (p === NULL) {
    const dev = k.read_int(k.plus(inode, k.inode.i_rdev)) >>> 0;
    const kobj = kobj_lookup(k, cdevMap(k), dev, cdev_get);
    if (kobj === NULL) return -ENXIO;
    p = k.plus(kobj, -k.cdev.kobj);
    k.write_ptr(k.plus(inode, k.inode.i_cdev), p);
    list_add(k, k.plus(inode, k.inode.i_devices), k.plus(p, k.cdev.list));
  } else if (!cdev_get(k, p)) {
    return -ENXIO;
  }
  if (k.read_va(k.plus(p, k.cdev.ops)) === 0) {
    cdev_put(k, p);
    return -ENXIO;
  }
  // replace_fops():
  k.copy_ptr(k.plus(filp, k.file.f_op), k.plus(p, k.cdev.ops));
  return 0;
}
