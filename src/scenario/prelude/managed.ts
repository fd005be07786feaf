/** Devices of modules: what is said of them, and what is made of their calls. */
const PRINT = 'include/linux/dev_printk.h';
const DEVICE = 'include/linux/device.h';

const LEVELS: readonly (readonly [string, string])[] = [
  ['emerg', 'EMERG'],
  ['alert', 'ALERT'],
  ['crit', 'CRIT'],
  ['err', 'ERR'],
  ['warn', 'WARNING'],
  ['notice', 'NOTICE'],
  ['info', 'INFO'],
];

export const MANAGED = [
  ...LEVELS.flatMap(([name, level]) => [
    `#define dev_${name}(dev, fmt, ...) dev_printk(KERN_${level}, dev, fmt, ##__VA_ARGS__) // Like pr_${name}, with the names of the driver and the device before. ${PRINT}`,
    `#define dev_${name}_once(dev, fmt, ...) do { if (__once()) dev_${name}(dev, fmt, ##__VA_ARGS__); } while (0) // ${PRINT}`,
    `#define dev_${name}_ratelimited(dev, fmt, ...) dev_${name}(dev, fmt, ##__VA_ARGS__) // ${PRINT}`,
  ]),
  String.raw`
#define dev_printk(level, dev, fmt, ...) do { const struct device *__dev = (dev); if (__dev) printk(level "%s %s: " fmt, dev_driver_string(__dev), dev_name(__dev), ##__VA_ARGS__); else printk(level "(NULL device *): " fmt, ##__VA_ARGS__); } while (0) // A line of the log with the names of the driver and the device. ${PRINT}
#define dev_dbg(dev, fmt, ...) do { } while (0) // Prints only where DEBUG is defined. ${PRINT}
#define dev_vdbg(dev, fmt, ...) do { } while (0) // ${PRINT}
#define dev_WARN(dev, fmt, ...) WARN(1, "%s %s: " fmt, dev_driver_string(dev), dev_name(dev), ##__VA_ARGS__) // ${PRINT}
#define dev_err_probe(dev, err, fmt, ...) ({ int __error = (err); if (__error != -517) dev_err(dev, "error %d: " fmt, __error, ##__VA_ARGS__); __error; }) // Says why a probe() fails, and is that error. ${PRINT}
#define dev_driver_string(dev) ((dev)->class ? (dev)->class->name : "") // The name of the driver: of its class, as there are no drivers and no buses. ${DEVICE}
#define dev_to_node(dev) NUMA_NO_NODE // ${DEVICE}
#define device_register(dev) ({ struct device *__new = (dev); device_initialize(__new); device_add(__new); }) // Makes a device of memory of a module, and adds it. ${DEVICE}
#define kobj_to_dev(__kobj) container_of(__kobj, struct device, kobj) // ${DEVICE}
#define devm_add_action_or_reset(dev, action, data) ({ void *__data = (data); int __failed = devm_add_action(dev, action, __data); if (__failed) (action)(__data); __failed; }) // Like devm_add_action; without memory the function is called at once. ${DEVICE}
#define devm_release_action(dev, action, data) do { void *__data = (data); devm_remove_action(dev, action, __data); (action)(__data); } while (0) // ${DEVICE}
`,
].join('\n');
