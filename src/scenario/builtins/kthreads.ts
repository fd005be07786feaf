/** Threads of the kernel that run functions of the scenario: vm/kernelThreads.ts. */
import { vsprintf } from '../printk/print.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import { needsCaches } from './needs.js';
import { printServices } from './printServices.js';
import { truth } from './pointers.js';

const changes = true;
const sleeps = 'always' as const;

const rows: readonly BuiltinRow[] = [
  {
    signature:
      'struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data, int node, const char *namefmt, ...)',
    doc: 'The function behind kthread_create(): a thread of the kernel, asleep until wake_up_process(); an error pointer without memory.',
    format: 3,
    changes,
    sleeps,
    needs: needsCaches,
    run: (call, threadfn, data, _node, format = 0, ...args) => {
      const name = vsprintf(printServices(call), call.string(format), args);
      const comm = Array.from(name, (character) => character.charCodeAt(0));
      const task = call.process.threads.create(threadfn, data, comm);
      return task < 0 ? call.unsignedLong(task) : call.pointer(task);
    },
  },
  {
    signature: 'int kthread_stop(struct task_struct *k)',
    doc: 'Tells a thread to stop, wakes it, and waits until its function returns: what that returned; -EINTR if it had not begun.',
    changes,
    sleeps,
    run: (call, task) => call.process.threads.stop(call.cell(task)),
  },
  {
    signature: 'bool kthread_should_stop(void)',
    doc: 'Whether somebody has called kthread_stop() for the thread that runs: its function is to return then.',
    run: (call) => truth(call.kernel.kthread_should_stop(call.k)),
  },
  {
    signature: 'void kthread_bind(struct task_struct *p, unsigned int cpu)',
    doc: 'A thread that has not been woken yet is to run on a CPU.',
    changes,
    run: (call, p, cpu) => {
      if (!call.process.threads.bind(call.cell(p), Number(cpu)))
        call.warn(`WARNING: at ${call.location}: kthread_bind() of no such thread or CPU`);
    },
  },
  {
    signature: 'void *kthread_data(struct task_struct *task)',
    doc: 'The data that a thread was created with.',
    run: (call, task) => call.kernel.kthread_data(call.k, call.cell(task)),
  },
  {
    signature: 'void kthread_complete_and_exit(struct completion *comp, long code)',
    doc: 'Ends the thread that runs, after complete(comp) if there is one.',
    changes,
    run: (call, comp, code) => {
      if (comp !== 0) call.kernel.complete(call.k, call.cell(comp));
      call.process.threads.exit(Number(code));
    },
  },
];

export const kthreads: readonly Builtin[] = group('task', 'kernel/kthread.c', rows);
