/**
 * Handlers of interrupts that go with a device.
 * Source: Linux 6.1 kernel/irq/devres.c.
 */
import type { Int, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import {
  __devres_alloc_node,
  devres_add,
  devres_destroy,
  devres_free,
} from '../../drivers/base/devres.js';
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import type { Device } from '../../include/linux/dma-direct.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { functionNamed } from '../rcu/tiny.js';
import { free_irq, request_threaded_irq } from './manage.js';

/** request_threaded_irq() for a device. 0 or an error. */
export function devm_request_threaded_irq(
  k: Kernel,
  dev: Device,
  irq: UInt,
  handler: VirtAddr,
  thread_fn: VirtAddr,
  irqflags: UInt,
  devname: VirtAddr,
  dev_id: VirtAddr,
): Int {
  // struct irq_devres: irq, dev_id
  const release: VirtAddr = functionNamed(k, 'devm_irq_release');
  const dr: VirtAddr = __devres_alloc_node(k, release, k.ptr_words * 8, k.GFP_KERNEL);
  if (dr === 0) return -ENOMEM;
  const rc: Int = request_threaded_irq(k, irq, handler, thread_fn, irqflags, devname, dev_id);
  if (rc !== 0) {
    devres_free(k, dr);
    return rc;
  }
  k.write(k.cell_at(dr), irq);
  k.write_va(k.cell_at(asVirt(dr + k.ptr_words * 4)), dev_id);
  devres_add(k, dev, dr);
  return 0;
}

/** free_irq() before the device's end. Differs: of several handlers of a device the newest one's entry goes. */
export function devm_free_irq(k: Kernel, dev: Device, irq: UInt, dev_id: VirtAddr): void {
  const failed = devres_destroy(k, dev, functionNamed(k, 'devm_irq_release')) !== 0;
  WARN_ON_ONCE(k, failed, `devm_free_irq(): the device does not have IRQ ${irq}`);
  if (!failed) free_irq(k, irq, dev_id);
}
