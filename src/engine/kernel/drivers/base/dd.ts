/**
 * Devices and drivers that come together: who matches, probe() and remove().
 *
 * Differs: a probe that returns -EPROBE_DEFER is not tried again when other drivers come.
 * Left out: asynchronous probes, pins, DMA, power management, links between devices.
 * Source: Linux 6.1 drivers/base/dd.c: really_probe(), driver_bound(), __device_release_driver(); drivers/base/base.h:
 * driver_match_device().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import type { Device } from '../../include/linux/dma-direct.h.js';
import { ENODEV, ENXIO, EPROBE_DEFER } from '../../include/linux/errno.h.js';
import { pr_warn } from '../../include/linux/printk.h.js';
import { klist_add_tail, klist_del, type KlistNode, nextNode } from '../../lib/klist.js';
import {
  type BusType,
  type DeviceDriver,
  deviceName,
  deviceOfNode,
  devicesOf,
  driverName,
  nextDriver,
} from './base.h.js';
import { devres_release_all } from './devres.js';
import { platform_match, platform_probe, platform_remove } from './platform/bus.js';

const driverOf = (k: Kernel, dev: Device): DeviceDriver => k.read_ptr(k.plus(dev, k.device.driver));

const busOf = (k: Kernel, dev: Device): BusType => k.read_ptr(k.plus(dev, k.device.bus));

const isPlatform = (k: Kernel, dev: Device): boolean =>
  busOf(k, dev) === k.globals.platform_bus_type;

/** Whether the bus finds that a driver is made for a device. */
function driver_match_device(k: Kernel, drv: DeviceDriver, dev: Device): boolean {
  if (isPlatform(k, dev)) return platform_match(k, dev, drv);
  const match: VirtAddr = k.read_va(k.plus(busOf(k, dev), k.bus_type.match));
  return match === 0 || (k.callOut?.(match, [k.va_of(dev), k.va_of(drv)]) ?? 0) !== 0;
}

/** Of the bus, or else of the driver. */
const probeOf = (k: Kernel, dev: Device): VirtAddr => {
  const ofBus: VirtAddr = k.read_va(k.plus(busOf(k, dev), k.bus_type.probe));
  return ofBus !== 0 ? ofBus : k.read_va(k.plus(driverOf(k, dev), k.device_driver.probe));
};
const removeOf = (k: Kernel, dev: Device): VirtAddr => {
  const ofBus: VirtAddr = k.read_va(k.plus(busOf(k, dev), k.bus_type.remove));
  return ofBus !== 0 ? ofBus : k.read_va(k.plus(driverOf(k, dev), k.device_driver.remove));
};

function call_driver_probe(k: Kernel, dev: Device): Int {
  if (isPlatform(k, dev)) return platform_probe(k, dev);
  const probe: VirtAddr = probeOf(k, dev);
  return probe === 0 ? 0 : (k.callOut?.(probe, [k.va_of(dev)]) ?? 0);
}

function device_remove(k: Kernel, dev: Device): void {
  if (isPlatform(k, dev)) {
    platform_remove(k, dev);
    return;
  }
  const remove: VirtAddr = removeOf(k, dev);
  if (remove !== 0) k.callOut?.(remove, [k.va_of(dev)]);
}

/** The device has no driver. */
function device_unbind_cleanup(k: Kernel, dev: Device): void {
  devres_release_all(k, dev);
  k.write_ptr(k.plus(dev, k.device.driver), NULL);
  k.write_ptr(k.plus(dev, k.device.driver_data), NULL);
}

/** A driver tries a device. 0: it has it. */
function really_probe(k: Kernel, dev: Device, drv: DeviceDriver): Int {
  k.write_ptr(k.plus(dev, k.device.driver), drv);
  const ret: Int = call_driver_probe(k, dev);
  if (ret === 0) {
    // driver_bound():
    const p: Cell = k.read_ptr(k.plus(dev, k.device.p));
    const priv: Cell = k.read_ptr(k.plus(drv, k.device_driver.p));
    const devices = k.plus(priv, k.driver_private.klist_devices);
    klist_add_tail(k, k.plus(p, k.device_private.knode_driver), devices);
    return 0;
  }
  device_unbind_cleanup(k, dev);
  // A driver that only finds that the device is not its own says nothing.
  if (ret !== -ENODEV && ret !== -ENXIO && ret !== -EPROBE_DEFER)
    pr_warn(k, `${driverName(k, drv)}: probe of ${deviceName(k, dev)} failed with error ${ret}`);
  return ret;
}

/** Whether a device has a driver, or has found one now. */
export function device_attach(k: Kernel, dev: Device): boolean {
  if (driverOf(k, dev) !== NULL) return true;
  const bus: BusType = busOf(k, dev);
  let rounds = 0;
  for (
    let drv: DeviceDriver = nextDriver(k, bus, NULL);
    drv !== NULL;
    drv = nextDriver(k, bus, drv)
  ) {
    k.watchdog(++rounds);
    if (driver_match_device(k, drv, dev) && really_probe(k, dev, drv) === 0) return true;
  }
  return false;
}

/** A driver gets every device of its bus that it matches and that has none. */
export function driver_attach(k: Kernel, drv: DeviceDriver): void {
  const bus: BusType = k.read_ptr(k.plus(drv, k.device_driver.bus));
  let rounds = 0;
  for (
    let n: KlistNode = nextNode(k, devicesOf(k, bus), NULL);
    n !== NULL;
    n = nextNode(k, devicesOf(k, bus), n)
  ) {
    k.watchdog(++rounds);
    const dev: Device = deviceOfNode(k, n, k.device_private.knode_bus);
    if (driverOf(k, dev) === NULL && driver_match_device(k, drv, dev)) really_probe(k, dev, drv);
  }
}

/** The driver lets a device go: remove(), and all that it had got for it. */
export function device_release_driver(k: Kernel, dev: Device): void {
  if (driverOf(k, dev) === NULL) return;
  device_remove(k, dev);
  device_unbind_cleanup(k, dev);
  const p: Cell = k.read_ptr(k.plus(dev, k.device.p));
  klist_del(k, k.plus(p, k.device_private.knode_driver));
}

/** A driver lets all of its devices go, the last first. */
export function driver_detach(k: Kernel, drv: DeviceDriver): void {
  const priv: Cell = k.read_ptr(k.plus(drv, k.device_driver.p));
  const list = k.plus(priv, k.driver_private.klist_devices);
  let rounds = 0;
  for (let n: KlistNode = lastNode(k, list); n !== NULL; n = lastNode(k, list)) {
    k.watchdog(++rounds);
    device_release_driver(k, deviceOfNode(k, n, k.device_private.knode_driver));
  }
}

const lastNode = (k: Kernel, list: Cell): KlistNode => {
  let last: KlistNode = NULL;
  let rounds = 0;
  for (let n: KlistNode = nextNode(k, list, NULL); n !== NULL; n = nextNode(k, list, n)) {
    k.watchdog(++rounds);
    last = n;
  }
  return last;
};
