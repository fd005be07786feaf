/** SRCU as the build has it: of one CPU (kernel/rcu/srcutiny.c) or on SMP (kernel/rcu/srcutree.c). */
import * as tiny from '../kernel/kernel/rcu/srcutiny.js';
import * as tree from '../kernel/kernel/rcu/srcutree.js';
import type { Kernel } from '../machine/kernel.js';

type Srcu = Omit<typeof tiny, 'srcu_drive_gp'>;

const TREE: Srcu = tree;

/** The functions of the build's own SRCU. */
export const srcuOf = (k: Kernel): Srcu => (k.smp ? TREE : tiny);
