/** Devices of the platform and their drivers, and buses of a module's own: probe() where a device and a driver come together. */
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Cell } from '../../../engine/memory/address.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { withCaches } from '../needs.js';
import { va } from '../pointers.js';

const sleeping = (
  signature: string,
  doc: string,
  run: (call: BuiltinCall, ...args: Value[]) => BuiltinResult,
): BuiltinRow => ({ ...withCaches(signature, doc, run), sleeps: 'always' });

const orNull = (call: BuiltinCall, pdev: Value): Cell => (pdev === 0 ? NULL : call.cell(pdev));

const devices: readonly BuiltinRow[] = [
  sleeping(
    'struct platform_device *platform_device_alloc(const char *name, int id)',
    'A device of the platform, to be added; NULL without memory. Its name is NAME.ID, or NAME with PLATFORM_DEVID_NONE.',
    (call, name, id) => {
      const { k, kernel } = call;
      return call.pointer(kernel.platform_device_alloc(k, call.string(name), Number(id)));
    },
  ),
  sleeping(
    'int platform_device_add_resources(struct platform_device *pdev, const struct resource *res, unsigned int num)',
    'A device of platform_device_alloc() gets a copy of resources. 0 or -ENOMEM.',
    (call, pdev, res, num) =>
      call.kernel.platform_device_add_resources(call.k, call.cell(pdev), va(res), Number(num)),
  ),
  sleeping(
    'int platform_device_add(struct platform_device *pdev)',
    'The device is there: a driver that matches gets it. 0 or an error.',
    (call, pdev) => call.kernel.platform_device_add(call.k, orNull(call, pdev)),
  ),
  sleeping(
    'int platform_device_register(struct platform_device *pdev)',
    'A device in memory of the module is there: a driver that matches gets it. 0 or an error.',
    (call, pdev) => call.kernel.platform_device_register(call.k, call.cell(pdev)),
  ),
  sleeping(
    'void platform_device_del(struct platform_device *pdev)',
    'The device is not there any more: its driver lets it go. Its memory stays.',
    (call, pdev) => {
      call.kernel.platform_device_del(call.k, orNull(call, pdev));
    },
  ),
  sleeping(
    'void platform_device_put(struct platform_device *pdev)',
    'Drops a reference to a device of the platform: the last one ends it.',
    (call, pdev) => {
      call.kernel.platform_device_put(call.k, orNull(call, pdev));
    },
  ),
];

const drivers: readonly BuiltinRow[] = [
  sleeping(
    'int __platform_driver_register(struct platform_driver *drv, struct module *owner)',
    'What platform_driver_register() calls: the driver gets the devices that are there, and those that come, which have a name of its id_table, or without one its own. 0 or an error.',
    (call, drv, owner) => call.kernel.__platform_driver_register(call.k, call.cell(drv), va(owner)),
  ),
  sleeping(
    'void platform_driver_unregister(struct platform_driver *drv)',
    'The driver lets its devices go, the last first: remove(), then what devm_kzalloc() and its like have got.',
    (call, drv) => {
      const { k, kernel } = call;
      kernel.driver_unregister(k, k.plus(call.cell(drv), k.platform_driver.driver));
    },
  ),
];

const buses: readonly BuiltinRow[] = [
  sleeping(
    'int bus_register(struct bus_type *bus)',
    'A bus of the module, whose match() brings devices and drivers together. 0 or -ENOMEM.',
    (call, bus) => call.kernel.bus_register(call.k, call.cell(bus)),
  ),
  sleeping(
    'void bus_unregister(struct bus_type *bus)',
    'The end of a bus, which has no devices and no drivers any more.',
    (call, bus) => {
      call.kernel.bus_unregister(call.k, call.cell(bus));
    },
  ),
  sleeping(
    'int driver_register(struct device_driver *drv)',
    'A driver for devices of drv->bus. 0 or an error: -EBUSY for a name that is taken.',
    (call, drv) => call.kernel.driver_register(call.k, call.cell(drv)),
  ),
  sleeping(
    'void driver_unregister(struct device_driver *drv)',
    'The driver lets its devices go, the last first.',
    (call, drv) => {
      call.kernel.driver_unregister(call.k, call.cell(drv));
    },
  ),
];

export const platform: readonly Builtin[] = [
  ...group('process', 'drivers/base/platform.c', [...devices, ...drivers]),
  ...group('process', 'drivers/base/bus.c', buses),
];
