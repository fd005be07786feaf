/**
 * A bus: devices come and go, and drivers.
 *
 * Left out everywhere: sysfs, uevents, interfaces of subsystems, notifiers, deferred probes.
 * Source: Linux 6.1 drivers/base/bus.c; drivers/base/driver.c: driver_register(), driver_find().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import type { Device } from '../../include/linux/dma-direct.h.js';
import { EBUSY, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { pr_err } from '../../include/linux/printk.h.js';
import { klist_add_tail, klist_del, klist_init } from '../../lib/klist.js';
import { kfree, kzalloc } from '../../mm/slab_common/kmalloc.js';
import {
  type BusType,
  type DeviceDriver,
  devicesOf,
  driverName,
  driversOf,
  nextDriver,
  type SubsysPrivate,
} from './base.h.js';
import { device_attach, device_release_driver, driver_attach, driver_detach } from './dd.js';

/** Makes what a bus has for its devices and drivers. 0 or -ENOMEM. */
export function bus_register(k: Kernel, bus: BusType): Int {
  const object: VirtAddr = kzalloc(k, k.sizeof.subsys_private, k.GFP_KERNEL);
  if (object === 0) return -ENOMEM;
  const priv: SubsysPrivate = k.cell_at(object);
  k.write_ptr(k.plus(priv, k.subsys_private.bus), bus);
  k.write_ptr(k.plus(bus, k.bus_type.p), priv);
  klist_init(k, devicesOf(k, bus));
  klist_init(k, driversOf(k, bus));
  return 0;
}

/** A bus that has no devices and no drivers any more. */
export function bus_unregister(k: Kernel, bus: BusType): void {
  const priv: SubsysPrivate = k.read_ptr(k.plus(bus, k.bus_type.p));
  if (priv === NULL) return;
  k.write_ptr(k.plus(bus, k.bus_type.p), NULL);
  kfree(k, k.va_of(priv));
}

// --- devices -------------------------------------------------------------------------------------------------------------

/** The device stands in its bus's list, and a driver is looked for. 0, or -ENOMEM. */
export function bus_add_device(k: Kernel, dev: Device): Int {
  const bus: BusType = k.read_ptr(k.plus(dev, k.device.bus));
  if (bus === NULL) return 0;
  // device_private_init():
  const object: VirtAddr = kzalloc(k, k.sizeof.device_private, k.GFP_KERNEL);
  if (object === 0) return -ENOMEM;
  const p = k.cell_at(object);
  k.write_ptr(k.plus(dev, k.device.p), p);
  k.write_ptr(k.plus(p, k.device_private.device), dev);
  klist_init(k, k.plus(p, k.device_private.klist_children));
  klist_add_tail(k, k.plus(p, k.device_private.knode_bus), devicesOf(k, bus));
  // bus_probe_device():
  device_attach(k, dev);
  return 0;
}

/** The device leaves its bus, and its driver lets it go. */
export function bus_remove_device(k: Kernel, dev: Device): void {
  const p: Cell = k.read_ptr(k.plus(dev, k.device.p));
  if (p === NULL) return;
  klist_del(k, k.plus(p, k.device_private.knode_bus));
  device_release_driver(k, dev);
  k.write_ptr(k.plus(dev, k.device.p), NULL);
  kfree(k, k.va_of(p));
}

// --- drivers -------------------------------------------------------------------------------------------------------------

function driver_find(k: Kernel, name: string, bus: BusType): DeviceDriver {
  let drv: DeviceDriver = nextDriver(k, bus, NULL);
  let rounds = 0;
  while (drv !== NULL && driverName(k, drv) !== name) {
    k.watchdog(++rounds);
    drv = nextDriver(k, bus, drv);
  }
  return drv;
}

/** The driver stands in its bus's list, and gets the devices that it matches. 0 or an error. */
export function driver_register(k: Kernel, drv: DeviceDriver): Int {
  const bus: BusType = k.read_ptr(k.plus(drv, k.device_driver.bus));
  if (bus === NULL || k.read_ptr(k.plus(bus, k.bus_type.p)) === NULL) return -EINVAL;
  if (driver_find(k, driverName(k, drv), bus) !== NULL) {
    pr_err(k, `Error: Driver '${driverName(k, drv)}' is already registered, aborting...`);
    return -EBUSY;
  }
  // bus_add_driver():
  const object: VirtAddr = kzalloc(k, k.sizeof.driver_private, k.GFP_KERNEL);
  if (object === 0) return -ENOMEM;
  const priv = k.cell_at(object);
  klist_init(k, k.plus(priv, k.driver_private.klist_devices));
  k.write_ptr(k.plus(priv, k.driver_private.driver), drv);
  k.write_ptr(k.plus(drv, k.device_driver.p), priv);
  klist_add_tail(k, k.plus(priv, k.driver_private.knode_bus), driversOf(k, bus));
  driver_attach(k, drv);
  return 0;
}

/** The driver lets its devices go, and leaves its bus. */
export function driver_unregister(k: Kernel, drv: DeviceDriver): void {
  const priv: Cell = k.read_ptr(k.plus(drv, k.device_driver.p));
  if (priv === NULL) return;
  klist_del(k, k.plus(priv, k.driver_private.knode_bus));
  driver_detach(k, drv);
  k.write_ptr(k.plus(drv, k.device_driver.p), NULL);
  kfree(k, k.va_of(priv));
}
