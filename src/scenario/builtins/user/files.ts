/**
 * Open files, all of memory alone (tmpfs; huge pages): memfd_create() makes one without a name, open() one with a name that stays.
 *
 * Each process has a table of open files, which its child gets a copy of; they are closed with the last task of the process.
 * Differs: who opens a name again gets the same open file, its position at the beginning.
 */
import { VM_NORESERVE } from '../../../engine/kernel/include/linux/mm_types.h.js';
import { NULL, type File } from '../../../engine/machine/ctypes.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { sizeOf } from '../pointers.js';
import {
  closeFile,
  hasOperations,
  inodeOf,
  isHuge,
  readFile,
  readFileAt,
  seekFile,
  setPosition,
  withFile,
  writeFile,
  writeFileAt,
} from './fileBytes.js';
import { libc } from './libc.js';

const changes = true;
const EINVAL = 22;
const EMFILE = 24;
const ENOENT = 2;
const ENODEV = 19;
const ENOMEM = 12;
const EOPNOTSUPP = 95;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_HUGETLB = 4;
/** NAME_MAX less `memfd:`. */
const MFD_NAME_MAX_LEN = 249;
const MFD_HUGE_SHIFT = 26;
const MFD_HUGE_MASK = 0x3f;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;

const row = (
  signature: string,
  doc: string,
  run: (call: BuiltinCall, ...args: Value[]) => number,
  rest: Partial<BuiltinRow> = {},
): BuiltinRow => ({
  signature,
  doc,
  changes,
  sleeps: 'always',
  needs: needsProcess,
  run: (call, ...args) => libc(call, run(call, ...args)),
  ...rest,
});

type Keep = (file: File) => number | undefined;

/** memfd_create(): of tmpfs, or of huge pages, whose size may be in the flags. */
function newMemoryFile(call: BuiltinCall, uname: Value, flags: number): number {
  const { k, kernel } = call;
  const keep: Keep = (file) => call.process.files.add(file);
  const isHugetlb = (flags & MFD_HUGETLB) !== 0;
  if (!isHugetlb && (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING)) !== 0) return -EINVAL;
  const given = call.string(uname);
  if (given.length > MFD_NAME_MAX_LEN) return -EINVAL;
  const name = `memfd:${given}`;
  if (!isHugetlb) return kept(call, kernel.shmemFileSetup(k, name, 0), keep);
  const pageSizeLog = (flags >>> MFD_HUGE_SHIFT) & MFD_HUGE_MASK;
  if (kernel.hstate_sizelog(k, pageSizeLog) === NULL) return -ENODEV;
  return kept(call, kernel.hugetlb_file_setup(k, name, 0, VM_NORESERVE, pageSizeLog), keep);
}

function kept(call: BuiltinCall, file: File, keep: Keep): number {
  if (file === NULL) return -ENOMEM;
  const fd = keep(file);
  if (fd !== undefined) return fd;
  call.kernel.fput(call.k, file);
  return -EMFILE;
}

/** A device: each open() is an open file of its own. */
function openNode(call: BuiltinCall, node: File, flags: number): number {
  const error = { value: 0 };
  const file = call.kernel.openDevice(call.k, node, flags, error);
  if (file === NULL) return error.value !== 0 ? error.value : -ENOMEM;
  const fd = call.process.files.add(file);
  if (fd !== undefined) return fd;
  call.kernel.fput(call.k, file);
  return -EMFILE;
}

/** A file of the kernel's own: of /proc, /sys, or one of the memory devices. */
function openShown(call: BuiltinCall, path: string, table: string, flags: number): number {
  const { k, kernel } = call;
  const node = kernel.makeShown(k, path, table);
  if (node === NULL) return -ENOMEM;
  const fd = openNode(call, node, flags);
  kernel.dropShown(k, node, fd >= 0);
  return fd;
}

/** open(): a number, or an error. */
export function openPath(call: BuiltinCall, path: Value, flags: number): number {
  const { files } = call.process;
  const name = call.string(path);
  const known = files.named(name);
  if (known !== undefined && call.kernel.isNode(call.k, known)) return openNode(call, known, flags);
  if (known === undefined) {
    const table = call.kernel.shown_table(call.k, name);
    if (table !== undefined) return openShown(call, name, table, flags);
    if ((flags & O_CREAT) === 0) return -ENOENT;
    return kept(call, call.kernel.shmemFileOf(call.k, name), (file) => {
      if (!files.name(name, file)) return undefined;
      return files.add(call.kernel.get_file(call.k, file));
    });
  }
  const fd = files.add(call.kernel.get_file(call.k, known));
  if (fd === undefined) {
    call.kernel.fput(call.k, known);
    return -EMFILE;
  }
  setPosition(call, known, 0);
  if ((flags & O_TRUNC) !== 0) call.kernel.shmemSetSize(call.k, inodeOf(call, known), 0);
  return fd;
}

