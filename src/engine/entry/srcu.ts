/** SRCU as the build has it: of one CPU (kernel/rcu/srcutiny.c) or on SMP (kernel/rcu/srcutree.c). */
import * as tiny from '../kernel/kernel/rcu/srcutiny.js';
import * as tree from '../kernel/kernel/rcu/srcutree.js';
import type { Kernel } from '../machine/kernel.js';

type Srcu = Omit<typeof tiny, 'srcu_drive_gp'>;

const TREE: Srcu = {
  __srcu_read_lock: tree.__srcu_read_lock,
  __srcu_read_unlock: tree.__srcu_read_unlock,
  call_srcu: tree.call_srcu,
  cleanup_srcu_struct: tree.cleanup_srcu_struct,
  get_state_synchronize_srcu: tree.get_state_synchronize_srcu,
  init_srcu_struct: tree.init_srcu_struct,
  poll_state_synchronize_srcu: tree.poll_state_synchronize_srcu,
  srcuHasReaders: tree.srcuHasReaders,
  start_poll_synchronize_srcu: tree.start_poll_synchronize_srcu,
  synchronize_srcu: tree.synchronize_srcu,
};

/** The functions of the build's own SRCU. */
export const srcuOf = (k: Kernel): Srcu => (k.smp ? TREE : tiny);
