/**
 * Character devices: numbers, cdevs and nodes, and what a program does with them. On all bundled kernels.
 */
import assert from 'node:assert/strict';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { log, machine, runToEnd } from './machines.js';

const ALL: readonly ProfileName[] = [
  'x86_64-slub',
  'x86_64-slab',
  'x86_64-slub-smp',
  'i386-highmem4g-slub',
  'i386-pae-slab',
];

/** Two minors of one driver, which has all that a tutorial's has. */
const DRIVER = `struct demo { char buf[32]; int len; struct cdev cdev; };
static struct demo *devs; static dev_t devt; static struct class *cls;
static int demo_open(struct inode *inode, struct file *filp)
{
	struct demo *d = container_of(inode->i_cdev, struct demo, cdev);
	filp->private_data = d;
	pr_info("open %u:%u minor %u flags %o\\n", MAJOR(inode->i_rdev), MINOR(inode->i_rdev), iminor(file_inode(filp)), filp->f_flags);
	if ((filp->f_flags & O_ACCMODE) == O_WRONLY) d->len = 0;
	return 0;
}
static ssize_t demo_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	struct demo *d = filp->private_data;
	if (*pos >= d->len) return 0;
	if (count > d->len - *pos) count = d->len - *pos;
	if (copy_to_user(buf, d->buf + *pos, count)) return -EFAULT;
	*pos += count;
	return count;
}
static ssize_t demo_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	struct demo *d = filp->private_data;
	if (*pos + count > sizeof(d->buf)) return -ENOSPC;
	if (copy_from_user(d->buf + *pos, buf, count)) return -EFAULT;
	*pos += count; d->len = *pos;
	return count;
}
static loff_t demo_llseek(struct file *filp, loff_t off, int whence)
{
	struct demo *d = filp->private_data; loff_t to;
	switch (whence) { case SEEK_SET: to = off; break; case SEEK_CUR: to = filp->f_pos + off; break; case SEEK_END: to = d->len + off; break; default: return -EINVAL; }
	if (to < 0) return -EINVAL;
	filp->f_pos = to; return to;
}
static long demo_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	if (_IOC_TYPE(cmd) != 'k') return -ENOTTY;
	switch (cmd) { case _IO('k', 1): memset(((struct demo *)filp->private_data)->buf, 0, 32); return 7;
	case _IOR('k', 2, int): return put_user(((struct demo *)filp->private_data)->len, (int __user *)arg); }
	return -ENOTTY;
}
static int demo_release(struct inode *inode, struct file *filp) { pr_info("release %d\\n", iminor(inode)); return 0; }
static const struct file_operations fops = { .owner = THIS_MODULE, .open = demo_open, .read = demo_read, .write = demo_write, .llseek = demo_llseek, .unlocked_ioctl = demo_ioctl, .release = demo_release };
static int __init demo_init(void)
{
	int i, err = alloc_chrdev_region(&devt, 0, 2, "demo");
	if (err) return err;
	devs = kcalloc(2, sizeof(*devs), GFP_KERNEL);
	for (i = 0; i < 2; i++) { cdev_init(&devs[i].cdev, &fops); devs[i].cdev.owner = THIS_MODULE; err = cdev_add(&devs[i].cdev, MKDEV(MAJOR(devt), i), 1); expect(err == 0); }
	cls = class_create(THIS_MODULE, "demo");
	struct device *dev = device_create(cls, NULL, devt, devs, "demo%d", 0);
	expect(!IS_ERR(dev) && dev_get_drvdata(dev) == devs && strcmp(dev_name(dev), "demo0") == 0);
	expect(register_chrdev_region(devt + 1, 1, "other") == -EBUSY);
	return 0;
}
static void __exit demo_exit(void)
{
	device_destroy(cls, devt); class_destroy(cls);
	for (int i = 0; i < 2; i++) cdev_del(&devs[i].cdev);
	unregister_chrdev_region(devt, 2);
	kfree(devs);
}
module_init(demo_init); module_exit(demo_exit);
int main(void)
{
	char buf[16] = {}; int len;
	expect(mknod("/dev/demo1", S_IFCHR | 0600, MKDEV(MAJOR(devt), 1)) == 0);
	expect(mknod("/dev/none", S_IFCHR | 0600, MKDEV(MAJOR(devt), 2)) == 0);
	expect(open("/dev/none", O_RDWR) == -1 && errno == ENXIO);
	int a = open("/dev/demo0", O_RDWR | O_NONBLOCK), b = open("/dev/demo1", O_RDWR);
	expect(write(a, "hello", 5) == 5 && write(b, "you", 3) == 3);
	expect(read(a, buf, 16) == 0);
	expect(lseek(a, 1, SEEK_SET) == 1 && read(a, buf, 16) == 4 && strcmp(buf, "ello") == 0);
	expect(ioctl(a, _IOR('k', 2, int), &len) == 0 && len == 5);
	expect(ioctl(a, _IO('k', 1)) == 7 && ioctl(a, _IO('x', 1)) == -1 && errno == ENOTTY);
	expect(open("/dev/demo1", O_WRONLY) > 0);
	close(a);
	int w = open("/dev/demo1", O_RDONLY);
	expect(write(w, "x", 1) == -1 && errno == EBADF);
	return 0;
}
`;

