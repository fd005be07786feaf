/**
 * The table of kmalloc's sizes and names, which the kernel's image has from the start. The names must be there.
 *
 * Source: Linux 6.1 mm/slab_common.c: kmalloc_info[], INIT_KMALLOC_INFO().
 */
import type { Kernel } from '../../machine/kernel.js';
import { asVirt } from '../../memory/address.js';
import { symbolAddress } from './profileFacts.js';

/** kmalloc_info[]: 0, 96, 192, 8, 16, ... bytes. */
export function writeKmallocInfo(mm: Kernel): void {
  const table = symbolAddress(mm.profile, 'kmalloc_info');
  const length =
    (mm.profile.symbol('kmalloc_info')?.sizeBytes ?? 0) / mm.sizeof.kmalloc_info_struct;
  for (let i = 0; i < length; i++) {
    const size = [0, 96, 192][i] ?? 2 ** i;
    const short = size >= 2 ** 20 ? `${size >> 20}M` : size >= 1024 ? `${size >> 10}k` : `${size}`;
    const info = mm.cell_of(asVirt(table + i * mm.sizeof.kmalloc_info_struct));
    mm.write(mm.plus(info, mm.kmalloc_info_struct.size), size);
    for (const [type, prefix] of [
      [mm.KMALLOC_NORMAL, 'kmalloc'],
      [mm.KMALLOC_RECLAIM, 'kmalloc-rcl'],
      [mm.KMALLOC_DMA, 'dma-kmalloc'],
    ] as const) {
      const name = mm.machine.findLiteral(`${prefix}-${short}`);
      if (name !== undefined)
        mm.write_va(mm.plus(info, mm.kmalloc_info_struct.name + type * mm.ptr_words), name);
    }
  }
}