export const files: readonly Builtin[] = [
  ...group('process', 'mm/memfd.c', [
    row(
      'int memfd_create(const char *name, unsigned int flags)',
      'An open file of memory alone, without a name in any folder: its number, or -1 and errno. It is empty: ftruncate() or write() make it longer. With MFD_HUGETLB it is of huge pages, which ftruncate() makes longer by whole ones.',
      (call, name, flags) => newMemoryFile(call, name, Number(flags)),
    ),
  ]),
  ...group('process', 'fs/open.c', [
    row(
      'int open(const char *pathname, int flags, ...)',
      'An open file of tmpfs: its number, or -1 and errno. With O_CREAT it is made if there is none of the name; it stays when it is closed, until unlink(). Files that the kernel shows can be opened, too: those of proc(), sysctl() and sysfs() by their whole paths, /dev/zero and /dev/null.',
      (call, path, flags) => openPath(call, path, Number(flags)),
    ),
    row(
      'int close(int fd)',
      'Closes an open file; 0, or -1 and errno. Areas that map it keep it.',
      closeFile,
    ),
    row(
      'int ftruncate(int fd, long length)',
      'Makes a file as long as that: pages behind its end go, also from areas that map it; 0, or -1 and errno.',
      (call, fd, length) =>
        withFile(call, fd, (file) => {
          if (Number(length) < 0) return -EINVAL;
          if (isHuge(call, file))
            return call.kernel.hugetlbfs_setattr(call.k, inodeOf(call, file), Number(length));
          if (hasOperations(call, file)) return -EINVAL;
          call.kernel.shmemSetSize(call.k, inodeOf(call, file), Number(length));
          return 0;
        }),
    ),
  ]),
  ...group('process', 'fs/open.c', [
    row(
      'int fallocate(int fd, int mode, long offset, long len)',
      'With FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE: the whole pages of a range leave a file of tmpfs, and all who map them; 0, or -1 and errno. Other modes are not performed: EOPNOTSUPP.',
      (call, fd, mode, offset, len) =>
        withFile(call, fd, (file) => {
          if (Number(offset) < 0 || Number(len) <= 0) return -EINVAL;
          const isHole = Number(mode) === (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
          const isOther = isHuge(call, file) || hasOperations(call, file);
          if (!isHole || isOther) return -EOPNOTSUPP;
          call.kernel.shmemPunchHole(call.k, inodeOf(call, file), Number(offset), Number(len));
          return 0;
        }),
    ),
  ]),
  ...group('process', 'fs/namei.c', [
    row(
      'int unlink(const char *pathname)',
      'A file of open() has no name any more: it goes with its last use; 0, or -1 and errno.',
      (call, path) => {
        const file = call.process.files.unname(call.string(path));
        if (file === undefined) return -ENOENT;
        if (call.kernel.isNode(call.k, file)) call.kernel.removeDevice(call.k, file);
        else {
          call.kernel.unlinkFile(call.k, file);
          call.kernel.fput(call.k, file);
        }
        return 0;
      },
    ),
  ]),
  ...group('process', 'fs/read_write.c', [
    row(
      'long write(int fd, const void *buf, size_t count)',
      'Writes bytes at the position of an open file, to its page cache: how many, or -1 and errno. What is written to 1 and 2, the standard streams, is printed.',
      (call, fd, buf, count) => writeFile(call, fd, buf, sizeOf(call, count)),
      { printsParts: true },
    ),
    row(
      'long read(int fd, void *buf, size_t count)',
      'Reads bytes from the position of an open file on: how many, 0 at its end, or -1 and errno.',
      (call, fd, buf, count) => readFile(call, fd, buf, sizeOf(call, count)),
    ),
    row(
      'long pwrite(int fd, const void *buf, size_t count, long offset)',
      'As write(), at an offset; the position stays.',
      (call, fd, buf, count, offset) =>
        writeFileAt(call, fd, buf, sizeOf(call, count), Number(offset)),
    ),
    row(
      'long pread(int fd, void *buf, size_t count, long offset)',
      'As read(), at an offset; the position stays.',
      (call, fd, buf, count, offset) =>
        readFileAt(call, fd, buf, sizeOf(call, count), Number(offset)),
    ),
    row(
      'long lseek(int fd, long offset, int whence)',
      'Moves the position of an open file: SEEK_SET, SEEK_CUR, SEEK_END; where it is then, or -1 and errno.',
      (call, fd, offset, whence) => seekFile(call, fd, Number(offset), Number(whence)),
    ),
  ]),
  ...group('process', 'fs/file.c', [
    {
      signature: 'struct file *fget(unsigned int fd)',
      doc: 'The struct file of an open file, with a reference for the caller: fput(). NULL if there is none.',
      changes,
      needs: needsProcess,
      run: (call, fd) => {
        const file = call.process.files.find(Number(fd));
        return file === undefined ? 0 : call.pointer(call.kernel.get_file(call.k, file));
      },
    },
  ]),
  ...group('process', 'fs/file_table.c', [
    {
      signature: 'void fput(struct file *file)',
      doc: 'Drops a reference to an open file; the last one closes it.',
      changes,
      needs: needsProcess,
      run: (call, file) => {
        call.kernel.fput(call.k, call.cell(file));
      },
    },
  ]),
  ...group('process', 'mm/shmem.c', [
    {
      signature: 'struct file *shmem_file_setup(const char *name, long size, unsigned long flags)',
      doc: 'An open file of memory alone, of that size; an error (IS_ERR) without memory.',
      changes,
      sleeps: 'always' as const,
      needs: needsProcess,
      run: (call, name, size) => {
        const file = call.kernel.shmemFileSetup(call.k, call.string(name), Number(size));
        return file === NULL ? call.unsignedLong(-ENOMEM) : call.pointer(file);
      },
    },
  ]),
];
