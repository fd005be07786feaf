/**
 * Lines of interrupts: a descriptor for each, found by its number.
 *
 *     irq_desc_tree ─[irq]─> irq_desc: irq_data.irq, depth (how often disabled), action ─> irqaction ─> ...
 *
 * Differs: a machine that was booted here has made no descriptors; the first that asks makes those of the legacy lines, 0 to 15, as
 * early_irq_init() does.
 * Left out everywhere: domains, chips, affinity, /proc/irq, sysfs.
 * Source: Linux 6.1 kernel/irq/irqdesc.c; include/linux/irqdesc.h; arch/x86/include/asm/irq_vectors.h: NR_IRQS_LEGACY.
 */
import { type Int, NULL, type Pointer, type UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { xa_load } from '../../lib/xarray/xarray.js';
import { __xa_store } from '../../lib/xarray/entries.js';
import { __alloc_percpu_gfp } from '../../mm/percpu/percpu.js';
import { kzalloc } from '../../mm/slab_common/kmalloc.js';

export type IrqDesc = Pointer<'struct irq_desc'>;

export const NR_IRQS_LEGACY = 16;

/** A line that nobody has: it is disabled once. False without memory. */
function alloc_desc(k: Kernel, irq: UInt): boolean {
  const object: VirtAddr = kzalloc(k, k.sizeof.irq_desc, k.GFP_KERNEL);
  if (object === 0) return false;
  const desc: IrqDesc = k.cell_at(object);
  // desc_set_defaults():
  k.write(k.plus(desc, k.irq_desc.irq_data_irq), irq);
  k.write(k.plus(desc, k.irq_desc.depth), 1);
  k.write_long(k.plus(desc, k.irq_desc.irq_data_hwirq), irq);
  const kstat_irqs: VirtAddr = __alloc_percpu_gfp(k, 4, 4, k.GFP_KERNEL);
  k.write_va(k.plus(desc, k.irq_desc.kstat_irqs), kstat_irqs);
  __xa_store(k, k.globals.irq_desc_tree, irq, object);
  return true;
}

function early_irq_init(k: Kernel): void {
  for (let irq = 0; irq < NR_IRQS_LEGACY; irq++) if (!alloc_desc(k, irq)) return;
}

/** The descriptor of a line; NULL: there is no such line. */
export function irq_to_desc(k: Kernel, irq: UInt): IrqDesc {
  if (k.read_va(k.plus(k.globals.irq_desc_tree, k.xarray.xa_head)) === 0) early_irq_init(k);
  const entry: VirtAddr = xa_load(k, k.globals.irq_desc_tree, irq);
  return entry === 0 ? NULL : k.cell_at(entry);
}

export const irq_desc_get_irq = (k: Kernel, desc: IrqDesc): Int =>
  k.read_int(k.plus(desc, k.irq_desc.irq_data_irq));
