/**
 * Character devices as drivers make them: numbers, cdevs that answer for numbers, and nodes below /dev, by which programs find them.
 *
 *     alloc_chrdev_region(&dev, 0, 2, "demo");  cdev_init(&c, &fops);  cdev_add(&c, dev, 2);      the driver
 *     class_create(THIS_MODULE, "demo");  device_create(class, NULL, dev, NULL, "demo%d", 0);    makes /dev/demo0
 *     mknod("/dev/demo1", S_IFCHR | 0600, MKDEV(major, 1));                                       or the program does
 */
import { EEXIST, EINVAL, ENOMEM } from '../../../engine/kernel/include/linux/errno.h.js';
import { NULL, type File } from '../../../engine/machine/ctypes.js';
import type { Value } from '../../semantics/arithmetic.js';
import { vsprintf } from '../../printk/print.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess, withCaches } from '../needs.js';
import { va } from '../pointers.js';
import { printServices } from '../printServices.js';
import { libc } from './libc.js';

const changes = true;
const S_IFMT = 0o170000;
const S_IFCHR = 0o020000;
/** What register_chrdev() takes of a major. */
const ALL_MINORS = 256;

const number = (dev: Value): number => Number(dev) >>> 0;

// --- regions ---------------------------------------------------------------------------------------------------------------

/** Of the account: a region is named by its first number. */
const regionTaken = (call: BuiltinCall, dev: number): void => {
  call.ledger.allocated({ kind: 'device region', address: dev, sizeBytes: 0 });
};
const regionGiven = (call: BuiltinCall, dev: number): void => {
  call.ledger.freed('device region', dev);
};

function registerRegion(call: BuiltinCall, from: Value, count: Value, name: Value): number {
  const result = call.kernel.register_chrdev_region(call.k, number(from), number(count), va(name));
  if (result === 0) regionTaken(call, number(from));
  return result;
}

function allocRegion(
  call: BuiltinCall,
  [dev = 0, base = 0, count = 0, name = 0]: readonly Value[],
): number {
  call.memory.load(dev, 4);
  const first = call.kernel.alloc_chrdev_region(call.k, number(base), number(count), va(name));
  if (first < 0) return first;
  call.memory.store(dev, 4, first);
  regionTaken(call, first);
  return 0;
}

function registerChrdev(
  call: BuiltinCall,
  [major = 0, base = 0, count = 0, name = 0, fops = 0]: readonly Value[],
): number {
  const { k, kernel } = call;
  const numbers = [number(major), number(base), number(count)] as const;
  const result = kernel.__register_chrdev(k, ...numbers, va(name), call.cell(fops));
  if (result >= 0)
    regionTaken(call, kernel.MKDEV(result > 0 ? result : number(major), number(base)));
  return result;
}

function unregisterChrdev(call: BuiltinCall, major: Value, base: Value, count: Value): void {
  const { k, kernel } = call;
  kernel.__unregister_chrdev(k, number(major), number(base), number(count));
  regionGiven(call, kernel.MKDEV(number(major), number(base)));
}

const regions: readonly BuiltinRow[] = [
  withCaches(
    'int register_chrdev_region(dev_t from, unsigned int count, const char *name)',
    'Reserves device numbers; 0 or an error: -EBUSY if somebody has one of them.',
    registerRegion,
  ),
  withCaches(
    'int alloc_chrdev_region(dev_t *dev, unsigned int baseminor, unsigned int count, const char *name)',
    'Reserves device numbers of a major that nobody has: the first in *dev. 0 or an error.',
    (call, ...args) => allocRegion(call, args),
  ),
  withCaches(
    'void unregister_chrdev_region(dev_t from, unsigned int count)',
    'Gives device numbers back.',
    (call, from, count) => {
      call.kernel.unregister_chrdev_region(call.k, number(from), number(count));
      regionGiven(call, number(from));
    },
  ),
  withCaches(
    'int __register_chrdev(unsigned int major, unsigned int baseminor, unsigned int count, const char *name, const struct file_operations *fops)',
    'Reserves device numbers with a cdev that answers for them; with major 0 a major that nobody has, which is the result. Otherwise 0, or an error.',
    (call, ...args) => registerChrdev(call, args),
  ),
  withCaches(
    'void __unregister_chrdev(unsigned int major, unsigned int baseminor, unsigned int count, const char *name)',
    'Gives back what __register_chrdev() has taken.',
    (call, major, base, count) => {
      unregisterChrdev(call, major, base, count);
    },
  ),
  withCaches(
    'void cdev_init(struct cdev *cdev, const struct file_operations *fops)',
    'Makes a cdev of memory of the driver, with its operations.',
    (call, cdev, fops) => {
      call.kernel.cdev_init(call.k, call.cell(cdev), call.cell(fops));
    },
  ),
  withCaches(
    'struct cdev *cdev_alloc(void)',
    'A cdev of its own, which cdev_del() frees with its last user; NULL without memory. The driver sets its ops.',
    (call) => call.pointer(call.kernel.cdev_alloc(call.k)),
  ),
  withCaches(
    'int cdev_add(struct cdev *p, dev_t dev, unsigned int count)',
    'From here on the cdev answers for its numbers: open() of a node comes to it. 0 or -ENOMEM.',
    (call, p, dev, count) => {
      const error = call.kernel.cdev_add(call.k, call.cell(p), number(dev), number(count));
      if (error === 0) call.ledger.allocated({ kind: 'cdev', address: p, sizeBytes: 0 });
      return error;
    },
  ),
  withCaches(
    'void cdev_del(struct cdev *p)',
    'Nobody can open the device any more; whoever has it open keeps it.',
    (call, p) => {
      call.kernel.cdev_del(call.k, call.cell(p));
      call.ledger.freed('cdev', p);
    },
  ),
];

