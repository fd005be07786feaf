/**
 * The kernel's command line: `slab_nomerge vmalloc=256M`. One table says which parameters act here, and how: on the layout of
 * memory, before anything is there (early_param()), or on a variable, once there is memory (__setup()).
 *
 * Source: Linux 6.1 kernel/params.c: parse_args(), lib/cmdline.c: memparse(), next_arg(); where each parameter is defined its line says.
 */
import { writeByte } from '../../kernel/lib/string.js';
import { setup_per_zone_wmarks } from '../../kernel/mm/page_alloc/watermark_setup.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell } from '../../memory/address.js';
import { ImageError } from '../kernelImage.js';

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
}

interface Parameter {
  readonly doc: string;
  readonly layout?: (layout: LayoutParameters, value: string) => void;
  /** Before the first cache. */
  readonly setup?: (k: Kernel, value: string) => void;
  /** sysctl.*: when boot is over. */
  readonly late?: (k: Kernel, value: string) => void;
}

const NO_EFFECT: Parameter = { doc: 'Known to Linux; without effect here.' };

const flag = (doc: string, symbol: string, value: 0 | 1): Parameter => ({
  doc,
  setup: (k) => {
    const at = k.profile.symbol(symbol)?.address;
    if (at !== undefined) writeByte(k, at, value);
  },
});

/** get_option(): an int. */
const int = (doc: string, set: (k: Kernel, value: number) => void): Parameter => ({
  doc,
  setup: (k, text) => {
    const value = Number.parseInt(text, text.startsWith('0x') ? 16 : 10);
    if (Number.isInteger(value)) set(k, value);
  },
});

const size = (doc: string, set: (layout: LayoutParameters, sizeBytes: number) => void): Parameter => ({
  doc,
  layout: (layout, text) => {
    const sizeBytes = memparse(text);
    if (sizeBytes !== undefined) set(layout, sizeBytes);
  },
});

const sysctl = (doc: string, name: keyof Kernel['globals']): Parameter => ({
  doc,
  late: (k, text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) return;
    k.write(k.globals[name], value);
    setup_per_zone_wmarks(k);
  },
});

const write = (k: Kernel, at: Cell, value: number): void => {
  if (at !== 0) k.write(at, value);
};

/** By name, with underscores: Linux takes `-` and `_` for the same. */
export const KERNEL_PARAMETERS: Readonly<Record<string, Parameter>> = {
  // arch/x86/kernel/e820.c: parse_memopt()
  mem: size('RAM above this address is not used.', (layout, bytes) => (layout.memBytes = bytes)),
  // arch/x86/mm/init_32.c: parse_highmem()
  highmem: size('How much of a small i386 machine is highmem.', (layout, bytes) => (layout.highmemBytes = bytes)),
  // arch/x86/mm/pgtable_32.c: parse_vmalloc()
  vmalloc: size('Size of vmalloc space on i386, 128M by default: lowmem ends earlier.', (layout, bytes) => (layout.vmallocBytes = bytes)),
  // kernel/dma/contiguous.c: early_cma()
  cma: size('Size of the CMA area.', (layout, bytes) => (layout.cmaBytes = bytes)),

  // mm/slab_common.c: setup_slab_nomerge(), setup_slab_merge()
  slab_nomerge: flag('Each cache stays alone.', 'slab_nomerge', 1),
  slub_nomerge: flag('Each cache stays alone (SLUB).', 'slab_nomerge', 1),
  slab_merge: flag('Caches that are alike become one.', 'slab_nomerge', 0),
  slub_merge: flag('Caches that are alike become one (SLUB).', 'slab_nomerge', 0),
  // mm/slub.c: setup_slub_min_order(), setup_slub_max_order(), setup_slub_min_objects()
  slub_min_order: int('Smallest order of a slab (SLUB).', (k, order) => write(k, k.globals.slub_min_order, order)),
  slub_max_order: int('Highest order of a slab (SLUB), 3 by default.', (k, order) =>
    write(k, k.globals.slub_max_order, Math.min(order >>> 0, k.MAX_ORDER - 1)),
  ),
  slub_min_objects: int('Objects that a slab has at least, if its order allows (SLUB).', (k, objects) =>
    write(k, k.globals.slub_min_objects, objects),
  ),
  slub_debug: {
    doc: 'Debugging of all caches (SLUB): any of F (checks), Z (red zones), P (poison), U (users); with none, FZPU.',
    setup: setup_slub_debug,
  },
  // mm/slab.c: slab_max_order_setup()
  slab_max_order: int('Highest order of a slab (SLAB).', (k, order) => {
    write(k, k.globals.slab_max_order, order < 0 ? 0 : Math.min(order, k.MAX_ORDER - 1));
    const set = k.profile.symbol('slab_max_order_set')?.address;
    if (set !== undefined) writeByte(k, set, 1);
  }),

  // fs/proc/proc_sysctl.c: do_sysctl_args()
  'sysctl.vm.watermark_scale_factor': sysctl('Distance of the watermarks, in ten-thousandths of memory.', 'watermark_scale_factor'),
  'sysctl.vm.watermark_boost_factor': sysctl('How far watermarks are raised when memory fragments; 0: never.', 'watermark_boost_factor'),
  'sysctl.vm.min_free_kbytes': {
    doc: 'Memory that is kept free: the minimum watermarks.',
    late: (k, text) => {
      const kbytes = Number(text);
      if (!Number.isInteger(kbytes) || kbytes < 0) return;
      k.write(k.globals.min_free_kbytes, kbytes);
      k.write(k.globals.user_min_free_kbytes, kbytes);
      setup_per_zone_wmarks(k);
    },
  },

  ...Object.fromEntries(
    (
      'console debug earlyprintk ignore_loglevel init loglevel mitigations nolapic noapic nokaslr norandmaps nosmp panic quiet ' +
      'rdinit ro root rootfstype rootwait rw'
    )
      .split(' ')
      .map((name) => [name, NO_EFFECT]),
  ),
};

