/**
 * References to open files: the last one closes a file.
 *
 * Differs: what the file system has to do then is done at once, not when the task returns to user space.
 * Left out: everything else that an open file has (path, credentials, read-ahead).
 * Source: Linux 6.1 fs/file_table.c: fput(), __fput(); include/linux/fs.h: get_file().
 */
import type { File } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

type Release = (k: Kernel, file: File) => void;
const releases: Release[] = [];

/** What ends a file: of each file system that makes files here, linked when it is loaded. Each knows its own. */
export const linkRelease = (func: Release): void => void releases.push(func);

export function get_file(k: Kernel, f: File): File {
  k.add_long(k.plus(f, k.file.f_count), 1);
  return f;
}

export function fput(k: Kernel, file: File): void {
  const f_count = k.plus(file, k.file.f_count);
  k.add_long(f_count, -1);
  // __fput():
  if (k.read_long(f_count) === 0) for (const release of releases) release(k, file);
}
