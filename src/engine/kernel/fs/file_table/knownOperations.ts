/**
 * Functions of the kernel that drivers put into their tables as they are: what opens a file without a position, and what moves one.
 *
 * Source: Linux 6.1 fs/open.c: generic_file_open(), nonseekable_open(), stream_open(); fs/libfs.c: simple_open(); fs/read_write.c:
 * noop_llseek(), default_llseek(), generic_file_llseek(), generic_file_llseek_size().
 */
import type { File, Inode, Int, Long } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type VirtAddr } from '../../../memory/address.js';
import { EINVAL, ENXIO } from '../../include/linux/errno.h.js';

const FMODE_LSEEK = 4;
const FMODE_PREAD = 8;
const FMODE_PWRITE = 16;
const FMODE_STREAM = 0x20_0000;
const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_END = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

const changeMode = (k: Kernel, filp: File, off: Int, on: Int): void => {
  const f_mode = k.plus(filp, k.file.f_mode);
  k.write(f_mode, (k.read_int(f_mode) & ~off) | on);
};

export function nonseekable_open(k: Kernel, _inode: Inode, filp: File): Int {
  changeMode(k, filp, FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE, 0);
  return 0;
}

function stream_open(k: Kernel, _inode: Inode, filp: File): Int {
  changeMode(k, filp, FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE, FMODE_STREAM);
  return 0;
}

function simple_open(k: Kernel, inode: Inode, file: File): Int {
  const i_private = k.plus(inode, k.inode.i_private);
  if (k.read_va(i_private) !== 0) k.copy_ptr(k.plus(file, k.file.private_data), i_private);
  return 0;
}

function generic_file_open(): Int {
  return 0;
}

/** A loff_t: exact up to 2^53. */
export const readLoff = (k: Kernel, at: number): Long =>
  k.read_int(at) * 1 + (k.read_int(at) < 0 ? 2 ** 32 : 0) + k.read_int(at + 1) * 2 ** 32;

export const writeLoff = (k: Kernel, at: number, value: Long): void => {
  k.write(at, (value % 2 ** 32) | 0);
  k.write(at + 1, Math.floor(value / 2 ** 32));
};

/** Moves the position of a file of so many bytes. */
const seekIn = (k: Kernel, file: File, offset: Long, whence: Int, size: Long): Long => {
  const f_pos = k.plus(file, k.file.f_pos);
  let to = offset;
  switch (whence) {
    case SEEK_SET:
      break;
    case SEEK_CUR:
      to += readLoff(k, f_pos);
      break;
    case SEEK_END:
      to += size;
      break;
    case SEEK_DATA:
    case SEEK_HOLE:
      if (offset < 0 || offset >= size) return -ENXIO;
      if (whence === SEEK_HOLE) to = size;
      break;
    default:
      return -EINVAL;
  }
  if (to < 0) return -EINVAL;
  if (to !== readLoff(k, f_pos)) writeLoff(k, f_pos, to);
  return to;
};

const sizeOf = (k: Kernel, file: File): Long =>
  readLoff(k, k.plus(asCell(k.read_ptr(k.plus(file, k.file.f_inode))), k.inode.i_size));

/** From the beginning, or from where it is: such a file has no end. Source: fs/proc/base.c. */
export const mem_lseek = (k: Kernel, file: File, offset: Long, whence: Int): Long =>
  whence === SEEK_END ? -EINVAL : seekIn(k, file, offset, whence, 0);

function noop_llseek(k: Kernel, file: File): Long {
  return readLoff(k, k.plus(file, k.file.f_pos));
}

function default_llseek(k: Kernel, file: File, offset: Long, whence: Int): Long {
  return seekIn(k, file, offset, whence, sizeOf(k, file));
}

/** Each by the name of its symbol. */
interface KnownOpen {
  readonly name: string;
  readonly open: (k: Kernel, inode: Inode, filp: File) => Int;
}

interface KnownSeek {
  readonly name: string;
  readonly llseek: (k: Kernel, file: File, offset: Long, whence: Int) => Long;
}

const OPENS: readonly KnownOpen[] = [
  { name: 'nonseekable_open', open: nonseekable_open },
  { name: 'stream_open', open: stream_open },
  { name: 'simple_open', open: simple_open },
  { name: 'generic_file_open', open: generic_file_open },
];
const SEEKS: readonly KnownSeek[] = [
  { name: 'noop_llseek', llseek: noop_llseek },
  { name: 'default_llseek', llseek: default_llseek },
  { name: 'generic_file_llseek', llseek: default_llseek },
];

const isAt = (k: Kernel, name: string, func: VirtAddr): boolean =>
  k.profile.symbol(name)?.address === func;

/** Calls a function of the kernel's that stands for `open`; undefined for any other. */
export function knownOpen(k: Kernel, func: VirtAddr, inode: Inode, file: File): Int | undefined {
  for (const known of OPENS) if (isAt(k, known.name, func)) return known.open(k, inode, file);
  return undefined;
}

/** Calls a function of the kernel's that stands for `llseek`; undefined for any other. */
export function knownLlseek(
  k: Kernel,
  func: VirtAddr,
  file: File,
  offset: Long,
  whence: Int,
): Long | undefined {
  for (const known of SEEKS)
    if (isAt(k, known.name, func)) return known.llseek(k, file, offset, whence);
  return undefined;
}
