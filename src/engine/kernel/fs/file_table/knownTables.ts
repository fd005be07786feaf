/**
 * Tables of the kernel itself that files have which a module makes without operations of its own: files of /proc with one function or with
 * records, attributes in sysfs, and numbers in debugfs. A table is known by its address.
 *
 * Source: Linux 6.1 fs/proc/generic.c: proc_single_open(), proc_seq_open(), proc_seq_release(); fs/debugfs/file.c: debugfs_u8_get() and
 * its like, debugfs_read_file_bool(); fs/seq_file.c: single_release().
 */
import { type File, type Inode, type Int, type Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { numberIn, truthIn } from '../../../machine/numberText.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { EINVAL, EISDIR, ENOMEM } from '../../include/linux/errno.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { readByte, writeByte } from '../../lib/string.js';
import { PDE } from '../proc/generic.js';
import {
  __seq_open_private,
  seq_open,
  seq_release,
  seq_release_private,
  single_open,
  single_release,
} from '../seq_file/open.js';
import { showAttribute, storeAttribute } from '../sysfs/file.js';
import { isShown, releaseShown, shownTables } from './shownFiles.js';

const NAMES: readonly string[] = [
  'proc_dir_operations',
  'proc_single_ops',
  'proc_seq_ops',
  'sysfs_file_kfops_rw',
  'fops_u8',
  'fops_u16',
  'fops_u32',
  'fops_u64',
  'fops_ulong',
  'fops_size_t',
  'fops_atomic_t',
  'fops_x8',
  'fops_x16',
  'fops_x32',
  'fops_x64',
  'fops_bool',
  'fops_blob',
  ...shownTables,
];

/** The name of a table of the kernel's; '' of any other. */
export const knownTable = (k: Kernel, f_op: VirtAddr): string => {
  if (f_op !== 0) for (const name of NAMES) if (functionNamed(k, name) === f_op) return name;
  return '';
};

/** Whether its files are those of records. */
export const isSequence = (table: string): boolean =>
  table === 'proc_single_ops' || table === 'proc_seq_ops';

// --- opening and closing -----------------------------------------------------------------------------------------------------

function proc_single_open(k: Kernel, inode: Inode, file: File): Int {
  const pde: Cell = PDE(k, inode);
  const show: VirtAddr = k.read_va(k.plus(pde, k.proc_dir_entry.single_show));
  return single_open(k, file, show, k.read_va(k.plus(pde, k.proc_dir_entry.data)));
}

const stateSizeOf = (k: Kernel, inode: Inode): Int =>
  k.read_int(k.plus(PDE(k, inode), k.proc_dir_entry.state_size));

function proc_seq_open(k: Kernel, inode: Inode, file: File): Int {
  const ops: VirtAddr = k.read_va(k.plus(PDE(k, inode), k.proc_dir_entry.seq_ops));
  if (stateSizeOf(k, inode) === 0) return seq_open(k, file, ops);
  return __seq_open_private(k, file, ops, stateSizeOf(k, inode)) === 0 ? -ENOMEM : 0;
}

function proc_seq_release(k: Kernel, inode: Inode, file: File): Int {
  if (stateSizeOf(k, inode) === 0) return seq_release(k, file);
  return seq_release_private(k, file);
}

/** `open` of a table. */
export const openKnown = (k: Kernel, table: string, inode: Inode, file: File): Int => {
  if (table === 'proc_dir_operations') return -EISDIR;
  if (table === 'proc_single_ops') return proc_single_open(k, inode, file);
  if (table === 'proc_seq_ops') return proc_seq_open(k, inode, file);
  return 0;
};

export const releaseKnown = (k: Kernel, table: string, inode: Inode, file: File): void => {
  if (isShown(table)) releaseShown(k, file);
  if (table === 'proc_single_ops') single_release(k, file);
  if (table === 'proc_seq_ops') proc_seq_release(k, inode, file);
};

/** Calls a function of the kernel's that stands for `release`. False: it is another one. */
export const knownRelease = (k: Kernel, func: VirtAddr, file: File): boolean => {
  if (func === functionNamed(k, 'single_release')) single_release(k, file);
  else if (func === functionNamed(k, 'seq_release')) seq_release(k, file);
  else if (func === functionNamed(k, 'seq_release_private')) seq_release_private(k, file);
  else return false;
  return true;
};

// --- numbers ---------------------------------------------------------------------------------------------------------------

const valueAt = (k: Kernel, inode: Inode): VirtAddr => k.read_va(k.plus(inode, k.inode.i_private));

/** Bytes of a table's numbers. */
const bytesOf = (k: Kernel, table: string): Int => {
  if (table.endsWith('64')) return 8;
  if (table.endsWith('16')) return 2;
  if (table.endsWith('8')) return 1;
  return table === 'fops_ulong' || table === 'fops_size_t' ? k.ptr_words * 4 : 4;
};

/** So many bytes, the lowest first. */
const readNumber = (k: Kernel, at: VirtAddr, bytes: Int): bigint => {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(readByte(k, asVirt(at + i)));
  return value;
};

const numberText = (k: Kernel, table: string, inode: Inode): string => {
  const bytes = bytesOf(k, table);
  const value = readNumber(k, valueAt(k, inode), bytes);
  if (table.startsWith('fops_x')) return `0x${value.toString(16).padStart(bytes * 2, '0')}\n`;
  return `${table === 'fops_atomic_t' ? BigInt.asIntN(32, value) : value}\n`;
};

/** struct debugfs_blob_wrapper: bytes, and how many. */
const blobText = (k: Kernel, blob: VirtAddr): string => {
  const wrapper: Cell = k.cell_at(blob);
  const data: VirtAddr = k.read_va(k.plus(wrapper, k.debugfs_blob_wrapper.data));
  const size: Int = k.read_ulong(k.plus(wrapper, k.debugfs_blob_wrapper.size));
  let text = '';
  for (let i = 0; i < size; i++) text += String.fromCharCode(readByte(k, asVirt(data + i)));
  return text;
};

/** All that there is to read of a file. @param error what went wrong: 0, nothing */
export const textOfKnown = (k: Kernel, table: string, inode: Inode, error: Out<Int>): string => {
  if (table === 'sysfs_file_kfops_rw') return showAttribute(k, inode, error);
  if (table === 'fops_blob') return blobText(k, valueAt(k, inode));
  if (table === 'fops_bool') return readByte(k, valueAt(k, inode)) !== 0 ? 'Y\n' : 'N\n';
  return numberText(k, table, inode);
};

/** How much of a text was taken, or an error. */
export const writeKnown = (k: Kernel, table: string, inode: Inode, text: string): Int => {
  if (table === 'sysfs_file_kfops_rw') return storeAttribute(k, inode, text);
  if (isSequence(table) || table === 'proc_dir_operations' || table === 'fops_blob') return -EINVAL;
  if (table === 'fops_bool') {
    // Anything else changes nothing.
    const isOn = truthIn(text);
    if (isOn !== undefined) writeByte(k, valueAt(k, inode), isOn ? 1 : 0);
    return text.length;
  }
  const value = numberIn(text);
  if (value === undefined) return -EINVAL;
  for (let i = 0; i < bytesOf(k, table); i++)
    writeByte(k, asVirt(valueAt(k, inode) + i), Number((value >> BigInt(i * 8)) & 0xffn));
  return text.length;
};
