/** Devices of the platform and their drivers, as headers make them. */
const PLATFORM = 'include/linux/platform_device.h';
const DRIVER = 'include/linux/device/driver.h';

export const PLATFORM_DEVICES = `
#define PLATFORM_DEVID_NONE (-1) // The only device of its name. ${PLATFORM}
#define PLATFORM_DEVID_AUTO (-2) // A number that is free. ${PLATFORM}
#define to_platform_device(x) container_of((x), struct platform_device, dev) // The platform's device that a device is part of. ${PLATFORM}
#define to_platform_driver(drv) container_of((drv), struct platform_driver, driver) // ${PLATFORM}
#define platform_driver_register(drv) __platform_driver_register(drv, THIS_MODULE) // A driver for the platform's devices of its name. 0 or an error. ${PLATFORM}
#define platform_device_unregister(pdev) do { struct platform_device *__going = (pdev); platform_device_del(__going); platform_device_put(__going); } while (0) // A device is not there any more. ${PLATFORM}
#define platform_set_drvdata(pdev, data) dev_set_drvdata(&(pdev)->dev, data) // What a driver knows of its device. ${PLATFORM}
#define platform_get_drvdata(pdev) dev_get_drvdata(&(pdev)->dev) // ${PLATFORM}
#define platform_get_device_id(pdev) ((pdev)->id_entry) // The entry of the driver's table that has the device's name. ${PLATFORM}
#define platform_get_resource(pdev, type, num) ({ const struct platform_device *__of = (pdev); struct resource *__found = NULL; unsigned int __left = (num); for (u32 __i = 0; !__found && __i < __of->num_resources; __i++) if (resource_type(&__of->resource[__i]) == (type) && __left-- == 0) __found = &__of->resource[__i]; __found; }) // The resource of a kind with a number; NULL: there is none. ${PLATFORM}
#define platform_get_resource_byname(pdev, type, wanted) ({ const struct platform_device *__of = (pdev); struct resource *__found = NULL; for (u32 __i = 0; !__found && __i < __of->num_resources; __i++) if (resource_type(&__of->resource[__i]) == (type) && __of->resource[__i].name && !strcmp(__of->resource[__i].name, (wanted))) __found = &__of->resource[__i]; __found; }) // ${PLATFORM}
#define platform_get_irq_optional(pdev, num) ({ struct resource *__line = platform_get_resource(pdev, IORESOURCE_IRQ, num); __line ? (int)__line->start : -ENXIO; }) // The number of a line of a device, or an error. ${PLATFORM}
#define platform_get_irq(pdev, num) ({ struct platform_device *__with = (pdev); int __number = platform_get_irq_optional(__with, num); if (__number < 0) dev_err(&__with->dev, "error %d: IRQ index %u not found\\n", __number, (unsigned int)(num)); __number; }) // The same, and says so if there is none. ${PLATFORM}
#define platform_device_add_data(pdev, data, size) ({ struct platform_device *__to = (pdev); void *__copy = kmemdup((data), (size), GFP_KERNEL); if (__copy) { kfree(__to->dev.platform_data); __to->dev.platform_data = __copy; } __copy ? 0 : -ENOMEM; }) // A copy of what a driver is told. 0 or -ENOMEM. ${PLATFORM}
#define platform_device_register_resndata(parent, name, id, res, num, data, size) ({ struct platform_device *__new = platform_device_alloc((name), (id)); int __failed = __new ? platform_device_add_resources(__new, (res), (num)) : -ENOMEM; if (!__failed && (size)) __failed = platform_device_add_data(__new, (data), (size)); if (!__failed) __failed = platform_device_add(__new); if (__failed) { platform_device_put(__new); __new = ERR_PTR(__failed); } __new; }) // A device with resources and data; or an error pointer. ${PLATFORM}
#define platform_device_register_simple(name, id, res, num) platform_device_register_resndata(NULL, name, id, res, num, NULL, 0) // A device with resources; or an error pointer. ${PLATFORM}
#define platform_device_register_data(parent, name, id, data, size) platform_device_register_resndata(parent, name, id, NULL, 0, data, size) // A device with data; or an error pointer. ${PLATFORM}
#define platform_add_devices(devs, num) ({ int __failed = 0; for (int __i = 0; !__failed && __i < (num); __i++) __failed = platform_device_register((devs)[__i]); __failed; }) // ${PLATFORM}
#define dev_get_platdata(dev) ((dev)->platform_data) // What the driver of a device is told. include/linux/device.h
#define module_driver(drv, reg, unreg) static int __init drv##_init(void) { return reg(&(drv)); } static void __exit drv##_exit(void) { unreg(&(drv)); } module_init(drv##_init) module_exit(drv##_exit) // A module that is a driver. ${DRIVER}
#define module_platform_driver(drv) module_driver(drv, platform_driver_register, platform_driver_unregister) // A module that is a driver of the platform. ${PLATFORM}
#define builtin_platform_driver(drv) static int __init drv##_init(void) { return platform_driver_register(&(drv)); } device_initcall(drv##_init) // ${PLATFORM}
#define of_match_ptr(ptr) NULL // There are no device trees. include/linux/of.h
#define IORESOURCE_IO 0x00000100 // include/linux/ioport.h
#define IORESOURCE_MEM 0x00000200 // include/linux/ioport.h
#define IORESOURCE_IRQ 0x00000400 // include/linux/ioport.h
#define IORESOURCE_DMA 0x00000800 // include/linux/ioport.h
#define DEFINE_RES_NAMED(_start, _size, _name, _flags) { .start = (_start), .end = (_start) + (_size) - 1, .name = (_name), .flags = (_flags) } // include/linux/ioport.h
#define DEFINE_RES_MEM(_start, _size) DEFINE_RES_NAMED((_start), (_size), NULL, IORESOURCE_MEM) // include/linux/ioport.h
#define DEFINE_RES_IRQ(_irq) DEFINE_RES_NAMED((_irq), 1, NULL, IORESOURCE_IRQ) // include/linux/ioport.h
#define devm_ioremap_resource(dev, res) ({ const struct resource *__range = (res); void *__io = ERR_PTR(-EINVAL); if (__range && resource_type(__range) == IORESOURCE_MEM) { __io = devm_ioremap((dev), __range->start, resource_size(__range)); if (!__io) __io = ERR_PTR(-ENOMEM); } __io; }) // ioremap() of a resource for a device; an error pointer if it cannot be. include/linux/device.h
#define devm_platform_ioremap_resource(pdev, index) devm_ioremap_resource(&(pdev)->dev, platform_get_resource(pdev, IORESOURCE_MEM, index)) // ${PLATFORM}
`;
