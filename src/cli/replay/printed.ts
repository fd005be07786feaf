/**
 * What printing leaves in memory, in a run in which the kernel printed something; the engine's log is not in memory.
 *
 *     prb->desc_ring, text_data_ring     the log: descriptors, infos, text
 *     static data                        the rings' own words, texts that are put together, the console's place in the log
 *     __bug_table, __already_done        what is said once has been said
 *
 * Source: Linux 6.1 kernel/printk/printk_ringbuffer.h, printk.c; kernel/panic.c; lib/bug.c.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt } from '../../engine/memory/address.js';
import { StructReader } from '../../engine/view/structReader.js';
import type { Extent } from './threads.js';
import type { KernelWord } from './words.js';

/**
 * The names beside words of static data, without the `.N` of those of a function. One that lies behind the last name of its section has
 * that: __bug_table is behind _edata, and warn_count behind cpus_stopped.
 */
const STATICS = new Set(
  'printk_rb_static printk_rb_dynamic text buf univ8250_console __already_done _edata warn_count cpus_stopped'.split(
    ' ',
  ),
);

const hasPrinted = (kernel: readonly KernelWord[]): boolean =>
  kernel.some(({ symbol }) => symbol?.startsWith('printk_rb_') === true);

export const printingStatics = (kernel: readonly KernelWord[]): ReadonlySet<string> =>
  hasPrinted(kernel) ? STATICS : new Set();

export function* logExtents(image: KernelImage, kernel: readonly KernelWord[]): Generator<Extent> {
  if (!hasPrinted(kernel)) return;
  const reader = new StructReader(image);
  const prb = reader.pointerAt(reader.symbol('prb') ?? asVirt(0));
  if (prb === undefined) return;
  const ring = (member: string, sizeBytes: number): Extent => ({
    name: "the kernel's log",
    start: reader.pointer('printk_ringbuffer', member, prb) ?? asVirt(0),
    sizeBytes,
  });
  const nrBits = reader.uint('printk_ringbuffer', 'desc_ring.count_bits', prb) ?? 0;
  const textBits = reader.uint('printk_ringbuffer', 'text_data_ring.size_bits', prb) ?? 0;
  yield ring('desc_ring.descs', (reader.sizeof('prb_desc') ?? 0) << nrBits);
  yield ring('desc_ring.infos', (reader.sizeof('printk_info') ?? 0) << nrBits);
  yield ring('text_data_ring.data', 1 << textBits);
}
