/**
 * What a program waits with for several files, and asks to be told of: poll(), fcntl(). A driver's `poll` calls poll_wait(), its `fasync`
 * fasync_helper().
 *
 * Differs: functions of a driver that poll() calls before it waits are called again afterwards, and what they did before is undone.
 */
import type { PollEntry } from '../../../engine/kernel/fs/select.js';
import { NULL, type File } from '../../../engine/machine/ctypes.js';
import { asVirt, type Cell } from '../../../engine/memory/address.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess, withCaches } from '../needs.js';
import { FOR_EVER } from '../waitQueues.js';
import { libc } from './libc.js';

const changes = true;
/** si_code. Source: Linux 6.1 include/uapi/asm-generic/siginfo.h. */
const SI_SIGIO = -5;
const EINTR = 4;
const EBADF = 9;
const EINVAL = 22;
const TASK_INTERRUPTIBLE = 1;
/** struct pollfd: int fd; short events, revents. */
const POLLFD_BYTES = 8;
const POLLERR_HUP = 0x18;
const POLLNVAL = 0x20;

/** Asks every file once; how many have something to say. @param pt 0: nobody waits */
function ask(call: BuiltinCall, fds: Value, count: number, isWaiting: boolean): number {
  const { k, kernel, memory } = call;
  let ready = 0;
  for (let i = 0; i < count; i++) {
    const at = call.offset(fds, i * POLLFD_BYTES);
    const fd = Number(memory.load(at, 4)) | 0;
    const events = Number(memory.load(call.offset(at, 4), 2));
    const file = fd < 0 ? undefined : call.process.files.find(fd);
    let mask = fd < 0 ? 0 : POLLNVAL;
    if (file !== undefined) {
      const pt = isWaiting && ready === 0 ? k.va_of(k.localStack) : asVirt(0);
      const said = kernel.vfs_poll(k, file, kernel.pollOf(k, file), pt);
      mask = said & (events | POLLERR_HUP);
    }
    memory.store(call.offset(at, 6), 2, mask);
    if (mask !== 0) ready++;
  }
  return ready;
}

const leave = (call: BuiltinCall): void => {
  call.kernel.poll_freewait(call.k, call.k.localStack, (file) => {
    call.kernel.fput(call.k, file);
  });
};

function poll(call: BuiltinCall, fds: Value, nfds: Value, timeout: Value): number {
  const { k, kernel } = call;
  const ms = Number(timeout) | 0;
  const jiffies = ms < 0 ? FOR_EVER : Math.ceil((ms * k.CONFIG_HZ) / 1000);
  const task = kernel.current(k);
  let left = jiffies;
  if (k.resumes('wakeup', task)) {
    left = jiffies >= FOR_EVER ? jiffies : Math.max(0, k.sleepLeft(jiffies));
    kernel.set_current_state(k, 0);
    leave(call);
  }
  const waits = left > 0;
  if (waits) kernel.poll_initwait(k, k.localStack);
  const ready = ask(call, fds, Number(nfds), waits);
  const isInterrupted = kernel.signal_pending_state(k, TASK_INTERRUPTIBLE, task);
  if (ready === 0 && waits && !isInterrupted)
    sleep(call, kernel.pollEntries(k, k.localStack), left);
  if (waits) leave(call);
  return ready === 0 && isInterrupted ? -EINTR : ready;
}

/** Until a queue is woken in which the task stands, or the jiffies are over. */
function sleep(call: BuiltinCall, entries: readonly PollEntry[], left: number): void {
  const { k, kernel } = call;
  const task = kernel.current(k);
  const now = k.read_int(k.globals.jiffies);
  kernel.set_current_state(k, TASK_INTERRUPTIBLE);
  k.sleepsOn({
    kind: 'wakeup',
    object: task,
    ...(left < FOR_EVER ? { until: (now + left) >>> 0 } : {}),
    again: () => {
      k.resumes('wakeup', task);
      kernel.poll_initwait(k, k.localStack);
      for (const { filp, wait_address } of entries)
        kernel.__pollwait(k, filp, wait_address, k.localStack);
      sleep(call, entries, left);
    },
  });
  kernel.schedule(k);
}

// --- fcntl() -------------------------------------------------------------------------------------------------------------------

const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_GETOWN = 9;
const F_SETSIG = 10;
/** O_APPEND, O_NONBLOCK: what F_SETFL may change besides FASYNC. */
const SETFL_MASK = 0o6000;

