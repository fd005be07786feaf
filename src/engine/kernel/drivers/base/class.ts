/**
 * Classes of devices: here a name that devices are made under.
 *
 * Left out everywhere: the class in sysfs, its attributes, what it is told when devices come and go.
 * Source: Linux 6.1 drivers/base/class.c; include/linux/device/class.h.
 */
import { NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { ERR_PTR } from '../../include/linux/err.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { kfree, kzalloc } from '../../mm/slab_common/kmalloc.js';

export type Class = Pointer<'struct class'>;

/** A class, or an error. @param name lasts as long as the class */
export function __class_create(k: Kernel, owner: Cell, name: VirtAddr): Class {
  const object: VirtAddr = kzalloc(k, k.sizeof.class, k.GFP_KERNEL);
  if (object === 0) return ERR_PTR(-ENOMEM);
  const cls: Class = k.cell_at(object);
  k.write_va(k.plus(cls, k.class.name), name);
  k.write_ptr(k.plus(cls, k.class.owner), owner);
  return cls;
}

export function class_destroy(k: Kernel, cls: Class): void {
  if (cls !== NULL) kfree(k, k.va_of(cls));
}
