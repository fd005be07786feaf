/** What drivers get for a device, and need not give back: it goes with the device, the last first. And devices of a module's own. */
import type { VirtAddr } from '../../../engine/memory/address.js';
import { asPhys } from '../../../engine/memory/address.js';
import { vsprintf } from '../../printk/print.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsAreas, withCaches } from '../needs.js';
import { sizeOf, va } from '../pointers.js';
import { printServices } from '../printServices.js';

const allocating = (
  signature: string,
  doc: string,
  sleeps: number,
  run: BuiltinRow['run'],
): BuiltinRow => ({ ...withCaches(signature, doc, run), sleeps });

const kmalloc = (call: BuiltinCall, dev: Value, bytes: number, gfp: Value): VirtAddr =>
  call.kernel.devm_kmalloc(call.k, call.cell(dev), bytes, Number(gfp));

/** n * size; undefined where a size_t does not hold it. */
const product = (call: BuiltinCall, n: Value, size: Value): number | undefined => {
  const bytes = sizeOf(call, n) * sizeOf(call, size);
  return bytes < 2 ** (call.profile.pointerSize * 8) ? bytes : undefined;
};

/** Bytes, and a NUL if they are a string's. */
function copyOf(call: BuiltinCall, dev: Value, bytes: Uint8Array, gfp: Value): Value {
  const object = kmalloc(call, dev, bytes.length, gfp);
  if (object !== 0) call.memory.writeBytes(object, bytes);
  return object;
}

const stringBytes = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length + 1 }, (_, i) =>
    i < text.length ? text.charCodeAt(i) : 0,
  );

const print = (
  call: BuiltinCall,
  [dev = 0, gfp = 0, format = 0]: readonly Value[],
  args: Iterable<Value>,
): Value => {
  const text = vsprintf(printServices(call), call.string(format), args);
  return copyOf(call, dev, stringBytes(text), gfp);
};

const memory: readonly BuiltinRow[] = [
  allocating(
    'void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp)',
    'kmalloc() for a device: freed at its end.',
    2,
    (call, dev, size, gfp) => kmalloc(call, dev, sizeOf(call, size), gfp),
  ),
  allocating(
    'void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp)',
    'Like devm_kmalloc; the memory is zero.',
    2,
    (call, dev, size, gfp) =>
      kmalloc(call, dev, sizeOf(call, size), Number(gfp) | call.k.__GFP_ZERO),
  ),
  ...([false, true] as const).map((isZero) =>
    allocating(
      `void *devm_${isZero ? 'kcalloc' : 'kmalloc_array'}(struct device *dev, size_t n, size_t size, gfp_t flags)`,
      `Like devm_k${isZero ? 'z' : 'm'}alloc, for n elements of size bytes; NULL if that overflows.`,
      3,
      (call, dev, n, size, gfp) => {
        const bytes = product(call, n, size);
        if (bytes === undefined) return 0;
        return kmalloc(call, dev, bytes, Number(gfp) | (isZero ? call.k.__GFP_ZERO : 0));
      },
    ),
  ),
  withCaches(
    'void devm_kfree(struct device *dev, const void *p)',
    'Frees memory of devm_kmalloc() before the end of its device.',
    (call, dev, p) => {
      call.kernel.devm_kfree(call.k, call.cell(dev), va(p));
    },
  ),
  allocating(
    'char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp)',
    'A copy of a string that is freed with a device; NULL of NULL.',
    2,
    (call, dev, s, gfp) => (s === 0 ? 0 : copyOf(call, dev, stringBytes(call.string(s)), gfp)),
  ),
  allocating(
    'void *devm_kmemdup(struct device *dev, const void *src, size_t len, gfp_t gfp)',
    'A copy of bytes that is freed with a device.',
    3,
    (call, dev, src, length, gfp) =>
      copyOf(call, dev, call.memory.readBytes(src, sizeOf(call, length)).slice(), gfp),
  ),
  {
    ...allocating(
      'char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...)',
      'Prints to memory that is freed with a device.',
      1,
      (call, dev, gfp, format, ...args) => print(call, [dev, gfp, format], args),
    ),
    format: 2,
  },
  {
    ...withCaches(
      'unsigned long devm_get_free_pages(struct device *dev, gfp_t gfp_mask, unsigned int order)',
      '__get_free_pages() for a device: freed at its end.',
      (call, dev, gfp, order) => {
        const { k, kernel } = call;
        const device = call.cell(dev);
        const pages = kernel.__get_free_pages(k, Number(gfp), Number(order));
        return kernel.devm_get_free_pages(k, device, pages, Number(order));
      },
    ),
    sleeps: 1,
  },
];

