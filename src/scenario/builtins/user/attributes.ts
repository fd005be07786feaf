/**
 * Attributes: files in sysfs whose text functions of a module write and read; and kobjects, which are the folders.
 *
 *     static struct kobj_attribute hits_attr = __ATTR(hits, 0644, hits_show, hits_store);
 *     kobj = kobject_create_and_add("demo", kernel_kobj);  sysfs_create_file(kobj, &hits_attr.attr);    /sys/kernel/demo/hits
 */
import { EEXIST, ENOMEM } from '../../../engine/kernel/include/linux/errno.h.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Cell } from '../../../engine/memory/address.js';
import { asVirt, type VirtAddr } from '../../../engine/memory/address.js';
import type { Kobject } from '../../../engine/kernel/include/linux/kobject.h.js';
import type { Value } from '../../semantics/arithmetic.js';
import { vsprintf } from '../../printk/print.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { withCaches } from '../needs.js';
import { va } from '../pointers.js';
import { printServices } from '../printServices.js';

/** More attributes than any group has. */
const MOST_ATTRIBUTES = 1024;

// --- where attributes lie --------------------------------------------------------------------------------------------------

const textAt = (call: BuiltinCall, at: Cell): string => call.string(call.k.read_va(at));

/** Names down to a kobject. */
function kobjectPath(call: BuiltinCall, kobj: Kobject): string {
  const { k } = call;
  const parent: Kobject = k.read_ptr(k.plus(kobj, k.kobject.parent));
  const above = parent === NULL ? '/sys' : kobjectPath(call, parent);
  return `${above}/${textAt(call, k.plus(kobj, k.kobject.name))}`;
}

function classPath(call: BuiltinCall, cls: Cell): string {
  return `/sys/class/${textAt(call, call.k.plus(cls, call.k.class.name))}`;
}

function devicePath(call: BuiltinCall, dev: Cell): string {
  const { k } = call;
  const cls = k.read_ptr(k.plus(dev, k.device.class));
  const name = textAt(call, k.plus(dev, k.device.kobj + k.kobject.name));
  return cls === NULL ? `/sys/devices/${name}` : `${classPath(call, cls)}/${name}`;
}

const nameOf = (call: BuiltinCall, attr: Value): string =>
  textAt(call, call.k.plus(call.cell(attr), call.k.attribute.name));

/** A file of an attribute. 0 or an error. */
function addFile(
  call: BuiltinCall,
  folder: string,
  attr: Value,
  object: VirtAddr,
  sysfs_ops: VirtAddr = asVirt(0),
): number {
  const { k, kernel } = call;
  const { files } = call.process;
  const path = `${folder}/${nameOf(call, attr)}`;
  if (files.named(path) !== undefined) {
    call.warn(`sysfs: cannot create duplicate filename '${path.slice('/sys'.length)}'`);
    return -EEXIST;
  }
  const node = kernel.attributeNode(k, path, call.cell(attr), { object, sysfs_ops });
  if (node === NULL) return -ENOMEM;
  if (files.name(path, node)) return 0;
  kernel.removeDevice(k, node);
  return -ENOMEM;
}

function removeFile(call: BuiltinCall, folder: string, attr: Value): void {
  const node = call.process.files.unname(`${folder}/${nameOf(call, attr)}`);
  if (node !== undefined) call.kernel.removeDevice(call.k, node);
}

// --- kobjects --------------------------------------------------------------------------------------------------------------

/** Of a type of the module's own: its functions for all attributes. */
function operationsOf(call: BuiltinCall, kobj: Kobject): VirtAddr {
  const { k } = call;
  const ktype = k.read_va(k.plus(kobj, k.kobject.ktype));
  return k.isOwnObject(ktype)
    ? k.read_va(k.plus(k.cell_at(ktype), k.kobj_type.sysfs_ops))
    : asVirt(0);
}

function createFile(call: BuiltinCall, kobj: Kobject, attr: Value): number {
  const { k, kernel } = call;
  const object = k.va_of(kobj);
  const error = addFile(
    ...([call, kobjectPath(call, kobj), attr, object, operationsOf(call, kobj)] as const),
  );
  return error !== 0 ? error : kernel.sysfs_create_file_ns(k, kobj, call.cell(attr));
}

