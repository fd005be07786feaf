/**
 * What a device's driver has got for it, and what becomes of it at the device's end: the last first.
 *
 *     dev->devres_head ─> | devres_node: entry, release, name, size | data |  ─> ...
 *
 * Left out: locks, groups, devres_node.name.
 * Source: Linux 6.1 drivers/base/devres.c; include/linux/io.h: devm_ioremap(), devm_iounmap().
 */
import { type Gfp, type Int, NULL, type Pointer, type ULong } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { iounmap } from '../../arch/x86/mm/ioremap.js';
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import type { Device } from '../../include/linux/dma-direct.h.js';
import { ENOMEM, ENOENT } from '../../include/linux/errno.h.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del_init,
  list_entry_is_head,
  list_last_entry,
  list_prev_entry,
} from '../../include/linux/list.h.js';
import { free_irq } from '../../kernel/irq/manage.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { memset } from '../../lib/string.js';
import { free_pages } from '../../mm/page_alloc/api.js';
import { kfree, kmalloc } from '../../mm/slab_common/kmalloc.js';

type DevresNode = Pointer<'struct devres_node'>;

/** What is called at the end: a function of the kernel's, or of a scenario's. */
export type DrRelease = VirtAddr;

/** offsetof(struct devres, data) */
const headerBytes = (k: Kernel): Int => ALIGN(k.sizeof.devres_node, k.ARCH_KMALLOC_MINALIGN);

const dataOf = (k: Kernel, node: DevresNode): VirtAddr => asVirt(k.va_of(node) + headerBytes(k));
const nodeOf = (k: Kernel, res: VirtAddr): DevresNode => k.cell_at(asVirt(res - headerBytes(k)));

/** &dev->devres_head. A device that nobody has initialized has no list yet. */
const headOf = (k: Kernel, dev: Device): Cell => {
  const head = k.plus(k.deref(dev, k.device.devres_head), k.device.devres_head);
  if (k.read_va(head) === 0) INIT_LIST_HEAD(k, head);
  return head;
};

/** Room for something of a driver's; 0 without memory. */
export function __devres_alloc_node(
  k: Kernel,
  release: DrRelease,
  size: ULong,
  gfp: Gfp,
): VirtAddr {
  const object: VirtAddr = kmalloc(k, headerBytes(k) + size, gfp | k.__GFP_ZERO);
  if (object === 0) return asVirt(0);
  memset(k, object, 0, headerBytes(k));
  const node: DevresNode = k.cell_at(object);
  INIT_LIST_HEAD(k, k.plus(node, k.devres_node.entry));
  k.write_va(k.plus(node, k.devres_node.release), release);
  // set_node_dbginfo()
  k.write_long(k.plus(node, k.devres_node.size), size);
  return dataOf(k, node);
}

/** The device's from here on. */
export function devres_add(k: Kernel, dev: Device, res: VirtAddr): void {
  list_add_tail(k, k.plus(nodeOf(k, res), k.devres_node.entry), headOf(k, dev));
}

/** Of one that is not a device's. */
export function devres_free(k: Kernel, res: VirtAddr): void {
  if (res !== 0) kfree(k, k.va_of(nodeOf(k, res)));
}

/** What is done with something at its end. */
function callRelease(k: Kernel, dev: Device, node: DevresNode): void {
  const release: VirtAddr = k.read_va(k.plus(node, k.devres_node.release));
  const data: VirtAddr = dataOf(k, node);
  // devm_kmalloc_release(): the memory goes with the node.
  if (release === functionNamed(k, 'devm_kmalloc_release')) return;
  if (release === functionNamed(k, 'devm_ioremap_release')) {
    iounmap(k, k.read_va(k.cell_at(data)));
    return;
  }
  if (release === functionNamed(k, 'devm_irq_release')) {
    // struct irq_devres: irq, dev_id
    free_irq(k, k.read_int(k.cell_at(data)), k.read_va(k.cell_at(asVirt(data + k.ptr_words * 4))));
    return;
  }
  if (release === functionNamed(k, 'devm_pages_release')) {
    const order: Int = k.read_int(k.cell_at(asVirt(data + k.ptr_words * 4)));
    free_pages(k, k.read_va(k.cell_at(data)), order);
    return;
  }
  if (release === functionNamed(k, 'devm_action_release')) {
    // struct action_devres: data, action
    const action: VirtAddr = k.read_va(k.cell_at(asVirt(data + k.ptr_words * 4)));
    callOut(k, action, [k.read_va(k.cell_at(data))]);
    return;
  }
  callOut(k, release, [k.va_of(dev), data]);
}

