/**
 * Open files, all of memory alone (tmpfs; huge pages): memfd_create() makes one without a name, open() one with a name that stays.
 *
 * Each process has a table of open files, which its child gets a copy of; they are closed with the last task of the process.
 * Differs: who opens a name again gets the same open file, its position at the beginning.
 */
import { VM_NORESERVE } from '../../../engine/kernel/include/linux/mm_types.h.js';
import {
  type AddressSpace,
  NULL,
  type File,
  type Inode,
  type Page,
} from '../../../engine/machine/ctypes.js';
import { asPhys, PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { sizeOf, va } from '../pointers.js';
import { latin1 } from '../../syntax/utf8.js';
import { print } from '../libc/stdio.js';
import { readUser, toUser } from './copies.js';
import { libc } from './libc.js';

const changes = true;
const EBADF = 9;
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
const SEEK_SET = 0;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;

const row = (
  signature: string,
  doc: string,
  run: (call: BuiltinCall, ...args: Value[]) => number,
): BuiltinRow => ({
  signature,
  doc,
  changes,
  sleeps: 'always',
  needs: needsProcess,
  run: (call, ...args) => libc(call, run(call, ...args)),
});

const isHuge = ({ k, kernel }: BuiltinCall, file: File): boolean =>
  kernel.is_file_hugepages(k, file);

const inodeOf = ({ k }: BuiltinCall, file: File): Inode => k.read_ptr(k.plus(file, k.file.f_inode));

const sizeOfFile = (call: BuiltinCall, file: File): number =>
  call.kernel.i_size_read(call.k, inodeOf(call, file));

/** f_pos: a loff_t. */
const positionOf = ({ k, kernel }: BuiltinCall, file: File): number =>
  kernel.readLoff(k, k.plus(file, k.file.f_pos));
const setPosition = ({ k, kernel }: BuiltinCall, file: File, position: number): void => {
  kernel.writeLoff(k, k.plus(file, k.file.f_pos), position);
};

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

function open(call: BuiltinCall, path: Value, flags: number): number {
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

/** Bytes at a position: page by page. */
function writeAt(call: BuiltinCall, file: File, buf: Value, count: number, from: number): number {
  const { k, kernel } = call;
  // A file of huge pages is written through maps alone: it has no function for that.
  if (isHuge(call, file)) return -EINVAL;
  for (let done = 0; done < count;) {
    const at = from + done;
    const length = Math.min(count - done, PAGE_SIZE - (at % PAGE_SIZE));
    const bytes = call.memory.readBytes(call.offset(buf, done), length).slice();
    if (bytes.length < length) call.memory.load(call.offset(buf, done + bytes.length), 1);
    const fill = (page: Page): void => fillPage(call, page, at % PAGE_SIZE, bytes);
    const index = Math.floor(at / PAGE_SIZE);
    const error = kernel.shmemWritePage(k, inodeOf(call, file), index, at + length, fill);
    if (error !== 0) return done > 0 ? done : error;
    done += length;
  }
  return count;
}

/** kmap_local_page(), and the bytes. A page that is new is zero around them. */
function fillPage(call: BuiltinCall, page: Page, offset: number, bytes: Uint8Array): void {
  const { k } = call;
  const start = k.memory.cell(asPhys(k.page_to_pfn(page) * PAGE_SIZE));
  const isNew = !call.kernel.test_bit(k, k.PG_uptodate, page + k.page.flags);
  const whole = new Uint8Array(PAGE_SIZE);
  if (!isNew) whole.set(k.memory.readBytes(asPhys(k.page_to_pfn(page) * PAGE_SIZE), PAGE_SIZE));
  whole.set(bytes, offset);
  const words = new Int32Array(whole.buffer);
  words.forEach((word, i) => {
    k.write(start + i, word);
  });
}

/** The page of a file that a byte of it lies in: of huge pages, one in the middle. */
function pageAt(call: BuiltinCall, file: File, mapping: AddressSpace, at: number): Page {
  const { k, kernel } = call;
  if (!isHuge(call, file)) return kernel.filemapPage(k, mapping, Math.floor(at / PAGE_SIZE));
  const bytes = kernel.huge_page_size(k, kernel.hstate_file(k, file));
  const head = kernel.filemapPage(k, mapping, Math.floor(at / bytes));
  return head === NULL ? NULL : kernel.nth_page(k, head, Math.floor((at % bytes) / PAGE_SIZE));
}

function readAt(call: BuiltinCall, file: File, buf: Value, count: number, from: number): number {
  const { k, kernel } = call;
  const length = Math.max(0, Math.min(count, sizeOfFile(call, file) - from));
  const mapping = k.read_ptr(k.plus(file, k.file.f_mapping));
  for (let done = 0; done < length;) {
    const at = from + done;
    const part = Math.min(length - done, PAGE_SIZE - (at % PAGE_SIZE));
    const page = pageAt(call, file, mapping, at);
    const bytes =
      page === NULL
        ? new Uint8Array(part)
        : k.memory.readBytes(asPhys(k.page_to_pfn(page) * PAGE_SIZE + (at % PAGE_SIZE)), part);
    if (page !== NULL && !isHuge(call, file)) kernel.folio_mark_accessed(k, page);
    call.memory.writeBytes(call.offset(buf, done), bytes.slice());
    done += part;
  }
  return length;
}

/** What the kernel itself reads of a file goes to the process as copy_to_user() does it. */
function readNode(call: BuiltinCall, file: File, buf: Value, count: number): number {
  let done = 0;
  return call.kernel.readDevice(call.k, file, va(buf), count, (from, n) => {
    const copied = n - toUser(call, call.offset(buf, done), call.memory.readBytes(from, n).slice());
    done += copied;
    return copied;
  });
}

function writeNode(call: BuiltinCall, file: File, buf: Value, count: number): number {
  const text = (): string => String.fromCharCode(...readUser(call, buf, count));
  return call.kernel.writeDevice(call.k, file, va(buf), count, text);
}

/** What is done with an open file. */
const withFile = (call: BuiltinCall, fd: Value, run: (file: File) => number): number => {
  const file = call.process.files.find(Number(fd));
  return file === undefined ? -EBADF : run(file);
};

const hasOperations = ({ k, kernel }: BuiltinCall, file: File): boolean =>
  kernel.hasOwnOperations(k, file);

/** pread() and pwrite() of a file with operations of its own: f_pos is what it was. */
function atOffset(call: BuiltinCall, file: File, offset: number, run: () => number): number {
  const before = positionOf(call, file);
  call.kernel.vfs_llseek(call.k, file, offset, SEEK_SET);
  const done = run();
  setPosition(call, file, before);
  return done;
}

/** The standard streams of a program that nobody has closed: what it writes is printed, and there is nothing to read. */
const isPrinted = (fd: Value): boolean => Number(fd) === 1 || Number(fd) === 2;

function writeStream(call: BuiltinCall, fd: Value, buf: Value, count: number): number {
  return print(call, latin1(readUser(call, buf, count)), Number(fd));
}

const seek = (call: BuiltinCall, file: File, offset: number, whence: number): number => {
  const base = [0, positionOf(call, file), sizeOfFile(call, file)][whence];
  if (base === undefined || base + offset < 0) return -EINVAL;
  setPosition(call, file, base + offset);
  return base + offset;
};

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
      (call, path, flags) => open(call, path, Number(flags)),
    ),
    row(
      'int close(int fd)',
      'Closes an open file; 0, or -1 and errno. Areas that map it keep it.',
      (call, fd) => {
        const file = call.process.files.remove(Number(fd));
        if (file === undefined) return -EBADF;
        call.kernel.fput(call.k, file);
        return 0;
      },
    ),
    row(
      'int ftruncate(int fd, long length)',
      'Makes a file as long as that: pages behind its end go, also from areas that map it; 0, or -1 and errno.',
      (call, fd, length) =>
        withFile(call, fd, (file) => {
          if (Number(length) < 0) return -EINVAL;
          if (isHuge(call, file))
            return call.kernel.hugetlbfs_setattr(call.k, inodeOf(call, file), Number(length));
          if (call.kernel.hasOwnOperations(call.k, file)) return -EINVAL;
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
          const isOther = isHuge(call, file) || call.kernel.hasOwnOperations(call.k, file);
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
      (call, fd, buf, count) => {
        if (isPrinted(fd)) return writeStream(call, fd, buf, sizeOf(call, count));
        return withFile(call, fd, (file) => {
          if (hasOperations(call, file)) return writeNode(call, file, buf, sizeOf(call, count));
          const from = positionOf(call, file);
          const done = writeAt(call, file, buf, sizeOf(call, count), from);
          if (done > 0) setPosition(call, file, from + done);
          return done;
        });
      },
    ),
    row(
      'long read(int fd, void *buf, size_t count)',
      'Reads bytes from the position of an open file on: how many, 0 at its end, or -1 and errno.',
      (call, fd, buf, count) => {
        if (fd === 0) return 0;
        return withFile(call, fd, (file) => {
          if (hasOperations(call, file)) return readNode(call, file, buf, sizeOf(call, count));
          const from = positionOf(call, file);
          const done = readAt(call, file, buf, sizeOf(call, count), from);
          if (done > 0) setPosition(call, file, from + done);
          return done;
        });
      },
    ),
    row(
      'long pwrite(int fd, const void *buf, size_t count, long offset)',
      'As write(), at an offset; the position stays.',
      (call, fd, buf, count, offset) =>
        withFile(call, fd, (file) => {
          const [size, at] = [sizeOf(call, count), Number(offset)];
          return hasOperations(call, file)
            ? atOffset(call, file, at, () => writeNode(call, file, buf, size))
            : writeAt(call, file, buf, size, at);
        }),
    ),
    row(
      'long pread(int fd, void *buf, size_t count, long offset)',
      'As read(), at an offset; the position stays.',
      (call, fd, buf, count, offset) =>
        withFile(call, fd, (file) => {
          const [size, at] = [sizeOf(call, count), Number(offset)];
          return hasOperations(call, file)
            ? atOffset(call, file, at, () => readNode(call, file, buf, size))
            : readAt(call, file, buf, size, at);
        }),
    ),
    row(
      'long lseek(int fd, long offset, int whence)',
      'Moves the position of an open file: SEEK_SET, SEEK_CUR, SEEK_END; where it is then, or -1 and errno.',
      (call, fd, offset, whence) =>
        withFile(call, fd, (file) =>
          call.kernel.hasOwnOperations(call.k, file)
            ? call.kernel.vfs_llseek(call.k, file, Number(offset), Number(whence))
            : seek(call, file, Number(offset), Number(whence)),
        ),
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
