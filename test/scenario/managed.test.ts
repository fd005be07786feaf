/** What drivers get for a device, and what becomes of it at the device's end. On booted machines. */
import assert from 'node:assert/strict';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { log, machine, runToEnd } from './machines.js';

const SOME: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab', 'x86_64-slub-smp'];

function says(text: string, said: readonly string[]): void {
  for (const profile of SOME) {
    const vm = machine(text, profile);
    const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
    assert.deepEqual(log(vm), said, profile);
    assert.deepEqual(died, [], profile);
    assert.equal(vm.expects.failed, 0, profile);
  }
}

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
