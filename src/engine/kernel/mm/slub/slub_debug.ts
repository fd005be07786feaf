/**
 * What `slub_debug=` on the command line says: `FZPU` for all caches, `FZ,kmalloc-*,dentry` for some, `;` between blocks of both.
 *
 * The text stays as it was written, and each new cache looks for its name in it (machine.slub_debug_string).
 * Source: Linux 6.1 mm/slub.c: parse_slub_debug_flags(), setup_slub_debug(), kmem_cache_flags().
 */
import type { Int, SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { static_branch_enable } from '../../include/linux/jump_label.h.js';
import { pr_err } from '../../include/linux/printk.h.js';
import { SLAB_NO_USER_FLAGS, SLAB_TRACE } from '../../include/linux/slab.h.js';
import { stringAt } from '../../lib/string.js';

/** What `slub_debug` without letters means. */
const DEBUG_DEFAULT_FLAGS = (k: Kernel): SlabFlags =>
  k.SLAB_CONSISTENCY_CHECKS | k.SLAB_RED_ZONE | k.SLAB_POISON | k.SLAB_STORE_USER;

/** Flags that make objects longer. */
export const DEBUG_METADATA_FLAGS = (k: Kernel): SlabFlags =>
  k.SLAB_RED_ZONE | k.SLAB_POISON | k.SLAB_STORE_USER;

/** What is not followed by anything is the end of the string. */
const END = '';

/** A block of the string: its flags, the list of caches that they are for (NULL for all), and where the next one begins. */
interface DebugBlock {
  readonly flags: SlabFlags;
  readonly slabs: string | undefined;
  readonly next: string | undefined;
}

/** Reads one block. Only `init` acts on what is meant for the kernel as a whole, and complains. */
function parse_slub_debug_flags(k: Kernel, str: string, init: boolean): DebugBlock {
  let at: Int = 0;
  let higher_order_disable = false;
  let flags: SlabFlags = 0;

  // Blocks that are empty count for nothing.
  while (str.charAt(at) === ';') at++;

  // Names of caches alone: full debugging for these.
  if (str.charAt(at) === ',') flags = DEBUG_DEFAULT_FLAGS(k);

  for (; str.charAt(at) !== END && str.charAt(at) !== ',' && str.charAt(at) !== ';'; at++) {
    switch (str.charAt(at).toLowerCase()) {
      case '-':
        flags = 0;
        break;
      case 'f':
        flags |= k.SLAB_CONSISTENCY_CHECKS;
        break;
      case 'z':
        flags |= k.SLAB_RED_ZONE;
        break;
      case 'p':
        flags |= k.SLAB_POISON;
        break;
      case 'u':
        flags |= k.SLAB_STORE_USER;
        break;
      case 't':
        flags |= SLAB_TRACE;
        break;
      case 'a':
        // SLAB_FAILSLAB is 0 in kernels without fault injection.
        break;
      case 'o':
        // No debugging for caches whose slabs would have to be larger for it.
        higher_order_disable = true;
        break;
      default:
        if (init) pr_err(k, `slub_debug option '${str.charAt(at)}' unknown. skipped`);
    }
  }

  // check_slabs:
  let slabs: string | undefined;
  if (str.charAt(at) === ',') slabs = str.slice(++at);

  while (str.charAt(at) !== END && str.charAt(at) !== ';') at++;
  while (str.charAt(at) === ';') at++;

  if (init && higher_order_disable) k.machine.disable_higher_order_debug = true;
  const next: string | undefined = str.charAt(at) === END ? undefined : str.slice(at);
  return { flags, slabs, next };
}

/** Heeds the parameter: `str` is what stands behind the `=`. Left out: stack_depot_want_early_init. */
export function setup_slub_debug(k: Kernel, str: string): void {
  let global_flags: SlabFlags = DEBUG_DEFAULT_FLAGS(k);
  let global_slub_debug_changed = false;
  let slab_list_specified = false;

  for (let block: string | undefined = str === END ? undefined : str; block !== undefined;) {
    const { flags, slabs, next } = parse_slub_debug_flags(k, block, true);
    if (slabs === undefined) {
      global_flags = flags;
      global_slub_debug_changed = true;
    } else {
      slab_list_specified = true;
    }
    block = next;
  }

  // Lists alone change nothing for the caches that they do not name.
  if (slab_list_specified) {
    if (!global_slub_debug_changed) global_flags = k.words[k.globals.slub_debug]!;
    k.machine.slub_debug_string = str;
  }

  // out:
  k.write(k.globals.slub_debug, global_flags);
  if (global_flags !== 0 || k.machine.slub_debug_string !== undefined)
    static_branch_enable(k, k.globals.slub_debug_enabled);
}

/** A cache's flags, with what the command line adds. */
export function kmem_cache_flags(k: Kernel, flags: SlabFlags, name: string | VirtAddr): SlabFlags {
  if ((flags & SLAB_NO_USER_FLAGS) !== 0) return flags;
  let slub_debug_local: SlabFlags = k.words[k.globals.slub_debug]!;
  // Tracks would be recorded for the very code that records.
  if ((flags & k.SLAB_NOLEAKTRACE) !== 0) slub_debug_local &= ~k.SLAB_STORE_USER;

  // The first block that names the cache decides.
  let next_block: string | undefined = k.machine.slub_debug_string;
  while (next_block !== undefined) {
    const block = parse_slub_debug_flags(k, next_block, false);
    if (block.slabs !== undefined && isListed(k, name, block.slabs)) return flags | block.flags;
    next_block = block.next;
  }
  return flags | slub_debug_local;
}

/** Whether a list up to `;` has a name, or what the name begins with and a `*`. */
function isListed(k: Kernel, name: string | VirtAddr, slabs: string): boolean {
  const text: string = typeof name === 'string' ? name : stringAt(k, name);
  const end: Int = slabs.indexOf(';');
  for (const each of slabs.slice(0, end < 0 ? slabs.length : end).split(',')) {
    const glob: Int = each.indexOf('*');
    const matches: boolean = glob < 0 ? text === each : text.startsWith(each.slice(0, glob));
    if (matches) return true;
  }
  return false;
}
