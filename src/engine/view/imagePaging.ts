/**
 * How the kernel of an image translates addresses: its own page tables, and what each CPU has loaded.
 *
 * A machine that has no page tables (one rebuilt from a recorded state, which has no contents) has no paging: its linear
 * maps are arithmetic alone, and nothing is claimed about other addresses.
 */
import { ROOT_SYMBOL } from '../image/boot/tables/bootTables.js';
import type { KernelImage } from '../image/kernelImage.js';
import { asPhys, type PhysAddr } from '../memory/address.js';
import { pagingOf, type Paging } from '../x86/paging.js';
import type { CpuFeatures } from '../x86/registers.js';
import { inspected, type TableMemory } from '../x86/tableMemory.js';

export interface ImagePaging {
  readonly memory: TableMemory;
  /** Through init_mm's tables. */
  readonly kernel: Paging;
  /** The tables that each CPU has loaded: cr3. */
  readonly loaded: readonly Paging[];
}

/** How wide its processor's addresses were, no dump says: its tables are read as they are. */
const cpuOf = ({ mm, source }: KernelImage, cpu: number): CpuFeatures => {
  const { features } = mm.machine.processor(cpu);
  return source === 'core' ? { ...features, maxPhyAddr: 52 } : features;
};

/** Undefined for a machine without page tables. */
export function imagePaging(image: KernelImage): ImagePaging | undefined {
  const { mm, nrCpus, profile, dumped } = image;
  if (!mm.machine.processor(0).hasTables) return undefined;
  const root = profile.symbol(ROOT_SYMBOL[profile.arch]);
  const rootPhys = dumped?.space.paging.rootPhys ?? (root && mm.phys_of(root.address));
  if (rootPhys === undefined) return undefined;
  return {
    memory: inspected(image.memory),
    kernel: pagingAt(image, asPhys(rootPhys)),
    loaded: Array.from({ length: nrCpus }, (_, cpu) =>
      pagingAt(image, asPhys(mm.machine.processor(cpu).registers.cr3), cpu),
    ),
  };
}

/** The address space whose top-level table lies at `root`, as a CPU would read it. */
export const pagingAt = (image: KernelImage, root: PhysAddr, cpu = 0): Paging =>
  pagingOf({ ...image.mm.machine.processor(cpu).registers, cr3: root }, cpuOf(image, cpu));
