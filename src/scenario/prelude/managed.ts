/** Devices of modules: what is said of them, and what is made of their calls. */
const PRINT = 'include/linux/dev_printk.h';
const SEQLOCK = 'include/linux/seqlock.h';
const SYSFS = 'include/linux/sysfs.h';
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
#define dev_driver_string(dev) ((dev)->driver ? (dev)->driver->name : (dev)->bus ? ((dev)->bus->name ? (dev)->bus->name : "platform") : (dev)->class ? (dev)->class->name : "") // The name of the driver; without one of the bus, or of the class. ${DEVICE}
#define __ATTR(_name, _mode, _show, _store) { .attr = { .name = #_name, .mode = (_mode) }, .show = (_show), .store = (_store) } // An attribute: a file in sysfs. ${SYSFS}
#define __ATTR_RO(_name) __ATTR(_name, 0444, _name ## _show, NULL) // An attribute that NAME_show() shows. ${SYSFS}
#define __ATTR_RO_MODE(_name, _mode) __ATTR(_name, _mode, _name ## _show, NULL) // ${SYSFS}
#define __ATTR_WO(_name) __ATTR(_name, 0200, NULL, _name ## _store) // An attribute that NAME_store() stores. ${SYSFS}
#define __ATTR_RW(_name) __ATTR(_name, 0644, _name ## _show, _name ## _store) // An attribute with NAME_show() and NAME_store(). ${SYSFS}
#define __ATTR_NULL { .attr = { .name = NULL } } // ${SYSFS}
#define DEVICE_ATTR(_name, _mode, _show, _store) struct device_attribute dev_attr_ ## _name = __ATTR(_name, _mode, _show, _store) // dev_attr_NAME: an attribute of a device. ${DEVICE}
#define DEVICE_ATTR_RO(_name) struct device_attribute dev_attr_ ## _name = __ATTR_RO(_name) // dev_attr_NAME, by NAME_show(). ${DEVICE}
#define DEVICE_ATTR_WO(_name) struct device_attribute dev_attr_ ## _name = __ATTR_WO(_name) // dev_attr_NAME, by NAME_store(). ${DEVICE}
#define DEVICE_ATTR_RW(_name) struct device_attribute dev_attr_ ## _name = __ATTR_RW(_name) // dev_attr_NAME, by NAME_show() and NAME_store(). ${DEVICE}
#define CLASS_ATTR_RO(_name) struct class_attribute class_attr_ ## _name = __ATTR_RO(_name) // class_attr_NAME, by NAME_show(). include/linux/device/class.h
#define CLASS_ATTR_WO(_name) struct class_attribute class_attr_ ## _name = __ATTR_WO(_name) // class_attr_NAME, by NAME_store(). include/linux/device/class.h
#define CLASS_ATTR_RW(_name) struct class_attribute class_attr_ ## _name = __ATTR_RW(_name) // class_attr_NAME, by NAME_show() and NAME_store(). include/linux/device/class.h
#define ATTRIBUTE_GROUPS(_name) static const struct attribute_group _name ## _group = { .attrs = _name ## _attrs }; static const struct attribute_group *_name ## _groups[] = { &_name ## _group, NULL } // NAME_groups, of NAME_attrs. ${SYSFS}
#define sysfs_attr_init(attr) do { (void)(attr); } while (0) // ${SYSFS}
#define sysfs_emit(buf, fmt, ...) scnprintf(buf, PAGE_SIZE, fmt, ##__VA_ARGS__) // For a show(): prints to its page. ${SYSFS}
#define sysfs_emit_at(buf, at, fmt, ...) ({ int __from = (at); scnprintf((buf) + __from, PAGE_SIZE - __from, fmt, ##__VA_ARGS__); }) // Like sysfs_emit, behind what is there. ${SYSFS}
#define seqlock_init(sl) do { seqlock_t *__lock = (sl); spin_lock_init(&__lock->lock); __lock->seqcount.seqcount.sequence = 0; } while (0) // A lock whose readers look again when somebody has written. ${SEQLOCK}
#define DEFINE_SEQLOCK(x) seqlock_t x = {} // ${SEQLOCK}
#define read_seqbegin(sl) ((sl)->seqcount.seqcount.sequence) // The number of writes, before what is read. ${SEQLOCK}
#define read_seqretry(sl, start) ((sl)->seqcount.seqcount.sequence != (start)) // Whether somebody has written meanwhile. ${SEQLOCK}
#define write_seqlock(sl) do { seqlock_t *__lock = (sl); spin_lock(&__lock->lock); __lock->seqcount.seqcount.sequence++; } while (0) // Begins to write: the number is odd until write_sequnlock(). ${SEQLOCK}
#define write_sequnlock(sl) do { seqlock_t *__lock = (sl); __lock->seqcount.seqcount.sequence++; spin_unlock(&__lock->lock); } while (0) // ${SEQLOCK}
#define GLOBAL_ROOT_UID ((kuid_t){ 0 }) // include/linux/uidgid.h
#define current_uid() ((kuid_t){ 0 }) // Who runs the task: root. include/linux/cred.h
#define current_euid() ((kuid_t){ 0 }) // include/linux/cred.h
#define uid_eq(left, right) ((left).val == (right).val) // include/linux/uidgid.h
#define __kuid_val(uid) ((uid).val) // include/linux/uidgid.h
#define from_kuid(to, uid) ((uid).val) // include/linux/uidgid.h
#define dev_to_node(dev) NUMA_NO_NODE // ${DEVICE}
#define device_register(dev) ({ struct device *__new = (dev); device_initialize(__new); device_add(__new); }) // Makes a device of memory of a module, and adds it. ${DEVICE}
#define kobj_to_dev(__kobj) container_of(__kobj, struct device, kobj) // ${DEVICE}
#define devm_add_action_or_reset(dev, action, data) ({ void *__data = (data); int __failed = devm_add_action(dev, action, __data); if (__failed) (action)(__data); __failed; }) // Like devm_add_action; without memory the function is called at once. ${DEVICE}
#define devm_release_action(dev, action, data) do { void *__data = (data); devm_remove_action(dev, action, __data); (action)(__data); } while (0) // ${DEVICE}
`,
].join('\n');
