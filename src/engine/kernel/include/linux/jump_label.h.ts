/**
 * Static keys: conditions that are rarely changed. Code that asks one is patched when it changes.
 *
 * Source: Linux 6.1 include/linux/jump_label.h; kernel/jump_label.c: static_key_enable().
 */
import type { Cell } from '../../../memory/address.js';
import { NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { jump_label_update } from '../../kernel/jump_label.js';

/** `enabled` is a key's first word: how often it was enabled. */
export const static_branch_enable = (k: Kernel, key: Cell): void => {
  if (key === NULL || k.words[key] !== 0) return;
  jump_label_update(k, key, true);
  k.write(key, 1);
};