/** Runs a scenario whose every expect() must hold, and whose main task must not die: what it says. */
function said(text: string, expects: number, profile: ProfileName): readonly string[] {
  const vm = machine(text, profile);
  const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
  assert.deepEqual(died, [], profile);
  assert.deepEqual({ ...vm.expects }, { held: expects, failed: 0 }, profile);
  return log(vm);
}

describe('a character device', function () {
  for (const profile of ALL)
    it(`is found by its number: ${profile}`, () => {
      assert.deepEqual(said(DRIVER, 14, profile), [
        'open 254:0 minor 0 flags 4002',
        'open 254:1 minor 1 flags 2',
        'open 254:1 minor 1 flags 1',
        'release 0',
        'open 254:1 minor 1 flags 0',
        'release 1',
        'release 1',
        'release 1',
      ]);
    });

  it('has regions in order, and gives them back', () => {
    const text = `int main(void)
{
  dev_t a, b;
  expect(register_chrdev_region(MKDEV(240, 10), 10, "middle") == 0);
  expect(register_chrdev_region(MKDEV(240, 0), 10, "low") == 0 && register_chrdev_region(MKDEV(240, 20), 5, "high") == 0);
  expect(register_chrdev_region(MKDEV(240, 19), 1, "x") == -EBUSY && register_chrdev_region(MKDEV(240, 5), 8, "x") == -EBUSY);
  expect(register_chrdev_region(MKDEV(512, 0), 1, "x") == -EINVAL && register_chrdev_region(MKDEV(240, 25), 1, "x") == 0);
  expect(alloc_chrdev_region(&a, 3, 1, "a") == 0 && MINOR(a) == 3 && alloc_chrdev_region(&b, 0, 1, "b") == 0 && MAJOR(a) == MAJOR(b) + 1);
  unregister_chrdev_region(MKDEV(240, 10), 10);
  expect(register_chrdev_region(MKDEV(240, 19), 1, "x") == 0);
  // A range that goes on in the next major is two regions.
  expect(register_chrdev_region(MKDEV(250, MINORMASK), 2, "two") == 0 && register_chrdev_region(MKDEV(251, 0), 1, "x") == -EBUSY);
  unregister_chrdev_region(MKDEV(250, MINORMASK), 2);
  expect(register_chrdev_region(MKDEV(251, 0), 1, "x") == 0);
  return 0;
}`;
    assert.deepEqual(said(text, 8, 'x86_64-slub'), [
      'CHRDEV "x" major requested (512) is greater than the maximum (511)',
    ]);
  });

  it('outlives cdev_del() while somebody has it open, and is freed with the last user', () => {
    const text = `static int demo_open(struct inode *inode, struct file *filp) { return nonseekable_open(inode, filp); }
static ssize_t demo_read(struct file *filp, char *buf, size_t n, loff_t *pos) { return put_user('r', buf) ? -EFAULT : 1; }
static const struct file_operations fops = { .open = demo_open, .read = demo_read, .llseek = no_llseek };
int main(void)
{
  char c = 0;
  int major = register_chrdev(0, "demo", &fops);
  expect(major > 0 && register_chrdev(major, "again", &fops) == -EBUSY);
  mknod("/dev/demo", S_IFCHR | 0600, MKDEV(major, 200));
  int fd = open("/dev/demo", O_RDONLY);
  expect(fd > 0 && lseek(fd, 0, SEEK_SET) == -1 && errno == ESPIPE);
  unregister_chrdev(major, "demo");
  expect(read(fd, &c, 1) == 1 && c == 'r');
  close(fd);
  expect(open("/dev/demo", O_RDONLY) == -1 && errno == ENXIO);
  expect(unlink("/dev/demo") == 0 && open("/dev/demo", O_RDONLY) == -1 && errno == ENOENT);
  // An open() that refuses, and one without a cdev, leave nothing.
  return 0;
}`;
    for (const profile of ['x86_64-slub', 'i386-pae-slab'] as const)
      assert.deepEqual(said(text, 5, profile), []);
  });

  it('is told of in the account when it is not given back', () => {
    const text = `static const struct file_operations fops = {};
static struct cdev c;
int main(void)
{
  dev_t dev;
  alloc_chrdev_region(&dev, 0, 1, "demo");
  cdev_init(&c, &fops);
  cdev_add(&c, dev, 1);
  device_create(class_create(THIS_MODULE, "demo"), NULL, dev, NULL, "demo");
  return 0;
}`;
    const vm = machine(text, 'x86_64-slub');
    runToEnd(vm);
    assert.deepEqual(
      vm.holdings.notGivenBack().map(({ kind, line }) => [kind, line]),
      [
        ['device region', 6],
        ['cdev', 8],
        ['device', 9],
        ['class', 9],
      ],
    );
  });
});
