/**
 * The kernel's own formats for pages, masks and addresses.
 *
 * Source: Linux 6.1 lib/vsprintf.c: %pGp, %pGg, %p as printed with no_hash_pointers.
 */
import type { Gfp, Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { gfpText, pageFlagsText } from '../../types/flagText.js';

/** `%pGp` */
export function page_flags_text(k: Kernel, page: Page): string {
  const low = BigInt(k.words[page + k.page.flags]! >>> 0);
  const high = k.wide ? BigInt(k.words[page + k.page.flags + 1]! >>> 0) : 0n;
  return pageFlagsText(k.profile, (high << 32n) | low);
}

/** `%pGg` */
export const gfp_text = (k: Kernel, gfp: Gfp): string => gfpText(k.profile, gfp);

const hex8 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

export const long_hex = (k: Kernel, at: number): string =>
  k.wide ? hex8(k.words[at + 1]!) + hex8(k.words[at]!) : hex8(k.words[at]!);

/** `%#lx` */
export function hash_hex(k: Kernel, at: number): string {
  return `0x${long_hex(k, at).replace(/^0+(?=.)/, '')}`;
}

export const pointer = (k: Kernel, value: number): string =>
  k.wide ? hex8(Math.floor(value / 0x1_0000_0000)) + hex8(value) : hex8(value);