function removeAttribute(call: BuiltinCall, kobj: Kobject, attr: Value): void {
  removeFile(call, kobjectPath(call, kobj), attr);
  call.kernel.sysfs_remove_file_ns(call.k, kobj, call.cell(attr));
}

/** The attributes of a struct attribute_group, which has no name here. */
function attributesOf(call: BuiltinCall, grp: Value): Value[] {
  const { k } = call;
  const size = call.profile.pointerSize;
  const attrs = k.read_va(k.plus(call.cell(grp), k.attribute_group.attrs));
  const found: Value[] = [];
  for (let i = 0; i < MOST_ATTRIBUTES; i++) {
    const attr = call.memory.load(call.offset(attrs, i * size), size);
    if (attr === 0) break;
    found.push(attr);
  }
  return found;
}

/** All of them, or none. */
function createFiles(call: BuiltinCall, kobj: Kobject, attrs: readonly Value[]): number {
  for (const [i, attr] of attrs.entries()) {
    const error = createFile(call, kobj, attr);
    if (error === 0) continue;
    for (const done of attrs.slice(0, i)) removeAttribute(call, kobj, done);
    return error;
  }
  return 0;
}

/** The end of a kobject: what its type says. */
function release(call: BuiltinCall, kobj: Kobject): void {
  const { k, kernel } = call;
  kernel.kobject_del(k, kobj);
  const ktype = k.read_va(k.plus(kobj, k.kobject.ktype));
  const address = k.va_of(kobj);
  if (!k.isOwnObject(ktype)) {
    call.ledger.freed('object', address);
    kernel.kfree(k, address);
    return;
  }
  const func = k.read_va(k.plus(k.cell_at(ktype), k.kobj_type.release));
  if (func !== 0) k.callOut?.(func, [address]);
}

/** Bytes with a NUL, in memory that the kernel keeps: kobject_set_name() copies them. */
function withText(call: BuiltinCall, text: string, run: (at: VirtAddr) => number): number {
  const { k, kernel } = call;
  const at = kernel.kstrdup(k, text, k.GFP_KERNEL);
  if (at === 0) return -ENOMEM;
  const result = run(at);
  kernel.kfree(k, at);
  return result;
}

const kobjects: readonly BuiltinRow[] = [
  withCaches(
    'struct kobject *kobject_create_and_add(const char *name, struct kobject *parent)',
    'A folder in sysfs: kernel_kobj is /sys/kernel. NULL without memory, or if there is one of the name.',
    (call, name, parent) => {
      const { k, kernel } = call;
      const above = parent === 0 ? NULL : call.cell(parent);
      const kobj = kernel.kobject_create_and_add(k, va(name), above);
      if (kobj === NULL) return 0;
      const address = call.pointer(kobj);
      call.ledger.allocated({ kind: 'object', address, sizeBytes: k.sizeof.kobject });
      return address;
    },
  ),
  {
    ...withCaches(
      'int kobject_init_and_add(struct kobject *kobj, const struct kobj_type *ktype, struct kobject *parent, const char *fmt, ...)',
      'A folder in sysfs of memory of a module, with a type of its own. 0 or an error; kobject_put() in both cases.',
      (call, kobj, ktype, parent, format, ...args) => {
        const { k, kernel } = call;
        const name = vsprintf(printServices(call), call.string(format), args);
        const above = parent === 0 ? NULL : call.cell(parent);
        return withText(call, name, (at) =>
          kernel.kobject_init_and_add(k, call.cell(kobj), call.cell(ktype), above, at),
        );
      },
    ),
    format: 3,
  },
  withCaches(
    'struct kobject *kobject_get(struct kobject *kobj)',
    'A reference to a kobject.',
    (call, kobj) => {
      if (kobj !== 0) call.kernel.kobject_get(call.k, call.cell(kobj));
      return kobj;
    },
  ),
  withCaches(
    'void kobject_put(struct kobject *kobj)',
    'Drops a reference to a kobject: with the last one its folder goes, and its type ends it.',
    (call, kobj) => {
      if (kobj === 0) return;
      call.kernel.kobject_put(call.k, call.cell(kobj), () => {
        release(call, call.cell(kobj));
      });
    },
  ),
  withCaches(
    'void kobject_del(struct kobject *kobj)',
    'Takes the folder of a kobject away.',
    (call, kobj) => {
      if (kobj !== 0) call.kernel.kobject_del(call.k, call.cell(kobj));
    },
  ),
];

