/**
 * What the platform's bus does for a device and a driver: who matches by name, and whom probe() and remove() are told.
 *
 * Left out: device trees, ACPI, driver_override, clocks, power domains.
 * Source: Linux 6.1 drivers/base/platform.c: platform_match(), platform_match_id(), platform_probe(), platform_remove();
 * include/linux/platform_device.h.
 */
import { type Int, NULL, type Pointer } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../../memory/address.js';
import type { Device } from '../../../include/linux/dma-direct.h.js';
import { ENODEV } from '../../../include/linux/errno.h.js';
import { printk } from '../../../include/linux/printk.h.js';
import { stringAt } from '../../../lib/string.js';
import { type DeviceDriver, deviceName, driverName } from '../base.h.js';

export type PlatformDevice = Pointer<'struct platform_device'>;
export type PlatformDriver = Pointer<'struct platform_driver'>;

/** to_platform_device(), to_platform_driver() */
const to_platform_device = (k: Kernel, dev: Device): PlatformDevice =>
  k.cell_at(asVirt(k.va_of(dev) - k.platform_device.dev * 4));
const to_platform_driver = (k: Kernel, drv: DeviceDriver): PlatformDriver =>
  k.cell_at(asVirt(k.va_of(drv) - k.platform_driver.driver * 4));

const driverOf = (k: Kernel, dev: Device): PlatformDriver =>
  to_platform_driver(k, k.read_ptr(k.plus(dev, k.device.driver)));

export const platformName = (k: Kernel, pdev: PlatformDevice): string =>
  stringAt(k, k.read_va(k.plus(pdev, k.platform_device.name)));

/** The entry of a driver's table that names the device; it is the device's from here on. NULL: none does. */
function platform_match_id(k: Kernel, table: VirtAddr, pdev: PlatformDevice): Cell {
  const name = platformName(k, pdev);
  let rounds = 0;
  for (let id: VirtAddr = table; ; id = asVirt(id + k.sizeof.platform_device_id)) {
    k.watchdog(++rounds);
    const entry = stringAt(k, id);
    if (entry === '') return NULL;
    if (entry === name) {
      k.write_va(k.plus(pdev, k.platform_device.id_entry), id);
      return k.cell_at(id);
    }
  }
}

/** By the driver's table of names if it has one, else by its own. */
export function platform_match(k: Kernel, dev: Device, drv: DeviceDriver): boolean {
  const pdev: PlatformDevice = to_platform_device(k, dev);
  const id_table: VirtAddr = k.read_va(
    k.plus(to_platform_driver(k, drv), k.platform_driver.id_table),
  );
  if (id_table !== 0) return platform_match_id(k, id_table, pdev) !== NULL;
  return platformName(k, pdev) === driverName(k, drv);
}

export function platform_probe(k: Kernel, dev: Device): Int {
  const probe: VirtAddr = k.read_va(k.plus(driverOf(k, dev), k.platform_driver.probe));
  if (probe === 0) return 0;
  return k.callOut?.(probe, [k.va_of(to_platform_device(k, dev))]) ?? -ENODEV;
}

export function platform_remove(k: Kernel, dev: Device): void {
  const drv: PlatformDriver = driverOf(k, dev);
  const remove: VirtAddr = k.read_va(k.plus(drv, k.platform_driver.remove));
  if (remove === 0) return;
  const ret: Int = k.callOut?.(remove, [k.va_of(to_platform_device(k, dev))]) ?? 0;
  if (ret !== 0)
    printk(
      k,
      `${driverName(k, k.plus(drv, k.platform_driver.driver))} ${deviceName(k, dev)}: remove callback returned a non-zero value. This will be ignored.`,
    );
}
