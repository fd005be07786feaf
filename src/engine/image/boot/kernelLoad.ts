/**
 * Where the kernel image lies in a booted machine, and which parts of it stay reserved.
 *
 *     _text ─ code ─ (gap) ─ __start_rodata ─ (gap) ─ _sdata ─ __init_begin ─ __init_end ─ bss ─ __brk_base ─ brk in use
 *
 * On a machine too small for the place it was linked for, the image is loaded right behind the first MiB; the x86_64
 * kernels, which are larger than 16 MiB with their gaps, then without their code, which nothing here needs.
 *
 * Source: Linux 6.1 arch/x86/kernel/vmlinux.lds.S, head_32.S, arch/x86/mm/init.c (early_alloc_pgt_buf).
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { ImageError } from '../kernelImage.js';
import { relocated } from '../relocated.js';
import { ISA_END_ADDRESS } from './e820.js';
import type { MemRange } from './memblock.js';
import { symbolAddress } from './profileFacts.js';

export interface LoadedKernel {
  /** With the symbols where they are. */
  readonly profile: Profile;
  /** Physical address of a kernel image address. */
  readonly phys: (va: VirtAddr) => number;
  /** The first address that memory backs. */
  readonly start: VirtAddr;
  /** What the image and its brk area reserve. */
  readonly image: MemRange;
  readonly brk: MemRange;
  /** Loaded elsewhere than linked. */
  readonly moved: boolean;
}

/** INIT_PGT_BUF_SIZE: for the page tables of the direct map, which large pages keep few. */
export const INIT_PGT_BUF_PAGES = 6;

/** @param usableEnd where RAM below the PCI hole ends */
export function loadKernel(profile: Profile, usableEnd: number): LoadedKernel {
  const linked = placed(profile, symbolAddress(profile, '_text'), 0);
  if (linked.brk.end <= usableEnd) return linked;
  const start = symbolAddress(profile, profile.arch === 'x86_64' ? '__start_rodata' : '_text');
  const moved = placed(profile, start, ISA_END_ADDRESS - linked.phys(start));
  if (moved.brk.end <= usableEnd) return moved;
  throw new ImageError(
    `The machine has too little memory to boot: the kernel ${profile.name} ends at ${Math.ceil(moved.brk.end / 2 ** 20)} MiB.`,
  );
}

/** @param offset how far physical memory lies from where the kernel was linked for */
function placed(profile: Profile, start: VirtAddr, offset: number): LoadedKernel {
  const onI386 = profile.arch !== 'x86_64';
  // On i386 the image is part of the direct map: its addresses move along.
  const moved = onI386 ? relocated(profile, offset) : profile;
  const physBase = onI386 ? 0 : offset;
  const startKernelMap = profile.constant('__START_KERNEL_map');
  const phys = (va: VirtAddr): number => va - startKernelMap + physBase;
  const at = (name: string): number => phys(symbolAddress(moved, name));
  const first = asVirt(onI386 ? start + offset : start);
  const brkStart = at('__brk_base');
  const nrBrkPages = INIT_PGT_BUF_PAGES + (onI386 ? nrBootPageTables(moved) : 0);
  return {
    profile: moved,
    phys,
    start: first,
    image: { start: phys(first), end: at('__end_of_kernel_reserve') },
    brk: { start: brkStart, end: brkStart + nrBrkPages * PAGE_SIZE },
    moved: offset !== 0,
  };
}

/**
 * head_32.S maps the image and, beyond it, enough for the page tables of all lowmem (MAPPING_BEYOND_END), with 4K pages
 * whose tables come from brk.
 */
export function nrBootPageTables(profile: Profile): number {
  const endPhys = symbolAddress(profile, '_end') - profile.constant('PAGE_OFFSET');
  const pmdBytes = 1 << profile.constant('PMD_SHIFT');
  const lowmemPages = (2 ** 32 - profile.constant('PAGE_OFFSET')) / PAGE_SIZE;
  const beyondEnd = (lowmemPages / profile.constant('PTRS_PER_PTE')) * PAGE_SIZE;
  return Math.ceil((endPhys + beyondEnd) / pmdBytes);
}
