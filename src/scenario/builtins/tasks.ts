/** Tasks and CPUs. */
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { endGracePeriod } from './rcu.js';
import { FOR_EVER, isToSleep, sleepAs, stateOf } from './waitQueues.js';

const yieldCpu = {
  changes: true,
  run: (call: BuiltinCall) => {
    call.scheduling();
    call.kernel.cond_resched(call.k);
    endGracePeriod(call);
    call.yieldCpu();
    return undefined;
  },
};

export const tasks: readonly Builtin[] = [
  ...group('task', 'kernel/sched/core.c', [
    {
      signature: 'void schedule(void)',
      doc: 'Lets the other tasks run before this one continues; work that waits is done, and a grace period may end. After set_current_state() the task sleeps, until wake_up_process() or the like wakes it.',
      changes: true,
      run: (call) => {
        if (isToSleep(call)) {
          call.scheduling();
          sleepAs(call, stateOf(call), FOR_EVER);
        } else yieldCpu.run(call);
        return undefined;
      },
    },
    {
      signature: 'void cond_resched(void)',
      doc: 'Like schedule().',
      ...yieldCpu,
    },
  ]),
  ...group('task', 'arch/x86/include/asm/current.h', [
    {
      signature: 'struct task_struct *get_current(void)',
      doc: 'The function behind current: the task that runs.',
      run: (call) => call.pointer(call.kernel.current(call.k)),
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
    {
      signature: 'unsigned int num_possible_cpus(void)',
      doc: 'The number of CPUs that may ever be online.',
      run: (call) => call.kernel.num_possible_cpus(call.k),
    },
  ]),
];