/** Flags of `slub_debug` for all caches. Left out: lists of caches (`,`), `O`. */
function setup_slub_debug(k: Kernel, value: string): void {
  if (k.CONFIG_SLAB !== 0) return;
  const FLAGS: Readonly<Record<string, number>> = {
    f: k.SLAB_CONSISTENCY_CHECKS,
    z: k.SLAB_RED_ZONE,
    p: k.SLAB_POISON,
    u: k.SLAB_STORE_USER,
  };
  let flags = 0;
  for (const letter of value.toLowerCase()) flags = letter === '-' ? 0 : flags | (FLAGS[letter] ?? 0);
  if (value === '') flags = Object.values(FLAGS).reduce((all, each) => all | each, 0);
  k.write(k.globals.slub_debug, flags);
}

export interface Argument {
  /** With underscores. */
  readonly name: string;
  /** Empty where there is none. */
  readonly value: string;
}

/** next_arg(), again and again: words, of which a quoted part may hold spaces; what follows `--` is for init. */
export function readArguments(commandLine: string): readonly Argument[] {
  const found: Argument[] = [];
  for (const word of commandLine.match(/(?:"[^"]*"|\S)+/g) ?? []) {
    if (word === '--') break;
    const text = word.replaceAll('"', '');
    const equals = text.indexOf('=');
    const name = (equals < 0 ? text : text.slice(0, equals)).replaceAll('-', '_');
    found.push({ name, value: equals < 0 ? '' : text.slice(equals + 1) });
  }
  return found;
}

/** Names of a command line that no parameter of the table has: in Linux, unknown or a driver's. */
export const unknownParameters = (commandLine: string): readonly string[] =>
  readArguments(commandLine)
    .map(({ name }) => name)
    .filter((name) => !Object.hasOwn(KERNEL_PARAMETERS, name));

/** parse_early_param() */
export function parse_early_param(commandLine: string): LayoutParameters {
  const layout: LayoutParameters = {};
  forEach(commandLine, (parameter, value) => parameter.layout?.(layout, value));
  return layout;
}

/** parse_args(), of what start_kernel() hands out before it sets memory management up. */
export function parse_args(k: Kernel, commandLine: string): void {
  forEach(commandLine, (parameter, value) => parameter.setup?.(k, value));
}

export function do_sysctl_args(k: Kernel, commandLine: string): void {
  forEach(commandLine, (parameter, value) => parameter.late?.(k, value));
}

function forEach(commandLine: string, act: (parameter: Parameter, value: string) => void): void {
  if (commandLine.length >= COMMAND_LINE_SIZE)
    throw new ImageError(`A command line has fewer than ${COMMAND_LINE_SIZE} characters, not ${commandLine.length}.`);
  for (const { name, value } of readArguments(commandLine)) {
    const parameter = Object.hasOwn(KERNEL_PARAMETERS, name) ? KERNEL_PARAMETERS[name] : undefined;
    if (parameter !== undefined) act(parameter, value);
  }
}

/** arch/x86/include/asm/setup.h */
const COMMAND_LINE_SIZE = 2048;

const SHIFTS: Readonly<Record<string, number>> = { K: 10, M: 20, G: 30, T: 40 };

/** A number with K, M, G or T behind it; undefined when there is none. What follows (`@address`) is left out. */
export function memparse(text: string): number | undefined {
  const [, digits, unit = ''] = /^(0x[0-9a-f]+|\d+)([KMGT]?)/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * 2 ** (SHIFTS[unit.toUpperCase()] ?? 0);
}