const callOut = (k: Kernel, func: VirtAddr, args: readonly number[]): void => {
  if (k.callOut?.(func, args) === undefined)
    throw new KernelFault(`unable to handle page fault for address: ${k.hex(func)}`);
};

/** The last one with such an end, and such data; NULL: there is none. @param wanted 0: any; else the data's address */
function find_dr(k: Kernel, dev: Device, release: DrRelease, wanted: VirtAddr): DevresNode {
  const head = headOf(k, dev);
  let rounds = 0;
  for (
    let node: DevresNode = list_last_entry(k, head, k.devres_node.entry);
    !list_entry_is_head(k, node, head, k.devres_node.entry);
    node = list_prev_entry(k, node, k.devres_node.entry)
  ) {
    k.watchdog(++rounds);
    if (k.read_va(k.plus(node, k.devres_node.release)) !== release) continue;
    if (wanted === 0 || dataOf(k, node) === wanted) return node;
  }
  return NULL;
}

/** Its data; 0: there is none. */
export function devres_find(k: Kernel, dev: Device, release: DrRelease): VirtAddr {
  const node: DevresNode = find_dr(k, dev, release, asVirt(0));
  return node === NULL ? asVirt(0) : dataOf(k, node);
}

/** Takes one off the device, without its end. 0, or -ENOENT. */
export function devres_destroy(k: Kernel, dev: Device, release: DrRelease): Int {
  const node: DevresNode = find_dr(k, dev, release, asVirt(0));
  if (node === NULL) return -ENOENT;
  list_del_init(k, k.plus(node, k.devres_node.entry));
  kfree(k, k.va_of(node));
  return 0;
}

/** The end of all that a device has, the last first. How many there were. */
export function devres_release_all(k: Kernel, dev: Device): Int {
  const head = headOf(k, dev);
  let count: Int = 0;
  for (
    let node: DevresNode = list_last_entry(k, head, k.devres_node.entry);
    !list_entry_is_head(k, node, head, k.devres_node.entry);
    node = list_last_entry(k, head, k.devres_node.entry)
  ) {
    k.watchdog(++count);
    list_del_init(k, k.plus(node, k.devres_node.entry));
    callRelease(k, dev, node);
    kfree(k, k.va_of(node));
  }
  return count;
}

// --- kinds ---------------------------------------------------------------------------------------------------------------

const ZERO_SIZE_PTR = 16;

/** Memory that is freed with the device; 0 without any. */
export function devm_kmalloc(k: Kernel, dev: Device, size: ULong, gfp: Gfp): VirtAddr {
  if (size === 0) return asVirt(ZERO_SIZE_PTR);
  // It need not be zero: only the node is.
  const object: VirtAddr = kmalloc(k, headerBytes(k) + size, gfp);
  if (object === 0) return asVirt(0);
  memset(k, object, 0, headerBytes(k));
  const node: DevresNode = k.cell_at(object);
  INIT_LIST_HEAD(k, k.plus(node, k.devres_node.entry));
  k.write_va(k.plus(node, k.devres_node.release), functionNamed(k, 'devm_kmalloc_release'));
  k.write_long(k.plus(node, k.devres_node.size), size);
  devres_add(k, dev, dataOf(k, node));
  return dataOf(k, node);
}

/** Before the device's end. A warning for what is not the device's. */
export function devm_kfree(k: Kernel, dev: Device, p: VirtAddr): void {
  if (p === 0 || p === ZERO_SIZE_PTR) return;
  const node: DevresNode = find_dr(k, dev, functionNamed(k, 'devm_kmalloc_release'), p);
  if (WARN_ON_ONCE(k, node === NULL, 'drivers/base/devres.c: devm_kfree: rc')) return;
  list_del_init(k, k.plus(node, k.devres_node.entry));
  kfree(k, k.va_of(node));
}

