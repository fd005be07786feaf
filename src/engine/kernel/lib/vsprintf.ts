/**
 * The kernel's own formats for pages, masks and addresses.
 *
 * They make text, which no one steps through: they are not Linux's functions, but do what its formats say.
 * Source: Linux 6.1 lib/vsprintf.c: %pGp, %pGg, %p, %pS.
 */
import type { Gfp, Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { VirtAddr } from '../../memory/address.js';
import { gfpText as textOfGfp, pageFlagsText as flagsText } from '../../types/flagText.js';

/** `%pGp` */
export const pageFlagsText = (k: Kernel, page: Page): string => {
  const low = BigInt(k.words[page + k.page.flags]! >>> 0);
  const high = k.wide ? BigInt(k.words[page + k.page.flags + 1]! >>> 0) : 0n;
  return flagsText(k.profile, (high << 32n) | low);
};

/** `%pGg` */
export const gfpText = (k: Kernel, gfp: Gfp): string => textOfGfp(k.profile, gfp);

const wordHex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

/** A long in all its digits. */
export const longHex = (k: Kernel, at: number): string =>
  k.wide ? wordHex(k.words[at + 1]!) + wordHex(k.words[at]!) : wordHex(k.words[at]!);

/** `%#lx` */
export const hexOf = (k: Kernel, at: number): string =>
  `0x${longHex(k, at).replace(/^0+(?=.)/, '')}`;

/** `%lx` */
export const ulongHex = (k: Kernel, value: number): string =>
  value < 0 ? BigInt.asUintN(k.wide ? 64 : 32, BigInt(value)).toString(16) : value.toString(16);

/** `%ps` of the pointer at `at`: a symbol's name, or its address where the build's profile has none there. */
export const symbolOf = (k: Kernel, at: number): string =>
  k.profile.symbolAt(k.read_va(at))?.symbol.name ?? hexOf(k, at);

/** `%px`, as which `%p` prints with no_hash_pointers. */
export const pointer = (k: Kernel, value: number): string =>
  k.wide ? wordHex(Math.floor(value / 0x1_0000_0000)) + wordHex(value) : wordHex(value);

/** `%pS`: the function that an address in code is in, where that is known. */
export const symbolText = (k: Kernel, address: VirtAddr): string =>
  k.machine.codeText(address) ?? `0x${pointer(k, address).replace(/^0+(?=.)/, '')}`;