function setFlags(call: BuiltinCall, fd: number, file: File, flags: number): number {
  const { k, kernel } = call;
  const f_flags = k.plus(file, k.file.f_flags);
  const isOn = (flags & kernel.FASYNC) !== 0;
  if (isOn !== ((k.read_int(f_flags) & kernel.FASYNC) !== 0)) {
    const error = kernel.callFasync(k, fd, file, isOn ? 1 : 0);
    if (error < 0) return error;
  }
  k.write(f_flags, (k.read_int(f_flags) & ~SETFL_MASK) | (flags & SETFL_MASK));
  return 0;
}

function fcntl(call: BuiltinCall, fd: number, cmd: number, arg: number): number {
  const { k } = call;
  const file = call.process.files.find(fd);
  if (file === undefined) return -EBADF;
  const pid = k.plus(file, k.file.f_owner_pid);
  switch (cmd) {
    case F_GETFL:
      return k.read_int(k.plus(file, k.file.f_flags));
    case F_SETFL:
      return setFlags(call, fd, file, arg);
    case F_SETOWN:
      k.write_ptr(pid, arg === 0 ? NULL : call.process.taskWithPid(arg));
      return 0;
    case F_GETOWN: {
      const task: Cell = k.read_ptr(pid);
      return task === NULL ? 0 : k.read_int(k.plus(task, k.task_struct.pid));
    }
    case F_SETSIG:
      k.write(k.plus(file, k.file.f_owner_signum), arg);
      return 0;
    default:
      return -EINVAL;
  }
}

const programs: readonly BuiltinRow[] = [
  {
    signature: 'int poll(struct pollfd *fds, unsigned long nfds, int timeout)',
    doc: 'Waits until one of several open files has something to say, or so many milliseconds are over (-1: for ever): how many have, by revents; -1 and errno.',
    changes,
    sleeps: 'always',
    needs: needsProcess,
    run: (call, fds, nfds, timeout) => libc(call, poll(call, fds, nfds, timeout)),
  },
  {
    signature: 'int fcntl(int fd, int cmd, ...)',
    doc: 'F_SETFL with O_ASYNC and F_SETOWN: the owner of an open file gets SIGIO when the driver says so; F_GETFL, F_GETOWN, F_SETSIG. -1 and errno.',
    changes,
    needs: needsProcess,
    run: (call, fd, cmd, arg = 0) => libc(call, fcntl(call, Number(fd), Number(cmd), Number(arg))),
  },
];

const ofDrivers: readonly BuiltinRow[] = [
  {
    signature:
      'void poll_wait(struct file *filp, struct wait_queue_head *wait_address, struct poll_table_struct *p)',
    doc: "Of a driver's poll(): whoever polls is to be woken with a queue.",
    changes,
    run: (call, filp, queue, p) => {
      const { k, kernel } = call;
      if (queue === 0 || p === 0 || kernel.poll_does_not_wait(k, call.cell(p))) return;
      kernel.__pollwait(k, call.cell(filp), call.cell(queue), call.cell(p));
    },
  },
  withCaches(
    'int fasync_helper(int fd, struct file *filp, int on, struct fasync_struct **fapp)',
    "What a driver's fasync() is made of: the file is told by kill_fasync() from here on, or no longer. 1: that is new; 0, or -ENOMEM.",
    (call, fd, filp, on, fapp) =>
      call.kernel.fasync_helper(
        ...([call.k, Number(fd), call.cell(filp), Number(on), call.cell(fapp)] as const),
      ),
  ),
  {
    signature: 'void kill_fasync(struct fasync_struct **fp, int sig, int band)',
    doc: 'Sends the owners of the files of a list SIGIO, or what F_SETSIG says. A process without a handler for it ends.',
    changes,
    run: (call, fp) => {
      for (const { task, signum } of call.kernel.fasyncOwners(call.k, call.cell(fp)))
        call.process.send(task, signum, SI_SIGIO);
    },
  },
];

export const polls: readonly Builtin[] = [
  ...group('process', 'fs/select.c', programs.slice(0, 1)),
  ...group('process', 'fs/fcntl.c', programs.slice(1)),
  ...group('process', 'include/linux/poll.h', ofDrivers.slice(0, 1)),
  ...group('process', 'fs/fcntl.c', ofDrivers.slice(1)),
];
