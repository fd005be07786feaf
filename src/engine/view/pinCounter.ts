/**
 * When a page was pinned, read off the node's counter NR_FOLL_PIN_ACQUIRED.
 *
 *     UP     the counter goes up
 *     SMP    each CPU holds back a byte of it: that goes up; or, beyond its threshold, the counter takes both, and the byte is 0 again.
 *            Now and then a CPU gives its byte to the node without a pin: first the byte is 0, then the counter takes it.
 *
 * Source: Linux 6.1 mm/vmstat.c: __mod_node_page_state(), refresh_cpu_vm_stats().
 */
import type { KernelImage } from '../image/kernelImage.js';
import { per_cpu_ptr } from '../kernel/include/linux/percpu-defs.h.js';

export interface PinCells {
  /** Of the whole machine; undefined where the build does not count. */
  readonly node: number | undefined;
  /** The word of each CPU's byte, and where in it that is. */
  readonly held: readonly { readonly cell: number; readonly shift: number }[];
}

export function pinCellsOf({ mm, nrCpus }: KernelImage): PinCells {
  const item = mm.NR_FOLL_PIN_ACQUIRED;
  if (item < 0) return { node: undefined, held: [] };
  const node = mm.globals.vm_node_stat + item * mm.ptr_words;
  const sets = mm.globals.contig_page_data + mm.pglist_data.per_cpu_nodestats;
  // A machine that was rebuilt from a recorded state has no bytes of CPUs.
  if (!mm.smp || mm.read_ulong(sets) === 0) return { node, held: [] };
  const byte = mm.per_cpu_nodestat.vm_node_stat_diff + item;
  const held = Array.from({ length: nrCpus }, (_, cpu) => ({
    cell: per_cpu_ptr(mm, sets, cpu) + (byte >> 2),
    shift: (byte & 3) * 8,
  }));
  return { node, held };
}

export class PinCounter {
  /** What a CPU has just taken out of its byte, for the node. */
  private given = 0;
  /** The counter has just taken a pin, and with it what a byte held. */
  private isTaken = false;

  /** The counter has changed. @returns whether by a pin */
  node(delta: number): boolean {
    const isPin = delta > 0 && delta !== this.given;
    this.given = 0;
    this.isTaken = isPin;
    return isPin;
  }

  /** A word with a CPU's byte has changed. @returns whether by a pin */
  held(before: number, after: number, shift: number): boolean {
    const old = (before << (24 - shift)) >> 24;
    const now = (after << (24 - shift)) >> 24;
    if (now === 0 && !this.isTaken) this.given = old;
    if (now !== old) this.isTaken = false;
    return now > old;
  }
}
