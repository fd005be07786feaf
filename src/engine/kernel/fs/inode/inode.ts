/**
 * The file behind a page: what its mapping leads to, which may be damaged, so that each step is tried before it is made.
 *
 * Source: Linux 6.1 fs/inode.c: dump_mapping(); mm/maccess.c: get_kernel_nofault().
 */
import type { Cell } from '../../../memory/address.js';
import { NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { pr_warn } from '../../include/linux/printk.h.js';
import { hexOf, longHex, symbolOf } from '../../lib/vsprintf.js';

const FNAME_BYTES = 63;

/** The object that the pointer at `at` leads to; undefined where nothing is mapped. */
const objectAt = (k: Kernel, at: Cell): Cell | undefined => {
  const object = k.cell_of(k.read_va(at));
  return object === NULL ? undefined : object;
};

/** The text at the pointer at `at`, as far as it can be read: the name of a file that is being renamed may be anything. */
const fileName = (k: Kernel, at: Cell): string => {
  const name = objectAt(k, at);
  if (name === undefined) return '<invalid>';
  const first = k.words[at]! & 3;
  let text = '';
  for (let i = first; i < first + FNAME_BYTES; i++) {
    const byte = k.read8(k.plus(name, i >> 2), i & 3);
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
};

/** @param mapping the word that holds the pointer: it may be no address at all */
export function dump_mapping(k: Kernel, mapping: Cell): void {
  const object = objectAt(k, mapping);
  if (object === undefined) {
    pr_warn(k, `invalid mapping:${longHex(k, mapping)}`);
    return;
  }
  const a_ops = symbolOf(k, k.plus(object, k.address_space.a_ops));
  const at_host = k.plus(object, k.address_space.host);
  if (k.read_va(at_host) === 0) {
    pr_warn(k, `aops:${a_ops}`);
    return;
  }
  const host = objectAt(k, at_host);
  if (host === undefined) {
    pr_warn(k, `aops:${a_ops} invalid inode:${longHex(k, at_host)}`);
    return;
  }
  const ino = hexOf(k, k.plus(host, k.inode.i_ino)).slice(2);
  const dentry_first = k.plus(host, k.inode.i_dentry);
  if (k.read_va(dentry_first) === 0) {
    pr_warn(k, `aops:${a_ops} ino:${ino}`);
    return;
  }
  const d_alias = objectAt(k, dentry_first);
  if (d_alias === undefined) {
    pr_warn(k, `aops:${a_ops} ino:${ino} invalid dentry:${longHex(k, dentry_first)}`);
    return;
  }
  const dentry = k.plus(d_alias, -k.dentry.d_u_d_alias);
  const fname = fileName(k, k.plus(dentry, k.dentry.d_name_name));
  pr_warn(k, `aops:${a_ops} ino:${ino} dentry name(?):"${fname}"`);
}