const inSysfs: readonly BuiltinRow[] = [
  withCaches(
    'int sysfs_create_file(struct kobject *kobj, const struct attribute *attr)',
    'A file in the folder of a kobject, whose text its show() writes. 0 or an error.',
    (call, kobj, attr) => createFile(call, call.cell(kobj), attr),
  ),
  withCaches(
    'void sysfs_remove_file(struct kobject *kobj, const struct attribute *attr)',
    'The file of an attribute goes.',
    (call, kobj, attr) => {
      removeAttribute(call, call.cell(kobj), attr);
    },
  ),
  withCaches(
    'int sysfs_create_group(struct kobject *kobj, const struct attribute_group *grp)',
    'A file for each attribute of a group. 0 or an error, and then none.',
    (call, kobj, grp) => createFiles(call, call.cell(kobj), attributesOf(call, grp)),
  ),
  withCaches(
    'void sysfs_remove_group(struct kobject *kobj, const struct attribute_group *grp)',
    'The files of a group go.',
    (call, kobj, grp) => {
      for (const attr of attributesOf(call, grp)) removeAttribute(call, call.cell(kobj), attr);
    },
  ),
];

const ofDevices: readonly BuiltinRow[] = [
  withCaches(
    'int device_create_file(struct device *dev, const struct device_attribute *attr)',
    'A file of a device, /sys/class/CLASS/DEVICE/NAME. 0 or an error.',
    (call, dev, attr) => addFile(call, devicePath(call, call.cell(dev)), attr, va(dev)),
  ),
  withCaches(
    'void device_remove_file(struct device *dev, const struct device_attribute *attr)',
    'The file of an attribute of a device goes.',
    (call, dev, attr) => {
      removeFile(call, devicePath(call, call.cell(dev)), attr);
    },
  ),
];

/** The attributes of all groups of a class. */
function classAttributes(call: BuiltinCall, cls: Value): Value[] {
  const size = call.profile.pointerSize;
  const groups = call.k.read_va(call.k.plus(call.cell(cls), call.k.class.class_groups));
  const found: Value[] = [];
  for (let i = 0; groups !== 0 && i < MOST_ATTRIBUTES; i++) {
    const grp = call.memory.load(call.offset(groups, i * size), size);
    if (grp === 0) break;
    found.push(...attributesOf(call, grp));
  }
  return found;
}

const ofClasses: readonly BuiltinRow[] = [
  withCaches(
    'int class_register(struct class *cls)',
    'A class of memory of a module, with the files of its class_groups. 0 or an error.',
    (call, cls) => {
      for (const attr of classAttributes(call, cls)) {
        const error = addFile(call, classPath(call, call.cell(cls)), attr, va(cls));
        if (error !== 0) return error;
      }
      return 0;
    },
  ),
  withCaches(
    'void class_unregister(struct class *cls)',
    'The files of a class go.',
    (call, cls) => {
      for (const attr of classAttributes(call, cls))
        removeFile(call, classPath(call, call.cell(cls)), attr);
    },
  ),
  withCaches(
    'int class_create_file(struct class *cls, const struct class_attribute *attr)',
    'A file of a class, /sys/class/CLASS/NAME. 0 or an error.',
    (call, cls, attr) => addFile(call, classPath(call, call.cell(cls)), attr, va(cls)),
  ),
  withCaches(
    'void class_remove_file(struct class *cls, const struct class_attribute *attr)',
    'The file of an attribute of a class goes.',
    (call, cls, attr) => {
      removeFile(call, classPath(call, call.cell(cls)), attr);
    },
  ),
];

export const attributes: readonly Builtin[] = [
  ...group('process', 'lib/kobject.c', kobjects),
  ...group('process', 'fs/sysfs/file.c', inSysfs),
  ...group('process', 'drivers/base/core.c', ofDevices),
  ...group('process', 'drivers/base/class.c', ofClasses),
];
