/** What drivers get for a device, and what becomes of it at the device's end. On booted machines. */
import { says } from './machines.js';

describe('devm_kmalloc() and its like', function () {
  it('what a device has goes with it, the last first', () =>
    says(
      `static struct class *cls;
static struct device *dev;
static void say(void *data) { pr_info("action %s\\n", (char *)data); }
static void drop(struct device *d, void *res) { pr_info("release %d of %s\\n", *(int *)res, dev_name(d)); }
static int __init d_init(void)
{
  cls = class_create(THIS_MODULE, "demo");
  dev = device_create(cls, NULL, 0, NULL, "demo%d", 1);
  char *p = devm_kzalloc(dev, 100, GFP_KERNEL), *name = devm_kasprintf(dev, GFP_KERNEL, "n%d", 7);
  expect(p && !memchr_inv(p, 0, 100) && !strcmp(name, "n7"));
  struct devres_node *node = list_first_entry(&dev->devres_head, struct devres_node, entry);
  expect(node->size == 100 && (char *)node + ALIGN(sizeof(*node), 8) == p);
  expect(!devm_add_action(dev, say, "first") && !devm_add_action_or_reset(dev, say, "second"));
  int *res = devres_alloc(drop, sizeof(int), GFP_KERNEL);
  *res = 5;
  devres_add(dev, res);
  devm_kfree(dev, p);
  devm_remove_action(dev, say, "first");
  void *io = devm_ioremap(dev, 0xfebf0000, 0x1000);
  expect(io && is_vmalloc_addr(io) && devm_get_free_pages(dev, GFP_KERNEL, 1));
  expect(devm_kmalloc(dev, 0, GFP_KERNEL) == ZERO_SIZE_PTR && !devm_kcalloc(dev, ~0UL, 16, GFP_KERNEL));
  dev_err(dev, "wrong: %d\\n", 3);
  dev_info(NULL, "of nobody\\n");
  return 0;
}
static void __exit d_exit(void) { device_unregister(dev); class_destroy(cls); }
module_init(d_init);
module_exit(d_exit);`,
      ['demo demo1: wrong: 3', '(NULL device *): of nobody', 'release 5 of demo1', 'action second'],
    ));

  it('of a device of a module: its release is called with the last reference', () =>
    says(
      `static void gone(struct device *d) { pr_info("gone\\n"); }
static struct device dev = { .init_name = "own", .release = gone };
static void say(void *data) { pr_info("action\\n"); }
expect(!device_register(&dev) && !strcmp(dev_name(&dev), "own"));
devm_add_action(&dev, say, NULL);
get_device(&dev);
device_unregister(&dev);
pr_info("kept\\n");
put_device(&dev);`,
      ['action', 'kept', 'gone'],
    ));
});

describe('a class of a module', function () {
  it('has the files of its groups; a seqlock counts its writes', () =>
    says(
      `static seqlock_t lock; static int value;
static ssize_t value_show(struct class *c, struct class_attribute *attr, char *buf)
{
  unsigned int start;
  int n;
  do { start = read_seqbegin(&lock); n = value; } while (read_seqretry(&lock, start));
  return sysfs_emit(buf, "%d after %u\\n", n, start);
}
static CLASS_ATTR_RO(value);
static struct attribute *own_attrs[] = { &class_attr_value.attr, NULL };
ATTRIBUTE_GROUPS(own);
static struct class own = { .name = "own", .class_groups = own_groups };
static int __init c_init(void) { seqlock_init(&lock); return class_register(&own); }
static void __exit c_exit(void) { class_unregister(&own); expect(open("/sys/class/own/value", O_RDONLY) < 0 && uid_eq(current_uid(), GLOBAL_ROOT_UID)); }
module_init(c_init);
module_exit(c_exit);
int main(void)
{
  char text[32] = "";
  write_seqlock(&lock);
  value = 7;
  write_sequnlock(&lock);
  int fd = open("/sys/class/own/value", O_RDONLY);
  expect(read(fd, text, 32) == 10 && !strcmp(text, "7 after 2\\n"));
  close(fd);
  return 0;
}`,
      [],
    ));
});

