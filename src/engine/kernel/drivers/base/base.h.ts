/**
 * What a bus, a device and a driver have of the driver core's: lists that lead from one to the other.
 *
 *     bus->p: klist_devices ─> device_private.knode_bus ─> ...      klist_drivers ─> driver_private.knode_bus ─> ...
 *     drv->p: klist_devices ─> device_private.knode_driver ─> ...
 *
 * Source: Linux 6.1 drivers/base/base.h; drivers/base/bus.c: next_device(), next_driver().
 */
import { NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell } from '../../../memory/address.js';
import type { Device } from '../../include/linux/dma-direct.h.js';
import { type Klist, type KlistNode, nextNode } from '../../lib/klist.js';
import { stringAt } from '../../lib/string.js';

export type BusType = Pointer<'struct bus_type'>;
export type DeviceDriver = Pointer<'struct device_driver'>;
export type SubsysPrivate = Pointer<'struct subsys_private'>;

const privateOf = (k: Kernel, bus: BusType): SubsysPrivate => k.read_ptr(k.plus(bus, k.bus_type.p));
export const devicesOf = (k: Kernel, bus: BusType): Klist =>
  k.plus(privateOf(k, bus), k.subsys_private.klist_devices);
export const driversOf = (k: Kernel, bus: BusType): Klist =>
  k.plus(privateOf(k, bus), k.subsys_private.klist_drivers);

/** The device, the driver, that a node in a bus's list is of. */
export const deviceOfNode = (k: Kernel, n: KlistNode, member: number): Device => {
  const p = k.cell_at(asVirt(k.va_of(n) - member * 4));
  return k.read_ptr(k.plus(p, k.device_private.device));
};
const driverOfNode = (k: Kernel, n: KlistNode): DeviceDriver => {
  const priv = k.cell_at(asVirt(k.va_of(n) - k.driver_private.knode_bus * 4));
  return k.read_ptr(k.plus(priv, k.driver_private.driver));
};

/** The driver behind one in a bus's list, or the first; NULL at the end. */
export const nextDriver = (k: Kernel, bus: BusType, drv: DeviceDriver): DeviceDriver => {
  const priv: Cell = drv === NULL ? NULL : k.read_ptr(k.plus(drv, k.device_driver.p));
  const from: KlistNode = priv === NULL ? NULL : k.plus(priv, k.driver_private.knode_bus);
  const n: KlistNode = nextNode(k, driversOf(k, bus), from);
  return n === NULL ? NULL : driverOfNode(k, n);
};

export const driverName = (k: Kernel, drv: DeviceDriver): string =>
  stringAt(k, k.read_va(k.plus(drv, k.device_driver.name)));

export const deviceName = (k: Kernel, dev: Device): string =>
  stringAt(k, k.read_va(k.plus(dev, k.device.kobj + k.kobject.name)));
