/**
 * Signals that tell a process that a file has something to say: who asked for them, and sending them.
 *
 *     async_queue ─> fasync_struct: fa_file, fa_fd, fa_next ─> ...          fa_file->f_owner: pid, signum
 *
 * Left out: RCU around the list, locks, siginfo; owners that are groups.
 * Source: Linux 6.1 fs/fcntl.c: fasync_helper(), fasync_add_entry(), fasync_remove_entry(), kill_fasync(), send_sigio().
 */
import { type File, type Int, NULL, type Pointer, type TaskStruct } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../memory/address.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import { kfree, kzalloc } from '../mm/slab_common/kmalloc.js';

type FasyncStruct = Pointer<'struct fasync_struct'>;

const FASYNC_MAGIC = 0x4601;
export const FASYNC = 0o2_0000;
const SIGIO = 29;

const setFlag = (k: Kernel, filp: File, isSet: boolean): void => {
  const f_flags = k.plus(filp, k.file.f_flags);
  const flags = k.read_int(f_flags);
  k.write(f_flags, isSet ? flags | FASYNC : flags & ~FASYNC);
};

/** Where the entry of a file hangs, or where the list ends. @param fapp the word that leads to the first */
const placeOf = (k: Kernel, filp: File, fapp: Cell): Cell => {
  let at: Cell = fapp;
  let rounds = 0;
  for (let fa: FasyncStruct = k.read_ptr(at); fa !== NULL; fa = k.read_ptr(at)) {
    k.watchdog(++rounds);
    if (k.ptr_is(k.plus(fa, k.fasync_struct.fa_file), filp)) break;
    at = k.plus(fa, k.fasync_struct.fa_next);
  }
  return at;
};

/** The file is not told any more. 1: it was. */
function fasync_remove_entry(k: Kernel, filp: File, fapp: Cell): Int {
  const at = placeOf(k, filp, fapp);
  const fa: FasyncStruct = k.read_ptr(at);
  setFlag(k, filp, false);
  if (fa === NULL) return 0;
  k.copy_ptr(at, k.plus(fa, k.fasync_struct.fa_next));
  kfree(k, k.va_of(fa));
  return 1;
}

/** The file is told from here on. 1: it was not before; or -ENOMEM. Differs: entries come from kmalloc() and not from a cache of theirs. */
function fasync_add_entry(k: Kernel, fd: Int, filp: File, fapp: Cell): Int {
  const known: FasyncStruct = k.read_ptr(placeOf(k, filp, fapp));
  if (known !== NULL) {
    k.write(k.plus(known, k.fasync_struct.fa_fd), fd);
    return 0;
  }
  const object: VirtAddr = kzalloc(k, k.sizeof.fasync_struct, k.GFP_KERNEL);
  if (object === 0) return -ENOMEM;
  const fa: FasyncStruct = k.cell_at(object);
  k.write(k.plus(fa, k.fasync_struct.magic), FASYNC_MAGIC);
  k.write_ptr(k.plus(fa, k.fasync_struct.fa_file), filp);
  k.write(k.plus(fa, k.fasync_struct.fa_fd), fd);
  k.copy_ptr(k.plus(fa, k.fasync_struct.fa_next), fapp);
  k.write_ptr(fapp, fa);
  setFlag(k, filp, true);
  return 1;
}

/** What a driver's fasync() is made of. */
export function fasync_helper(k: Kernel, fd: Int, filp: File, on: Int, fapp: Cell): Int {
  return on === 0 ? fasync_remove_entry(k, filp, fapp) : fasync_add_entry(k, fd, filp, fapp);
}

/** Whom kill_fasync() sends which signal: the owner of each file of a list. */
export const fasyncOwners = (k: Kernel, fapp: Cell): { task: TaskStruct; signum: Int }[] => {
  const owners: { task: TaskStruct; signum: Int }[] = [];
  let rounds = 0;
  for (let fa: FasyncStruct = k.read_ptr(fapp); fa !== NULL;) {
    k.watchdog(++rounds);
    const file: File = k.read_ptr(k.plus(fa, k.fasync_struct.fa_file));
    const task: TaskStruct = k.read_ptr(k.plus(file, k.file.f_owner_pid));
    const signum: Int = k.read_int(k.plus(file, k.file.f_owner_signum));
    if (task !== NULL) owners.push({ task, signum: signum === 0 ? SIGIO : signum });
    fa = k.read_ptr(k.plus(fa, k.fasync_struct.fa_next));
  }
  return owners;
};