const actions: readonly BuiltinRow[] = [
  withCaches(
    'int devm_add_action(struct device *dev, void (*action)(void *), void *data)',
    'A function that is called at the end of a device. 0 or -ENOMEM.',
    (call, dev, action, data) =>
      call.kernel.devm_add_action(call.k, call.cell(dev), va(action), va(data)),
  ),
  withCaches(
    'void devm_remove_action(struct device *dev, void (*action)(void *), void *data)',
    'The function is not called at the end of the device.',
    (call, dev, action, data) => {
      if (!call.kernel.devm_remove_action(call.k, call.cell(dev), va(action), va(data)))
        call.warn('devm_remove_action: the device has no such action');
    },
  ),
  withCaches(
    'void *devres_alloc(void (*release)(struct device *, void *), size_t size, gfp_t gfp)',
    "Zeroed memory with a function for its end, which becomes a device's with devres_add().",
    (call, release, size, gfp) =>
      call.kernel.__devres_alloc_node(
        ...([call.k, va(release), sizeOf(call, size), Number(gfp)] as const),
      ),
  ),
  withCaches(
    'void devres_add(struct device *dev, void *res)',
    "Memory of devres_alloc() is the device's from here on.",
    (call, dev, res) => {
      call.kernel.devres_add(call.k, call.cell(dev), va(res));
    },
  ),
  withCaches(
    'void devres_free(void *res)',
    "Frees memory of devres_alloc() that is not a device's.",
    (call, res) => {
      call.kernel.devres_free(call.k, va(res));
    },
  ),
  withCaches(
    'int devres_release_all(struct device *dev)',
    'The end of all that a device has, the last first; how many there were.',
    (call, dev) => call.kernel.devres_release_all(call.k, call.cell(dev)),
  ),
];

const mappings: readonly BuiltinRow[] = [
  {
    ...withCaches(
      'void *devm_ioremap(struct device *dev, resource_size_t offset, resource_size_t size)',
      'ioremap() for a device: the mapping ends with it.',
      (call, dev, offset, size) => {
        const { k, kernel, caller } = call;
        const device = call.cell(dev);
        const bytes = sizeOf(call, size);
        const at = kernel.ioremap(k, asPhys(Number(offset)), bytes, caller);
        return kernel.devm_ioremap(k, device, at);
      },
    ),
    needs: needsAreas,
    sleeps: 'always',
  },
  {
    ...withCaches(
      'void devm_iounmap(struct device *dev, void *addr)',
      'Ends a mapping of devm_ioremap() before its device does.',
      (call, dev, addr) => {
        call.kernel.devm_iounmap(call.k, call.cell(dev), va(addr));
      },
    ),
    needs: needsAreas,
    sleeps: 'always',
  },
];

const devices: readonly BuiltinRow[] = [
  withCaches(
    'void device_initialize(struct device *dev)',
    'Makes a device of memory of a module: put_device() ends it, which calls its release.',
    (call, dev) => {
      call.kernel.device_initialize(call.k, call.cell(dev));
    },
  ),
  withCaches(
    'int device_add(struct device *dev)',
    'A device that has a name is there from here on. 0, or -EINVAL without one.',
    (call, dev) => call.kernel.device_add(call.k, call.cell(dev)),
  ),
  withCaches(
    'void device_del(struct device *dev)',
    'A device is not there any more; its memory stays.',
    (call, dev) => {
      call.kernel.devres_release_all(call.k, call.cell(dev));
    },
  ),
  withCaches(
    'void device_unregister(struct device *dev)',
    'A device goes: what drivers have got for it, and with its last user the device.',
    (call, dev) => {
      call.ledger.freed('device', dev);
      call.kernel.devres_release_all(call.k, call.cell(dev));
      call.kernel.device_unregister(call.k, call.cell(dev));
    },
  ),
  withCaches(
    'struct device *get_device(struct device *dev)',
    'A reference to a device.',
    (call, dev) => {
      if (dev === 0) return 0;
      const { k, kernel } = call;
      kernel.kobject_get(k, k.plus(call.cell(dev), k.device.kobj));
      return dev;
    },
  ),
  withCaches(
    'void put_device(struct device *dev)',
    'Drops a reference to a device: the last one ends it.',
    (call, dev) => {
      if (dev !== 0) call.kernel.put_device(call.k, call.cell(dev));
    },
  ),
  {
    ...withCaches(
      'int dev_set_name(struct device *dev, const char *name, ...)',
      'The name of a device. 0 or -ENOMEM.',
      (call, dev, format, ...args) => {
        const text = vsprintf(printServices(call), call.string(format), args);
        return call.kernel.dev_set_name(call.k, call.cell(dev), text);
      },
    ),
    format: 1,
  },
];

export const managed: readonly Builtin[] = [
  ...group('slab', 'drivers/base/devres.c', [...memory, ...actions]),
  ...group('vmalloc', 'lib/devres.c', mappings),
  ...group('process', 'drivers/base/core.c', devices),
];
