/**
 * Tasks that are on no list of the kernel's: a scenario's own, whose structures lie among its objects, and children that it forked.
 * Whoever has them tells of them here, so that views find them beside those of init_task's list.
 */
import type { VirtAddr } from '../memory/address.js';
import type { Kernel } from './kernel.js';

type TaskSource = () => readonly VirtAddr[];

const sources = new WeakMap<Kernel, TaskSource>();

/** @param source addresses of struct task_struct, as they are where the tape's cursor stands */
export const tellTasks = (k: Kernel, source: TaskSource): void => void sources.set(k, source);

export const toldTasks = (k: Kernel): readonly VirtAddr[] => sources.get(k)?.() ?? [];
