/**
 * Static keys: conditions that are rarely changed. Here they are the words that they are; no code is patched.
 *
 * Source: Linux 6.1 include/linux/jump_label.h.
 */
import type { Kernel } from '../../../machine/kernel.js';

/** `enabled` is a key's first word: how often it was enabled. */
export const static_branch_enable = (k: Kernel, key: number): void => {
  if (key !== 0 && k.words[key] === 0) k.write(key, 1);
};
