/**
 * What the kernel keeps of changing its own code: each byte is written through an address space that has nothing else. The code itself is
 * judged.
 *
 *     tp_vec, bp_desc, insn     the places of the last change
 *     poking_mm                 how often its TLB was flushed
 *     flush_tlb_info            the last flush
 *
 * Source: Linux 6.1 arch/x86/kernel/alternative.c: __text_poke(), text_poke_bp_batch().
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { per_cpu } from '../../engine/kernel/include/linux/percpu-defs.h.js';
import { asVirt } from '../../engine/memory/address.js';
import { StructReader } from '../../engine/view/structReader.js';
import type { Extent } from './threads.js';
import type { KernelWord } from './words.js';

const STATICS = new Set('tp_vec tp_vec_nr bp_desc insn'.split(' '));

const hasPoked = (kernel: readonly KernelWord[]): boolean =>
  kernel.some(({ symbol }) => symbol?.startsWith('bp_desc+') === true);

export const pokingStatics = (kernel: readonly KernelWord[]): ReadonlySet<string> =>
  hasPoked(kernel) ? STATICS : new Set();

export function* pokingExtents(
  image: KernelImage,
  kernel: readonly KernelWord[],
): Generator<Extent> {
  if (!hasPoked(kernel)) return;
  const reader = new StructReader(image);
  const { mm, profile } = image;
  const name = 'flushes of the address space for code';
  const poking_mm = reader.pointerAt(reader.symbol('poking_mm') ?? asVirt(0)) ?? asVirt(0);
  const offset = reader.offset('mm_struct', 'context.tlb_gen') ?? 0;
  yield { name, start: asVirt(poking_mm + offset), sizeBytes: 8 };
  const { sizeBytes = 0 } = profile.symbol('flush_tlb_info') ?? {};
  for (let cpu = 0; cpu < image.nrCpus; cpu++)
    yield { name, start: mm.va_of(per_cpu(mm, 'flush_tlb_info', cpu)), sizeBytes };
}
