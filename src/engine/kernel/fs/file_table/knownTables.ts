/**
 * Tables of the kernel itself that files have which a module makes without operations of its own: files of /proc with one function or with
 * records, and numbers in debugfs. A table is known by its address.
 *
 * Source: Linux 6.1 fs/proc/generic.c: proc_single_open(), proc_seq_open(), proc_seq_release(); fs/debugfs/file.c: debugfs_u8_get() and
 * its like, debugfs_read_file_bool(); fs/seq_file.c: single_release().
 */
import { type File, type Inode, type Int } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
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
} from '../seq_file.js';

interface KnownTable {
  readonly open: (k: Kernel, inode: Inode, file: File) => Int;
  readonly release: (k: Kernel, inode: Inode, file: File) => void;
  /** All that there is to read; undefined: the file is a seq_file. */
  readonly text?: (k: Kernel, inode: Inode) => string;
  /** Undefined: done. */
  readonly write?: (k: Kernel, inode: Inode, text: string) => Int | undefined;
}

const proc_single_open = (k: Kernel, inode: Inode, file: File): Int => {
  const pde = PDE(k, inode);
  const show: VirtAddr = k.read_va(k.plus(pde, k.proc_dir_entry.single_show));
  return single_open(k, file, show, k.read_va(k.plus(pde, k.proc_dir_entry.data)));
};

const stateSizeOf = (k: Kernel, inode: Inode): Int =>
  k.read_int(k.plus(PDE(k, inode), k.proc_dir_entry.state_size));

const proc_seq_open = (k: Kernel, inode: Inode, file: File): Int => {
  const ops: VirtAddr = k.read_va(k.plus(PDE(k, inode), k.proc_dir_entry.seq_ops));
  const state_size = stateSizeOf(k, inode);
  if (state_size === 0) return seq_open(k, file, ops);
  return __seq_open_private(k, file, ops, state_size) === 0 ? -ENOMEM : 0;
};

// --- numbers ---------------------------------------------------------------------------------------------------------------

const valueAt = (k: Kernel, inode: Inode): VirtAddr => k.read_va(k.plus(inode, k.inode.i_private));

/** So many bytes, the lowest first. */
const readNumber = (k: Kernel, at: VirtAddr, bytes: Int): bigint => {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(readByte(k, asVirt(at + i)));
  return value;
};

const writeNumber = (k: Kernel, at: VirtAddr, bytes: Int, value: bigint): void => {
  for (let i = 0; i < bytes; i++)
    writeByte(k, asVirt(at + i), Number((value >> BigInt(i * 8)) & 0xffn));
};

const numberIn = (text: string): bigint | undefined => {
  const trimmed = text.trim();
  if (!/^[-+]?(0[xX][0-9a-fA-F]+|\d+)$/.test(trimmed)) return undefined;
  const magnitude = BigInt(trimmed.replace(/^[-+]/, '').replace(/^0(?=\d)/, '0o'));
  return trimmed.startsWith('-') ? -magnitude : magnitude;
};

/** A number of so many bytes. @param digits hexadecimal ones, 0: it is decimal */
const number = (
  bytes: (k: Kernel) => Int,
  digits: Int,
  isSigned: boolean,
): Pick<KnownTable, 'text' | 'write'> => ({
  text: (k, inode) => {
    const value = readNumber(k, valueAt(k, inode), bytes(k));
    if (digits > 0) return `0x${value.toString(16).padStart(digits, '0')}\n`;
    return `${isSigned ? BigInt.asIntN(bytes(k) * 8, value) : value}\n`;
  },
  write: (k, inode, text) => {
    const value = numberIn(text);
    if (value === undefined) return -EINVAL;
    writeNumber(k, valueAt(k, inode), bytes(k), value);
    return undefined;
  },
});

const ofBytes =
  (bytes: Int): ((k: Kernel) => Int) =>
  () =>
    bytes;
const ofLong = (k: Kernel): Int => k.ptr_words * 4;

const bool: Pick<KnownTable, 'text' | 'write'> = {
  text: (k, inode) => (readByte(k, valueAt(k, inode)) !== 0 ? 'Y\n' : 'N\n'),
  write: (k, inode, text) => {
    // kstrtobool(): anything else changes nothing.
    const value = /^(?:[yYtT1]|[oO][nN])/.test(text)
      ? 1
      : /^(?:[nNfF0]|[oO][fF])/.test(text)
        ? 0
        : -1;
    if (value >= 0) writeByte(k, valueAt(k, inode), value);
    return undefined;
  },
};

const simple = (access: Pick<KnownTable, 'text' | 'write'>): KnownTable => ({
  open: () => 0,
  release: () => undefined,
  ...access,
});

const EISDIR = 21;

const TABLES: Readonly<Record<string, KnownTable>> = {
  proc_dir_operations: { open: () => -EISDIR, release: () => undefined },
  proc_single_ops: {
    open: proc_single_open,
    release: (k, _inode, file) => single_release(k, file),
  },
  proc_seq_ops: {
    open: proc_seq_open,
    release: (k, inode, file) =>
      stateSizeOf(k, inode) === 0 ? seq_release(k, file) : seq_release_private(k, file),
  },
  fops_u8: simple(number(ofBytes(1), 0, false)),
  fops_u16: simple(number(ofBytes(2), 0, false)),
  fops_u32: simple(number(ofBytes(4), 0, false)),
  fops_u64: simple(number(ofBytes(8), 0, false)),
  fops_ulong: simple(number(ofLong, 0, false)),
  fops_size_t: simple(number(ofLong, 0, false)),
  fops_atomic_t: simple(number(ofBytes(4), 0, true)),
  fops_x8: simple(number(ofBytes(1), 2, false)),
  fops_x16: simple(number(ofBytes(2), 4, false)),
  fops_x32: simple(number(ofBytes(4), 8, false)),
  fops_x64: simple(number(ofBytes(8), 16, false)),
  fops_bool: simple(bool),
};

/** The functions of a table of the kernel's; undefined for any other. */
export function knownTable(k: Kernel, f_op: VirtAddr): KnownTable | undefined {
  if (f_op === 0) return undefined;
  for (const [name, table] of Object.entries(TABLES))
    if (functionNamed(k, name) === f_op) return table;
  return undefined;
}

/** Calls a function of the kernel's that stands for `release`. False: it is another one. */
export function knownRelease(k: Kernel, func: VirtAddr, file: File): boolean {
  if (func === functionNamed(k, 'single_release')) single_release(k, file);
  else if (func === functionNamed(k, 'seq_release')) seq_release(k, file);
  else if (func === functionNamed(k, 'seq_release_private')) seq_release_private(k, file);
  else return false;
  return true;
}
