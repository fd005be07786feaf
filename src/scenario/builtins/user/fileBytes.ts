/**
 * Reading and writing open files: bytes of the page cache, page by page; what a driver's functions, or the kernel's own, do with the
 * others; and the standard streams, which are printed.
 */
import {
  type AddressSpace,
  NULL,
  type File,
  type Inode,
  type Page,
} from '../../../engine/machine/ctypes.js';
import { asPhys, PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Value } from '../../semantics/arithmetic.js';
import { latin1 } from '../../syntax/utf8.js';
import type { BuiltinCall } from '../call.js';
import { print } from '../libc/print.js';
import { va } from '../pointers.js';
import { readUser, toUser } from './copies.js';

const EBADF = 9;
const EINVAL = 22;
const SEEK_SET = 0;

export const isHuge = ({ k, kernel }: BuiltinCall, file: File): boolean =>
  kernel.is_file_hugepages(k, file);

export const inodeOf = ({ k }: BuiltinCall, file: File): Inode =>
  k.read_ptr(k.plus(file, k.file.f_inode));

const sizeOfFile = (call: BuiltinCall, file: File): number =>
  call.kernel.i_size_read(call.k, inodeOf(call, file));

/** f_pos: a loff_t. */
const positionOf = ({ k, kernel }: BuiltinCall, file: File): number =>
  kernel.readLoff(k, k.plus(file, k.file.f_pos));
export const setPosition = ({ k, kernel }: BuiltinCall, file: File, position: number): void => {
  kernel.writeLoff(k, k.plus(file, k.file.f_pos), position);
};

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
  const text = (): string => latin1(readUser(call, buf, count));
  return call.kernel.writeDevice(call.k, file, va(buf), count, text);
}

/** What is done with an open file. */
export const withFile = (call: BuiltinCall, fd: Value, run: (file: File) => number): number => {
  const file = call.process.files.find(Number(fd));
  return file === undefined ? -EBADF : run(file);
};

export const hasOperations = ({ k, kernel }: BuiltinCall, file: File): boolean =>
  kernel.hasOwnOperations(k, file);

/** pread() and pwrite() of a file with operations of its own: f_pos is what it was. */
function atOffset(call: BuiltinCall, file: File, offset: number, run: () => number): number {
  const before = positionOf(call, file);
  const moved = call.kernel.vfs_llseek(call.k, file, offset, SEEK_SET);
  if (moved < 0) return moved;
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

// --- by number: each gives what it came to, or an error --------------------------------------------------------------------

export function closeFile(call: BuiltinCall, fd: Value): number {
  const file = call.process.files.remove(Number(fd));
  if (file === undefined) return -EBADF;
  call.kernel.fput(call.k, file);
  return 0;
}

/** How a file's operations move bytes, and how its pages do. */
interface Way {
  readonly node: (call: BuiltinCall, file: File, buf: Value, count: number) => number;
  readonly pages: (call: BuiltinCall, file: File, buf: Value, count: number, at: number) => number;
}

const READING: Way = { node: readNode, pages: readAt };
const WRITING: Way = { node: writeNode, pages: writeAt };

/** From the position of the file on, which moves. */
const move = (call: BuiltinCall, way: Way, fd: Value, buf: Value, count: number): number =>
  withFile(call, fd, (file) => {
    if (hasOperations(call, file)) return way.node(call, file, buf, count);
    const from = positionOf(call, file);
    const done = way.pages(call, file, buf, count, from);
    if (done > 0) setPosition(call, file, from + done);
    return done;
  });

type AtOffset = (call: BuiltinCall, fd: Value, buf: Value, count: number, at: number) => number;

/** At an offset; the position stays. */
const moveAt =
  (way: Way): AtOffset =>
  (call, fd, buf, count, at) =>
    withFile(call, fd, (file) =>
      hasOperations(call, file)
        ? atOffset(call, file, at, () => way.node(call, file, buf, count))
        : way.pages(call, file, buf, count, at),
    );

export const writeFile = (call: BuiltinCall, fd: Value, buf: Value, count: number): number =>
  isPrinted(fd) ? writeStream(call, fd, buf, count) : move(call, WRITING, fd, buf, count);

export const readFile = (call: BuiltinCall, fd: Value, buf: Value, count: number): number =>
  fd === 0 ? 0 : move(call, READING, fd, buf, count);

export const writeFileAt = moveAt(WRITING);
export const readFileAt = moveAt(READING);

export const seekFile = (call: BuiltinCall, fd: Value, offset: number, whence: number): number =>
  withFile(call, fd, (file) =>
    hasOperations(call, file)
      ? call.kernel.vfs_llseek(call.k, file, offset, whence)
      : seek(call, file, offset, whence),
  );
