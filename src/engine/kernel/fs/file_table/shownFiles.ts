/**
 * Files that the kernel itself shows to programs: what is in them is made when they are read, and what is written to them sets something.
 * Those of processes, of counters and of settings below /proc, attributes below /sys, and the memory devices that have no memory.
 *
 * Differs: an open file's private_data is its path, where Linux has the state of its records; it has an inode of tmpfs.
 * Source: Linux 6.1 fs/proc/base.c: tgid_base_stuff; fs/proc/task_mmu.c: pagemap_read(); fs/proc/proc_sysctl.c: proc_sys_call_handler();
 * fs/kernfs/file.c; fs/seq_file.c: seq_read_iter(); drivers/char/mem.c: read_null() to mmap_zero().
 */
import { type File, type Int, type Long, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type Cell, type VirtAddr } from '../../../memory/address.js';
import { EFAULT, ENOMEM } from '../../include/linux/errno.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { stringAt, writeByte } from '../../lib/string.js';
import { kfree, kmalloc } from '../../mm/slab_common/kmalloc.js';
import { kstrdup } from '../../mm/util.js';
import type { CopyToIter } from '../seq_file/seq_file.js';
import { d_drop } from '../dcache/hash.js';
import { makeNode, putNode } from './devices.js';
import { readLoff, writeLoff } from './knownOperations.js';

const NAMES: readonly string[] = [
  'proc_pid_maps_operations',
  'proc_pid_smaps_operations',
  'proc_pagemap_operations',
  'proc_single_file_operations',
  'proc_iter_file_ops',
  'proc_sys_file_operations',
  'kernfs_file_fops',
  'zero_fops',
  'null_fops',
];

/** Who knows what is in the files. */
interface Shown {
  /** Bytes from a position on, one a character, at most so many. */
  readonly read: (k: Kernel, path: string, pos: Long, count: ULong) => string;
  /** 0, or an error. */
  readonly write: (k: Kernel, path: string, text: string) => Int;
}

let shown: Shown | undefined;

/** Linked when it is loaded. */
export const linkShown = (who: Shown): void => void (shown = who);

/** Whether a table of operations is one of these. */
export const isShown = (table: string): boolean => NAMES.includes(table);

export const shownTables = NAMES;

/**
 * A node of such a file, which nobody else can find: who has opened it gives it back with dropShown(). NULL without memory, or where the
 * kernel has no such table.
 */
export function makeShown(k: Kernel, path: string, table: string): File {
  const f_op: VirtAddr = functionNamed(k, table);
  const node: File = f_op === 0 ? NULL : makeNode(k, path);
  if (node === NULL) return NULL;
  k.write_va(k.plus(node, k.file.f_op), f_op);
  k.write_va(k.plus(node, k.file.private_data), kstrdup(k, path, k.GFP_KERNEL));
  return node;
}

/** The node goes with the file that has opened it; at once if there is none. */
export function dropShown(k: Kernel, node: File, wasOpened: boolean): void {
  if (!wasOpened) releaseShown(k, node);
  k.write_va(k.plus(node, k.file.f_op), asVirt(0));
  putNode(k, node);
}

/** The file is closed, and nobody finds its name any more. */
export function releaseShown(k: Kernel, file: File): void {
  d_drop(k, k.read_ptr(k.plus(file, k.file.f_path_dentry)));
  kfree(k, k.read_va(k.plus(file, k.file.private_data)));
}

const pathOf = (k: Kernel, file: File): string =>
  stringAt(k, k.read_va(k.plus(file, k.file.private_data)));

/** From f_pos on, by way of a buffer of the kernel: how many bytes, or an error. */
export function readShown(k: Kernel, file: File, count: ULong, copy: CopyToIter): Long {
  const f_pos: Cell = k.plus(file, k.file.f_pos);
  const pos: Long = readLoff(k, f_pos);
  const text = shown === undefined ? '' : shown.read(k, pathOf(k, file), pos, count);
  if (text.length === 0) return 0;
  const buffer: VirtAddr = kmalloc(k, Math.min(text.length, PAGE_SIZE), k.GFP_KERNEL);
  if (buffer === 0) return -ENOMEM;
  let done: Long = 0;
  while (done < text.length) {
    const n: ULong = Math.min(text.length - done, PAGE_SIZE);
    for (let i = 0; i < n; i++) writeByte(k, asVirt(buffer + i), text.charCodeAt(done + i));
    const copied: ULong = copy(buffer, n);
    done += copied;
    if (copied < n) break;
  }
  kfree(k, buffer);
  writeLoff(k, f_pos, pos + done);
  return done === 0 ? -EFAULT : done;
}

/** How much of a text was taken, or an error. */
export function writeShown(k: Kernel, file: File, text: string): Long {
  const error: Int = shown === undefined ? 0 : shown.write(k, pathOf(k, file), text);
  return error === 0 ? text.length : error;
}
