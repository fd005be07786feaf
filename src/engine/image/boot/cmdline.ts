/**
 * What the kernel's parameters do (kernelParameters.ts has their names): act on the layout of memory, before anything is there
 * (early_param()), on a variable, once there is memory (__setup()), or when boot is over (sysctl.*).
 *
 * Source: Linux 6.1 kernel/params.c: parse_args(); lib/cmdline.c: memparse(), get_option(); where each parameter is defined its line says.
 */
import { arch_hugetlb_valid_size } from '../../kernel/arch/x86/mm/hugetlbpage/hugetlbpage.js';
import { writeByte } from '../../kernel/lib/string.js';
import { setup_transparent_hugepage } from '../../kernel/mm/huge_memory/hugepage_init.js';
import {
  default_hugepagesz_setup,
  hugepageParameters,
  type HugepageParameters,
  hugepages_setup,
  hugepagesz_setup,
} from '../../kernel/mm/hugetlb/hugetlb_init.js';
import { setup_per_zone_wmarks } from '../../kernel/mm/page_alloc/watermark_setup.js';
import { setup_slub_debug } from '../../kernel/mm/slub/slub_debug.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell, PhysAddr } from '../../memory/address.js';
import { counted } from '../../view/counted.js';
import { ImageError } from '../kernelImage.js';
import { readArguments } from './commandLine.js';
import { isKernelParameter, type KernelParameter } from './kernelParameters.js';

/** What parameters say of the layout of memory. Sizes in bytes; absent: as the build has it. */
export interface LayoutParameters {
  /** `mem=`: RAM from here on is not used. */
  memBytes?: number;
  /** `highmem=` */
  highmemBytes?: number;
  /** `vmalloc=`: room for vmalloc space, at the cost of lowmem (i386). */
  vmallocBytes?: number;
  /** `cma=` */
  cmaBytes?: number;
  /** `hugetlb_cma=` */
  hugetlbCmaBytes?: number;
}

interface Action {
  readonly layout?: (layout: LayoutParameters, value: string) => void;
  /** Before the first cache. */
  readonly setup?: (k: Kernel, value: string, huge: HugepageParameters) => void;
  readonly late?: (k: Kernel, value: string) => void;
}

const size = (set: (layout: LayoutParameters, sizeBytes: number) => void): Action => ({
  layout: (layout, text) => {
    const sizeBytes = memparse(text);
    if (sizeBytes !== undefined) set(layout, sizeBytes);
  },
});

/** A variable of one byte: bool. */
const bool = (symbol: string, value: 0 | 1): Action => ({
  setup: (k) => writeBool(k, symbol, value),
});

const int = (set: (k: Kernel, value: number) => void): Action => ({
  setup: (k, text) => {
    const value = Number.parseInt(text, text.startsWith('0x') ? 16 : 10);
    if (Number.isInteger(value)) set(k, value);
  },
});

const watermarks = (set: (k: Kernel, value: number) => void): Action => ({
  late: (k, text) => {
    const value = Number(text);
    if (text === '' || !Number.isInteger(value) || value < 0) return;
    set(k, value);
    setup_per_zone_wmarks(k);
  },
});

const write = (k: Kernel, at: Cell, value: number): void => {
  if (at !== 0) k.write(at, value);
};

function writeBool(k: Kernel, symbol: string, value: 0 | 1): void {
  const at = k.profile.symbol(symbol)?.address;
  if (at !== undefined) writeByte(k, at, value);
}

