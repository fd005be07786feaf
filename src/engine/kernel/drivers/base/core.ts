/**
 * struct device: a name, a number, and a node below /dev, which devtmpfs makes.
 *
 * Left out everywhere: the device in sysfs, power management, uevents; struct device_private of devices without a bus.
 * Source: Linux 6.1 drivers/base/core.c: device_create(), device_destroy(), device_initialize(), device_release(),
 * device_add(), device_del(), dev_set_name(); drivers/base/platform.c: platform_device_release().
 */
import { type File, type Int, NULL, type UInt, type Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { makeDeviceNode } from '../../fs/file_table/devices.js';
import type { Device } from '../../include/linux/dma-direct.h.js';
import { ERR_PTR } from '../../include/linux/err.h.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import type { Kobject } from '../../include/linux/kobject.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { kobject_get, kobject_init, kobject_put, kobject_set_name } from '../../lib/kobject.js';
import { stringAt } from '../../lib/string.js';
import { kfree, kzalloc } from '../../mm/slab_common/kmalloc.js';
import { bus_add_device, bus_remove_device } from './bus.js';
import type { Class } from './class.js';
import { devres_release_all } from './devres.js';

export type { Device };

const kobjOf = (k: Kernel, dev: Device): Kobject => k.plus(dev, k.device.kobj);

const device_release = (k: Kernel, kobj: Kobject): void => {
  const dev: Device = k.plus(kobj, -k.device.kobj);
  // Drivers have released what they had when they let the device go; this one has none.
  devres_release_all(k, dev);
  const release: VirtAddr = k.read_va(k.plus(dev, k.device.release));
  if (release !== 0 && release === functionNamed(k, 'platform_device_release'))
    platform_device_release(k, dev);
  else if (release !== 0) k.callOut?.(release, [k.va_of(dev)]);
  // device_create_release():
  else if (!k.isOwnObject(k.va_of(dev))) kfree(k, k.va_of(dev));
};

/** A device of platform_device_alloc(), with what was copied for it. */
function platform_device_release(k: Kernel, dev: Device): void {
  const pdev = k.cell_at(asVirt(k.va_of(dev) - k.platform_device.dev * 4));
  kfree(k, k.read_va(k.plus(dev, k.device.platform_data)));
  kfree(k, k.read_va(k.plus(pdev, k.platform_device.resource)));
  kfree(k, k.va_of(pdev));
}

/** A device of memory of a module's own. Left out: links, the lock, PM. */
export function device_initialize(k: Kernel, dev: Device): void {
  kobject_init(k, kobjOf(k, dev), NULL);
  INIT_LIST_HEAD(k, k.plus(dev, k.device.dma_pools));
  INIT_LIST_HEAD(k, k.plus(dev, k.device.devres_head));
}

/** 0, or -ENOMEM. @param name bytes, one character each */
export function dev_set_name(k: Kernel, dev: Device, name: string): Int {
  return kobject_set_name(k, kobjOf(k, dev), name);
}

/** A device that has a name, or a first one (init_name). 0 or an error. Left out: its place in sysfs. */
export function device_add(k: Kernel, dev: Device): Int {
  const init_name: VirtAddr = k.read_va(k.plus(dev, k.device.init_name));
  if (init_name !== 0) {
    kobject_set_name(k, kobjOf(k, dev), stringAt(k, init_name));
    k.write_va(k.plus(dev, k.device.init_name), asVirt(0));
  }
  if (k.read_va(k.plus(kobjOf(k, dev), k.kobject.name)) === 0) return -EINVAL;
  const parent: Device = k.read_ptr(k.plus(dev, k.device.parent));
  if (parent !== NULL) kobject_get(k, kobjOf(k, parent));
  return bus_add_device(k, dev);
}

/** A device is not there any more: its driver lets it go, and its parent is given back. Its memory stays. */
export function device_del(k: Kernel, dev: Device): void {
  bus_remove_device(k, dev);
  devres_release_all(k, dev);
  put_device(k, k.read_ptr(k.plus(dev, k.device.parent)));
}

export function put_device(k: Kernel, dev: Device): void {
  if (dev !== NULL) kobject_put(k, kobjOf(k, dev), device_release);
}

/** A device with its node, if it has a number; or an error. @param node what has the number and no name yet */
export function device_create(
  k: Kernel,
  cls: Class,
  parent: Device,
  devt: UInt,
  drvdata: VirtAddr,
  name: string,
  node: Out<File>,
): Device {
  const object: VirtAddr = kzalloc(k, k.sizeof.device, k.GFP_KERNEL);
  if (object === 0) return ERR_PTR(-ENOMEM);
  const dev: Device = k.cell_at(object);
  device_initialize(k, dev);
  k.write(k.plus(dev, k.device.devt), devt);
  k.write_ptr(k.plus(dev, k.device.class), cls);
  k.write_ptr(k.plus(dev, k.device.parent), parent);
  k.write_va(k.plus(dev, k.device.driver_data), drvdata);
  const hasName = kobject_set_name(k, kobjOf(k, dev), name) === 0;
  // devtmpfs_create_node():
  if (hasName && devt !== 0)
    node.value = makeDeviceNode(k, `/dev/${name.replaceAll('!', '/')}`, devt, dev);
  if (!hasName || (devt !== 0 && node.value === NULL)) {
    put_device(k, dev);
    return ERR_PTR(-ENOMEM);
  }
  // A child keeps its parent.
  if (parent !== NULL) kobject_get(k, kobjOf(k, parent));
  return dev;
}

/** The device goes, and gives its parent back. Differs: who has looked for it by its number is the caller, and its node goes there. */
export function device_unregister(k: Kernel, dev: Device): void {
  device_del(k, dev);
  put_device(k, dev);
}

/** The class of a device. */
export const classOf = (k: Kernel, dev: Cell): Class => k.read_ptr(k.plus(dev, k.device.class));
