/**
 * What SLUB says in the kernel log when memory of a debug cache is not as it left it.
 *
 *     =====...
 *     BUG cache (Tainted: ...): what is wrong
 *     -----...
 *
 *     [Allocated in, Freed in]   Slab 0x... objects= used= fp= flags=   Object 0x... @offset= fp=   bytes
 *     FIX cache: what was done about it
 *
 * The reports have the kernel's words; addresses are plain, as with slub_debug on its command line. The call trace is left out.
 * Source: Linux 6.1 mm/slub.c: print_section(), print_track() to print_slab_info(), slab_bug() to slab_err(), restore_bytes().
 */
import type { Int, KmemCache, Slab, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { pr_err, pr_info } from '../../include/linux/printk.h.js';
import { SLAB_TRACE } from '../../include/linux/slab.h.js';
import { add_taint, print_tainted, TAINT_BAD_PAGE } from '../../kernel/panic.js';
import { print_hex_dump } from '../../lib/hexdump.js';
import { stack_depot_print } from '../../lib/stackdepot.js';
import { memset, stringAt } from '../../lib/string.js';
import { longHex, pageFlagsText, pointer, symbolText } from '../../lib/vsprintf.js';
import { slab_folio } from '../slab.h.js';
import {
  check_valid_pointer,
  get_info_end,
  get_track,
  size_from_object,
  slab_address,
  slub_debug_orig_size,
  trackAt,
} from './object_layout.js';

const KERN_ERR = 3;
const KERN_INFO = 6;
/** As long as slab_err()'s buffer. */
const SLAB_ERR_LENGTH = 99;

const cacheNameOf = (k: Kernel, s: KmemCache): string =>
  stringAt(k, k.read_va(s + k.kmem_cache.name));

function print_section(k: Kernel, level: Int, text: string, addr: VirtAddr, length: UInt): void {
  print_hex_dump(k, level, text, addr, length);
}

/** Who, where, how long ago. Left out: the stack behind the address (see set_track_prepare). */
function print_track(k: Kernel, s: string, t: VirtAddr, pr_time: number): void {
  const addr: VirtAddr = k.read_va(trackAt(k, t, k.track.addr));
  if (addr === 0) return;
  const age = pr_time - k.read_ulong(trackAt(k, t, k.track.when));
  const cpu = k.words[trackAt(k, t, k.track.cpu)]!;
  const pid = k.words[trackAt(k, t, k.track.pid)]!;
  pr_err(k, `${s} in ${symbolText(k, addr)} age=${age} cpu=${cpu >>> 0} pid=${pid}`);
  const handle: UInt = k.words[trackAt(k, t, k.track.handle)]!;
  if (handle !== 0) stack_depot_print(k, handle);
  else pr_err(k, 'object allocation/free stack trace missing');
}

export function print_tracking(k: Kernel, s: KmemCache, object: VirtAddr): void {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) === 0) return;
  const pr_time = k.read_ulong(k.globals.jiffies);
  print_track(k, 'Allocated', get_track(k, s, object, 'TRACK_ALLOC'), pr_time);
  print_track(k, 'Freed', get_track(k, s, object, 'TRACK_FREE'), pr_time);
}

/** A line for each object that a cache with SLAB_TRACE gives out or takes back. Left out: dump_stack. */
export function trace(k: Kernel, s: KmemCache, slab: Slab, object: VirtAddr, alloc: boolean): void {
  if ((k.words[s + k.kmem_cache.flags]! & SLAB_TRACE) === 0) return;
  const what = alloc ? 'alloc' : 'free';
  const inuse = k.read_bits(slab, k.slab.inuse);
  const fp = longHex(k, slab + k.slab.freelist);
  pr_info(
    k,
    `TRACE ${cacheNameOf(k, s)} ${what} 0x${pointer(k, object)} inuse=${inuse} fp=0x${fp}`,
  );
  if (!alloc)
    print_section(k, KERN_INFO, 'Object ', object, k.words[s + k.kmem_cache.object_size]!);
}

function print_slab_info(k: Kernel, slab: Slab): void {
  const objects = k.read_bits(slab, k.slab.objects);
  const inuse = k.read_bits(slab, k.slab.inuse);
  const fp = longHex(k, slab + k.slab.freelist);
  const flags = pageFlagsText(k, slab_folio(slab));
  const at = pointer(k, k.va_of(slab));
  pr_err(k, `Slab 0x${at} objects=${objects} used=${inuse} fp=0x${fp} flags=${flags}`);
}

