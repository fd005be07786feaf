/** Signals: sending them, and what code that waits asks of them. */
import { group, type Builtin } from './builtin.js';
import { truth } from './pointers.js';
import { libc } from './user/libc.js';

const changes = true;
const ESRCH = 3;
/** si_code. Source: Linux 6.1 include/uapi/asm-generic/siginfo.h. */
const SI_USER = 0;
const SI_KERNEL = 0x80;

export const signals: readonly Builtin[] = [
  ...group('task', 'kernel/signal.c', [
    {
      signature: 'int send_sig(int sig, struct task_struct *p, int priv)',
      doc: 'Sends a signal to a task: it ends waits that are interruptible, and a process that it reaches in user mode. A thread of the kernel hears of it after allow_signal().',
      changes,
      run: (call, sig, p) => call.process.send(call.cell(p), Number(sig), SI_KERNEL),
    },
    {
      signature: 'int kill(pid_t pid, int sig)',
      doc: 'Sends a signal to a process: its handler runs, or it ends, at its next return to user mode. -1 and errno if there is none.',
      changes,
      run: (call, pid, sig) => {
        const task = call.process.taskWithPid(Number(pid));
        return libc(call, task === 0 ? -ESRCH : call.process.send(task, Number(sig), SI_USER));
      },
    },
    {
      signature: 'void flush_signals(struct task_struct *t)',
      doc: 'Forgets the signals that wait for a task.',
      changes,
      run: (call, t) => {
        call.kernel.flush_signals(call.k, call.cell(t));
      },
    },
  ]),
  ...group('task', 'include/linux/signal.h', [
    {
      signature: 'void allow_signal(int sig)',
      doc: 'The thread of the kernel that runs wants to hear of a signal: it ends interruptible waits then.',
      changes,
      run: (call, sig) => {
        call.kernel.kernel_sigaction(call.k, Number(sig), true);
      },
    },
    {
      signature: 'void disallow_signal(int sig)',
      doc: 'The thread of the kernel that runs does not want to hear of a signal any more.',
      changes,
      run: (call, sig) => {
        call.kernel.kernel_sigaction(call.k, Number(sig), false);
      },
    },
  ]),
  ...group('task', 'include/linux/sched/signal.h', [
    {
      signature: 'int kernel_dequeue_signal(void)',
      doc: 'Takes the lowest signal off that waits for the running task: its number, or 0.',
      changes,
      run: (call) => call.kernel.dequeue_signal(call.k),
    },
    {
      signature: 'int signal_pending(struct task_struct *p)',
      doc: 'Whether a signal waits for a task.',
      run: (call, p) => truth(call.kernel.signal_pending(call.k, call.cell(p))),
    },
    {
      signature: 'int fatal_signal_pending(struct task_struct *p)',
      doc: 'Whether a signal waits for a task that ends it.',
      run: (call, p) => truth(call.kernel.fatal_signal_pending(call.k, call.cell(p))),
    },
    {
      signature: 'int signal_pending_state(unsigned int state, struct task_struct *p)',
      doc: 'Whether a task that is about to sleep in a state need not, for the sake of a signal.',
      run: (call, state, p) =>
        truth(call.kernel.signal_pending_state(call.k, Number(state), call.cell(p))),
    },
  ]),
];