const ACTIONS: Readonly<Record<KernelParameter, Action>> = {
  // arch/x86/kernel/e820.c: parse_memopt()
  mem: size((layout, bytes) => (layout.memBytes = bytes)),
  // arch/x86/mm/init_32.c: parse_highmem()
  highmem: size((layout, bytes) => (layout.highmemBytes = bytes)),
  // arch/x86/mm/pgtable_32.c: parse_vmalloc()
  vmalloc: size((layout, bytes) => (layout.vmallocBytes = bytes)),
  // kernel/dma/contiguous.c: early_cma()
  cma: size((layout, bytes) => (layout.cmaBytes = bytes)),
  // mm/hugetlb.c: cmdline_parse_hugetlb_cma(). Left out: nodes.
  hugetlb_cma: {
    layout: (layout, text) => {
      layout.hugetlbCmaBytes = memparse(text.replace(/^0:/, '')) ?? 0;
    },
  },

  // mm/slab_common.c: setup_slab_nomerge(), setup_slab_merge()
  slab_nomerge: bool('slab_nomerge', 1),
  slub_nomerge: bool('slab_nomerge', 1),
  slab_merge: bool('slab_nomerge', 0),
  slub_merge: bool('slab_nomerge', 0),

  // mm/slub.c: setup_slub_min_order(), setup_slub_max_order(), setup_slub_min_objects(), setup_slub_debug()
  slub_min_order: int((k, order) => write(k, k.globals.slub_min_order, order)),
  slub_max_order: int((k, order) =>
    write(k, k.globals.slub_max_order, Math.min(order >>> 0, k.MAX_ORDER - 1)),
  ),
  slub_min_objects: int((k, objects) => write(k, k.globals.slub_min_objects, objects)),
  slub_debug: {
    setup: (k, text) => {
      if (k.CONFIG_SLAB === 0) setup_slub_debug(k, text);
    },
  },

  // mm/slab.c: slab_max_order_setup()
  slab_max_order: int((k, order) => {
    write(k, k.globals.slab_max_order, order < 0 ? 0 : Math.min(order, k.MAX_ORDER - 1));
    writeBool(k, 'slab_max_order_set', 1);
  }),

  // mm/hugetlb.c
  hugepages: { setup: hugepages_setup },
  hugepagesz: {
    setup: (k, text, huge) => {
      hugepagesz_setup(k, text, memparse(text) ?? 0, huge, arch_hugetlb_valid_size);
    },
  },
  default_hugepagesz: {
    setup: (k, text, huge) => {
      default_hugepagesz_setup(k, text, memparse(text) ?? 0, huge, arch_hugetlb_valid_size);
    },
  },

  // mm/huge_memory.c
  transparent_hugepage: { setup: setup_transparent_hugepage },

  // See debugVm.ts.
  debug_vm: {},

  // fs/proc/proc_sysctl.c: do_sysctl_args(); mm/page_alloc.c: min_free_kbytes_sysctl_handler()
  'sysctl.vm.min_free_kbytes': watermarks((k, kbytes) => {
    k.write(k.globals.min_free_kbytes, kbytes);
    k.write(k.globals.user_min_free_kbytes, kbytes);
  }),
  'sysctl.vm.watermark_scale_factor': watermarks((k, factor) =>
    k.write(k.globals.watermark_scale_factor, factor),
  ),
  'sysctl.vm.watermark_boost_factor': watermarks((k, factor) =>
    k.write(k.globals.watermark_boost_factor, factor),
  ),
};

/** @throws ImageError when the line is longer than a kernel takes */
export function parse_early_param(commandLine: string): LayoutParameters {
  const layout: LayoutParameters = {};
  for (const { action, value } of actionsIn(commandLine)) action.layout?.(layout, value);
  return layout;
}

/** What start_kernel() hands out before it sets memory management up; what of it hugetlb_init() will have to know. */
export function parse_args(
  k: Kernel,
  commandLine: string,
  bootPages: readonly PhysAddr[],
): HugepageParameters {
  const huge = hugepageParameters(bootPages);
  for (const { action, value } of actionsIn(commandLine)) action.setup?.(k, value, huge);
  return huge;
}

export function do_sysctl_args(k: Kernel, commandLine: string): void {
  for (const { action, value } of actionsIn(commandLine)) action.late?.(k, value);
}

/** arch/x86/include/asm/setup.h */
const COMMAND_LINE_SIZE = 2048;

function* actionsIn(
  commandLine: string,
): Generator<{ readonly action: Action; readonly value: string }> {
  if (commandLine.length >= COMMAND_LINE_SIZE)
    throw new ImageError(
      `A command line has fewer than ${counted(COMMAND_LINE_SIZE, 'character')}, not ${commandLine.length}.`,
    );
  for (const { name, value } of readArguments(commandLine))
    if (isKernelParameter(name)) yield { action: ACTIONS[name], value };
}

const SHIFTS: Readonly<Record<string, number>> = { K: 10, M: 20, G: 30, T: 40 };

/** A number with K, M, G or T behind it; undefined when there is none. What follows (`@address`) is left out. */
export function memparse(text: string): number | undefined {
  const [, digits, unit = ''] = /^(0x[0-9a-f]+|\d+)([KMGT]?)/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * 2 ** (SHIFTS[unit.toUpperCase()] ?? 0);
}
