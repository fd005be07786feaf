/**
 * Devices of the platform: what no bus can find, and somebody who knows says that it is there.
 *
 * Left out: resources in the tree of /proc/iomem, DMA masks, properties.
 * Source: Linux 6.1 drivers/base/platform.c.
 */
import { type Int, NULL } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../../memory/address.js';
import type { Device } from '../../../include/linux/dma-direct.h.js';
import { EINVAL, ENOMEM } from '../../../include/linux/errno.h.js';
import { functionNamed } from '../../../kernel/rcu/tiny.js';
import { ida_alloc_range, ida_free, ida_init } from '../../../lib/idr.js';
import { memcpy, writeByte } from '../../../lib/string.js';
import { kfree, kmalloc, kzalloc } from '../../../mm/slab_common/kmalloc.js';
import type { BusType, DeviceDriver } from '../base.h.js';
import { bus_register, driver_register } from '../bus.js';
import { dev_set_name, device_add, device_del, device_initialize, put_device } from '../core.js';
import { type PlatformDevice, type PlatformDriver, platformName } from './bus.js';

const PLATFORM_DEVID_NONE = -1;
const PLATFORM_DEVID_AUTO = -2;
const INT_MAX = 0x7fff_ffff;

const devOf = (k: Kernel, pdev: PlatformDevice): Device => k.plus(pdev, k.platform_device.dev);

/** The bus; a machine that was booted here has not made it: platform_bus_init(). */
function platformBus(k: Kernel): BusType {
  const bus: BusType = k.globals.platform_bus_type;
  if (k.read_ptr(k.plus(bus, k.bus_type.p)) !== NULL) return bus;
  ida_init(k, k.globals.platform_devid_ida);
  bus_register(k, bus);
  return bus;
}

/** A device with its name behind it; NULL without memory. @param name bytes, one character each */
export function platform_device_alloc(k: Kernel, name: string, id: Int): PlatformDevice {
  // struct platform_object: pdev, name[]
  const object: VirtAddr = kzalloc(k, k.sizeof.platform_device + name.length + 1, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const pdev: PlatformDevice = k.cell_at(object);
  const at: VirtAddr = asVirt(object + k.sizeof.platform_device);
  for (let i = 0; i < name.length; i++) writeByte(k, asVirt(at + i), name.charCodeAt(i));
  k.write_va(k.plus(pdev, k.platform_device.name), at);
  k.write(k.plus(pdev, k.platform_device.id), id);
  device_initialize(k, devOf(k, pdev));
  const release: VirtAddr = functionNamed(k, 'platform_device_release');
  k.write_va(k.plus(devOf(k, pdev), k.device.release), release);
  return pdev;
}

/** A copy of some resources becomes the device's. 0 or -ENOMEM. @param bytes of all of them */
export function platform_device_add_resources(
  k: Kernel,
  pdev: PlatformDevice,
  res: VirtAddr,
  num: Int,
): Int {
  let copy: VirtAddr = asVirt(0);
  if (res !== 0) {
    copy = kmalloc(k, num * k.sizeof.resource, k.GFP_KERNEL);
    if (copy === 0) return -ENOMEM;
    memcpy(k, copy, res, num * k.sizeof.resource);
  }
  kfree(k, k.read_va(k.plus(pdev, k.platform_device.resource)));
  k.write_va(k.plus(pdev, k.platform_device.resource), copy);
  k.write(k.plus(pdev, k.platform_device.num_resources), num);
  return 0;
}

/** The device is there: a driver that matches gets it. 0 or an error. */
export function platform_device_add(k: Kernel, pdev: PlatformDevice): Int {
  if (pdev === NULL) return -EINVAL;
  const dev = devOf(k, pdev);
  k.write_ptr(k.plus(dev, k.device.bus), platformBus(k));
  const id: Int = k.read_int(k.plus(pdev, k.platform_device.id));
  const name = platformName(k, pdev);
  if (id === PLATFORM_DEVID_NONE) dev_set_name(k, dev, name);
  else if (id === PLATFORM_DEVID_AUTO) {
    const ret: Int = ida_alloc_range(k, k.globals.platform_devid_ida, 0, INT_MAX, k.GFP_KERNEL);
    if (ret < 0) return ret;
    k.write(k.plus(pdev, k.platform_device.id), ret);
    k.write8(pdev, k.platform_device.id_auto, 1);
    dev_set_name(k, dev, `${name}.${ret}.auto`);
  } else dev_set_name(k, dev, `${name}.${id}`);
  return device_add(k, dev);
}

/** A device in memory of a module's own. 0 or an error. */
export function platform_device_register(k: Kernel, pdev: PlatformDevice): Int {
  device_initialize(k, devOf(k, pdev));
  return platform_device_add(k, pdev);
}

/** The device is not there any more; its memory stays. */
export function platform_device_del(k: Kernel, pdev: PlatformDevice): void {
  if (pdev === NULL) return;
  device_del(k, devOf(k, pdev));
  if (!k.read_bool(pdev, k.platform_device.id_auto)) return;
  const id: Int = k.read_int(k.plus(pdev, k.platform_device.id));
  ida_free(k, k.globals.platform_devid_ida, id);
  k.write(k.plus(pdev, k.platform_device.id), PLATFORM_DEVID_AUTO);
}

export function platform_device_put(k: Kernel, pdev: PlatformDevice): void {
  if (pdev !== NULL) put_device(k, devOf(k, pdev));
}

/** A driver for devices of its name, or of one in its table. 0 or an error. */
export function __platform_driver_register(k: Kernel, drv: PlatformDriver, owner: VirtAddr): Int {
  const driver: DeviceDriver = k.plus(drv, k.platform_driver.driver);
  k.write_va(k.plus(driver, k.device_driver.owner), owner);
  k.write_ptr(k.plus(driver, k.device_driver.bus), platformBus(k));
  return driver_register(k, driver);
}
