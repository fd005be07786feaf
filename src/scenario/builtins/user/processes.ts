/** Processes: fork(), exit(), wait(), who is who, and address spaces that are kept by others than their tasks. */
import { current } from '../../../engine/entry/functions.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import { group, type Builtin, type BuiltinResult } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import type { Value } from '../../semantics/arithmetic.js';
import { needsProcess } from '../needs.js';
import { endGracePeriod } from '../rcu.js';
import { asWriter, currentMm, libc } from './libc.js';

const changes = true;

const memberOf = (call: BuiltinCall, member: number): number =>
  call.k.read_int(call.k.plus(current(call.k), member));

function wait(call: BuiltinCall, pid: number, status: Value): BuiltinResult {
  const result = call.process.wait(pid);
  if (typeof result === 'number') return libc(call, result);
  if ('blocked' in result) return result;
  if (status !== 0) call.memory.store(status, 4, result.code);
  // The task gave way meanwhile.
  endGracePeriod(call);
  return result.pid;
}

/** A program that says by its status that it failed has failed, as where main() returns that. */
export function exit(call: BuiltinCall, status: Value): undefined {
  const code = Number(status) & 0xff;
  if (code !== 0 && call.process.isProgram)
    call.expectFailed(`the program ended with exit(${code})`);
  call.process.exit(code);
}

const making: readonly Builtin[] = [
  ...group('process', 'kernel/fork.c', [
    {
      signature: 'pid_t fork(void)',
      doc: 'Makes a child that goes on from here as a task of its own, with variables of its own and a copy of the address space, whose pages both have until one writes; its pid, and 0 in the child; -1 and errno if there can be none.',
      changes,
      sleeps: 'always' as const,
      needs: needsProcess,
      run: (call) => {
        const result = asWriter(call, currentMm(call), () => call.process.fork());
        return typeof result === 'number' ? libc(call, result) : result;
      },
    },
    {
      signature: 'struct mm_struct *get_task_mm(struct task_struct *task)',
      doc: 'The address space of a task, with a use of it for the caller: give it back with mmput(). NULL if it has none.',
      changes,
      needs: needsProcess,
      run: (call, task) => {
        const { k, kernel } = call;
        const mm = k.read_ptr(k.plus(call.cell(task), k.task_struct.mm));
        if (mm !== NULL) kernel.mmget(k, mm);
        return call.pointer(mm);
      },
    },
    {
      signature: 'void mmput(struct mm_struct *mm)',
      doc: 'Gives back a use of an address space: the last one takes its areas and their pages away.',
      changes,
      sleeps: 'always' as const,
      needs: needsProcess,
      run: (call, mm) => {
        call.kernel.mmput(call.k, call.cell(mm));
      },
    },
  ]),
  ...group('process', 'include/linux/sched/mm.h', [
    {
      signature: 'void mmget(struct mm_struct *mm)',
      doc: 'Takes a use of an address space: its areas stay.',
      changes,
      needs: needsProcess,
      run: (call, mm) => {
        call.kernel.mmget(call.k, call.cell(mm));
      },
    },
    {
      signature: 'void mmgrab(struct mm_struct *mm)',
      doc: 'Takes a reference to a struct mm_struct alone: its areas may go meanwhile.',
      changes,
      needs: needsProcess,
      run: (call, mm) => {
        call.kernel.mmgrab(call.k, call.cell(mm));
      },
    },
    {
      signature: 'void mmdrop(struct mm_struct *mm)',
      doc: 'Drops a reference of mmgrab(): the last one frees the structure and the top-level table.',
      changes,
      needs: needsProcess,
      run: (call, mm) => {
        call.kernel.mmdrop(call.k, call.cell(mm));
      },
    },
  ]),
];

const ending: readonly Builtin[] = group('process', 'kernel/exit.c', [
  {
    signature: 'void exit(int status)',
    doc: 'The process ends here, all its threads with it: its address space and its open files go. A parent finds the status with wait().',
    changes,
    needs: needsProcess,
    run: exit,
  },
  {
    signature: 'void exit_group(int status)',
    doc: 'Like exit().',
    changes,
    needs: needsProcess,
    run: exit,
  },
  {
    signature: 'pid_t wait(int *wstatus)',
    doc: 'Waits until a child has ended: its pid, and how it ended in *wstatus (WIFEXITED, WEXITSTATUS, WIFSIGNALED, WTERMSIG) unless that is NULL; -1 and ECHILD without children.',
    changes,
    sleeps: 'always' as const,
    needs: needsProcess,
    run: (call, status) => wait(call, -1, status),
  },
  {
    signature: 'pid_t waitpid(pid_t pid, int *wstatus, int options)',
    doc: 'Like wait(), for the child with that pid; -1: for any. With WNOHANG it does not wait: 0 if none has ended.',
    changes,
    sleeps: 'always' as const,
    needs: needsProcess,
    run: (call, pid, status, options) => {
      const result = wait(call, Number(pid), status);
      const isBlocked = typeof result === 'object' && 'blocked' in result;
      return isBlocked && (Number(options) & 1) !== 0 ? 0 : result;
    },
  },
]);

const names: readonly Builtin[] = [
  ...group('process', 'kernel/sys.c', [
    {
      signature: 'pid_t getpid(void)',
      doc: 'The number of the running process: current->tgid.',
      run: (call) => memberOf(call, call.k.task_struct.tgid),
    },
    {
      signature: 'pid_t gettid(void)',
      doc: 'The number of the running task: current->pid.',
      run: (call) => memberOf(call, call.k.task_struct.pid),
    },
    {
      signature: 'pid_t getppid(void)',
      doc: 'The number of the process that made this one.',
      run: (call) => {
        const { k } = call;
        const parent = k.read_ptr(k.plus(current(k), k.task_struct.real_parent));
        return parent === NULL ? 0 : k.read_int(k.plus(parent, k.task_struct.tgid));
      },
    },
  ]),
  ...group('process', 'kernel/pid.c', [
    {
      signature: 'struct task_struct *find_task_by_vpid(pid_t nr)',
      doc: 'The task with that pid, of those of the scenario; NULL if there is none.',
      run: (call, pid) => call.pointer(call.process.taskWithPid(Number(pid))),
    },
  ]),
  ...group('process', '', [
    {
      signature: 'int *__errno_location(void)',
      doc: 'The function behind errno: where it is told why the last call of the C library failed, in the running task.',
      run: (call) => call.process.errnoAddress,
    },
  ]),
];

export const processes: readonly Builtin[] = [...making, ...ending, ...names];
