/** Tasks and CPUs. */
import { group, type Builtin } from './builtin.js';

const yieldCpu = {
  changes: true,
  run: (call: Parameters<Builtin['run']>[0]) => {
    call.yieldCpu();
    return undefined;
  },
};

export const tasks: readonly Builtin[] = [
  ...group('task', 'kernel/sched/core.c', [
    {
      signature: 'void schedule(void)',
      doc: 'Lets the other tasks run before this one continues.',
      ...yieldCpu,
    },
    {
      signature: 'void cond_resched(void)',
      doc: 'Like schedule().',
      ...yieldCpu,
    },
  ]),
  ...group('task', 'include/linux/smp.h', [
    {
      signature: 'int smp_processor_id(void)',
      doc: 'The number of the CPU that runs this statement; see cpu(n) { ... }.',
      run: (call) => call.k.cpu,
    },
  ]),
  ...group('task', 'include/linux/cpumask.h', [
    {
      signature: 'unsigned int num_online_cpus(void)',
      doc: 'The number of CPUs that are online.',
      run: (call) => call.kernel.num_online_cpus(call.k),
    },
  ]),
];
