/** How linear kernel addresses map: what an image says of itself. */
import type { VirtAddr } from '../memory/address.js';

export interface LinearMaps {
  /** Virtual address of physical 0 in the direct map (PAGE_OFFSET). */
  readonly pageOffset: VirtAddr;
  /** First frame without a linear address (max_low_pfn on i386; the end of RAM on x86_64). */
  readonly directMapEndFrame: number;
  /** The kernel image's own mapping (x86_64: __START_KERNEL_map - phys_base); absent on i386. */
  readonly kernelMap?: {
    readonly start: VirtAddr;
    readonly startFrame: number;
    readonly endFrame: number;
    /** Frames of it that boot gave back (initmem, gaps): their pages go by the direct map, like any other. */
    readonly freed?: readonly { readonly startFrame: number; readonly endFrame: number }[];
  };
}