/** `action(data)` at the device's end. 0, or -ENOMEM. */
export function devm_add_action(k: Kernel, dev: Device, action: VirtAddr, data: VirtAddr): Int {
  const release: DrRelease = functionNamed(k, 'devm_action_release');
  const res: VirtAddr = __devres_alloc_node(k, release, k.ptr_words * 8, k.GFP_KERNEL);
  if (res === 0) return -ENOMEM;
  k.write_va(k.cell_at(res), data);
  k.write_va(k.cell_at(asVirt(res + k.ptr_words * 4)), action);
  devres_add(k, dev, res);
  return 0;
}

/** The action is not taken at the device's end. False: it is not the device's. */
export function devm_remove_action(
  k: Kernel,
  dev: Device,
  action: VirtAddr,
  data: VirtAddr,
): boolean {
  const release: DrRelease = functionNamed(k, 'devm_action_release');
  const head = headOf(k, dev);
  for (
    let node: DevresNode = list_last_entry(k, head, k.devres_node.entry);
    !list_entry_is_head(k, node, head, k.devres_node.entry);
    node = list_prev_entry(k, node, k.devres_node.entry)
  ) {
    if (k.read_va(k.plus(node, k.devres_node.release)) !== release) continue;
    const res: VirtAddr = dataOf(k, node);
    if (k.read_va(k.cell_at(res)) !== data) continue;
    if (k.read_va(k.cell_at(asVirt(res + k.ptr_words * 4))) !== action) continue;
    list_del_init(k, k.plus(node, k.devres_node.entry));
    kfree(k, k.va_of(node));
    return true;
  }
  return false;
}

/** A mapping of ioremap() that ends with the device; the address, or 0 if the mapping is 0. */
export function devm_ioremap(k: Kernel, dev: Device, addr: VirtAddr): VirtAddr {
  if (addr === 0) return asVirt(0);
  const release: DrRelease = functionNamed(k, 'devm_ioremap_release');
  const res: VirtAddr = __devres_alloc_node(k, release, k.ptr_words * 4, k.GFP_KERNEL);
  if (res === 0) {
    iounmap(k, addr);
    return asVirt(0);
  }
  k.write_va(k.cell_at(res), addr);
  devres_add(k, dev, res);
  return addr;
}

/** Before the device's end. */
export function devm_iounmap(k: Kernel, dev: Device, addr: VirtAddr): void {
  const release: DrRelease = functionNamed(k, 'devm_ioremap_release');
  const head = headOf(k, dev);
  for (
    let node: DevresNode = list_last_entry(k, head, k.devres_node.entry);
    !list_entry_is_head(k, node, head, k.devres_node.entry);
    node = list_prev_entry(k, node, k.devres_node.entry)
  ) {
    if (k.read_va(k.plus(node, k.devres_node.release)) !== release) continue;
    if (k.read_va(k.cell_at(dataOf(k, node))) !== addr) continue;
    list_del_init(k, k.plus(node, k.devres_node.entry));
    iounmap(k, addr);
    kfree(k, k.va_of(node));
    return;
  }
  WARN_ON_ONCE(k, true, 'lib/devres.c: devm_iounmap');
}

/** Pages that are freed with the device. */
export function devm_get_free_pages(k: Kernel, dev: Device, addr: VirtAddr, order: Int): VirtAddr {
  if (addr === 0) return asVirt(0);
  const release: DrRelease = functionNamed(k, 'devm_pages_release');
  const res: VirtAddr = __devres_alloc_node(k, release, k.ptr_words * 8, k.GFP_KERNEL);
  if (res === 0) {
    free_pages(k, addr, order);
    return asVirt(0);
  }
  k.write_va(k.cell_at(res), addr);
  k.write(k.cell_at(asVirt(res + k.ptr_words * 4)), order);
  devres_add(k, dev, res);
  return addr;
}