const inHeaders: readonly BuiltinRow[] = [
  withCaches(
    'int register_chrdev(unsigned int major, const char *name, const struct file_operations *fops)',
    'Reserves the first 256 minors of a major, with a cdev that answers for them; 0: of a major that nobody has, which is the result.',
    (call, major, name, fops) => registerChrdev(call, [major, 0, ALL_MINORS, name, fops]),
  ),
  withCaches(
    'void unregister_chrdev(unsigned int major, const char *name)',
    'Gives back what register_chrdev() has taken.',
    (call, major) => {
      unregisterChrdev(call, major, 0, ALL_MINORS);
    },
  ),
];

// --- classes and devices -----------------------------------------------------------------------------------------------------

const nodePath = (name: string): string => `/dev/${name.replaceAll('!', '/')}`;

/** Gives a node its name; 0 or an error, and the node is gone. */
function nameNode(call: BuiltinCall, path: string, node: File): number {
  const { files } = call.process;
  const error = files.named(path) !== undefined ? -EEXIST : files.name(path, node) ? 0 : -ENOMEM;
  if (error !== 0) call.kernel.removeDevice(call.k, node);
  return error;
}

function createDevice(
  call: BuiltinCall,
  [cls = 0, parent = 0, devt = 0, drvdata = 0, format = 0, ...args]: readonly Value[],
): Value {
  const { k, kernel } = call;
  const name = vsprintf(printServices(call), call.string(format), args);
  const node = { value: NULL as File };
  const of = [call.cell(cls), parent === 0 ? NULL : call.cell(parent)] as const;
  const dev = kernel.device_create(k, ...of, number(devt), va(drvdata), name, node);
  if (dev < 0) return call.unsignedLong(dev);
  const error = node.value === NULL ? 0 : nameNode(call, nodePath(name), node.value);
  if (error !== 0) {
    kernel.device_unregister(k, dev);
    return call.unsignedLong(error);
  }
  const address = call.pointer(dev);
  call.ledger.allocated({ kind: 'device', address, sizeBytes: 0 });
  return address;
}

/** The device of a class that has a number goes, and its node. */
function destroyDevice(call: BuiltinCall, cls: Value, devt: Value): void {
  const { k, kernel } = call;
  const { files } = call.process;
  for (const node of files.namedFiles()) {
    if (!kernel.isNode(k, node) || kernel.deviceNumber(k, node) !== number(devt)) continue;
    const dev = kernel.deviceOf(k, node);
    if (dev === NULL || kernel.classOf(k, dev) !== call.cell(cls)) continue;
    files.unnameFile(node);
    kernel.removeDevice(k, node);
    call.ledger.freed('device', call.pointer(dev));
    kernel.device_unregister(k, dev);
    return;
  }
}

const classes: readonly Builtin[] = [
  ...group('process', 'drivers/base/class.c', [
    withCaches(
      'struct class *__class_create(struct module *owner, const char *name)',
      'The function behind class_create(): a class that devices are made under, or an error pointer.',
      (call, _owner, name) => {
        const cls = call.kernel.__class_create(call.k, NULL, va(name));
        if (cls < 0) return call.unsignedLong(cls);
        call.ledger.allocated({ kind: 'class', address: call.pointer(cls), sizeBytes: 0 });
        return call.pointer(cls);
      },
    ),
    withCaches('void class_destroy(struct class *cls)', 'Frees a class.', (call, cls) => {
      if (cls === 0 || (Number(cls) < 0 && Number(cls) >= -4095)) return;
      call.ledger.freed('class', cls);
      call.kernel.class_destroy(call.k, call.cell(cls));
    }),
  ]),
  ...group('process', 'drivers/base/core.c', [
    {
      ...withCaches(
        'struct device *device_create(struct class *class, struct device *parent, dev_t devt, void *drvdata, const char *fmt, ...)',
        'A device of a class, and its node /dev/NAME if it has a number; an error pointer if that is not possible.',
        (call, ...args) => createDevice(call, args),
      ),
      format: 4,
    },
    withCaches(
      'void device_destroy(struct class *class, dev_t devt)',
      'The device of a class that has the number goes, and its node.',
      (call, cls, devt) => {
        destroyDevice(call, cls, devt);
      },
    ),
  ]),
];

// --- what programs do ----------------------------------------------------------------------------------------------------------

function makeNode(call: BuiltinCall, path: Value, mode: Value, dev: Value): number {
  const type = Number(mode) & S_IFMT;
  if (type !== S_IFCHR) return -EINVAL;
  const name = call.string(path);
  const node = call.kernel.makeDeviceNode(call.k, name, number(dev), NULL);
  return node === NULL ? -ENOMEM : nameNode(call, name, node);
}

export const charDevices: readonly Builtin[] = [
  ...group('process', 'fs/char_dev.c', regions),
  ...group('process', 'include/linux/fs.h', inHeaders),
  ...classes,
  ...group('process', 'fs/namei.c', [
    {
      signature: 'int mknod(const char *pathname, unsigned int mode, dev_t dev)',
      doc: 'A node with a number, which a driver may answer for: S_IFCHR | 0600, MKDEV(major, minor). 0, or -1 and errno.',
      changes,
      needs: needsProcess,
      run: (call, path, mode, dev) => libc(call, makeNode(call, path, mode, dev)),
    },
  ]),
  ...group('process', 'fs/open.c', [
    {
      signature: 'int nonseekable_open(struct inode *inode, struct file *filp)',
      doc: 'Of an open() of a driver: the file has no position, lseek() fails with -ESPIPE. 0.',
      changes,
      run: (call, inode, filp) =>
        call.kernel.nonseekable_open(call.k, call.cell(inode), call.cell(filp)),
    },
  ]),
];