/** The head of a report. A text of two lines has two, as there. */
function slab_bug(k: Kernel, s: KmemCache, text: string): void {
  const head = `BUG ${cacheNameOf(k, s)} (${print_tainted(k)}): ${text}`;
  k.emit({ kind: 'slab-corruption', cache: k.va_of(s), text: head });
  pr_err(k, '='.repeat(77));
  for (const line of head.split('\n')) pr_err(k, line);
  pr_err(k, '-'.repeat(77));
  pr_err(k, '');
}

export function slab_fix(k: Kernel, s: KmemCache, text: string): void {
  pr_err(k, `FIX ${cacheNameOf(k, s)}: ${text}`);
}

/** The free pointer of an object, all its digits: it may be no address. */
const freePointerText = (k: Kernel, s: KmemCache, p: VirtAddr): string =>
  longHex(k, k.cell_at(asVirt(p + k.words[s + k.kmem_cache.offset]!)));

/** All about an object: who used it, its slab, the bytes of its cell. Left out: dump_stack. */
function print_trailer(k: Kernel, s: KmemCache, slab: Slab, p: VirtAddr): void {
  const addr: VirtAddr = slab_address(k, slab);
  const flags = k.words[s + k.kmem_cache.flags]!;
  const object_size: UInt = k.words[s + k.kmem_cache.object_size]!;

  print_tracking(k, s, p);
  print_slab_info(k, slab);
  pr_err(k, `Object 0x${pointer(k, p)} @offset=${p - addr} fp=0x${freePointerText(k, s, p)}`);
  pr_err(k, '');

  if ((flags & k.SLAB_RED_ZONE) !== 0) {
    const red_left_pad: UInt = k.words[s + k.kmem_cache.red_left_pad]!;
    print_section(k, KERN_ERR, 'Redzone  ', asVirt(p - red_left_pad), red_left_pad);
  } else if (p > addr + 16) print_section(k, KERN_ERR, 'Bytes b4 ', asVirt(p - 16), 16);

  print_section(k, KERN_ERR, 'Object   ', p, Math.min(object_size, PAGE_SIZE));
  if ((flags & k.SLAB_RED_ZONE) !== 0) {
    const inuse: UInt = k.words[s + k.kmem_cache.inuse]!;
    print_section(k, KERN_ERR, 'Redzone  ', asVirt(p + object_size), inuse - object_size);
  }

  let off: UInt = get_info_end(k, s);
  if ((flags & k.SLAB_STORE_USER) !== 0) off += 2 * k.sizeof.track;
  if (slub_debug_orig_size(k, s)) off += 4;
  // Where the padding begins with a free pointer, that is shown with it.
  if (off !== size_from_object(k, s))
    print_section(k, KERN_ERR, 'Padding  ', asVirt(p + off), size_from_object(k, s) - off);
}

/** Reports an object, or the address that is none of the slab. */
export function object_err(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  object: VirtAddr,
  reason: string,
): void {
  slab_bug(k, s, reason);
  if (object === 0 || !check_valid_pointer(k, s, slab, object)) {
    print_slab_info(k, slab);
    pr_err(k, `Invalid pointer 0x${pointer(k, object)}`);
  } else {
    print_trailer(k, s, slab, object);
  }
  add_taint(k, TAINT_BAD_PAGE, false);
}

/** Reports a slab. Left out: dump_stack. */
export function slab_err(k: Kernel, s: KmemCache, slab: Slab, text: string): void {
  slab_bug(k, s, text.slice(0, SLAB_ERR_LENGTH));
  print_slab_info(k, slab);
  add_taint(k, TAINT_BAD_PAGE, false);
}

/** Reports bytes that were overwritten. `fault` to `end`, half-open, of an object's cell; `value` is what was there. */
export function bytesErr(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  object: VirtAddr,
  what: string,
  fault: VirtAddr,
  end: VirtAddr,
  first: Int,
  value: Int,
): void {
  slab_bug(k, s, `${what} overwritten`);
  const range = `0x${pointer(k, fault)}-0x${pointer(k, end - 1)} @offset=${fault - slab_address(k, slab)}`;
  pr_err(k, `${range}. First byte 0x${first.toString(16)} instead of 0x${value.toString(16)}`);
  print_trailer(k, s, slab, object);
  add_taint(k, TAINT_BAD_PAGE, false);
}

/** The bytes behind a slab's last cell. */
export function printSlabPadding(k: Kernel, pad: VirtAddr, remainder: UInt): void {
  print_section(k, KERN_ERR, 'Padding ', pad, remainder);
}

export function restore_bytes(
  k: Kernel,
  s: KmemCache,
  message: string,
  data: Int,
  from: VirtAddr,
  to: VirtAddr,
): void {
  const range = `0x${pointer(k, from)}-0x${pointer(k, to - 1)}`;
  slab_fix(k, s, `Restoring ${message} ${range}=0x${data.toString(16)}`);
  memset(k, from, data, to - from);
}