describe('attributes', function () {
  it('of a kobject, a device and a class: programs read and write them', () =>
    says(
      `static int hits = 3;
static ssize_t hits_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf) { return sysfs_emit(buf, "%s %d\\n", attr->attr.name, hits); }
static ssize_t hits_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf, size_t n) { int error = kstrtoint(buf, 0, &hits); return error ? error : n; }
static struct kobj_attribute hits_attribute = __ATTR(hits, 0644, hits_show, hits_store);
static struct attribute *attrs[] = { &hits_attribute.attr, NULL };
static struct attribute_group group = { .attrs = attrs };
static ssize_t level_show(struct device *d, struct device_attribute *attr, char *buf) { return sprintf(buf, "%s\\n", (char *)dev_get_drvdata(d)); }
static DEVICE_ATTR_RO(level);
static ssize_t about_show(struct class *c, struct class_attribute *attr, char *buf) { return sprintf(buf, "of %s\\n", c->name); }
static CLASS_ATTR_RO(about);
static struct kobject *kobj; static struct class *cls; static struct device *dev;
static int __init a_init(void)
{
  kobj = kobject_create_and_add("demo", kernel_kobj);
  cls = class_create(THIS_MODULE, "demos");
  dev = device_create(cls, NULL, 0, "high", "demo%d", 0);
  expect(kobj && !sysfs_create_group(kobj, &group) && !device_create_file(dev, &dev_attr_level) && !class_create_file(cls, &class_attr_about));
  return 0;
}
static void __exit a_exit(void) { sysfs_remove_group(kobj, &group); kobject_put(kobj); device_remove_file(dev, &dev_attr_level); class_remove_file(cls, &class_attr_about); device_unregister(dev); class_destroy(cls); expect(open("/sys/kernel/demo/hits", O_RDONLY) < 0); }
module_init(a_init);
module_exit(a_exit);
int main(void)
{
  char text[32] = "";
  int fd = open("/sys/kernel/demo/hits", O_RDWR);
  expect(read(fd, text, 32) == 7 && !strcmp(text, "hits 3\\n"));
  expect(write(fd, "17", 2) == 2 && hits == 17 && write(fd, "many", 4) < 0 && errno == EINVAL);
  close(fd);
  fd = open("/sys/class/demos/demo0/level", O_RDONLY);
  expect(read(fd, text, 32) == 5 && !memcmp(text, "high\\n", 5));
  close(fd);
  fd = open("/sys/class/demos/about", O_RDONLY);
  expect(read(fd, text, 32) == 9 && !memcmp(text, "of demos\\n", 9));
  close(fd);
  return 0;
}`,
      [],
    ));

  it('of a kobject with a type of a module', () =>
    says(
      `struct thing { struct kobject kobj; int n; };
static ssize_t any_show(struct kobject *kobj, struct attribute *attr, char *buf) { return sprintf(buf, "%s %d", attr->name, container_of(kobj, struct thing, kobj)->n); }
static void gone(struct kobject *kobj) { pr_info("gone %d\\n", container_of(kobj, struct thing, kobj)->n); kfree(container_of(kobj, struct thing, kobj)); }
static const struct sysfs_ops ops = { .show = any_show };
static struct kobj_type type = { .release = gone, .sysfs_ops = &ops };
static struct attribute first = { .name = "first", .mode = 0444 };
static int __init t_init(void)
{
  struct thing *t = kzalloc(sizeof(*t), GFP_KERNEL);
  t->n = 4;
  expect(!kobject_init_and_add(&t->kobj, &type, kernel_kobj, "thing%d", 1) && !sysfs_create_file(&t->kobj, &first));
  char text[16] = "";
  int fd = open("/sys/kernel/thing1/first", O_RDONLY);
  expect(read(fd, text, 16) == 7 && !strcmp(text, "first 4") && write(fd, "x", 1) < 0);
  close(fd);
  sysfs_remove_file(&t->kobj, &first);
  kobject_put(&t->kobj);
  return 0;
}
module_init(t_init);`,
      ['gone 4'],
    ));
});
