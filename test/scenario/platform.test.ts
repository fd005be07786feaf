/** Devices of the platform and drivers; a bus of a module's own. */
import { says } from './machines.js';

describe('a device of the platform', () => {
  it('and a driver come together by name: probe(), remove(), and what devm_kzalloc() has got goes', () =>
    says(
      `struct priv { int x; };
static int demo_probe(struct platform_device *pdev) { struct priv *p = devm_kzalloc(&pdev->dev, sizeof(*p), GFP_KERNEL); struct resource *r = platform_get_resource(pdev, IORESOURCE_MEM, 0); p->x = 7; platform_set_drvdata(pdev, p); dev_info(&pdev->dev, "probe %s id %d irq %d mem %llx\\n", pdev->name, pdev->id, platform_get_irq_optional(pdev, 0), r ? (u64)r->start : 0); return pdev->id == 3 ? -EIO : 0; }
static int demo_remove(struct platform_device *pdev) { struct priv *p = platform_get_drvdata(pdev); pr_info("remove %s %d\\n", dev_name(&pdev->dev), p->x); return 0; }
static const struct platform_device_id ids[] = { { "demo", 1 }, { "other", 2 }, { } };
static struct platform_driver drv = { .probe = demo_probe, .remove = demo_remove, .id_table = ids, .driver = { .name = "demo-driver" } };
static struct resource res[] = { DEFINE_RES_MEM(0xfebf0000, 0x1000), DEFINE_RES_IRQ(9) };
static void rel(struct device *d) { pr_info("released\\n"); }
static struct platform_device own = { .name = "other", .id = -1, .dev = { .release = rel } };
struct platform_device *a = platform_device_register_simple("demo", 0, res, 2);
expect(!IS_ERR(a));
expect(!platform_driver_register(&drv));
expect(platform_driver_register(&drv) == -EBUSY);
expect(!platform_device_register(&own));
struct platform_device *c = platform_device_register_simple("demo", 3, NULL, 0);
struct platform_device *d = platform_device_register_simple("demo", PLATFORM_DEVID_AUTO, NULL, 0);
expect(d->dev.driver == &drv.driver && c->dev.driver == NULL && !strcmp(dev_name(&d->dev), "demo.0.auto") && d->id_entry == &ids[0]);
platform_device_unregister(d);
platform_driver_unregister(&drv);
expect(!a->dev.driver);
platform_device_unregister(a);
platform_device_unregister(&own);
platform_device_unregister(c);`,
      [
        'demo-driver demo.0: probe demo id 0 irq 9 mem febf0000',
        "Error: Driver 'demo-driver' is already registered, aborting...",
        'demo-driver other: probe other id -1 irq -6 mem 0',
        'demo-driver demo.3: probe demo id 3 irq -6 mem 0',
        'demo-driver: probe of demo.3 failed with error -5',
        'demo-driver demo.0.auto: probe demo id 0 irq -6 mem 0',
        ...['remove demo.0.auto 7', 'remove other 7', 'remove demo.0 7', 'released'],
      ],
    ));
});

describe('a bus of a module', () => {
  it('brings together what its match() finds', () =>
    says(
      `static int own_match(struct device *d, struct device_driver *drv) { return !strncmp(dev_name(d), drv->name, 3); }
static struct bus_type own_bus = { .name = "own", .match = own_match };
static int abc_probe(struct device *d) { dev_info(d, "probe\\n"); return 0; }
static int abc_remove(struct device *d) { dev_info(d, "remove\\n"); return 0; }
static struct device_driver abc = { .name = "abc", .bus = &own_bus, .probe = abc_probe, .remove = abc_remove };
static struct device first = { .init_name = "abc1", .bus = &own_bus }, second = { .init_name = "xyz", .bus = &own_bus };
expect(!bus_register(&own_bus) && !device_register(&first) && !driver_register(&abc) && !device_register(&second));
expect(first.driver == &abc && !second.driver);
device_unregister(&first);
driver_unregister(&abc);
device_unregister(&second);
bus_unregister(&own_bus);`,
      ['abc abc1: probe', 'abc abc1: remove'],
    ));
});

describe('a misc device', () => {
  it('has a struct device, with which goes what the driver has got for it', () =>
    says(
      `static const struct file_operations fops = { .owner = THIS_MODULE };
static struct miscdevice md = { .minor = MISC_DYNAMIC_MINOR, .name = "demo", .mode = 0666, .fops = &fops };
expect(!misc_register(&md) && md.this_device && dev_get_drvdata(md.this_device) == &md);
char *p = devm_kzalloc(md.this_device, 100, GFP_KERNEL); expect(p);
dev_info(md.this_device, "hello\\n");
misc_deregister(&md);
expect(current->cred == current->real_cred && current->cred->uid.val == 0 && from_kuid(&init_user_ns, current->cred->euid) == 0);`,
      [' demo: hello'],
    ));
});
